"""What the bytes of a client are held to, whatever it was asked to do: frames, and headers as flat objects. Source: wire.md §2, §3."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from conformance.checks.framing import broken_by
from conformance.checks.registry import Check, Result, Seen, finding
from conformance.wire import split
from reference_model.rule import R


def frames_of_client(seen: Seen) -> Result:
    """Each frame starts with its length, holds a flat header, and is followed at once by the next one."""
    counts: dict[str, int] = {}
    for index, event in enumerate(seen.observation.events):
        if event.kind == "received" and event.payload:
            counts[event.connection] = counts.get(event.connection, 0) + 1
            yield R("WIRE-HDR-01")
            header, body = split(event.payload)
            if body:
                yield R("WIRE-FRAME-06")
            if not header.isascii() or b"\\u" in header:
                yield R("WIRE-HDR-07")
            if b"\\u" in header:
                yield finding(
                    R("WIRE-HDR-07"), "a \\u escape in a header", index, event, field="header",
                    expected="raw UTF-8", seen=repr(header[:120]),
                )  # fmt: skip
        elif event.kind == "garbled":
            yield finding(
                broken_by(event, counts.get(event.connection, 0)), f"bytes that are no command: {event.detail}", index, event,
                field="frame", expected="a frame of the amps protocol", seen=repr(event.payload[:80]),
            )  # fmt: skip
    for count in counts.values():
        yield R("WIRE-FRAME-01")
        if count > 1:
            yield R("WIRE-FRAME-02")
            yield R("WIRE-FRAME-03")


CLIENT_CHECKS: Final[Mapping[str, Check]] = MappingProxyType({"frames_of_client": frames_of_client})
"""The checks of every recording of a client."""
