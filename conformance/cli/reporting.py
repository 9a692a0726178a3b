"""The command report: run files become one report, as text on the terminal or as files. Nothing runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import click

from conformance.errors import UsageError
from conformance.run_file import RUN_FILE
from reports import nightly, terminal
from reports.files import FORMATS, write_file, write_reports
from reports.record import from_files

PARTS: Final = "run.*.jsonl"
"""What the workers of a pytest session leave in its folder if the session was killed before it put them together."""


def report(*, paths: Sequence[Path], form: str, output: Path | None, report_dir: Path | None, history: Path | None) -> int:
    """Print or write, and return the exit code of the run. Raises UsageError, HarnessError (a file cannot be written)."""
    made = from_files(run_files(paths))
    if report_dir is not None or history is not None:
        files = () if report_dir is None else write_reports(made, report_dir)
        if history is not None:
            files = (*files, *nightly.keep(made, history))
        terminal.show(terminal.console(), terminal.closing(made, files=[str(file) for file in files]))
    elif form == "terminal":
        if output is not None:
            raise UsageError(f"-o goes with --format {', '.join(FORMATS)}")
        terminal.show(terminal.console(), terminal.opening(made.header), terminal.final(made))
    else:
        text = FORMATS[form][1](made)
        if output is None:
            click.echo(text, nl=False)
        else:
            write_file(output, text)
    return made.conclusion.exit_code


def run_files(paths: Iterable[Path]) -> list[Path]:
    """The run files that are named, each once: a file, or that of a report folder. UsageError: a folder has none."""
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _of_folder(path) if path.is_dir() else [path]:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _of_folder(folder: Path) -> list[Path]:
    whole = folder / RUN_FILE
    if whole.is_file():
        return [whole]
    parts = sorted(folder.glob(PARTS))
    if not parts:
        raise UsageError(f"{folder} holds no {RUN_FILE}")
    return parts
