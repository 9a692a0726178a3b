"""One connection as the engine knows it: who logged on, what it subscribed to, what is still to be sent to it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from reference_model.messages import Message

if TYPE_CHECKING:
    from .subscription import Subscription

_overhead_bytes: Final = 200
"""What a waiting message takes besides its body, roughly: header and frame."""


@dataclass(slots=True, eq=False)
class Heartbeat:
    """A started heartbeat: seconds between beats of the client, when the next of ours is due, when the client is given up."""

    interval_s: float
    next_s: float
    deadline_s: float


@dataclass(slots=True, eq=False)
class Session:
    """One connection. `message_type`: that of its transport, then the one named at logon; None: not known yet.

    `outbox`: messages to send, in order; `waiting_bytes`: about how much memory they take; `closing`: the reason of the disconnect once
    the connection has to end (what stands in the outbox is still sent); `held`: live messages that are sent
    later, with the time.
    """

    number: int
    message_type: str | None = None
    logged_on: bool = False
    client_name: str = ""
    user: str = ""
    version: str = ""
    address: str = ""
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    outbox: deque[Message] = field(default_factory=deque)
    waiting_bytes: int = 0
    closing: str | None = None
    held: deque[tuple[float, Message]] = field(default_factory=deque)
    late: deque[tuple[float, Message]] = field(default_factory=deque)
    heartbeat: Heartbeat | None = None
    conflation_s: float = 1.0
    pending_seq: int | None = None
    pending_due_s: float = 0.0
    named: int = 0

    def send(self, message: Message) -> None:
        """Put a message behind all others to be sent."""
        self.outbox.append(message)
        self.waiting_bytes += (
            len(message.body) + _overhead_bytes + sum(len(record.data) + _overhead_bytes for record in message.records)
        )

    def release(self, now: float | None = None) -> None:
        """Send the live messages that were held back until now (None: all of them), in their order."""
        while self.held and (now is None or self.held[0][0] <= now):
            self.send(self.held.popleft()[1])

    def take(self) -> list[Message]:
        """All waiting messages; they count as sent."""
        messages = list(self.outbox)
        self.outbox.clear()
        self.waiting_bytes = 0
        return messages

    def new_id(self) -> str:
        """A subscription id of the server's making."""
        self.named += 1
        return f"amps-{self.number}-{self.named}"
