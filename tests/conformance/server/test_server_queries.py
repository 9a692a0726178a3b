"""The worked examples of sow.md §11 and commands.md §11 on queries, and the rules about batches, limits, orders and statistics."""

from __future__ import annotations

import json

import pytest

PARTS = {1: 10, 2: 40, 3: 25, 4: 70, 5: 55, 6: 33}


@pytest.fixture
def parts(server):
    client = server.client()
    for number, kg in PARTS.items():
        client.send("publish", "orders", {"id": number, "kg": kg})
    client.send("flush", cmd_id="f", ack_type="completed")
    return client


def kinds(messages):
    return [f"{one.cmd} {one.header['ack_type']}" if one.cmd == "ack" else one.cmd for one in messages]


def ids(messages):
    return [json.loads(record.data)["id"] for one in messages for record in one.records]


def test_query_with_limits_and_statistics(parts):
    """commands.md §11 A"""
    got = parts.send(
        "sow",
        "orders",
        cmd_id="q1",
        filter="/kg > 20",
        orderby="/kg DESC",
        top_n=4,
        batch_size=2,
        ack_type="received,processed,completed,stats",
    )
    assert ids(got) == [4, 5, 2, 6]
    assert {one.header.get("query_id") for one in got if one.cmd != "ack"} == {"q1"}
    assert all(1 <= len(one.records) <= 2 and one.header["batch_size"] == len(one.records) for one in got if one.cmd == "sow")
    stats = next(one.header for one in got if one.header.get("ack_type") == "stats")
    assert (stats["matches"], stats["records_returned"]) == (5, 4)
    assert stats["topic_matches"] in {5, 6}
    assert kinds(got)[0] == "ack received"
    assert kinds(got).index("ack completed") > kinds(got).index("group_end") > kinds(got).index("group_begin")
    assert all(one.header["cmd_id"] == "q1" and one.header["status"] == "success" for one in got if one.cmd == "ack")


def test_top_n_zero_counts_only(parts):
    got = parts.send("sow", "orders", cmd_id="q", opts="top_n=0", filter="/kg > 20", ack_type="stats")
    assert [one.cmd for one in got if one.cmd != "ack"] == ["group_begin", "group_end"]
    stats = next(one.header for one in got if one.cmd == "ack")
    assert (stats["matches"], stats["records_returned"]) == (5, 0)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"orderby": "/id DESC", "opts": "top_n=2,skip_n=1", "filter": "/id > 2"}, [5, 4]),
        ({"orderby": "/id", "opts": "top_n=2,skip_n=4", "batch_size": 2}, [5, 6]),
        ({"orderby": "/id", "opts": "top_n=2,skip_n=5", "batch_size": 2}, [6]),
        ({"orderby": "/id", "opts": "top_n=2,skip_n=6"}, []),
        ({"orderby": "/id", "opts": "skip_n=3", "top_n": 9, "batch_size": 3}, [4, 5, 6]),
        ({"orderby": "/id", "top_n": 4294967295}, [1, 2, 3, 4, 5, 6]),
        ({"orderby": "/kg", "filter": "/kg < 40", "batch_size": 10}, [1, 3, 6]),
        ({"orderby": "/gone, /id DESC", "batch_size": 4}, [6, 5, 4, 3, 2, 1]),
        ({"orderby": "/kg DESC TEXT", "batch_size": 10000}, [4, 5, 2, 6, 3, 1]),
    ],
)
def test_order_and_limits(parts, fields, expected):
    """sow.md §11 F; the result is a slice of the order, whatever the batches"""
    assert ids(parts.send("sow", "orders", cmd_id="q", **fields)) == expected


def test_order_over_two_fields_and_as_text(server):
    client = server.client()
    for number, (day, name, code) in enumerate([(1, "b", "9"), (2, "a", "10"), (1, "a", "100"), (2, "b", "9")]):
        client.send("publish", "orders", {"id": number, "day": day, "name": name, "code": code})
    assert ids(client.send("sow", "orders", cmd_id="q", orderby="/day DESC, /name ASC")) == [1, 3, 2, 0]
    assert ids(client.send("sow", "orders", cmd_id="q", orderby="/code TEXT,/id DESC")) == [1, 2, 3, 0]


def test_without_order_and_limit_all_records_once(parts):
    for batch in (1, 2, 3, 10, 10_000):
        assert sorted(ids(parts.send("sow", "orders", cmd_id="q", batch_size=batch))) == list(PARTS)


def test_top_n_without_order_takes_any(parts):
    taken = ids(parts.send("sow", "orders", cmd_id="q", top_n=3, batch_size=3))
    assert len(set(taken)) == 3
    assert set(taken) <= set(PARTS)


def test_without_batch_size_one_record_a_message(parts):
    got = parts.send("sow", "orders", cmd_id="q")
    assert [len(one.records) for one in got if one.cmd == "sow"] == [1] * 6


def test_batches_cover_every_size(make):
    sizes = set()
    for seed in range(40):
        client = make(seed=seed).client()
        for number in range(10):
            client.send("publish", "orders", {"id": number})
        sizes |= {len(one.records) for one in client.send("sow", "orders", cmd_id="q", batch_size=4) if one.cmd == "sow"}
    assert sizes == {1, 2, 3, 4}


def test_empty_result_is_an_empty_group(server):
    got = server.client().send("sow", "orders", cmd_id="c", query_id="q", ack_type="completed,stats")
    assert [one.cmd for one in got if one.cmd != "ack"] == ["group_begin", "group_end"]
    assert {one.header["query_id"] for one in got if one.cmd != "ack"} == {"q"}
    stats = next(one.header for one in got if one.header.get("ack_type") == "stats")
    assert (stats["matches"], stats["topic_matches"], stats["records_returned"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("topic", "fields", "reasons"),
    [
        ("nothing", {}, {"invalid topic"}),
        (None, {}, {"no topic"}),
        ("orders", {"filter": "(/a = 1"}, {"bad filter"}),
        ("orders", {"filter": "NO_SUCH(/a) = 1"}, {"bad filter"}),
        ("orders", {"filter": "SUM(/a) = 1"}, {"bad filter"}),
        ("orders", {"filter": "REVERSE('a', 'b') = 'a'"}, {"bad filter"}),
        ("orders", {"filter": "/s LIKE '(ab'"}, {"bad filter"}),
        ("orders", {"batch_size": 10_001}, {"invalid options", "unknown batch size", "not supported"}),
        ("orders", {"batch_size": -1}, {"unknown number in batch_size"}),
        ("orders", {"batch_size": "x"}, {"unknown number in batch_size"}),
        ("orders", {"top_n": "many"}, {"unknown number in top_n"}),
        ("orders", {"orderby": "kg"}, {"invalid order by"}),
        ("orders", {"opts": "select=/id"}, {"invalid options"}),
        ("orders", {"opts": "grouping=[/id],projection=[SUM(/n) AS /n]"}, {"not supported"}),
        ("(orders", {}, {"bad regex topic"}),
    ],
)
def test_failing_query(server, topic, fields, reasons):
    """The failure is told in processed, with a reason; nothing of a result is sent and the connection lives on."""
    client = server.client()
    got = client.send("sow", topic, cmd_id="c", ack_type="received,processed", **fields)
    assert [(one.header["ack_type"], one.header["status"]) for one in got] == [("received", "success"), ("processed", "failure")]
    assert got[1].header["reason"] in reasons
    assert client.send("sow", topic, cmd_id="c", **fields) == []
    assert client.ask("flush")["processed"].header["status"] == "success"


def test_keys(server):
    """sow.md §11 B"""
    client = server.client()
    for flight, seat, n in (("AB1", "2", 1), ("AB", "12", 2), ("AB1", "2", 3)):
        client.send("publish", "pairs", {"flight": flight, "seat": seat, "n": n})
    assert sorted(record["n"] for record in client.records("pairs")) == [2, 3]
    for topic in ("stock", "reorder", "audit"):
        client.send("publish", topic, {"sku": 9})
    stock, reorder, audit = (client.keys(topic)[b'{"sku":9}'] for topic in ("stock", "reorder", "audit"))
    assert stock == reorder != audit
    assert all(key.isdigit() and int(key) < 2**64 for key in (stock, audit))


def test_nested_key_field(server):
    client = server.client()
    for number in (1, 2, 1):
        client.send("publish", "nested", {"ref": {"id": number}})
    assert len(client.records("nested")) == 2


def test_explicit_keys(server):
    """sow.md §11 B: keys as given, the data takes no part"""
    client = server.client()
    client.send("publish", "own", b"01", sow_key="aGk=")
    client.send("publish", "own", b"02", sow_key="aGk=")
    client.send("publish", "own", b"\xff{", sow_key="eW8=")
    assert client.keys("own") == {b"02": "aGk=", b"\xff{": "eW8="}
    assert client.bodies("own", sow_keys="eW8=,none") == [b"\xff{"]
    assert client.ask("publish", "own", b"03")["processed"].header["reason"] == "bad sow key"
    assert len(client.bodies("own")) == 2


def test_sow_keys_with_filter(parts):
    keys = parts.keys("orders")
    two = [key for body, key in keys.items() if json.loads(body)["id"] in {2, 3}]
    assert sorted(ids(parts.send("sow", "orders", cmd_id="q", sow_keys=",".join([*two, "12345"])))) == [2, 3]
    assert ids(parts.send("sow", "orders", cmd_id="q", sow_keys=",".join(two), filter="/kg = 40")) == [2]


def test_several_topics_in_configuration_order(server):
    """sow.md §11 H"""
    client = server.client()
    for topic in ("T_c", "T_a", "T_b"):
        for number in range(3):
            client.send("publish", topic, {"id": number, "who": "eve" if number else "ann"})
    got = client.send("sow", "^T_", cmd_id="q", filter="/who='eve'", batch_size=5, ack_type="stats")
    topics = [one.header["topic"] for one in got for _ in one.records]
    assert topics == ["T_a", "T_a", "T_b", "T_b", "T_c", "T_c"]
    depth = 0
    for one in got:
        depth += {"group_begin": 1, "group_end": -1}.get(one.cmd, 0)
        assert depth in {0, 1}
        assert one.cmd != "sow" or depth == 1
    assert depth == 0
    stats = next(one.header for one in got if one.cmd == "ack")
    assert (stats["matches"], stats["records_returned"]) == (6, 6)
    assert 6 <= stats["topic_matches"] <= 9


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("-/,+/id,+/note", {"id": 5, "note": "late"}),
        ("-/,+/id,+/who,+/bag/top", {"id": 5, "who": "Uma", "bag": {"top": "pen"}}),
        ("-/bag", {"id": 5, "who": "Uma", "note": "late"}),
        ("+/id,-/", {"id": 5}),
    ],
)
def test_select_list(server, select, expected):
    """sow.md §11 O"""
    client = server.client()
    whole = {"id": 5, "who": "Uma", "note": "late", "bag": {"top": "pen", "side": "key"}}
    client.send("publish", "orders", whole)
    assert client.records("orders", opts=f"select=[{select}],no_sowkey", filter="/bag/side = 'key'") == [expected]
    assert client.records("orders") == [whole]


def test_options_of_a_query(server):
    client = server.client()
    client.send("publish", "orders", {"id": 1}, correlation_id="eA==")
    client.send("publish", "orders", {"id": 2})
    got = client.send("sow", "orders", cmd_id="q", batch_size=10, opts="timestamp,no_sowkey")
    headers = {record.data: record.header for one in got for record in one.records}
    assert headers[b'{"id":1}'].keys() == {"correlation_id", "timestamp"}
    assert headers[b'{"id":2}'].keys() == {"timestamp"}
    assert headers[b'{"id":1}']["correlation_id"] == "eA=="
    assert len(str(headers[b'{"id":1}']["timestamp"])) == len("20250909T171919.976304Z")


def test_bookmark_oof_replace_and_surplus_fields_change_nothing(parts):
    got = parts.send(
        "sow", "orders", cmd_id="q", bookmark="0", opts="oof,replace,send_keys", sub_id="s", client_name="x", data_only="1"
    )
    assert sorted(ids(got)) == list(PARTS)


def test_queries_are_unaffected_by_later_changes(parts):
    before = parts.bodies("orders", orderby="/id")
    parts.send("publish", "orders", {"id": 1, "kg": 0})
    assert parts.bodies("orders", orderby="/id")[1:] == before[1:]
    assert parts.records("orders", orderby="/id", top_n=1) == [{"id": 1, "kg": 0}]


def test_binary_connection(plain):
    client = plain.stranger()
    client.send("logon", client_name="b", message_type="binary")
    client.send("publish", "blobs", b"\x00\xff", sow_key="aa")
    got = client.send("sow", "blobs", cmd_id="q", ack_type="completed,stats")
    assert [record.data for one in got for record in one.records] == [b"\x00\xff"]
    assert client.ask("sow", "orders")["processed"].header["status"] == "failure"
