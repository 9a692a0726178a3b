"""Faults from our side of a connection: torn frames, lost connections, slow writing."""

from __future__ import annotations

from reference_model.rule import R
from strategies.build import Program
from strategies.directed.collection import Collection

faults = Collection("faults")


@faults(R("FAULT-TORN-01"), R("FAULT-OTHER-01"), R("FAULT-BACK-01"))
def torn_frame(p: Program) -> None:
    """A frame of which only the beginning is sent is no command; others go on, and its client comes back."""
    other = p.open("other")
    other.publish("@orders", {"id": 1, "qty": 1})
    other.fence()
    a = p.open()
    a.fault("cut", bytes=60)
    a.publish("@orders", {"id": 1, "qty": 2, "text": "a body that is cut off in the middle of this text"})
    a.close()
    other.flush()
    a = p.open()
    a.flush()
    a.sow("@orders")


@faults(R("FAULT-KEEP-01"), R("SUB-UNSUB-15"))
def persisted(p: Program) -> None:
    """What was persisted before the loss is there; the subscription of the lost connection is not."""
    other = p.open("other")
    a = p.open()
    a.subscribe("@chat")
    a.answered()
    a.fault("drop", frames=1, reset=1)
    a.publish("@orders", {"id": 1, "qty": 1}, acks="persisted")
    a.close()
    a = p.open()
    a.subscribe("@greetings")
    a.sow("@orders")
    other.publish("@chat", {"n": 1})
    a.delivered(other.publish("@greetings", {"n": 2}))


@faults(R("FAULT-KEEP-02"))
def flushed(p: Program) -> None:
    """What was flushed before the loss is there."""
    a = p.open()
    a.fault("drop", frames=1)
    a.publish("@orders", {"id": 1, "qty": 1})
    a.flush()
    a.close()
    a = p.open()
    a.sow("@orders")


@faults(R("FAULT-WHOLE-01"), R("FAULT-WHOLE-02"), R("FAULT-WHOLE-03"))
def whole_or_not(p: Program) -> None:
    """What nothing acknowledges is there whole, or not at all."""
    other = p.open("other")
    for number in (1, 2, 3):
        other.publish("@orders", {"id": number, "qty": 1, "text": "old"})
    other.fence()
    a = p.open()
    a.fault("half_close")
    a.publish("@orders", {"id": 1, "qty": 2})
    a.delta("@orders", {"id": 2, "qty": 2, "text": "new"})
    a.delete("@orders", body={"id": 3})
    a.close()
    other.sow("@orders")


@faults(R("FAULT-GROUP-01"))
def whole_result(p: Program) -> None:
    """A result whose group_end came is whole."""
    a = p.open()
    for number in range(3):
        a.publish("@orders", {"id": number})
    a.fence()
    a.fault("drop", frames=6)
    a.sow("@orders")
    a.close()


@faults(R("FAULT-SLOW-01"))
def slow_frames(p: Program) -> None:
    """Frames that arrive in pieces with pauses between them, beside another connection."""
    p.open("other")
    a = p.open()
    slow = a.fault("pieces", bytes=7, pause_ms=3)
    a.publish("@orders", {"id": 1, "text": "\u00e4\u20ac\U0001f600"}, acks="processed")
    a.answered()
    p.mend(slow)
    a.fence()
    a.sow("@orders")
