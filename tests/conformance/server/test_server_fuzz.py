"""Commands of chance: whatever comes, the engine answers without an exception and keeps what it promises for every history."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from server_peer import make

from conformance.wire import encode_message
from reference_model.messages import CLIENT_COMMANDS, Message

TEXTS = [
    "",
    "orders",
    "T_a",
    "^T_",
    "own",
    "chat",
    "timed",
    "(",
    "all",
    "s1",
    "s1,s2",
    "1",
    "12,x",
    "é\udcff",
    "a" * 300,
    "json",
    "none",
    "0|1|",
    "0",
]
FILTERS = [
    "/id > 1",
    "/id = /n OR /o/p LIKE 'x'",
    "((",
    "/n IN (1,2,'a')",
    "LENGTH(/t) > 0",
    "NOT (/gone = 1)",
    "/a[1] BETWEEN 1 AND 2",
]
OPTIONS = [
    "oof",
    "replace",
    "no_empties,oof",
    "select=[-/,+/id]",
    "top_n=2",
    "top_n=2,skip_n=1",
    "timestamp,no_sowkey",
    "conflation=1s",
    "start,3",
]
OPTIONS += ["beat", "x=[", "top_n=99999999999999999999999", "send_keys,replace", "non_regex_topic", "none"]
ORDERS = ["/id", "/n DESC, /id", "/t TEXT", "/gone DESC TEXT", "id"]
BODIES = [
    b"",
    b"{}",
    b'{"id":1}',
    b'{"id":2,"n":"a","o":{"p":1}}',
    b'{"id":2,"n":[1,null],"o":null}',
    b"[1]",
    b"\xff",
    b'{"id":1,"o":{"p":2,"q":[]}}',
]
NUMBERS = [0, 1, 2, 10, 10_001, -1, "x", 2**64 - 1]


def command(rng):
    header = {"cmd": rng.choice(CLIENT_COMMANDS)}
    for name, values, often in (
        ("topic", TEXTS, 0.9),
        ("cmd_id", ["c1", "c2", ""], 0.7),
        ("sub_id", ["s1", "s2", "s1,s2", "all"], 0.4),
        ("query_id", ["q"], 0.3),
        ("filter", FILTERS, 0.4),
        ("opts", OPTIONS, 0.4),
        ("orderby", ORDERS, 0.3),
        ("sow_key", ["k1", "k2"], 0.2),
        ("sow_keys", ["k1,k2", "1"], 0.15),
        ("correlation_id", ["eA=="], 0.2),
        ("bookmark", ["0", "0|1|", "1|2|"], 0.05),
        ("batch_size", NUMBERS, 0.3),
        ("top_n", NUMBERS, 0.2),
        ("expiration", NUMBERS[:5], 0.2),
        ("seq", NUMBERS, 0.1),
        ("ack_type", ["processed", "received,completed,stats,persisted,processed", "none", "x,stats"], 0.8),
        ("send_oof", ["true"], 0.1),
    ):
        if rng.random() < often:
            header[name] = rng.choice(values)
    return Message(header=header, body=rng.choice(BODIES) if rng.random() < 0.6 else b"")


@pytest.mark.parametrize("seed", range(12))
def test_commands_of_chance(seed):
    rng = random.Random(f"fuzz {seed}")
    server = make(seed=seed)
    clients = [server.client() for _ in range(3)]
    asked = Counter()
    for _ in range(1500):
        client = rng.choice(clients)
        if client.session.closing is not None:
            server.engine.disconnect(client.session)
            clients.remove(client)
            clients.append(client := server.client())
        one = command(rng)
        asked[one.cmd] += 1
        server.engine.receive(client.session, one)
        if rng.random() < 0.3:
            server.pass_time(rng.random() * 2)
        for each in clients:
            check(each.got())
    assert asked.keys() == set(CLIENT_COMMANDS)


def check(messages):
    """Groups are balanced, hold nothing but records and acks, and every message can be written."""
    inside = False
    for one in messages:
        encode_message(one)
        if one.cmd in {"group_begin", "group_end"}:
            assert inside is (one.cmd == "group_end")
            inside = not inside
        assert inside or one.cmd != "sow"
        assert one.cmd not in {"publish", "oof"} or not inside
        if one.cmd == "ack":
            assert one.header["status"] in {"success", "failure"}
            assert one.header["status"] == "success" or one.header["reason"]
    assert not inside
