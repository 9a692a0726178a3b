"""Segments, broken bytes, lost connections, and clients that connect again."""

from __future__ import annotations

from reference_model.client.program import Answer
from reference_model.rule import R
from reference_model.scenario import Ref
from strategies.clients.build import ProgramOfClients, group, publish
from strategies.clients.collection import ClientCollection

losses = ClientCollection("losses")


@losses(R("WIRE-CROB-07"), R("WIRE-CROB-08"), R("WIRE-FRAME-04"))
def segments(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.subscribe("T", "h")
    a.serve(publish(got, body=b'{"id":1}'), publish(got, body=b'{"id":2}'), about=(R("WIRE-CROB-07"),))
    a.serve(publish(got, body=b'{"id":3}'), about=(R("WIRE-CROB-08"),), pieces="bytes")
    a.serve(publish(got, body=b'{"id":4}'), about=(R("WIRE-FRAME-04"),), pieces="cuts")
    query = a.request("sow", "T", handler="hq")
    a.serve(*group(query, ("1", b'{"id":1}'), ("2", b'{"id":2}')), pieces="cuts")


@losses(R("WIRE-CROB-03"), R("WIRE-FRAME-10"))
def ignored(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.subscribe("T", "h")
    a.serve(Answer(header={"cmd": "wibble", "topic": "T"}), publish(got, body=b'{"id":1}'), about=(R("WIRE-CROB-03"),))
    a.serve_bytes(b"\x00\x00\x00\x00", "noop")
    a.deliver(got, body=b'{"id":2}', about=(R("WIRE-FRAME-10"),))


@losses(R("WIRE-CROB-01"))
def a_frame_that_is_none(p: ProgramOfClients) -> None:
    a = p.start()
    a.serve_bytes(b"\x00\x00\x00\x05hello", "broken", (R("WIRE-CROB-01"),))
    a.hears()
    a.call("publish", topic="T", data=b"1")


@losses(R("WIRE-CROB-02"))
def an_impossible_length(p: ProgramOfClients) -> None:
    a = p.start()
    a.serve_bytes(b"\xff\xff\xff\xff{}", "broken", (R("WIRE-CROB-02"),))
    a.hears()


@losses(R("WIRE-CROB-06"))
def an_end_inside_a_frame(p: ProgramOfClients) -> None:
    a = p.start()
    a.subscribe("T", "h", sub_id="S1")
    a.serve_bytes(b'\x00\x00\x00\x40{"c":"publish","t":"T","sids":"S1"}{"id', "partial")
    a.hang_up((R("WIRE-CROB-06"),))
    a.hears()
    a.call("publish", topic="T", data=b"1")


@losses(R("CLI-HA-26"))
def a_plain_client_stays_away(p: ProgramOfClients) -> None:
    a = p.start()
    a.hang_up()
    a.hears()
    a.quiet(0.3)
    a.ended(a.call("flush", timeout_ms=500))


@losses(R("CLI-HA-01"), R("CLI-HA-02"), R("CLI-HA-03"), R("CLI-HA-04"), R("CLI-HA-09"), needs=("client-ha",))
def connecting_again(p: ProgramOfClients) -> None:
    a = p.start(reconnect=True)
    a.subscribe("T", "h", sub_id="S1", filter="/id > 1")
    a.hang_up()
    logon = a.receive("logon1", again=True)
    a.ack(logon, version="5.3.5.0", seq=0, bookmark="1|0|")
    again = a.receive("subscribe1", again=True)
    a.ack(again, sub_id="S1")
    a.deliver("S1", body=b'{"id":2}', about=(R("CLI-HA-09"),))
    a.quiet(0.1)


@losses(R("CLI-PSTORE-10"), R("CMD-LOGON-34"), needs=("client-ha", "publish-store"))
def publishing_again(p: ProgramOfClients) -> None:
    """What was not acknowledged is sent again, with its number; what was is not."""
    a = p.start(reconnect=True, store=True)
    sent = [a.receive(a.call("publish", topic="T", data=b'{"id":%d}' % n)) for n in range(3)]
    a.serve(Answer(header={"cmd": "ack", "seq": Ref(label=sent[0], field="seq"), "ack_type": "persisted", "status": "success"}))
    a.quiet(0.05)
    a.hang_up()
    logon = a.receive("logon1", again=True)
    a.ack(logon, version="5.3.5.0", seq=0, bookmark="1|0|")
    a.receive("publish2", again=True)
    a.receive("publish3", (R("CMD-LOGON-34"),), again=True)
    a.quiet(0.05)


@losses(R("WIRE-FRAME-09"))
def lengths_that_are_wrong(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.subscribe("T", "h")
    a.deliver(got, body=b'{"id":1}', msg_len=3, about=(R("WIRE-FRAME-09"),))
    a.deliver(got, body=b'{"id":2}', msg_len=30, about=(R("WIRE-FRAME-09"),))
