"""Logon, acks, flush, heartbeats, failures, and the transaction log as far as acks show it."""

from __future__ import annotations

import pytest

from reference_model.config import InstanceConfig, LoggedTopic, TopicConfig

LOGGED = InstanceConfig(
    topics=(TopicConfig(name="orders", keys=("/id",)), TopicConfig(name="loose", keys=("/id",))), logged=(LoggedTopic(name="^orders$"),)
)


def test_logon(server):
    """commands.md §11 G"""
    client = server.stranger()
    got = client.send(
        "logon", cmd_id="0", client_name="w7", message_type="json", ack_type="received,processed", version="x", password="p"
    )
    assert [one.header["ack_type"] for one in got] == ["received", "processed"]
    header = got[1].header
    assert (header["cmd_id"], header["seq"], header["client_name"], header["status"]) == ("0", 0, "w7", "success")
    number, last, rest = str(header["bookmark"]).split("|")
    assert number.isdigit()
    assert (last, rest) == ("0", "")
    assert header["version"]
    (again,) = client.send("logon", cmd_id="1", client_name="w8", message_type="json", ack_type="processed")
    assert (again.header["status"], again.header["reason"]) == ("failure", "duplicate logon attempt")
    assert client.session.closing is None


@pytest.mark.parametrize("cmd", ["publish", "sow", "flush", "subscribe", "heartbeat"])
def test_another_command_first(server, cmd):
    client = server.stranger()
    got = client.send(cmd, "orders", b"{}", cmd_id="c", ack_type="processed")
    assert [(one.header["status"], one.header["reason"]) for one in got] == [("failure", "logon required")]
    assert client.session.closing == "logon required"
    silent = server.stranger()
    assert silent.send(cmd, "orders", b"{}") == []
    assert silent.session.closing is not None


@pytest.mark.parametrize(
    ("transport", "named", "accepted"),
    [
        (None, "json", True),
        (None, "binary", True),
        ("json", None, True),
        ("json", "json", True),
        ("json", "binary", False),
        (None, "fix", False),
    ],
)
def test_message_types(server, transport, named, accepted):
    client = server.stranger(transport)
    (ack,) = client.send("logon", cmd_id="0", ack_type="processed", **({"message_type": named} if named else {}))
    assert (ack.header["status"] == "success") == accepted
    assert (client.session.closing is None) == accepted


@pytest.mark.parametrize("cmd", ["bogus", "", "ack", "group_begin", "oof", "PUBLISH"])
def test_unknown_commands_end_the_connection(server, cmd):
    client = server.client()
    assert client.send(cmd, "orders", ack_type="processed", cmd_id="c") == []
    assert client.session.closing == "unknown command"


ALL = "received,processed,completed,persisted,stats,bogus"


@pytest.mark.parametrize(
    ("cmd", "fields", "types"),
    [
        ("publish", {"topic": "orders", "body": {"id": 1}}, ["received", "processed", "completed", "persisted"]),
        ("publish", {"topic": "chat", "body": b"x"}, ["received", "processed", "completed", "persisted"]),
        ("delta_publish", {"topic": "orders", "body": {"id": 1}}, ["received", "processed", "completed", "persisted"]),
        ("sow", {"topic": "orders"}, ["received", "processed", "completed", "stats"]),
        ("sow_delete", {"topic": "orders", "filter": "1=1"}, ["received", "processed", "completed", "persisted", "stats"]),
        ("flush", {}, ["received", "processed", "completed", "persisted"]),
        ("subscribe", {"topic": "orders"}, ["received", "processed"]),
        ("unsubscribe", {"sub_id": "all"}, ["received", "processed"]),
        ("heartbeat", {"opts": "start,60"}, ["received", "processed"]),
    ],
)
def test_acks_as_requested(server, cmd, fields, types):
    client = server.client()
    acks = [one.header for one in client.send(cmd, cmd_id="c", ack_type=ALL, **fields) if one.cmd == "ack"]
    assert sorted(header["ack_type"] for header in acks) == sorted(types)
    assert acks[0]["ack_type"] == "received"
    assert all(header["cmd_id"] == "c" and header["status"] == "success" for header in acks)
    for asked in types:
        (one,) = (one.header for one in client.send(cmd, cmd_id="c", ack_type=asked, **fields) if one.cmd == "ack")
        assert one["ack_type"] == asked
    for silent in ("", "none"):
        assert [one for one in client.send(cmd, cmd_id="c", ack_type=silent, **fields) if one.cmd == "ack"] == []


def test_processed_before_completed(server):
    client = server.client()
    for cmd, fields in (("publish", {"topic": "orders", "body": {"id": 1}}), ("flush", {}), ("sow", {"topic": "orders"})):
        acks = [
            one.header["ack_type"] for one in client.send(cmd, cmd_id="c", ack_type="completed,processed", **fields) if one.cmd == "ack"
        ]
        assert acks == ["processed", "completed"]


def test_heartbeats(plain):
    client = plain.client()
    client.send("heartbeat", opts="start,4")
    for _ in range(5):
        plain.pass_time(3)
        client.send("heartbeat", opts="beat")
    assert client.session.closing is None
    client.got()
    plain.pass_time(3)
    assert [one.header for one in client.got()] == [{"cmd": "heartbeat"}]
    plain.pass_time(6)
    assert client.session.closing == "heartbeat"


def test_no_heartbeats_unless_started(plain):
    client = plain.client()
    plain.pass_time(1000)
    assert client.got() == []
    assert client.session.closing is None
    assert client.ask("heartbeat", opts="start")["processed"].header["status"] == "failure"


# ---- transaction log -----------------------------------------------------------------------------------------------------------


def test_conflated_acks(make):
    """commands.md §11 C, sow.md §11 Q"""
    server = make(config=LOGGED)
    client = server.client(opts="ack_conflation=500ms")

    def acks(*sent):
        got = []
        for seq, body in sent:
            got += client.send("publish", "orders", body, seq=seq, ack_type="persisted", cmd_id=f"c{seq}")
        return [(one.header["status"], one.header.get("seq"), "cmd_id" in one.header) for one in got]

    assert acks((21, {"id": 1}), (22, {"id": 1})) == []
    assert [step[:2] for step in acks((23, b"{"))] == [("success", 22), ("failure", 23)]
    assert acks((24, {"id": 1}), (25, {"id": 1})) == []
    server.pass_time(0.6)
    assert [one.header for one in client.got()] == [{"cmd": "ack", "seq": 25, "ack_type": "persisted", "status": "success"}]
    (own,) = client.send("publish", "loose", {"id": 1}, seq=26, ack_type="persisted", cmd_id="c")
    assert own.header["cmd_id"] == "c"


def test_last_number_and_duplicates(make):
    server = make(config=LOGGED)
    client = server.client()
    client.send("subscribe", "orders", sub_id="s")
    big = 2**63 + 7
    client.send("publish", "orders", {"id": 1, "v": 1}, seq=big)
    assert len(client.send("publish", "orders", {"id": 1, "v": 2}, seq=big + 1)) == 1
    assert client.send("publish", "orders", {"id": 1, "v": 3}, seq=big + 1) == []
    assert client.send("publish", "orders", {"id": 1, "v": 3}, seq=5) == []
    assert client.records("orders") == [{"id": 1, "v": 2}]
    server.engine.disconnect(client.session)
    again = server.stranger()
    (ack,) = again.send("logon", client_name=client.name, message_type="json", ack_type="processed", cmd_id="0")
    assert ack.header["seq"] == big + 1
    assert str(ack.header["bookmark"]).endswith(f"|{big + 1}|")


def test_client_names(make):
    server = make(config=LOGGED)
    first = server.stranger()
    first.send("logon", client_name="n", user_id="ann", message_type="json")
    other = server.stranger()
    (ack,) = other.send("logon", client_name="n", user_id="bob", message_type="json", ack_type="processed", cmd_id="0")
    assert (ack.header["status"], ack.header["reason"]) == ("failure", "name in use")
    assert other.session.closing == "name in use"
    second = server.stranger()
    second.send("logon", client_name="n", user_id="ann", message_type="json")
    assert first.session.closing == "name in use"
    assert second.session.closing is None
