"""delta_publish: the record, its key, what subscribers get, correlation ids."""

from __future__ import annotations

from reference_model.rule import R
from strategies.build import Program
from strategies.directed.collection import Collection

delta = Collection("delta")


@delta(R("DELTA-PUB-07"))
def without_sow(p: Program) -> None:
    """On a topic without SOW each delta is delivered as it is."""
    reader, a = p.open("reader"), p.open("a")
    reader.subscribe("@chat")
    a.delta("@chat", b'{"id":1, "x":1}')
    a.delta("@chat", b'{"id":1, "y":2}')
    reader.delivered(a.publish("@chat", {"n": "marker"}))


@delta(R("DELTA-PUB-06"), R("DELTA-PUB-08"), R("DELTA-PUB-09"), R("DELTA-PUB-11"))
def delivered_merged(p: Program) -> None:
    """A plain subscription gets the merged message as a publish, also where nothing changed, and where there was no record yet."""
    reader, a = p.open("reader"), p.open("a")
    reader.subscribe("@orders")
    a.publish("@orders", {"id": 1, "qty": 3, "tree": "oak"})
    a.delta("@orders", {"id": 1, "qty": 4})
    a.answered()
    a.delta("@orders", {"id": 1, "tree": "oak"})
    reader.delivered(a.delta("@orders", {"id": 8, "state": "new"}))
    a.fence()
    a.sow("@orders")


@delta(R("DELTA-PUB-10"))
def filtered_merged(p: Program) -> None:
    """Filters look at the merged message: a delta that lacks the field is delivered, one that has only it may not be."""
    reader, a = p.open("reader"), p.open("a")
    reader.subscribe("@orders", filter="/side = 'buy' AND /qty > 3")
    a.publish("@orders", {"id": 1, "qty": 4, "side": "buy"})
    a.publish("@orders", {"id": 2, "qty": 4, "side": "sell"})
    a.answered()
    a.delta("@orders", {"id": 1, "note": "x"})
    a.delta("@orders", {"id": 2, "qty": 5})
    a.delta("@orders", {"id": 1, "qty": 1})
    reader.delivered(a.publish("@orders", {"id": 3, "qty": 9, "side": "buy", "n": "marker"}))


@delta(R("DELTA-PUB-13"), R("DELTA-PUB-14"), needs=("explicit-key",))
def by_given_key(p: Program) -> None:
    """A given key names the record; the data needs none."""
    a = p.open()
    a.publish("@own", {"a": 1}, sow_key="AA")
    a.publish("@own", {"a": 7}, sow_key="BB")
    a.delta("@own", {"b": 2}, sow_key="AA")
    a.delta("@own", {"b": 3}, sow_key="CC")
    a.fence()
    a.sow("@own")


@delta(R("DELTA-PUB-15"), R("DELTA-PUB-43"))
def without_key(p: Program) -> None:
    """A delta without the key field: whatever is answered, no record that has its key changes."""
    a = p.open()
    a.publish("@orders", {"id": 1, "qty": 3})
    a.publish("@orders", {"id": 2, "qty": 4})
    a.fence()
    a.sow("@orders")
    a.delta("@orders", {"qty": 99}, acks="processed")
    a.fence()
    a.sow("@orders")


@delta(R("DELTA-PUB-20"), R("DELTA-PUB-21"), R("DELTA-PUB-22"))
def correlation(p: Program) -> None:
    """The id of the delta, else that of the record, else none."""
    reader, a = p.open("reader"), p.open("a")
    reader.subscribe("@orders")
    a.publish("@orders", {"id": 1, "qty": 1}, correlation_id="c1")
    a.publish("@orders", {"id": 2, "qty": 1}, correlation_id="c1")
    a.publish("@orders", {"id": 3, "qty": 1})
    a.delta("@orders", {"id": 1, "qty": 2}, correlation_id="c2")
    a.delta("@orders", {"id": 2, "qty": 2})
    reader.delivered(a.delta("@orders", {"id": 3, "qty": 2, "n": "marker"}))
    a.fence()
    a.sow("@orders")


@delta(R("DELTA-PUB-34"))
def replaced_by_a_publish(p: Program) -> None:
    """A full publish takes away what deltas had added."""
    a = p.open()
    a.publish("@orders", {"id": 1, "qty": 3})
    a.delta("@orders", {"id": 1, "extra": 5})
    a.publish("@orders", {"id": 1, "side": "buy"})
    a.fence()
    a.sow("@orders")


@delta(
    R("DELTA-PUB-01"), R("DELTA-PUB-02"), R("DELTA-PUB-03"), R("DELTA-PUB-04"), R("DELTA-PUB-05"), R("DELTA-PUB-12"),
    R("DELTA-PUB-33"), R("DELTA-PUB-38"),
)  # fmt: skip
def onto_a_record(p: Program) -> None:
    """Named fields are replaced or added, the others stay, a second record is left alone; again it changes nothing."""
    a = p.open()
    a.publish("@orders", {"id": 1, "qty": 3, "tree": "oak", "tags": ["a"]})
    a.publish("@orders", {"id": 2, "qty": 4, "tree": "elm"})
    a.fence()
    a.sow("@orders")
    for _ in range(2):
        a.delta("@orders", {"id": 1, "qty": 5, "side": "buy", "tags": ["b", "c"]})
        a.fence()
        a.sow("@orders")


@delta(R("DELTA-PUB-40"), needs=("regex-topic",))
def to_no_pattern(p: Program) -> None:
    """A topic that is published to is a name, even if it looks like a pattern of another one."""
    reader, a = p.open("reader"), p.open("a")
    reader.subscribe("@orders")
    a.publish("@orders", {"id": 1, "qty": 3})
    a.fence()
    a.sow("@orders")
    a.delta("@order.", {"id": 1, "qty": 99})
    reader.delivered(a.publish("@orders", {"id": 2, "n": "marker"}))
    a.fence()
    a.sow("@orders")
