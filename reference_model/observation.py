"""What was sent and seen when a scenario ran on a target: values only, slot names mapped back to logical ones.

An observation is complete: a recording of it can be judged again without the target.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reference_model.messages import Message

EventKind = Literal["opened", "sent", "received", "garbled", "unread", "closed", "step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened on one connection.

    at_s        seconds since the scenario began (monotonic)
    kind        opened: connected; sent: our frame left; received: a whole frame came; garbled: bytes came that are no message (`detail`
                says why; nothing is read from this connection afterwards); unread: more came than a scenario may take, or it took too
                long (`detail`): what the target sent after that is not known; closed: the target closed or reset (`detail`); step: a
                step without bytes was reached (Fence passed, Advance, our Close)
    label       the step that caused it: always for sent, opened, step; for received None
    payload     the frame without its length, as on the wire (sent, received), or the offending bytes, at most 4096 (garbled)
    message     the decoded frame with logical topic names (sent, received)
    """

    at_s: float
    connection: str
    kind: EventKind
    label: str | None = None
    payload: bytes = b""
    message: Message | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """All events of one execution in the order in which they were seen.

    resolved    per step label the command as it was really sent (opaque values filled in, logical topics)
    unresolved  labels of steps that could not be sent since a Ref or KeyOf had no value, or their connection was gone
    late        labels of fences that were not passed before their deadline
    opened_utc  wall-clock time at at_s = 0, ISO-8601 with microseconds, for comparing `timestamp` fields
    foreign     messages on our topics that no step of this scenario published: somebody else works in the slot
    """

    scenario: str
    events: tuple[Event, ...]
    resolved: Mapping[str, Message] = field(default_factory=dict)
    unresolved: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    opened_utc: str = ""
    foreign: int = 0
