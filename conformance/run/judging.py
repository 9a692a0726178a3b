"""A recorded run as a run of today: its recordings judged again, its failures told again, a run file and reports of their own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from conformance.results import Ledger, Outcome
from conformance.rules import EDITION, load
from conformance.run.again import Again, instance_of_header, judged
from conformance.run.conduct import note_crash
from conformance.run.examples import Examples
from conformance.run.explaining import Explainer
from conformance.run.opening import report_folder
from conformance.run.settings import Settings
from conformance.run_file import RUN_FILE, Failure, RunWriter, read
from conformance.targets.spec import parse_target
from conformance.version import VERSION
from reports.files import write_reports
from reports.record import Report, from_files, from_ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What came of it.

    report    of the scenarios that could be judged
    changed   per rule the outcome at the time and today, where they differ over these scenarios
    lacking   why scenarios could not be judged, with counts; judged: how many could
    """

    report: Report
    changed: Mapping[str, tuple[Outcome, Outcome]]
    judged: int
    lacking: Mapping[str, int] = field(default_factory=dict)
    files: tuple[str, ...] = ()


def judge_again(path: Path, folder: Path) -> Judgement:
    """Judge the scenarios of a run file with today's model, and write run file and reports into `folder`.

    Raises UsageError (the file cannot be read, the folder not be written to), HarnessError (the disk is full).
    """
    run = read(path)
    catalogue = load()
    header = replace(run.header, harness=VERSION, edition=EDITION)
    settings = Settings(target=parse_target(header.uri), seed=header.seed, report_dir=folder)
    explainer = Explainer(settings, catalogue, instance_of_header(header))
    now, then, examples = Ledger(), Ledger(), Examples()
    lacking: Counter[str] = Counter()
    errors: list[str] = []
    began = time.monotonic()
    with report_folder(folder), RunWriter(folder / RUN_FILE, header, keep="all") as writer:
        for again in judged(path, run.header, catalogue):
            if again.examined is None:
                lacking[again.lacking or ""] += 1
                continue
            _take(again, now, then)
            again.examined.record(writer, again.origin)
            examples.take(again.examined)
            if again.examined.error is not None:
                errors.append(f"{again.name}: {again.examined.error}")
                note_crash(folder, errors[-1], again.examined.trace)
        explained: list[Failure] = [explainer.explain(examined, finding) for examined, finding in examples]
        for failure in explained:
            writer.failure(failure)
        report = from_ledger(
            header,
            now,
            seconds=time.monotonic() - began,
            commands=writer.commands,
            scenarios=writer.scenarios,
            explained=explained,
            unmeasured=() if run.footer is None else run.footer["unmeasured"],
            harness_errors=errors,
            catalogue=catalogue,
        )
        writer.footer(report.conclusion)
    before = from_ledger(run.header, then, seconds=0.0, commands=0, catalogue=catalogue).results
    pairs = {rule: (before[rule].outcome, result.outcome) for rule, result in report.results.items()}
    return Judgement(
        report=report,
        changed={rule: pair for rule, pair in pairs.items() if pair[0] is not pair[1]},
        judged=now.scenarios + len(errors),
        lacking=dict(lacking),
        files=tuple(str(file) for file in write_reports(from_files([folder / RUN_FILE]), folder)),
    )


def _take(again: Again, now: Ledger, then: Ledger) -> None:
    """Add the verdict of the time and that of today, so that the two ledgers tell of the same scenarios."""
    assert again.examined is not None
    if again.examined.verdict is not None:
        now.add(again.examined.verdict)
        if again.before is not None:
            then.add(again.before)
