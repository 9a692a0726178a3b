"""The catalogue of rules: its files read into typed values, looked up by id and glob, and checked for consistency.

The files use a narrow part of TOML: `[[rule]]` and one `key = value` a line, whose strings, numbers and lists are JSON as well. So they
are read with one pass of the JSON decoder, ten times as fast as `tomllib`; a file written with more of TOML is read by `tomllib`.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from typing import Any, Final

from conformance.errors import UsageError
from conformance.rules.features import VOCABULARY
from conformance.rules.rule import BASES, LEVELS, RULE_SIDES, TIERS, Rule

EDITION: Final = "5.3.5"
"""The AMPS version whose documentation the rules tell."""

RULE_ID: Final = re.compile(r"[A-Z]+-[A-Z]+-\d{2,3}")
_LINE: Final = re.compile(r"^([a-z_]+) = ([\"\[\d].*)$", re.MULTILINE)
_IDLE: Final = re.compile(r"^(?:#.*)?\n", re.MULTILINE)
_NEAREST: Final = 3


class Catalogue(Mapping[str, Rule]):
    """All rules by id, in the order of the files (areas in alphabetical order of their files)."""

    __slots__ = ("_rules", "edition")

    def __init__(self, rules: Iterable[Rule], *, edition: str = EDITION) -> None:
        self.edition = edition
        self._rules: dict[str, Rule] = {}
        for rule in rules:
            assert rule.id not in self._rules, f"two rules with the id {rule.id}"
            self._rules[rule.id] = rule

    def __getitem__(self, rule_id: str) -> Rule:
        return self._rules[rule_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    @property
    def areas(self) -> tuple[str, ...]:
        """`('AGG', 'BOOK', …)`, sorted."""
        return tuple(sorted({rule.area for rule in self._rules.values()}))

    def match(self, globs: str) -> tuple[Rule, ...]:
        """The rules that one of the comma-separated globs names: an id, an area (`SOW`), a topic (`SOW-TOPN`), a pattern (`*-TOPN-*`).

        UsageError if one of them names nothing.
        """
        chosen: dict[str, Rule] = {}
        for part in globs.split(","):
            glob = part.strip().upper()
            found = {rule.id: rule for rule in self._rules.values() if covers(glob, rule.id)}
            if not found:
                nearest = difflib.get_close_matches(glob, self._rules, n=_NEAREST)
                raise UsageError(f"no rule is named {part.strip()!r}" + (f"; near: {', '.join(nearest)}" if nearest else ""))
            chosen.update(found)
        return tuple(rule for rule in self._rules.values() if rule.id in chosen)


def covers(glob: str, rule_id: str) -> bool:
    """Whether a glob, id, topic or area names the rule."""
    return fnmatchcase(rule_id, glob) or rule_id.startswith(f"{glob}-")


@cache
def load() -> Catalogue:
    """The catalogue of this package, read once."""
    folder = files("conformance.rules") / "catalogue"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return Catalogue(rule for name in names for rule in read((folder / name).read_text("utf-8")))


def read(text: str) -> list[Rule]:
    """The rules of one catalogue file."""
    return [_rule(table) for table in tables(text)]


def tables(text: str) -> list[dict[str, Any]]:
    """The `[[rule]]` tables of one catalogue file as plain dicts."""
    head, *blocks = _IDLE.sub("", text if text.endswith("\n") else text + "\n").split("[[rule]]\n")
    if not head:
        try:
            found = json.loads("[" + ",".join("{" + _pairs(block) + "}" for block in blocks) + "]")
        except ValueError:
            found = None
        if isinstance(found, list):
            return found
    tables: list[dict[str, Any]] = tomllib.loads(text)["rule"]
    return tables


def _pairs(block: str) -> str:
    return _LINE.sub(r'"\1": \2,', block).rstrip().removesuffix(",")


def _rule(table: Mapping[str, Any]) -> Rule:
    """A table as a rule; whether the values are allowed is for `problems` to say."""
    return Rule(**{**table, "needs": frozenset(table["needs"]), "rests_on": tuple(table.get("rests_on", ()))})


def problems(rules: Iterable[Rule]) -> list[str]:
    """What is wrong with a catalogue, one line each; empty if nothing is."""
    known: dict[str, Rule] = {}
    found: list[str] = []
    for rule in rules:
        if rule.id in known:
            found.append(f"{rule.id}: the id is used twice")
        known[rule.id] = rule
        found += _own_problems(rule)
    for rule in known.values():
        found += [f"{rule.id}: rests on {other}, which does not exist" for other in rule.rests_on if other not in known]
    try:
        TopologicalSorter({rule.id: rule.rests_on for rule in known.values()}).prepare()
    except CycleError as error:
        found.append(f"{' -> '.join(error.args[1])}: a rule rests on itself")
    return found


def _own_problems(rule: Rule) -> Iterator[str]:
    if not RULE_ID.fullmatch(rule.id):
        yield f"{rule.id}: not of the form AREA-TOPIC-NN"
    allowed = (("level", rule.level, LEVELS), ("basis", rule.basis, BASES), ("side", rule.side, RULE_SIDES), ("tier", rule.tier, TIERS))
    for name, value, values in allowed:
        if value not in values:
            yield f"{rule.id}: {name} is {value!r}, not one of {', '.join(map(str, values))}"
    for name in ("title", "text", "observe", "source"):
        value = getattr(rule, name)
        if not isinstance(value, str) or not value.strip():
            yield f"{rule.id}: {name} is empty"
    for need in sorted(rule.needs - VOCABULARY.keys()):
        yield f"{rule.id}: needs {need!r}, which is no feature"
    if (rule.side == "client") != ("client" in rule.needs):
        yield f"{rule.id}: side {rule.side} and the feature 'client' do not go together"
