"""The rules: what the documentation of AMPS demands, as data, and what the code does with each.

    rule catalogue     the rules themselves
    features           what a target has, which rules apply to it
    standing           what a run can say of a rule before it begins; the excuses of `unchecked.toml`
    index              where the code speaks of a rule
    explain            a rule and its places for a reader
    unchecked          a tool: holds `unchecked.toml` against the index

Nothing here judges a target.
"""

from conformance.rules.catalogue import EDITION, Catalogue, load
from conformance.rules.features import VOCABULARY, Feature, applicable, feature_problems, implied, missing
from conformance.rules.rule import Basis, Level, Rule, Side
from conformance.rules.standing import Excuse, load_excuses, standings

__all__ = [
    "EDITION",
    "VOCABULARY",
    "Basis",
    "Catalogue",
    "Excuse",
    "Feature",
    "Level",
    "Rule",
    "Side",
    "applicable",
    "feature_problems",
    "implied",
    "load",
    "load_excuses",
    "missing",
    "standings",
]
