"""A client program: calls of an application on named clients, and what the peer that the client is connected to awaits and sends.

Data only: stored, drawn, shrunk, performed and judged like a `Scenario`. Steps happen in the order written. A call that waits for an
answer is under way until the answer is served; `Await` waits for its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from reference_model.messages import SowRecord
from reference_model.rule import Because, R
from reference_model.scenario import Ref

PEER: Final = "{peer}"
"""Stands in a connection string for the address at which the peer listens."""

CLOSED: Final = "{closed}"
"""Stands for an address at which nobody listens."""

Argument = str | int | bool | bytes | tuple[str, ...] | tuple[int, ...] | Ref
Field = str | int | Ref | tuple[str | Ref, ...]
"""A header value of the peer: `Ref(label, field)` is a field of the command that the step `label` received; a tuple is a comma list."""

WAITING: Final = frozenset(
    {
        "logon", "subscribe", "delta_subscribe", "sow", "sow_and_subscribe", "sow_and_delta_subscribe", "sow_delete", "flush", "next",
        "close",
    }
)  # fmt: skip
"""Calls that may last until the peer does something; all others end by themselves."""

REQUESTS: Final = frozenset({"subscribe", "delta_subscribe", "sow", "sow_and_subscribe", "sow_and_delta_subscribe"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The application calls `do` with arguments, both named as in the adapter protocol. `about`: rules that its outcome tests."""

    label: str
    client: str
    do: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    about: Because = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive:
    """The peer awaits the command that call `call` sends. `again`: what the client sends by itself for it, on a new connection.

    Where the call sends nothing of its own accord (`call` names none): `cmd` is awaited.
    """

    label: str
    client: str
    call: str
    again: bool = False
    about: Because = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A message of the peer."""

    header: Mapping[str, Field]
    body: bytes = b""
    records: tuple[SowRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Serve:
    """The peer sends messages, all in one write; `pieces`: whole, byte by byte, or each frame cut in several places."""

    label: str
    client: str
    answers: tuple[Answer, ...]
    pieces: Literal["whole", "bytes", "cuts"] = "whole"
    about: Because = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeBytes:
    """The peer sends bytes. `noop`: a frame of length 0; `broken`: no client can read on; `partial`: the beginning of a frame."""

    label: str
    client: str
    data: bytes
    meaning: Literal["noop", "broken", "partial"]
    about: Because = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup:
    """The peer closes the connection."""

    label: str
    client: str
    about: Because = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Await:
    """Waits for the end of a call."""

    label: str
    client: str
    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hear:
    """Waits until the application is told that the connection was lost. `within_s`: how long that may take by what was agreed."""

    label: str
    client: str
    within_s: float = 0.0
    about: Because = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Nothing happens for so many seconds."""

    label: str
    client: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A flush that the peer answers at once: what was sent before it has been handled when it returns, for one thread handles all."""

    label: str
    client: str


ClientStep = Call | Receive | Serve | ServeBytes | Hangup | Await | Hear | Quiet | Fence


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientProgram:
    """A program; as `Scenario` is for servers."""

    name: str
    steps: tuple[ClientStep, ...]
    needs: frozenset[str] = frozenset({"client"})
    exercises: tuple[R, ...] = ()

    @property
    def commands(self) -> int:
        """How many calls the program makes, those that any program begins with not counted."""
        return sum(isinstance(step, Call) and step.do not in {"client", "connect", "logon"} for step in self.steps)


def end_label(client: str) -> str:
    """The label of the fence at the end of what happens on a client: when it returns, everything has been seen."""
    return f"end-{client}"


def wire(client: str, number: int = 1) -> str:
    """The name of the connection that a client opens as its n-th."""
    return f"{client}.{number}"
