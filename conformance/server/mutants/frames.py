"""Faults of the bytes: headers, their names and values, the records of sow messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from conformance.server.behaviour import Behaviour
from conformance.server.mutants.mutant import Collection
from conformance.wire import frame, raw_fields, split
from reference_model.messages import Header, Message, SowRecord
from reference_model.rule import R

frames: Final = Collection()


_LONG: Final = {
    b'"c"': b'"cmd"',
    b'"t"': b'"topic"',
    b'"cid"': b'"cmd_id"',
    b'"a"': b'"ack_type"',
    b'"k"': b'"sow_key"',
    b'"bs"': b'"batch_size"',
    b'"x"': b'"correlation_id"',
}
_length_bytes: Final = 4


def _rewritten(whole: bytes, member: Callable[[bytes, bytes], bytes], comma: bytes = b",") -> bytes:
    """The frame with each member of its header written by `member(key, value)`."""
    payload = whole[_length_bytes:]
    _, rest = split(payload)
    return frame(b"{" + comma.join(member(key, value) for key, value in raw_fields(payload)) + b"}" + rest)


@frames(R("WIRE-HDR-02"), name="blanks_in_headers", text="headers are written with blanks")
class _BlanksInHeaders(Behaviour):
    def encode(self, message: Message) -> bytes:
        return _rewritten(super().encode(message), lambda key, value: key + b": " + value, b", ")


@frames(R("WIRE-HDR-08"), R("WIRE-HDR-07"), name="unicode_escapes", text="headers escape characters outside of ASCII")
class _UnicodeEscapes(Behaviour):
    def encode(self, message: Message) -> bytes:
        whole = super().encode(message)
        return whole if whole.isascii() else _rewritten(whole, lambda key, value: key + b":" + _escaped(value))


def _escaped(value: bytes) -> bytes:
    """Characters outside of ASCII as JSON's escapes, those beyond 16 bits as pairs of them."""
    units = value.decode("utf-8", "surrogateescape").encode("utf-16-be", "surrogatepass")
    codes = (int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))
    return b"".join(bytes([code]) if code < 128 else b"\\u%04x" % code for code in codes)


@frames(
    R("WIRE-KEY-15"),
    R("WIRE-KEY-16"),
    R("WIRE-KEY-17"),
    R("WIRE-KEY-18"),
    R("WIRE-HDR-15"),
    name="long_names",
    text="headers are written with long names",
)
class _LongNames(Behaviour):
    def encode(self, message: Message) -> bytes:
        return _rewritten(super().encode(message), lambda key, value: _LONG.get(key, key) + b":" + value)


@frames(R("WIRE-HDR-13"), name="quoted_numbers", text="numbers in headers are quoted")
class _QuotedNumbers(Behaviour):
    def encode(self, message: Message) -> bytes:
        return _rewritten(
            super().encode(message), lambda key, value: key + b":" + (value if value.startswith(b'"') else b'"' + value + b'"')
        )


@frames(R("WIRE-HDR-15"), name="surplus_key", text="headers hold a key that no client knows")
class _SurplusKey(Behaviour):
    def encode(self, message: Message) -> bytes:
        return super().encode(Message(header={**message.header, "zz": "1"}, body=message.body, records=message.records))


def _with_records(message: Message, record: Callable[[SowRecord], SowRecord]) -> Message:
    return Message(header=message.header, body=message.body, records=tuple(map(record, message.records)))


@frames(R("WIRE-SOW-02"), name="length_in_characters", text="the length of a record counts characters")
class _LengthInCharacters(Behaviour):
    def encode(self, message: Message) -> bytes:
        return super().encode(_with_records(message, _counted_in_characters))


def _counted_in_characters(record: SowRecord) -> SowRecord:
    return SowRecord(header={**record.header, "msg_len": len(record.data.decode(errors="replace"))}, data=record.data)


@frames(
    R("WIRE-SOW-03"),
    R("WIRE-KEY-21"),
    R("WIRE-HDR-15"),
    name="record_key_misnamed",
    text="the SOW key stands under another name in the header of a record",
)
class _RecordKeyUnderLongName(Behaviour):
    def record_header(self, header: dict[str, str | int]) -> Header:
        return {"sow__key" if name == "sow_key" else name: value for name, value in header.items()}


@frames(R("WIRE-SOW-04"), name="batch_size_one_more", text="bs is one more than the records of the message")
class _BatchSizeOneMore(Behaviour):
    def encode(self, message: Message) -> bytes:
        if not message.records:
            return super().encode(message)
        return super().encode(Message(header={**message.header, "batch_size": len(message.records) + 1}, records=message.records))


@frames(
    R("WIRE-SOW-07"),
    R("WIRE-SOW-01"),
    R("WIRE-SOW-02"),
    name="single_record_flat",
    text="a message with one record has no header of the record",
)
class _SingleRecordFlat(Behaviour):
    def encode(self, message: Message) -> bytes:
        if len(message.records) != 1:
            return super().encode(message)
        record = message.records[0]
        header = {**message.header, **record.header, "msg_len": len(record.data)}
        return super().encode(Message(header=header, body=record.data))


@frames(R("WIRE-SOW-01"), name="blank_between_records", text="a blank follows the data of each record")
class _BlankBetweenRecords(Behaviour):
    def encode(self, message: Message) -> bytes:
        return super().encode(_with_records(message, _followed_by_blank))


def _followed_by_blank(record: SowRecord) -> SowRecord:
    return SowRecord(header={**record.header, "msg_len": len(record.data)}, data=record.data + b" ")
