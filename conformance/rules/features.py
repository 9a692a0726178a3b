"""The vocabulary of `needs` as data, what a feature implies, and which rules apply to a target.

Features are declared for a target, never inferred from what it does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from conformance.rules.rule import Rule, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A property of a target as it is set up for a test.

    `implies`: a server with it has these as well; `implies_one_of`: it has one of these; `excludes`: no instance has both.
    """

    name: str
    group: str
    meaning: str
    implies: frozenset[str] = frozenset()
    implies_one_of: frozenset[str] = frozenset()
    excludes: frozenset[str] = frozenset()


def _read() -> dict[str, Feature]:
    tables = tomllib.loads((files("conformance.rules") / "features.toml").read_text("utf-8"))["feature"]
    sets = ("implies", "implies_one_of", "excludes")
    return {
        table["name"]: Feature(
            name=table["name"],
            group=table["group"],
            meaning=table["meaning"],
            **{name: frozenset(table.get(name, ())) for name in sets},
        )
        for table in tables
    }


VOCABULARY: Final[Mapping[str, Feature]] = _read()


@cache
def _closure(features: frozenset[str]) -> frozenset[str]:
    found = set(features)
    todo = list(features)
    while todo:
        feature = VOCABULARY.get(todo.pop())
        new = (feature.implies if feature else frozenset()) - found
        found |= new
        todo += new
    return frozenset(found)


def implied(features: Iterable[str]) -> frozenset[str]:
    """The features and all that they imply."""
    return _closure(frozenset(features))


def feature_problems(features: Iterable[str]) -> list[str]:
    """Why these features cannot be declared together, one line each: unknown names, exclusions, a missing alternative."""
    names = frozenset(features)
    whole = implied(names)
    found = [f"{name!r} is no feature" for name in sorted(names - VOCABULARY.keys())]
    for name in sorted(whole & VOCABULARY.keys()):
        feature = VOCABULARY[name]
        found += [f"{name!r} excludes {other!r}" for other in sorted(feature.excludes & whole)]
        if feature.implies_one_of and not feature.implies_one_of & whole:
            found.append(f"{name!r} needs one of {', '.join(sorted(feature.implies_one_of))}")
    return found


def applicable(rule: Rule, features: Iterable[str], side: Side = "server") -> bool:
    """Whether the rule binds a target of this side that has these features (implied ones count)."""
    return rule.side in {side, "both"} and rule.needs <= implied(features)


def missing(rule: Rule, features: Iterable[str]) -> tuple[str, ...]:
    """The features that the rule needs and the target lacks, sorted."""
    return tuple(sorted(rule.needs - implied(features)))
