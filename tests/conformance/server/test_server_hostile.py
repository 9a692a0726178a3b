"""Bytes that no client should send, and clients that do not read: the server stays up, others are served, memory stays bounded."""

from __future__ import annotations

import random
import time
from contextlib import suppress

import pytest
from server_peer import CONFIG
from server_socket import Plain, frame

from conformance.server import EmbeddedServer, app


@pytest.fixture(scope="module")
def port():
    with EmbeddedServer(CONFIG, seed=1) as server:
        yield server.port


BROKEN = {
    "huge length": b"\xff\xff\xff\xff",
    "length over the limit": b"\x20\0\0\0abc",
    "no header": b"\0\0\0\x05hello",
    "header without end": frame('{"c":"publish","t":"orders"'),
    "header that ends in a string": frame('{"c":"publish","t":"ord'),
    "empty header": frame("{}"),
    "no command": frame('{"t":"orders"}', b"{}"),
    "unknown command": frame('{"c":"bogus","cid":"1","a":"processed"}'),
    "command of a server": frame('{"c":"ack","cid":"1"}'),
    "nested value": frame('{"c":{"x":1}}'),
    "quote inside of a value": frame('{"c":"p","t":"orders","x":"a"b"}', b"{}"),
    "single quotes": frame("{'c':'p'}"),
    "only a brace": frame("{"),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("logon", [True, False])
def test_broken_bytes_end_only_their_connection(port, data, logon):
    with Plain(port) as other, Plain(port, logon=logon) as client:
        client.put(data)
        assert client.closed()
        assert other.fence() == []


ODD = {
    "not UTF-8 in the topic": frame("")[:0]
    + (len(b'{"c":"p","t":"\xff\xfe","cid":"1","a":"processed"}')).to_bytes(4, "big")
    + b'{"c":"p","t":"\xff\xfe","cid":"1","a":"processed"}',
    "not UTF-8 in a filter": (len(b'{"c":"sow","t":"orders","cid":"1","filter":"/a = \'\xff\'"}')).to_bytes(4, "big")
    + b'{"c":"sow","t":"orders","cid":"1","filter":"/a = \'\xff\'"}',
    "not UTF-8 in ids": (len(b'{"c":"sow","t":"orders","cid":"\xff","a":"stats,completed"}')).to_bytes(4, "big")
    + b'{"c":"sow","t":"orders","cid":"\xff","a":"stats,completed"}',
    "key twice": frame('{"c":"p","t":"a","t":"b"}', b"x"),
    "unknown key": frame('{"c":"p","t":"a","zz":"1","__class__":"2"}', b"x"),
    "bare tokens": frame('{"c":"sow","t":"orders","cid":null,"filter":true,"bs":x}'),
    "no topic": frame('{"c":"publish","cid":"1","a":"processed"}', b"x"),
    "long filter": frame('{"c":"sow","t":"orders","cid":"1","filter":"' + "(" * 65_000 + '"}'),
    "long chain": frame('{"c":"sow","t":"orders","cid":"1","filter":"' + " AND ".join(["/a = 1"] * 9000) + '"}'),
    "long topic expression": frame('{"c":"sow","t":"' + "(a" * 30_000 + '","cid":"1"}'),
    "expression that runs away": frame('{"c":"sow","t":"^(a+)+$","cid":"1"}'),
    "deep body": frame('{"c":"p","t":"orders"}', b'{"id":1,"x":' + b"[" * 100_000),
    "deep body that parses": frame('{"c":"p","t":"orders"}', b'{"id":1,"x":' + b"[" * 150 + b"]" * 150 + b"}"),
    "huge number": frame('{"c":"p","t":"orders"}', b'{"id":' + b"9" * 100_000 + b"}"),
    "huge exponent": frame('{"c":"p","t":"orders"}', b'{"id":1e999999999,"v":-1e-999999999}'),
    "lone surrogates": frame('{"c":"p","t":"orders"}', b'{"id":"\\ud800","\\udfff":1}'),
    "array for a body": frame('{"c":"delta_publish","t":"orders"}', b"[1,2]"),
    "text for a body": frame('{"c":"publish","t":"orders"}', b'"x"'),
    "null for a body": frame('{"c":"publish","t":"orders"}', b"null"),
    "empty body": frame('{"c":"delta_publish","t":"orders"}'),
    "numbers everywhere": frame('{"c":"sow","t":5,"cid":6,"a":7,"o":8,"filter":9,"sow_keys":10,"bs":11}'),
    "negative numbers": frame('{"c":"p","t":"timed","e":-5,"s":-1}', b'{"id":1}'),
    "options of nonsense": frame('{"c":"sow_and_subscribe","t":"orders","cid":"1","o":"[[[,]]],=,top_n=,select=[,skip_n=-1"}'),
    "select of nonsense": frame('{"c":"sow","t":"orders","cid":"1","o":"select=[+/a/b[0],-//x]"}'),
    "heartbeat of nonsense": frame('{"c":"heartbeat","o":"start,99999999999999999999"}'),
}


@pytest.mark.parametrize("data", ODD.values(), ids=ODD)
def test_odd_commands_do_no_harm(port, data):
    """The command fails, is ignored or ends its connection; whatever it is, the next one is served and so is everybody else."""
    with Plain(port) as client, Plain(port) as other:
        client.put(data)
        with suppress(EOFError, ConnectionError):
            client.fence()
        other.put(
            frame('{"c":"sow","t":"orders","cid":"q","orderby":"/id, /x TEXT","filter":"/id != 5 OR /x LIKE \'a\'","a":"completed"}')
        )
        other.until('"a":"completed"')


def test_random_bytes(port):
    rng = random.Random(7)
    for _ in range(60):
        with Plain(port) as client:
            data = bytearray(
                frame('{"c":"sow_and_subscribe","t":"^.*s","cid":"c","a":"processed,stats","filter":"/id > 1"}', b'{"id":1}')
            )
            for _ in range(rng.randint(1, 12)):
                data[rng.randrange(4, len(data))] = rng.randrange(256)
            client.put(bytes(data) + rng.randbytes(rng.randint(0, 40)))
    with Plain(port) as client:
        assert client.fence() == []


def test_truncated_publish_is_not_applied(port):
    with Plain(port) as client:
        client.put(frame('{"c":"p","t":"T_a"}', b'{"id":"cut"}')[:-3])
    with Plain(port) as client:
        client.put(frame('{"c":"sow","t":"T_a","cid":"q","a":"completed"}'))
        assert not any(b"cut" in payload for payload in client.until('"a":"completed"'))


def test_a_client_that_does_not_read_is_given_up(monkeypatch):
    monkeypatch.setattr(app, "waiting_bytes_max", 4_000_000)
    monkeypatch.setattr(app, "write_bytes_high", 100_000)
    with EmbeddedServer(CONFIG) as server, Plain(server.port) as slow, Plain(server.port) as other:
        slow.put(frame('{"c":"subscribe","t":"chat","cid":"s","a":"processed"}'))
        slow.until('"cid":"s"')
        body = b"x" * 100_000
        deadline = time.monotonic() + 20
        while len(server.engine.sessions) == 2 and time.monotonic() < deadline:
            for _ in range(20):
                other.put(frame('{"c":"p","t":"chat"}', body))
            assert other.fence() == []
            assert all(session.waiting_bytes < 12_000_000 for session in tuple(server.engine.sessions.values()))
        assert len(server.engine.sessions) == 1


def test_a_client_that_asks_without_reading_is_not_read_from(monkeypatch):
    """Its commands wait in its own socket, so nothing piles up here."""
    monkeypatch.setattr(app, "write_bytes_high", 50_000)
    with EmbeddedServer(CONFIG) as server, Plain(server.port) as greedy, Plain(server.port) as other:
        for number in range(200):
            other.put(frame('{"c":"p","t":"orders"}', b'{"id":%d,"pad":"%s"}' % (number, b"x" * 1000)))
        other.fence()
        greedy.socket.setblocking(False)
        query = frame('{"c":"sow","t":"orders","cid":"q","batch_size":100,"a":"completed"}')
        sent = 0
        for _ in range(300):
            with suppress(BlockingIOError):
                sent += greedy.socket.send(query * 200) // len(query)
            assert other.fence() == []
            (waiting,) = [one.waiting_bytes for one in tuple(server.engine.sessions.values()) if one.number == 1]
            assert waiting < 1_000_000
        greedy.socket.settimeout(10)
        greedy.until('"a":"completed"')
        assert sent > 0


def test_a_reset_while_a_result_is_sent(port):
    with Plain(port) as writer:
        for number in range(500):
            writer.put(frame('{"c":"p","t":"T_b"}', b'{"id":%d,"pad":"%s"}' % (number, b"x" * 2000)))
        writer.fence()
        for _ in range(5):
            with Plain(port) as client:
                client.put(frame('{"c":"sow","t":"T_b","cid":"q","batch_size":10}') * 20)
                client.payload()
        assert writer.fence() == []
