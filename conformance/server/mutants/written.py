"""Faults in how messages are written: frames, their order on a connection, the names of fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from conformance.server.behaviour import Behaviour
from conformance.server.mutants.mutant import Collection
from conformance.wire import frame, raw_fields, split
from reference_model.messages import Message
from reference_model.rule import R

written: Final = Collection()

_length_bytes: Final = 4


# ---- frames ------------------------------------------------------------------------------------------------------------------------


def _framed(change: Callable[[bytes], bytes]) -> type[Behaviour]:
    """The frames of live messages changed: with a fault in every frame a server is not taken for one at all."""

    class Framed(Behaviour):
        def encode(self, message: Message) -> bytes:
            whole = super().encode(message)
            return change(whole) if message.cmd == "publish" else whole

    return Framed


def _length(whole: bytes, more: int) -> bytes:
    return (len(whole) - _length_bytes + more).to_bytes(_length_bytes, "big") + whole[_length_bytes:]


written(
    R("WIRE-FRAME-01"),
    R("WIRE-FRAME-12"),
    name="length_little_endian",
    text="the length of the frame of a live message is little-endian",
)(_framed(lambda whole: whole[:_length_bytes][::-1] + whole[_length_bytes:]))
written(
    R("WIRE-FRAME-02"),
    R("WIRE-HDR-01"),
    R("CMD-PUB-03"),
    name="length_includes_itself",
    text="the length of the frame of a live message includes itself",
)(_framed(lambda whole: _length(whole, _length_bytes)))
written(R("WIRE-FRAME-03"), R("WIRE-FRAME-12"), name="frames_padded", text="a zero byte follows the frame of a live message")(
    _framed(lambda whole: whole + b"\0")
)
written(R("WIRE-FRAME-12"), name="length_one_less", text="the length of the frame of a live message is one too little")(
    _framed(lambda whole: _length(whole, -1))
)


@written(R("WIRE-FRAME-06"), R("CMD-PUB-03"), name="newline_before_body", text="a line break stands between header and body")
class _NewlineBeforeBody(Behaviour):
    def encode(self, message: Message) -> bytes:
        whole = super().encode(message)
        head, rest = split(whole[_length_bytes:])
        return frame(head + b"\n" + rest) if message.body else whole


@written(
    R("WIRE-FRAME-13"),
    R("WIRE-HDR-01"),
    name="frames_interleaved",
    text="of live messages that are written at once the second stands inside of the first",
)
class _FramesInterleaved(Behaviour):
    def stream(self, frames: Sequence[bytes]) -> bytes:
        if len(frames) < 2 or not all(b'"c":"publish"' in one for one in frames[:2]):
            return super().stream(frames)
        first, second, *others = frames
        half = len(first) // 2
        return super().stream([first[:half], second, first[half:], *others])


# ---- names and values --------------------------------------------------------------------------------------------------------------


def _members(change: Callable[[bytes, bytes], tuple[bytes, bytes]]) -> type[Behaviour]:
    class Members(Behaviour):
        def encode(self, message: Message) -> bytes:
            payload = super().encode(message)[_length_bytes:]
            _, rest = split(payload)
            return frame(b"{" + b",".join(b":".join(change(key, value)) for key, value in raw_fields(payload)) + b"}" + rest)

    return Members


def _named(key: bytes, other: bytes) -> type[Behaviour]:
    return _members(lambda name, value: (other if name == key else name, value))


def _received_acks(key: bytes, change: Callable[[bytes], bytes]) -> type[Behaviour]:
    class ReceivedAcks(Behaviour):
        def encode(self, message: Message) -> bytes:
            whole = super().encode(message)
            if message.header.get("ack_type") != "received":
                return whole
            members = ((name, change(value) if name == key else value) for name, value in raw_fields(whole[_length_bytes:]))
            return frame(b"{" + b",".join(name + b":" + value for name, value in members) + b"}")

    return ReceivedAcks


for _rule, _short, _long in (
    (R("WIRE-KEY-15"), "c", "cmd"),
    (R("WIRE-KEY-16"), "t", "topic"),
    (R("WIRE-KEY-17"), "cid", "cmd_id"),
    (R("WIRE-KEY-18"), "a", "ack_type"),
    (R("WIRE-KEY-24"), "x", "correlation_id"),
    (R("WIRE-KEY-25"), "bs", "batch_size"),
):
    written(_rule, name=f"{_long}_in_full", text=f"messages say {_long} instead of {_short}")(
        _named(f'"{_short}"'.encode(), f'"{_long}"'.encode())
    )
written(
    R("WIRE-KEY-20"),
    R("CMD-SOW-27"),
    R("WIRE-HDR-15"),
    R("CMD-MSG-12"),
    name="query_id_misnamed",
    text="messages say queryid instead of query_id",
)(_named(b'"query_id"', b'"queryid"'))
written(R("WIRE-KEY-19"), R("CMD-MSG-03"), R("WIRE-HDR-15"), name="sids_misnamed", text="messages say sub_ids instead of sids")(
    _named(b'"sids"', b'"sub_ids"')
)
written(R("CMD-ABBR-17"), name="timestamp_in_full", text="messages say timestamp instead of ts")(_named(b'"ts"', b'"timestamp"'))


@written(R("WIRE-KEY-26"), name="record_length_in_full", text="records say msg_len instead of l")
class _RecordLengthInFull(Behaviour):
    def encode(self, message: Message) -> bytes:
        whole = super().encode(message)
        if not message.records:
            return whole
        head, rest = split(whole[_length_bytes:])
        return frame(head + rest.replace(b'"l":', b'"msg_len":'))


written(R("WIRE-HDR-01"), name="nested_header", text="the status of a received ack is an object")(
    _received_acks(b'"status"', lambda value: b'{"text":' + value + b"}")
)
written(R("CMD-ACK-06"), name="ack_is_status", text="received acks have the command status")(
    _received_acks(b'"c"', lambda _: b'"status"')
)
written(R("CMD-ACK-07"), name="completed_is_complete", text="completed acks have the type complete")(
    _members(lambda name, value: (name, b'"complete"' if value == b'"completed"' and name == b'"a"' else value))
)
written(R("CMD-ACK-11"), name="success_is_ok", text="the status of a received ack is ok")(
    _received_acks(b'"status"', lambda _: b'"ok"')
)


@written(R("CMD-MSG-25"), name="ack_with_body", text="acks have a body")
class _AckWithBody(Behaviour):
    def encode(self, message: Message) -> bytes:
        return super().encode(Message(header=message.header, body=b"{}") if message.cmd == "ack" else message)


@written(R("CMD-MSG-12"), name="batch_size_missing", text="sow messages lack batch_size")
class _BatchSizeMissing(Behaviour):
    def encode(self, message: Message) -> bytes:
        payload = super().encode(message)[_length_bytes:]
        _, rest = split(payload)
        kept = (name + b":" + value for name, value in raw_fields(payload) if name != b'"bs"')
        return frame(b"{" + b",".join(kept) + b"}" + rest)


@written(R("WIRE-HDR-05"), R("WIRE-HDR-01"), name="quotes_unescaped", text="the backslashes of texts in headers are not escaped")
class _QuotesUnescaped(Behaviour):
    def encode(self, message: Message) -> bytes:
        payload = super().encode(message)[_length_bytes:]
        head, rest = split(payload)
        return frame(head.replace(b"\\\\", b"\\") + rest)


# ---- order -------------------------------------------------------------------------------------------------------------------------


def _acks(messages: Sequence[Message], kind: str) -> list[Message]:
    return [message for message in messages if message.header.get("ack_type") == kind]


@written(R("CMD-ORD-01"), name="received_last", text="received acks follow the other acks of their command")
class _ReceivedLast(Behaviour):
    def outgoing(self, messages: Sequence[Message]) -> Sequence[Message]:
        late = _acks(messages, "received")
        return [*(message for message in messages if message not in late), *late]


@written(R("CMD-ORD-11"), R("CMD-ORD-14"), name="last_result_first", text="of results that are sent at once the later ones come first")
class _LastResultFirst(Behaviour):
    def outgoing(self, messages: Sequence[Message]) -> Sequence[Message]:
        groups: list[list[Message]] = []
        others: list[Message] = []
        inside = False
        for message in messages:
            if message.cmd == "group_begin":
                groups.append([])
                inside = True
            (groups[-1] if inside else others).append(message)
            inside = inside and message.cmd != "group_end"
        return [*(message for group in reversed(groups) for message in group), *others] if len(groups) > 1 else messages
