"""Which acks are asked for, what a call waits for, time-outs, flush, delete, unsubscribe."""

from __future__ import annotations

from typing import Any

from reference_model.client.program import Answer
from reference_model.rule import R
from reference_model.scenario import Ref
from strategies.clients.build import ProgramOfClients, ack, publish
from strategies.clients.collection import ClientCollection
from strategies.clients.directed.life import SHORT_MS

acks = ClientCollection("acks")

REQUESTS = ("subscribe", "delta_subscribe", "sow", "sow_and_subscribe", "sow_and_delta_subscribe")


@acks(R("CLI-ACK-01"), R("CLI-ACK-14"))
def of_requests(p: ProgramOfClients) -> None:
    a = p.start()
    for number, do in enumerate(REQUESTS):
        a.request(do, "T", handler=f"h{number}", timeout_ms=2000)


@acks(R("CLI-ACK-02"))
def waiting_for_processed(p: ProgramOfClients) -> None:
    a = p.start()
    for number, do in enumerate(REQUESTS):
        call = a.call(do, topic="T", handler=f"h{number}")
        got = a.receive(call)
        a.quiet(0.05)
        more: dict[str, Any] = {"sub_id": Ref(label=got, field="sub_id")} if do != "sow" else {}
        a.ack(got, **more)
        a.ended(call)


@acks(R("CLI-ACK-03"), R("CLI-ACK-04"))
def publishing(p: ProgramOfClients) -> None:
    a = p.start()
    for number in range(3):
        a.receive(a.call("publish", topic="T", data=b'{"id":%d}' % number))
        a.receive(a.call("delta_publish", topic="T", data=b'{"id":%d,"q":1}' % number))


@acks(R("CLI-ACK-06"), R("CLI-ACK-07"))
def added_by_the_application(p: ProgramOfClients) -> None:
    a = p.start()
    call = a.call("sow", topic="T", handler="h", acks=("received", "completed", "stats"))
    got = a.receive(call)
    a.serve(ack(got, "received"), ack(got))
    a.ended(call)
    a.serve(
        Answer(header={"cmd": "group_begin", "query_id": Ref(label=got, field="query_id")}),
        Answer(header={"cmd": "group_end", "query_id": Ref(label=got, field="query_id")}),
        ack(got, "completed"),
        ack(got, "stats", matches=3, topic_matches=5, records_returned=3),
    )


@acks(R("CLI-ACK-08"))
def for_the_client_alone(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.subscribe("T", "h")
    a.deliver(got)


@acks(R("CLI-ACK-09"))
def processed_asked_for(p: ProgramOfClients) -> None:
    a = p.start()
    a.subscribe("T", "h", acks=("processed",))


@acks(R("CLI-ACK-10"))
def of_no_command(p: ProgramOfClients) -> None:
    a = p.start()
    a.receive(a.call("publish", topic="T", data=b"{}"))
    a.serve(Answer(header={"cmd": "ack", "seq": 7, "ack_type": "persisted", "status": "success"}))


@acks(R("CLI-ACK-11"))
def of_unknown_commands(p: ProgramOfClients) -> None:
    a = p.start()
    call = a.call("subscribe", topic="T", handler="h", timeout_ms=2000)
    got = a.receive(call)
    a.serve(
        Answer(header={"cmd": "ack", "cmd_id": "no-such-command", "ack_type": "processed", "status": "failure", "reason": "bad filter"})
    )
    a.quiet(0.05)
    a.ack(got, sub_id=Ref(label=got, field="sub_id"))
    a.ended(call)
    a.deliver(got)


@acks(R("CLI-ACK-12"))
def timing_out(p: ProgramOfClients) -> None:
    a = p.start()
    call = a.call("subscribe", topic="T", handler="h", timeout_ms=SHORT_MS)
    a.receive(call)
    a.ended(call)
    a.fence()


@acks(R("CLI-ACK-23"))
def usable_after_a_time_out(p: ProgramOfClients) -> None:
    a = p.start()
    call = a.call("subscribe", topic="T", handler="h", sub_id="S1", timeout_ms=SHORT_MS)
    a.receive(call)
    a.ended(call)
    a.subscribe("T", "again", sub_id="S1", about=(R("CLI-ACK-23"),))
    a.deliver("S1", about=(R("CLI-ACK-23"),))


@acks(R("CLI-ACK-13"))
def no_limit(p: ProgramOfClients) -> None:
    a = p.start()
    call = a.call("subscribe", (R("CLI-ACK-13"),), topic="T", handler="h", timeout_ms=0)
    got = a.receive(call)
    a.quiet(1.0)
    a.ack(got, sub_id=Ref(label=got, field="sub_id"))
    a.ended(call)


@acks(R("CLI-ACK-17"))
def messages_before_the_ack(p: ProgramOfClients) -> None:
    a = p.start()
    call = a.call("sow", topic="T", handler="h")
    got = a.receive(call)
    a.serve(Answer(header={"cmd": "group_begin", "query_id": Ref(label=got, field="query_id")}), about=(R("CLI-ACK-17"),))
    a.quiet(0.02)
    a.serve(ack(got), Answer(header={"cmd": "group_end", "query_id": Ref(label=got, field="query_id")}))
    a.ended(call)


@acks(R("CLI-ACK-18"), R("CLI-ACK-19"))
def flushing(p: ProgramOfClients) -> None:
    a = p.start()
    call = a.call("flush", timeout_ms=2000)
    got = a.receive(call)
    a.quiet(0.05)
    a.ack(got)
    a.ended(call)
    late = a.call("flush", timeout_ms=SHORT_MS)
    a.receive(late)
    a.ended(late)
    persisted = a.call("flush", timeout_ms=2000, ack_type="persisted")
    got = a.receive(persisted)
    a.serve(ack(got), ack(got, "persisted"))
    a.ended(persisted)


@acks(R("CLI-ACK-20"), R("CLI-ACK-21"))
def deleting(p: ProgramOfClients) -> None:
    a = p.start()
    for selector in ({"filter": "/id > 1"}, {"keys": ("1", "2", "3")}, {"data": b'{"id":1}'}):
        call = a.call("sow_delete", topic="T", timeout_ms=2000, **selector)
        got = a.receive(call)
        a.serve(ack(got), ack(got, "stats", matches=2, topic_matches=5, records_deleted=2))
        a.ended(call)


@acks(R("CLI-ACK-22"))
def giving_up(p: ProgramOfClients) -> None:
    a = p.start()
    a.subscribe("A", "h1", sub_id="S1")
    a.subscribe("B", "h2", sub_id="S2")
    a.receive(a.call("unsubscribe", sub_id="S1"))
    a.receive(a.call("unsubscribe"))


@acks(R("CLI-PSTORE-01"), needs=("publish-store",))
def sequence_numbers(p: ProgramOfClients) -> None:
    a = p.start(store=True)
    sent = [a.receive(a.call("publish", topic="T", data=b'{"id":%d}' % n)) for n in range(3)]
    a.serve(Answer(header={"cmd": "ack", "seq": Ref(label=sent[-1], field="seq"), "ack_type": "persisted", "status": "success"}))


@acks(R("CLI-PSTORE-05"), R("CLI-ACK-05"), needs=("publish-store",))
def failed_write(p: ProgramOfClients) -> None:
    a = p.start(store=True)
    call = a.call("publish", topic="T", data=b'{"id":1}')
    got = a.receive(call)
    failure = {"ack_type": "persisted", "status": "failure", "reason": "not entitled"}
    a.serve(Answer(header={"cmd": "ack", "seq": Ref(label=got, field="seq"), **failure}))


@acks(R("CLI-ACK-16"))
def lost_while_waiting(p: ProgramOfClients) -> None:
    a = p.start()
    call = a.call("subscribe", topic="T", handler="h", timeout_ms=2000)
    a.receive(call)
    a.hang_up()
    a.hears()
    a.ended(call)


@acks(R("CLI-Q-01"), R("CLI-Q-02"), R("CLI-Q-03"), needs=("queue",))
def of_queues(p: ProgramOfClients) -> None:
    a = p.start()
    a.receive(a.call("ack", topic="q", bookmark="1|4|,1|5|"))
    a.receive(a.call("ack", topic="q", bookmark="1|6|", options="cancel"))


@acks(R("CLI-ACK-02"))
def two_calls_at_once(p: ProgramOfClients) -> None:
    """The acks come in another order than the commands."""
    a = p.start()
    one = a.call("subscribe", topic="A", handler="h1")
    got = a.receive(one)
    two = a.call("subscribe", topic="B", handler="h2")
    other = a.receive(two)
    a.quiet(0.03)
    a.ack(other, sub_id=Ref(label=other, field="sub_id"))
    a.ended(two)
    a.quiet(0.03)
    a.ack(got, sub_id=Ref(label=got, field="sub_id"))
    a.ended(one)
    a.serve(publish(got, topic="A"), publish(other, topic="B"))
