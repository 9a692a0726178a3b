"""The peer of one client: a listener on loopback and the connections that the client has opened. No clocks, nothing blocks."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Final

from conformance.client.connection import Connection
from conformance.client.limits import RECEIVED_FRAMES_MAX

BACKLOG: Final = 16

SENT_BYTES_MAX: Final = 32 * 1024 * 1024
"""Of one connection of a client; bodies of 20 MB are expected of it (WIRE-LIM-03)."""


@dataclass(slots=True, kw_only=True)
class Line:
    """One accepted connection. `told`: its end has been recorded."""

    name: str
    connection: Connection
    told: bool = False


@dataclass(slots=True, kw_only=True)
class Peer:
    """Where a client connects to."""

    client: str
    listener: socket.socket
    lines: list[Line] = field(default_factory=list)

    @classmethod
    def open(cls, client: str) -> Peer:
        """Listen on a free port of 127.0.0.1."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        listener.setblocking(False)
        return cls(client=client, listener=listener)

    @property
    def address(self) -> str:
        """`127.0.0.1:port`."""
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def accept(self, name: str) -> Line | None:
        """The next connection, None if nobody waits."""
        try:
            sock, _ = self.listener.accept()
        except OSError:
            return None
        line = Line(name=name, connection=Connection(sock, frames_max=RECEIVED_FRAMES_MAX, bytes_max=SENT_BYTES_MAX))
        self.lines.append(line)
        return line

    def hang_up(self) -> None:
        """Close all connections; whoever waits to be accepted is refused."""
        for line in self.lines:
            line.connection.close()
        self.lines.clear()
        while (waiting := self.accept("")) is not None:
            waiting.connection.close()
        self.lines.clear()

    def close(self) -> None:
        """Listen no more."""
        self.hang_up()
        self.listener.close()


def closed_address() -> str:
    """An address at which nobody listens: a port that was just free."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"
