"""A logged-on connection of the harness itself, not of a scenario: it asks and waits, for slots, resets and `doctor`.

What is wrong with a target that cannot even be asked is told here as a TargetError of the right kind, in one line.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from conformance.client.connection import Connection, Poller
from conformance.client.limits import (
    ASKED_BYTES_MAX,
    ASKED_FRAMES_MAX,
    DEFAULT_LIMITS,
    LOGON_BYTES_MAX,
    LOGON_FRAMES_MAX,
    Limits,
)
from conformance.errors import MisconfiguredError, NotAmpsError, TargetError, UnreachableError
from conformance.targets.spec import TargetSpec
from conformance.version import VERSION
from conformance.wire import WireError, decode, encode_command, split
from reference_model.messages import AckType, Message, SowRecord, Status

SERVER_MESSAGES: Final = frozenset({"ack", "publish", "oof", "sow", "group_begin", "group_end", "heartbeat"})
SHOWN_BYTES: Final = 16
"""How much of an answer that is not AMPS is quoted: enough for `HTTP/1.1 400 Bad`."""

LOGON_ID: Final = "logon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came in answer. `complete`: what was asked for came before the deadline."""

    messages: tuple[Message, ...]
    complete: bool


class Session:
    """Ask with `ask`. `version` and `ack` are those of the logon; `connect_s` and `logon_s` say how long these took, in seconds."""

    def __init__(self, connection: Connection, spec: TargetSpec, limits: Limits) -> None:
        self._connection = connection
        self.spec = spec
        self._limits = limits
        self._poller = Poller()
        self._poller.add(connection)
        self._count = 0
        self.ack = Message(header={})
        self.connect_s = 0.0
        self.logon_s = 0.0

    @classmethod
    def open(cls, spec: TargetSpec, *, client_name: str, limits: Limits = DEFAULT_LIMITS) -> Session:
        """Connect and log on. Raises UnreachableError, NotAmpsError, or MisconfiguredError (the logon was refused)."""
        began = time.monotonic()
        session = cls(Connection.open(spec, timeout_s=limits.connect_s * limits.timeout_scale), spec, limits)
        session.connect_s = time.monotonic() - began
        try:
            session._log_on(client_name)
        except BaseException:
            session.close()
            raise
        session.logon_s = time.monotonic() - began - session.connect_s
        return session

    @property
    def version(self) -> str:
        """The server's version as its logon ack says it; empty if it does not."""
        return self.ack.text("version") or ""

    @property
    def alive(self) -> bool:
        """Whether the target has not ended the connection, as far as is known."""
        return self._connection.ended is None

    def _log_on(self, client_name: str) -> None:
        spec = self.spec
        own = {"message_type": spec.message_type, "user_id": spec.user, "password": spec.password}
        header = {
            "cmd": "logon",
            "cmd_id": LOGON_ID,
            "client_name": client_name,
            "ack_type": "processed",
            "version": f"{VERSION}:conformance",
        }
        logon = Message(header={**header, **{name: value for name, value in own.items() if value is not None}})
        wait_s = self._limits.answer_s * self._limits.timeout_scale
        reply = self.ask([logon], lambda message: message.cmd == "ack" and message.text("cmd_id") == LOGON_ID, timeout_s=wait_s)
        if not reply.complete:
            raise UnreachableError(f"{spec.address} accepts connections, but did not answer the logon within {wait_s:g} s")
        self.ack = reply.messages[-1]
        if (self.ack.text("status") or "").lower() != Status.SUCCESS:
            reason = self._without_password(self.ack.text("reason") or f"status {self.ack.text('status')}")
            raise MisconfiguredError(f"{spec.address} refused the logon of {_who(spec)} ({reason})")

    def _without_password(self, text: str) -> str:
        return text.replace(self.spec.password, "***") if self.spec.password else text

    def new_id(self) -> str:
        """A command id that this session has not used."""
        self._count += 1
        return f"c{self._count}"

    def ask(
        self, commands: Iterable[Message], enough: Callable[[Message], bool], *, count: int = 1, timeout_s: float | None = None
    ) -> Reply:
        """Send the commands in one write and read until `enough` was true of `count` messages, or the time is over (default: the
        answer time of the limits). Raises a TargetError if the connection ends or what comes is no AMPS message; of a `sow` message
        with broken records these come as one record, so that a target that writes them wrongly can still be asked."""
        logged_on = bool(self.ack.header)
        self._connection.limit(
            frames_max=ASKED_FRAMES_MAX if logged_on else LOGON_FRAMES_MAX, bytes_max=ASKED_BYTES_MAX if logged_on else LOGON_BYTES_MAX
        )
        for command in commands:
            self._connection.queue(encode_command(command))
        self._connection.write()
        limits = self._limits
        until = time.monotonic() + (limits.answer_s * limits.timeout_scale if timeout_s is None else timeout_s)
        messages: list[Message] = []
        while count > 0:
            left = until - time.monotonic()
            if left <= 0:
                return Reply(messages=tuple(messages), complete=False)
            self._poller.wait(left, [self._connection])
            for message in self._read():
                messages.append(message)
                count -= enough(message)
        return Reply(messages=tuple(messages), complete=True)

    def flush(self, before: Iterable[Message] = (), *, ack_type: str = AckType.COMPLETED, timeout_s: float | None = None) -> bool:
        """Send the commands in `before`, then a flush; wait for an ack of it, the first if it asks for several. False: none came."""
        flush_id = self.new_id()
        flush = Message(header={"cmd": "flush", "cmd_id": flush_id, "ack_type": str(ack_type)})
        return self.ask([*before, flush], lambda message: message.text("cmd_id") == flush_id, timeout_s=timeout_s).complete

    def _read(self) -> list[Message]:
        messages: list[Message] = []
        for payload in self._connection.read():
            if payload:
                try:
                    message = decode(payload, sender="server")
                except WireError as error:
                    message = self._unreadable(payload, error.reason)
                if message.cmd not in SERVER_MESSAGES:
                    raise self._not_amps(payload, f"a message {message.cmd!r}")
                messages.append(message)
        if self._connection.ended is not None and not messages:
            raise self._ended()
        return messages

    def _unreadable(self, payload: bytes, why: str) -> Message:
        """A message whose header at least can be read, its records as one. Raises NotAmpsError: not even that."""
        try:
            header, rest = split(payload)
            return replace(decode(header, sender="server"), records=(SowRecord(data=rest),))
        except WireError:
            raise self._not_amps(payload, why) from None

    def _ended(self) -> TargetError:
        ended = self._connection.ended
        assert ended is not None
        if ended.kind != "closed" or ended.data:
            return self._not_amps(ended.data, ended.detail)
        if not self.ack.header:
            return NotAmpsError(f"{self.spec.address} closes the connection instead of answering the logon ({ended.detail})")
        return UnreachableError(f"{self.spec.address} closed the connection of the harness ({ended.detail})")

    def _not_amps(self, data: bytes, what: str) -> NotAmpsError:
        if self.ack.header:
            return NotAmpsError(f"{self.spec.address} sends what is no message: {what}")
        shown = data[:SHOWN_BYTES].decode("latin-1").encode("unicode_escape").decode("ascii").replace("'", "\\'")
        return NotAmpsError(f"{self.spec.address} answers, but not in the amps protocol (first bytes: '{shown}')")

    def close(self) -> None:
        """Close the connection. Idempotent."""
        self._connection.close()
        self._poller.close()


def _who(spec: TargetSpec) -> str:
    return f"user '{spec.user}'" if spec.user else "a client without user"
