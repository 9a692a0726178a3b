"""Queries: what is sent, batches, records, streams and their end."""

from __future__ import annotations

from reference_model.messages import SowRecord
from reference_model.rule import R
from strategies.clients.build import App, ProgramOfClients, ack, bracket, group, publish, sow
from strategies.clients.collection import ClientCollection

queries = ClientCollection("queries")

NEXT_MS = 2000
"""Long enough for whatever is on its way."""


def read(a: App, stream: str, about: tuple[R, ...] = (), timeout_ms: int = NEXT_MS) -> None:
    """The application asks a stream for its next message."""
    a.ended(a.call("next", about, stream=stream, timeout_ms=timeout_ms))


@queries(R("CLI-SOW-01"), R("CLI-SOW-02"), R("CLI-SOW-09"))
def as_sent(p: ProgramOfClients) -> None:
    a = p.start()
    for number, do in enumerate(("sow", "sow_and_subscribe", "sow_and_delta_subscribe")):
        a.request(do, "T", handler=f"h{number}")
    a.request("sow", "T", handler="h5", batch_size=5, filter="/id > 1")
    a.request("sow", "T", handler="h6", batch_size=1, top_n=3, orderby="/id DESC", options="timestamp", bookmark="0|1|")


@queries(R("CLI-SOW-03"), R("CLI-SOW-05"), R("CLI-SOW-06"), R("CLI-SOW-07"), R("CLI-SOW-11"))
def batches(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.request("sow", "T", handler="h")
    plain = tuple(SowRecord(header={"sow_key": str(n)}, data=b'{"id":%d}' % n) for n in range(1, 4))
    fields = (
        SowRecord(header={"sow_key": "11", "correlation_id": "QQ==", "timestamp": "20250909T171919.976304Z"}, data=b'{"id":11}'),
        SowRecord(header={"sow_key": "12", "correlation_id": "Qg==", "timestamp": "20250909T171920.000001Z"}, data=b'{"id":12}'),
    )
    leaking = (
        SowRecord(header={"sow_key": "21", "correlation_id": "QQ=="}, data=b'{"id":21}'),
        SowRecord(header={"sow_key": "22"}, data=b"{}"),
    )
    a.serve(bracket(got, "group_begin"), sow(got, plain))
    a.serve(sow(got, fields), sow(got, leaking))
    a.serve(sow(got, tuple(SowRecord(header={"sow_key": k}, data=b'{"i":%s}' % k.encode()) for k in ("31", "32")), msg_len=8),
            about=(R("CLI-SOW-11"),))  # fmt: skip
    a.serve(bracket(got, "group_end"), ack(got, "completed"))


@queries(R("CLI-SOW-04"))
def records_as_bytes(p: ProgramOfClients) -> None:
    """Braces, characters of several bytes, empty and binary data: only the length says where a record ends."""
    a = p.start()
    got = a.request("sow", "T", handler="h")
    data = ('{"s":"é}{"}'.encode(), b"{", "☃{}".encode(), b"", b"\x00\xff}{", b'{"id":6}')
    a.serve(*group(got, *((str(n), one) for n, one in enumerate(data, 1)), batch=6), ack(got, "completed"))


@queries(R("CLI-SOW-08"))
def nothing_found(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.request("sow", "T", handler="h")
    a.serve(*group(got), ack(got, "completed"), about=(R("CLI-SOW-08"),))


@queries(R("CLI-STREAM-01"), needs=("client-sync",))
def stream_of_a_query(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.request("sow", "T", stream="s")
    a.serve(*group(got, ("1", b'{"id":1}'), ("2", b'{"id":2}')), ack(got, "completed"))
    for _ in range(5):
        read(a, "s")


@queries(R("CLI-STREAM-01"), needs=("client-sync",))
def stream_that_waits_for_completed(p: ProgramOfClients) -> None:
    """Not at its end before the completed ack, nor after that of another query."""
    a = p.start()
    got, other = a.request("sow", "A", stream="s"), a.request("sow", "B", stream="t")
    a.serve(*group(got))
    read(a, "s")
    read(a, "s")
    a.serve(*group(other), ack(other, "completed"))
    read(a, "s", (R("CLI-STREAM-01"),), timeout_ms=100)
    a.ack(got, "completed")
    read(a, "s")


@queries(R("CLI-STREAM-02"), needs=("client-sync",))
def stream_with_stats(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.request("sow", "T", stream="s", acks=("stats",))
    a.serve(*group(got, ("1", b'{"id":1}')), ack(got, "completed"))
    for _ in range(3):
        read(a, "s")
    read(a, "s", (R("CLI-STREAM-02"),), timeout_ms=100)
    a.ack(got, "stats", matches=1, topic_matches=1, records_returned=1)
    read(a, "s")
    read(a, "s")


@queries(R("CLI-STREAM-03"), R("CLI-STREAM-04"), needs=("client-sync",))
def stream_of_a_subscription(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.request("subscribe", "T", stream="s")
    read(a, "s", timeout_ms=100)
    a.deliver(got, body=b'{"id":1}')
    read(a, "s", (R("CLI-STREAM-03"),))
    a.receive(a.call("close_stream", stream="s"))


@queries(R("CLI-STREAM-05"), needs=("client-sync",))
def stream_of_some_depth(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.request("subscribe", "T", stream="s")
    a.call("stream", stream="s", max_depth=3)
    a.serve(*(publish(got, body=b'{"id":%d}' % n) for n in range(8)), about=(R("CLI-STREAM-05"),))
    a.quiet(0.1)
    a.call("stream", (R("CLI-STREAM-05"),), stream="s", max_depth=3)
    for _ in range(8):
        read(a, "s")


@queries(R("CLI-STREAM-06"), needs=("client-sync",))
def stream_that_conflates(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.request("subscribe", "T", stream="s")
    a.call("stream", stream="s", conflate=True)
    a.serve(*(publish(got, body=b'{"id":%d,"n":%d}' % (n % 2, n), sow_key=str(n % 2)) for n in range(6)))
    a.fence()
    a.call("stream", (R("CLI-STREAM-06"),), stream="s")
    for _ in range(2):
        read(a, "s")
    read(a, "s", (R("CLI-STREAM-06"),), timeout_ms=100)


@queries(R("CLI-STREAM-07"), needs=("client-sync",))
def stream_that_is_lost(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.request("subscribe", "T", stream="s")
    a.serve(publish(got, body=b'{"id":1}'), publish(got, body=b'{"id":2}'))
    a.hang_up()
    a.hears()
    for _ in range(3):
        read(a, "s", (R("CLI-STREAM-07"),))


@queries(R("CLI-STREAM-09"), needs=("client-sync",))
def stream_of_a_failure(p: ProgramOfClients) -> None:
    a = p.start()
    call = a.call("sow", topic="T", stream="s", filter="= =", timeout_ms=2000)
    got = a.receive(call)
    a.ack(got, status="failure", reason="bad filter", about=(R("CLI-STREAM-09"),))
    a.ended(call)
