"""Recordings made by hand: what a target might have sent in answer to a program, as frames that went through the codec.

`play` answers every ack that a command asks for, and every logon and final flush; a test gives what differs.
"""

from conformance.compare.judge import examine
from conformance.rules import load
from conformance.wire import decode, encode_command, encode_message
from reference_model.config import STANDARD
from reference_model.messages import Message, SowRecord
from reference_model.observation import Event, Observation
from reference_model.scenario import Close, Command, Fence, Open, Scenario, Send, Together
from reference_model.steps import default_logon

CATALOGUE = load()
ORDER = ("received", "processed", "completed", "persisted", "stats")


# ---- programs ------------------------------------------------------------------------------------------------------------------


def program(*steps):
    return Scenario(name="by-hand", steps=tuple(steps))


def connect(connection="a"):
    return Open(label=f"open-{connection}", connection=connection, logon=default_logon(connection))


def send(label, cmd, *, on="a", body=b"", **header):
    return Send(label=label, connection=on, command=Command(header={"cmd": cmd, **header}, body=body))


def publish(label, body, *, topic="@orders", **more):
    return send(label, "publish", topic=topic, body=body, **more)


def query(label, *, topic="@orders", acks="processed,completed", **more):
    return send(label, "sow", topic=topic, cmd_id=label, query_id=label, ack_type=acks, **more)


def fence(label="f", on="a"):
    return Fence(label=label, kind="state", connection=on)


# ---- answers -------------------------------------------------------------------------------------------------------------------


def ack(cmd_id, ack_type, status="success", **more):
    ids = {} if cmd_id is None else {"cmd_id": cmd_id}
    return Message(header={"cmd": "ack", **ids, "ack_type": ack_type, "status": status, **more})


def begin(query_id):
    return Message(header={"cmd": "group_begin", "query_id": query_id})


def end(query_id):
    return Message(header={"cmd": "group_end", "query_id": query_id})


def record(key, data, **more):
    return SowRecord(header={"sow_key": str(key), **more}, data=data)


def sow(query_id, *records, topic="@orders", **more):
    """One `sow` message; `batch_size` is stated rightly unless given."""
    header = {"cmd": "sow", "topic": topic, "query_id": query_id, "batch_size": len(records), **more}
    return Message(header=header, records=records)


def result(query_id, *records, acks=("processed", "completed"), stats=(), topic="@orders"):
    """A whole right answer, one record a message."""
    first = [ack(query_id, kind) for kind in ("received", "processed") if kind in acks]
    last = [
        ack(query_id, kind, **(dict(stats) if kind == "stats" else {})) for kind in ("completed", "persisted", "stats") if kind in acks
    ]
    return [*first, begin(query_id), *(sow(query_id, one, topic=topic) for one in records), end(query_id), *last]


def delivery(sids, body, *, topic="@orders", **more):
    return Message(header={"cmd": "publish", "topic": topic, "sids": sids, **more}, body=body)


def on(connection, *messages):
    """Messages on another connection than that of the step they follow."""
    return [(connection, message) for message in messages]


CLOSED = "closed"
GARBLED = "garbled"


# ---- the tape ------------------------------------------------------------------------------------------------------------------


def play(scenario, answers=None, *, ended=True, **more):
    """The observation of a program whose steps were answered so; what `answers` does not name is answered as it asked.

    answers   per label messages, (connection, message) pairs, or CLOSED; `end-a` is the final flush of connection a
    ended     the connections are flushed at the end, and answer
    """
    tape = _Tape(dict(answers or {}), set(more.get("unresolved", ())))
    connections = {}
    for step in scenario.steps:
        tape.step(step)
        if isinstance(step, Open):
            connections[step.connection] = step.logon is not None
        elif isinstance(step, Close):
            connections.pop(step.connection, None)
    for connection, logged_on in connections.items():
        if ended and logged_on and connection not in tape.closed:
            tape.command(f"end-{connection}", connection, flush(f"end-{connection}"))
    assert not tape.answers, f"no such steps: {tape.answers}"
    return Observation(
        scenario=scenario.name, events=tuple(tape.events), resolved=tape.resolved, opened_utc="2026-01-01T00:00:00", **more
    )


def flush(cmd_id):
    return Command(header={"cmd": "flush", "cmd_id": cmd_id, "ack_type": "completed"})


class _Tape:
    def __init__(self, answers, unresolved):
        self.answers = answers
        self.unresolved = unresolved
        self.events = []
        self.resolved = {}
        self.closed = set()

    def note(self, connection, kind, **more):
        self.events.append(Event(at_s=len(self.events) / 1000, connection=connection, kind=kind, **more))

    def step(self, step):
        if step.label in self.unresolved or getattr(step, "connection", None) in self.closed:
            return
        if isinstance(step, Open):
            self.note(step.connection, "opened", label=step.label)
            if step.logon is not None:
                self.command(step.label, step.connection, step.logon)
        elif isinstance(step, Send):
            self.command(step.label, step.connection, step.command)
        elif isinstance(step, Together):
            for lane in step.lanes:
                for one in lane:
                    self.command(one.label, one.connection, one.command)
        elif isinstance(step, Fence) and step.kind == "state":
            self.command(step.label, step.connection, flush(f"fence-{step.label}"))
        else:
            self.note(getattr(step, "connection", ""), "step", label=step.label)
            self.receive(step.label, getattr(step, "connection", ""), None)

    def command(self, label, connection, command):
        message = command.plain()
        if label in self.unresolved:
            return
        self.resolved[label] = message
        self.note(connection, "sent", label=label, payload=encode_command(message)[4:], message=message)
        self.receive(label, connection, message)

    def receive(self, label, connection, command):
        answer = self.answers.pop(label, None)
        for one in usual(command) if answer is None else answer:
            place, message = one if isinstance(one, tuple) else (connection, one)
            if message == CLOSED:
                self.note(place, "closed", detail="by the target")
                self.closed.add(place)
            elif isinstance(message, bytes):
                self.note(place, "garbled", payload=message, detail="no message")
                self.closed.add(place)
            else:
                payload = encode_message(message)[4:]
                self.note(place, "received", payload=payload, message=decode(payload, sender="server"))


def usual(command):
    """The acks that a command asks for."""
    if command is None:
        return []
    asked = [kind for kind in ORDER if kind in str(command.header.get("ack_type", "")).split(",")]
    more = {"version": "5.3.5.0", "client_name": command.header.get("client_name", "")} if command.cmd == "logon" else {}
    return [ack(command.text("cmd_id"), kind, **(more if kind == "processed" else {})) for kind in asked]


# ---- verdicts ------------------------------------------------------------------------------------------------------------------


def look(scenario, answers=None, *, config=STANDARD, **more):
    return examine(scenario, play(scenario, answers, **more), config, CATALOGUE)


def broken(examination):
    """The rules that are broken by themselves."""
    return {finding.rule for finding in examination.verdict.findings if finding.masked_by is None}
