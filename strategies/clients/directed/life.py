"""Connecting, logging on, closing; ids."""

from __future__ import annotations

from typing import Final

from reference_model.client.program import Answer
from reference_model.rule import R
from reference_model.scenario import Ref
from strategies.clients.build import ProgramOfClients, ack
from strategies.clients.collection import ClientCollection

life = ClientCollection("life")

SHORT_MS: Final = 150
"""A time-out that is soon over."""


@life(R("CLI-CONN-01"), R("CLI-LOGON-01"), R("CLI-LOGON-02"), R("CLI-LOGON-03"), R("CLI-LOGON-09"), R("WIRE-CONN-12"))
def plain(p: ProgramOfClients) -> None:
    """Nothing is sent before the logon."""
    a = p.app()
    a.connect()
    a.quiet(0.05)
    a.logon()


@life(R("CLI-CONN-02"), R("CLI-CONN-03"), R("CLI-CONN-04"))
def wrong_uris(p: ProgramOfClients) -> None:
    a = p.app()
    a.connect("tcp://{closed}/amps/json")
    a.connect("tcp://127.0.0.1")
    a.connect("tcp://{peer}/amps/json?no_such_option=1")
    a.connect("http://{peer}/amps/json")
    a.connect()
    a.logon()


@life(R("CLI-CONN-05"), R("CLI-CONN-06"))
def not_connected(p: ProgramOfClients) -> None:
    a = p.app()
    a.call("publish", topic="T", data=b"1")
    a.ended(a.call("flush", timeout_ms=1000))
    a.connect()
    a.logon()
    a.call("close")
    a.call("close")
    a.alive = False
    a.call("publish", topic="T", data=b"2")
    a.ended(a.call("flush", timeout_ms=1000))


@life(R("CLI-CONN-09"))
def two_clients(p: ProgramOfClients) -> None:
    a = p.start("c", name="one")
    b = p.start("d", name="two")
    got = a.subscribe("A", "ha")
    other = b.subscribe("B", "hb")
    a.deliver(got, topic="A", about=(R("CLI-CONN-09"),))
    b.deliver(other, topic="B", about=(R("CLI-CONN-09"),))


@life(R("CLI-LOGON-04"), R("WIRE-CONN-11"))
def credentials(p: ProgramOfClients) -> None:
    a = p.app()
    a.connect("tcp://joe:secret@{peer}/amps/json")
    a.logon()
    b = p.app("d", name="other")
    b.connect("tcp://jo%22e:secret@{peer}/amps/json")
    b.logon()


@life(R("WIRE-CONN-12"))
def message_types(p: ProgramOfClients) -> None:
    a = p.app()
    a.connect("tcp://{peer}/amps/xml")
    a.logon()
    b = p.app("d", name="other")
    b.connect("tcp://{peer}/amps")
    b.logon()


@life(R("CLI-LOGON-10"))
def reason_on_success(p: ProgramOfClients) -> None:
    a = p.app()
    a.connect()
    call = a.call("logon", timeout_ms=2000)
    got = a.receive(call)
    a.ack(got, version="5.3.5.0", reason="authentication disabled")
    a.ended(call)
    a.alive = True


@life(R("CLI-LOGON-11"))
def other_acks_at_logon(p: ProgramOfClients) -> None:
    """Acks of another type, and of another command, before the one that counts."""
    a = p.app()
    a.connect()
    call = a.call("logon", timeout_ms=2000)
    got = a.receive(call)
    a.ack(got, "received")
    a.serve(
        Answer(header={"cmd": "ack", "cmd_id": "no-such-command", "ack_type": "processed", "status": "success"}),
        Answer(header={"cmd": "ack", "ack_type": "processed", "status": "success"}),
    )
    a.quiet(0.05)
    a.ack(got, version="5.3.5.0")
    a.ended(call)
    a.alive = True


@life(R("CLI-LOGON-12"))
def logon_without_answer(p: ProgramOfClients) -> None:
    a = p.app()
    a.connect()
    call = a.call("logon", timeout_ms=SHORT_MS)
    a.receive(call)
    a.ended(call)


@life(R("CLI-LOGON-13"), R("CLI-LOGON-14"))
def refused(p: ProgramOfClients) -> None:
    for client, reason in (("c", "authentication failure"), ("d", "name in use"), ("e", "not entitled")):
        a = p.app(client, name=client)
        a.connect()
        call = a.call("logon", timeout_ms=2000)
        got = a.receive(call)
        a.ack(got, status="failure", reason=reason)
        a.ended(call)


@life(R("CLI-LOGON-15"), R("CLI-LOGON-16"), R("CLI-LOGON-17"))
def logon_with_options(p: ProgramOfClients) -> None:
    a = p.app()
    a.connect()
    a.logon(options="ack_conflation=100ms", correlation_id="QQ==")
    a.call("version")


@life(R("CLI-ID-01"), R("CLI-ID-03"), R("CLI-ID-05"), R("CLI-ID-06"))
def generated_ids(p: ProgramOfClients) -> None:
    """Ids that the client makes; what a subscription returns is good for unsubscribe."""
    a = p.start()
    a.subscribe("A", "h1")
    a.subscribe("B", "h2")
    a.request("sow", "C", handler="h3")
    a.request("sow_and_subscribe", "D", handler="h4")
    a.receive(a.call("unsubscribe", sub_id=Ref(label="subscribe1", field="sub_id")))


@life(R("CLI-ID-02"), R("CLI-ID-04"), R("CLI-ID-07"))
def given_ids(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.subscribe("A", "h1", sub_id="S1", command_id="CID")
    a.deliver("S1", topic="A")
    a.receive(a.call("publish", topic="A", data=b"{}"))
    a.serve(ack(got, "stats"))
