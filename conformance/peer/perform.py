"""Performs a client program: calls through the adapter, the peer's part on its sockets, everything that happens into an Observation.

The only stage of client runs with a clock. What a client does is an event; what an adapter does wrong is an AdapterError.
"""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, assert_never

from conformance.adapters.process import COMMAND_S, Adapter
from conformance.adapters.protocol import Json, message_of, to_base64
from conformance.client.limits import DEFAULT_LIMITS, Limits
from conformance.peer.wire import Line, Peer, closed_address
from conformance.wire import WireError, cut, decode, encode_message
from reference_model.client.program import (
    CLOSED,
    PEER,
    WAITING,
    Answer,
    Argument,
    Await,
    Call,
    ClientProgram,
    ClientStep,
    Fence,
    Field,
    Hangup,
    Hear,
    Quiet,
    Receive,
    Serve,
    ServeBytes,
    wire,
)
from reference_model.messages import Header, HeaderValue, Message
from reference_model.observation import Event, EventKind, Observation
from reference_model.scenario import Ref

SETTLE_S: Final = 0.002
"""After the last step, only to catch what should not come."""

NAMES: Final[Mapping[str, str]] = {"ack": "sow_delete", "close_stream": "unsubscribe", "next": ""}
"""The command that a call sends where it is not of its own name."""


class Stage:
    """An adapter and the peers of its clients; performs programs one after the other. Use as a context manager."""

    def __init__(self, adapter: Adapter, limits: Limits = DEFAULT_LIMITS) -> None:
        self.adapter = adapter
        self.limits = limits
        self._peers: dict[str, Peer] = {}

    def peer(self, client: str) -> Peer:
        """The peer of a client, for the program under way."""
        if client not in self._peers:
            self._peers[client] = Peer.open(client)
        return self._peers[client]

    def perform(self, program: ClientProgram, limits: Limits | None = None) -> Observation:
        """Perform one program, and leave nothing of it behind. Raises AdapterError."""
        performance = _Performance(self, program, limits or self.limits)
        try:
            return performance.run()
        finally:
            performance.close()
            self.close()  # the next program has peers at other addresses: what still tries to connect is not taken for its client

    def reset(self) -> None:
        """Have the adapter close its clients. Raises AdapterError."""
        self.adapter.answer(self.adapter.send({"do": "reset"}), COMMAND_S, "answer to reset")

    def close(self) -> None:
        """Listen no more; the adapter is its owner's."""
        for peer in self._peers.values():
            peer.close()
        self._peers.clear()


class _Performance:
    def __init__(self, stage: Stage, program: ClientProgram, limits: Limits) -> None:
        self.stage = stage
        self.adapter = stage.adapter
        self.program = program
        self.limits = limits
        self.events: list[Event] = []
        self.labels: dict[int, str] = {}
        self.outcomes: dict[str, Json] = {}
        self.received: dict[str, Message] = {}
        self.lines: dict[str, list[Line]] = {}
        self.unclaimed: dict[str, list[int]] = {}
        self.heard: set[str] = set()
        self.deaf: set[str] = set()
        self.unresolved: list[str] = []
        self.late: list[str] = []
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.adapter.fileno(), selectors.EVENT_READ, None)
        self.watched: set[str] = set()
        self.opened = datetime.now(UTC).isoformat(timespec="microseconds")
        self.began = time.monotonic()

    def run(self) -> Observation:
        for step in self.program.steps:
            self._step(step)
        self._pump(lambda: False, SETTLE_S)
        return Observation(
            scenario=self.program.name,
            events=tuple(self.events),
            unresolved=tuple(self.unresolved),
            late=tuple(self.late),
            opened_utc=self.opened,
        )

    def close(self) -> None:
        self.selector.close()

    # ---- steps -----------------------------------------------------------------------------------------------------------------

    def _step(self, step: ClientStep) -> None:
        match step:
            case Call():
                self._call(step.label, step.client, step.do, step.arguments)
            case Receive():
                self._receive(step)
            case Serve():
                self._serve(step.label, step.client, step.answers, step.pieces)
            case ServeBytes():
                self._write(step.label, step.client, [step.data])
            case Hangup():
                line = self._line(step.client)
                if line is not None:
                    self._drain(line)
                    line.told = True
                    self._forget(line)
                    line.connection.close()
                self._record(step.client, "step", label=step.label)
            case Await():
                self._await(step.label, step.call, self._timeout_s(step.call))
            case Hear():
                within_s = step.within_s + self._answer_s()
                if not self._pump(lambda: step.client in self.heard, within_s):
                    self.late.append(step.label)
                    self.deaf.add(step.client)
                self._record(step.client, "step", label=step.label)
            case Quiet():
                self._pump(lambda: False, step.seconds)
                self._record(step.client, "step", label=step.label)
            case Fence():
                self._fence(step)
            case _:
                assert_never(step)

    def _call(self, label: str, client: str, do: str, arguments: Mapping[str, Argument]) -> None:
        if client in self.deaf:
            self.unresolved.append(label)  # what it would come to hangs on whether the client has noticed
            return
        given: dict[str, Any] = {}
        for name, value in arguments.items():
            if isinstance(value, Ref):
                outcome = self.outcomes.get(value.label, {})
                if not isinstance(outcome.get("value"), str):
                    self.unresolved.append(label)
                    return
                given[name] = outcome["value"]
            elif isinstance(value, bytes):
                given[name] = to_base64(value)
            else:
                given[name] = list(value) if isinstance(value, tuple) else value
        if "uri" in given:
            given["uri"] = given["uri"].replace(PEER, self._listening(client)).replace(CLOSED, closed_address())
        self._record(client, "sent", label=label, message=Message(header={"cmd": do, **_shown(arguments)}))
        number = self.adapter.send({"do": do, "client": client, **given})
        self.labels[number] = label
        if do not in WAITING or do == "close":
            self._await(label, label, 0.0)

    def _listening(self, client: str) -> str:
        peer = self.stage.peer(client)
        if client not in self.watched:
            self.watched.add(client)
            self.selector.register(peer.listener, selectors.EVENT_READ, peer)
        return peer.address

    def _await(self, label: str, call: str, timeout_s: float) -> None:
        if not self._pump(lambda: call in self.outcomes, timeout_s + self._answer_s()):
            self.late.append(label)

    def _timeout_s(self, call: str) -> float:
        """How long the call itself may take."""
        step = next((one for one in self.program.steps if one.label == call and isinstance(one, Call)), None)
        timeout = 0 if step is None else step.arguments.get("timeout_ms", 0)
        return int(timeout) / 1000 if isinstance(timeout, int) else 0.0

    def _answer_s(self) -> float:
        """The usual wait, a short one after something has been late."""
        return (self.limits.impatient_s if self.late else self.limits.answer_s) * self.limits.timeout_scale

    def _receive(self, step: Receive) -> None:
        call = next((one for one in self.program.steps if one.label == step.call), None)
        cmd = NAMES.get(call.do, call.do) if isinstance(call, Call) else step.call
        if not self._claim(step.label, step.client, cmd):
            self.late.append(step.label)

    def _claim(self, label: str, client: str, cmd: str) -> bool:
        """Take the first command of that name for this step; when the time is over, the first of any name."""

        def named() -> int | None:
            for index in self.unclaimed.get(client, []):
                message = self.events[index].message
                if message is not None and message.cmd == cmd:
                    return index
            return None

        if not self._pump(lambda: named() is not None, self._answer_s()) and not self.unclaimed.get(client):
            return False
        index = named()
        came = index is not None
        if index is None:
            index = self.unclaimed[client][0]
        self.unclaimed[client].remove(index)
        self.events[index] = replace(self.events[index], label=label)
        message = self.events[index].message
        assert message is not None
        self.received[label] = message
        return came

    def _serve(self, label: str, client: str, answers: tuple[Answer, ...], pieces: str) -> None:
        frames: list[bytes] = []
        for answer in answers:
            header = self._resolved(answer.header)
            if header is None:
                self.unresolved.append(label)
                return
            if answer.body and "msg_len" not in header:
                header = {**header, "msg_len": len(answer.body)}
            frames.append(encode_message(Message(header=header, body=answer.body, records=answer.records)))
        if pieces == "whole":
            self._write(label, client, [b"".join(frames)])
        else:
            self._write(label, client, [piece for frame in frames for piece in cut(frame, pieces)])  # type: ignore[arg-type]  # the others

    def _resolved(self, fields: Mapping[str, Field]) -> Header | None:
        found: dict[str, HeaderValue] = {}
        for name, value in fields.items():
            parts = value if isinstance(value, tuple) else (value,)
            texts: list[HeaderValue] = []
            for part in parts:
                if isinstance(part, Ref):
                    message = self.received.get(part.label)
                    text = None if message is None else message.text(part.field)
                    if text is None:
                        return None
                    texts.append(text)
                else:
                    texts.append(part)
            found[name] = ",".join(map(str, texts)) if isinstance(value, tuple) else texts[0]
        return found

    def _write(self, label: str, client: str, pieces: list[bytes]) -> None:
        line = self._line(client)
        if line is None:
            self.unresolved.append(label)
            return
        self._record(line.name, "sent", label=label, payload=b"".join(pieces)[4:])
        line.connection.queue_pieces(pieces)
        line.connection.write()
        self._pump(lambda: not line.connection.unwritten, self._answer_s())

    def _line(self, client: str) -> Line | None:
        """The connection of now: the last one that the client opened."""
        lines = self.lines.get(client, [])
        return lines[-1] if lines and lines[-1].connection.ended is None else None

    def _fence(self, fence: Fence) -> None:
        if self._line(fence.client) is None:
            self.late.append(fence.label)
            return
        self._call(fence.label, fence.client, "flush", {})
        if not self._claim(fence.label, fence.client, "flush"):
            self.late.append(fence.label)
            return
        ack: dict[str, Field] = {
            "cmd": "ack",
            "cmd_id": Ref(label=fence.label, field="cmd_id"),
            "ack_type": "processed",
            "status": "success",
        }
        self._serve(fence.label, fence.client, (Answer(header=ack),), "whole")
        self._await(fence.label, fence.label, 0.0)

    # ---- what happens meanwhile --------------------------------------------------------------------------------------------------

    def _pump(self, done: Callable[[], bool], timeout_s: float) -> bool:
        """Take in what comes until `done`, or the time is over. Raises AdapterError."""
        until = time.monotonic() + timeout_s
        while not done():
            left = until - time.monotonic()
            if left <= 0:
                return False
            for client in list(self.lines):
                for line in self.lines[client]:
                    line.connection.write()
            busy = any(line.connection.unwritten for lines in self.lines.values() for line in lines)
            for key, _ in self.selector.select(min(left, 0.001 if busy else left)):
                self._take(key.data)
        return True

    def _take(self, source: object) -> None:
        if source is None:
            for event in self.adapter.read():
                self._application(event)
        elif isinstance(source, Peer):
            number = len(self.lines.get(source.client, [])) + 1
            line = source.accept(wire(source.client, number))
            if line is not None:
                self.lines.setdefault(source.client, []).append(line)
                self.selector.register(line.connection, selectors.EVENT_READ, line)
                self._record(line.name, "opened")
        elif isinstance(source, Line):
            self._drain(source)

    def _drain(self, line: Line) -> None:
        client = line.name.rpartition(".")[0]
        for payload in line.connection.read():
            try:
                message = decode(payload, sender="client")
            except WireError as error:
                self._record(line.name, "garbled", payload=payload[:4096], detail=error.reason)
                continue
            self.unclaimed.setdefault(client, []).append(len(self.events))
            self._record(line.name, "received", payload=payload, message=message)
        ended = line.connection.ended
        if ended is not None and not line.told:
            line.told = True
            kind: EventKind = ended.kind
            self._record(line.name, kind, payload=ended.data, detail=ended.detail)
            self._forget(line)

    def _forget(self, line: Line) -> None:
        if line.connection.fileno() >= 0 and line.connection.fileno() in self.selector.get_map():
            self.selector.unregister(line.connection)

    def _application(self, event: Json) -> None:
        kind = event["event"]
        if kind in {"returned", "raised"}:
            label = self.labels.get(event["id"])
            if label is not None:
                self.outcomes.setdefault(label, event)
                client = next((one.client for one in self.program.steps if one.label == label), "")
                self._record(client, "received", message=outcome_message(label, event))
            return
        if kind == "hello":
            return
        client = event["client"]
        if kind == "disconnected":
            self.heard.add(client)
        self._record(client, "received", message=told_message(kind, event))

    def _record(
        self,
        connection: str,
        kind: EventKind,
        *,
        label: str | None = None,
        payload: bytes = b"",
        message: Message | None = None,
        detail: str = "",
    ) -> None:
        at_s = time.monotonic() - self.began
        self.events.append(
            Event(at_s=at_s, connection=connection, kind=kind, label=label, payload=payload, message=message, detail=detail)
        )


def _shown(arguments: Mapping[str, Argument]) -> dict[str, HeaderValue]:
    """The arguments of a call for its record; those that are bodies are on the wire."""
    return {
        name: ",".join(map(str, v)) if isinstance(v, tuple) else str(v) for name, v in arguments.items() if not isinstance(v, bytes)
    }


def outcome_message(label: str, event: Json) -> Message:
    """How a call ended: its result, and the message that was given back under `message.` names."""
    header: dict[str, HeaderValue] = {"cmd": "outcome", "call": label, "result": event["event"]}
    for name in ("error", "text", "value", "depth"):
        if event.get(name) is not None:
            header[name] = event[name]
    if event.get("end"):
        header["end"] = "yes"
    if "message" not in event:
        return Message(header=header)
    message = message_of(event["message"])
    inner = {f"message.{'command' if name == 'cmd' else name}": value for name, value in message.header.items()}
    return Message(header={**header, **inner}, body=message.body)


def told_message(kind: str, event: Json) -> Message:
    """What the application was told of, as a message whose `event` and `handler` say how."""
    message = message_of(event["message"]) if "message" in event else Message(header={})
    header: dict[str, HeaderValue] = {**message.header, "event": kind, "handler": event.get("handler", "")}
    for name in ("text", "state", "reason"):
        if name in event:
            header[name] = event[name]
    return Message(header={"cmd": kind, **header}, body=message.body)
