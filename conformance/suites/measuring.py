"""What one process of a pytest session measures: its bench, its part of the run file, the failures that it has seen.

Without xdist that is the whole session, with xdist each worker. Items call `directed` and `random`; both raise what `failures` has.
"""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from conformance.errors import HarnessError, TargetError
from conformance.known import holding
from conformance.results import Conclusion, Finding, Outcome, RunOutcome
from conformance.rules import implied, load
from conformance.run.bench import Bench, Examined
from conformance.run.conduct import note_crash
from conformance.run.examples import Examples
from conformance.run.explaining import Explainer
from conformance.run.opening import bench_on, header_of
from conformance.run.selection import Selection
from conformance.run.settings import Settings, instance_of
from conformance.run_file import Failure, Origin, RunWriter
from conformance.suites.failures import HarnessTrouble, NotMeasured, SuiteFailure, broken
from conformance.targets.spec import TargetSpec
from reference_model.scenario import Scenario

EXPLAIN_S_MAX: Final = 30.0
"""How long this process may shrink failures; later ones are told from their recordings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where this process measures: the run and its target, one slot of it, the file to write, and when the time is up (Unix time)."""

    run: str
    spec: TargetSpec
    slot: int
    file: Path
    until: float | None


class Measuring:
    """Open it with `open`; it stays open until `close`."""

    def __init__(self, settings: Settings, place: Place, selection: Selection) -> None:
        self.settings = settings
        self.catalogue = load()
        self.selection = selection
        self.unmeasured: list[str] = []
        self._place = place
        self._instance, _ = instance_of(settings, place.slot)
        self._stack = contextlib.ExitStack()
        self._bench: Bench | None = None
        self._writer: RunWriter | None = None
        self._explainer = Explainer(settings, self.catalogue, self._instance)
        self._examples = Examples()
        self._told: dict[tuple[str, str, str], Failure] = {}
        self._excused: frozenset[str] = frozenset()

    def open(self) -> RunWriter:
        """Take the slot and begin the (part of the) run file. Raises TargetError, UsageError (the file cannot be written)."""
        place = self._place
        bench: Bench | None = None
        try:
            bench = self._stack.enter_context(
                bench_on(place.spec, self.settings, self._instance, self.catalogue, self.selection, run=place.run, slot=place.slot)
            )
        except TargetError as error:
            self.unmeasured.append(str(error))
            raise
        finally:
            version = "" if bench is None else bench.target.version
            header = header_of(self.settings, self.selection, self._instance, run=place.run, spec=place.spec, version=version)
            self._writer = RunWriter(place.file, header, keep=self.settings.keep)
        self._bench = bench
        self._excused = holding(self.settings.known, implied(self._instance.features), version)
        self._explainer = Explainer(self.settings, self.catalogue, self._instance, bench=bench, budget_s=EXPLAIN_S_MAX)
        return self._writer

    def close(self) -> None:
        """Empty the slot and give it back. The file stays open: its footer is the matter of whoever knows the whole run."""
        self._bench = None
        self._stack.close()

    def close_part(self) -> None:
        """Empty the slot, and end the part of a worker: its footer says why something could not be measured."""
        self.close()
        reasons = tuple(self.unmeasured)
        if self._writer is not None:
            applies = {RunOutcome.NOT_MEASURED: reasons} if reasons else {RunOutcome.CONFORMING: ()}
            self._writer.footer(Conclusion(applies=applies, unmeasured=reasons))
            self._writer.close()

    # ---- items -----------------------------------------------------------------------------------------------------------------

    def directed(self, scenario: Scenario) -> None:
        """Examine one scenario. Raises SuiteFailure if a rule is broken (or deviates, if strict), or nothing could be judged."""
        examined = self._examine(scenario, "smoke")
        failures = self._failures(examined)
        if failures:
            raise broken(self.catalogue, failures, here={scenario.name})

    def random(self, scenarios: Iterable[Scenario], seconds: float) -> None:
        """Examine scenarios for so long, then raise for all kinds of failures seen."""
        now = time.time()
        until = min(now + seconds, self._place.until or now + seconds)
        if until <= now:
            pytest.skip("the time limit is over")
        found: dict[tuple[str, str, str], Failure] = {}
        names: set[str] = set()
        other: SuiteFailure | None = None
        for scenario in scenarios:
            names.add(scenario.name)
            try:
                failures = self._failures(self._examine(scenario, "random"))
            except SuiteFailure as error:
                other = other or error
                failures = []
            for failure in failures:
                found.setdefault((failure["rule"], failure["kind"], failure["field"]), failure)
            if time.time() >= until or self.unmeasured:
                break
        if found:
            raise broken(self.catalogue, list(found.values()), here=names)
        if other is not None:
            raise other

    def _examine(self, scenario: Scenario, origin: Origin) -> Examined:
        if self.unmeasured:
            pytest.skip(f"not measured: {self.unmeasured[0]}")
        assert self._bench is not None
        assert self._writer is not None
        try:
            examined = self._bench.examine(scenario)
        except TargetError as error:
            raise self._lost(error) from error
        examined.record(self._writer, origin)
        if examined.error is not None:
            note_crash(self.settings.report_dir, f"{scenario.name}: {examined.error}", examined.trace)
            line = f"{scenario.name} has no verdict, and it is not the target's fault: {examined.error}"
            raise HarnessTrouble(line, line)
        return examined

    def _lost(self, error: TargetError) -> NotMeasured:
        self.unmeasured.append(str(error))
        return NotMeasured(f"not measured: {error}", f"Not measured: {error}")

    def _failures(self, examined: Examined) -> list[Failure]:
        """The failures of a scenario that turn its item red, each kind once; what is new is explained and recorded."""
        for finding in self._examples.take(examined):
            self._tell(examined, finding)
        groups: dict[tuple[str, str, str], Finding] = {finding.group: finding for finding in examined.decisive}
        red = {Outcome.FAILED, Outcome.DEVIATES} if self.settings.strict else {Outcome.FAILED}
        return [
            self._told[group]
            for group, finding in groups.items()
            if group in self._told and self.catalogue[finding.rule].breach in red and finding.rule not in self._excused
        ]

    def _tell(self, examined: Examined, finding: Finding) -> None:
        assert self._writer is not None
        try:
            failure = self._explainer.explain(examined, finding)
        except TargetError as error:
            raise self._lost(error) from error
        except HarnessError:
            raise
        except Exception as error:
            line = f"{finding.rule} is broken in {examined.scenario.name}, and explaining it failed: {type(error).__name__}: {error}"
            note_crash(self.settings.report_dir, line, "".join(traceback.format_exception(error)))
            raise HarnessTrouble(line, line) from error
        self._told[finding.group] = failure
        self._writer.failure(failure)
