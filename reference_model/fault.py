"""Faults of a program: what may happen to a connection on its way, as values. What is still promised then is in `areas.faults`.

A fault *ends* the connection, or only slows it down. What ends it holds until the program closes that connection; what slows it down
until a `Mend` that names it, or to the end. Some are made from our side of the connection, the others by a proxy in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, get_args

FaultKind = Literal[
    "pieces", "cut", "drop", "half_close", "deaf",
    "latency", "bandwidth", "slow_close", "slicer", "timeout", "reset_peer", "limit_data", "down",
]  # fmt: skip
FAULT_KINDS: Final[tuple[FaultKind, ...]] = get_args(FaultKind)

Direction = Literal["upstream", "downstream"]
"""Where a proxy makes the fault: on what the target gets, or on what it sends."""

NUMBER_MAX: Final = 10_000_000
"""Of any number of a fault. Far beyond what a scenario sends, and no wait without end: see MILLISECONDS_MAX."""

MILLISECONDS_MAX: Final = 5_000
"""Longer than this no fault delays anything: a scenario has to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """numbers  what a fault of this kind is given, each with the least and the most that it may be, and what it is if nothing is said
    proxy    made by a proxy; else from our side of the connection
    ends     the connection may be lost from here on
    before   only on a connection that is opened later
    """

    numbers: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    proxy: bool = False
    ends: bool = False
    before: bool = False


_RESET: Final = (0, 1, 0)
KINDS: Final[Mapping[FaultKind, Kind]] = MappingProxyType(
    {
        "pieces": Kind(numbers={"bytes": (1, NUMBER_MAX, 1), "pause_ms": (0, 100, 0)}),
        "cut": Kind(numbers={"bytes": (0, NUMBER_MAX, 0), "reset": _RESET}, ends=True),
        "drop": Kind(numbers={"frames": (0, NUMBER_MAX, 0), "bytes": (0, NUMBER_MAX, 0), "reset": _RESET}, ends=True),
        "half_close": Kind(ends=True),
        "deaf": Kind(ends=True),
        "latency": Kind(numbers={"latency_ms": (0, MILLISECONDS_MAX, 50), "jitter_ms": (0, MILLISECONDS_MAX, 0)}, proxy=True),
        "bandwidth": Kind(numbers={"rate_kb_s": (1, NUMBER_MAX, 100)}, proxy=True),
        "slow_close": Kind(numbers={"delay_ms": (0, MILLISECONDS_MAX, 100)}, proxy=True),
        "slicer": Kind(
            numbers={
                "average_bytes": (1, NUMBER_MAX, 1),
                "variation_bytes": (0, NUMBER_MAX, 0),
                "delay_us": (0, 100_000, 0),
            },
            proxy=True,
        ),
        "timeout": Kind(numbers={"timeout_ms": (1, MILLISECONDS_MAX, 50)}, proxy=True, ends=True),
        "reset_peer": Kind(numbers={"timeout_ms": (0, MILLISECONDS_MAX, 0)}, proxy=True, ends=True, before=True),
        "limit_data": Kind(numbers={"bytes": (0, NUMBER_MAX, 0)}, proxy=True, ends=True),
        "down": Kind(proxy=True, ends=True),
    }
)
"""pieces: every write in pieces of so many bytes, with a pause between them
cut: closed after so many more bytes were sent; drop: closed once so many more frames, or bytes, have come (reset: by a reset)
half_close: no more is sent, what comes is read; deaf: nothing is read any more
the others: the toxics of toxiproxy by their names there, and a proxy that is down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """From here on this happens to `connection` (None: to every connection that is open, and what slows down also to later ones).

    numbers    by the names of KINDS, all of them
    direction  of a proxy's fault
    """

    label: str
    kind: FaultKind
    connection: str | None = None
    numbers: Mapping[str, int] = field(default_factory=dict)
    direction: Direction = "downstream"

    def number(self, name: str) -> int:
        """What was given, else what holds if nothing is said."""
        return self.numbers.get(name, KINDS[self.kind].numbers[name][2])

    @property
    def ends(self) -> bool:
        return KINDS[self.kind].ends

    @property
    def proxy(self) -> bool:
        return KINDS[self.kind].proxy


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """The fault of step `fault`, which slows down, is over."""

    label: str
    fault: str


def wrong_numbers(fault: Fault) -> str | None:
    """What is wrong with the numbers of a fault, None if nothing is."""
    known = KINDS[fault.kind].numbers
    for name, value in fault.numbers.items():
        if name not in known:
            return f"{fault.kind} has no number {name!r}" + (f"; it has {', '.join(known)}" if known else "")
        low, high, _ = known[name]
        if not low <= value <= high:
            return f"{name} of {fault.kind} is from {low} to {high}"
    return None
