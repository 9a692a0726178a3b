"""What has no defined effect, or no defined order: carried out to see what a target makes of it. Nothing here can fail."""

from __future__ import annotations

from reference_model.rule import R
from strategies.build import Program
from strategies.directed.collection import Collection
from strategies.directed.queries import five

undefined = Collection("undefined")


@undefined(R("EXPR-ORD-11"), R("EXPR-ORD-12"))
def order_of_equals(p: Program) -> None:
    """Without orderby, and among ties."""
    a = p.open()
    five(a)
    a.sow("@orders")
    a.sow("@orders", orderby="/even")


@undefined(R("EXPR-ORD-09"), R("EXPR-ORD-10"), R("EXPR-ORD-14"))
def order_of_mixed_values(p: Program) -> None:
    """Numbers and strings; strings that stand for numbers; records without the field."""
    a = p.open()
    for number, value in enumerate((40, "x", 5, "abc")):
        a.publish("@orders", {"id": number, "v": value, "w": value if number != 1 else "20"})
    a.fence()
    a.sow("@orders", orderby="/v")
    a.publish("@orders", {"id": 9, "v": "20", "w": 100})
    a.fence()
    a.sow("@orders", orderby="/v")
    a.publish("@orders", {"id": 10, "w": 1})
    a.fence()
    a.sow("@orders", orderby="/v DESC")


@undefined(R("EXPR-ORD-15"), R("EXPR-ORD-16"))
def orders_that_are_none(p: Program) -> None:
    """No identifier, a third direction, an expression: expected to be refused."""
    a = p.open()
    five(a)
    a.sow("@orders", orderby="id", acks="processed,completed")
    a.answered()
    a.sow("@orders", orderby="/id UP", acks="processed,completed")
    a.answered()
    a.sow("@orders", orderby="/id + /qty", acks="processed,completed")


@undefined(R("SOW-KEY-28"))
def key_given_where_none_is_wanted(p: Program) -> None:
    """A sow_key on a publish to a topic that reads the key from the data, and to one that keeps nothing."""
    a = p.open()
    for topic in ("@orders", "@chat"):
        a.command("publish", {"topic": topic, "sow_key": "aGk="}, body={"id": 1}, acks="processed", about=(R("SOW-KEY-28"),))
    a.fence()
    a.sow("@orders", acks="processed,completed")


@undefined(R("SOW-KEY-41"))
def keys_that_look_alike(p: Program) -> None:
    """The number 1, the string "1" and 1.0: one record, or several."""
    a = p.open()
    a.publish("@orders", {"id": 1}, acks="processed")
    for body in (b'{"id":"1"}', b'{"id":1.0}'):
        a.command("publish", {"topic": "@orders"}, body=body, acks="processed", about=(R("SOW-KEY-41"),))
    a.fence()
    a.sow("@orders", acks="processed,completed")


@undefined(R("SOW-DEL-16"))
def delete_by_two_selectors(p: Program) -> None:
    """A filter that selects one record and data that names another."""
    a = p.open()
    five(a)
    two = {"topic": "@orders", "filter": "/id = 1"}
    a.command("sow_delete", two, body={"id": 2}, acks="processed", about=(R("SOW-DEL-16"),))
    a.fence()
    a.sow("@orders", acks="processed,completed")


@undefined(R("SOW-QRY-35"))
def query_after_an_ack(p: Program) -> None:
    """A publish that has been acknowledged, and no flush: expected to be there, for its own connection and for another."""
    a, b = p.open("a"), p.open("b")
    a.publish("@orders", {"id": 1}, acks="processed")
    a.publish("@orders", {"id": 2}, acks="persisted")
    a.answered()
    a.sow("@orders")
    b.sow("@orders")


@undefined(R("SUB-MULTI-02"), R("EXPR-SEL-24"), R("EXPR-SEL-25"), needs=("select",))
def selections_that_are_open(p: Program) -> None:
    """A field inside an array, a key field left out, two select lists on one connection."""
    reader, other, third, writer = p.open("reader"), p.open("other"), p.open("third"), p.open("writer")
    reader.subscribe("@orders", opts="select=[-/list/x]")
    other.subscribe("@orders", opts="select=[-/id]")
    third.subscribe("@orders", opts="select=[-/text]")
    third.subscribe("@orders", opts="select=[-/qty]")
    writer.publish("@orders", {"id": 1, "qty": 2, "list": [{"x": 1, "y": 2}]})
    marker = writer.publish("@orders", {"id": 2, "qty": 3, "text": "marker"})
    for line in (reader, other, third):
        line.delivered(marker)


@undefined(R("CMD-SOW-16"), needs=("regex-topic",))
def pages_of_a_pattern(p: Program) -> None:
    """skip_n over several topics: expected to be refused."""
    a = p.open()
    five(a)
    a.sow("^@(orders|items)$", orderby="/id", opts="top_n=2,skip_n=1", acks="processed,completed")


@undefined(R("DELTA-MRG-11"))
def form_of_what_is_kept(p: Program) -> None:
    """A member without a value, kept by a delta that does not name it: as it was, as NULL, or left out."""
    a = p.open()
    a.publish("@orders", {"id": 1, "empty": "", "qty": 1})
    a.delta("@orders", {"id": 1, "qty": 2})
    a.fence()
    a.sow("@orders")
