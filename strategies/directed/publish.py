"""Publishing: what is needed, what is refused, what is left open."""

from __future__ import annotations

from reference_model.rule import R
from strategies.build import Program
from strategies.directed.collection import Collection

publish = Collection("publish")


@publish(
    R("CMD-PUB-01"),
    R("CMD-PUB-03"),
    R("CMD-MSG-01"),
    R("CMD-MSG-02"),
    R("CMD-MSG-03"),
    R("WIRE-FRAME-06"),
    R("WIRE-FRAME-08"),
    R("WIRE-KEY-19"),
)
def verbatim(p: Program) -> None:
    """A body is what it is: no JSON, a leading blank or brace, bytes that are no text, nothing. Without a topic it is nobody's."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat")
    writer.publish("@chat", b"plain text")
    writer.publish("@chat", b' {"a" : 1 ,"a":2}\n')
    writer.publish("@chat", b'{"c":"publish"}{"c":"publish"}')
    writer.publish("@chat", bytes(range(256)))
    writer.publish("@chat", b"")
    p.open("stranger").publish(None, b"to nobody")
    reader.delivered(writer.publish("@chat", {"n": "marker"}))


@publish(R("CMD-PUB-21"), R("CMD-PUB-22"), R("CMD-PUB-40"))
def correlation(p: Program) -> None:
    """With a plain id, with every kind of Base64 character, and without one."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat")
    writer.publish("@chat", {"n": 1}, correlation_id="abc1")
    writer.publish("@chat", {"n": 2}, correlation_id="Az09+/==")
    reader.delivered(writer.publish("@chat", {"n": "marker"}))


@publish(R("CMD-PUB-37"), R("CMD-PUB-38"))
def malformed(p: Program) -> None:
    """A body that is no JSON is refused where its key is needed, and passed on where nobody looks at it."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@orders")
    reader.subscribe("@chat")
    writer.publish("@orders", {"id": 1}, acks="processed")
    writer.publish("@orders", b"{not json", acks="processed")
    writer.publish("@chat", b"{not json", acks="processed")
    reader.delivered(writer.publish("@chat", {"n": "marker"}))
    writer.fence()
    writer.sow("@orders")


@publish(R("SOW-KEY-40"))
def without_key_field(p: Program) -> None:
    """A key field that is missing, NULL, or empty: whatever comes of it, the record that has one stays."""
    a = p.open()
    a.publish("@orders", {"id": 1, "qty": 1}, acks="processed")
    a.publish("@orders", {"qty": 2}, acks="processed")
    a.publish("@orders", {"id": None, "qty": 3}, acks="processed")
    a.fence()
    a.sow("@orders")
