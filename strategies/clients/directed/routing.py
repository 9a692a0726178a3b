"""Who gets which message, in which order, with which fields."""

from __future__ import annotations

from reference_model.client.program import Answer
from reference_model.rule import R
from reference_model.scenario import Ref
from strategies.clients.build import ProgramOfClients, ack, bracket, group, publish
from strategies.clients.collection import ClientCollection

routing = ClientCollection("routing")


@routing(R("CLI-ROUTE-01"), R("CLI-ROUTE-02"), R("CLI-ROUTE-13"))
def by_sids(p: ProgramOfClients) -> None:
    a = p.start()
    one, two = a.subscribe("T", "h1"), a.subscribe("T", "h2")
    a.deliver(one, two, body=b'{"id":1}')
    a.deliver(two, body=b'{"id":2}')
    a.serve(publish(one, two, body=b'{"id":3}', cmd="p"), about=(R("CLI-ROUTE-13"),))


@routing(R("CLI-ROUTE-03"))
def in_order(p: ProgramOfClients) -> None:
    a = p.start()
    one, two = a.subscribe("T", "h1"), a.subscribe("T", "h2")
    a.serve(*(publish(one if n % 3 else two, body=b'{"id":%d}' % n) for n in range(100)))


@routing(R("CLI-ROUTE-04"), R("CLI-ROUTE-05"))
def unknown_ids(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.subscribe("T", "h")
    a.deliver("zz", body=b'{"id":1}')
    a.deliver(got, "zz", body=b'{"id":2}')
    a.deliver("zz", got, body=b'{"id":3}')


@routing(R("CLI-ROUTE-06"), R("CLI-ROUTE-07"))
def by_query_id(p: ProgramOfClients) -> None:
    """Two queries at once whose results are mixed."""
    a = p.start()
    one, two = a.request("sow", "A", handler="h1"), a.request("sow", "B", handler="h2")
    first, second = group(one, ("1", b'{"id":1}')), group(two, ("2", b'{"id":2}'))
    a.serve(*(answer for pair in zip(first, second, strict=True) for answer in pair))
    a.serve(ack(two, "completed"), ack(one, "completed"))


@routing(R("CLI-ROUTE-08"))
def results_then_updates(p: ProgramOfClients) -> None:
    a = p.start()
    for number, do in enumerate(("sow_and_subscribe", "sow_and_delta_subscribe")):
        got = a.request(do, "T", handler=f"h{number}")
        a.serve(*group(got, ("1", b'{"id":1}')))
        a.deliver(got, body=b'{"id":1,"q":2}', about=(R("CLI-ROUTE-08"),))


@routing(R("CLI-ROUTE-09"))
def after_unsubscribe(p: ProgramOfClients) -> None:
    a = p.start()
    one, two = a.subscribe("T", "h1"), a.subscribe("T", "h2")
    a.receive(a.call("unsubscribe", sub_id=Ref(label="subscribe1", field="sub_id")))
    a.deliver(one, body=b'{"id":1}')
    a.deliver(two, body=b'{"id":2}')


@routing(R("CLI-ROUTE-10"))
def after_unsubscribe_all(p: ProgramOfClients) -> None:
    a = p.start()
    one, two = a.subscribe("T", "h1"), a.subscribe("T", "h2")
    a.receive(a.call("unsubscribe"))
    a.deliver(one, body=b'{"id":1}', about=(R("CLI-ROUTE-10"),))
    a.deliver(two, body=b'{"id":2}', about=(R("CLI-ROUTE-10"),))


@routing(R("CLI-ROUTE-11"), needs=("replace",))
def replaced(p: ProgramOfClients) -> None:
    a = p.start()
    a.subscribe("T", "h", sub_id="S1", filter="/id > 1")
    a.deliver("S1", body=b'{"id":2}')
    a.fence()
    a.subscribe("T", "h", sub_id="S1", filter="/id > 2", options="replace", about=(R("CLI-ROUTE-11"),))
    a.deliver("S1", body=b'{"id":3}', about=(R("CLI-ROUTE-11"),))


@routing(R("CLI-ROUTE-12"), R("CLI-TEXT-07"))
def fields_of_messages(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.subscribe("T", "h", acks=("stats",))
    a.deliver(
        got, body=b'{"id":1}', sow_key="77", bookmark="10|1|", timestamp="20250909T171919.976304Z", correlation_id="QQ==",
        user_id="joe", leaseperiod="20250909T171919.976304Z",
    )  # fmt: skip
    query = a.request("sow", "T", handler="hq", acks=("stats",))
    a.serve(bracket(query, "group_begin"), bracket(query, "group_end"), ack(query, "completed"))
    a.ack(query, "stats", matches=3, topic_matches=5, records_returned=3, reason="fine")


@routing(R("CLI-ROUTE-14"), needs=("oof",))
def out_of_focus(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.request("sow_and_subscribe", "T", handler="h", options="oof")
    a.serve(*group(got, ("1", b'{"id":1}')))
    a.serve(
        Answer(
            header={"cmd": "oof", "topic": "T", "sids": (Ref(label=got, field="sub_id"),), "sow_key": "1", "reason": "match"},
            body=b'{"id":1,"q":9}',
        )
    )


@routing(R("CLI-EXC-23"), R("CLI-EXC-24"), needs=("client-async",))
def handlers_that_raise(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.subscribe("T", "h", raise_on=(1, 3))
    for number in range(1, 5):
        a.deliver(got, body=b'{"id":%d}' % number, about=(R("CLI-EXC-23"),) if number > 1 else ())


@routing(R("CLI-HB-01"), R("CLI-HB-02"), R("CLI-HB-08"), R("CLI-HB-04"), R("CLI-HB-05"), needs=("heartbeat",))
def heartbeats(p: ProgramOfClients) -> None:
    """Beats are answered; other traffic keeps the connection as well, and so does less than two intervals of silence."""
    a = p.start()
    got = a.subscribe("T", "h")
    a.receive(a.call("heartbeat", interval_s=1))
    for _ in range(2):
        a.serve(Answer(header={"cmd": "heartbeat"}))
        a.receive("heartbeat")
    for number in range(3):
        a.quiet(0.8)
        a.deliver(got, body=b'{"id":%d}' % number, about=(R("CLI-HB-04"),))
    a.quiet(1.4)
    a.deliver(got, body=b'{"id":9}', about=(R("CLI-HB-05"),))


@routing(R("CLI-HB-03"), needs=("heartbeat",))
def silence(p: ProgramOfClients) -> None:
    a = p.start()
    a.receive(a.call("heartbeat", interval_s=1, timeout_s=1))
    a.hears(2.0)


@routing(R("CLI-HB-06"), needs=("heartbeat",))
def too_short_a_time_out(p: ProgramOfClients) -> None:
    a = p.start()
    a.call("heartbeat", interval_s=3, timeout_s=1)
