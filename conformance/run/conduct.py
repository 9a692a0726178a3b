"""A run in this process: smoke, random scenarios, explanations, and the conclusion that is written down whatever happened."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final, Literal

from conformance import programs
from conformance.errors import ConformanceError, HarnessError, MisconfiguredError, TargetError, UnreachableError, UsageError
from conformance.known import holding
from conformance.results import Conclusion, Finding, Ledger, Outcome, verdict_from_data
from conformance.rules import implied, load
from conformance.run.bench import Bench, Examined
from conformance.run.events import Events
from conformance.run.examples import Examples
from conformance.run.explaining import Explainer
from conformance.run.opening import CRASH_FILE, bench_on, header_of, new_run_id, report_folder, serving
from conformance.run.pace import Pace
from conformance.run.programs import directed, drawn
from conformance.run.regressions import Regressions, keep, regressions
from conformance.run.restarting import restart
from conformance.run.selection import Selection, select, shard_of
from conformance.run.settings import Settings, instance_of
from conformance.run.turns import Turns
from conformance.run_file import RUN_FILE, Damage, Failure, Origin, RunHeader, RunWriter, records
from conformance.runner.execution import proxied
from conformance.targets.spec import TargetSpec
from reference_model.model import predict
from reference_model.scenario import Scenario
from reference_model.state import ProgramError
from reports.files import NAMED, in_line, write_reports
from reports.record import Report, from_ledger

EXPLAIN_S_MAX: Final = 30.0
"""How long the failures of a run may be shrunk and repeated after its time limit: the shortest are told well, the others briefly."""


RESTARTS_MAX: Final = 20
"""A target that goes away again and again is not measured by starting it for ever."""

SHARD_NUMBERS: Final = 1_000_000
"""Random scenarios are numbered; the shards of one run count from places so far apart."""


def planned(settings: Settings) -> Selection:
    """What a run with these settings does. UsageError: it makes no sense."""
    instance, _ = instance_of(settings, settings.slots.start)
    gentle = settings.target is not None and not settings.target.loopback and not settings.disruptive
    whole = select(directed(instance), load(), instance.features, rules=settings.rules, exclude=settings.exclude, gentle=gentle)
    return shard_of(whole, *settings.shard)


def run(settings: Settings, events: Events) -> Conclusion:
    """Run, write run.jsonl and its reports, and tell `events` of it. Raises UsageError before anything has run, and nothing else."""
    return Run(settings, planned(settings), events).conclude()


def failed_in(path: Path) -> tuple[Scenario, ...]:
    """The scenarios of a run file that broke a rule, random ones too, each once. UsageError: it cannot be read, or there are none."""
    found: dict[str, Scenario] = {}
    for record in records(path):
        if not isinstance(record, Damage) and record["record"] == "scenario" and record["verdict"] is not None:
            verdict = verdict_from_data(record["verdict"])
            if any(finding.masked_by is None and not finding.slow for finding in verdict.findings):
                found.setdefault(record["name"], programs.from_json(record["program"]))
    if not found:
        raise UsageError(f"no scenario of {path} broke a rule; run without --only-failed")
    return tuple(found.values())


def run_only(scenarios: tuple[Scenario, ...], settings: Settings, events: Events) -> Conclusion:
    """Run these scenarios and nothing else; there is no rule that they have to exercise. Raises UsageError."""
    selection = replace(planned(settings), directed=scenarios, required=())
    return Run(settings, selection, events).conclude()


def replay(scenario: Scenario, settings: Settings, events: Events) -> Conclusion:
    """Judge one program like any scenario.

    Raises UsageError: the model does not judge it; TargetError: the target is not declared to have what it needs.
    """
    instance, _ = instance_of(settings, settings.slots.start)
    lacking = sorted(scenario.needs - implied(instance.features))
    if lacking:
        raise MisconfiguredError(f"{scenario.name} needs {', '.join(lacking)}, which the target is not declared to have")
    if settings.proxies is None and proxied(scenario):
        raise UsageError(f"{scenario.name} has faults that only a proxy makes: --toxiproxy")
    try:
        predict(scenario, instance)
    except ProgramError as error:
        raise UsageError(f"{scenario.name} cannot be judged: {error}") from error
    return Run(settings, Selection(directed=(scenario,)), events, origin="replay").conclude()


class Run:
    """One run, from the opening of the target to its reports."""

    def __init__(
        self, settings: Settings, selection: Selection, events: Events, *, origin: Literal["smoke", "replay"] = "smoke"
    ) -> None:
        self.settings = settings
        self.selection = selection
        self.events = events
        self.origin: Literal["smoke", "replay"] = origin
        self.catalogue = load()
        self.instance, _ = instance_of(settings, settings.slots.start)
        self.run_id = new_run_id()
        self.header = self._header(None, "")
        self.writer: RunWriter | None = None
        self.ledger = Ledger()
        self.examples = Examples()
        self.explained: list[Failure] = []
        self.unmeasured: list[str] = []
        self.errors: list[str] = []
        self.interrupted = False
        self.scenarios = self.commands = self.restarts = 0
        self.pace = Pace(settings.max_rate)
        self.began = time.monotonic()
        random = origin == "smoke" and settings.profile != "smoke" and settings.limit_s is not None
        self.until = self.began + settings.limit_s if random and settings.limit_s is not None else None
        self.turns = Turns(self._kinds()) if random else None
        self.corpus = Regressions() if settings.corpus is None else regressions(settings.corpus, self.instance)
        self.unmeasured += self.corpus.damage
        self.plan = self._plan()
        self.current: tuple[Origin, Scenario] | None = None

    def _kinds(self) -> dict[str, Iterator[Scenario]]:
        """What is drawn: a night draws without faults and with them, other profiles one of both. Each shard has numbers of its own."""
        settings = self.settings
        draw = partial(
            drawn,
            settings.seed,
            start=(settings.shard[0] - 1) * SHARD_NUMBERS,
            config=self.instance,
            proxy=settings.proxies is not None,
        )
        kinds = {"nightly": (False, True), "faults": (True,)}.get(settings.profile, (False,))
        return {"faults" if faults else "plain": draw(faults=faults) for faults in kinds}

    def _plan(self) -> Iterator[tuple[Origin, Scenario]]:
        """All that this run does, phase by phase: what failed once, the directed scenarios, random ones until the time is over."""
        part, parts = self.settings.shard
        again = [one for one in self.corpus.programs[part - 1 :: parts] if self.settings.proxies is not None or not proxied(one)]
        directed_ones = self.selection.directed
        if again:
            self.events.began("corpus", total=len(again), limit_s=None)
            yield from (("corpus", scenario) for scenario in again)
        self.events.began(self.origin, total=len(directed_ones), limit_s=None)
        yield from ((self.origin, scenario) for scenario in directed_ones)
        if self.turns is None or self.until is None:
            return
        self.events.began("random", total=None, limit_s=max(0.0, self.until - time.monotonic()))
        for scenario in self.turns:
            if time.monotonic() >= self.until:
                return
            yield "random", scenario

    def _explainer(self, bench: Bench | None = None, budget_s: float = 0.0) -> Explainer:
        return Explainer(self.settings, self.catalogue, self.instance, bench=bench, budget_s=budget_s)

    # ---- the run ---------------------------------------------------------------------------------------------------------------

    def conclude(self) -> Conclusion:
        """Do all of it."""
        with report_folder(self.settings.report_dir):
            return self._conclude()

    def _conclude(self) -> Conclusion:
        try:
            self._measure()
        except KeyboardInterrupt:
            self.interrupted = True
        except TargetError as error:
            self.unmeasured.append(str(error))
        except HarnessError as error:
            self.errors.append(str(error))
        except Exception as error:  # noqa: BLE001 (what was measured before a mistake of ours is reported all the same)
            self._mistake("run", error)
        return self._finish()

    def _mistake(self, where: str, error: Exception) -> None:
        line = " ".join(f"{where}: {type(error).__name__}: {error}".split())
        self.errors.append(line)
        note_crash(self.settings.report_dir, line, "".join(traceback.format_exception(error)))

    def _header(self, spec: TargetSpec | None, version: str) -> RunHeader:
        profile = "replay" if self.origin == "replay" else None
        return header_of(self.settings, self.selection, self.instance, run=self.run_id, spec=spec, version=version, profile=profile)

    def _measure(self) -> None:
        while True:
            try:
                self._measure_once()
            except UnreachableError as error:
                if not self._restarted(error):
                    raise
            else:
                return

    def _measure_once(self) -> None:
        """From the opening of the target to the explanations; a run that was cut off goes on where it was."""
        slot = self.settings.slots.start
        with (
            serving(self.settings) as spec,
            bench_on(spec, self.settings, self.instance, self.catalogue, self.selection, run=self.run_id, slot=slot) as bench,
        ):
            if self.writer is None:
                self.header = self._header(spec, bench.target.version)
                self._write()
                self.events.opened(self.header)
            bench.while_open = self._while_open if self.settings.pause else None
            self._work(bench)
            bench.while_open = None
            self._explain(bench)

    def _restarted(self, error: UnreachableError) -> bool:
        """Start a target again that went away in the middle of the run, as the user said how. That it did is told with the run."""
        if self.settings.restart is None or self.writer is None or self.restarts == RESTARTS_MAX:
            return False
        self.restarts += 1
        where = f" in {self.current[1].name}" if self.current is not None else ""
        self.unmeasured.append(f"the target went away{where} and was started again ({error})")
        restart(self.settings.restart)
        if self.current is not None:
            self.plan = chain([self.current], self.plan)
        return True

    def _while_open(self, examined: Examined) -> None:
        """Let somebody look at the target if the scenario makes the run red."""
        rules = tuple(dict.fromkeys(finding.rule for finding in examined.decisive if self._is_red(finding.rule)))
        if rules:
            self.events.open_still(examined, rules)

    def _is_red(self, rule: str) -> bool:
        """Whether a breach of the rule makes the run red."""
        red = {Outcome.FAILED, Outcome.DEVIATES} if self.settings.strict else {Outcome.FAILED}
        known = holding(self.header.known, implied(self.header.features), self.header.version)
        return self.catalogue[rule].breach in red and rule not in known

    def _write(self) -> RunWriter:
        if self.writer is None:
            self.writer = RunWriter(self.settings.report_dir / RUN_FILE, self.header, keep=self.settings.keep)
        return self.writer

    def _work(self, bench: Bench) -> None:
        """What is planned, until it is done or has failed often enough."""
        for origin, scenario in self.plan:
            self.current = origin, scenario
            more = self._one(bench, scenario, origin)
            self.current = None
            if not more:
                return

    def _one(self, bench: Bench, scenario: Scenario, origin: Origin) -> bool:
        """Examine and record one scenario. False: the run has seen enough failures."""
        examined = bench.examine(scenario)
        examined.record(self._write(), origin)
        self.scenarios += 1
        self.commands += scenario.commands
        if examined.verdict is not None:
            self.ledger.add(examined.verdict)
            if origin == "random" and self.turns is not None:
                self.turns.took(examined.verdict.exercised, examined.seconds)
        if examined.error is not None:
            self.errors.append(f"{scenario.name}: {examined.error}")
            note_crash(self.settings.report_dir, f"{scenario.name}: {examined.error}", examined.trace)
        self.examples.take(examined)
        self.events.ended(examined)
        self.pace.keep(scenario.commands, until=self.until)
        return self.settings.max_failures is None or self._failures() < self.settings.max_failures

    def _failures(self) -> int:
        """How many kinds of failures there are that make the run red."""
        return sum(self._is_red(finding.rule) for finding in self.examples.findings())

    def _explain(self, bench: Bench) -> None:
        """Explain an example of each kind of failure, those of one rule one after the other, as long as there is time."""
        if not self.examples:
            return
        explainer = self._explainer(bench, EXPLAIN_S_MAX)
        self.events.began("explaining", total=len(self.examples), limit_s=EXPLAIN_S_MAX)
        told = self._told()
        for examined, finding in self.examples:
            if finding.group not in told:
                self._explain_one(explainer, examined, finding)
            self.events.explained(finding.rule)

    def _told(self) -> set[tuple[str, str, str]]:
        """The kinds of failures that are explained."""
        return {(failure["rule"], failure["kind"], failure["field"]) for failure in self.explained}

    def _explain_one(self, explainer: Explainer, examined: Examined, finding: Finding) -> None:
        try:
            self._tell(explainer.explain(examined, finding))
        except ConformanceError:
            raise
        except Exception as error:  # noqa: BLE001 (the failure itself is on record, and told in brief)
            self._mistake(f"explaining {finding.rule} of {examined.scenario.name}", error)

    def _tell(self, failure: Failure) -> None:
        self.explained.append(failure)
        self._write().failure(failure)

    # ---- the end ---------------------------------------------------------------------------------------------------------------

    def _finish(self) -> Conclusion:
        """Whatever happened: explain in brief what nobody explained, write footer and reports, tell the report."""
        folder = self.settings.report_dir
        written: list[str] = []
        try:
            writer = self._write()
            explainer = self._explainer()
            told = self._told()
            for examined, finding in self.examples:
                if finding.group not in told:
                    self._explain_one(explainer, examined, finding)
            if self.settings.corpus is not None:
                keep(self.settings.corpus, folder, self.explained)
            writer.footer(self._report().conclusion)
            written.append(RUN_FILE)
        except HarnessError as error:
            self._failed_to_write(error)
        finally:
            if self.writer is not None:
                self.writer.close()
        try:
            write_reports(self._report(), folder)
            written[:0] = NAMED
        except HarnessError as error:
            self._failed_to_write(error)
        except Exception as error:  # noqa: BLE001 (a report that cannot be made takes nothing from the verdict)
            self._mistake("reports", error)
        report = self._report()
        self.events.concluded(report, in_line(folder, written))
        return report.conclusion

    def _failed_to_write(self, error: HarnessError) -> None:
        if str(error) not in self.errors:
            self.errors.append(str(error))

    def _report(self) -> Report:
        return from_ledger(
            self.header,
            self.ledger,
            seconds=time.monotonic() - self.began,
            commands=self.commands,
            scenarios=self.scenarios,
            explained=self.explained,
            unmeasured=self.unmeasured,
            harness_errors=self.errors,
            interrupted=self.interrupted,
            catalogue=self.catalogue,
        )


def note_crash(folder: Path, what: str, trace: str) -> None:
    """Append a traceback of ours to the crash file; a folder that cannot be written to is told elsewhere."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / CRASH_FILE).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{what}\n{trace}\n")
