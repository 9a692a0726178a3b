"""The tolerant reading of headers, by table (wire.md §3, §13, §16.23)."""

from __future__ import annotations

import pytest

from conformance.wire import WireError, decode, raw_fields, split
from conformance.wire.header import FIELDS_MAX, HEADER_BYTES_MAX

READ = [
    ("blanks anywhere between tokens", b'{ \t"c" : \n"p"\r,"t"\r\n: "x" \t}', {"cmd": "publish", "topic": "x"}),
    ("no member", b"{}", {}),
    ("no member, blanks", b"{ \n}", {}),
    ("bare token is its text", b'{"bm":now,"t":5,"cid":true}', {"bookmark": "now", "topic": "5", "cmd_id": "true"}),
    ("bare number of a text field", b'{"x":-1.5e3}', {"correlation_id": "-1.5e3"}),
    ("bare token with inner blanks", b'{"t":a b }', {"topic": "a b"}),
    ("null is absent", b'{"c":"sow","bm":null}', {"cmd": "sow"}),
    ("null takes the earlier one away", b'{"t":"a","topic":null}', {}),
    ("quoted null is a text", b'{"bm":"null"}', {"bookmark": "null"}),
    ("the last of equal keys counts", b'{"t":"a","t":"b"}', {"topic": "b"}),
    ("the last of two names counts", b'{"topic":"a","t":"b","cid":"1","topic":"c"}', {"topic": "c", "cmd_id": "1"}),
    ("numbers quoted or bare", b'{"s":"18446744073709551615","bs":10,"top_n":007}', {"seq": 2**64 - 1, "batch_size": 10, "top_n": 7}),
    ("more than 64 bits is text", b'{"s":18446744073709551616,"bs":"9999999999999999999999"}',
     {"seq": "18446744073709551616", "batch_size": "9999999999999999999999"}),
    ("negative", b'{"bs":-1,"top_n":"-2"}', {"batch_size": -1, "top_n": -2}),
    ("no decimal is text", b'{"bs":"1.0","top_n":1.0,"e":+1,"s":""}',
     {"batch_size": "1.0", "top_n": "1.0", "expiration": "+1", "seq": ""}),
    ("digits of other scripts are text", '{"bs":"٣"}'.encode(), {"batch_size": "٣"}),
    ("minus zero of a text field", b'{"t":-0}', {"topic": "-0"}),
    ("empty strings are kept", b'{"filter":"","a":"","user_id":""}', {"filter": "", "ack_type": "", "user_id": ""}),
    ("escapes", rb'{"t":"\"\\\/\n\t\r\b\f\u0041\u00e9\ud83d\ude00"}', {"topic": '"\\/\n\t\r\b\fAé😀'}),
    ("half a surrogate pair", rb'{"t":"\ud83dx\udc80"}', {"topic": "\ufffdx\ufffd"}),
    ("an unknown escape is its character", rb'{"t":"\x\u12"}', {"topic": "xu12"}),
    ("raw control characters", b'{"filter":"a\n\t\x00\x01\x7f"}', {"filter": "a\n\t\x00\x01\x7f"}),
    ("raw UTF-8", '{"t":"é😀"}'.encode(), {"topic": "é😀"}),
    ("no UTF-8 is kept", b'{"t":"\xff\xc3","zz\xfe":"1"}', {"topic": "\udcff\udcc3", "zz\udcfe": "1"}),
    ("structure inside strings", b'{"t":"}{][,:","filter":"{\\"a\\":[1]}"}', {"topic": "}{][,:", "filter": '{"a":[1]}'}),
    ("unknown keys", b'{"zz":1,"src":"x","order_by":"/a"}', {"zz": "1", "src": "x", "orderby": "/a"}),
    (
        "all abbreviations",
        (b'{"c":"x","t":"1","cid":"2","a":"3","f":"4","o":"5","bs":6,"bm":"7","k":"8","e":9,"s":10,"x":"11","pw":"12","v":"13","mt":"14",'
         b'"ts":"15","lp":"16","l":17}'),
        {
            "cmd": "x", "topic": "1", "cmd_id": "2", "ack_type": "3", "filter": "4", "opts": "5", "batch_size": 6, "bookmark": "7",
            "sow_key": "8", "expiration": 9, "seq": 10, "correlation_id": "11", "password": "12", "version": "13",
            "message_type": "14", "timestamp": "15", "leaseperiod": "16", "msg_len": 17,
        },
    ),
    (
        "all long names",
        (b'{"cmd":"x","topic":"1","cmd_id":"2","ack_type":"3","filter":"4","opts":"5","batch_size":6,"bookmark":"7","sow_key":"8",'
         b'"expiration":9,"seq":10,"correlation_id":"11","password":"12","version":"13","message_type":"14",'
         b'"timestamp":"15","leaseperiod":"16","msg_len":17}'),
        {
            "cmd": "x", "topic": "1", "cmd_id": "2", "ack_type": "3", "filter": "4", "opts": "5", "batch_size": 6, "bookmark": "7",
            "sow_key": "8", "expiration": 9, "seq": 10, "correlation_id": "11", "password": "12", "version": "13",
            "message_type": "14", "timestamp": "15", "leaseperiod": "16", "msg_len": 17,
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "header", "fields"), READ, ids=[row[0] for row in READ])
@pytest.mark.parametrize("body", [b"", b"{}", b'"\xff\x00', b" " * 5000])
def test_read(name, header, fields, body):
    message = decode(header + body, sender="client")
    assert dict(message.header) == fields
    assert {name: type(value) for name, value in message.header.items()} == {name: type(value) for name, value in fields.items()}
    assert message.body == body
    assert split(header + body) == (header, body)


REFUSED = [
    (b"", "a header begins with '{', seen the end"),
    (b"x{}", "a header begins with '{', seen b'x{}'"),
    (b" {}", "a header begins with '{', seen b' {}'"),
    (b"{", "the header is not terminated"),
    (b'{"c":"p"', "the header is not terminated"),
    (b'{"c":"p}', "the header is not terminated"),
    (b'{"c":"p\\"}', "the header is not terminated"),
    (b'{"x":"a"b"}', "the header is not terminated"),
    (b'{"x":"a"b""}', "',' or '}' expected"),
    (b'{"a":{"b":1}}', "nested value"),
    (b'{"a": [1]}', "nested value"),
    (b'{"a":[],"a":"1"}', "nested value"),
    (b'{"a":' + b"[" * 200_000 + b"}", "nested value"),
    (b'{"a":' + b'{"a":' * 200_000 + b"}", "nested value"),
    (b'{"a":1 "b":2}', "',' or '}' expected"),
    (b'{"a":"1" "b":2}', "',' or '}' expected"),
    (b'{"a":1,}', "a key in double quotes expected, seen b'}'"),
    (b'{,"a":1}', "a key in double quotes expected"),
    (b"{'c':'p'}", "a key in double quotes expected"),
    (b"{c:1}", "a key in double quotes expected"),
    (b"{1:1}", "a key in double quotes expected"),
    (b'{"a"}', "':' expected after a key"),
    (b'{"a":}', "a value expected"),
    (b'{"a":,"b":1}', "a value expected"),
    (b'{"a"="b"}', "':' expected after a key"),
    (b"{" + b'"a":1,' * FIELDS_MAX + b'"b":2}', f"a header of more than {FIELDS_MAX} fields"),
    (b"{" + b'"a":1,' * 1_000_000 + b'"b":2}', f"the header does not end within {HEADER_BYTES_MAX} bytes"),
    (b'{"a":"' + b"x" * HEADER_BYTES_MAX + b'"}', f"the header does not end within {HEADER_BYTES_MAX} bytes"),
]


@pytest.mark.parametrize(("payload", "reason"), REFUSED, ids=[str(payload[:24]) for payload, _ in REFUSED])
@pytest.mark.parametrize("sender", ["client", "server"])
def test_refused(payload, reason, sender):
    with pytest.raises(WireError) as caught:
        decode(payload, sender=sender)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_raw_fields_are_the_members_as_they_stand():
    assert raw_fields(b'{"s":"7", "t" :"a\\"\xff" ,"bm":null,"l": 5 }rest') == (
        (b'"s"', b'"7"'),
        (b'"t"', b'"a\\"\xff"'),
        (b'"bm"', b"null"),
        (b'"l"', b"5"),
    )
