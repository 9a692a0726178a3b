"""What a fault does to one connection of a running scenario, from our side: what still leaves, when it is closed, and how.

Bookkeeping only: sockets are in `client.connection`, waiting in `channels`, proxies in `conformance.faults`.
"""

from __future__ import annotations

from typing import Final

from reference_model.fault import Fault

LOST_S: Final = 0.25
"""How long a connection that is to be lost is waited for, before scaling: a target that answers at all does so in milliseconds."""

SETTLE_LOST_MS_LOOPBACK: Final = 10.0
SETTLE_LOST_MS_REMOTE: Final = 250.0
"""After a connection was lost: what was on its way arrives, and the target notices the loss. Nothing proves when that is over; what a
target takes in later than this the model allows for."""

UNDER_WAY_BYTES: Final = 4096
"""About as much as the few commands before a loss are."""

PAUSES_MAX: Final = 25
"""Pauses in one frame, however many pieces it has: a scenario has to end."""


class Doom:
    """A fault that ends a connection. `left`: how many bytes may still be sent, None for all; `frames`: how many have come since."""

    __slots__ = ("fault", "frames", "left")

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.left = fault.number("bytes") if fault.kind == "cut" else None
        self.frames = 0

    @property
    def deaf(self) -> bool:
        return self.fault.kind == "deaf"

    @property
    def reset(self) -> bool:
        """Whether our end of it is a reset."""
        return self.fault.kind in {"cut", "drop"} and self.fault.number("reset") == 1

    def part(self, frame: bytes) -> bytes:
        """As much of a frame as may still be sent."""
        if self.left is None:
            return frame
        part = frame[: self.left]
        self.left -= len(part)
        return part

    def read_max(self) -> int | None:
        """How many bytes may still be read, None for all."""
        if self.fault.kind == "drop" and self.fault.number("bytes"):
            return self.fault.number("bytes")
        return None

    def over(self, read_left: int | None) -> bool:
        """Whether it is time to close."""
        if self.fault.kind != "drop":
            return False
        frames = self.fault.number("frames")
        return read_left == 0 or (frames > 0 and self.frames >= frames) or (read_left is None and not frames)


def drain_s(fault: Fault) -> float:
    """How long what is under way on a connection with this fault that slows down may take to arrive, in seconds."""
    match fault.kind:
        case "latency":
            return (fault.number("latency_ms") + fault.number("jitter_ms")) / 1000
        case "bandwidth":
            return UNDER_WAY_BYTES / 1000 / fault.number("rate_kb_s")
        case "slicer":
            return UNDER_WAY_BYTES / fault.number("average_bytes") * fault.number("delay_us") / 1_000_000
        case _:
            return 0.0


def pauses_s(fault: Fault) -> float:
    """How long the pauses in one frame may last with this fault, in seconds."""
    return PAUSES_MAX * fault.number("pause_ms") / 1000 if fault.kind == "pieces" else 0.0


def pieces(frame: bytes, size: int) -> list[bytes]:
    """The frame in pieces of that size."""
    return [frame[at : at + size] for at in range(0, len(frame), size)]
