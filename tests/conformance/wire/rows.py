"""Frames as they travel, each with the message it holds: one row serves every direction and every way of feeding.

Commands are those that official clients send (wire.md §5, §15), messages those that both official clients read (wire.md §6, §7, §15).
`exact`: encoding the message gives these bytes, in the row's form; otherwise the row is only read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reference_model.messages import PLAIN, Form, HeaderValue, Message, SowRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    name: str
    payload: bytes
    message: Message
    exact: bool = True
    form: Form = field(default=PLAIN)

    @property
    def frame(self) -> bytes:
        return len(self.payload).to_bytes(4, "big") + self.payload


def message(header: Mapping[str, HeaderValue], body: bytes = b"") -> Message:
    return Message(header=header, body=body)


def row(
    name: str,
    header: str,
    fields: Mapping[str, HeaderValue],
    *,
    body: bytes = b"",
    exact: bool = True,
    form: Form = PLAIN,
) -> Row:
    return Row(name=name, payload=header.encode() + body, message=message(fields, body), exact=exact, form=form)


def dump(text: str) -> bytes:
    """The bytes of a hex dump with offsets and a text column (wire.md §15)."""
    return b"".join(bytes.fromhex(line[6:53]) for line in text.strip().splitlines())


VERSION = "5.3.5.14.c6e65cc.784022:python"

PYTHON_COMMANDS = (
    row(
        "logon",
        '{"c":"logon","cid":"auto0","client_name":"n","user_id":"u","mt":"json","a":"processed","version":"5.3.5.14.c6e65cc.784022:python",'
        '"x":"Y29y","pw":"p","o":"ack_conflation=100ms"}',
        {
            "cmd": "logon",
            "cmd_id": "auto0",
            "client_name": "n",
            "user_id": "u",
            "message_type": "json",
            "ack_type": "processed",
            "version": VERSION,
            "correlation_id": "Y29y",
            "password": "p",
            "opts": "ack_conflation=100ms",
        },
    ),
    row("publish", '{"c":"p","t":"T"}', {"cmd": "publish", "topic": "T"}, body=b'{"id":1}'),
    row("publish without body", '{"c":"p","t":"T"}', {"cmd": "publish", "topic": "T"}),
    row(
        "publish with extras",
        '{"c":"p","t":"T","e":"5","x":"eA==","k":"a2V5"}',
        {"cmd": "publish", "topic": "T", "expiration": 5, "correlation_id": "eA==", "sow_key": "a2V5"},
        body=b"\x00{}\xff",
    ),
    row(
        "publish with publish store",
        '{"c":"p","t":"T","a":"persisted","s":1795397375558000001}',
        {"cmd": "publish", "topic": "T", "ack_type": "persisted", "seq": 1795397375558000001},
        body=b"{}",
    ),
    row("delta_publish", '{"c":"delta_publish","t":"T"}', {"cmd": "delta_publish", "topic": "T"}, body=b'{"id":1,"q":2}'),
    row(
        "subscribe",
        '{"c":"subscribe","t":"T","cid":"auto3","filter":"/a > 1","a":"processed","sub_id":"auto3","o":"send_keys"}',
        {
            "cmd": "subscribe",
            "topic": "T",
            "cmd_id": "auto3",
            "filter": "/a > 1",
            "ack_type": "processed",
            "sub_id": "auto3",
            "opts": "send_keys",
        },
    ),
    row(
        "subscribe with a filter that needs escapes",
        '{"c":"subscribe","t":"T\\\\d+","cid":"auto3","filter":"/a = \\"x\\ty\\\\n\\"\n AND /b = \'\x00\x01é\'","a":"processed"}',
        {
            "cmd": "subscribe",
            "topic": "T\\d+",
            "cmd_id": "auto3",
            "filter": "/a = \"x\ty\\n\"\n AND /b = '\x00\x01é'",
            "ack_type": "processed",
        },
        exact=False,
    ),
    row(
        "subscribe with raw control characters",
        '{"c":"subscribe","t":"T","cid":"auto3","filter":"/a = \\"x\ty\\"\n AND /b = \'\x00\x01é\\\\\'","a":"processed"}',
        {
            "cmd": "subscribe",
            "topic": "T",
            "cmd_id": "auto3",
            "filter": "/a = \"x\ty\"\n AND /b = '\x00\x01é\\'",
            "ack_type": "processed",
        },
    ),
    row(
        "delta_subscribe",
        '{"c":"delta_subscribe","t":"T","cid":"auto4","a":"processed","sub_id":"auto4"}',
        {"cmd": "delta_subscribe", "topic": "T", "cmd_id": "auto4", "ack_type": "processed", "sub_id": "auto4"},
    ),
    row(
        "bookmark_subscribe with bookmark store",
        '{"c":"subscribe","t":"T","cid":"auto5","a":"processed,persisted","sub_id":"B","bookmark":"0"}',
        {
            "cmd": "subscribe",
            "topic": "T",
            "cmd_id": "auto5",
            "ack_type": "processed,persisted",
            "sub_id": "B",
            "bookmark": "0",
        },
    ),
    row(
        "sow",
        '{"c":"sow","t":"T","cid":"auto9","a":"processed,completed","query_id":"auto9","batch_size":10}',
        {
            "cmd": "sow",
            "topic": "T",
            "cmd_id": "auto9",
            "ack_type": "processed,completed",
            "query_id": "auto9",
            "batch_size": 10,
        },
    ),
    row(
        "sow with everything",
        '{"c":"sow","t":"T","cid":"auto9","filter":"1=1","a":"processed,completed","query_id":"auto9","batch_size":10,"top_n":3,'
        '"orderby":"/a DESC","bookmark":"20250909T171919.976304Z","o":"timestamp"}',
        {
            "cmd": "sow",
            "topic": "T",
            "cmd_id": "auto9",
            "filter": "1=1",
            "ack_type": "processed,completed",
            "query_id": "auto9",
            "batch_size": 10,
            "top_n": 3,
            "orderby": "/a DESC",
            "bookmark": "20250909T171919.976304Z",
            "opts": "timestamp",
        },
    ),
    row(
        "sow_and_subscribe",
        '{"c":"sow_and_subscribe","t":"T","cid":"auto11","a":"processed","sub_id":"auto11","query_id":"auto11","batch_size":10,"o":"oof"}',
        {
            "cmd": "sow_and_subscribe",
            "topic": "T",
            "cmd_id": "auto11",
            "ack_type": "processed",
            "sub_id": "auto11",
            "query_id": "auto11",
            "batch_size": 10,
            "opts": "oof",
        },
    ),
    row(
        "sow_and_delta_subscribe",
        '{"c":"sow_and_delta_subscribe","t":"T","cid":"auto12","a":"processed","sub_id":"auto12","query_id":"auto12","batch_size":10,'
        '"o":"oof,no_empties"}',
        {
            "cmd": "sow_and_delta_subscribe",
            "topic": "T",
            "cmd_id": "auto12",
            "ack_type": "processed",
            "sub_id": "auto12",
            "query_id": "auto12",
            "batch_size": 10,
            "opts": "oof,no_empties",
        },
    ),
    row(
        "sow_delete by filter",
        '{"c":"sow_delete","t":"T","cid":"c","filter":"1=1","a":"processed,stats","sub_id":"c","query_id":"c"}',
        {
            "cmd": "sow_delete",
            "topic": "T",
            "cmd_id": "c",
            "filter": "1=1",
            "ack_type": "processed,stats",
            "sub_id": "c",
            "query_id": "c",
        },
    ),
    row(
        "sow_delete by data",
        '{"c":"sow_delete","t":"T","cid":"d","a":"processed,stats","sub_id":"d","query_id":"d"}',
        {"cmd": "sow_delete", "topic": "T", "cmd_id": "d", "ack_type": "processed,stats", "sub_id": "d", "query_id": "d"},
        body=b'{"id":1}',
    ),
    row(
        "sow_delete by keys, with publish store",
        '{"c":"sow_delete","t":"T","cid":"e","a":"processed,persisted,stats","sub_id":"e","query_id":"e","sow_keys":"1,2,3",'
        '"s":1795397375558000002}',
        {
            "cmd": "sow_delete",
            "topic": "T",
            "cmd_id": "e",
            "ack_type": "processed,persisted,stats",
            "sub_id": "e",
            "query_id": "e",
            "sow_keys": "1,2,3",
            "seq": 1795397375558000002,
        },
    ),
    row(
        "queue ack",
        '{"c":"sow_delete","t":"q","cid":"AMPS-queue-ack","bookmark":"1|4|,1|5|","o":"cancel"}',
        {"cmd": "sow_delete", "topic": "q", "cmd_id": "AMPS-queue-ack", "bookmark": "1|4|,1|5|", "opts": "cancel"},
    ),
    row("unsubscribe", '{"c":"unsubscribe","cid":"auto19","sub_id":"S1"}', {"cmd": "unsubscribe", "cmd_id": "auto19", "sub_id": "S1"}),
    row("flush", '{"c":"flush","cid":"auto1","a":"processed"}', {"cmd": "flush", "cmd_id": "auto1", "ack_type": "processed"}),
    row("start heartbeat", '{"c":"heartbeat","o":"start,5"}', {"cmd": "heartbeat", "opts": "start,5"}),
    row("heartbeat", '{"c":"heartbeat","o":"beat"}', {"cmd": "heartbeat", "opts": "beat"}),
    Row(
        name="dump of a logon",
        payload=dump("""
0000  00 00 00 77 7b 22 63 22 3a 22 6c 6f 67 6f 6e 22  ...w{"c":"logon"
0010  2c 22 63 69 64 22 3a 22 61 75 74 6f 30 22 2c 22  ,"cid":"auto0","
0020  63 6c 69 65 6e 74 5f 6e 61 6d 65 22 3a 22 64 65  client_name":"de
0030  6d 6f 22 2c 22 6d 74 22 3a 22 6a 73 6f 6e 22 2c  mo","mt":"json",
0040  22 61 22 3a 22 70 72 6f 63 65 73 73 65 64 22 2c  "a":"processed",
0050  22 76 65 72 73 69 6f 6e 22 3a 22 35 2e 33 2e 35  "version":"5.3.5
0060  2e 31 34 2e 63 36 65 36 35 63 63 2e 37 38 34 30  .14.c6e65cc.7840
0070  32 32 3a 70 79 74 68 6f 6e 22 7d                 22:python"}
""")[4:],
        message=message(
            {
                "cmd": "logon",
                "cmd_id": "auto0",
                "client_name": "demo",
                "message_type": "json",
                "ack_type": "processed",
                "version": VERSION,
            }
        ),
    ),
    Row(
        name="dump of a publish",
        payload=dump("""
0000  00 00 00 24 7b 22 63 22 3a 22 70 22 2c 22 74 22  ...${"c":"p","t"
0010  3a 22 6f 72 64 65 72 73 22 7d 7b 22 69 64 22 3a  :"orders"}{"id":
0020  37 2c 22 71 22 3a 32 7d                          7,"q":2}
""")[4:],
        message=message({"cmd": "publish", "topic": "orders"}, b'{"id":7,"q":2}'),
    ),
)

JAVASCRIPT_COMMANDS = (
    row(
        "js logon",
        '{"c":"logon","cid":"auto0","a":"processed","version":"5.3.4.0.378635.60b2fcc:javascript","client_name":"demo","user_id":""}',
        {
            "cmd": "logon",
            "cmd_id": "auto0",
            "ack_type": "processed",
            "version": "5.3.4.0.378635.60b2fcc:javascript",
            "client_name": "demo",
            "user_id": "",
        },
        exact=False,
    ),
    row("js publish", '{"c":"publish","t":"orders"}', {"cmd": "publish", "topic": "orders"}, body=b'{"id":7}', form=Form(p=False)),
    row(
        "js publish with publish store",
        '{"c":"publish","t":"T","s":"1795397375558000001","e":5}',
        {"cmd": "publish", "topic": "T", "seq": 1795397375558000001, "expiration": 5},
        exact=False,
    ),
    row(
        "js sow",
        '{"c":"sow","t":"orders","filter":"","cid":"auto1","query_id":"auto1","bs":10,"a":"processed,completed"}',
        {
            "cmd": "sow",
            "topic": "orders",
            "filter": "",
            "cmd_id": "auto1",
            "query_id": "auto1",
            "batch_size": 10,
            "ack_type": "processed,completed",
        },
        exact=False,
    ),
    row(
        "js bookmark subscription with escapes",
        '{"c":"subscribe","t":"T","filter":"/a = \'\\n\\t\\r\\b\\f\\u0001\\"\\\\\\/\'","bm":"0","cid":"auto2","sub_id":"auto2",'
        '"a":"persisted,processed"}',
        {
            "cmd": "subscribe",
            "topic": "T",
            "filter": "/a = '\n\t\r\b\f\x01\"\\/'",
            "bookmark": "0",
            "cmd_id": "auto2",
            "sub_id": "auto2",
            "ack_type": "persisted,processed",
        },
        exact=False,
    ),
    row(
        "js flush",
        '{"c":"flush","cid":"auto3","client_name":"demo","a":"processed"}',
        {"cmd": "flush", "cmd_id": "auto3", "client_name": "demo", "ack_type": "processed"},
    ),
    row("js heartbeat", '{"c":"heartbeat","cid":"auto4","o":"beat"}', {"cmd": "heartbeat", "cmd_id": "auto4", "opts": "beat"}),
    row(
        "js queue ack",
        '{"c":"sow_delete","t":"q","bm":"1|2|","cid":"auto21","a":""}',
        {"cmd": "sow_delete", "topic": "q", "bookmark": "1|2|", "cmd_id": "auto21", "ack_type": ""},
        exact=False,
    ),
)

_EVERYTHING: Mapping[str, HeaderValue] = {
    "cmd": "publish",
    "topic": 'a "b"',
    "filter": "f",
    "version": "v",
    "expiration": 5,
    "batch_size": 10,
    "seq": 2**64 - 1,
    "bookmark": "0",
    "password": "p",
    "opts": "o",
    "sow_key": "k",
}

FORM_COMMANDS = (
    row(
        "form client",
        '{"c":"p","t":"a \\"b\\"","filter":"f","version":"v","e":"5","batch_size":10,"s":18446744073709551615,"bookmark":"0","pw":"p",'
        '"o":"o","k":"k"}',
        _EVERYTHING,
        body=b"{}",
    ),
    row(
        "form short",
        '{"c":"p","t":"a \\"b\\"","f":"f","v":"v","e":"5","bs":10,"s":18446744073709551615,"bm":"0","pw":"p","o":"o","k":"k"}',
        _EVERYTHING,
        form=Form(names="short"),
    ),
    row(
        "form long, publish in full",
        '{"cmd":"publish","topic":"a \\"b\\"","filter":"f","version":"v","expiration":"5","batch_size":10,"seq":18446744073709551615,'
        '"bookmark":"0","password":"p","opts":"o","sow_key":"k"}',
        _EVERYTHING,
        form=Form(names="long", p=False),
    ),
    row(
        "form blanks",
        '{ "c" : "p" , "t" : "T" , "s" : 7 }',
        {"cmd": "publish", "topic": "T", "seq": 7},
        body=b" {}",
        form=Form(blanks=True),
    ),
    row(
        "form reverse and quoted",
        '{"k":"1","s":"7","t":"T","c":"p"}',
        {"cmd": "publish", "topic": "T", "seq": 7, "sow_key": "1"},
        form=Form(reverse=True, quoted=True),
    ),
    row(
        "unknown keys, numbers that are none",
        '{"c":"sow","batch_size":"many","top_n":-1,"zz":"5"}',
        {"cmd": "sow", "batch_size": "many", "top_n": -1, "zz": "5"},
    ),
)

COMMANDS = PYTHON_COMMANDS + JAVASCRIPT_COMMANDS + FORM_COMMANDS


def records(*pairs: tuple[Mapping[str, HeaderValue], bytes]) -> tuple[SowRecord, ...]:
    return tuple(SowRecord(header=header, data=data) for header, data in pairs)


MESSAGES = (
    row(
        "logon ack",
        '{"c":"ack","cid":"auto0","s":0,"bm":"1|0|","client_name":"n","a":"processed","status":"success",'
        '"reason":"authentication disabled","version":"5.3.5.0"}',
        {
            "cmd": "ack",
            "cmd_id": "auto0",
            "seq": 0,
            "bookmark": "1|0|",
            "client_name": "n",
            "ack_type": "processed",
            "status": "success",
            "reason": "authentication disabled",
            "version": "5.3.5.0",
        },
    ),
    row(
        "ack of a subscription",
        '{"c":"ack","cid":"auto3","sub_id":"S1","a":"processed","status":"success"}',
        {"cmd": "ack", "cmd_id": "auto3", "sub_id": "S1", "ack_type": "processed", "status": "success"},
    ),
    row(
        "ack of a subscription to a queue",
        '{"c":"ack","cid":"auto3","sub_id":"S1","a":"processed","status":"success","opts":"max_backlog=1"}',
        {
            "cmd": "ack",
            "cmd_id": "auto3",
            "sub_id": "S1",
            "ack_type": "processed",
            "status": "success",
            "opts": "max_backlog=1",
        },
    ),
    row(
        "failure",
        '{"c":"ack","cid":"auto3","a":"processed","status":"failure","reason":"bad filter"}',
        {"cmd": "ack", "cmd_id": "auto3", "ack_type": "processed", "status": "failure", "reason": "bad filter"},
    ),
    row(
        "persisted ack of publishes",
        '{"c":"ack","s":1795397375558000004,"a":"persisted","status":"success"}',
        {"cmd": "ack", "seq": 1795397375558000004, "ack_type": "persisted", "status": "success"},
    ),
    row(
        "persisted ack of a bookmark subscription",
        '{"c":"ack","sub_id":"B","bm":"12|77|","a":"persisted","status":"success"}',
        {"cmd": "ack", "sub_id": "B", "bookmark": "12|77|", "ack_type": "persisted", "status": "success"},
    ),
    row(
        "statistics",
        '{"c":"ack","cid":"auto9","query_id":"auto9","a":"stats","status":"success","matches":3,"topic_matches":5,"records_returned":3}',
        {
            "cmd": "ack",
            "cmd_id": "auto9",
            "query_id": "auto9",
            "ack_type": "stats",
            "status": "success",
            "matches": 3,
            "topic_matches": 5,
            "records_returned": 3,
        },
    ),
    row(
        "publish",
        '{"c":"publish","t":"T","sids":"A,B","k":"77","bm":"1|2|","ts":"20250909T171919.976304Z","x":"eA==","user_id":"u",'
        '"lp":"20250909T171929.976304Z","l":8}',
        {
            "cmd": "publish",
            "topic": "T",
            "sids": "A,B",
            "sow_key": "77",
            "bookmark": "1|2|",
            "timestamp": "20250909T171919.976304Z",
            "correlation_id": "eA==",
            "user_id": "u",
            "leaseperiod": "20250909T171929.976304Z",
            "msg_len": 8,
        },
        body=b'{"id":1}',
    ),
    row(
        "publish with a length that lies",
        '{"c":"publish","t":"T","sids":"A","l":3}',
        {"cmd": "publish", "topic": "T", "sids": "A", "msg_len": 3},
        body=b'{"id":1}',
    ),
    row("p from a server", '{"c":"p","t":"T","sids":"A"}', {"cmd": "publish", "topic": "T", "sids": "A"}, body=b"x", exact=False),
    row(
        "oof",
        '{"c":"oof","t":"T","sids":"A","k":"77","reason":"match"}',
        {"cmd": "oof", "topic": "T", "sids": "A", "sow_key": "77", "reason": "match"},
        body=b"{}",
    ),
    row("group_begin", '{"c":"group_begin","query_id":"auto9"}', {"cmd": "group_begin", "query_id": "auto9"}),
    row("group_end", '{"c":"group_end","query_id":"auto9"}', {"cmd": "group_end", "query_id": "auto9"}),
    row("heartbeat", '{"c":"heartbeat"}', {"cmd": "heartbeat"}),
    row(
        "quotes, line breaks, braces and raw UTF-8 in strings",
        '{"c":"ack","cid":"}{\\"\\\\\n\té","a":"processed"}',
        {"cmd": "ack", "cmd_id": '}{"\\\n\té', "ack_type": "processed"},
    ),
    Row(
        name="dump of a logon ack",
        payload=dump("""
0000  00 00 00 77 7b 22 63 22 3a 22 61 63 6b 22 2c 22  ...w{"c":"ack","
0010  63 69 64 22 3a 22 61 75 74 6f 30 22 2c 22 73 22  cid":"auto0","s"
0020  3a 30 2c 22 62 6d 22 3a 22 31 7c 30 7c 22 2c 22  :0,"bm":"1|0|","
0030  63 6c 69 65 6e 74 5f 6e 61 6d 65 22 3a 22 64 65  client_name":"de
0040  6d 6f 22 2c 22 61 22 3a 22 70 72 6f 63 65 73 73  mo","a":"process
0050  65 64 22 2c 22 73 74 61 74 75 73 22 3a 22 73 75  ed","status":"su
0060  63 63 65 73 73 22 2c 22 76 65 72 73 69 6f 6e 22  ccess","version"
0070  3a 22 35 2e 33 2e 35 2e 30 22 7d                 :"5.3.5.0"}
""")[4:],
        message=message(
            {
                "cmd": "ack",
                "cmd_id": "auto0",
                "seq": 0,
                "bookmark": "1|0|",
                "client_name": "demo",
                "ack_type": "processed",
                "status": "success",
                "version": "5.3.5.0",
            }
        ),
    ),
    Row(
        name="dump of a batch of two",
        payload=dump("""
0000  00 00 00 70 7b 22 63 22 3a 22 73 6f 77 22 2c 22  ...p{"c":"sow","
0010  71 75 65 72 79 5f 69 64 22 3a 22 61 75 74 6f 31  query_id":"auto1
0020  22 2c 22 74 22 3a 22 6f 72 64 65 72 73 22 2c 22  ","t":"orders","
0030  62 73 22 3a 32 7d 7b 22 6b 22 3a 22 31 31 22 2c  bs":2}{"k":"11",
0040  22 6c 22 3a 31 34 7d 7b 22 69 64 22 3a 37 2c 22  "l":14}{"id":7,"
0050  71 22 3a 32 7d 7b 22 6b 22 3a 22 31 32 22 2c 22  q":2}{"k":"12","
0060  6c 22 3a 31 34 7d 7b 22 69 64 22 3a 38 2c 22 71  l":14}{"id":8,"q
0070  22 3a 35 7d                                      ":5}
""")[4:],
        message=Message(
            header={"cmd": "sow", "query_id": "auto1", "topic": "orders", "batch_size": 2},
            records=records(
                ({"sow_key": "11", "msg_len": 14}, b'{"id":7,"q":2}'),
                ({"sow_key": "12", "msg_len": 14}, b'{"id":8,"q":5}'),
            ),
        ),
    ),
    Row(
        name="batch with every field, data of any bytes and none",
        payload=(
            b'{"c":"sow","query_id":"q","t":"T","bs":2,"gseq":1}{"k":"a+/=","l":4,"x":"eA==","ts":"20250909T171919.976304Z","bm":"1|2|"}'
            b'}{"\xff{"k":"b","l":0,"x":"","ts":"20250909T171919.976305Z","bm":"1|3|"}'
        ),
        message=Message(
            header={"cmd": "sow", "query_id": "q", "topic": "T", "batch_size": 2, "gseq": 1},
            records=records(
                (
                    {
                        "sow_key": "a+/=",
                        "msg_len": 4,
                        "correlation_id": "eA==",
                        "timestamp": "20250909T171919.976304Z",
                        "bookmark": "1|2|",
                    },
                    b'}{"\xff',
                ),
                (
                    {
                        "sow_key": "b",
                        "msg_len": 0,
                        "correlation_id": "",
                        "timestamp": "20250909T171919.976305Z",
                        "bookmark": "1|3|",
                    },
                    b"",
                ),
            ),
        ),
    ),
    Row(
        name="batch of one without key, with l outside too",
        payload=b'{"c":"sow","query_id":"q","t":"T","bs":1,"l":2}{"l":2}{}',
        message=Message(
            header={"cmd": "sow", "query_id": "q", "topic": "T", "batch_size": 1, "msg_len": 2},
            records=records(({"msg_len": 2}, b"{}")),
        ),
    ),
    Row(
        name="sow without records",
        payload=b'{"c":"sow","query_id":"q","t":"T","bs":0}',
        message=message({"cmd": "sow", "query_id": "q", "topic": "T", "batch_size": 0}),
    ),
)
