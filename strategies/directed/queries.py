"""Queries: what comes, in which order, with which headers and statistics, and what options change."""

from __future__ import annotations

from reference_model.rule import R
from strategies.build import Line, Program
from strategies.directed.collection import Collection

queries = Collection("queries")


def five(line: Line, topic: str = "@orders") -> None:
    """Five records, published in an order that no sort gives, and a fence."""
    for number, qty, name in ((3, 10, "carl"), (1, 9, "eve"), (5, 2, "amy"), (2, 33, "bob"), (4, 1, "dan")):
        line.publish(topic, {"id": number, "qty": qty, "who": {"name": name}, "even": int(number % 2 == 0)})
    line.fence()


@queries(
    R("SOW-QRY-01"),
    R("SOW-QRY-05"),
    R("CMD-SOW-27"),
    R("CMD-MSG-12"),
    R("CMD-ORD-14"),
    R("WIRE-KEY-20"),
    R("CMD-STAT-01"),
    R("CMD-STAT-09"),
)
def of_everything(p: Program) -> None:
    a = p.open()
    five(a)
    a.sow("@orders", filter="/id > 0")
    a.sow("@orders", acks="processed,completed,stats", batch_size=10)


@queries(R("SOW-QRY-06"), R("CMD-STAT-03"), R("SOW-STAT-03"), R("CMD-STAT-08"), R("CMD-STAT-05"), R("CMD-ORD-10"), R("CMD-ORD-11"))
def by_filter(p: Program) -> None:
    """Three of five by one filter, none by another."""
    a = p.open()
    five(a)
    a.sow("@orders", acks="completed,stats")
    a.sow("@orders", filter="/qty > 2 AND NOT /who/name = 'eve' OR /id = 4", acks="completed,stats")
    a.sow("@orders", filter="/qty > 1000", acks="completed,stats")


@queries(R("CMD-STAT-17"), R("CMD-ORD-15"))
def of_nothing(p: Program) -> None:
    """A topic without records: brackets with nothing between them, zeros."""
    a = p.open()
    a.sow("@orders", acks="processed,completed,stats")


@queries(R("CMD-SOW-28"))
def by_cmd_id(p: Program) -> None:
    """Without a query_id the cmd_id takes its place."""
    a = p.open()
    five(a)
    a.sow("@orders", query_id=None)


@queries(R("CMD-SOW-01"), R("CMD-SOW-59"), R("CMD-STAT-02"), R("EXPR-TOP-25"), R("SOW-KEY-08"), needs=("regex-topic",))
def of_several_topics(p: Program) -> None:
    """A regular expression over two topics, published to in the other order, beside a third one; equal values give other keys there."""
    a = p.open()
    a.publish("@items", {"id": 1})
    a.publish("@items", {"id": 2})
    a.publish("@orders", {"id": 1})
    a.publish("@pairs", {"a": 1, "b": 1})
    a.publish("@items", {"id": 3})
    a.publish("@orders", {"id": 4})
    a.fence()
    a.sow("@(order|item)", filter="/id < 4")
    a.sow("^@(orders|items)$", batch_size=2, acks="completed,stats")


@queries(R("CMD-SOW-56"), R("WIRE-SOW-03"))
def without_keys(p: Program) -> None:
    a = p.open()
    five(a)
    a.sow("@orders")
    a.sow("@orders", opts="no_sowkey")


@queries(R("CMD-SOW-55"))
def with_keys_in_data(p: Program) -> None:
    """send_keys: what identifies a record is in what is returned for it."""
    a = p.open()
    five(a)
    a.delta("@orders", {"id": 4, "note": "merged"})
    a.fence()
    a.sow("@orders", opts="send_keys")


@queries(R("EXPR-SEL-12"), R("EXPR-SEL-01"), R("CMD-WIRE-11"), R("CMD-SOW-57"), R("WIRE-HDR-18"), needs=("select",))
def with_select(p: Program) -> None:
    """Parts of the bodies only: also a nested one, with an option after the list, in both parts of sow_and_subscribe."""
    a, reader = p.open("a"), p.open("reader")
    five(a)
    reader.sow_and_subscribe("@orders", opts="select=[-/,+/id,+/qty]")
    a.publish("@orders", {"id": 7, "qty": 7, "text": "x"})
    a.fence()
    a.sow("@orders")
    a.sow("@orders", opts="select=[-/,+/id,+/who/name]")
    a.sow("@orders", opts="select=[-/,+/id,+/qty],timestamp")
    reader.delivered(a.publish("@orders", {"id": "marker", "qty": 1, "text": "x"}))


@queries(R("CMD-WIRE-13"))
def with_option_none(p: Program) -> None:
    a = p.open()
    five(a)
    a.sow("@orders", filter="/id > 0")
    a.sow("@orders", opts="none")


@queries(R("CMD-SOW-53"))
def with_options_of_subscriptions(p: Program) -> None:
    """The options oof and replace are listed for a query and mean nothing there."""
    a = p.open()
    five(a)
    a.sow("@orders", filter="/id > 0")
    a.sow("@orders", opts="oof,replace", acks="processed,completed")


@queries(R("BOOK-HIST-10"))
def with_a_bookmark(p: Program) -> None:
    """A point in the past is ignored where no history is kept."""
    a = p.open()
    five(a)
    a.sow("@orders", filter="/id > 0")
    a.sow("@orders", bookmark="20200101T000000Z")


@queries(
    R("EXPR-ORD-01"), R("EXPR-ORD-02"), R("EXPR-ORD-05"), R("EXPR-ORD-06"), R("EXPR-ORD-07"), R("EXPR-ORD-08"), R("EXPR-ORD-13"),
    R("SOW-ORD-11"), R("SOW-ORD-13"),
)  # fmt: skip
def in_order(p: Program) -> None:
    """Ascending, by numbers and by their texts if that is said; by a nested field; across batches; with a filter on another field."""
    a = p.open()
    five(a)
    a.sow("@orders", orderby="/qty")
    a.sow("@orders", orderby="/who/name ASC")
    a.sow("@orders", orderby="/qty ASC")
    a.sow("@orders", orderby="/qty TEXT")
    a.sow("@orders", orderby="/qty DESC TEXT")
    a.sow("@orders", orderby="/qty")
    a.sow("@orders", orderby="/who/name")
    a.sow("@orders", orderby="/id", batch_size=2)
    a.sow("@orders", orderby="/qty", filter="/even = 0")


@queries(R("EXPR-ORD-03"), R("EXPR-ORD-04"))
def in_order_of_two_fields(p: Program) -> None:
    """The second field decides where the first is equal; each has a direction of its own."""
    a = p.open()
    for number, day, name in ((1, 2, "b"), (2, 1, "a"), (3, 2, "a"), (4, 1, "b"), (5, 2, "c")):
        a.publish("@orders", {"id": number, "day": day, "name": name})
    a.fence()
    a.sow("@orders", orderby="/day DESC, /name ASC")
    a.sow("@orders", orderby="/day, /name DESC", batch_size=3)
