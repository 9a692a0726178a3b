"""What a run can say of each rule before anything has run: not applicable, unchecked with its reason, or not exercised so far.

`unchecked.toml` excuses rules for servers that nothing predicts or judges; `conformance.rules.unchecked` holds it against the sources.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from conformance.results import Outcome, Standing
from conformance.rules.catalogue import Catalogue, covers
from conformance.rules.features import applicable, missing
from conformance.rules.rule import Rule, Side

CLIENT_REASON: Final = "needs a client target"
SERVER_REASON: Final = "needs a server target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Excuse:
    """One entry of `unchecked.toml`: `rules` is a glob over ids, `reason` a sentence on why nothing checks them."""

    rules: str
    reason: str

    def covers(self, rule_id: str) -> bool:
        return covers(self.rules, rule_id)


@cache
def load_excuses() -> tuple[Excuse, ...]:
    """The entries of `unchecked.toml`."""
    return read_excuses((files("conformance.rules") / "unchecked.toml").read_text("utf-8"))


def read_excuses(text: str) -> tuple[Excuse, ...]:
    """The `[[unchecked]]` tables of a file, each of them one entry per glob of its list."""
    return tuple(
        Excuse(rules=glob, reason=table["reason"]) for table in tomllib.loads(text).get("unchecked", ()) for glob in table["rules"]
    )


def excuses_by_rule(catalogue: Catalogue, excuses: Iterable[Excuse]) -> dict[str, Excuse]:
    """Per covered rule its entry, the first of several (that there are not several is tested)."""
    topics: dict[str, list[str]] = {}
    for rule in catalogue.values():
        topics.setdefault(f"{rule.topic}-*", []).append(rule.id)
    found: dict[str, Excuse] = {}
    for excuse in excuses:  # nearly all of them name one rule or one topic: looked up, since every run begins with this
        covered = topics.get(excuse.rules) or ([excuse.rules] if excuse.rules in catalogue else filter(excuse.covers, catalogue))
        for rule_id in covered:
            found.setdefault(rule_id, excuse)
    return found


def standings(
    catalogue: Catalogue,
    features: Iterable[str],
    side: Side = "server",
    excuses: Sequence[Excuse] | None = None,
    left_out: Mapping[str, str] | None = None,
) -> dict[str, Standing]:
    """For every rule of the catalogue what it can come to in a run against a target with these features.

    `excuses` None: those of `unchecked.toml`. They count for servers; for a client target a rule without evidence is not exercised.
    `left_out`: rules that the run leaves out on purpose, with the reason; they are unchecked unless something exercises them.
    """
    declared = frozenset(features)
    excused = excuses_by_rule(catalogue, load_excuses() if excuses is None else excuses) if side == "server" else {}
    found = {rule.id: _standing(rule, declared, side, excused) for rule in catalogue.values()}
    for rule_id, reason in (left_out or {}).items():
        if rule_id in found and found[rule_id].idle is Outcome.NOT_EXERCISED:
            found[rule_id] = Standing(breach=found[rule_id].breach, idle=Outcome.UNCHECKED, reason=reason)
    return found


def _standing(rule: Rule, features: frozenset[str], side: Side, excused: Mapping[str, Excuse]) -> Standing:
    if not applicable(rule, features, side):
        if rule.side not in {side, "both"}:
            reason = CLIENT_REASON if side == "server" else SERVER_REASON
        else:
            reason = f"needs {', '.join(missing(rule, features))}"
        return Standing(breach=rule.breach, idle=Outcome.NOT_APPLICABLE, reason=reason)
    if rule.id in excused:
        return Standing(breach=rule.breach, idle=Outcome.UNCHECKED, reason=excused[rule.id].reason)
    return Standing(breach=rule.breach, idle=Outcome.NOT_EXERCISED)
