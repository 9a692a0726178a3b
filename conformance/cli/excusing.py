"""The command known-failing: a file of known failures is made to fit a run."""

from __future__ import annotations

from pathlib import Path

import click

from conformance import known_file
from conformance.errors import UsageError
from conformance.known_file import New
from conformance.results import Outcome, RunOutcome
from conformance.rules import load
from conformance.run.settings import REPORT_DIR
from conformance.run_file import RUN_FILE
from reports.record import from_files


def update(*, file: Path, runs: tuple[Path, ...], reason: str | None, url: str | None, expires: str | None) -> int:
    """Write the smallest file for the run, and say what changed. Raises UsageError, HarnessError."""
    report = from_files(runs or (REPORT_DIR / RUN_FILE,))
    if report.conclusion.outcome in {RunOutcome.INTERRUPTED, RunOutcome.NOT_MEASURED, RunOutcome.HARNESS_ERROR}:
        raise UsageError(f"the run is {report.conclusion.outcome.value.replace('_', ' ')}: it cannot say what is known to fail")
    entries = known_file.parse(file, load()) if file.exists() else ()
    red = (Outcome.FAILED, Outcome.DEVIATES) if report.header.strict else (Outcome.FAILED,)
    made = known_file.update(
        entries,
        report.results,
        features=report.features,
        version=report.header.version,
        broken=report.with_outcome(*red),
        new=New(reason=reason, url=url, expires=expires),
    )
    known_file.write(file, made.entries)
    for rule in made.added:
        click.echo(f"added    {rule}  {report.catalogue[rule].title}")
    for rule in made.dropped:
        click.echo(f"dropped  {rule}: not needed any more")
    click.echo(f"{file}: {len(made.entries)} {'entry' if len(made.entries) == 1 else 'entries'}")
    return 0
