"""Servers that mean no good, one function each, and what runs them.

`FIRST` are wrong from the first byte on: each takes a connection. `LATER` are honest until a scenario has logged on: they stand between
the harness and an embedded server, leave its control connection alone, and take over (or change the frames of) all others.
Every one of them ends when its connection does: nothing sleeps longer than the harness stays. `FAST` are enough to see that each bound
holds; the others tell more ways to reach it.
"""

import contextlib
import random
import socket
import struct
import threading

from conformance.wire import FrameReader, decode, encode_message, frame
from reference_model.messages import Message

PIECE = 64 * 1024
CONTROL = ("control", "doctor")
"""How the client names end of connections that are the harness's own."""


class Listener:
    """Listens on a free port; a thread for each connection calls `take(sock)`."""

    def __init__(self, take):
        self._take = take
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._open = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._threads[0].join(5)
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._socket.accept()
                self._open.add(sock)
                thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, sock):
        with contextlib.suppress(OSError), sock:
            self._take(sock)
        self._open.discard(sock)


# ---- what a hostile server does with a connection ----------------------------------------------------------------------------------


def drain(sock):
    """Read until the other side ends."""
    while sock.recv(PIECE):
        pass


def say(*data):
    """Send that, and read on."""

    def take(sock):
        for piece in data:
            sock.sendall(piece)
        drain(sock)

    return take


def after_reading(take):
    """Only when something has come."""

    def later(sock):
        if sock.recv(PIECE):
            take(sock)

    return later


def endless(piece, before=b""):
    """Send that again and again, and read nothing."""
    many = piece * max(1, PIECE // len(piece))

    def take(sock):
        sock.sendall(before)
        while True:
            sock.sendall(many)

    return take


def http(sock):
    sock.recv(PIECE)
    sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def echo(sock):
    while data := sock.recv(PIECE):
        sock.sendall(data)


def garbage(sock):
    draw = random.Random(7)
    while True:
        sock.sendall(draw.randbytes(PIECE))


def drip(data, seconds=1.0):
    """A byte a second; ends at once when the other side does."""

    def take(sock):
        sock.settimeout(seconds)
        for at in range(len(data)):
            sock.sendall(data[at : at + 1])
            with contextlib.suppress(TimeoutError):
                while sock.recv(PIECE):
                    pass
                return

    return take


def reset_after(data):
    """Send that, then a reset instead of an end."""

    def take(sock):
        sock.sendall(data)
        sock.recv(PIECE)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return take


def ack(cmd_id, ack_type="processed", status="success", **more):
    return encode_message(Message(header={"cmd": "ack", "cmd_id": cmd_id, "ack_type": ack_type, "status": status, **more}))


def great(payload):
    """A frame around a payload that is too great to be made twice."""
    return struct.pack(">I", len(payload)) + payload


LOGON_ACK = ack("logon", version="6.3.0.0")
HEADER_BYTES = 100_000_000
GREAT_HEADERS = {
    "one value of 100 MB": lambda: great(b'{"c":"ack","reason":"' + b"x" * HEADER_BYTES + b'"}'),
    "a header of 100 MB that does not end": lambda: great(b'{"c":"ack","reason":"' + b"x" * HEADER_BYTES),
    "16 million fields": lambda: great(b'{"c":"ack"' + b',"a":1' * (HEADER_BYTES // 6) + b"}"),
    "100 MB of braces": lambda: great(b"{" * HEADER_BYTES),
    "100 MB of blanks": lambda: great(b"{" + b" " * HEADER_BYTES + b"}"),
    "100 MB of quotes": lambda: great(b"{" + b'"' * HEADER_BYTES),
    "100 MB of backslashes": lambda: great(b'{"' + b"\\" * HEADER_BYTES),
}

FIRST = {
    "HTTP": http,
    "an echo": echo,
    "silence": drain,
    "an end at once": lambda _: None,
    "garbage": garbage,
    "an endless stream of nothing": endless(b"\0"),
    "an endless stream of heartbeats": endless(frame(b'{"c":"heartbeat"}')),
    "endless acks for commands never sent": endless(ack("never-sent")),
    "an endless stream of an unknown command": endless(frame(b'{"c":"surprise"}')),
    "a length of 2 GB": say(b"\x7f\xff\xff\xff" + b"x" * PIECE),
    "a length of 2 GB, and as much data": endless(b"x" * PIECE, before=b"\x7f\xff\xff\xff"),
    "an endless frame below the limit": endless(b"x" * PIECE, before=b"\x0f\xff\xff\xff"),
    "a byte a second": drip(LOGON_ACK),
    "a reset in mid frame": reset_after(LOGON_ACK[:20]),
    "a reset at once": reset_after(b""),
    "invalid UTF-8": after_reading(
        say(frame(b'{"c":"ack","cid":"logon","a":"processed","status":"\xff\xfe","reason":"\xc3\x28\x1b[2J"}'))
    ),
    "a logon ack of invalid UTF-8, then silence": after_reading(say(ack("logon"), frame(b'{"c":"\xff\xfe"}'))),
    "a logon ack, then silence": after_reading(say(LOGON_ACK)),
    **{name: after_reading(lambda sock, make=make: say(make())(sock)) for name, make in GREAT_HEADERS.items()},
}


# ---- servers that are honest at first ----------------------------------------------------------------------------------------------


class Between:
    """Takes connections, and makes one of each to the honest server at `port`.

    `evil(sock, upstream)` takes over each connection of a scenario once its logon is answered.
    """

    def __init__(self, port, evil):
        self._port = port
        self._evil = evil

    def __call__(self, sock):
        with socket.create_connection(("127.0.0.1", self._port)) as upstream:
            reader, begun, first = FrameReader(), b"", []
            while not first:
                data = sock.recv(PIECE)
                if not data:
                    return
                begun += data
                first = reader.feed(data)
            logon = decode(first[0], sender="client") if first[0] else None
            upstream.sendall(begun)
            if logon is None or str(logon.header.get("client_name", "")).endswith(CONTROL):
                both(sock, upstream)
                return
            reader, answered = FrameReader(), []
            while not answered:
                data = upstream.recv(PIECE)
                if not data:
                    return
                sock.sendall(data)
                answered = reader.feed(data)
            self._evil(sock, upstream)


def pump(source, sink, change=None):
    """Copy until one side ends; `change(payload)` gives the bytes that stand for a frame."""
    reader = FrameReader()
    with contextlib.suppress(OSError):
        while data := source.recv(PIECE):
            sink.sendall(data if change is None else b"".join(change(payload) for payload in reader.feed(data)))
    for side in (source, sink):
        with contextlib.suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)


def both(sock, upstream, *, to_client=None, to_server=None):
    """Copy both ways until one side ends."""
    thread = threading.Thread(target=pump, args=(upstream, sock, to_client), daemon=True)
    thread.start()
    pump(sock, upstream, to_server)
    thread.join()


def taken_over(take):
    """Once the logon is answered the honest server is heard no more."""

    def evil(sock, upstream):
        upstream.close()
        take(sock)

    return evil


def changed(change):
    """Each frame of the honest server becomes something else."""

    def evil(sock, upstream):
        both(sock, upstream, to_client=change)

    return evil


def once(make):
    """Before the next frame of the honest server comes this."""

    def evil(sock, upstream):
        left = [make]

        def change(payload):
            return (left.pop()() if left else b"") + frame(payload)

        both(sock, upstream, to_client=change)

    return evil


FLOOD_PIECES, FLOOD_PIECE = 100, 10_000


def flooded(sock, upstream):
    """A subscription gets a million messages as soon as it is acknowledged."""
    subscriptions = set()

    def note(payload):
        if b'"subscribe"' in payload:
            subscriptions.add(decode(payload, sender="client").text("cmd_id"))
        return frame(payload)

    def flood(payload):
        message = decode(payload, sender="server")
        sids = message.text("cmd_id")
        if message.cmd != "ack" or message.text("ack_type") != "processed" or sids not in subscriptions:
            return frame(payload)
        sock.sendall(frame(payload))
        header = {"cmd": "publish", "topic": "amct_s00_orders", "sids": sids}
        piece = encode_message(Message(header=header, body=b'{"id":1,"text":"one of a million"}')) * FLOOD_PIECE
        for _ in range(FLOOD_PIECES):
            sock.sendall(piece)
        return b""

    both(sock, upstream, to_server=note, to_client=flood)


def resetting(sock, upstream):
    """The tenth frame ends in the middle, with a reset."""
    count = [0]

    def change(payload):
        count[0] += 1
        if count[0] < 10:
            return frame(payload)
        sock.sendall(frame(payload)[:-3])
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise OSError

    both(sock, upstream, to_client=change)


def damaged(payload):
    """UTF-8 that is none, in the header and in the body."""
    return frame(payload.replace(b'"topic":"', b'"topic":"\xff').replace(b'{"id"', b'{"\xc3\x28":"\xff","id"'))


BODY_BYTES = 90_000_000

LATER = {
    "silence from then on": taken_over(drain),
    "an end": taken_over(lambda _: None),
    "an echo": taken_over(echo),
    "garbage": taken_over(garbage),
    "an endless stream of nothing": taken_over(endless(b"\0")),
    "an endless stream of heartbeats": taken_over(endless(frame(b'{"c":"heartbeat"}'))),
    "endless results": taken_over(endless(frame(b'{"c":"group_begin","query_id":"q"}'))),
    "endless great publishes": taken_over(
        endless(frame(b'{"c":"publish","t":"amct_s00_orders","s":"1"}{"id":"' + b"x" * PIECE + b'"}'))
    ),
    "a length of 2 GB": taken_over(endless(b"x", before=b"\x7f\xff\xff\xff")),
    "an endless frame below the limit": taken_over(endless(b"x" * PIECE, before=b"\x0f\xff\xff\xff")),
    "a byte a second": taken_over(drip(ack("never-sent") * 100)),
    "results without end, one a second": taken_over(drip(frame(b'{"c":"group_begin","query_id":"q"}') * 100, 0.03)),
    "a reset in mid frame": resetting,
    "acks for commands never sent": changed(lambda payload: ack("never-sent") + frame(payload) + ack("x", "completed", "failure")),
    "a million messages for one subscription": flooded,
    "invalid UTF-8": changed(damaged),
    "a body of 90 MB": once(
        lambda: great(b'{"c":"publish","t":"amct_s00_orders","s":"1"}{"id":1,"n":[' + b"1," * (BODY_BYTES // 2) + b"1]}")
    ),
    **{name: once(make) for name, make in GREAT_HEADERS.items()},
}

FAST = {
    "HTTP",
    "silence",
    "garbage",
    "endless acks for commands never sent",
    "a length of 2 GB",
    "a reset in mid frame",
    "a logon ack, then silence",
    "16 million fields",
    "an endless stream of heartbeats",
    "endless great publishes",
    "acks for commands never sent",
    "a million messages for one subscription",
    "invalid UTF-8",
    "a body of 90 MB",
}
