"""Acknowledgements: every type of every command, types that nobody asked for, commands that ask for none, ids of all kinds."""

from __future__ import annotations

from typing import Final

from reference_model.rule import R
from strategies.build import Program
from strategies.directed.collection import Collection

acks = Collection("acks")

EVERY: Final = "received,processed,completed,persisted,stats"


@acks(R("CMD-FLUSH-01"), R("CMD-FLUSH-02"), R("CMD-FLUSH-04"), R("CMD-FLUSH-07"), R("CMD-FLUSH-10"), R("CMD-ACK-05"))
def of_flush(p: Program) -> None:
    a = p.open()
    a.flush(acks="processed")
    a.flush(acks=EVERY)


@acks(R("CMD-FLUSH-09"))
def of_flush_with_name(p: Program) -> None:
    """A flush that carries the name of its client, as an official client sends it."""
    a = p.open()
    a.flush(client_name="@a")


@acks(
    R("CMD-PUB-09"), R("CMD-PUB-10"), R("CMD-PUB-11"), R("CMD-PUB-12"), R("CMD-PUB-13"), R("CMD-PUB-15"), R("CMD-PUB-06"),
    R("CMD-PUB-14"), R("WIRE-CMD-04"), R("CMD-CONF-13"),
)  # fmt: skip
def of_publish(p: Program) -> None:
    """With and without a SOW; the list in its usual order and in another one."""
    a = p.open()
    a.publish("@orders", {"id": 1}, acks="processed,persisted")
    a.answered()
    a.publish("@orders", {"id": 2}, acks="persisted,processed")
    a.publish("@orders", {"id": 3}, acks=EVERY)
    a.publish("@chat", {"id": 4}, acks="persisted")


@acks(
    R("CMD-DPUB-11"), R("CMD-DPUB-12"), R("CMD-DPUB-13"), R("CMD-DPUB-14"), R("CMD-DPUB-15"), R("DELTA-PUB-25"),
)  # fmt: skip
def of_delta(p: Program) -> None:
    a = p.open()
    a.delta("@orders", {"id": 1, "qty": 1}, acks="processed")
    a.delta("@orders", {"id": 1, "qty": 2}, acks=EVERY)
    a.delta("@chat", {"id": 1}, acks="persisted")


@acks(
    R("CMD-SOW-37"), R("CMD-SOW-38"), R("CMD-SOW-39"), R("CMD-SOW-40"), R("CMD-SOW-41"), R("CMD-ORD-01"), R("CMD-ORD-02"),
    R("CMD-ORD-08"), R("CMD-ORD-09"), R("CMD-ACK-04"), R("CMD-STAT-15"),
)  # fmt: skip
def of_sow(p: Program) -> None:
    a = p.open()
    a.publish("@orders", {"id": 1})
    a.publish("@orders", {"id": 2})
    a.fence()
    a.sow("@orders", acks="received,processed,completed,stats")
    a.sow("@orders", acks="persisted,completed")


@acks(
    R("CMD-DEL-09"), R("CMD-DEL-10"), R("CMD-DEL-11"), R("CMD-DEL-13"), R("CMD-DEL-14"), R("CMD-DEL-15"), R("CMD-DEL-16"),
    R("CMD-DEL-17"), R("CMD-STAT-10"), R("CMD-STAT-11"), R("CMD-STAT-12"), R("WIRE-CMD-03"),
)  # fmt: skip
def of_delete(p: Program) -> None:
    """Two of three records go: what is matched, compared and kept all differ. With fields that a delete does not use, as an official
    client sends it."""
    a = p.open()
    for number in (1, 2, 3):
        a.publish("@orders", {"id": number, "open": int(number == 1)})
    a.fence()
    a.delete("@orders", filter="/open = 0", acks=EVERY, query_id="x1.r", sub_id="x1.m")
    a.fence()
    a.sow("@orders")


@acks(R("CMD-ACK-01"), R("CMD-ACK-02"), R("CMD-SOW-42"), R("WIRE-HDR-11"))
def none(p: Program) -> None:
    """Nothing asked for, `none`, and an empty list: no ack; a query without acks gives its result."""
    a = p.open()
    a.flush(acks="completed")
    a.flush(acks=None, cmd_id="silent")
    a.publish("@orders", {"id": 1}, cmd_id="silent.p")
    a.publish("@orders", {"id": 2}, acks="none")
    a.publish("@orders", {"id": 3}, acks="")
    a.delta("@orders", {"id": 3, "n": 1}, cmd_id="silent.d")
    a.fence()
    a.delete("@orders", filter="/id = 2", cmd_id="silent.x")
    a.fence()
    a.sow("@orders", acks=None)


@acks(R("CMD-ACK-18"))
def of_failure_unasked(p: Program) -> None:
    """A filter that does not compile fails in silence if no ack was asked for."""
    a = p.open()
    a.subscribe("@chat", filter="/n = 1", acks=None)
    a.subscribe("@chat", filter="/n = = 1", acks=None)


@acks(R("CMD-ACK-22"))
def without_cmd_id(p: Program) -> None:
    a = p.open()
    a.publish("@orders", {"id": 1}, acks="processed")
    a.publish("@orders", {"id": 2}, acks="processed", cmd_id=None)


@acks(
    R("CMD-ACK-03"),
    R("CMD-ACK-08"),
    R("CMD-ACK-17"),
    R("CMD-ACK-06"),
    R("CMD-ACK-07"),
    R("CMD-ACK-10"),
    R("CMD-ACK-11"),
    R("CMD-MSG-25"),
    R("CMD-SUB-10"),
    R("SUB-MULTI-10"),
)
def stay_at_home(p: Program) -> None:
    """Two connections that subscribe to the same topic: each gets the acks of its own commands only; one publishes at once what it has
    just subscribed to, and the ack comes first."""
    a, b = p.open("a"), p.open("b")
    a.subscribe("@chat")
    b.subscribe("@chat")
    b.publish("@chat", {"n": 0})
    a.publish("@chat", {"n": 1}, acks="processed,completed")
    b.flush(acks="received,processed")


@acks(R("WIRE-CMD-06"))
def ids_of_all_kinds(p: Program) -> None:
    """Digits, capitals, quotes, backslashes, braces, commas, 200 characters: ids come back as they were sent."""
    a = p.open()
    a.publish("@orders", {"id": 1})
    a.fence()
    for text in ("007", "Mixed-CASE", 'say "a\\b"', "a{b}[c],d:e", "long-" + "0123456789" * 20):
        a.flush(cmd_id=f"{text}.f")
        a.sow("@orders", cmd_id=f"{text}.q", query_id=text.replace(",", ";"))


@acks(R("CMD-FLUSH-03"))
def flush_as_fence(p: Program) -> None:
    """Once the processed ack of a flush has come, others see what was published before it."""
    a, b = p.open("a"), p.open("b")
    for number in range(5):
        a.publish("@orders", {"id": number})
    a.flush(acks="processed")
    b.sow("@orders")
