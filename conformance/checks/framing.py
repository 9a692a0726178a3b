"""Frames: whether what the target sends can be read at all. Source: wire.md sections 2 and 7.

Where bytes cannot be read the recording has a `garbled` event; which rule that breaks is told from the bytes.
"""

from __future__ import annotations

from conformance.checks.registry import Result, Seen, finding, judges
from reference_model.observation import Event
from reference_model.rule import R


@judges(
    R("WIRE-FRAME-01"),
    R("WIRE-FRAME-02"),
    R("WIRE-FRAME-12"),
    R("WIRE-HDR-01"),
    R("WIRE-SOW-01"),
    R("WIRE-SOW-02"),
    R("WIRE-SOW-07"),
    R("WIRE-FRAME-13"),
)
def frames(seen: Seen) -> Result:
    """Every frame starts with its length, holds a header, and is followed at once by the next one."""
    counts: dict[str, int] = {}
    for _, event in seen.received:
        counts[event.connection] = counts.get(event.connection, 0) + 1
        yield R("WIRE-HDR-01")
    for count in counts.values():
        yield R("WIRE-FRAME-01")
        if count > 1:
            yield R("WIRE-FRAME-02")
            yield R("WIRE-FRAME-12")
    subscribed = {event.connection for _, event in seen.received if event.message is not None and event.message.cmd == "publish"}
    publishers = {
        event.connection
        for event in seen.observation.events
        if event.kind == "sent" and event.message is not None and event.message.cmd in {"publish", "delta_publish"}
    }
    if subscribed and len(publishers - subscribed) > 1:
        yield R("WIRE-FRAME-13")
    for index, event in enumerate(seen.observation.events):
        if event.kind == "garbled":
            rule = _broken_by(event, counts.get(event.connection, 0))
            yield finding(
                rule,
                f"bytes that are no message: {event.detail}",
                index,
                event,
                field="frame",
                expected="a frame of the amps protocol",
                seen=repr(event.payload[:80]),
            )


def _broken_by(event: Event, frames_before: int) -> R:
    payload = event.payload
    if b'"sow"' in payload[:60]:
        if payload.count(b"{") < 2 or b'"l":' not in payload:
            return R("WIRE-SOW-07")
        return R("WIRE-SOW-02")
    if frames_before == 0:
        return R("WIRE-FRAME-01") if payload[:1] != b"{" else R("WIRE-HDR-01")
    return R("WIRE-HDR-01") if payload[:1] == b"{" else R("WIRE-FRAME-12")
