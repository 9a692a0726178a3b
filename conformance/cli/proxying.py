"""The command proxy: a slow way to a target, for runs whose outcomes must stay the same, and for trying things out."""

from __future__ import annotations

import signal
from typing import cast

import click

from conformance.errors import UsageError
from conformance.faults.proxies import Place, proxies_of
from conformance.targets.spec import parse_target
from reference_model.fault import FAULT_KINDS, KINDS, Direction, Fault, FaultKind, wrong_numbers

NAME = "proxy"


def proxy(*, target: str, toxics: tuple[str, ...], place: Place) -> int:
    """Serve until SIGINT or SIGTERM. The first line names the address. Raises UsageError, ProxyError."""
    faults = [fault for number, text in enumerate(toxics) for fault in parse_toxic(text, number)]
    spec = parse_target(target)
    with proxies_of(place, spec) as proxies:
        for fault in faults:
            proxies.begin(NAME, fault)
        click.echo(f"listening {proxies.route(NAME, spec).uri}")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            signal.pause()
        except KeyboardInterrupt:
            return 0
    return 0


def parse_toxic(text: str, number: int) -> list[Fault]:
    """The faults of `slicer:average_bytes=1` on both ways, of `latency:latency_ms=50,upstream` on one. Raises UsageError."""
    name, _, rest = text.partition(":")
    ways: list[Direction] = []
    numbers: dict[str, int] = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if part in {"upstream", "downstream"}:
            ways.append(cast("Direction", part))
        elif equals and value.isascii() and value.isdigit():
            numbers[key] = int(value)
        else:
            raise UsageError(f"--toxic '{text}': '{part}' is no number such as latency_ms=50, and neither upstream nor downstream")
    known = [kind for kind in FAULT_KINDS if KINDS[kind].proxy and kind != "down"]
    if name not in known:
        raise UsageError(f"--toxic '{text}': no toxic {name!r}; there are {', '.join(known)}")
    kind = cast("FaultKind", name)
    found = [
        Fault(label=f"{kind}-{number}-{way}", kind=kind, numbers=numbers, direction=way) for way in ways or ("upstream", "downstream")
    ]
    wrong = wrong_numbers(found[0])
    if wrong is not None:
        raise UsageError(f"--toxic '{text}': {wrong}")
    return found
