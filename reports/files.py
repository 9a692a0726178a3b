"""The files of a report folder: which formats there are, what each file is called, and how one is written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from conformance.errors import HarnessError
from reports.ctrf import ctrf
from reports.junit import junit
from reports.markdown import markdown
from reports.page import page
from reports.record import Report
from reports.summary import summary_text

PAGE_FILE: Final = "index.html"
SUMMARY_FILE: Final = "summary.json"

FORMATS: Final[dict[str, tuple[str, Callable[[Report], str]]]] = {
    "html": (PAGE_FILE, page),
    "json": (SUMMARY_FILE, summary_text),
    "junit": ("junit.xml", junit),
    "ctrf": ("ctrf.json", ctrf),
    "markdown": ("summary.md", markdown),
}
"""Per format its file and what makes the text of it."""

NAMED: Final = (PAGE_FILE, SUMMARY_FILE)
"""What the last line of a run names, before the run file."""

FILES: Final = tuple(file for file, _ in FORMATS.values())


def in_line(folder: Path, names: Sequence[str]) -> list[str]:
    """Files of one folder in a line: the folder stands before the first."""
    return [str(folder / names[0]), *names[1:]] if names else []


def write_reports(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write all files into the folder, and return their paths. HarnessError: one cannot be written."""
    return tuple(write_file(folder / file, render(report)) for file, render in FORMATS.values())


def write_file(path: Path, text: str) -> Path:
    """Write one file, whole or not at all, and return its path; its folder is made if it is not there. HarnessError: it cannot be."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, "utf-8")
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise HarnessError(f"cannot write {path}: {error.strerror or error}") from error
    return path
