"""Publishes, deltas, deletes and expiry: the worked examples of sow.md §11 and delta.md §5."""

from __future__ import annotations

import json

import pytest


def published(messages):
    return [json.loads(one.body) for one in messages if one.cmd == "publish"]


def watch(server, topic="orders", **fields):
    """A client with one subscription to the topic."""
    client = server.client()
    client.send("subscribe", topic, cmd_id="w", **fields)
    return client


def test_insert_update_replacement(server):
    """sow.md §11 A"""
    client, watcher = server.client(), watch(server)
    steps = [
        {"id": "p1", "hub": "BRU", "kg": 3},
        {"id": "p2", "hub": "LYS", "kg": 5},
        {"id": "p2", "hub": "LYS", "kg": 4, "late": True},
        {"id": "p2", "hub": "MAD"},
        {"id": "p2", "hub": "MAD"},
    ]
    for step in steps:
        client.send("publish", "orders", step)
    got = watcher.got()
    assert published(got) == steps
    assert client.records("orders", orderby="/id") == [steps[0], steps[4]]
    assert {one.header["sow_key"] for one in got} == set(client.keys("orders").values())


def test_bodies_stay_as_they_were_written(server):
    client, watcher = server.client(), watch(server)
    body = '{ "id" : 7, "x": 1.50, "é": "\\u00e9", "n": 12345678901234567890123 }'.encode()
    client.send("publish", "orders", body)
    assert client.bodies("orders") == [body]
    assert [one.body for one in watcher.got()] == [body]


DELTAS = [
    ("A nothing is removed by absence", {"id": 7, "tree": "oak"}, {"id": 7}, {"id": 7, "tree": "oak"}),
    (
        "B an array inside an object is replaced whole",
        {"id": 7, "cargo": {"crates": [{"fruit": "figs"}, {"grain": "rye"}]}},
        {"id": 7, "cargo": {"crates": [{"nuts": "pecan"}]}},
        {"id": 7, "cargo": {"crates": [{"nuts": "pecan"}]}},
    ),
    (
        "C a repeated value",
        {"id": 9, "state": "ready", "m": ["a", "b"]},
        {"id": 9, "state": "ready"},
        {"id": 9, "state": "ready", "m": ["a", "b"]},
    ),
    (
        "D change and addition",
        {"id": 3, "who": "Pia", "st": "new", "qty": 10},
        {"id": 3, "st": "open", "desk": "N"},
        {"id": 3, "who": "Pia", "st": "open", "qty": 10, "desk": "N"},
    ),
    ("E first message of a record", None, {"id": 8, "st": "new"}, {"id": 8, "st": "new"}),
    ("a scalar of another type", {"id": 1, "v": "7"}, {"id": 1, "v": 7}, {"id": 1, "v": 7}),
    ("an array of scalars", {"id": 1, "v": [1, 2, 3]}, {"id": 1, "v": [4]}, {"id": 1, "v": [4]}),
    ("a path of single members", {"id": 1, "o": {"p": 1}}, {"id": 1, "o": {"p": 2}}, {"id": 1, "o": {"p": 2}}),
]


@pytest.mark.parametrize(("record", "delta", "merged"), [row[1:] for row in DELTAS], ids=[row[0] for row in DELTAS])
def test_delta(server, record, delta, merged):
    """delta.md §5 A to E: record, delivery and filter all see the merged message"""
    client, watcher = server.client(), watch(server)
    if record is not None:
        client.send("publish", "orders", record)
    watcher.got()
    client.send("delta_publish", "orders", delta)
    assert client.records("orders") == [merged]
    assert published(watcher.got()) == [merged]


def test_delta_with_exact_numbers(server):
    client = server.client()
    client.send("publish", "orders", b'{"id":1,"big":12345678901234567890123,"d":1.50}')
    client.send("delta_publish", "orders", b'{"id":1,"e":0.1}')
    assert client.bodies("orders") == [b'{"id":1,"big":12345678901234567890123,"d":1.50,"e":0.1}']


@pytest.mark.parametrize(
    ("seeds", "delta", "outcomes"),
    [
        (60, {"id": 1, "o": {"x": 2}}, [{"id": 1, "v": "s", "o": {"x": 2, "y": 1}}, {"id": 1, "v": "s", "o": {"x": 2}}]),
        (60, {"id": 1, "v": None}, [{"id": 1, "v": "s", "o": {"x": 1, "y": 1}}, {"id": 1, "v": None, "o": {"x": 1, "y": 1}}]),
        (60, {"id": 1, "v": ""}, [{"id": 1, "v": "s", "o": {"x": 1, "y": 1}}, {"id": 1, "v": "", "o": {"x": 1, "y": 1}}]),
    ],
)
def test_what_the_documentation_leaves_to_a_merge_is_taken_each_way(make, seeds, delta, outcomes):
    seen = []
    for seed in range(seeds):
        client = make(seed=seed).client()
        client.send("publish", "orders", {"id": 1, "v": "s", "o": {"x": 1, "y": 1}})
        client.send("delta_publish", "orders", delta)
        outcome = client.records("orders")[0]
        if outcome not in seen:
            seen.append(outcome)
    assert sorted(map(json.dumps, seen)) == sorted(map(json.dumps, outcomes))


def test_delta_of_explicit_keys_and_without_sow(server):
    """delta.md §5 L; DELTA-PUB-07"""
    client, watcher = server.client(), watch(server, "chat")
    client.send("publish", "own", {"st": "new", "q": 1}, sow_key="ab12")
    client.send("delta_publish", "own", {"st": "open"}, sow_key="ab12")
    client.send("delta_publish", "own", {"st": "open"}, sow_key="ab13")
    assert sorted(client.bodies("own")) == [b'{"st":"open","q":1}', b'{"st":"open"}']
    client.send("delta_publish", "chat", b"no json at all")
    assert [one.body for one in watcher.got()] == [b"no json at all"]


def test_filters_see_the_merged_message(server):
    """delta.md §5 H"""
    client, watcher = server.client(), watch(server, filter="/st='open'")
    client.send("publish", "orders", {"id": 4, "st": "hold", "qty": 9})
    client.send("delta_publish", "orders", {"id": 4, "st": "open"})
    client.send("delta_publish", "orders", {"id": 4, "qty": 8})
    assert published(watcher.got()) == [{"id": 4, "st": "open", "qty": 9}, {"id": 4, "st": "open", "qty": 8}]


def test_correlation_ids(server):
    client, watcher = server.client(), watch(server)
    sent = [
        ("publish", "eA=="),
        ("delta_publish", None),
        ("delta_publish", "eQ=="),
        ("delta_publish", None),
        ("publish", None),
        ("delta_publish", None),
    ]
    for cmd, given in sent:
        client.send(cmd, "orders", {"id": 1}, **({"correlation_id": given} if given else {}))
    assert [one.header.get("correlation_id") for one in watcher.got()] == ["eA==", "eA==", "eQ==", "eQ==", None, None]


def test_body_that_does_not_parse(server):
    client, watcher = server.client(), watch(server)
    for cmd in ("publish", "delta_publish"):
        acks = client.ask(cmd, "orders", b'{"id":1')
        assert (acks["processed"].header["status"], acks["persisted"].header["status"]) == ("failure", "failure")
        assert acks["received"].header["status"] == "success"
    assert client.records("orders") == []
    assert watcher.got() == []


def test_a_delta_without_the_key_changes_no_record(server):
    client = server.client()
    client.send("publish", "orders", {"id": 1, "v": 1})
    client.send("delta_publish", "orders", {"v": 2})
    assert {"id": 1, "v": 1} in client.records("orders")


# ---- deletes -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def five(server):
    client = server.client()
    for number in range(5):
        client.send("publish", "orders", {"id": number, "st": "closed" if number < 2 else "open"})
    return client


def deleted(client, **fields):
    return client.ask("sow_delete", "orders", **fields)["stats"].header["records_deleted"]


def test_deletes(five):
    """sow.md §11 I"""
    acks = five.ask("sow_delete", "orders", filter="/st='closed'")
    assert set(acks) == {"received", "processed", "completed", "persisted", "stats"}
    stats = acks["stats"].header
    assert (stats["matches"], stats["records_deleted"]) == (2, 2)
    assert 2 <= stats["topic_matches"] <= 5
    assert sorted(record["id"] for record in five.records("orders")) == [2, 3, 4]
    key = five.keys("orders")[b'{"id":2,"st":"open"}']
    assert deleted(five, sow_keys=key) == 1
    assert deleted(five, sow_keys=key) == 0
    assert deleted(five, body={"id": 3, "whatever": 1}) == 1
    assert deleted(five, body={"id": 33}) == 0
    assert five.records("orders") == [{"id": 4, "st": "open"}]
    assert deleted(five, filter="1=1") == 1
    assert five.records("orders") == []
    five.send("delta_publish", "orders", {"id": 4, "new": 1})
    assert five.records("orders") == [{"id": 4, "new": 1}]


@pytest.mark.parametrize(
    ("topic", "fields", "reasons"),
    [
        ("orders", {}, {"no filter or bookmark"}),
        (
            "orders",
            {"filter": "1=1", "sow_keys": "1"},
            {"sow_delete command only supports one of: filter, sow_keys, bookmark, or data"},
        ),
        (
            "orders",
            {"filter": "1=1", "body": {"id": 1}},
            {"sow_delete command only supports one of: filter, sow_keys, bookmark, or data"},
        ),
        ("orders", {"filter": "((("}, {"bad filter"}),
        ("orders", {"bookmark": "1|1|"}, {"not supported", "invalid bookmark"}),
        ("nothing", {"filter": "1=1"}, {"invalid topic"}),
        (None, {"filter": "1=1"}, {"no topic"}),
        ("orders", {"body": b"{"}, {"unknown message format", "internal parse error"}),
    ],
)
def test_failing_delete(five, topic, fields, reasons):
    acks = five.ask("sow_delete", topic, **fields)
    assert acks["processed"].header["status"] == "failure"
    assert acks["processed"].header["reason"] in reasons
    assert len(five.records("orders")) == 5


def test_delete_over_several_topics(server):
    client = server.client()
    for topic in ("T_a", "T_b"):
        for number in range(3):
            client.send("publish", topic, {"id": number})
    assert client.ask("sow_delete", "^T_", filter="/id > 0")["stats"].header["records_deleted"] == 4
    assert client.records("T_a") == client.records("T_b") == [{"id": 0}]


def test_a_plain_removal_tells_nobody(five):
    watcher = watch(five.server)
    five.send("sow_delete", "orders", filter="1=1")
    assert watcher.got() == []


# ---- expiry --------------------------------------------------------------------------------------------------------------------


def test_expiry(make):
    """sow.md §11 D"""
    server = make(seed=0)
    client = server.client()

    def left():
        return sorted(record["id"] for record in client.records("brief"))

    start = server.clock.now
    client.send("publish", "brief", {"id": "p1"})
    server.pass_time(start + 12 - server.clock.now)
    client.send("publish", "brief", {"id": "p1"})
    server.pass_time(start + 15 - server.clock.now)
    client.send("publish", "brief", {"id": "p2"}, expiration=3)
    client.send("publish", "brief", {"id": "p3"}, expiration=0)
    assert left() == ["p1", "p2", "p3"]
    server.pass_time(start + 25 - server.clock.now)
    assert left() == ["p1", "p3"]
    server.pass_time(start + 40 - server.clock.now)
    assert left() == ["p3"]


def test_expiry_needs_a_topic_that_has_it(server):
    client = server.client()
    for topic in ("orders", "timed"):
        client.send("publish", topic, {"id": 1}, expiration=5)
        client.send("publish", topic, {"id": 2})
    client.send("delta_publish", "timed", {"id": 3}, expiration=5)
    server.pass_time(3)
    client.send("delta_publish", "timed", {"id": 3}, expiration=5)
    server.pass_time(4)
    assert len(client.records("orders")) == 2
    assert sorted(record["id"] for record in client.records("timed")) == [2, 3]
    client.send("publish", "timed", {"id": 1, "again": 1})
    assert {"id": 1, "again": 1} in client.records("timed")


def test_many_updates_of_one_expiring_record_pile_nothing_up(plain):
    client = plain.client()
    for _ in range(2000):
        client.send("publish", "timed", {"id": 1}, expiration=3600)
    topic = plain.engine._hub.store.topic("timed", "json")
    assert len(topic._due) < 20
    assert len(topic.records) == 1
