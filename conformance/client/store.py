"""The publish store in memory: what was published and not yet acknowledged as persisted (clients.md §10)."""

from __future__ import annotations

import threading
import time

from reference_model.messages import Message


class PublishStore:
    """Commands by sequence number, in order. Numbers rise by one; the first is taken from the clock, so that a client that begins anew
    does not repeat those of its earlier life."""

    def __init__(self, first: int | None = None) -> None:
        self._lock = threading.Condition()
        self._commands: dict[int, Message] = {}
        self._last = time.time_ns() if first is None else first - 1

    def store(self, command: Message) -> Message:
        """The command with the next number; it is kept until `discard`."""
        with self._lock:
            self._last += 1
            numbered = Message(header={**command.header, "seq": self._last}, body=command.body)
            self._commands[self._last] = numbered
            return numbered

    def get(self, seq: int) -> Message | None:
        """The command of that number, None if it is not (or no longer) there."""
        return self._commands.get(seq)

    def discard(self, upto: int) -> None:
        """Forget all up to this number; a number above all that were given moves the next one on."""
        with self._lock:
            for seq in [seq for seq in self._commands if seq <= upto]:
                del self._commands[seq]
            self._lock.notify_all()

    def advance(self, last: int) -> None:
        """The server knows numbers up to this one: later ones are above it."""
        with self._lock:
            self._last = max(self._last, last)

    @property
    def unpersisted(self) -> int:
        """How many commands wait for their ack."""
        return len(self._commands)

    def stored(self) -> tuple[Message, ...]:
        """What waits, in order."""
        with self._lock:
            return tuple(self._commands.values())

    def wait_until_empty(self, upto: int, timeout_s: float | None) -> bool:
        """Whether everything up to this number was discarded within the time."""
        with self._lock:
            return self._lock.wait_for(lambda: not any(seq <= upto for seq in self._commands), timeout_s)

    @property
    def last(self) -> int:
        """The number given last."""
        return self._last
