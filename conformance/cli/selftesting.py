"""The command selftest: a line for each mutant as it is found, and the table in selftest.json."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import click

from conformance.errors import HarnessError, UsageError
from conformance.run.settings import parse_duration
from conformance.selftest import Detection, checked, detect, healthy
from conformance.server.mutants import MUTANTS


def selftest(*, mutants: tuple[str, ...], smoke_only: bool, shrinking: bool, time_limit: str, seed: int, report_dir: Path) -> int:
    """Returns the exit code. Raises UsageError, HarnessError."""
    limit_s = parse_duration(time_limit)
    unknown = [name for name in mutants if name not in MUTANTS]
    if unknown:
        raise UsageError(f"no mutant is called {unknown[0]!r}; `amps-conformance serve --mutant list` names them")
    broken = healthy(seed)
    for rule in sorted(broken):
        click.echo(f"the server without fault breaks {rule}")
    found: list[Detection] = []
    for name in mutants or MUTANTS:
        detection = detect(MUTANTS[name], seed=seed, limit_s=limit_s, smoke_only=smoke_only, shrinking=shrinking)
        found.append(detection)
        click.echo(_line(detection))
    _write(found, report_dir)
    missed = [detection.mutant.name for detection in found if not detection.found and checked(detection.mutant)]
    unchecked = [detection.mutant.name for detection in found if not detection.found and not checked(detection.mutant)]
    exact = sum(detection.exact for detection in found)
    click.echo(
        f"{sum(detection.found for detection in found)} of {len(found)} mutants found, {exact} blamed exactly, "
        f"median {statistics.median([d.seconds for d in found if d.found] or [0.0]):.1f} s"
        + (f"; not found: {', '.join(missed)}" if missed else "")
        + (f"; of unchecked rules: {', '.join(unchecked)}" if unchecked else "")
    )
    return 1 if missed or broken else 0


def selftest_clients(
    *, mutants: tuple[str, ...], smoke_only: bool, shrinking: bool, time_limit: str, seed: int, report_dir: Path
) -> int:
    """The same for the mutants of the reference client. Returns the exit code. Raises UsageError, HarnessError."""
    from conformance.client.mutants import CLIENT_MUTANTS
    from conformance.selftest_clients import ClientDetection, detect_client, healthy_client

    if smoke_only or shrinking:
        raise UsageError("--smoke and --shrink are for the mutants of the server")
    limit_s = parse_duration(time_limit)
    unknown = [name for name in mutants if name not in CLIENT_MUTANTS]
    if unknown:
        raise UsageError(f"no mutant of the client is called {unknown[0]!r}; known are {', '.join(CLIENT_MUTANTS)}")
    broken = healthy_client()
    for rule in sorted(broken):
        click.echo(f"the client without fault breaks {rule}")
    found: list[ClientDetection] = []
    rows: list[dict[str, object]] = []
    for name in mutants or CLIENT_MUTANTS:
        detection = detect_client(CLIENT_MUTANTS[name], seed=seed, limit_s=limit_s)
        found.append(detection)
        said = " ".join(rule if blame == "exact" else f"({rule})" for rule, blame in detection.blamed)
        said = said or f"NOT FOUND {detection.lost}".rstrip()
        click.echo(f"{name:<26} {detection.seconds:5.1f} s {detection.programs:4} programs  {said}")
        rows.append(
            {
                "mutant": name,
                "text": detection.mutant.text,
                "breaks": list(detection.mutant.breaks),
                "found": detection.program is not None,
                "scenario": detection.program,
                "scenarios": detection.programs,
                "seconds": round(detection.seconds, 3),
                "blamed": dict(detection.blamed),
            }
        )
    _store(rows, report_dir)
    missed = [detection.mutant.name for detection in found if not detection.exact]
    click.echo(
        f"{sum(detection.program is not None for detection in found)} of {len(found)} mutants of the client found, "
        f"{len(found) - len(missed)} blamed exactly" + (f"; not: {', '.join(missed)}" if missed else "")
    )
    return 1 if missed or broken else 0


def _line(detection: Detection) -> str:
    name = detection.mutant.name
    if not detection.found:
        return f"{name:<36} NOT FOUND in {detection.scenarios} scenarios, {detection.seconds:.1f} s {detection.lost}".rstrip()
    blamed = " ".join(rule if blame == "exact" else f"({rule})" for rule, blame in detection.blamed)
    shrunk = "" if detection.commands is None else f"  shrunk to {detection.commands} commands"
    return f"{name:<36} {detection.seconds:5.1f} s {detection.scenarios:4} scenarios  {blamed}{shrunk}"


def _write(found: list[Detection], folder: Path) -> None:
    rows: list[dict[str, object]] = [
        {
            "mutant": detection.mutant.name,
            "text": detection.mutant.text,
            "breaks": list(detection.mutant.breaks),
            "found": detection.found,
            "scenario": detection.scenario,
            "scenarios": detection.scenarios,
            "seconds": round(detection.seconds, 3),
            "blamed": dict(detection.blamed),
            "commands": detection.commands,
        }
        for detection in found
    ]
    _store(rows, folder)


def _store(rows: list[dict[str, object]], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "selftest.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise HarnessError(f"cannot write selftest.json: {error.strerror}") from error
