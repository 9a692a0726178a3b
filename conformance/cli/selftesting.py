"""The command selftest: a line for each mutant as it is done, the table in selftest.json, and what it comes to."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from conformance import detection
from conformance.errors import HarnessError, UsageError
from conformance.run.settings import parse_duration
from conformance.selftest import Detection, Search, checked, detect_all, healthy
from conformance.server.mutants import CANARY, MUTANTS, Mutant


def selftest(
    *,
    mutants: tuple[str, ...],
    smoke_only: bool,
    quick: bool,
    whole: bool,
    shrinking: bool,
    processes: int,
    time_limit: str,
    seed: int,
    report_dir: Path,
    table: Path | None,
) -> int:
    """Returns the exit code. Raises UsageError, HarnessError."""
    search = Search(
        seed=seed,
        limit_s=parse_duration(time_limit),
        smoke_only=smoke_only,
        shrinking=shrinking,
        order="declared" if quick else "profile",
        whole=whole,
    )
    known = {**MUTANTS, CANARY.name: CANARY}
    unknown = [name for name in mutants if name not in known]
    if unknown:
        raise UsageError(f"no mutant is called {unknown[0]!r}; `amps-conformance serve --mutant list` names them")
    former = _former(table)
    health = healthy(seed)
    for rule in sorted(health.broken):
        click.echo(f"the server without fault breaks {rule}")
    done: list[Detection] = []
    for one in detect_all(
        tuple(dict.fromkeys(mutants)) or tuple(MUTANTS), replace(search, exercised=health.exercised), processes=processes
    ):
        done.append(one)
        click.echo(_line(one, known[one.mutant], whole=whole))
    rows = _rows(done, known, order=search.order)
    _write(rows, former, report_dir, table)
    red = [one for one in done if _is_red(one, known[one.mutant])]
    click.echo(_conclusion(done, known, red))
    return 1 if red or health.broken else 0


def _unseen(one: Detection, mutant: Mutant) -> list[str]:
    return [rule for rule in mutant.breaks if rule not in one.broken]


def _is_red(one: Detection, mutant: Mutant) -> bool:
    """Whether a fault was not found; one of rules that nobody checks is excused."""
    return not one.found and checked(mutant)


def _line(one: Detection, mutant: Mutant, *, whole: bool) -> str:
    name = one.mutant
    if not one.found:
        return f"{name:<36} NOT FOUND in {one.scenarios} scenarios, {one.seconds:.1f} s {one.lost}".rstrip()
    blamed = " ".join({"exact": rule, "related": f"({rule})", "wrong": f"(({rule}))"}[blame] for rule, blame in one.blamed)
    shrunk = "" if one.commands is None else f"  shrunk to {one.commands} commands"
    unseen = f"  never blamed: {' '.join(_unseen(one, mutant))}" if whole and _unseen(one, mutant) else ""
    return f"{name:<36} {one.seconds:5.1f} s {one.scenarios:4} scenarios  {blamed}{shrunk}{unseen}"


def _conclusion(done: Sequence[Detection], known: dict[str, Mutant], red: Sequence[Detection]) -> str:
    found = [one for one in done if one.found]
    excused = [one.mutant for one in done if not one.found and not checked(known[one.mutant])]
    return (
        f"{len(found)} of {len(done)} mutants found, {sum(one.exact for one in found)} blamed exactly, "
        f"median {statistics.median([one.seconds for one in found] or [0.0]):.1f} s"
        + (f"; red: {', '.join(one.mutant for one in red)}" if red else "")
        + (f"; of unchecked rules: {', '.join(excused)}" if excused else "")
    )


def _rows(done: Sequence[Detection], known: dict[str, Mutant], *, order: str) -> list[detection.Row]:
    return [
        detection.Row(
            mutant=one.mutant,
            text=known[one.mutant].text,
            breaks=tuple(known[one.mutant].breaks),
            found=one.found,
            scenario=one.scenario,
            scenarios=one.scenarios,
            seconds=round(one.seconds, 2),
            blamed=dict(one.blamed),
            seen=tuple(sorted(one.broken)),
            beneath=tuple(sorted(one.beneath - one.broken)),
            commands=one.commands,
            order=order,
        )
        for one in done
    ]


def _former(table: Path | None) -> list[detection.Row]:
    """The rows that stand in a table; none if it is not there yet."""
    try:
        return [] if table is None or not table.exists() else detection.from_json(table.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{table} is no table of selftest: {error}") from error


def _write(rows: Sequence[detection.Row], former: Sequence[detection.Row], folder: Path, table: Path | None) -> None:
    """The rows of this run as selftest.json, and in the place of those of the same mutants in `table`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "selftest.json").write_text(detection.to_json(rows), encoding="utf-8")
        if table is not None:
            table.write_text(detection.to_json(detection.merged(former, rows, tuple(MUTANTS))), encoding="utf-8")
    except OSError as error:
        raise HarnessError(f"cannot write the table: {error.strerror}") from error
