"""The commands that run scenarios: run and replay. Options become settings here; what happens is shown by `display`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from conformance import programs
from conformance.cli.display import Display
from conformance.errors import UsageError
from conformance.rules import Side
from conformance.run import conduct
from conformance.run.selection import Selection
from conformance.run.settings import Settings, draw_seed, instance_of, knowing, parse_duration, parse_shard, parse_slots, place_of
from conformance.run_file import RUN_FILE
from conformance.targets.spec import parse_target
from conformance.targets.target_file import tls_of
from reports.terminal import console

TLS_OPTIONS: Final = {"ca-file": "ca_file", "cert-file": "cert_file", "key-file": "key_file", "host-name": "tls_name"}
"""Per member of the table [tls] of a target file the parameter of the option that says the same."""


SIDES: Final[tuple[Side, ...]] = ("client", "server")


def run(
    *,
    listing: bool,
    record: str,
    seed: int | None,
    known_failing: Path | None,
    only_failed: bool,
    verbose: bool,
    **options: Any,
) -> int:
    """Run, or list what would run. Returns the exit code."""
    settings = knowing(_settings(seed=seed, keep=record, **options), known_failing)
    display = Display(console(), console(sys.stderr), frames=verbose)
    if settings.client is not None:
        from conformance.run.clients import planned_for_clients, run_client

        if listing:
            click.echo(_listed(planned_for_clients(settings)), nl=False)
            return 0
        if settings.target is not None:
            from conformance.run.pairs import run_pair

            return run_pair(settings, {side: Display(console(), console(sys.stderr), bars=False) for side in SIDES}).exit_code
        return run_client(settings, display).exit_code
    if only_failed:
        return _only_failed(settings, display)
    if listing:
        click.echo(_listed(conduct.planned(settings)), nl=False)
        return 0
    _warn(settings)
    return conduct.run(settings, display).exit_code


def _only_failed(settings: Settings, display: Display) -> int:
    """Run the failed scenarios of the last run in the same folder. Raises UsageError."""
    if settings.profile != "smoke":
        raise UsageError(f"--only-failed runs no random scenarios; it does not go with --profile {settings.profile}")
    scenarios = conduct.failed_in(settings.report_dir / RUN_FILE)
    _warn(settings)
    return conduct.run_only(scenarios, settings, display).exit_code


def replay(*, file: Path, seed: int | None, verbose: bool, **options: Any) -> int:
    """Replay one program file. Returns the exit code."""
    settings = _settings(seed=seed, **options)
    display = Display(console(), console(sys.stderr), brief=True, frames=verbose)
    if settings.client is not None:
        from conformance.run.clients import replay_client

        return replay_client(file, settings, display).exit_code
    scenario = programs.load(file)
    _warn(settings)
    return conduct.replay(scenario, settings, display).exit_code


def _settings(
    *,
    seed: int | None,
    slots: str,
    time_limit: str | None = None,
    rules: str | None = None,
    shard: str | None = None,
    **options: Any,
) -> Settings:
    """The settings of the options; those with a text of their own are parsed. Raises UsageError."""
    toxiproxy = (options.pop(f"toxiproxy{name}", None) for name in ("", "_upstream", "_listen"))
    settings = Settings(
        **aimed(options),
        proxies=place_of(*toxiproxy),
        seed=draw_seed() if seed is None else seed,
        slots=parse_slots(slots),
        time_limit_s=None if time_limit is None else parse_duration(time_limit),
        rules=rules,
        shard=(1, 1) if shard is None else parse_shard(shard),
        **options,
    )
    if settings.pause and not sys.stdin.isatty():
        raise UsageError("--pause-on-failure waits for Enter; it needs a terminal")
    if settings.time_limit_s is not None and settings.profile == "smoke":
        raise UsageError("--time-limit goes with --profile pr, nightly or faults; smoke runs its scenarios to the end")
    if settings.restart is not None and settings.target is None:
        raise UsageError("--restart-command goes with --target; a server of our own is started by the run")
    if settings.client is not None and (settings.corpus is not None or settings.restart is not None or settings.shard != (1, 1)):
        raise UsageError("--corpus, --shard and --restart-command are for servers, not for --client")
    return settings


def aimed(options: dict[str, Any]) -> dict[str, Any]:
    """Take the options that name the target out of `options`: what settings need of them. Raises UsageError."""
    target, file = options.pop("target"), options.pop("target_file")
    tls = {option: options.pop(name) for option, name in TLS_OPTIONS.items()}
    if target is not None and file is not None:
        if click.get_current_context().get_parameter_source("target") is ParameterSource.COMMANDLINE:
            raise UsageError("--target and --target-file name two servers; give one of them")
        target = None
    spec = file.spec if file is not None else None if target is None else parse_target(target)
    if any(tls.values()):
        if spec is None:
            raise UsageError("certificates go with --target tcps://…")
        spec = replace(spec, tls=tls_of(spec, tls))
    if file is None:
        return {"target": spec}
    return {"target": spec, "target_file": file.path, "features": file.features, "types": file.types, "versions": file.versions}


def _warn(settings: Settings) -> None:
    """What the target's configuration holds and the harness does not honour."""
    for warning in instance_of(settings, settings.slots.start)[1]:
        click.echo(f"warning: {warning}", err=True)


def _listed(selection: Selection) -> str:
    wide = max(len(scenario.name) for scenario in selection.directed)
    lines = [f"{scenario.name:<{wide}}  {' '.join(scenario.exercises)}" for scenario in selection.directed]
    rules = {rule for scenario in selection.directed for rule in scenario.exercises}
    return "".join(f"{line}\n" for line in [*lines, f"{len(lines)} scenarios for {len(rules)} rules"])
