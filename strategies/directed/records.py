"""Records: insert, update, replacement, exact bytes, correlation ids, one state for everyone."""

from __future__ import annotations

from reference_model.rule import R
from strategies.build import Program
from strategies.directed.collection import Collection

records = Collection("records")


@records(R("SOW-REC-01"), R("SOW-REC-02"), R("SOW-REC-03"), R("SOW-REC-05"), R("SOW-KEY-06"))
def insert_and_replace(p: Program) -> None:
    """A first publish makes a record, a second one replaces it whole: what it lacks is gone."""
    a = p.open()
    a.publish("@orders", {"id": 1, "qty": 3, "note": "x"})
    a.publish("@orders", {"id": 2, "qty": 4})
    a.fence()
    a.sow("@orders")
    a.publish("@orders", {"id": 1, "side": "buy"})
    a.fence()
    a.sow("@orders")


@records(R("SOW-REC-13"), R("WIRE-SOW-11"), R("WIRE-KEY-24"))
def correlation(p: Program) -> None:
    """The correlation id of the publish is the one of the record; a record without one has none."""
    a = p.open()
    a.publish("@orders", {"id": 1}, correlation_id="abc1")
    a.publish("@orders", {"id": 2})
    a.publish("@orders", {"id": 3}, correlation_id="old")
    a.publish("@orders", {"id": 3}, correlation_id="new+/==")
    a.fence()
    a.sow("@orders", batch_size=10)


@records(R("SOW-REC-15"))
def correlation_dropped(p: Program) -> None:
    """A full publish without a correlation id: expected to leave none."""
    a = p.open()
    a.publish("@orders", {"id": 1}, correlation_id="old")
    a.publish("@orders", {"id": 1, "n": 2})
    a.fence()
    a.sow("@orders")


@records(R("SOW-REC-04"), R("SOW-REC-24"), R("SOW-QRY-38"), R("CMD-FLUSH-12"))
def one_state_for_all(p: Program) -> None:
    """The exact bytes of every record, whatever their form: on another connection, there again, and at home."""
    a, b = p.open("a"), p.open("b")
    for body in (
        b'{ "z" : 1.50,\t"id":"a" , "b":1e3 }',
        b'{"id":"b","n":12345678901234567890123,"f":1.0,"g":-0}',
        b'{"id":"c","s":"\\u00e9\\/\\n\\"","t":"\xc3\xa9\xf0\x9f\x92\xb6","n":1,"n":2}\n',
        b'\n{"deep":[[[{"x":[]}]]],"id":"d","e":"","u":null}',
    ):
        a.publish("@orders", body)
    a.fence()
    b.sow("@orders")
    b.sow("@orders")
    a.sow("@orders")
