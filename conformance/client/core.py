"""The lower half of the reference client: one connection, its receive thread, waiting for acks, and who gets which message.

What calls there are and what they send is in `client`. Handlers run on the receive thread, one after the other, in the order in which
messages came (clients.md §8). Methods that begin with one underscore are single decisions of a client: a faulty client (`mutants`)
changes one of them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from conformance.client.connection import Connection, Poller
from conformance.client.failures import AmpsError, DisconnectedError, TimedOutError, error_of
from conformance.client.stream import Stream
from conformance.wire import WireError, decode, encode_command
from reference_model.messages import Message

TICK_S: Final = 0.05
"""How often the receive thread looks at the clock while nothing comes."""

UNBOUNDED: Final = 1 << 62
"""A client lives as long as its application: unlike a scenario it has no greatest number of frames or bytes."""

Handler = Callable[[Message], object]
"""Called with each message; what it raises goes to the exception listener."""


@dataclass(slots=True, kw_only=True, eq=False)
class Pending:
    """A call that waits for the ack of one type of its command. `error`: why it will not come."""

    ack_type: str
    done: threading.Event = field(default_factory=threading.Event)
    ack: Message | None = None
    error: AmpsError | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Route:
    """Whom the messages of a command are for.

    command   as it was sent first; sent again after a reconnect
    asked     ack types that the application asked for: these are delivered, those that only the client needs are not
    """

    command: Message
    deliver: Handler
    stream: Stream | None = None
    asked: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class Listeners:
    """What an application may want to hear of besides its messages; None: nobody listens."""

    last_chance: Handler | None = None
    ack: Handler | None = None
    heartbeat: Handler | None = None
    exception: Callable[[Exception], object] | None = None
    disconnected: Callable[[], object] | None = None
    failed_write: Callable[[Message, str], object] | None = None
    state: Callable[[int], object] | None = None


class Core:
    """Connection, waiting and routing."""

    def __init__(self) -> None:
        self.listeners = Listeners()
        self._lock = threading.RLock()
        self._writing = threading.Lock()
        self._connection: Connection | None = None
        self._thread: threading.Thread | None = None
        self._pending: dict[str, Pending] = {}
        self._commands: dict[str, Route] = {}
        self._subscriptions: dict[str, Route] = {}
        self._queries: dict[str, Route] = {}
        self._count = 0
        self._interval_s = 0.0
        self._silence_s_max = 0.0

    # ---- the connection --------------------------------------------------------------------------------------------------------

    def _start(self, connection: Connection) -> None:
        """Take a new connection and read from it in a thread of its own."""
        self._interval_s = self._silence_s_max = 0.0
        thread = threading.Thread(target=self._receive, args=(connection,), name="amps-receive", daemon=True)
        with self._lock:
            self._connection, self._thread = connection, thread
            thread.start()

    def _stop(self) -> None:
        """Close the connection from our side and wait for the receive thread, unless this is it."""
        with self._lock:
            connection, thread = self._connection, self._thread
            self._connection = None
        if connection is None:
            return
        self._lose("the client was closed")
        connection.shutdown()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _receive(self, connection: Connection) -> None:
        poller = Poller()
        poller.add(connection)
        heard = time.monotonic()
        try:
            while connection.ended is None and connection is self._connection:
                if poller.wait(TICK_S):
                    heard = time.monotonic()
                    for payload in connection.read():
                        if connection is self._connection:
                            self._take(payload)
                elif self._silence_s_max and time.monotonic() - heard > self._silence_s_max:
                    break
        except (WireError, AmpsError):
            pass  # what cannot be read ends the connection (WIRE-CROB-01)
        finally:
            poller.close()
            connection.close()
        if connection is self._connection:
            self._connection = None
            self._lose("the connection ended")
            self._dropped()

    def _lose(self, why: str) -> None:
        """Nobody waits for an answer any more, and streams end with an error."""
        with self._lock:
            waiting, routes = list(self._pending.values()), {*self._commands.values(), *self._subscriptions.values()}
            self._pending.clear()
            self._commands.clear()
            self._queries.clear()
        for pending in waiting:
            pending.error = DisconnectedError(why)
            pending.done.set()
        for route in routes:
            if route.stream is not None:
                route.stream.lose(DisconnectedError(why))

    def _dropped(self) -> None:
        """The connection was lost, not closed by us."""
        if self.listeners.disconnected is not None:
            self._guarded(self.listeners.disconnected)

    # ---- out -------------------------------------------------------------------------------------------------------------------

    def _send(self, command: Message) -> None:
        """Write one command. Raises DisconnectedError."""
        connection = self._connection
        if connection is None:
            raise DisconnectedError("not connected")
        data = self._encode(command)
        with self._writing:
            connection.queue(data)
            connection.write()
            poller = None
            while connection.unwritten and connection.ended is None:
                poller = poller or _writer(connection)
                poller.wait(TICK_S, [connection])
            if poller is not None:
                poller.close()

    def _encode(self, command: Message) -> bytes:
        """The frame of a command."""
        return encode_command(command)

    def _next_id(self) -> str:
        """A command id that no other command of this client has (CLI-ID-01)."""
        with self._lock:
            self._count += 1
            return f"auto{self._count}"

    def _wait(self, command: Message, ack_type: str, timeout_ms: int, route: Route | None = None) -> Message:
        """Send the command and wait for the ack of that type. Raises what the ack means, TimedOutError, DisconnectedError."""
        pending = Pending(ack_type=ack_type)
        cmd_id = str(command.header["cmd_id"])
        with self._lock:
            self._pending[cmd_id] = pending
        try:
            if route is not None:
                self._enter(command, route)
            self._send(command)
            self._waited(pending, timeout_ms)
        except AmpsError as error:
            if route is not None:
                self._leave(command, route, error)
            raise
        finally:
            with self._lock:
                self._pending.pop(cmd_id, None)
        assert pending.ack is not None
        return pending.ack

    def _waited(self, pending: Pending, timeout_ms: int) -> None:
        """Wait for the ack; 0 is no limit (CLI-ACK-13)."""
        if not pending.done.wait(timeout_ms / 1000 if timeout_ms else None):
            raise TimedOutError(f"no {pending.ack_type} ack within {timeout_ms} ms")
        if pending.error is not None:
            raise pending.error
        assert pending.ack is not None
        if self._failed(pending.ack):
            raise self._error(pending.ack)

    def _failed(self, ack: Message) -> bool:
        """Only `failure` is a failure, whatever the reason of another status says (CLI-EXC-22)."""
        return ack.text("status") == "failure"

    def _error(self, ack: Message) -> AmpsError:
        return error_of(ack.text("reason") or "")

    # ---- who gets what ---------------------------------------------------------------------------------------------------------

    def _enter(self, command: Message, route: Route) -> None:
        """From now on messages of the command are the route's: they may come before the ack (CLI-ACK-17)."""
        header = command.header
        with self._lock:
            self._commands[str(header["cmd_id"])] = route
            if "query_id" in header:
                self._queries[str(header["query_id"])] = route
            if "sub_id" in header:
                known = self._subscriptions.get(str(header["sub_id"]))
                if known is None or "replace" not in (command.text("opts") or "").split(","):
                    self._subscriptions[str(header["sub_id"])] = route

    def _leave(self, command: Message, route: Route, error: AmpsError) -> None:
        """The command failed: nothing of it is delivered any more."""
        del command, error
        with self._lock:
            for table in (self._commands, self._queries, self._subscriptions):
                for key in [key for key, other in table.items() if other is route]:
                    del table[key]

    # ---- in --------------------------------------------------------------------------------------------------------------------

    def _take(self, payload: bytes) -> None:
        """One frame. Raises WireError if it is no message."""
        if not payload:
            return  # a frame of length 0 is traffic and nothing else (WIRE-FRAME-10)
        message = decode(payload, sender="server")
        match message.cmd:
            case "ack":
                self._take_ack(message)
            case "publish" | "oof":
                self._take_delivery(message)
            case "sow":
                for record in self._records(message):
                    self._to_query(record)
            case "group_begin" | "group_end":
                self._to_query(message)
            case "heartbeat":
                self._take_heartbeat(message)
            case _:
                if not message.cmd:
                    raise WireError("a message without command")  # of an unknown one nothing is known (WIRE-CROB-03)

    def _take_ack(self, ack: Message) -> None:
        cmd_id, ack_type = ack.text("cmd_id") or "", ack.text("ack_type") or ""
        with self._lock:
            pending, route = self._pending.get(cmd_id), self._commands.get(cmd_id)
        if route is not None and ack_type in route.asked:
            self._deliver(route, ack)
        elif pending is None and route is None:
            self._take_other_ack(ack)
        if route is not None and route.stream is not None:
            route.stream.acked(ack_type)
        if pending is not None and self._completes(pending, ack):
            pending.ack = ack
            pending.done.set()

    def _completes(self, pending: Pending, ack: Message) -> bool:
        """Whether this ack of the command is the one that the call waits for; a failure of `processed` ends every wait."""
        return ack.text("ack_type") == pending.ack_type or (ack.text("ack_type") == "processed" and self._failed(ack))

    def _take_other_ack(self, ack: Message) -> None:
        """An ack of no command that waits or has a handler."""
        if self.listeners.ack is not None:
            self._guarded(self.listeners.ack, ack)
        else:
            self._last_chance(ack)

    def _take_delivery(self, message: Message) -> None:
        """Once for each id of `sids`; the message shows the id that it is delivered for (CLI-ROUTE-01, CLI-ROUTE-02)."""
        for sub_id in (message.text("sids") or "").split(","):
            with self._lock:
                route = self._subscriptions.get(sub_id)
            header = {name: value for name, value in message.header.items() if name != "sids"}
            single = Message(header={**header, "sub_id": sub_id}, body=message.body)
            if route is None:
                self._last_chance(single)
            else:
                self._deliver(route, single)

    def _records(self, message: Message) -> Iterator[Message]:
        """One message for each record: the fields of its own header, those of the outer one where it has none (CLI-SOW-03 to -06)."""
        outer = {name: value for name, value in message.header.items() if name != "msg_len"}
        for record in message.records:
            yield Message(header={**outer, **record.header}, body=record.data)

    def _to_query(self, message: Message) -> None:
        with self._lock:
            route = self._queries.get(message.text("query_id") or "")
        if route is not None:
            self._deliver(route, message)

    def _take_heartbeat(self, message: Message) -> None:
        if self._interval_s:
            self._send(Message(header={"cmd": "heartbeat", "opts": "beat"}))
        if self.listeners.heartbeat is not None:
            self._guarded(self.listeners.heartbeat, message)

    def _deliver(self, route: Route, message: Message) -> None:
        self._guarded(route.deliver, message)

    def _last_chance(self, message: Message) -> None:
        if self.listeners.last_chance is not None:
            self._guarded(self.listeners.last_chance, message)

    def _guarded(self, function: Callable[..., object], *arguments: object) -> None:
        """Call what the application gave us: what it raises does not end delivery (CLI-EXC-23, -24, -25)."""
        try:
            function(*arguments)
        except Exception as error:  # noqa: BLE001 (an application may raise anything)
            if self.listeners.exception is not None:
                self.listeners.exception(error)


def _writer(connection: Connection) -> Poller:
    poller = Poller()
    poller.add(connection)
    return poller
