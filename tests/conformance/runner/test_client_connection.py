"""One connection over a socket pair: pieces, ends, bounds, writing to a peer that does not read."""

import socket

import pytest

from conformance.client.connection import SHOWN_BYTES_MAX, Connection, Poller
from conformance.wire import frame


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    connection = Connection(ours, frames_max=50, bytes_max=10_000)
    yield connection, theirs
    connection.close()
    theirs.close()


def wait_and_read(connection, poller):
    return connection.read() if poller.wait(1) else []


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_frames_in_pieces_of_any_size(pair, size):
    connection, theirs = pair
    stream = frame(b"one") + frame(b"") + frame(b"x" * 300)
    got = []
    for at in range(0, len(stream), size):
        theirs.sendall(stream[at : at + size])
        got += connection.read()
    assert got == [b"one", b"", b"x" * 300]
    assert connection.ended is None


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_the_offending_bytes_begin_with_the_impossible_length(pair, size):
    connection, theirs = pair
    stream = frame(b"good") + b"HTTP/1.1 400 Bad"
    got = []
    for at in range(0, len(stream), size):
        if connection.ended is None:
            theirs.sendall(stream[at : at + size])
            got += connection.read()
    assert got == [b"good"]
    assert connection.ended.kind == "garbled"
    assert connection.ended.data.startswith(b"HTTP")
    assert connection.read() == []


def test_offending_bytes_are_bounded(pair):
    connection, theirs = pair
    theirs.sendall(b"\xff" * 8000)
    connection.read()
    assert len(connection.ended.data) == SHOWN_BYTES_MAX


@pytest.mark.parametrize(("sent", "detail"), [(b"", "end of stream"), (frame(b"abc")[:5], "end of stream inside a frame, 5 bytes")])
def test_the_end_of_the_stream(pair, sent, detail):
    connection, theirs = pair
    theirs.sendall(sent)
    theirs.shutdown(socket.SHUT_WR)
    connection.read()
    connection.read()
    assert connection.ended.kind == "closed"
    assert connection.ended.detail.startswith(detail)


@pytest.mark.parametrize(
    ("data", "detail"), [(frame(b"") * 51, "more than 50 frames"), (frame(b"x" * 9_997), "more than 10,000 bytes")]
)
def test_what_is_received_is_bounded(pair, data, detail):
    connection, theirs = pair
    theirs.sendall(data)
    got = []
    for _ in range(10):
        got += connection.read()
    assert detail in connection.ended.detail
    assert connection.ended.kind == "unread"
    assert len(got) <= 50


def test_writing_waits_for_the_peer_and_loses_nothing(pair):
    connection, theirs = pair
    data = bytes(range(256)) * 20_000
    connection.queue(data[:1_000_000])
    connection.queue_pieces([data[1_000_000:1_000_001], data[1_000_001:]])
    connection.write()
    assert connection.unwritten
    poller = Poller()
    poller.add(connection)
    theirs.setblocking(False)
    got = bytearray()
    while len(got) < len(data):
        try:
            got += theirs.recv(1 << 20)
        except BlockingIOError:
            poller.wait(1, [connection])
    assert bytes(got) == data
    assert connection.written == len(data)
    assert not connection.unwritten
    poller.close()


def test_a_failed_write_keeps_what_the_peer_sent_before_it_closed(pair):
    connection, theirs = pair
    theirs.sendall(frame(b"last words"))
    theirs.close()
    for _ in range(3):
        connection.queue(b"x" * 100)
        connection.write()
    assert not connection.unwritten
    assert connection.read() == [b"last words"]
    connection.read()
    assert connection.ended.kind == "closed"


def test_close_twice(pair):
    connection, _ = pair
    connection.close()
    connection.close()
    assert connection.fileno() == -1
