"""A plain client on a plain socket, knowing no more than wire.md §2: used where bytes count."""

from __future__ import annotations

import json
import socket

WAIT_S = 10.0


def frame(header: str, body: bytes = b"") -> bytes:
    payload = header.encode() + body
    return len(payload).to_bytes(4, "big") + payload


class Plain:
    """Bytes out, payloads in. Each wait ends with an error after `WAIT_S`."""

    def __init__(self, port: int, *, logon: bool = True) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
        self.buffer = b""
        if logon:
            self.put(frame('{"c":"logon","cid":"auto0","client_name":"plain","mt":"json","a":"processed"}'))
            self.until('"cid":"auto0"')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def put(self, data: bytes) -> None:
        self.socket.sendall(data)

    def payload(self) -> bytes:
        """The next payload; raises EOFError at the end of the stream."""
        length = int.from_bytes(self._exactly(4), "big")
        return self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        while len(self.buffer) < count:
            data = self.socket.recv(1 << 20)
            if not data:
                raise EOFError
            self.buffer += data
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def until(self, text: str) -> list[bytes]:
        """All payloads up to the one whose bytes hold the text."""
        payloads = []
        while True:
            payloads.append(self.payload())
            if text.encode() in payloads[-1]:
                return payloads

    def fence(self) -> list[bytes]:
        """All payloads up to the answer of a flush."""
        self.put(frame('{"c":"flush","cid":"fence","a":"completed"}'))
        return self.until('"cid":"fence"')[:-1]

    def closed(self) -> bool:
        """Whether the server ends the connection, whatever it still sends."""
        try:
            while True:
                self.payload()
        except (EOFError, ConnectionResetError):
            return True
        except TimeoutError:
            return False


def header(payload: bytes) -> dict[str, object]:
    """A header that is plain JSON, as a server's has to be."""
    value, _ = json.JSONDecoder().raw_decode(payload.decode(errors="surrogateescape"))
    return value
