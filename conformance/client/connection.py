"""One TCP connection to a target: bytes out, payloads in, never blocking. And a `Poller` that waits for several of them.

Here are sockets and no clocks beyond the time-outs handed in; nothing here knows what a command means. A target can do nothing that
raises: the end of a stream and bytes that are no frames are in `Connection.ended`.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from conformance.client.limits import ASKED_BYTES_MAX, ASKED_FRAMES_MAX
from conformance.client.tls import TlsSocket, secured
from conformance.errors import UnreachableError
from conformance.targets.spec import TargetSpec
from conformance.wire import FrameReader, WireError
from conformance.wire.framing import LENGTH_BYTES

READ_BYTES: Final = 64 * 1024
"""How much one `recv` takes. Python sets that much aside for each call: larger pieces come from the system each time, which costs."""

READS_A_TURN_MAX: Final = 64
"""How often one connection is read before the others (and our own writing, and the clock) have their turn."""

WRITE_BYTES: Final = 256 * 1024
"""How much one `send` is offered."""

_LINGER_NOT: Final = struct.pack("ii", 1, 0)
"""A close with this is a reset: what was not sent yet is dropped."""

SHOWN_BYTES_MAX: Final = 4096
"""How many offending bytes are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Why nothing is read from a connection any more: the target closed it, its bytes are no frames, or it is `unread`, since more came
    than we take. `data`: the offending bytes, at most SHOWN_BYTES_MAX."""

    kind: Literal["closed", "garbled", "unread"]
    detail: str
    data: bytes = b""


class Connection:
    """A connection. Write with `queue` and `write`, read with `read`; `ended` is set once nothing can be read any more.

    `written` counts the bytes that the socket has taken; `read_left`: how many more are read at all, None for all that come.

    Received memory is bounded: after `frames_max` frames or `bytes_max` bytes nothing is read any more.
    """

    __slots__ = (
        "_bytes_left",
        "_frames_left",
        "_limits",
        "_out",
        "_out_at",
        "_plain",
        "_reader",
        "_sock",
        "_tail",
        "_write_failed",
        "ended",
        "read_left",
        "written",
    )

    def __init__(
        self, sock: socket.socket | TlsSocket, *, frames_max: int = ASKED_FRAMES_MAX, bytes_max: int = ASKED_BYTES_MAX
    ) -> None:
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._reader = FrameReader()
        self.limit(frames_max=frames_max, bytes_max=bytes_max)
        self._plain: list[bytes] = []
        self._out: deque[bytes] = deque()
        self._out_at = 0
        self._tail = b""
        self._write_failed = False
        self.ended: Ended | None = None
        self.read_left: int | None = None
        self.written = 0

    @classmethod
    def open(
        cls, spec: TargetSpec, *, timeout_s: float, frames_max: int = ASKED_FRAMES_MAX, bytes_max: int = ASKED_BYTES_MAX
    ) -> Connection:
        """Connect. Raises UnreachableError: nothing listens, the name does not resolve, no answer within `timeout_s`.

        For a `tcps` target with the handshake of TLS, whose errors are those of `conformance.client.tls.secured`.
        """
        began = time.monotonic()
        try:
            sock = socket.create_connection((spec.host, spec.port), timeout=timeout_s)
        except ConnectionRefusedError:
            raise UnreachableError(f"nothing listens on {spec.address} (connection refused)") from None
        except TimeoutError:
            raise UnreachableError(f"{spec.address} does not answer (no connection within {timeout_s:g} s)") from None
        except socket.gaierror as error:
            raise UnreachableError(f"the host name of {spec.address} does not resolve ({error.strerror})") from None
        except (OSError, UnicodeError) as error:
            raise UnreachableError(f"cannot connect to {spec.address} ({_reason(error)})") from None
        secure: TlsSocket | None = None
        if spec.tls is not None:
            try:
                secure = secured(sock, spec, timeout_s=max(0.0, timeout_s - (time.monotonic() - began)))
            finally:
                if secure is None:
                    sock.close()
        return cls(sock if secure is None else secure, frames_max=frames_max, bytes_max=bytes_max)

    @property
    def secure(self) -> bool:
        """Whether it is TLS."""
        return isinstance(self._sock, TlsSocket)

    @property
    def pending(self) -> bool:
        """Whether something can be read that a selector does not know of."""
        return isinstance(self._sock, TlsSocket) and self._sock.pending

    def fileno(self) -> int:
        """The socket's descriptor, -1 after `close`."""
        return self._sock.fileno()

    # ---- out -------------------------------------------------------------------------------------------------------------------

    def queue(self, data: bytes) -> None:
        """Append bytes to what is to be written; those of several calls may leave in one segment."""
        self._plain.append(data)

    def queue_pieces(self, pieces: Iterable[bytes]) -> None:
        """Append bytes of which each piece is handed to the socket by a call of its own."""
        self._join()
        self._out.extend(pieces)

    @property
    def unwritten(self) -> bool:
        """Whether bytes wait to be written (never after a failed write: then they are gone)."""
        return bool(self._plain or self._out)

    def write(self) -> None:
        """Write what the socket takes now. A write that fails is not the end: what the target sent before it closed can be read."""
        self._join()
        while self._out:
            chunk = self._out[0]
            try:
                sent = self._sock.send(memoryview(chunk)[self._out_at : self._out_at + WRITE_BYTES])
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                self._write_failed = True
                self._out.clear()
                self._out_at = 0
                break
            self.written += sent
            self._out_at += sent
            if self._out_at >= len(chunk):
                self._out.popleft()
                self._out_at = 0

    def _join(self) -> None:
        if self._plain:
            if not self._write_failed and self.ended is None:
                self._out.append(b"".join(self._plain))
            self._plain.clear()

    # ---- in --------------------------------------------------------------------------------------------------------------------

    def limit(self, *, frames_max: int, bytes_max: int) -> None:
        """Take so much from now on."""
        self._limits = self._frames_left, self._bytes_left = frames_max, bytes_max

    def read(self) -> list[bytes]:
        """The payloads that have come, in order; sets `ended` where the stream ends."""
        payloads: list[bytes] = []
        for _ in range(READS_A_TURN_MAX):
            if self.ended is not None:
                break
            if self.read_left == 0:
                break
            try:
                data = self._sock.recv(READ_BYTES if self.read_left is None else min(READ_BYTES, self.read_left))
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                self._end(_reason(error))
                break
            if not data:
                self._end("end of stream")
                break
            if self.read_left is not None:
                self.read_left -= len(data)
            self._take(data, payloads)
            if len(data) < READ_BYTES:
                break
        return payloads

    def _take(self, data: bytes, payloads: list[bytes]) -> None:
        """Feed the reader within the bounds. `_tail` is the beginning of the frame that is not complete yet."""
        pending = self._reader.pending
        self._bytes_left -= len(data)
        try:
            complete = self._reader.feed(data)
        except WireError as error:
            payloads.extend(error.before)
            offence = sum(LENGTH_BYTES + len(payload) for payload in error.before) - pending
            offending = data[offence:] if offence >= 0 else self._tail + data
            self.ended = Ended(kind="garbled", detail=error.reason, data=offending[:SHOWN_BYTES_MAX])
            return
        payloads.extend(complete[: self._frames_left])
        self._frames_left -= len(complete)
        pending = self._reader.pending
        if pending <= len(data):
            self._tail = data[len(data) - pending :][:SHOWN_BYTES_MAX]
        elif len(self._tail) < SHOWN_BYTES_MAX:
            self._tail = (self._tail + data)[:SHOWN_BYTES_MAX]
        if self._frames_left < 0 or self._bytes_left < 0:
            frames_max, bytes_max = self._limits
            bound = f"{frames_max:,} frames" if self._frames_left < 0 else f"{bytes_max:,} bytes"
            self.ended = Ended(kind="unread", detail=f"more than {bound} came: not read on", data=data[:SHOWN_BYTES_MAX])

    def _end(self, why: str) -> None:
        pending = self._reader.pending
        self.ended = Ended(
            kind="closed", detail=f"{why} inside a frame, {pending} bytes of it had come" if pending else why, data=self._tail
        )
        self._out.clear()
        self._plain.clear()

    def half_close(self) -> None:
        """Send no more; what comes can still be read."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)

    def shut(self, why: str, *, reset: bool = False) -> None:
        """Close from our side, as `ended` then says; with a reset instead of the usual end."""
        if reset:
            with contextlib.suppress(OSError):
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            self._sock.close()
        else:
            self.close()
        self._out.clear()
        self._plain.clear()
        self.ended = Ended(kind="closed", detail=why)

    def shutdown(self) -> None:
        """End both directions; whoever reads in another thread comes to the end of the stream, and closes."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close from our side. Idempotent."""
        self.shutdown()
        self._sock.close()


class Poller:
    """Waits until one of several connections can be read, or written if it has something to write."""

    __slots__ = ("_secure", "_selector")

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._secure: list[Connection] = []

    def add(self, connection: Connection) -> None:
        """Watch a connection for reading."""
        self._selector.register(connection, selectors.EVENT_READ, connection)
        if connection.secure:
            self._secure.append(connection)

    def remove(self, connection: Connection) -> None:
        """Stop watching; before the connection is closed."""
        self._selector.unregister(connection)
        if connection.secure:
            self._secure.remove(connection)

    def wait(self, timeout_s: float, writers: Iterable[Connection] = ()) -> list[Connection]:
        """The connections that can be read now, after at most `timeout_s` seconds; none if the wait ended since one of `writers` could
        write on (which it has done)."""
        writing = [connection for connection in writers if connection.unwritten]
        for writer in writing:
            self._selector.modify(writer, selectors.EVENT_READ | selectors.EVENT_WRITE, writer)
        readable = [connection for connection in self._secure if connection.pending]
        for key, mask in self._selector.select(0.0 if readable else max(0.0, timeout_s)):
            connection: Connection = key.data
            if mask & selectors.EVENT_WRITE:
                connection.write()
            if mask & selectors.EVENT_READ and connection not in readable:
                readable.append(connection)
        for writer in writing:
            self._selector.modify(writer, selectors.EVENT_READ, writer)
        return readable

    def close(self) -> None:
        self._selector.close()


def _reason(error: Exception) -> str:
    """The text of an operating system error without its number."""
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
