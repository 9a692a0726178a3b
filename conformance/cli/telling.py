"""The commands that do not run scenarios: rules, config, serve, doctor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from conformance.errors import UsageError


def rules(
    *,
    rules: str | None,
    exclude: str | None,
    area: str | None,
    tier: int | None,
    level: str | None,
    outcome: str | None,
    never_exercised: bool,
    form: str,
    report_dir: Path,
) -> int:
    """Tell one rule in full, or list those that the filters let through."""
    if never_exercised:
        return _never_exercised()
    from conformance.rules import explain as telling
    from conformance.rules import load, load_excuses
    from conformance.rules.index import scan

    catalogue, last = load(), telling.read_last(report_dir)
    chosen = telling.choose(
        catalogue,
        globs=rules,
        exclude=exclude,
        area=area,
        tier=tier,
        level=level,  # type: ignore[arg-type]  # a choice of the command line
        outcome=outcome,
        last=last,
    )
    told = telling.explain(catalogue, scan(), load_excuses(), chosen, last)
    one = rules is not None and rules.strip().upper() in catalogue
    text = telling.render(told, form, last) if one else telling.listing(told, form)  # type: ignore[arg-type]  # a choice, too
    click.echo(text, nl=False)
    return 0


def _never_exercised() -> int:
    from conformance.rules import load
    from conformance.rules.never import never_exercised
    from reference_model.config import STANDARD

    catalogue = load()
    core = sum(rule.core for rule in catalogue.values())
    found = never_exercised(catalogue, STANDARD.features)
    for never in found:
        rule = catalogue[never.rule]
        click.echo(f"{rule.id}  {rule.title}  ({rule.level}; not by {', '.join(never.profiles)}): {never.reason}")
    click.echo(f"{len(found)} of {core} core rules")
    return 0


def config(*, slots: int, port: int, txlog: bool) -> int:
    """Print the configuration for so many slots."""
    from conformance.config_file import render
    from reference_model.config import LOGGED, STANDARD

    click.echo(render(LOGGED if txlog else STANDARD, range(slots), port=port), nl=False)
    return 0


def serve(
    *,
    listen: str | None,
    config: Path | None,
    slots: int,
    seed: int,
    mutants: Sequence[str],
    delivery_delay: int,
    trace: bool,
) -> int:
    """Serve until SIGINT or SIGTERM."""
    from conformance.server.mutants import MUTANTS
    from conformance.server.serve import serve as run

    if "list" in mutants:
        for mutant in MUTANTS.values():
            click.echo(f"{mutant.name}  {mutant.text} ({', '.join(mutant.breaks)})")
        return 0
    return run(
        listen=listen,
        config=config,
        slots=slots,
        seed=seed,
        mutants=mutants,
        delivery_delay_s=delivery_delay / 1000,
        trace=trace,
    )


def doctor(*, slots: str, timeout_scale: float, target_config: Path | None, **target: Any) -> int:
    """Print what is found out of the target; 4 if something is lacking."""
    from conformance.cli.running import aimed
    from conformance.client.limits import Limits
    from conformance.doctor import diagnose
    from conformance.run.settings import Settings, instance_of, parse_slots
    from reports.plain import safe

    asked = Settings(**aimed(target), target_config=target_config, seed=0, slots=parse_slots(slots))
    if asked.target is None:
        raise UsageError("doctor needs --target")
    instance, warnings = instance_of(asked, asked.slots.start)
    for warning in warnings:
        click.echo(f"warn  {safe(warning)}")
    lines = diagnose(asked.target, instance, asked.slots, Limits(timeout_scale=timeout_scale), versions=asked.versions)
    for level, text in lines:
        click.echo(f"{level:<4}  {safe(text)}")
    return 4 if any(level == "no" for level, _ in lines) else 0


def adapter_check(*, command: str) -> int:
    """Print what is found of an adapter as it is found; 4 if it does not speak the protocol."""
    from conformance.adapters.checking import check
    from reports.plain import safe

    broken = False
    for level, text in check(command):
        click.echo(f"{level:<4}  {safe(text)}")
        broken = broken or level == "no"
    return 4 if broken else 0
