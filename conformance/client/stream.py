"""Streams: the messages of one query or subscription, read by the application at its own pace (clients.md §6, §9)."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.client.failures import AmpsError, DisconnectedError
from reference_model.messages import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """When a stream is at its end. `query`: after `group_end` and, behind it, a `completed` ack (with `stats`: that ack, too)."""

    query: bool
    stats: bool = False


class Stream:
    """An iterator of messages. `timeout` and `max_depth` and `conflate` are set by the application, None is 'no limit'.

    `next` waits for the next message; with a time-out it gives None when that is over, and the stream stays open. At the end of a
    query, and after `close`, it raises StopIteration; after the loss of the connection DisconnectedError, once what came is read.
    """

    def __init__(self, ending: Ending, on_close: Callable[[], None]) -> None:
        self._ending = ending
        self._on_close = on_close
        self._changed = threading.Condition()
        self._messages: deque[Message] = deque()
        self._closed = self._complete = self._group_ended = self._completed = False
        self._lost: str | None = None
        self._depth_max: int | None = None
        self._conflating = False
        self.timeout_s: float | None = None

    def timeout(self, milliseconds: int) -> Stream:
        """How long `next` waits for a message; 0: for ever."""
        self.timeout_s = milliseconds / 1000 if milliseconds else None
        return self

    def max_depth(self, messages: int) -> Stream:
        """Buffer at most so many: further ones are not read from the connection until there is room."""
        self._depth_max = messages
        return self

    def conflate(self) -> Stream:
        """Of the buffered messages keep only the newest for each SOW key."""
        self._conflating = True
        return self

    @property
    def depth(self) -> int:
        """How many messages are buffered."""
        return len(self._messages)

    # ---- the application's side ------------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Message | None]:
        return self

    def __next__(self) -> Message | None:
        until = None if self.timeout_s is None else time.monotonic() + self.timeout_s
        with self._changed:
            while not self._messages:
                if self._lost is not None:
                    raise DisconnectedError(self._lost)
                if self._complete or self._closed:
                    raise StopIteration
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    return None
                self._changed.wait(left)
            message = self._messages.popleft()
            self._changed.notify_all()
            return message

    def close(self) -> None:
        """End it; a subscription is given up (CLI-STREAM-04). A second time does nothing."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        if not self._ending.query:
            self._on_close()

    # ---- the receive thread's side ---------------------------------------------------------------------------------------------

    def take(self, message: Message) -> None:
        """A message for the application; waits while the stream is as deep as it may be."""
        with self._changed:
            while self._full and not self._closed and self._lost is None:
                self._changed.wait()
            if self._closed or self._lost is not None:
                return
            if self._conflating and self._replace(message):
                return
            self._messages.append(message)
            self._group_ended = self._group_ended or message.cmd == "group_end"
            self._changed.notify_all()

    @property
    def _full(self) -> bool:
        return self._depth_max is not None and len(self._messages) >= self._depth_max

    def _replace(self, message: Message) -> bool:
        key = message.text("sow_key")
        for index, other in enumerate(self._messages):
            if key is not None and other.text("sow_key") == key:
                self._messages[index] = message
                return True
        return False

    def acked(self, ack_type: str) -> None:
        """An ack of the command came, after its own delivery if the application asked for it."""
        with self._changed:
            self._completed = self._completed or (ack_type == "completed" and self._group_ended)
            last = "stats" if self._ending.stats else "completed"
            if self._ending.query and self._completed and ack_type == last:
                self._complete = True
            self._changed.notify_all()

    def lose(self, error: AmpsError) -> None:
        """The connection has ended."""
        with self._changed:
            if not self._complete:
                self._lost = str(error)
            self._changed.notify_all()
