"""The commands that run scenarios: run and replay. Options become settings here; what happens is shown by `display`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from conformance import programs
from conformance.cli.display import Display
from conformance.errors import UsageError
from conformance.run import conduct
from conformance.run.selection import Selection
from conformance.run.settings import Settings, draw_seed, instance_of, knowing, parse_duration, parse_slots
from conformance.targets.spec import parse_target
from reports.terminal import console


def run(*, listing: bool, record: str, seed: int | None, known_failing: Path | None, **options: Any) -> int:
    """Run, or list what would run. Returns the exit code."""
    settings = knowing(_settings(seed=seed, keep=record, **options), known_failing)
    if settings.client is not None:
        from conformance.run.clients import planned_for_clients, run_client

        if listing:
            click.echo(_listed(planned_for_clients(settings)), nl=False)
            return 0
        return run_client(settings, Display(console(), console(sys.stderr))).exit_code
    if listing:
        click.echo(_listed(conduct.planned(settings)), nl=False)
        return 0
    _warn(settings)
    conclusion = conduct.run(settings, Display(console(), console(sys.stderr)))
    return conclusion.exit_code


def replay(*, file: Path, seed: int | None, **options: Any) -> int:
    """Replay one program file. Returns the exit code."""
    settings = _settings(seed=seed, **options)
    if settings.client is not None:
        from conformance.run.clients import replay_client

        return replay_client(file, settings, Display(console(), console(sys.stderr), brief=True)).exit_code
    scenario = programs.load(file)
    _warn(settings)
    conclusion = conduct.replay(scenario, settings, Display(console(), console(sys.stderr), brief=True))
    return conclusion.exit_code


def _settings(
    *, target: str | None, seed: int | None, slots: str, time_limit: str | None = None, rules: str | None = None, **options: Any
) -> Settings:
    """The settings of the options; those with a text of their own are parsed. Raises UsageError."""
    settings = Settings(
        target=None if target is None else parse_target(target),
        seed=draw_seed() if seed is None else seed,
        slots=parse_slots(slots),
        time_limit_s=None if time_limit is None else parse_duration(time_limit),
        rules=rules,
        **options,
    )
    if settings.time_limit_s is not None and settings.profile == "smoke":
        raise UsageError("--time-limit goes with --profile pr or nightly; smoke runs its scenarios to the end")
    return settings


def _warn(settings: Settings) -> None:
    """What the target's configuration holds and the harness does not honour."""
    for warning in instance_of(settings, settings.slots.start)[1]:
        click.echo(f"warning: {warning}", err=True)


def _listed(selection: Selection) -> str:
    wide = max(len(scenario.name) for scenario in selection.directed)
    lines = [f"{scenario.name:<{wide}}  {' '.join(scenario.exercises)}" for scenario in selection.directed]
    rules = {rule for scenario in selection.directed for rule in scenario.exercises}
    return "".join(f"{line}\n" for line in [*lines, f"{len(lines)} scenarios for {len(rules)} rules"])
