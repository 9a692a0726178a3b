"""Clients that connect again by themselves, and their stores: what they send on the new connection, and what not."""

from __future__ import annotations

from typing import Any

from reference_model.client.program import Answer
from reference_model.rule import R
from reference_model.scenario import Ref
from strategies.clients.build import App, ProgramOfClients, ack, bracket, group
from strategies.clients.collection import ClientCollection
from strategies.clients.directed.life import SHORT_MS

again = ClientCollection("again")


def logged_on_again(a: App, **more: Any) -> None:
    """The connection is lost; the client connects and logs on by itself."""
    a.hang_up()
    logon = a.receive("logon1", again=True)
    a.ack(logon, version="5.3.5.0", **{"seq": 0, "bookmark": "1|0|", **more})
    a.alive = True


def persisted(got: str, status: str = "success", **more: str) -> Answer:
    """The ack of all publishes up to the one received at `got`."""
    header = {"cmd": "ack", "seq": Ref(label=got, field="seq"), "ack_type": "persisted", "status": status, **more}
    return Answer(header=header)  # type: ignore[arg-type]  # texts and a reference


def publishes(a: App, count: int) -> list[str]:
    """So many publishes of a client with a store."""
    return [a.receive(a.call("publish", topic="T", data=b'{"id":%d}' % number)) for number in range(count)]


@again(R("CLI-HA-06"), needs=("client-ha",))
def what_was_given_up_stays_so(p: ProgramOfClients) -> None:
    a = p.start(reconnect=True)
    a.subscribe("A", "h1", sub_id="S1")
    a.subscribe("B", "h2", sub_id="S2")
    a.receive(a.call("unsubscribe", sub_id="S1"))
    logged_on_again(a)
    a.ack(a.receive("subscribe2", again=True), sub_id="S2")
    a.quiet(0.1)


@again(R("CLI-HA-07"), needs=("client-ha",))
def queries_are_not_repeated(p: ProgramOfClients) -> None:
    a = p.start(reconnect=True)
    a.subscribe("A", "h1", sub_id="S1")
    got = a.request("sow", "T", handler="h2")
    a.serve(*group(got, ("1", b'{"id":1}')), ack(got, "completed"))
    a.fence()
    logged_on_again(a)
    a.ack(a.receive("subscribe1", again=True), sub_id="S1")
    a.quiet(0.1)


@again(R("CLI-HA-08"), needs=("client-ha",))
def with_its_query(p: ProgramOfClients) -> None:
    a = p.start(reconnect=True)
    got = a.request("sow_and_subscribe", "T", handler="h", sub_id="S1", filter="/id > 1", batch_size=5)
    a.serve(*group(got, ("1", b'{"id":1}')))
    a.fence()
    logged_on_again(a)
    a.ack(a.receive("sow_and_subscribe1", (R("CLI-HA-08"),), again=True), sub_id="S1")
    a.quiet(0.1)


@again(R("CLI-HA-13"), needs=("client-ha",))
def refused_at_first(p: ProgramOfClients) -> None:
    a = p.start(reconnect=True)
    a.subscribe("T", "h", sub_id="S1")
    a.hang_up()
    a.ack(a.receive("logon1", again=True), status="failure", reason="not entitled")
    logon = a.receive("logon1", (R("CLI-HA-13"),), again=True)
    a.ack(logon, version="5.3.5.0", seq=0, bookmark="1|0|")
    a.alive = True
    a.ack(a.receive("subscribe1", again=True), sub_id="S1")
    a.deliver("S1", body=b'{"id":2}')


@again(R("CLI-HA-21"), needs=("client-ha",))
def closed_for_good(p: ProgramOfClients) -> None:
    a = p.start(reconnect=True)
    a.call("close")
    a.alive, a.rest_s = False, 0.5


@again(R("CLI-HB-07"), needs=("client-ha", "heartbeat"))
def heartbeats_again(p: ProgramOfClients) -> None:
    a = p.start(reconnect=True)
    a.receive(a.call("heartbeat", interval_s=5))
    logged_on_again(a)
    a.receive("heartbeat1", again=True)


@again(R("CLI-PSTORE-03"), R("CLI-PSTORE-10"), needs=("client-ha", "publish-store"))
def only_what_is_not_persisted(p: ProgramOfClients) -> None:
    a = p.start(reconnect=True, store=True)
    sent = publishes(a, 3)
    a.serve(persisted(sent[1]))
    a.quiet(0.05)
    logged_on_again(a)
    last = a.receive("publish3", again=True)
    a.quiet(0.05)
    a.serve(persisted(last))


@again(R("CLI-PSTORE-06"), needs=("client-ha", "publish-store"))
def not_what_was_refused(p: ProgramOfClients) -> None:
    a = p.start(reconnect=True, store=True)
    sent = publishes(a, 2)
    a.serve(persisted(sent[0], "failure", reason="not entitled"))
    a.quiet(0.05)
    logged_on_again(a)
    last = a.receive("publish2", (R("CLI-PSTORE-06"),), again=True)
    a.quiet(0.05)
    a.serve(persisted(last))


@again(R("CLI-PSTORE-09"), needs=("client-ha", "publish-store"))
def what_the_server_has(p: ProgramOfClients) -> None:
    """The logon ack tells up to which number the server has everything."""
    a = p.start(reconnect=True, store=True)
    sent = publishes(a, 3)
    logged_on_again(a, seq=Ref(label=sent[1], field="seq"))
    last = a.receive("publish3", (R("CLI-PSTORE-09"),), again=True)
    a.quiet(0.05)
    a.serve(persisted(last))


@again(R("CLI-PSTORE-14"), R("CLI-PSTORE-11"), needs=("client-ha", "publish-store"))
def published_meanwhile(p: ProgramOfClients) -> None:
    a = p.start(reconnect=True, store=True)
    first = publishes(a, 1)
    a.hang_up()
    logon = a.receive("logon1", again=True)
    a.call("publish", (R("CLI-PSTORE-14"),), topic="T", data=b"meanwhile")
    a.ack(logon, version="5.3.5.0", seq=0, bookmark="1|0|")
    a.alive = True
    a.receive("publish1", (R("CLI-PSTORE-11"),), again=True)
    last = a.receive("publish2", (R("CLI-PSTORE-14"),), again=True)
    a.serve(persisted(last))
    del first


@again(R("CLI-PSTORE-13"), needs=("publish-store",))
def a_flush_that_waits_for_the_store(p: ProgramOfClients) -> None:
    a = p.start(store=True)
    sent = publishes(a, 2)
    late = a.call("flush", timeout_ms=SHORT_MS)
    a.ack(a.receive(late))
    a.ended(late)
    call = a.call("flush", timeout_ms=5000)
    a.ack(a.receive(call))
    a.quiet(0.05)
    a.serve(persisted(sent[-1]))
    a.ended(call)


@again(R("CLI-PSTORE-04"), needs=("client-ha", "publish-store"))
def numbers_of_others(p: ProgramOfClients) -> None:
    """An ack for a number below all that are stored changes nothing."""
    a = p.start(reconnect=True, store=True)
    publishes(a, 1)
    a.serve(Answer(header={"cmd": "ack", "seq": 2, "ack_type": "persisted", "status": "success"}))
    a.quiet(0.05)
    logged_on_again(a)
    a.serve(persisted(a.receive("publish1", (R("CLI-PSTORE-04"),), again=True)))


@again(R("CLI-BM-01"), R("CLI-BM-02"), R("CLI-BM-03"))
def bookmarks(p: ProgramOfClients) -> None:
    a = p.start()
    for number, bookmark in enumerate(("EPOCH", "NOW", "MOST_RECENT", "10|3|", "10|3|,11|2|")):
        a.subscribe("T", f"h{number}", bookmark=bookmark)


@again(R("CLI-EXC-25"), needs=("client-async",))
def last_chance_that_raises(p: ProgramOfClients) -> None:
    a = p.start(raise_in=("last_chance",))
    got = a.subscribe("T", "h")
    a.deliver("no-such-id", body=b'{"id":1}')
    a.deliver(got, body=b'{"id":2}', about=(R("CLI-EXC-25"),))
    query = a.request("sow", "T", handler="hq")
    a.serve(bracket(query, "group_begin"), bracket(query, "group_end"), ack(query, "completed"), about=(R("CLI-EXC-25"),))
