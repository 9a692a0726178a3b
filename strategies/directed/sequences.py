"""Numbered publishes where a transaction log is: what counts as a duplicate, and what does not."""

from __future__ import annotations

from reference_model.rule import R
from strategies.build import Line, Program
from strategies.directed.collection import Collection

sequences = Collection("sequences")
LOG = ("txlog",)


def _look(line: Line, *topics: str) -> None:
    line.fence()
    for topic in topics:
        line.sow(topic)


@sequences(R("BOOK-SEQ-01"), R("BOOK-SEQ-04"), R("BOOK-SEQ-08"), R("BOOK-SEQ-11"), needs=LOG)
def not_greater(p: Program) -> None:
    """Numbers that are not greater are discarded, gaps mean nothing, and what has no number is never a duplicate."""
    reader = p.open("reader")
    reader.subscribe("@orders")
    reader.answered()
    a = p.open()
    a.publish("@orders", {"id": 1, "v": "first"}, seq=5)
    a.publish("@orders", {"id": 1, "v": "same number"}, seq=5, acks="processed")
    a.publish("@orders", {"id": 2, "v": "smaller"}, seq=4)
    a.publish("@orders", {"id": 3, "v": "no number"})
    a.publish("@orders", {"id": 4, "v": "gap"}, seq=100)
    reader.delivered(a.publish("@orders", {"id": 5, "v": "end"}))
    _look(a, "@orders")


@sequences(R("BOOK-SEQ-02"), needs=LOG)
def across_connections(p: Program) -> None:
    """The number is kept for the name of the client when it comes back."""
    a = p.open()
    a.publish("@orders", {"id": 1, "v": "first"}, seq=7)
    a.fence()
    a.close()
    a = p.open()
    a.publish("@orders", {"id": 1, "v": "again"}, seq=7)
    a.publish("@orders", {"id": 2, "v": "next"}, seq=8)
    _look(a, "@orders")


@sequences(R("BOOK-SEQ-05"), R("BOOK-SEQ-06"), R("BOOK-SEQ-07"), needs=LOG)
def one_counter_a_name(p: Program) -> None:
    """One counter for all topics and commands of a name, another one for another name."""
    a, b = p.open(), p.open("b")
    a.publish("@orders", {"id": 1, "v": "a"}, seq=5)
    a.publish("@items", {"id": 1, "v": "duplicate"}, seq=5)
    a.delete("@orders", body={"id": 1}, seq=5)
    a.fence()
    b.publish("@items", {"id": 2, "v": "b"}, seq=3)
    _look(b, "@orders", "@items")


@sequences(R("CMD-CONF-04"), needs=LOG)
def conflated(p: Program) -> None:
    """Persisted acks of numbered publishes name a number that was sent."""
    a = p.open()
    for number in (1, 2, 3):
        a.publish("@orders", {"id": number}, acks="persisted", seq=number)
    a.fence()
    p.advance(1.3)
    a.flush()


@sequences(R("BOOK-SEQ-02"), needs=LOG)
def sent_again(p: Program) -> None:
    """What a lost connection may have brought is sent again with its number: it is there once."""
    reader = p.open("reader")
    reader.subscribe("@orders")
    reader.answered()
    a = p.open()
    a.fault("drop", frames=1, reset=1)
    a.publish("@orders", {"id": 1, "v": "first"}, seq=1)
    a.publish("@orders", {"id": 2, "v": "second"}, seq=2)
    a.flush()
    a.close()
    a = p.open()
    a.publish("@orders", {"id": 1, "v": "first"}, seq=1)
    a.publish("@orders", {"id": 2, "v": "second"}, seq=2)
    reader.delivered(a.publish("@orders", {"id": 3, "v": "third"}, seq=3))
    _look(a, "@orders")
