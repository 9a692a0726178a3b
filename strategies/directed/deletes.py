"""sow_delete: by filter, by keys, by data; what stays, and what must not be touched."""

from __future__ import annotations

from reference_model.rule import R
from strategies.build import Program, key_of
from strategies.directed.collection import Collection
from strategies.directed.queries import five

deletes = Collection("deletes")


@deletes(R("SOW-DEL-01"), R("SOW-DEL-18"), R("SOW-DEL-26"))
def by_filter(p: Program) -> None:
    """What matches goes and stays away; a record that matches later stays."""
    a = p.open()
    five(a)
    a.sow("@orders")
    a.delete("@orders", filter="/qty > 9", acks="processed,completed,stats")
    a.fence()
    a.sow("@orders")
    a.sow("@orders", batch_size=10)
    a.publish("@orders", {"id": 3, "qty": 11})
    a.fence()
    a.sow("@orders")


@deletes(R("SOW-DEL-02"))
def of_everything(p: Program) -> None:
    a = p.open()
    five(a)
    a.sow("@orders")
    a.delete("@orders", filter="1=1")
    a.fence()
    a.sow("@orders")


@deletes(R("SOW-DEL-28"))
def of_nothing(p: Program) -> None:
    """A filter that matches nothing: not an error, and 0 records deleted."""
    a = p.open()
    five(a)
    a.delete("@orders", filter="/qty > 1000", acks="processed,completed,stats")
    a.fence()
    a.sow("@orders")


@deletes(R("SOW-DEL-07"))
def by_keys_that_are_gone(p: Program) -> None:
    """A key without a record beside one that has one: that one goes, or all fails; no other does."""
    a = p.open()
    five(a)
    a.sow("@orders")
    a.delete("@orders", body={"id": 2})
    a.fence()
    a.delete("@orders", sow_keys=(key_of("@orders", 1), key_of("@orders", 2)), acks="processed,stats")
    a.fence()
    a.sow("@orders")


@deletes(R("SOW-DEL-04"), R("SOW-DEL-05"), R("CMD-DEL-12"))
def by_data(p: Program) -> None:
    """Only the key fields of the data count; without such a record nothing is deleted and nothing made. A delta finds nothing left."""
    a = p.open()
    five(a)
    a.sow("@orders")
    a.delete("@orders", body={"id": 9, "qty": 10}, acks="processed,stats,completed")
    a.delete("@orders", body={"qty": 9, "id": 3}, acks="processed,stats")
    a.fence()
    a.sow("@orders")
    a.delta("@orders", {"id": 3, "extra": 1})
    a.fence()
    a.sow("@orders")


@deletes(R("SOW-DEL-27"))
def seen_by_others(p: Program) -> None:
    """What one connection deletes is gone for every other one."""
    a, b = p.open("a"), p.open("b")
    five(a)
    b.sow("@orders")
    a.delete("@orders", body={"id": 3})
    a.fence()
    b.sow("@orders")


@deletes(R("CMD-DEL-08"), R("CMD-DEL-35"), R("CMD-DEL-36"))
def incomplete(p: Program) -> None:
    """Without a topic (which may end the connection), of a topic without SOW, without a selector: expected to fail; no record goes."""
    a = p.open()
    five(a)
    p.open("stranger").delete(None, filter="1=1", acks="processed")
    a.delete("@chat", filter="1=1", acks="processed")
    a.fence()
    a.sow("@orders")
    a.delete("@orders", acks="processed")
    a.fence()
    a.sow("@orders")


@deletes(R("EXPR-TOP-26"), needs=("regex-topic",))
def over_a_pattern(p: Program) -> None:
    """One filter, two topics: what matches goes from both, and from no third one."""
    a = p.open()
    for topic in ("@orders", "@items", "@sensors"):
        a.publish(topic, {"id": 1, "x": 1})
        a.publish(topic, {"id": 2, "x": 2})
    a.fence()
    a.sow("^@(orders|items|sensors)$")
    a.delete("^@(orders|items)$", filter="/x = 1", acks="processed")
    a.fence()
    a.sow("^@(orders|items|sensors)$")
