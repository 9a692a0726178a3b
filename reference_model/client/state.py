"""What the model keeps of one client while it walks through a program. Values that change; no rules."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from reference_model.client.program import Answer, Call, wire
from reference_model.client.uris import Reading
from reference_model.messages import Header
from reference_model.rule import Because

Symbol = tuple[str, str]
"""An id: ("is", text) where the program gives it, ("sub", call) or ("cid", call) where the client makes it."""


@dataclass(slots=True, kw_only=True)
class Given:
    """A message for the application: of a stream, in the order in which they come."""

    answer: Answer
    header: Header
    body: bytes
    step: str
    about: Because


@dataclass(slots=True, kw_only=True)
class Stream:
    """A stream as the application sees it: what is buffered, and how it stands."""

    call: Call
    waiting: deque[Given] = field(default_factory=deque)
    conflate: bool = False
    group_ended: bool = False
    completed: bool = False
    ended: bool = False
    lost: bool = False


@dataclass(slots=True, kw_only=True)
class Under:
    """A call: `open` while its end is not decided. `strangers`: acks that were not for it came meanwhile; `waited`: time passed."""

    call: Call
    open: bool = True
    strangers: bool = False
    waited: bool = False
    answered: bool = False


@dataclass(slots=True, kw_only=True)
class ClientState:
    """One client."""

    name: str
    client_name: str = ""
    store: bool = False
    reconnect: bool = False
    reading: Reading = field(default_factory=Reading)
    connections: int = 0
    connected: bool = False
    logged_on: bool = False
    beating: bool = False
    failed_before: bool = False
    timed_out_before: bool = False
    tolerant: bool = False
    on_its_way: bool = False
    raises_in: frozenset[str] = frozenset()
    closed: bool = False
    stored: list[str] = field(default_factory=list)
    flushing: str = ""
    removed_once: bool = False
    calls: dict[str, Under] = field(default_factory=dict)
    subscriptions: dict[Symbol, str] = field(default_factory=dict)
    queries: dict[Symbol, str] = field(default_factory=dict)
    handlers: dict[str, str] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)
    raises: dict[str, frozenset[int]] = field(default_factory=dict)
    handled: dict[str, int] = field(default_factory=dict)
    removed: dict[Symbol, str] = field(default_factory=dict)
    order: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def wire(self) -> str:
        """The connection of now."""
        return wire(self.name, max(1, self.connections))
