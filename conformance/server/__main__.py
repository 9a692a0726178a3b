"""`python -m conformance.server`: arguments only; see `serve`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .serve import serve, slots_default


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--listen", metavar="HOST:PORT", help="Where to listen; port 0 takes a free one. Default: a free port on 127.0.0.1.")
@click.option("--config", type=click.Path(path_type=Path), help="An AMPS configuration file (XML) instead of the standard topics.")
@click.option("--slots", type=click.IntRange(1, 100), default=slots_default, show_default=True, help="Slots of the standard topics.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides what the documentation leaves to a server.")
@click.option("--mutant", "mutants", multiple=True, metavar="NAME", help="A single fault to serve with; may be repeated.")
@click.option(
    "--delivery-delay", type=click.IntRange(0, 60_000), default=0, metavar="MS", help="Deliver live messages so much later, in ms."
)
@click.option("--trace", is_flag=True, help="One line on stderr for each message in and out.")
@click.option("--with-parent", is_flag=True, help="End when stdin ends, as it does when the program that started this is gone.")
def main(
    *,
    listen: str | None,
    config: Path | None,
    slots: int,
    seed: int,
    mutants: tuple[str, ...],
    delivery_delay: int,
    trace: bool,
    with_parent: bool,
) -> None:
    """An AMPS-like server for tests."""
    sys.exit(
        serve(
            listen=listen,
            config=config,
            slots=slots,
            seed=seed,
            mutants=mutants,
            delivery_delay_s=delivery_delay / 1000,
            trace=trace,
            with_parent=with_parent,
        )
    )


if __name__ == "__main__":
    main()
