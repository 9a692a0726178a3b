"""sow_and_subscribe: its acks and statistics, how it fails, what its options do to both parts, how it ends."""

from __future__ import annotations

from reference_model.rule import R
from strategies.build import Program
from strategies.directed.acks import EVERY
from strategies.directed.collection import Collection
from strategies.directed.queries import five

query_and_subscribe = Collection("query-and-subscribe")


@query_and_subscribe(R("CMD-SAS-04"), R("CMD-SAS-07"), R("CMD-SAS-08"), R("CMD-STAT-13"))
def with_every_ack(p: Program) -> None:
    """What is compared, matched and returned is told as of a query."""
    a, writer = p.open("a"), p.open("writer")
    five(writer)
    a.sow_and_subscribe("@orders", acks=EVERY)
    a.delivered(writer.publish("@orders", {"id": "marker", "qty": 9}))


@query_and_subscribe(R("CMD-SAS-30"), R("CMD-SAS-37"))
def that_fails(p: Program) -> None:
    """A filter that does not compile, and batches that are too large: no result, no subscription."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.sow_and_subscribe("@orders", filter="/id = = 1")
    reader.answered()
    reader.sow_and_subscribe("@orders", batch_size=10_001)
    reader.answered()
    reader.subscribe("@items")
    writer.publish("@orders", {"id": 1})
    reader.delivered(writer.publish("@items", {"id": "marker"}))


@query_and_subscribe(R("CMD-SAS-41"), R("CMD-SAS-44"), R("CMD-OPT-26"))
def with_options(p: Program) -> None:
    """With timestamp and with no_sowkey, on the records and on what comes later; no_sowkey of a plain subscription."""
    stamped, bare, plain, writer = p.open("stamped"), p.open("bare"), p.open("plain"), p.open("writer")
    writer.publish("@orders", {"id": 1})
    writer.fence()
    stamped.sow_and_subscribe("@orders", opts="timestamp")
    writer.publish("@orders", {"id": 0})
    writer.fence()
    bare.sow_and_subscribe("@orders", opts="no_sowkey")
    plain.subscribe("@orders", opts="no_sowkey")
    writer.publish("@orders", {"id": 2})
    marker = writer.publish("@orders", {"id": "marker"})
    stamped.delivered(marker)
    bare.delivered(marker)
    plain.delivered(marker)


@query_and_subscribe(R("CMD-UNSUB-14"), R("SUB-SOW-07"))
def limited_and_ended(p: Program) -> None:
    """top_n limits the query, not what comes later; unsubscribe ends that."""
    reader, writer = p.open("reader"), p.open("writer")
    five(writer)
    reader.sow("@orders")
    reader.sow_and_subscribe("@orders", opts="top_n=1", orderby="/id", sub_id="limited")
    reader.subscribe("@items")
    for number in (1, 2):
        writer.publish("@orders", {"id": number, "n": "new"})
    reader.delivered(writer.publish("@items", {"id": "first"}))
    reader.unsubscribe("limited")
    writer.publish("@orders", {"id": 3, "n": "new"})
    reader.delivered(writer.publish("@items", {"id": "marker"}))


@query_and_subscribe(R("SOW-TOPIC-02"), R("CMD-STAT-18"))
def without_records(p: Program) -> None:
    """A topic that keeps nothing: an empty group, then a subscription."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.sow_and_subscribe("@chat", acks="processed,completed,stats")
    reader.delivered(writer.publish("@chat", {"n": "marker"}))
