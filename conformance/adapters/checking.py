"""`adapter check`: does an adapter speak the protocol? A short conversation, each line held to the schema.

It tells a broken adapter (a line of the protocol is missing or wrong) from a client that does not conform (it raises, or sends
something else): the latter is what a run is for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from conformance.adapters.process import Adapter, AdapterError
from conformance.peer.perform import Stage
from conformance.rules import VOCABULARY
from reference_model.observation import Observation
from reference_model.scenario import Ref
from strategies.clients.build import ProgramOfClients, ack, group

Line = tuple[Literal["ok", "warn", "no"], str]

PROMISES: Final = (
    "client-async", "client-sync", "client-tcp", "client-ha", "client-states", "publish-store", "heartbeat", "queue", "delta",
    "explicit-key", "replace", "oof",
)  # fmt: skip
"""Features that change what an adapter is asked to do."""


def check(command: str) -> Iterator[Line]:
    """The lines as they are found: `no` for what is wrong with the adapter, `warn` for what the client does otherwise than expected."""
    try:
        with Adapter.start(command) as adapter:
            yield from _hello(adapter)
            stage = Stage(adapter)
            try:
                yield from _conversation(adapter, stage)
            finally:
                stage.close()
    except AdapterError as error:
        yield "no", str(error)


def _hello(adapter: Adapter) -> Iterator[Line]:
    hello = adapter.hello
    assert hello is not None
    yield "ok", f"hello: {hello.name} {hello.version}, {hello.language}"
    unknown = sorted(hello.features - VOCABULARY.keys())
    if unknown:
        yield "no", f"no feature is called {', '.join(unknown)}; known are {', '.join(PROMISES)}"
    lacking = [name for name in PROMISES if name not in hello.features]
    yield "ok", f"features: {', '.join(sorted(hello.features)) or 'none'}" + (f" (without {', '.join(lacking)})" if lacking else "")


def _conversation(adapter: Adapter, stage: Stage) -> Iterator[Line]:
    """Each call of the core must end, the message of a handler must come as an event."""
    assert adapter.hello is not None
    p = ProgramOfClients("adapter-check")
    a = p.start()
    got = a.subscribe("T", "h")
    a.deliver(got, body=b"\x00\xff")
    a.receive(a.call("publish", topic="T", data=b"{}"))
    query = a.request("sow", "T", handler="q")
    a.serve(*group(query, ("1", b"{}")), ack(query, "completed"))
    if "client-sync" in adapter.hello.features:
        stream = a.request("sow", "T", stream="s")
        a.serve(*group(stream, ("1", b"{}")), ack(stream, "completed"))
        for _ in range(4):
            a.ended(a.call("next", stream="s", timeout_ms=2000))
    delete = a.call("sow_delete", topic="T", filter="1=1", timeout_ms=2000)
    deleted = a.receive(delete)
    a.serve(ack(deleted), ack(deleted, "stats", matches=1, topic_matches=1))
    a.ended(delete)
    a.receive(a.call("unsubscribe", sub_id=Ref(label="subscribe1", field="sub_id")))
    a.fence()
    a.alive = False
    a.call("close")
    observation = stage.perform(p.program())
    yield from _calls(observation)
    yield from _messages(observation)
    stage.reset()
    yield "ok", "reset"


def _calls(observation: Observation) -> Iterator[Line]:
    ended = {}
    for event in observation.events:
        if event.message is not None and event.message.cmd == "outcome":
            ended[event.message.text("call")] = event.message
    for event in observation.events:
        if event.kind != "sent" or event.label is None or "." in event.connection or event.message is None:
            continue
        outcome = ended.get(event.label)
        if outcome is None:
            yield "no", f"{event.label}: no 'returned' and no 'raised' came for it"
        elif outcome.text("result") == "raised":
            yield "warn", f"{event.label}: the client raised {outcome.text('error')}: {outcome.text('text')}"
        else:
            yield "ok", event.label


def _messages(observation: Observation) -> Iterator[Line]:
    for handler, wanted in (("h", ["publish"]), ("q", ["group_begin", "sow", "group_end"])):
        came = [
            event.message
            for event in observation.events
            if event.message is not None and event.message.text("event") == "message" and event.message.text("handler") == handler
        ]
        kinds = ["publish" if message.cmd == "p" else message.cmd for message in came]
        if kinds != wanted:
            yield "warn", f"handler {handler} got {', '.join(kinds) or 'nothing'}, expected {', '.join(wanted)}"
        elif handler == "h" and came[0].body != b"\x00\xff":
            yield "no", f"the body of a message is not what was sent: write it as base64 ({came[0].body!r} for b'\\x00\\xff')"
        else:
            yield "ok", f"messages of handler {handler}"
