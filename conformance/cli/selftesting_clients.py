"""The command selftest --clients: the mutants of the reference client instead of those of the embedded server."""

from __future__ import annotations

import json
from pathlib import Path

import click

from conformance.client.mutants import CLIENT_MUTANTS
from conformance.errors import HarnessError, UsageError
from conformance.run.settings import parse_duration
from conformance.selftest_clients import ClientDetection, detect_client, healthy_client


def selftest(*, mutants: tuple[str, ...], time_limit: str, seed: int, report_dir: Path) -> int:
    """Returns the exit code. Raises UsageError, HarnessError."""
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


def _store(rows: list[dict[str, object]], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "selftest.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise HarnessError(f"cannot write selftest.json: {error.strerror}") from error
