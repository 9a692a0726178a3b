"""Deliveries: who gets a message, what it carries, what does not come."""

from __future__ import annotations

from reference_model.rule import R
from strategies.build import Program, key_of
from strategies.directed.collection import Collection

deliveries = Collection("deliveries")


@deliveries(R("SOW-REC-06"), R("SOW-REC-07"), R("SOW-REC-09"), R("SOW-QRY-21"), R("WIRE-KEY-21"))
def of_updates(p: Program) -> None:
    """Every update is delivered whole, also one that changes nothing, with its SOW key; a query that has ended gets none."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@orders")
    writer.publish("@orders", {"id": 1, "qty": 3, "note": "x"})
    writer.fence()
    reader.sow("@orders")
    writer.publish("@orders", {"id": 1, "qty": 4})
    writer.answered()
    writer.publish("@orders", {"id": 1, "qty": 4})
    reader.delivered(writer.publish("@orders", {"id": 2, "n": "marker"}))


@deliveries(R("EXPR-FLT-01"), R("EXPR-FLT-05"))
def by_filter(p: Program) -> None:
    """One filter in a subscription, a query and a delete selects the same messages."""
    some = "/qty > 2 AND /side = 'buy'"
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@orders", filter=some)
    for number, qty, side in ((1, 1, "buy"), (2, 3, "buy"), (3, 3, "sell"), (4, 2, "buy"), (5, 9, "buy")):
        last = writer.publish("@orders", {"id": number, "qty": qty, "side": side})
    reader.delivered(last)
    writer.fence()
    writer.sow("@orders", filter=some)
    writer.delete("@orders", filter=some)
    writer.fence()
    writer.sow("@orders")


@deliveries(R("SUB-MULTI-01"), R("EXPR-TOP-23"), needs=("regex-topic",))
def to_several(p: Program) -> None:
    """Subscriptions of one connection, two to a pattern, one of these with a filter: each id comes once, with the real topic."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat")
    reader.subscribe("@chat")
    reader.subscribe("@ch.t$")
    reader.subscribe("@ch.t$", filter="/n = 2")
    writer.publish("@chat", {"n": 1})
    writer.publish("my@chat", {"n": 3})
    reader.delivered(writer.publish("@chat", {"n": 2}))


@deliveries(R("CMD-SUB-20"))
def by_cmd_id(p: Program) -> None:
    """Without a sub_id the cmd_id of the subscription takes its place."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat", sub_id=None)
    reader.delivered(writer.publish("@chat", {"n": 1}))
    reader.unsubscribe("s1")
    reader.subscribe("@chat")
    writer.publish("@chat", {"n": 2})
    reader.delivered(writer.publish("@chat", {"n": "marker"}))


@deliveries(R("SOW-REC-20"), R("SOW-DEL-03"))
def not_of_deletes(p: Program) -> None:
    """Who did not ask for out-of-focus messages hears nothing of a delete."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@orders")
    writer.publish("@orders", {"id": 1})
    writer.publish("@orders", {"id": 2})
    reader.delivered(writer.publish("@orders", {"id": 3}))
    writer.fence()
    writer.sow("@orders")
    writer.delete("@orders", sow_keys=(key_of("@orders", 1), key_of("@orders", 3)))
    writer.fence()
    reader.delivered(writer.publish("@orders", {"id": 4, "n": "marker"}))
    writer.fence()
    writer.sow("@orders")


@deliveries(R("WIRE-FRAME-13"), R("SUB-ORDER-02"))
def of_concurrent_publishers(p: Program) -> None:
    """Two publishers at once; two subscribers see one order, in which each publisher's own is kept, and so does the state."""
    reader, other = p.open("reader"), p.open("other")
    witness = reader.subscribe("@orders")
    reader.subscribe("@items")
    other.subscribe("@orders")
    other.subscribe("@items")
    a, b = p.open("a"), p.open("b")
    with p.together(witness):
        for number in range(4):
            a.publish("@orders", {"id": number % 2, "lane": "a", "text": f"a{number}"})
            b.publish("@orders", {"id": number % 2, "lane": "b", "text": f"b{number}"})
    a.fence()
    b.fence()
    marker = a.publish("@items", {"id": "marker"})
    reader.delivered(marker)
    other.delivered(marker)
    a.sow("@orders")
