"""`summary.json`: the outcome of a run for other tools. Its shape is a promise; `conformance/schemas/summary.schema.json` states it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from conformance.known import Excused
from conformance.results import Outcome, RuleResult
from conformance.rules import Rule
from reports.record import Report

SUMMARY_VERSION: Final = 1


def summary(report: Report) -> dict[str, Any]:
    """The summary as JSON-able data: every rule of the catalogue has its result."""
    header = report.header
    return {
        "schema_version": SUMMARY_VERSION,
        "outcome": report.conclusion.measured.value,
        "target": {"uri": header.uri, "version": header.version, "features": list(report.features)},
        "run": {
            "profile": header.profile,
            "seed": header.seed,
            "scenarios": report.scenarios,
            "commands": report.commands,
            "seconds": round(report.seconds, 3),
        },
        "totals": totals(report),
        "rules": {rule: _result(result, report.excused.get(rule)) for rule, result in report.results.items()},
    }


def totals(report: Report) -> dict[str, Any]:
    """How many rules came to each outcome: of all, by level, by area and by tier."""
    rules = [(rule, report.results[rule.id].outcome) for rule in report.catalogue.values()]
    return {
        **counts(outcome for _, outcome in rules),
        "by_level": _by(rules, {rule.id: rule.level for rule, _ in rules}),
        "by_area": _by(rules, {rule.id: rule.area for rule, _ in rules}),
        "by_tier": _by(rules, {rule.id: str(rule.tier) for rule, _ in rules}),
    }


def counts(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Per outcome how often it is there, the grave ones first; those that are not there are 0."""
    found = dict.fromkeys((outcome.word for outcome in sorted(Outcome, reverse=True)), 0)
    for outcome in outcomes:
        found[outcome.word] += 1
    return found


def _by(rules: Iterable[tuple[Rule, Outcome]], groups: Mapping[str, str]) -> dict[str, dict[str, int]]:
    found: dict[str, list[Outcome]] = {}
    for rule, outcome in rules:
        found.setdefault(groups[rule.id], []).append(outcome)
    return {name: counts(found[name]) for name in sorted(found)}


def _result(result: RuleResult, excused: Excused | None) -> dict[str, Any]:
    data = {"outcome": result.outcome.word, "exercised": result.exercised, "findings": result.findings, "reason": result.reason}
    return data | ({} if excused is None else {"known": {"view": excused.view.value, "reason": excused.by.reason}})


def summary_text(report: Report) -> str:
    """The file."""
    return json.dumps(summary(report), indent=1) + "\n"
