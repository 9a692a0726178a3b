"""The end of a run that was measured in several processes: their parts become one run file, and that the report."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from conformance.errors import UsageError
from conformance.run_file import Damage, RunHeader, RunWriter, read, records
from reports.files import write_reports
from reports.record import Report, from_ledger


def put_together(header: RunHeader, parts: Sequence[Path], whole: Path) -> RunWriter:
    """One run file of the parts, which are removed; without footer. What a worker that died has recorded is in it.

    The rules that had to be exercised, and the version of the target, are those that the parts say.
    """
    heads = [read(part).header for part in parts]
    required = tuple(dict.fromkeys(rule for head in heads for rule in head.required))
    version = next((head.version for head in heads if head.version), header.version)
    writer = RunWriter(whole, replace(header, required=required, version=version))
    for part in parts:
        for record in records(part):
            if not isinstance(record, Damage) and record["record"] in {"scenario", "failure"}:
                writer.copy(record)
        part.unlink(missing_ok=True)
    return writer


def reasons(parts: Iterable[Path]) -> list[str]:
    """Why the parts could not be measured, each reason once."""
    found: dict[str, None] = {}
    for part in parts:
        footer = read(part).footer
        found |= dict.fromkeys(footer["unmeasured"] if footer else ())
    return list(found)


def end(
    writer: RunWriter, *, began: float, unmeasured: Iterable[str] = (), harness_errors: Iterable[str] = (), interrupted: bool = False
) -> Report:
    """Conclude from what the file holds, append the footer, write the reports. `began`: Unix time. Raises HarnessError."""
    run = read(writer.path)
    report = from_ledger(
        run.header,
        run.ledger,
        seconds=time.time() - began,
        commands=run.commands,
        scenarios=run.scenarios,
        explained=run.explained,
        unmeasured=unmeasured,
        harness_errors=[*run.errors, *harness_errors],
        interrupted=interrupted,
    )
    writer.footer(report.conclusion)
    writer.close()
    write_reports(report, writer.path.parent)
    return report


def usable(parts: Iterable[Path]) -> list[Path]:
    """The parts that a worker has begun."""
    found = []
    for part in parts:
        try:
            read(part)
        except UsageError:
            continue
        found.append(part)
    return found
