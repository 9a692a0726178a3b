"""Obligations about whole answers: refused or closed, statistics that must agree with what was sent, first bytes of bodies."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.checks.registry import Chosen, Result, Seen, finding, judges, judges_obligation
from reference_model.messages import Message
from reference_model.rule import R


def _rule(data: Mapping[str, object]) -> R:
    rule = data["rule"]
    assert isinstance(rule, R)
    return rule


def _sent(seen: Seen, step: object) -> int | None:
    return next((index for index, event in enumerate(seen.observation.events) if event.kind == "sent" and event.label == step), None)


@judges_obligation("refused_or_closed")
def refused_or_closed(seen: Seen, data: Mapping[str, object]) -> Result:
    """A failure ack, or the end of the connection."""
    sent = _sent(seen, data["step"])
    if sent is None:
        return
    yield _rule(data)
    for event in seen.observation.events[sent:]:
        if event.connection == data["connection"] and event.kind in {"closed", "garbled"}:
            return
        if event.kind == "received" and event.message is not None and event.message.text("cmd_id") == data["cmd_id"]:
            return  # the status is the slot's matter
    yield finding(
        _rule(data),
        "neither a failure nor the end of the connection",
        sent,
        seen.observation.events[sent],
        expected="failure, or connection closed",
        seen="nothing",
        step=str(data["step"]),
    )


@judges_obligation("answered_or_closed")
def answered_or_closed(seen: Seen, data: Mapping[str, object]) -> Result:
    """The connection ends, or its last flush is answered: the target does not hang."""
    sent = _sent(seen, data["step"])
    if sent is None:
        return
    yield _rule(data)
    connection = data["connection"]
    for event in seen.observation.events[sent:]:
        if event.connection == connection and event.kind == "closed":
            return
        if event.kind == "received" and event.connection == connection and event.message is not None:
            cmd_id = event.message.text("cmd_id") or ""
            if cmd_id == f"end-{connection}":
                return
    yield finding(
        _rule(data),
        "the connection neither ends nor answers any more",
        sent,
        seen.observation.events[sent],
        expected="an answer, or connection closed",
        seen="nothing",
        step=str(data["step"]),
    )


def _stats(message: Message, name: str) -> int | None:
    value = message.header.get(name)
    return value if isinstance(value, int) else None


@judges_obligation("deleted_equals_matches")
def deleted_equals_matches(seen: Seen, data: Mapping[str, object]) -> Result:
    """A delete by filter deletes what matches (CMD-STAT-10)."""
    for index, event in seen.received:
        message = event.message
        assert message is not None
        if event.connection != data["connection"] or message.text("cmd_id") != data["cmd_id"] or message.text("ack_type") != "stats":
            continue
        deleted, matches = _stats(message, "records_deleted"), _stats(message, "matches")
        if deleted is None or matches is None:
            continue
        yield R("CMD-STAT-10")
        if deleted != matches:
            yield finding(
                R("CMD-STAT-10"),
                "records_deleted of a delete by filter differs from matches",
                index,
                event,
                field="records_deleted",
                expected=str(matches),
                seen=str(deleted),
                step=str(data["step"]),
            )


def _records(seen: Seen) -> dict[tuple[str, str], int]:
    """Per connection and query id the records that came."""
    sent: dict[tuple[str, str], int] = {}
    for _, event in seen.received:
        if event.message is not None and event.message.cmd == "sow":
            key = (event.connection, event.message.text("query_id") or "")
            sent[key] = sent.get(key, 0) + len(event.message.records)
    return sent


@judges_obligation("records_shown")
def records_shown(seen: Seen, data: Mapping[str, object]) -> Result:
    """How many records a query shows after what has no defined effect."""
    query_id = data["query_id"]
    ended = {
        (event.connection, event.message.text("query_id"))
        for _, event in seen.received
        if event.message is not None and event.message.cmd == "group_end"
    }
    if (data["connection"], query_id) in ended:
        count = _records(seen).get((str(data["connection"]), str(query_id)), 0)
        yield Chosen(rule=_rule(data), choice=f"{count} record{'' if count == 1 else 's'} afterwards")


@judges(R("CMD-STAT-05"), R("CMD-STAT-08"))
def statistics_agree(seen: Seen) -> Result:
    """records_returned is what was really sent; records_returned <= matches <= topic_matches."""
    queries: dict[tuple[str, str], tuple[str, bool]] = {}
    for event in seen.answerable():
        if event.message is not None and event.message.cmd == "sow":
            cmd_id = event.message.text("cmd_id")
            if cmd_id is not None:
                query_id = event.message.text("query_id") or cmd_id
                queries[event.connection, cmd_id] = (query_id, bool(event.message.text("sow_keys")))
    sent = _records(seen)
    strays = {connection for connection, query_id in sent.keys() - seen.queries()}
    for index, event in seen.received:
        message = event.message
        assert message is not None
        if message.text("ack_type") != "stats":
            continue
        query = queries.get((event.connection, message.text("cmd_id") or ""))
        if query is None:
            continue
        query_id, keyed = query
        returned, matches, compared = (_stats(message, name) for name in ("records_returned", "matches", "topic_matches"))
        if returned is not None and event.connection not in strays:
            yield R("CMD-STAT-05")
            counted = sent.get((event.connection, query_id), 0)
            if returned != counted:
                yield finding(
                    R("CMD-STAT-05"),
                    "records_returned is not the number of records that were sent",
                    index,
                    event,
                    field="records_returned",
                    expected=str(counted),
                    seen=str(returned),
                )
        if returned is not None and matches is not None and compared is not None and not keyed:
            yield R("CMD-STAT-08")
            if not returned <= matches <= compared:
                yield finding(
                    R("CMD-STAT-08"),
                    "records_returned <= matches <= topic_matches does not hold",
                    index,
                    event,
                    field="matches",
                    expected="records_returned <= matches <= topic_matches",
                    seen=f"{returned}, {matches}, {compared}",
                )


@judges(R("CMD-STAT-16"))
def counts_of_changes(seen: Seen) -> Result:
    """Whether a stats ack counts inserts and updates, which no command is documented to do."""
    for _, event in seen.received:
        message = event.message
        assert message is not None
        if message.text("ack_type") == "stats":
            given = [name for name in ("records_inserted", "records_updated") if name in message.header]
            yield Chosen(rule=R("CMD-STAT-16"), choice=", ".join(given) or "absent")


@judges(R("WIRE-FRAME-06"))
def first_bytes(seen: Seen) -> Result:
    """A body that starts with a blank or a brace is delivered with that first byte."""
    bodies = {
        event.message.body
        for event in seen.observation.events
        if event.kind == "sent"
        and event.message is not None
        and event.message.cmd == "publish"
        and event.message.body[:1] in {b" ", b"{"}
    }
    sent = [event.message for event in seen.observation.events if event.kind == "sent" and event.message is not None]
    rewritten = any(message.cmd == "delta_publish" or "select=" in (message.text("opts") or "") for message in sent)
    for index, event in seen.received:
        message = event.message
        assert message is not None
        if message.cmd != "publish":
            continue
        if message.body in bodies:
            yield R("WIRE-FRAME-06")
        elif not rewritten and any(message.body == body[1:] for body in bodies):
            yield finding(
                R("WIRE-FRAME-06"),
                "the first byte of a body is lost",
                index,
                event,
                field="body",
                expected="the body as published",
                seen=repr(message.body[:60]),
            )
