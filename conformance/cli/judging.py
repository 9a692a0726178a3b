"""The command judge: recorded runs are judged again with today's model, without a target."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from conformance.cli.reporting import run_files
from conformance.errors import UsageError
from conformance.run.judging import Judgement, judge_again
from conformance.run_file import RUN_FILE
from reports import terminal
from reports.files import NAMED, in_line
from reports.plain import number, safe


def judge(*, path: Path, report_dir: Path) -> int:
    """Judge, print the report and what has changed, and return the exit code of a run. Raises UsageError, HarnessError."""
    files = run_files([path])
    if len(files) > 1:
        raise UsageError(f"{path} holds {len(files)} parts of a run; judge them one by one")
    if files[0].resolve() == (report_dir / RUN_FILE).resolve():
        raise UsageError(f"{files[0]} would be written over; give --report-dir another folder")
    found = judge_again(files[0], report_dir)
    named = in_line(report_dir, [*NAMED, RUN_FILE])
    terminal.show(terminal.console(), terminal.opening(found.report.header), terminal.final(found.report, files=named))
    for line in _changes(found):
        click.echo(line)
    return found.report.conclusion.exit_code


def _changes(found: Judgement) -> Iterator[str]:
    """What could not be judged, and the rules that come to something else than at the time."""
    total = found.judged + sum(found.lacking.values())
    yield f"Judged again: {found.judged:,} of {number(total, 'scenario')}."
    for reason, count in sorted(found.lacking.items(), key=lambda item: -item[1]):
        yield f"  not judged: {number(count, 'scenario')}: {safe(reason)}"
    for rule, (then, now) in found.changed.items():
        yield f"  {rule}  {found.report.catalogue[rule].title}: {_word(then.word)} then, {_word(now.word)} now"
    if not found.changed:
        yield "Every rule comes to what it came to then."


def _word(outcome: str) -> str:
    return outcome.replace("_", " ")
