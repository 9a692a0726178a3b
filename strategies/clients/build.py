"""Short ways to write client programs: what belongs together (a call, its command, the peer's answer) is one call here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from reference_model.client.program import (
    Answer,
    Await,
    Call,
    ClientProgram,
    ClientStep,
    Fence,
    Hangup,
    Hear,
    Quiet,
    Receive,
    Serve,
    ServeBytes,
    end_label,
)
from reference_model.messages import SowRecord
from reference_model.rule import Because, R
from reference_model.scenario import Ref

Pieces = Literal["whole", "bytes", "cuts"]
URI = "tcp://{peer}/amps/json"


class ProgramOfClients:
    """Collects the steps of a program."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.steps: list[ClientStep] = []
        self.apps: list[App] = []
        self._counts: dict[str, int] = {}

    def label(self, kind: str) -> str:
        """`sub1`, `sub2`, …"""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{kind}{self._counts[kind]}"

    def app(self, client: str = "c", *, name: str = "app", **options: Any) -> App:
        """A client that is not connected yet."""
        app = App(self, client)
        app.call("client", name=name, **options)
        self.apps.append(app)
        return app

    def start(self, client: str = "c", *, name: str = "app", **options: Any) -> App:
        """A client that is connected and logged on."""
        app = self.app(client, name=name, **options)
        app.connect()
        app.logon()
        return app

    def program(self, *exercises: R, needs: Iterable[str] = ()) -> ClientProgram:
        """The program, each client that is logged on with a fence at its end."""
        for app in self.apps:
            if app.alive:
                self.steps.append(Fence(label=end_label(app.client), client=app.client))
            elif app.rest_s:
                self.steps.append(Quiet(label=end_label(app.client), client=app.client, seconds=app.rest_s))
        needed = frozenset({"client", *needs})
        return ClientProgram(name=self.name, steps=tuple(self.steps), needs=needed, exercises=tuple(exercises))


class App:
    """One client of a program, and its peer."""

    def __init__(self, program: ProgramOfClients, client: str) -> None:
        self._program = program
        self.client = client
        self.alive = False
        self.rest_s = 0.0
        """How long at the end it is watched that a client without connection does nothing."""

    def _add(self, step: ClientStep) -> str:
        self._program.steps.append(step)
        return step.label

    # ---- single steps ----------------------------------------------------------------------------------------------------------

    def call(self, do: str, about: Because = (), label: str = "", **arguments: Any) -> str:
        """The label of the call."""
        label = label or self._program.label(do)
        return self._add(Call(label=label, client=self.client, do=do, arguments=arguments, about=about))

    def receive(self, call: str, about: Because = (), *, again: bool = False) -> str:
        """The label under which the command of a call is known."""
        label = self._program.label("got")
        return self._add(Receive(label=label, client=self.client, call=call, again=again, about=about))

    def serve(self, *answers: Answer, about: Because = (), pieces: Pieces = "whole") -> str:
        """Send messages in one write."""
        label = self._program.label("serve")
        return self._add(Serve(label=label, client=self.client, answers=answers, pieces=pieces, about=about))

    def serve_bytes(self, data: bytes, meaning: Literal["noop", "broken", "partial"], about: Because = ()) -> None:
        self._add(ServeBytes(label=self._program.label("bytes"), client=self.client, data=data, meaning=meaning, about=about))

    def ended(self, call: str) -> None:
        """Wait for the end of a call."""
        self._add(Await(label=self._program.label("await"), client=self.client, call=call))

    def quiet(self, seconds: float) -> None:
        self._add(Quiet(label=self._program.label("quiet"), client=self.client, seconds=seconds))

    def hang_up(self, about: Because = ()) -> None:
        """The peer closes."""
        self.alive = False
        self._add(Hangup(label=self._program.label("hangup"), client=self.client, about=about))

    def hears(self, within_s: float = 0.0, about: Because = ()) -> None:
        """The application is told of the loss."""
        self.alive = False
        self._add(Hear(label=self._program.label("hear"), client=self.client, within_s=within_s, about=about))

    def fence(self) -> None:
        self._add(Fence(label=self._program.label("fence"), client=self.client))

    # ---- several steps ---------------------------------------------------------------------------------------------------------

    def connect(self, uri: str = URI, about: Because = ()) -> str:
        return self.call("connect", about, uri=uri)

    def ack(self, got: str, ack_type: str = "processed", status: str = "success", about: Because = (), **more: Any) -> None:
        """An ack for the command received at `got`."""
        self.serve(ack(got, ack_type, status, **more), about=about)

    def logon(self, *, about: Because = (), **arguments: Any) -> str:
        """Log on, and be answered. The label of the command received."""
        call = self.call("logon", **arguments)
        got = self.receive(call, about)
        self.ack(got, version="5.3.5.0", seq=0, bookmark="1|0|")
        self.ended(call)
        self.alive = True
        return got

    def request(self, do: str, topic: str = "T", *, about: Because = (), sent: Because = (), **arguments: Any) -> str:
        """A subscription or query that is answered. The label of the command received. `about`: its outcome, `sent`: its command."""
        call = self.call(do, about, topic=topic, **arguments)
        got = self.receive(call, sent)
        more: dict[str, Any] = {"sub_id": Ref(label=got, field="sub_id")} if do.endswith("subscribe") else {}
        self.ack(got, **more)
        self.ended(call)
        return got

    def subscribe(self, topic: str = "T", handler: str = "h", **arguments: Any) -> str:
        """A subscription with a handler. The label of the command received."""
        return self.request("subscribe", topic, handler=handler, **arguments)

    def deliver(
        self, *to: str, body: bytes = b'{"id":1}', topic: str = "T", about: Because = (), pieces: Pieces = "whole", **more: Any
    ) -> None:
        """A publish for the subscriptions received at these labels (or with these ids, if no label is like that)."""
        self.serve(publish(*to, body=body, topic=topic, **more), about=about, pieces=pieces)


def ack(got: str, ack_type: str = "processed", status: str = "success", **more: Any) -> Answer:
    """An ack for the command received at `got`."""
    return Answer(header={"cmd": "ack", "cmd_id": Ref(label=got, field="cmd_id"), "ack_type": ack_type, "status": status, **more})


def publish(*to: str, body: bytes = b'{"id":1}', topic: str = "T", cmd: str = "publish", **more: Any) -> Answer:
    """A message for subscriptions: labels of received commands (`got1`), or ids as they are."""
    sids = tuple(Ref(label=one, field="sub_id") if one.startswith("got") else one for one in to)
    return Answer(header={"cmd": cmd, "topic": topic, "sids": sids, **more}, body=body)


def group(got: str, *records: tuple[str, bytes], topic: str = "T", batch: int = 10) -> tuple[Answer, ...]:
    """The result of a query: group_begin, records as (key, data) in batches, group_end."""
    rows = [SowRecord(header={"sow_key": key}, data=data) for key, data in records]
    batches = [tuple(rows[at : at + batch]) for at in range(0, len(rows), batch)]
    return (bracket(got, "group_begin"), *(sow(got, batch, topic=topic) for batch in batches), bracket(got, "group_end"))


def bracket(got: str, cmd: str) -> Answer:
    """group_begin or group_end."""
    return Answer(header={"cmd": cmd, "query_id": Ref(label=got, field="query_id")})


def sow(got: str, records: tuple[SowRecord, ...], *, topic: str = "T", **more: Any) -> Answer:
    """A batch of records."""
    return Answer(header={"cmd": "sow", "query_id": Ref(label=got, field="query_id"), "topic": topic, **more}, records=records)
