"""Commands that fail, and what goes on all the same."""

from __future__ import annotations

from reference_model.rule import R
from strategies.build import Program
from strategies.directed.collection import Collection
from strategies.directed.queries import five

errors = Collection("errors")


@errors(R("SOW-TOPIC-01"), R("SOW-QRY-46"), R("CMD-ORD-13"))
def query_without_sow(p: Program) -> None:
    """A query of a topic that keeps nothing fails; it does not come back empty."""
    a = p.open()
    a.publish("@chat", {"id": 1}, acks="processed")
    a.sow("@orders", acks="processed,completed")
    a.sow("@chat", acks="processed,completed")


@errors(R("EXPR-FLT-09"), R("CMD-FAIL-05"))
def query_with_a_bad_filter(p: Program) -> None:
    """A filter that does not compile fails its query; the next one is answered."""
    a = p.open()
    five(a)
    a.sow("@orders", filter="/id > 1", acks="processed,completed")
    a.sow("@orders", filter="/id >", acks="processed,completed")
    a.answered()
    a.sow("@orders", filter="/id > 2", acks="processed,completed")


@errors(R("EXPR-FLT-08"), R("CMD-FAIL-06"))
def subscription_with_a_bad_filter(p: Program) -> None:
    """It fails; a live subscription of the same connection goes on."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat")
    reader.delivered(writer.publish("@chat", {"n": 1}))
    reader.subscribe("@chat", filter="(/n = 1")
    writer.publish("@chat", {"n": 2})
    reader.delivered(writer.publish("@chat", {"n": "marker"}))


def _each_ends_its_connection(p: Program, *payloads: bytes) -> None:
    other = p.open("other")
    for number, payload in enumerate(payloads):
        p.open(f"bad{number}").raw(len(payload).to_bytes(4, "big") + payload)
    other.publish("@orders", {"id": 1}, acks="processed")
    other.fence()
    other.sow("@orders")


@errors(R("WIRE-ROB-03"), R("WIRE-ROB-04"))
def frames_without_a_header(p: Program) -> None:
    """What is no header ends its own connection; another one goes on."""
    _each_ends_its_connection(p, b"hello", b'{"c":"flush","cid":"x","a":"completed"')


@errors(R("WIRE-ROB-05"), R("WIRE-ROB-06"))
def commands_that_are_none(p: Program) -> None:
    """A string without an end, and a command of an unknown name."""
    _each_ends_its_connection(p, b'{"c":"flush","cid":"x', b'{"c":"bogus","cid":"x","a":"processed"}')


@errors(R("WIRE-ROB-01"), R("WIRE-ROB-08"))
def announced_too_long_and_not_for_clients(p: Program) -> None:
    """A length beyond any limit, and a command that only servers send: the connection may end; another one goes on."""
    other = p.open("other")
    p.open("long").raw(b"\xff\xff\xff\xff")
    payload = b'{"c":"ack","cid":"x","a":"processed"}'
    p.open("ack").raw(len(payload).to_bytes(4, "big") + payload)
    other.flush()


@errors(R("WIRE-ROB-07"))
def command_without_a_name(p: Program) -> None:
    """A header that names no command."""
    _each_ends_its_connection(p, b'{"cid":"x","a":"processed"}')
