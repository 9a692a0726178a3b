"""Known failures in pytest: when everything has run, one item for each rule that was excused, judged on the merged run.

No item of a scenario is marked: a rule may hold in one and break in another. The final items run in the process that knows the whole
run, which is the controller under xdist.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conformance.known import holding
from conformance.results import Outcome
from conformance.rules import implied
from conformance.suites.failures import broken, failure_class
from reports.record import Report

IDLE = frozenset({Outcome.UNCHECKED, Outcome.NOT_APPLICABLE})
"""A glob may cover rules that nothing checks here: they have no item."""


class KnownRule(pytest.Item):
    """Fails where the rule is broken in the run, passes where it passed, is skipped where the run cannot say."""

    def __init__(self, *, report: Report, rule: str, **more: Any) -> None:
        super().__init__(**more)
        self._report = report
        self._rule = rule

    def runtest(self) -> None:
        result, failures = self._report.results[self._rule], self._report.failures_of(self._rule)
        if failures:
            raise broken(self._report.catalogue, failures, here=failures[0]["scenarios"])
        if result.outcome is not Outcome.PASSED:
            pytest.skip(f"{self._rule}: {result.outcome.word.replace('_', ' ')}{f', {result.reason}' if result.reason else ''}")

    def reportinfo(self) -> tuple[str, None, str]:
        return "known-failing", None, self.nodeid


def items(session: pytest.Session, report: Report) -> Iterator[KnownRule]:
    """The final items of a run, in the order of the catalogue."""
    known, features, version = report.header.known, implied(report.features), report.header.version
    for rule in report.results:
        entries = [entry for entry in known if rule in holding([entry], features, version)]
        if not entries or report.results[rule].outcome in IDLE:
            continue
        entry = min(entries, key=lambda one: not one.flaky)
        item = KnownRule.from_parent(session, name=rule, nodeid=f"known-failing::{rule}", report=report, rule=rule)
        item.add_marker(pytest.mark.xfail(strict=not entry.flaky, raises=failure_class(rule), reason=entry.reason))
        yield item


def run(session: pytest.Session, report: Report) -> None:
    """Run the final items of a session whose other items have run."""
    found = list(items(session, report))
    session.testscollected += len(found)
    for number, item in enumerate(found, start=1):
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=found[number] if number < len(found) else None)
