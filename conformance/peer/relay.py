"""A client and a server in conversation, through a relay of ours: every frame is passed on unchanged, and recorded.

The application's calls are given; what client and server make of them is theirs. The recording is told twice: as a client program (the
server's messages are what a peer served) and as a scenario (the client's commands are what a program sent), so that each side is judged
by its own model.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from conformance.adapters.process import COMMAND_S, Adapter
from conformance.adapters.protocol import Json, to_base64
from conformance.client.connection import Connection
from conformance.client.limits import Limits
from conformance.errors import UnreachableError
from conformance.naming import Naming, to_logical
from conformance.peer.perform import outcome_message, told_message
from conformance.targets.spec import TargetSpec
from conformance.wire import WireError, decode, frame
from reference_model.client.program import Answer, Await, Call, ClientProgram, ClientStep, Field, Receive, Serve, wire
from reference_model.messages import Message
from reference_model.observation import Event, Observation
from reference_model.scenario import Command, Fence, Open, Ref, Scenario, Send, Step

CLIENT: Final = "c"
LINE: Final = wire(CLIENT)
IDS: Final = ("cmd_id", "sub_id", "query_id")
END: Final = f"end-{CLIENT}"
"""The label of the flush at the end: what was not seen when it is answered does not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What was recorded: `program` and `seen` for the client, `scenario` and `observed` for the server."""

    program: ClientProgram
    seen: Observation
    scenario: Scenario
    observed: Observation


class Relay:
    """Carries one conversation. Raises UnreachableError: the server is gone; AdapterError: the adapter fails."""

    def __init__(self, adapter: Adapter, spec: TargetSpec, naming: Naming, limits: Limits) -> None:
        self._adapter, self._spec, self._naming, self._limits = adapter, spec, naming, limits
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, "accept")
        self._selector.register(adapter.fileno(), selectors.EVENT_READ, "adapter")
        self._client: Connection | None = None
        self._server: Connection | None = None
        self._began = time.monotonic()
        self._opened = datetime.now(UTC).isoformat(timespec="microseconds")
        self._events: list[Event] = []
        self._steps: list[ClientStep] = []
        self._labels: dict[int, str] = {}
        self._outcomes: dict[str, Json] = {}
        self._current = ""
        self._late: list[str] = []
        self._frames = 0
        self._ids: dict[tuple[str, str], Ref] = {}

    def converse(self, name: str, calls: Sequence[Call]) -> Conversation:
        """Make the calls one after the other and record what comes of them."""
        try:
            for call in calls:
                self._call(call)
        finally:
            self._selector.close()
            self._listener.close()
            for connection in (self._client, self._server):
                if connection is not None:
                    connection.close()
            self._adapter.answer(self._adapter.send({"do": "reset"}), COMMAND_S, "answer to reset")
        seen = Observation(scenario=name, events=tuple(self._events), late=tuple(self._late), opened_utc=self._opened)
        program = ClientProgram(name=name, steps=tuple(self._steps))
        return Conversation(program=program, seen=seen, **_for_the_server(name, seen))

    # ---- the application ---------------------------------------------------------------------------------------------------------

    def _call(self, call: Call) -> None:
        self._current = call.label
        self._steps.append(call)
        self._record(CLIENT, "sent", label=call.label, message=Message(header={"cmd": call.do}))
        given: dict[str, Any] = {}
        for name, value in call.arguments.items():
            given[name] = to_base64(value) if isinstance(value, bytes) else list(value) if isinstance(value, tuple) else value
        if "topic" in given:
            given["topic"] = str(given["topic"]).replace("@", self._naming.topics)
        if "name" in given:
            given["name"] = str(given["name"]).replace("@", self._naming.clients)
        if "uri" in given:
            given["uri"] = (
                f"tcp://{self._credentials()}127.0.0.1:{self._listener.getsockname()[1]}/amps/{self._spec.message_type or ''}"
            )
        frames = self._frames
        self._labels[self._adapter.send({"do": call.do, "client": CLIENT, **given})] = call.label
        sends = call.do not in {"client", "connect", "close"}
        if not self._pump(lambda: call.label in self._outcomes and (not sends or self._frames > frames)):
            self._late.append(call.label)
        self._steps.append(Await(label=f"await-{call.label}", client=CLIENT, call=call.label))

    def _credentials(self) -> str:
        if not self._spec.user:
            return ""
        return f"{self._spec.user}:{self._spec.password or ''}@"

    # ---- the wire ----------------------------------------------------------------------------------------------------------------

    def _pump(self, done: Any) -> bool:
        until = time.monotonic() + self._limits.answer_s * self._limits.timeout_scale
        while not done():
            left = until - time.monotonic()
            if left <= 0:
                return False
            for connection in (self._client, self._server):
                if connection is not None:
                    connection.write()
            for key, _ in self._selector.select(min(left, 0.01)):
                self._take(key.data)
        return True

    def _take(self, source: str) -> None:
        match source:
            case "adapter":
                for event in self._adapter.read():
                    self._application(event)
            case "accept":
                self._accept()
            case "client":
                assert self._client is not None
                for payload in self._client.read():
                    self._from_client(payload)
                self._ended(self._client)
            case _:
                assert self._server is not None
                for payload in self._server.read():
                    self._from_server(payload)
                self._ended(self._server)

    def _accept(self) -> None:
        sock, _ = self._listener.accept()
        if self._client is not None:
            sock.close()
            return
        self._client = Connection(sock)
        self._server = Connection.open(self._spec, timeout_s=self._limits.connect_s * self._limits.timeout_scale)
        self._selector.register(self._client, selectors.EVENT_READ, "client")
        self._selector.register(self._server, selectors.EVENT_READ, "server")
        self._record(LINE, "opened")

    def _ended(self, connection: Connection) -> None:
        """One side has closed: so does the other."""
        if connection.ended is None:
            return
        for one in (self._client, self._server):
            if one is not None and one.fileno() >= 0:
                self._selector.unregister(one)
                one.close()
        self._record(LINE, "closed", detail="the client closed" if connection is self._client else "the server closed")
        if connection is self._server and not self._outcomes:
            raise UnreachableError(f"{self._spec.address} closed the connection of the client")

    def _from_client(self, payload: bytes) -> None:
        assert self._server is not None
        self._server.queue(frame(payload))
        self._server.write()
        self._frames += 1
        label = f"got{self._frames}"
        message = to_logical(decode(payload, sender="client"), self._naming)
        self._record(LINE, "received", label=label, payload=payload, message=message)
        self._steps.append(Receive(label=label, client=CLIENT, call=self._current))
        for name in IDS:
            value = message.text(name)
            if value is not None:
                self._ids.setdefault((name, value), Ref(label=label, field=name))

    def _from_server(self, payload: bytes) -> None:
        assert self._client is not None
        self._client.queue(frame(payload))
        self._client.write()
        label = f"serve{len(self._steps)}"
        try:
            message = to_logical(decode(payload, sender="server"), self._naming)
        except WireError as error:
            self._record(LINE, "garbled", payload=payload, detail=error.reason)
            return
        self._record(LINE, "sent", label=label, payload=payload, message=message)
        header: dict[str, Field] = {}
        for name, value in message.header.items():
            if name == "sids":
                header[name] = tuple(self._ids.get(("sub_id", one), one) for one in str(value).split(","))
            else:
                header[name] = self._ids.get((name, str(value)), value) if name in IDS else value
        answer = Answer(header=header, body=message.body, records=message.records)
        self._steps.append(Serve(label=label, client=CLIENT, answers=(answer,)))

    def _application(self, event: Json) -> None:
        if event["event"] in {"returned", "raised"}:
            label = self._labels.get(event["id"])
            if label is not None:
                self._outcomes[label] = event
                self._record(CLIENT, "received", message=to_logical(outcome_message(label, event), self._naming))
        elif event["event"] != "hello":
            self._record(CLIENT, "received", message=to_logical(told_message(event["event"], event), self._naming))

    def _record(self, connection: str, kind: Any, **more: Any) -> None:
        self._events.append(Event(at_s=time.monotonic() - self._began, connection=connection, kind=kind, **more))


# ---- the same recording for the server -------------------------------------------------------------------------------------------


def _for_the_server(name: str, seen: Observation) -> dict[str, Any]:
    """Scenario and observation: the client's frames were sent, the server's received. Its flushes that ask for completed are fences."""
    steps: list[Step] = []
    events: list[Event] = []
    renamed: dict[str, str] = {}
    flushes = [event.label for event in seen.events if _is_fence(event)]
    for event in seen.events:
        if event.connection != LINE:
            continue
        message = event.message
        if event.kind == "received" and message is not None:
            label = event.label or ""
            if _is_fence(event):
                fence = END if label == flushes[-1] else f"fence-{label}"
                renamed[message.text("cmd_id") or ""] = fence
                if fence != END:
                    steps.append(Fence(label=label, kind="state", connection=CLIENT))
                message = Message(header={"cmd": "flush", "cmd_id": fence, "ack_type": "completed"})
            elif message.cmd == "logon":
                steps.append(Open(label=label, connection=CLIENT, logon=Command(header=dict(message.header), body=message.body)))
            else:
                steps.append(Send(label=label, connection=CLIENT, command=Command(header=dict(message.header), body=message.body)))
            events.append(replace(event, connection=CLIENT, kind="sent", message=message))
        elif event.kind == "sent" and message is not None:
            cmd_id = message.text("cmd_id")
            if cmd_id in renamed:
                message = replace(message, header={**message.header, "cmd_id": renamed[cmd_id]})
            events.append(replace(event, connection=CLIENT, kind="received", label=None, message=message))
        elif event.kind == "opened":
            events.append(replace(event, connection=CLIENT, label="connect"))
        else:
            events.append(replace(event, connection=CLIENT, label=None))
    scenario = Scenario(name=name, steps=tuple(steps), exercises=())
    resolved = {event.label: event.message for event in events if event.kind == "sent" and event.label and event.message is not None}
    observed = Observation(scenario=name, events=tuple(events), resolved=resolved, late=(), opened_utc=seen.opened_utc)
    return {"scenario": scenario, "observed": observed}


def _is_fence(event: Event) -> bool:
    message = event.message
    return event.kind == "received" and message is not None and message.cmd == "flush" and message.text("ack_type") == "completed"
