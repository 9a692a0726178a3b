"""A scenario: a finished, immutable, serialisable program of steps on named connections. Data only.

Topics are logical (`@orders`); in a `client_name` the `@` stands for a prefix that is unique to the run. Every step that sends has a
label that is unique in the scenario. Steps on different connections happen in the order written: before a step on another connection
the runner waits until what was sent has been answered as far as it asked (design: barriers and fences).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reference_model.fault import Fault, Mend
from reference_model.messages import PLAIN, Form, Message
from reference_model.rule import R


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A value that only the target can make: `field` of the first message seen in answer to step `label`."""

    label: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOf:
    """The SOW key last seen with a record: of `topic`, whose key fields have `values` (JSON texts in the order of the topic's keys).

    Only a record that the target has shown (in a query result or a delivery) earlier in the scenario has a key to take.
    """

    topic: str
    values: tuple[str, ...]


Value = str | int | Ref | KeyOf | tuple[str | KeyOf, ...]
"""A header value of a command in a program; a tuple is written as a comma list (`sow_keys`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command as a program states it: canonical header names without `cmd_id` means that none is sent."""

    header: Mapping[str, Value]
    body: bytes = b""

    @property
    def cmd(self) -> str:
        return str(self.header["cmd"])

    def plain(self) -> Message:
        """The command as a message with opaque values (Ref, KeyOf) left out."""
        return Message(header={k: v for k, v in self.header.items() if isinstance(v, str | int)}, body=self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Connect and log on. `logon` None: connect only (the program sends its own logon, or none). The runner waits for the answer to
    the logon; without one (or with a failure) the connection stays as it is and the model says whether that was right."""

    label: str
    connection: str
    logon: Command | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send one command. `about`: the rules that this command's filter puts to the test, before the general ones (probes); or the one
    that leaves the effect of the command undefined, which is then recorded."""

    label: str
    connection: str
    command: Command
    form: Form = PLAIN
    about: tuple[R, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendBytes:
    """Send raw bytes, frame lengths and all. `meaning`: what the model must know of them: `noop` (a frame of length 0), or
    `malformed` (the target must or may close this connection and nothing else may change)."""

    label: str
    connection: str
    data: bytes
    meaning: Literal["noop", "malformed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Concurrent lanes: each a sequence of sends on a connection of its own. The order inside a lane is fixed; between lanes it is
    taken from `witness`: the label of a plain, unfiltered subscription on a further connection. Bodies must be unique."""

    label: str
    lanes: tuple[tuple[Send, ...], ...]
    witness: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A point that the program does not pass before something is known.

    state     a flush with `completed` is sent on `connection` and its ack awaited: what this connection published or deleted is
              visible to queries (CMD-FLUSH-12)
    delivery  awaits on `connection` the delivery of the message that step `after` published: what was not delivered to a subscription
              of that topic before it does not come
    answers   every ack that commands sent on `connection` asked for has come
    """

    label: str
    kind: Literal["state", "delivery", "answers"]
    connection: str
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """Real time passes."""

    label: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Close a connection from our side; one with a fault that ends it, as that fault says."""

    label: str
    connection: str


Step = Open | Send | SendBytes | Together | Fence | Advance | Close | Fault | Mend


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A program. `needs`: features without which it makes no sense. `exercises`: the rules it was written for (directed ones)."""

    name: str
    steps: tuple[Step, ...]
    needs: frozenset[str] = frozenset()
    exercises: tuple[R, ...] = field(default=())

    @property
    def commands(self) -> int:
        """How many commands the program sends, logons and fences not counted."""
        return sum(
            sum(len(lane) for lane in step.lanes) if isinstance(step, Together) else isinstance(step, Send | SendBytes)
            for step in self.steps
        )
