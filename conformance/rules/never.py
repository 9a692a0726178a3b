"""Core rules that a profile never puts to the test, each with its reason: from `never_exercised.toml`, features and excuses.

Nothing here runs anything; that the file is right is tested by running the profiles.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from conformance.results import Outcome
from conformance.rules.catalogue import Catalogue
from conformance.rules.standing import standings

PROFILES: Final = ("smoke", "pr")


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """A rule that these profiles never exercise, and why."""

    rule: str
    profiles: tuple[str, ...]
    reason: str


@cache
def load_never() -> tuple[Never, ...]:
    """The entries of `never_exercised.toml`, one for each rule."""
    return read_never((files("conformance.rules") / "never_exercised.toml").read_text("utf-8"))


def read_never(text: str) -> tuple[Never, ...]:
    """The `[[never]]` tables of a file."""
    return tuple(
        Never(rule=rule, profiles=tuple(table["profiles"]), reason=table["reason"])
        for table in tomllib.loads(text).get("never", ())
        for rule in table["rules"]
    )


def never_exercised(catalogue: Catalogue, features: Iterable[str]) -> tuple[Never, ...]:
    """Every core rule that neither profile exercises, or only one of them, on an instance with these features, in the order of the
    catalogue: not applicable, unchecked, or of the file."""
    told = {never.rule: never for never in load_never()}
    found = []
    for rule_id, standing in standings(catalogue, features).items():
        if not catalogue[rule_id].core:
            continue
        if standing.idle is not Outcome.NOT_EXERCISED:
            found.append(Never(rule=rule_id, profiles=PROFILES, reason=standing.reason or ""))
        elif rule_id in told:
            found.append(told[rule_id])
    return tuple(found)
