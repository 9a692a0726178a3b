"""The command compare: two run files, or two targets that are run with the same seed first."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from conformance.cli.reporting import run_files
from conformance.errors import TargetError, UsageError
from conformance.run import conduct
from conformance.run.comparing import Comparison, Did, Side, compare, shrunk, side, store
from conformance.run.events import Silent
from conformance.run.settings import Settings, draw_seed, parse_duration, parse_slots
from conformance.run_file import RUN_FILE
from conformance.targets.spec import parse_target
from reports import terminal
from reports.plain import number, safe

_ADDRESS: Final = re.compile(r"(tcps?://.+|[^/]+:\d+(/.*)?)", re.IGNORECASE)
SAME: Final = 0
DIFFERENT: Final = 1


def compare_two(*, a: str, b: str, report_dir: Path, seed: int | None, slots: str, time_limit: str | None, **options: Any) -> int:
    """Compare, print, and return 0 if nothing differs, else 1. Raises UsageError, TargetError, HarnessError."""
    live = [not Path(name).exists() and _ADDRESS.fullmatch(name) is not None for name in (a, b)]
    if live[0] != live[1]:
        raise UsageError("compare two run files, or two targets")
    if not live[0]:
        paths = [run_files([Path(name)]) for name in (a, b)]
        found = compare(side(a, paths[0]), side(b, paths[1]), paths[0])
        return _told(found, report_dir, None)
    common = Settings(
        seed=draw_seed() if seed is None else seed,
        slots=parse_slots(slots),
        keep="all",
        time_limit_s=None if time_limit is None else parse_duration(time_limit),
        **options,
    )
    settings = tuple(
        replace(common, target=parse_target(name), report_dir=report_dir / letter) for name, letter in ((a, "a"), (b, "b"))
    )
    sides = [_run(setting) for setting in settings]
    found = compare(sides[0], sides[1], [settings[0].report_dir / RUN_FILE])
    if found.shortest is not None:
        found = replace(found, shortest=shrunk(found.shortest, (settings[0], settings[1])))
    return _told(found, report_dir, common)


def _run(settings: Settings) -> Side:
    """Run on one target. Raises TargetError: it could not be measured at all."""
    assert settings.target is not None
    click.echo(f"running on {settings.target.uri}, seed {settings.seed}", err=True)
    conclusion = conduct.run(settings, Silent())
    made = side(settings.target.uri, [settings.report_dir / RUN_FILE])
    if not made.programs and conclusion.unmeasured:
        raise TargetError(conclusion.unmeasured[0])
    return made


def _told(found: Comparison, report_dir: Path, settings: Settings | None) -> int:
    lines = [*_heads(found), *_outcomes(found), *_choices(found), *_program(found, report_dir, settings)]
    for line in lines:
        click.echo(line)
    if found.same:
        click.echo("No difference.")
    sys.stdout.flush()
    return SAME if found.same else DIFFERENT


def _heads(found: Comparison) -> Iterator[str]:
    for letter, one in (("A", found.a), ("B", found.b)):
        version = f"AMPS {one.report.header.version}" if one.report.header.version else "version not known"
        words = (safe(one.name), safe(version), number(one.report.scenarios, "scenario"), terminal.verdict(one.report))
        yield f"{letter}  {'   '.join(words)}"
    yield f"{number(found.common, 'program')} ran on both."


def _outcomes(found: Comparison) -> Iterator[str]:
    if found.outcomes:
        yield ""
        yield f"{number(len(found.outcomes), 'rule comes', 'rules come')} to different outcomes:"
    for rule, (a, b) in sorted(found.outcomes.items(), key=lambda item: -max(item[1])):
        yield f"  {rule}  {found.a.report.catalogue[rule].title}: A {_word(a.word)}, B {_word(b.word)}"
        for letter, one in (("A", found.a), ("B", found.b)):
            if one.report.failures_of(rule):
                yield f"      {letter}: {safe(one.report.failures_of(rule)[0]['what'])}"


def _choices(found: Comparison) -> Iterator[str]:
    if found.choices:
        yield ""
        yield f"{number(len(found.choices), 'freedom is', 'freedoms are')} used differently:"
    for rule, (a, b) in found.choices.items():
        yield f"  {rule}  {found.a.report.catalogue[rule].title}: A {_used(a)}; B {_used(b)}"


def _used(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{safe(name)} ({count:,})" for name, count in sorted(counts.items(), key=lambda item: -item[1]))


def _program(found: Comparison, report_dir: Path, settings: Settings | None) -> Iterator[str]:
    shortest = found.shortest
    if shortest is None:
        return
    path = store(shortest, report_dir)
    size = number(shortest.scenario.commands, "command")
    before = f", shrunk from {shortest.found}" if shortest.found > shortest.scenario.commands else ""
    yield ""
    yield f"The shortest program on which they differ: {shortest.scenario.name}, {size}{before}"
    for letter, what in (("A", shortest.a), ("B", shortest.b)):
        yield f"  {letter}: {'; '.join(_how(rule, what) for rule in shortest.rules)}"
    for one in (found.a, found.b) if settings is not None else ():
        yield f"  amps-conformance replay {path} --target {safe(one.name)}"
    if settings is None:
        yield f"  {path}"


def _how(rule: str, one: Did) -> str:
    if rule in one.broken:
        return f"{rule} broken: {safe(one.broken[rule])}"
    if rule in one.choices:
        return f"{rule}: {safe(', '.join(sorted(one.choices[rule])))}"
    return f"{rule} holds"


def _word(outcome: str) -> str:
    return outcome.replace("_", " ")
