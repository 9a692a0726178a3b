"""`ctrf.json`: the run in the Common Test Report Format, version 0.0.0 of its specification. One test for each rule, as in `junit`."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import Any, Final

from conformance.results import Outcome
from conformance.rules import Rule
from reports.plain import safe, shortened
from reports.record import Report
from reports.told import reason, story, title, troubles, word

SPEC_VERSION: Final = "0.0.0"
STATUSES: Final = ("passed", "failed", "skipped", "pending", "other")

_STATUS: Final = {
    Outcome.PASSED: "passed",
    Outcome.NOT_EXERCISED: "skipped",
    Outcome.NOT_APPLICABLE: "skipped",
    Outcome.UNCHECKED: "pending",
}
"""Of outcomes that are not red; the others are `other`, and `rawStatus` says what."""


def ctrf(report: Report) -> str:
    """The JSON text."""
    header = report.header
    start = _milliseconds(header.started_utc)
    tests = [*_troubles(report), *(_test(report, rule) for rule in report.catalogue.values())]
    counts = Counter(test["status"] for test in tests)
    data = {
        "reportFormat": "CTRF",
        "specVersion": SPEC_VERSION,
        "generatedBy": "amps-conformance",
        "results": {
            "tool": {"name": "amps-conformance", "version": safe(header.harness)},
            "summary": {
                "tests": len(tests),
                **{status: counts[status] for status in STATUSES},
                "suites": len({rule.area for rule in report.catalogue.values()}),
                "start": start,
                "stop": start + round(report.seconds * 1000),
            },
            "tests": tests,
            "environment": {
                "appName": "AMPS",
                "appVersion": shortened(header.version or "not known"),
                "extra": {
                    "target": shortened(header.uri),
                    "profile": shortened(header.profile),
                    "seed": header.seed,
                    "features": [shortened(feature) for feature in report.features],
                    "outcome": report.conclusion.outcome.value,
                },
            },
        },
    }
    return json.dumps(data, indent=1) + "\n"


def _troubles(report: Report) -> list[dict[str, Any]]:
    return [
        {
            "name": shortened(f"{kind.replace('_', ' ')}: {text}"),
            "status": "failed",
            "duration": 0,
            "suite": ["run"],
            "message": shortened(text),
            "rawStatus": kind,
        }
        for kind, text in troubles(report)
    ]


def _test(report: Report, rule: Rule) -> dict[str, Any]:
    outcome, how = report.results[rule.id].outcome, word(report, rule.id)
    excused = how != outcome.word
    status = "skipped" if excused else _STATUS.get(outcome, "other")
    test: dict[str, Any] = {
        "name": title(rule),
        "status": "failed" if rule.id in report.red else status,
        "duration": 0,
        "suite": [rule.area, rule.topic],
        "rawStatus": how,
        "tags": [rule.level, rule.basis, f"tier{rule.tier}"],
    }
    if how != Outcome.PASSED.word:
        test["message"] = shortened(reason(report, rule.id))
    if outcome in {Outcome.FAILED, Outcome.DEVIATES}:
        test["trace"] = "\n".join(story(report, rule.id))
    return test


def _milliseconds(moment: str) -> int:
    """Since 1970; 0 for what is no moment."""
    try:
        return round(datetime.fromisoformat(moment).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return 0
