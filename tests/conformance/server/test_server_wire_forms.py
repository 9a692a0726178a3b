"""What official clients send and what they need back, byte by byte (wire.md §3 to §8), on a socket."""

from __future__ import annotations

import json
import re

import pytest
from server_socket import Plain, frame, header

from conformance.server import EmbeddedServer

KEYS = {
    "ack": {"c", "cid", "s", "bm", "client_name", "a", "status", "reason", "version", "sub_id", "query_id", "matches", "topic_matches"}
    | {"records_returned", "records_deleted"},
    "publish": {"c", "t", "sids", "k", "bm", "ts", "x", "user_id", "lp", "l"},
    "oof": {"c", "t", "sids", "k", "ts", "x", "l", "reason"},
    "group_begin": {"c", "query_id"},
    "group_end": {"c", "query_id"},
    "sow": {"c", "query_id", "t", "bs", "ts", "gseq", "l"},
    "heartbeat": {"c"},
}


@pytest.fixture(scope="module", params=range(8))
def port(request):
    from server_peer import CONFIG

    with EmbeddedServer(CONFIG, seed=request.param) as server:
        yield server.port


@pytest.fixture
def plain(port):
    with Plain(port) as client:
        client.put(frame('{"c":"sow_delete","t":".*","filter":"1=1"}'))
        client.fence()
        yield client


def check(payloads):
    """Every header is compact, flat, and has no other keys than those that both official clients read."""
    for payload in payloads:
        head = header(payload)
        text = payload[: payload.index(b"}") + 1] if b"}" in payload else payload
        assert json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode() == text
        assert set(head) <= KEYS[head["c"]]
        assert all(isinstance(head[name], int) for name in ("s", "l", "bs", "matches") if name in head)
        assert list(head)[-1] != "s"
    return [header(payload) for payload in payloads]


def test_logon_of_both_clients(port):
    for mt, extra in ((',"mt":"json"', ',"version":"5.3.5.14.c6e65cc.784022:python"'), (',"mt":"json"', ',"user_id":"","pw":"p\\"w"')):
        with Plain(port, logon=False) as client:
            client.put(frame(f'{{"c":"logon","cid":"auto0","client_name":"demo"{mt},"a":"processed"{extra}}}'))
            (head,) = check([client.payload()])
            assert (head["cid"], head["s"], head["client_name"], head["a"], head["status"]) == (
                "auto0",
                0,
                "demo",
                "processed",
                "success",
            )
            assert re.fullmatch(r"[0-9]+\|0\|", head["bm"])
            assert head["version"]


QUERIES = [
    '{"c":"sow","t":"orders","cid":"auto9","filter":"/id > 0","a":"processed,completed","query_id":"auto9","batch_size":10,"top_n":5}',
    '{"c":"sow","t":"orders","filter":"","cid":"auto9","query_id":"auto9","bs":10,"a":"processed,completed"}',
    '{ "a" : "completed,processed" , "bs" : "10" , "query_id" : "auto9" , "cid" : "auto9" , "t" : "orders" , "c" : "sow" }',
    '{"cmd":"sow","topic":"orders","cmd_id":"auto9","ack_type":"processed,completed","query_id":"auto9","batch_size":"10","f":"/id\n>\t0"}',
]


@pytest.mark.parametrize("command", QUERIES)
def test_queries(plain, command):
    bodies = [json.dumps({"id": number, "é": "\x7f"}, ensure_ascii=False).encode() for number in (1, 2, 3)]
    for body in bodies:
        plain.put(frame('{"c":"p","t":"orders","x":"eA=="}', body))
    plain.fence()
    plain.put(frame(command))
    payloads = plain.until('"a":"completed"')
    heads = check(payloads)
    kinds = [head["c"] for head in heads]
    assert sorted(kinds) == sorted(["ack", "group_begin", *["sow"] * kinds.count("sow"), "group_end", "ack"])
    assert kinds[-2:] == ["group_end", "ack"]
    assert all(head["query_id"] == "auto9" for head in heads if head["c"] != "ack")
    assert all(head["cid"] == "auto9" for head in heads if head["c"] == "ack")
    records = []
    for payload, head in zip(payloads, heads, strict=True):
        if head["c"] == "sow":
            found = cut_records(payload, len(json.dumps(head, separators=(",", ":")).encode()))
            assert head["bs"] == len(found)
            assert head["t"] == "orders"
            assert head.get("l", len(found[0][1])) == len(found[0][1])
            records += found
    assert sorted(data for _, data in records) == sorted(bodies)
    assert all(re.fullmatch(r'\{"k":"[0-9]+","l":[0-9]+,"x":"eA=="\}', small) for small, _ in records)


def cut_records(payload, at):
    """Each record by the length that its own header says: nothing may be left."""
    records = []
    while at < len(payload):
        end = payload.index(b"}", at) + 1
        small = payload[at:end]
        length = json.loads(small)["l"]
        records.append((small.decode(), payload[end : end + length]))
        at = end + length
    assert at == len(payload)
    return records


def test_publish_and_subscribe(plain):
    command = {
        "c": "subscribe",
        "t": "orders",
        "cid": "auto3",
        "filter": r"""/s = 'a"b\\'""",
        "a": "processed",
        "sub_id": 'S "1"',
        "o": "timestamp",
    }
    plain.put(frame(json.dumps(command)))
    (head,) = check(plain.until('"cid":"auto3"'))
    assert (head["sub_id"], head["a"], head["status"]) == ('S "1"', "processed", "success")
    sent = [
        ('{"c":"p","t":"orders"}', rb'{"id":1,"s":"a\"b\\"}'),
        ('{"c":"publish","t":"orders","e":"5","x":"+/=="}', b'{"id":2,"s":"a\\"b\\\\","z":"}{"}'),
        ('{"c":"delta_publish","t":"orders"}', b'{"id":2,"n":1}'),
    ]
    for head, body in sent:
        plain.put(frame(head, body))
    payloads = plain.fence()
    heads = check(payloads)
    bodies = [payload[payload.index(b"}") + 1 :] for payload in payloads]
    assert bodies[:2] == [sent[0][1].replace(b"\\\\", b"\\\\"), sent[1][1]]
    assert json.loads(bodies[2]) == {"id": 2, "s": 'a"b\\', "z": "}{", "n": 1}
    assert [head["sids"] for head in heads] == ['S "1"'] * 3
    assert [head.get("x") for head in heads] == [None, "+/==", "+/=="]
    assert all(re.fullmatch(r"[0-9]{8}T[0-9]{6}\.[0-9]{6}Z", head["ts"]) for head in heads)


@pytest.mark.parametrize(
    ("command", "body", "fields"),
    [
        (
            '{"c":"sow_delete","t":"orders","cid":"c","filter":"1=1","a":"processed,stats","sub_id":"c","query_id":"c"}',
            b"",
            {"records_deleted": 3},
        ),
        ('{"c":"sow_delete","t":"orders","cid":"c","a":"stats"}', b'{"id":2}', {"records_deleted": 1}),
        ('{"c":"sow_delete","t":"orders","cid":"c","a":"stats,processed,persisted","sow_keys":"1,2,3"}', b"", {"records_deleted": 0}),
        (
            '{"c":"sow","t":"orders","cid":"c","a":"stats","o":"top_n=0"}',
            b"",
            {"matches": 3, "topic_matches": 3, "records_returned": 0},
        ),
    ],
)
def test_statistics(plain, command, body, fields):
    for number in (1, 2, 3):
        plain.put(frame('{"c":"p","t":"orders"}', b'{"id":%d}' % number))
    plain.put(frame(command, body))
    heads = check(plain.fence())
    stats = next(head for head in heads if head.get("a") == "stats")
    assert fields.items() <= stats.items()
    assert (stats["cid"], stats["status"]) == ("c", "success")


@pytest.mark.parametrize(
    "command",
    [
        '{"c":"unsubscribe","cid":"auto19","sub_id":"S1"}',
        '{"c":"unsubscribe","cid":"auto19","sub_id":"all"}',
        '{"c":"heartbeat","o":"start,50"}',
        '{"c":"heartbeat","o":"beat"}',
        '{"c":"sow_delete","t":"orders","cid":"AMPS-queue-ack","bookmark":"1|4|,1|5|"}',
        '{"c":"sow_delete","t":"orders","bm":"1|2|","cid":"auto21","a":""}',
        '{"c":"sow","t":"orders","filter":"((("}',
        '{"c":"p","t":"orders"}',
        '{"c":"subscribe","t":"nobody","cid":"x","sub_id":"x"}',
    ],
)
def test_no_answer_without_request(plain, command):
    plain.put(frame(command))
    assert plain.fence() == []


def test_flush_and_heartbeat_answers(plain):
    plain.put(frame('{"c":"flush","cid":"auto1","a":"processed","client_name":"demo"}'))
    plain.put(frame('{"c":"heartbeat","cid":"auto2","o":"start,50","a":"received"}'))
    assert [(head["cid"], head["a"]) for head in check(plain.fence())] == [("auto1", "processed"), ("auto2", "received")]


def test_a_number_above_all_doubles(plain):
    plain.put(frame('{"c":"p","t":"chat","a":"persisted","cid":"p","s":"18446744073709551615"}', b"x"))
    (head,) = check(plain.until('"a":"persisted"'))
    assert head["status"] == "success"


def test_frames_in_pieces_and_several_in_one(plain):
    data = frame('{"c":"p","t":"orders"}', b'{"id":1}') + b"\0\0\0\0" + frame('{"c":"sow","t":"orders","cid":"q","a":"completed"}')
    for at in range(len(data)):
        plain.put(data[at : at + 1])
    assert any(b'{"id":1}' in payload for payload in plain.until('"a":"completed"'))
    plain.put(data * 50)
    payloads = plain.fence()
    assert sum(b'"a":"completed"' in payload for payload in payloads) == 50
