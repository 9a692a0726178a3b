"""The names under which a target writes its header fields. Source: wire.md section 4, column `srv`."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.checks.registry import Result, Seen, finding, judges
from conformance.wire import raw_fields, raw_records
from reference_model.messages import Message
from reference_model.observation import Event
from reference_model.rule import R

ALLOWED = frozenset(
    b"c t cid a sub_id sids query_id bs bm k s x e o opts l lp ts gseq mt client_name user_id pw version status reason matches "
    b"topic_matches records_returned records_inserted records_updated records_deleted".split()
)

WRITTEN_AS = {
    "cmd": (b"c", R("WIRE-KEY-15")),
    "topic": (b"t", R("WIRE-KEY-16")),
    "cmd_id": (b"cid", R("WIRE-KEY-17")),
    "ack_type": (b"a", R("WIRE-KEY-18")),
    "sids": (b"sids", R("WIRE-KEY-19")),
    "query_id": (b"query_id", R("WIRE-KEY-20")),
    "sow_key": (b"k", R("WIRE-KEY-21")),
    "correlation_id": (b"x", R("WIRE-KEY-24")),
    "batch_size": (b"bs", R("WIRE-KEY-25")),
    "timestamp": (b"ts", R("CMD-ABBR-17")),
    "version": (b"version", R("WIRE-KEY-30")),
    "client_name": (b"client_name", R("WIRE-KEY-31")),
}
"""Canonical name -> the only key that both official clients read, and the rule that says so."""


def _required(message: Message) -> tuple[str, ...]:
    """Fields that such a message always has: where one is lacking, and a key is there that nobody knows, that is it."""
    if message.cmd in {"publish", "oof"}:
        return ("sids",)
    if message.cmd in {"group_begin", "sow", "group_end"}:
        return ("query_id",)
    return ("client_name",) if message.cmd == "ack" and "version" in message.header else ()


def _bare(key: bytes) -> bytes:
    return key[1:-1] if key[:1] == b'"' else key


def _concerned(message: Message, name: str) -> bool:
    if name == "cmd_id":
        return message.cmd == "ack"
    if name == "ack_type":
        return message.cmd == "ack"
    if name == "query_id":
        return message.cmd in {"group_begin", "sow", "group_end"}
    if name in {"version", "client_name"}:
        return message.cmd == "ack"
    return True


@judges(
    R("WIRE-KEY-15"),
    R("WIRE-KEY-16"),
    R("WIRE-KEY-17"),
    R("WIRE-KEY-18"),
    R("WIRE-KEY-19"),
    R("WIRE-KEY-20"),
    R("WIRE-KEY-21"),
    R("WIRE-KEY-24"),
    R("WIRE-KEY-25"),
    R("WIRE-KEY-26"),
    R("WIRE-KEY-30"),
    R("WIRE-KEY-31"),
    R("CMD-ABBR-17"),
    R("WIRE-HDR-15"),
    R("CMD-WIRE-09"),
    R("CMD-ABBR-18"),
    R("WIRE-KEY-23"),
)
def names_of_fields(seen: Seen) -> Result:
    """Each field under its one name, and no name that is none of the protocol."""
    for index, event in seen.received:
        message = event.message
        assert message is not None
        keys = {_bare(key) for key, _ in raw_fields(event.payload)}
        inner = [{_bare(key) for key, _ in record} for record in raw_records(event.payload)] if message.cmd == "sow" else []
        named: set[bytes] = set()
        yield from _lacking(index, event, message, keys, named)
        yield from _written(index, event, message, keys, inner, named)
        yield R("WIRE-HDR-15")
        unknown = (keys | set().union(*inner)) - ALLOWED - named
        if unknown:
            shown = min(unknown).decode("utf-8", "backslashreplace")
            yield finding(
                R("WIRE-HDR-15"),
                "a key that is none of the protocol",
                index,
                event,
                field=shown[:40],
                expected="a known key",
                seen=shown[:80],
            )
        yield from _lengths(index, event, message, keys, inner)


def _lacking(index: int, event: Event, message: Message, keys: set[bytes], named: set[bytes]) -> Result:
    """A field that must be there and is not, beside a key that nobody knows; what is taken for one is added to `named`."""
    strange = keys - ALLOWED
    for name in _required(message) if strange else ():
        if name not in message.header:
            named |= strange
            key, rule = WRITTEN_AS[name]
            shown = min(strange).decode("utf-8", "backslashreplace")[:40]
            yield finding(rule, f"{name} is written under another key", index, event, field=name, expected=key.decode(), seen=shown)


def _written(index: int, event: Event, message: Message, keys: set[bytes], inner: Sequence[set[bytes]], named: set[bytes]) -> Result:
    """The fields that are there, each under the key that it must have."""
    for name, (key, rule) in WRITTEN_AS.items():
        if not _concerned(message, name):
            continue
        where = [keys] if name in message.header else []
        where += [
            record_keys
            for record, record_keys in zip(message.records, inner, strict=True)
            if name in record.header and name not in message.header
        ]
        rules = (rule, R("WIRE-KEY-23")) if name == "timestamp" else (rule,)
        for present in where:
            yield from rules
            if key not in present:
                wrong = min(present & LONG_NAMES.get(name, frozenset()), default=b"another name")
                named.add(wrong)
                for broken in rules:
                    yield finding(
                        broken,
                        f"{name} is written under another key",
                        index,
                        event,
                        field=name,
                        expected=key.decode(),
                        seen=wrong.decode(),
                    )


def _lengths(index: int, event: Event, message: Message, keys: set[bytes], inner: Sequence[set[bytes]]) -> Result:
    """msg_len: under its key in each record, and the length of the body wherever it is written."""
    for record, record_keys in zip(message.records, inner, strict=True):
        yield R("WIRE-KEY-26")
        if b"l" not in record_keys:
            yield finding(
                R("WIRE-KEY-26"), "the length of a record is written under another key", index, event, field="msg_len",
                expected="l", seen=", ".join(sorted(repr(k) for k in record_keys)) or str(record.header),
            )  # fmt: skip
    if "msg_len" not in message.header or message.cmd == "sow":
        return  # that of a record cuts the frame: wrong, it cannot be read (WIRE-SOW-02)
    stated = message.header["msg_len"]
    rules = [R("CMD-WIRE-09")] if message.cmd in {"publish", "oof"} else []
    rules += [R("CMD-ABBR-18")] if b"l" in keys else []
    for rule in rules:
        yield rule
        if stated != len(message.body):
            yield finding(
                rule, "msg_len is not the length of the body", index, event, field="msg_len",
                expected=str(len(message.body)), seen=str(stated)[:40],
            )  # fmt: skip


LONG_NAMES = {
    "cmd": frozenset({b"cmd"}),
    "topic": frozenset({b"topic"}),
    "cmd_id": frozenset({b"cmd_id"}),
    "ack_type": frozenset({b"ack_type"}),
    "sow_key": frozenset({b"sow_key"}),
    "correlation_id": frozenset({b"correlation_id"}),
    "batch_size": frozenset({b"batch_size"}),
    "version": frozenset({b"v"}),
    "timestamp": frozenset({b"timestamp"}),
}
"""Names that mean the same field and that not both official clients read."""
