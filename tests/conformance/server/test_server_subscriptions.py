"""Subscriptions: delivery, several on one connection, deltas, oof, replace, query and subscribe, unsubscribe."""

from __future__ import annotations

import json
from collections import Counter

import pytest


def sids(messages):
    """How often each id stands in the messages."""
    return Counter(sid for one in messages for sid in str(one.header["sids"]).split(","))


def bodies(messages, kind="publish"):
    return [json.loads(one.body) for one in messages if one.cmd == kind]


def test_overlapping_subscriptions(server):
    """subscriptions.md §14, 1"""
    client, other = server.client(), server.client()
    client.send("subscribe", "orders", sub_id="A")
    client.send("subscribe", "orders", sub_id="B", filter="/q>5")
    client.send("subscribe", "^ord", sub_id="D")
    other.send("publish", "orders", {"id": 1, "q": 9})
    got = client.got()
    assert sids(got) == Counter("ABD")
    assert {one.header["topic"] for one in got} == {"orders"}
    other.send("publish", "orders", {"id": 1, "q": 1})
    assert sids(client.got()) == Counter("AD")
    client.send("unsubscribe", sub_id="A")
    other.send("publish", "orders", {"id": 1, "q": 9})
    assert sids(client.got()) == Counter("BD")
    client.send("unsubscribe", sub_id="B,D")
    other.send("publish", "orders", {"id": 1, "q": 9})
    assert client.got() == []


def test_one_copy_and_several_are_both_sent(make):
    counts = set()
    for seed in range(30):
        server = make(seed=seed)
        client = server.client()
        for sub_id in "ABC":
            client.send("subscribe", "chat", sub_id=sub_id)
        server.client().send("publish", "chat", b"x")
        counts.add(len(client.got()))
    assert counts == {1, 2, 3}


def test_ids(server):
    """sub_id, else the command id, else one of the server's; processed tells it"""
    client = server.client()
    tell = {"ack_type": "processed"}
    assert [one.header["sub_id"] for one in client.send("subscribe", "a", cmd_id="c", sub_id="s", **tell)] == ["s"]
    assert [one.header["sub_id"] for one in client.send("subscribe", "b", cmd_id="c", **tell)] == ["c"]
    made = client.send("subscribe", "c", **tell)[0].header["sub_id"]
    for topic, sub_id in zip("abc", ("s", "c", made), strict=True):
        assert sids(client.send("publish", topic, b"x")) == Counter([sub_id])
    client.send("unsubscribe", sub_id="all")
    assert client.send("publish", "a", b"x") == []


@pytest.mark.parametrize(
    ("topic", "name", "matches"),
    [
        ("fills", "fills2", False),
        ("/eu/fills-1", "/eu/fills-1", True),
        ("/eu/fills-1", "x/eu/fills-1", False),
        ("desk.fx", "eu/desk_fx2", True),
        ("desk.fx", "deskfx", False),
        ("^desk.*", "mydesk", False),
        ("desk$", "mydesk", True),
        ("^/p/(mech|elec)$", "/p/hydr", False),
        ("(?i)^desk[0-9]{2}$", "DESK42", True),
        (r"^a\.b$", "a/b", False),
        ("colou?r", "watercolour", True),
        ("^abc.*", "ABCD", False),
    ],
)
def test_topics(server, topic, name, matches):
    """expressions.md §9.1"""
    client = server.client()
    client.send("subscribe", topic, sub_id="s")
    assert bool(client.send("publish", name, b"x")) == matches
    client.send("subscribe", topic, sub_id="l", opts="non_regex_topic")
    assert ("l" in sids(client.send("publish", name, b"x"))) == (topic == name)


def test_headers_of_a_delivered_message(server):
    client, other = server.client(), server.client()
    client.send("subscribe", "orders", sub_id="s", opts="timestamp")
    other.send("publish", "orders", {"id": 1}, correlation_id="eA==")
    (got,) = client.got()
    assert got.header["topic"] == "orders"
    assert got.header["correlation_id"] == "eA=="
    assert got.header["sow_key"] == other.keys("orders")[b'{"id":1}']
    assert str(got.header["timestamp"]).endswith("Z")
    assert got.header.get("msg_len", 8) == 8
    client.send("subscribe", "orders", sub_id="s2", opts="no_sowkey")
    client.send("unsubscribe", sub_id="s")
    other.send("publish", "orders", {"id": 1})
    (got,) = client.got()
    assert {"sow_key", "correlation_id", "timestamp"}.isdisjoint(got.header)
    client.send("subscribe", "chat", sub_id="s3")
    other.send("publish", "chat", b"\x00{\xff")
    (got,) = client.got()
    assert got.body == b"\x00{\xff"
    assert "sow_key" not in got.header


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({"topic": None}, {"no topic"}),
        ({"filter": "/a = = 1"}, {"bad filter"}),
        ({"topic": "(x"}, {"bad regex topic"}),
        ({"opts": "frobnicate"}, {"invalid options"}),
        ({"opts": "conflation=1s"}, {"not supported"}),
        ({"opts": "pause"}, {"invalid options", "not supported"}),
        ({"bookmark": "0"}, {"not supported"}),
        ({"opts": "oof", "filter": "UNIX_TIMESTAMP() > 1"}, {"bad filter"}),
    ],
)
def test_failing_subscription_leaves_nothing(server, fields, reasons):
    client = server.client()
    fields = {"topic": "chat", **fields}
    (ack,) = client.send("subscribe", sub_id="s", cmd_id="c", ack_type="processed", **fields)
    assert ack.header["status"] == "failure"
    assert ack.header["reason"] in reasons
    assert client.send("publish", "chat", b"x") == []


def test_unsubscribe_needs_an_id(server):
    client = server.client()
    assert client.ask("unsubscribe")["processed"].header["status"] == "failure"
    assert client.ask("unsubscribe", sub_id="unknown")["processed"].header["status"] == "success"


def test_subscriptions_end_with_the_connection(server):
    client, other = server.client(), server.client()
    client.send("subscribe", "chat", sub_id="s")
    server.engine.disconnect(client.session)
    other.send("publish", "chat", b"x")
    assert client.got() == []


# ---- query and subscribe -------------------------------------------------------------------------------------------------------


def test_query_and_subscribe(server):
    """sow.md §11 J"""
    client, other = server.client(), server.client()
    other.send("publish", "orders", {"id": 1, "v": 3})
    got = client.send("sow_and_subscribe", "orders", sub_id="s", query_id="q", cmd_id="c", ack_type="processed,completed,stats")
    kinds = [one.cmd for one in got if one.cmd != "ack"]
    assert kinds == ["group_begin", "sow", "group_end"]
    assert {one.header["query_id"] for one in got if one.cmd != "ack"} == {"q"}
    other.send("publish", "orders", {"id": 1, "v": 4})
    got = client.got()
    assert bodies(got) == [{"id": 1, "v": 4}]
    assert sids(got) == Counter(["s"])


def test_query_and_subscribe_without_sow(server):
    """commands.md §11 B"""
    client = server.client()
    got = client.send("sow_and_subscribe", "chat", cmd_id="c", ack_type="processed,completed,stats")
    assert [one.cmd for one in got if one.cmd != "ack"] == ["group_begin", "group_end"]
    assert all(one.header["status"] == "success" for one in got if one.cmd == "ack")
    assert bodies(client.send("publish", "chat", {"a": 1})) == [{"a": 1}]


@pytest.mark.parametrize("asked", ["processed,completed", "completed,stats", "stats"])
def test_failing_query_and_subscribe(server, asked):
    """commands.md §8.1: the failure is told in processed, else in completed, else in stats; or not at all"""
    client = server.client()
    got = client.send("sow_and_subscribe", "orders", cmd_id="c", filter="(", ack_type=asked)
    told = {one.header["ack_type"]: one.header["status"] for one in got}
    assert set(told.values()) <= {"failure"}
    assert "processed" not in asked or told["processed"] == "failure"


# ---- deltas --------------------------------------------------------------------------------------------------------------------


def delta(server, **fields):
    client = server.client()
    client.send("delta_subscribe", "orders", sub_id="D", **fields)
    return client


@pytest.mark.parametrize(
    ("record", "cmd", "message", "changes", "quiet"),
    [
        ({"id": 7, "tree": "oak"}, "delta_publish", {"id": 7}, {"id": 7}, True),
        ({"id": 9, "m": ["a", "b"]}, "publish", {"id": 9, "m": ["a", "b"]}, {"id": 9}, True),
        (
            {"id": 3, "who": "Pia", "st": "new"},
            "delta_publish",
            {"id": 3, "st": "open", "desk": "N"},
            {"id": 3, "st": "open", "desk": "N"},
            False,
        ),
        ({"id": 3, "st": "open", "qty": 5}, "publish", {"id": 3, "st": "hold", "qty": 5}, {"id": 3, "st": "hold"}, False),
        (None, "delta_publish", {"id": 8, "st": "new"}, {"id": 8, "st": "new"}, False),
        ({"id": 1, "o": {"x": 1}}, "publish", {"id": 1, "o": {"x": 2}}, {"id": 1, "o": {"x": 2}}, False),
    ],
)
def test_delta_subscriptions(server, record, cmd, message, changes, quiet):
    """delta.md §5 A, C, D, E, F"""
    client = server.client()
    if record is not None:
        client.send("publish", "orders", record)
    plain, sparing = delta(server), delta(server, opts="no_empties")
    client.send(cmd, "orders", message)
    assert bodies(plain.got()) == [changes]
    got = bodies(sparing.got())
    assert got == [] if quiet else [{**changes, **one} for one in got] == [changes]


def test_delta_of_a_nested_key(server):
    client = server.client()
    client.send("publish", "nested", {"ref": {"id": 1, "x": 1}, "y": 1})
    watcher = server.client()
    watcher.send("delta_subscribe", "nested", sub_id="D")
    client.send("publish", "nested", {"ref": {"id": 1, "x": 1}, "y": 2})
    assert bodies(watcher.got()) == [{"ref": {"id": 1}, "y": 2}]


def test_delta_with_select_list(server):
    """delta.md §5 I"""
    client = server.client()
    client.send("publish", "orders", {"id": 4, "qty": 0})
    wide, sparing = delta(server, opts="select=[-/,+/id,+/qty]"), delta(server, opts="select=[-/,+/id,+/qty],no_empties,send_keys")
    client.send("delta_publish", "orders", {"id": 4, "memo": "x"})
    assert bodies(wide.got()) == [{"id": 4}]
    assert sparing.got() == []
    client.send("delta_publish", "orders", {"id": 4, "qty": 1})
    assert bodies(wide.got()) == bodies(sparing.got()) == [{"id": 4, "qty": 1}]


def test_full_and_delta_on_one_connection(server):
    """delta.md §5 O: both get the full message"""
    client, other = server.client(), server.client()
    other.send("publish", "orders", {"id": 1, "a": 1, "b": 1})
    client.send("subscribe", "orders", sub_id="A")
    client.send("delta_subscribe", "orders", sub_id="B")
    other.send("publish", "orders", {"id": 1, "a": 2, "b": 1})
    got = client.got()
    assert sids(got) == Counter("AB")
    assert all(body == {"id": 1, "a": 2, "b": 1} for body in bodies(got))


def test_sow_and_delta_subscribe(server):
    client, other = server.client(), server.client()
    other.send("publish", "orders", {"id": 1, "a": 1, "b": 1})
    got = client.send("sow_and_delta_subscribe", "orders", sub_id="D", query_id="q")
    assert [record.data for one in got for record in one.records] == [b'{"id":1,"a":1,"b":1}']
    other.send("delta_publish", "orders", {"id": 1, "a": 2})
    assert bodies(client.got()) == [{"id": 1, "a": 2}]


# ---- out of focus --------------------------------------------------------------------------------------------------------------


def test_out_of_focus(server):
    """oof.md §8 B and C"""
    client, other = server.client(), server.client()
    for number in (1, 2):
        other.send("publish", "orders", {"id": number, "st": "Open", "qty": 5})
    client.send("sow_and_subscribe", "orders", sub_id="s", filter="/st='Open'", opts="oof")
    key = other.keys("orders")[b'{"id":2,"st":"Open","qty":5}']

    def after(*command, **fields):
        other.send(*command, **fields)
        return [(one.cmd, one.header.get("reason"), json.loads(one.body)) for one in client.got()]

    assert after("delta_publish", "orders", {"id": 1, "st": "Done"}) == [("oof", "match", {"id": 1, "st": "Done", "qty": 5})]
    assert after("delta_publish", "orders", {"id": 1, "qty": 3}) == []
    assert after("delta_publish", "orders", {"id": 1, "st": "Open"}) == [("publish", None, {"id": 1, "st": "Open", "qty": 3})]
    assert after("sow_delete", "orders", sow_keys=key) == [("oof", "deleted", {"id": 2, "st": "Open", "qty": 5})]


def test_out_of_focus_by_expiry_and_for_deltas(server):
    client, other = server.client(), server.client()
    client.send("delta_subscribe", "timed", sub_id="s", filter="/st='Open'", opts="oof")
    other.send("publish", "timed", {"id": 1, "st": "Open", "n": 1}, expiration=5)
    other.send("publish", "timed", {"id": 1, "st": "Done", "n": 1}, expiration=5)
    other.send("delta_publish", "timed", {"id": 1, "st": "Open"}, expiration=5)
    server.pass_time(6)
    assert [(one.cmd, one.header.get("reason"), json.loads(one.body)) for one in client.got()] == [
        ("publish", None, {"id": 1, "st": "Open", "n": 1}),
        ("oof", "match", {"id": 1, "st": "Done", "n": 1}),
        ("publish", None, {"id": 1, "st": "Open", "n": 1}),
        ("oof", "expired", {"id": 1, "st": "Open", "n": 1}),
    ]


def test_out_of_focus_beside_a_publish(server):
    """oof.md §8 G"""
    client, other = server.client(), server.client()
    client.send("subscribe", "orders", sub_id="s1", filter="/st='Open'", opts="oof")
    client.send("subscribe", "orders", sub_id="s2")
    other.send("publish", "orders", {"id": 1, "st": "Open"})
    client.got()
    other.send("publish", "orders", {"id": 1, "st": "Done"})
    assert sorted((one.cmd, one.header["sids"]) for one in client.got()) == [("oof", "s1"), ("publish", "s2")]


# ---- replace -------------------------------------------------------------------------------------------------------------------


def test_replace_with_query(server):
    """commands.md §11 F, oof.md §8 H"""
    client, other = server.client(), server.client()
    for number, place in enumerate(("east", "west", "north"), 1):
        other.send("publish", "orders", {"id": number, "r": place})
    client.send("sow_and_subscribe", "orders", sub_id="s1", filter="/r = 'east'", opts="oof")
    got = client.send("sow_and_subscribe", "orders", sub_id="s1", query_id="q", filter="/r IN ('west','north')", opts="replace,oof")
    assert sorted(json.loads(record.data)["id"] for one in got for record in one.records) == [2, 3]
    assert [(json.loads(one.body)["id"], one.header["reason"]) for one in got if one.cmd == "oof"] == [(1, "match")]
    got = client.send("sow_and_subscribe", "orders", sub_id="s1", query_id="q", filter="/r IN ('west','east')", opts="replace")
    assert [json.loads(record.data)["id"] for one in got for record in one.records] == [1]
    other.send("publish", "orders", {"id": 3, "r": "north"})
    assert client.got() == []


def test_replace_without_query(server):
    client, other = server.client(), server.client()
    client.send("subscribe", "orders", sub_id="s", filter="/n = 1")
    client.send("subscribe", "orders", sub_id="s", filter="/n = 2", opts="replace")
    for n in (1, 2):
        other.send("publish", "orders", {"id": 1, "n": n})
    assert bodies(client.got()) == [{"id": 1, "n": 2}]


def test_an_id_in_use(make):
    told = set()
    for seed in range(20):
        client = make(seed=seed).client()
        client.send("subscribe", "a", sub_id="s")
        told.add(client.ask("subscribe", "b", sub_id="s")["processed"].header.get("reason"))
    assert told == {None, "subid in use", "subscription already exists"}


def test_late_deliveries(make):
    """A server may deliver long after it acknowledged the publisher's flush, in order; what a query shows is there at once."""
    server = make(delivery_delay_s=2)
    client, other = server.client(), server.client()
    client.send("subscribe", "orders", sub_id="s")
    for number in range(3):
        other.send("publish", "orders", {"id": 1, "n": number})
        server.pass_time(0.1)
    assert other.send("flush", cmd_id="f", ack_type="completed")
    assert client.got() == []
    assert other.records("orders") == [{"id": 1, "n": 2}]
    server.pass_time(1.75)
    assert [one["n"] for one in bodies(client.got())] == [0, 1]
    server.pass_time(0.2)
    assert [one["n"] for one in bodies(client.got())] == [2]


def test_late_deliveries_end_with_the_subscription(make):
    """What an ended or replaced subscription has matched is sent before the ack, nothing after it (SUB-UNSUB-03)"""
    server = make(delivery_delay_s=2)
    client = server.client()
    client.send("subscribe", "orders", sub_id="s")
    client.send("publish", "orders", {"id": 1})
    got = client.send("unsubscribe", sub_id="s", cmd_id="u", ack_type="processed")
    assert [one.cmd for one in got] == ["publish", "ack"]
    client.send("subscribe", "orders", sub_id="s")
    client.send("publish", "orders", {"id": 2})
    got = client.send("subscribe", "orders", sub_id="s", opts="replace", cmd_id="r", ack_type="processed")
    assert [one.cmd for one in got] == ["publish", "ack"]
    server.pass_time(5)
    assert client.got() == []
