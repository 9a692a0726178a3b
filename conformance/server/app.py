"""The socket layer: bytes of connections to the engine and back, nothing more. The only module here with sockets and a clock.

Per turn of the event loop each connection gets all its messages in one write. A client that does not read is not read from either, and
when what waits for it grows too large it is disconnected; others never wait for it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from conformance.wire import FrameReader, WireError, encode_message
from reference_model.messages import Message

from .engine import Engine
from .session import Session

LENGTH_BYTES: Final = 4
"""What a frame has before its payload."""

waiting_bytes_max: Final = 64 * 1024 * 1024
"""What may wait for one client, as `ClientMaxCapacity` limits it in AMPS; a query result counts too."""

write_bytes_high: Final = 1024 * 1024
"""From this much unsent data on a client is not read from."""

commands_per_turn_max: Final = 500
"""After so many commands of one connection the others have their turn."""

Trace = Callable[[Session, str, bytes], None]
"""Told of each frame: the connection, `<` for in, `>` for out, `x` for why it was closed; and the payload, passwords masked."""


def clock() -> Callable[[], float]:
    """Seconds since the epoch, never running backwards."""
    start, wall = time.monotonic(), time.time()
    return lambda: wall + time.monotonic() - start


class App:
    """All connections of one engine on one event loop."""

    def __init__(self, engine: Engine, now: Callable[[], float], trace: Trace | None = None) -> None:
        self.engine: Final = engine
        self.trace: Final = trace
        self._now: Final = now
        self._connections: Final[dict[int, Connection]] = {}
        self._turn: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def listen(self, host: str, port: int, message_type: str | None = None) -> asyncio.Server:
        """Accept connections of a transport with that message type (None: any). Raises OSError."""
        return await asyncio.get_running_loop().create_server(lambda: Connection(self, message_type), host, port, backlog=256)

    def add(self, connection: Connection, session: Session) -> None:
        self._connections[session.number] = connection

    def remove(self, session: Session, *, reset: bool) -> None:
        self._connections.pop(session.number, None)
        self.engine.disconnect(session, reset=reset)
        self.soon()

    def soon(self) -> None:
        """Send what stands in the outboxes, once this turn of the loop is over."""
        if self._turn is None:
            self._turn = asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._turn = None
        self.engine.tick()
        for connection in tuple(self._connections.values()):
            connection.flush()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.engine.deadline()
        if deadline is not None:
            self._timer = asyncio.get_running_loop().call_later(max(deadline - self._now(), 0), self._flush)

    def close(self) -> None:
        """End all connections."""
        for connection in tuple(self._connections.values()):
            connection.end()
        for handle in (self._turn, self._timer):
            if handle is not None:
                handle.cancel()


class Connection(asyncio.Protocol):
    """One client connection."""

    def __init__(self, app: App, message_type: str | None) -> None:
        self._app: Final = app
        self._message_type: Final = message_type
        self._reader: Final = FrameReader()
        self._inbox: Final[deque[tuple[bytes, float]]] = deque()
        self._broken = False
        self._writable = True
        self._turn: asyncio.Handle | None = None
        self._begun_s = 0.0

    # ---- called by the event loop --------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=write_bytes_high)
        peer = transport.get_extra_info("peername") or ("", 0)
        self._session = self._app.engine.connect(self._message_type, f"{peer[0]}:{peer[1]}")
        self._app.add(self, self._session)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        if not self._reader.pending:
            self._begun_s = now
        try:
            payloads = self._app.engine.behaviour.frames(self._reader.feed(data))
            if self._reader.pending and not self._app.engine.behaviour.waits_for_rest():
                self._broken = True
        except WireError as error:
            payloads = error.before
            self._broken = True
        for payload in payloads:
            self._inbox.append((payload, now - self._begun_s))
            self._begun_s = now
        if self._turn is None:
            self._work()

    def pause_writing(self) -> None:
        self._writable = False
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._writable = True
        # Nothing is written here: asyncio calls this in the middle of its own write and does not bear another one that fails.
        asyncio.get_running_loop().call_soon(self._resume)

    def _resume(self) -> None:
        if self._writable and not self._transport.is_closing():
            self.flush()
            if self._turn is None:
                self._work()

    def eof_received(self) -> None:
        """The client sends no more; what it has asked for so far is still answered."""
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._inbox.clear()
        if self._turn is not None:
            self._turn.cancel()
        if self._reader.pending:
            command = self._app.engine.behaviour.torn(self._reader.rest)
            if command:
                self._take(command)
        self._app.remove(self._session, reset=exc is not None)

    # ---- commands in ---------------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        """Take commands from the inbox until the client has to read first, or others have waited long enough."""
        self._turn = None
        engine, session, inbox = self._app.engine, self._session, self._inbox
        for _ in range(commands_per_turn_max):
            if not inbox or not self._writable or session.closing is not None or self._transport.is_closing():
                break
            self._take(*inbox.popleft())
            if session.waiting_bytes > write_bytes_high:
                self.flush()
        if session.closing is not None:
            inbox.clear()
        if inbox and self._writable:
            self._turn = asyncio.get_running_loop().call_soon(self._work)
        if self._broken and not inbox:
            engine.malformed(session)
        self._regulate()
        self._app.soon()

    def _regulate(self) -> None:
        """Read from the client only when all its commands are taken and it reads itself: what it sends waits in its own socket."""
        if self._writable and not self._inbox:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _take(self, payload: bytes, took_s: float = 0.0) -> None:
        engine, session = self._app.engine, self._session
        if not payload:
            if not engine.behaviour.survives_empty_frame():
                engine.malformed(session)
            return
        try:
            message = engine.behaviour.decode(payload)
        except WireError as error:
            self._trace("<", f"malformed, {len(payload)} bytes: {error.reason}".encode())
            engine.malformed(session)
            return
        if self._app.trace is not None:
            self._trace("<", _masked(payload, message))
        source = engine.behaviour.source(session, took_s, engine.sessions)
        engine.receive(source, message)

    def _trace(self, way: str, payload: bytes) -> None:
        if self._app.trace is not None:
            self._app.trace(self._session, way, payload)

    # ---- messages out --------------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write what waits, if the client reads; end the connection if it has to end."""
        session = self._session
        if self._transport.is_closing():
            session.take()
        elif self._writable and session.outbox:
            behaviour = self._app.engine.behaviour
            frames = [*map(behaviour.encode, behaviour.outgoing(session.take()))]
            if self._app.trace is not None:
                for frame in frames:
                    self._trace(">", frame[LENGTH_BYTES:])
            self._transport.write(behaviour.stream(frames))
        elif session.waiting_bytes > waiting_bytes_max:
            session.closing = session.closing or "slow client"
            self._transport.abort()
        if session.closing is not None and not self._transport.is_closing():
            self._trace("x", session.closing.encode())
            self._transport.close()

    def end(self) -> None:
        """The server stops."""
        self._transport.close()


def _masked(payload: bytes, message: Message) -> bytes:
    """The payload of a command for a reader; one with a password is written anew without it."""
    if "password" not in message.header:
        return payload
    return encode_message(Message(header={**message.header, "password": "***"}, body=message.body))[LENGTH_BYTES:]
