"""Batches: how many records a `sow` message holds and says that it holds. Source: sow.md section 7.5, wire.md section 7."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.checks.registry import Chosen, Result, Seen, finding, judges, judges_obligation
from reference_model.rule import R


@judges_obligation("batches")
def batch_limits(seen: Seen, data: Mapping[str, object]) -> Result:
    """Between 1 and batch_size records a message; one where none was given (SOW-BATCH-01, SOW-BATCH-02)."""
    rule, most = data["rule"], data["batch_size"]
    assert isinstance(rule, R)
    assert isinstance(most, int)
    records = 0
    for index, event in seen.results.get((str(data["connection"]), str(data["query_id"])), ()):
        assert event.message is not None
        count = len(event.message.records)
        records += count
        if not 1 <= count <= most:
            yield finding(
                rule,
                "a sow message holds another number of records than batch_size allows",
                index,
                event,
                field="batch_size",
                expected=f"1 to {most} records",
                seen=f"{count} records",
                step=str(data["step"]),
            )
    # With no more records than one message may hold, too large a batch could not have been seen.
    if records > most:
        yield rule


@judges(R("WIRE-SOW-04"), R("CMD-MSG-12"), R("CMD-MSG-15"), R("WIRE-SOW-01"), R("WIRE-SOW-02"), R("WIRE-SOW-07"))
def form_of_batches(seen: Seen) -> Result:
    """The outer header of a sow message has topic, query_id and the exact number of records."""
    for index, event in seen.received:
        message = event.message
        if message is None or message.cmd != "sow":
            continue
        yield R("WIRE-SOW-01")
        yield R("WIRE-SOW-02")
        if len(message.records) == 1:
            yield R("WIRE-SOW-07")
        yield R("CMD-MSG-12")
        lacking = [name for name in ("topic", "query_id", "batch_size") if message.text(name) is None]
        if lacking:
            yield finding(
                R("CMD-MSG-12"), "a sow message lacks a header field", index, event, field=lacking[0], expected="present", seen="absent"
            )
        stated = message.header.get("batch_size")
        if stated is not None:
            yield R("WIRE-SOW-04")
            if str(stated) != str(len(message.records)):
                yield finding(
                    R("WIRE-SOW-04"),
                    "a sow message states another number of records than it holds",
                    index,
                    event,
                    field="batch_size",
                    expected=str(len(message.records)),
                    seen=str(stated),
                )
        group_sequence = message.header.get("gseq")
        yield Chosen(
            rule=R("CMD-MSG-15"),
            choice="absent" if group_sequence is None else "integer" if isinstance(group_sequence, int) else "other",
        )
