"""The names under which a target writes its header fields. Source: wire.md section 4, column `srv`."""

from __future__ import annotations

from conformance.checks.registry import Result, Seen, finding, judges
from conformance.wire import raw_fields, raw_records
from reference_model.messages import Message
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
)
def names_of_fields(seen: Seen) -> Result:
    """Each field under its one name, and no name that is none of the protocol."""
    for index, event in seen.received:
        message = event.message
        assert message is not None
        keys = {_bare(key) for key, _ in raw_fields(event.payload)}
        inner = [{_bare(key) for key, _ in record} for record in raw_records(event.payload)] if message.cmd == "sow" else []
        named: set[bytes] = set()
        for name, (key, rule) in WRITTEN_AS.items():
            if not _concerned(message, name):
                continue
            carried = name in message.header
            where = [keys] if carried else []
            where += [
                record_keys
                for record, record_keys in zip(message.records, inner, strict=True)
                if name in record.header and name not in message.header
            ]
            for present in where:
                yield rule
                if key not in present:
                    wrong = min(present & LONG_NAMES.get(name, frozenset()), default=b"another name")
                    named.add(wrong)
                    yield finding(
                        rule,
                        f"{name} is written under another key",
                        index,
                        event,
                        field=name,
                        expected=key.decode(),
                        seen=wrong.decode(),
                    )
        for record, record_keys in zip(message.records, inner, strict=True):
            yield R("WIRE-KEY-26")
            if b"l" not in record_keys:
                yield finding(
                    R("WIRE-KEY-26"), "the length of a record is written under another key", index, event, field="msg_len",
                    expected="l", seen=", ".join(sorted(repr(k) for k in record_keys)) or str(record.header),
                )  # fmt: skip
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
        if message.cmd in {"publish", "oof"} and "msg_len" in message.header:
            yield R("CMD-WIRE-09")
            if message.header["msg_len"] != len(message.body):
                yield finding(
                    R("CMD-WIRE-09"), "msg_len is not the length of the body", index, event, field="msg_len",
                    expected=str(len(message.body)), seen=str(message.header["msg_len"])[:40],
                )  # fmt: skip
        if b"l" in keys and message.cmd != "sow":  # that of a record cuts the frame: wrong, it cannot be read (WIRE-SOW-02)
            yield R("CMD-ABBR-18")
            if message.header.get("msg_len") != len(message.body):
                yield finding(
                    R("CMD-ABBR-18"), "the key l is not the length of the body", index, event, field="l",
                    expected=str(len(message.body)), seen=str(message.header.get("msg_len"))[:40],
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
}
"""Names that mean the same field and that not both official clients read."""
