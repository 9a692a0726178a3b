"""A small builder that makes scenarios pleasant to write. It gives labels and ids; what a program may ask is the model's matter.

    p = Program("records-update")
    a = p.open("a")
    a.publish("@orders", {"id": 1, "qty": 3})
    a.fence()
    a.sow("@orders", acks="completed,stats")
    scenario = p.scenario(R("SOW-REC-01"))

Labels are short: `p1` publishes, `d1` deltas, `q1` queries, `s1` subscriptions, `x1` deletes, `f1` fences. A command has its label as
cmd_id if it asks for an ack or needs the id; `cmd_id=None` sends none. A query has its own query_id (`q1.r`), a subscription its own
sub_id (`s1.m`), unless the program gives another, or None for none. Bodies are bytes, or a mapping that is written as compact JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from reference_model.fault import Direction, Fault, FaultKind, Mend
from reference_model.messages import PLAIN, Form
from reference_model.payload.json import write
from reference_model.rule import R
from reference_model.scenario import (
    Advance,
    Close,
    Command,
    Fence,
    KeyOf,
    Open,
    Scenario,
    Send,
    SendBytes,
    Step,
    Together,
    Value,
)
from reference_model.steps import default_logon

Body = bytes | Mapping[str, object]
Fields = Value | None
"""A header value as the builder takes it: None means that the field is not sent."""

KINDS: Final = {
    "logon": "l",
    "flush": "fl",
    "publish": "p",
    "delta_publish": "d",
    "sow": "q",
    "sow_delete": "x",
    "subscribe": "s",
    "sow_and_subscribe": "s",
    "unsubscribe": "u",
}
"""First letters of the labels of commands."""


def json_body(body: Body) -> bytes:
    """The body as bytes; a mapping as compact JSON."""
    return body if isinstance(body, bytes) else write(dict(body))


def key_of(topic: str, *values: object) -> KeyOf:
    """The SOW key last seen with the record of `topic` whose key fields have these values."""
    return KeyOf(topic=topic, values=tuple(write(value).decode() for value in values))


class Program:
    """A scenario under construction; `scenario` finishes it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._steps: list[Step] = []
        self._counts: Counter[str] = Counter()
        self._lanes: dict[str, list[Send]] | None = None

    def label(self, kind: str) -> str:
        """The next label of a kind."""
        self._counts[kind] += 1
        return f"{kind}{self._counts[kind]}"

    def next(self, kind: str) -> str:
        """The label that the next one of a kind will have."""
        return f"{kind}{self._counts[kind] + 1}"

    def add(self, step: Step) -> str:
        """Append a step; returns its label."""
        self._steps.append(step)
        return step.label

    def send(self, send: Send) -> str:
        """Append a command, to its lane while concurrent lanes are being written."""
        if self._lanes is None:
            return self.add(send)
        self._lanes.setdefault(send.connection, []).append(send)
        return send.label

    def open(self, connection: str = "a", *, logon: bool = True, **header: Fields) -> Line:
        """Connect and log on (`header` changes the default logon), or connect only."""
        command = default_logon(connection)
        if header:
            command = Command(header=_header({**command.header, **header}))
        self.add(Open(label=self.label("o"), connection=connection, logon=command if logon else None))
        return Line(self, connection)

    def together(self, witness: str) -> _Lanes:
        """`with program.together(witness):` the commands inside are concurrent, one lane a connection."""
        return _Lanes(self, witness)

    def advance(self, seconds: float) -> str:
        return self.add(Advance(label=self.label("w"), seconds=seconds))

    def fault(self, kind: FaultKind, connection: str | None = None, *, direction: Direction = "downstream", **numbers: int) -> str:
        """A fault on a connection (None: on all) from here on; returns its label."""
        return self.add(Fault(label=self.label("e"), kind=kind, connection=connection, numbers=numbers, direction=direction))

    def mend(self, fault: str) -> str:
        """The end of a fault that slows down."""
        return self.add(Mend(label=self.label("e"), fault=fault))

    def scenario(self, *exercises: R, needs: Iterable[str] = ()) -> Scenario:
        """The finished scenario, with the rules that it was written for."""
        return Scenario(name=self.name, steps=tuple(self._steps), needs=frozenset(needs), exercises=exercises)

    def begin_lanes(self) -> None:
        self._lanes = {}

    def end_lanes(self, witness: str) -> None:
        lanes, self._lanes = self._lanes or {}, None
        self.add(Together(label=self.label("t"), lanes=tuple(tuple(lane) for lane in lanes.values()), witness=witness))


class _Lanes:
    """The block of concurrent lanes."""

    def __init__(self, program: Program, witness: str) -> None:
        self._program = program
        self._witness = witness

    def __enter__(self) -> None:
        self._program.begin_lanes()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._program.end_lanes(self._witness)


class Line:
    """One connection of a program: commands are sent on it."""

    def __init__(self, program: Program, connection: str) -> None:
        self._program = program
        self.connection = connection

    # ---- commands ----------------------------------------------------------------------------------------------------------------

    def command(
        self,
        cmd: str,
        header: Mapping[str, Fields],
        *,
        body: Body = b"",
        acks: str | None = None,
        form: Form = PLAIN,
        needs_id: bool = False,
        about: tuple[R, ...] = (),
    ) -> str:
        """Any command; returns its label. Header values of None are not sent. `about`: what it puts to the test (`Send.about`)."""
        label = self._program.label(KINDS.get(cmd, "c"))
        fields: dict[str, Fields] = {"cmd": cmd}
        if "cmd_id" in header:
            fields["cmd_id"] = header["cmd_id"]
        elif acks is not None or needs_id:
            fields["cmd_id"] = label
        if acks is not None:
            fields["ack_type"] = acks
        fields |= header
        command = Command(header=_header(fields), body=json_body(body))
        return self._program.send(Send(label=label, connection=self.connection, command=command, form=form, about=about))

    def publish(self, topic: str | None, body: Body, *, acks: str | None = None, form: Form = PLAIN, **header: Fields) -> str:
        """A publish without an ack, unless one is asked for."""
        return self.command("publish", {"topic": topic, **header}, body=body, acks=acks, form=form)

    def delta(self, topic: str | None, body: Body, *, acks: str | None = None, form: Form = PLAIN, **header: Fields) -> str:
        """A delta_publish without an ack, unless one is asked for."""
        return self.command("delta_publish", {"topic": topic, **header}, body=body, acks=acks, form=form)

    def sow(self, topic: str, *, acks: str | None = "completed", form: Form = PLAIN, **header: Fields) -> str:
        """A query with a query_id of its own."""
        fields = {"topic": topic, "query_id": f"{self._program.next('q')}.r", **header}
        return self.command("sow", fields, acks=acks, form=form, needs_id=True)

    def subscribe(self, topic: str, *, acks: str | None = "processed", form: Form = PLAIN, **header: Fields) -> str:
        """A subscription with a sub_id of its own."""
        fields = {"topic": topic, "sub_id": f"{self._program.next('s')}.m", **header}
        return self.command("subscribe", fields, acks=acks, form=form, needs_id=True)

    def sow_and_subscribe(self, topic: str, *, acks: str | None = "processed,completed", form: Form = PLAIN, **header: Fields) -> str:
        """A query and a subscription, with ids of their own."""
        label = self._program.next("s")
        fields = {"topic": topic, "query_id": f"{label}.r", "sub_id": f"{label}.m", **header}
        return self.command("sow_and_subscribe", fields, acks=acks, form=form, needs_id=True)

    def unsubscribe(self, sub_id: str, *, acks: str | None = "processed", **header: Fields) -> str:
        """Ends subscriptions: an id, a list of ids, or `all`."""
        return self.command("unsubscribe", {"sub_id": sub_id, **header}, acks=acks)

    def delete(self, topic: str | None, *, acks: str | None = None, body: Body = b"", form: Form = PLAIN, **header: Fields) -> str:
        """sow_delete, by `filter`, by `sow_keys` or by `body`."""
        return self.command("sow_delete", {"topic": topic, **header}, body=body, acks=acks, form=form)

    def flush(self, *, acks: str | None = "completed", form: Form = PLAIN, **header: Fields) -> str:
        """A flush as a command of the program; `fence` is the one of the runner."""
        return self.command("flush", header, acks=acks, form=form)

    def logon(self, *, acks: str | None = "processed", form: Form = PLAIN, **header: Fields) -> str:
        """A logon as a command of the program (`open(logon=False)` before it)."""
        usual = default_logon(self.connection).header
        fields = {name: usual[name] for name in ("client_name", "message_type", "version")}
        return self.command("logon", {**fields, **header}, acks=acks, form=form)

    def raw(self, data: bytes, *, noop: bool = False) -> str:
        """Raw bytes: a frame of length 0 (`noop`), or what ends the connection."""
        label = self._program.label("b")
        return self._program.add(SendBytes(label=label, connection=self.connection, data=data, meaning="noop" if noop else "malformed"))

    # ---- fences ------------------------------------------------------------------------------------------------------------------

    def fence(self) -> str:
        """What this connection changed is visible to queries."""
        return self._program.add(Fence(label=self._program.label("f"), kind="state", connection=self.connection))

    def delivered(self, after: str) -> str:
        """The message that step `after` published has been delivered here."""
        return self._program.add(Fence(label=self._program.label("f"), kind="delivery", connection=self.connection, after=after))

    def answered(self) -> str:
        """Every ack that was asked for on this connection has come."""
        return self._program.add(Fence(label=self._program.label("f"), kind="answers", connection=self.connection))

    def fault(self, kind: FaultKind, *, direction: Direction = "downstream", **numbers: int) -> str:
        """A fault on this connection from here on."""
        return self._program.fault(kind, self.connection, direction=direction, **numbers)

    def close(self) -> str:
        return self._program.add(Close(label=self._program.label("c"), connection=self.connection))


def _header(fields: Mapping[str, Fields]) -> dict[str, Value]:
    return {name: value for name, value in fields.items() if value is not None}
