"""Records of a sow message: exact lengths, nothing left over (wire.md §7)."""

from __future__ import annotations

import pytest

from conformance.wire import WireError, decode, encode_message, raw_records
from reference_model.messages import Message, SowRecord

OUTER = b'{"c":"sow","query_id":"q","t":"T","bs":1}'

REFUSED = [
    (b'{"k":"1"}{}', "its header has no length"),
    (b'{"k":"1","l":-1}{}', "its header has no length"),
    (b'{"k":"1","l":"x"}{}', "its header has no length"),
    (b'{"k":"1","l":3}{}', "l is 3, only 2 bytes are left"),
    (b'{"k":"1","l":1}{}', "record 1 of a sow message: a header begins with '{'"),
    (b'{"k":"1","l":2} {}', "record 1 of a sow message: a header begins with '{'"),
    (b'{"id":1}', "its header has no length"),
    (b"id=1", "record 0 of a sow message: a header begins with '{'"),
    (b'{"k":"1","l":2}{}{"k":"2","l":2', "record 1 of a sow message: the header is not terminated"),
    (b'{"k":"1","l":18446744073709551615}{}', "only 2 bytes are left"),
]


@pytest.mark.parametrize(("records", "reason"), REFUSED, ids=[str(records) for records, _ in REFUSED])
def test_a_batch_that_is_not_exact_is_refused(records, reason):
    with pytest.raises(WireError) as caught:
        decode(OUTER + records, sender="server")
    assert reason in str(caught.value)
    with pytest.raises(WireError):
        raw_records(OUTER + records)


def test_a_command_sow_has_a_body_and_no_records():
    assert decode(OUTER + b"id=1", sender="client").body == b"id=1"


def test_records_that_need_the_tolerant_reader_and_those_that_do_not_may_mix():
    payload = OUTER + b'{"k":"1","l":2}{}{"k": "\\x","l":"1"}a{"k":"\xff","l":0}{"k":"4","l":1}b'
    assert [(record.header["sow_key"], record.data) for record in decode(payload, sender="server").records] == [
        ("1", b"{}"),
        ("x", b"a"),
        ("\udcff", b""),
        ("4", b"b"),
    ]


def test_raw_records_are_the_small_headers_as_they_stand():
    assert raw_records(OUTER + b'{"k":"1", "l":2}{}{"l":"0"}') == (((b'"k"', b'"1"'), (b'"l"', b"2")), ((b'"l"', b'"0"'),))


def test_lengths_and_count_are_written_unless_the_message_says_others():
    honest = Message(header={"cmd": "sow"}, records=(SowRecord(header={"sow_key": "1"}, data=b"ab"),))
    assert encode_message(honest)[4:] == b'{"c":"sow","bs":1}{"k":"1","l":2}ab'
    lying = Message(header={"cmd": "sow", "batch_size": 7}, records=(SowRecord(header={"msg_len": 1}, data=b"ab"),))
    assert encode_message(lying)[4:] == b'{"c":"sow","bs":7}{"l":1}ab'


def test_ten_thousand_records():
    message = Message(
        header={"cmd": "sow", "batch_size": 10_000},
        records=tuple(SowRecord(header={"sow_key": str(n), "msg_len": 3}, data=b"{ }") for n in range(10_000)),
    )
    assert decode(encode_message(message)[4:], sender="server") == message
