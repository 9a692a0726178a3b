"""Frames: whether what the target sends can be read at all. Source: wire.md sections 2 and 7.

Where bytes cannot be read the recording has a `garbled` event; which rule that breaks is told from the bytes.
"""

from __future__ import annotations

from conformance.checks.registry import Chosen, Result, Seen, finding, judges
from conformance.wire import WireError, raw_fields, split
from reference_model.observation import Event
from reference_model.rule import R
from reference_model.scenario import Open


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
    several = len(publishers - subscribed) > 1
    if subscribed and several:
        yield R("WIRE-FRAME-13")
    last: dict[str, bytes] = {}
    for index, event in enumerate(seen.observation.events):
        if event.kind == "received":
            last[event.connection] = event.payload
        if event.kind == "garbled":
            rule = broken_by(event, counts.get(event.connection, 0))
            if event.payload[:1] == b"{" and last.get(event.connection, b"")[-LENGTH_BYTES:][:1] == b"\x00":
                rule = R("WIRE-FRAME-02")  # the message before it ends with what is the length of this one
            elif several and event.connection in subscribed and rule in {R("WIRE-FRAME-12"), R("WIRE-HDR-01")}:
                rule = R("WIRE-FRAME-13")
            yield finding(
                rule,
                f"bytes that are no message: {event.detail}",
                index,
                event,
                field="frame",
                expected="a frame of the amps protocol",
                seen=repr(event.payload[:80]),
            )


@judges(R("WIRE-CONN-01"))
def who_speaks_first(seen: Seen) -> Result:
    """What a connection gets on which nobody has said anything yet: only those that are not logged on at once leave time to see it."""
    quiet = {step.connection for step in seen.scenario.steps if isinstance(step, Open) and step.logon is None}
    silent: dict[str, bool] = {}
    for event in seen.observation.events:
        if event.connection in quiet and event.kind == "sent":
            quiet.discard(event.connection)
        elif event.connection in quiet and event.kind in {"opened", "received", "garbled"}:
            silent[event.connection] = silent.get(event.connection, True) and event.kind == "opened"
    for kept in silent.values():
        yield Chosen(rule=R("WIRE-CONN-01"), choice="the client speaks first" if kept else "the server speaks first")


def broken_by(event: Event, frames_before: int) -> R:
    payload = event.payload
    if payload[:1] != b"{":
        return R("WIRE-FRAME-01") if frames_before == 0 else R("WIRE-FRAME-12")
    try:
        outer, rest = split(payload)
        fields = raw_fields(outer)
    except WireError:
        return R("WIRE-HDR-01")
    if (b'"c"', b'"sow"') not in fields:
        return R("WIRE-HDR-01")
    return _broken_batch(rest)


def _broken_batch(rest: bytes) -> R:
    """Which rule a sow message breaks that cannot be split: a separator, no header before the data, or a wrong length."""
    first = True
    while rest:
        if rest[:1] in SEPARATORS:
            return R("WIRE-SOW-01")
        try:
            header, rest = split(rest)
            length = dict(raw_fields(header)).get(b'"l"', b"")
        except WireError:
            return R("WIRE-SOW-02")
        if not length.isdigit() or len(length) > LENGTH_DIGITS_MAX:
            return R("WIRE-SOW-07") if first else R("WIRE-SOW-02")
        rest = rest[int(length) :]
        first = False
    return R("WIRE-SOW-02")


SEPARATORS = frozenset((b" ", b"\t", b"\r", b"\n", b",", b"\x00"))
"""Bytes that somebody could think of putting between records; neither a header nor the end of JSON data begins with one."""

LENGTH_BYTES = 4

LENGTH_DIGITS_MAX = 10
"""No record is longer than a frame, whose length has 32 bits."""
