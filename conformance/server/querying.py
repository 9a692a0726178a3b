"""The sow command, and the query part of the commands that query and subscribe (sow.md §7).

A query runs to its end before anything else happens, so its result is one state of the instance; its messages go into the outbox in one
piece, so nothing else stands inside a group but acks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from reference_model.expression.order import OrderTerm
from reference_model.messages import AckType, Message, SowRecord

from .behaviour import FieldValues
from .filters import BadFilterError, Filter
from .hub import Hub, timestamp
from .ordering import ordered, read_order
from .publishing import send_late
from .request import RefusalError, Request
from .selecting import Selection, read_selection, selected
from .session import Session
from .store import Record, SowTopic
from .topics import BadPatternError, Matcher, searcher

SOW_OPTIONS: Final = frozenset(
    {"no_sowkey", "grouping", "projection", "top_n", "skip_n", "select", "send_keys", "timestamp", "oof", "replace"}
)
"""The options that the page of `sow` lists (commands.md §4)."""

_orderby_characters_max: Final = 65_536
"""Longer orders are refused; the documentation knows the error, not the limit."""

Row = tuple[SowTopic, Record]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A query that is valid. `topic`: as it was asked for; `topics`: the SOW topics in the order of the result; `several`: whether the
    topic is an expression."""

    topic: str
    topics: Sequence[SowTopic]
    several: bool
    filter: Filter | None
    keys: frozenset[str] | None
    order: Sequence[OrderTerm]
    top_n: int | None
    skip_n: int
    batch_size: int
    selection: Selection | None
    no_sowkey: bool
    timestamp: bool
    result_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a query found: the rows to send in order, and its statistics."""

    rows: Sequence[Row]
    topic_matches: int
    matches: int


def sow(hub: Hub, session: Session, request: Request) -> None:
    """One query: processed, group, completed, stats."""
    check_options(hub, request, SOW_OPTIONS, subscribing=False)
    plan = read_plan(hub, session, request, subscribing=False)
    send_result(hub, session, request, plan, run(hub, plan))


# ---- reading the command -------------------------------------------------------------------------------------------------------


def check_options(hub: Hub, request: Request, known: frozenset[str], *, subscribing: bool) -> None:
    """Refuse unknown options where they are refused, and those that nothing here can do."""
    options = request.options
    unknown = request.unknown_options(known)
    if unknown and (subscribing or hub.manners.unknown_option == "failure"):
        raise RefusalError("invalid options")
    if "grouping" in options.values or "projection" in options.values:
        raise RefusalError("not supported")


def read_filter(hub: Hub, request: Request) -> Filter | None:
    """The content filter of a command; None if it has none. Refuses one that does not compile."""
    text = request.text("filter")
    if text is None:
        return None
    try:
        return Filter(text, null_is_false=hub.manners.null_comparison, language=hub.behaviour)
    except BadFilterError:
        if hub.behaviour.checks_filter():
            raise RefusalError("bad filter") from None
        return None


def read_selection_option(request: Request) -> Selection | None:
    """The select list of a command. Refuses one that does not parse."""
    value = request.options.values.get("select")
    if value is None:
        return None
    selection = read_selection(value)
    if selection is None:
        raise RefusalError("invalid options")
    return selection


def read_matcher(hub: Hub, request: Request, *, literal: bool = False) -> Matcher | None:
    """The search of a topic that is a regular expression; None for a literal one. Refuses an invalid expression."""
    topic = request.topic
    if literal or not hub.config.regex_topics or not hub.behaviour.is_pattern(topic):
        return None
    try:
        return searcher(hub.behaviour.topic_pattern(topic))
    except BadPatternError:
        raise RefusalError("bad regex topic") from None


def sow_topics(hub: Hub, session: Session, request: Request, matcher: Matcher | None) -> list[SowTopic]:
    """The SOW topics that a command is about, in configuration order; none if no SOW keeps them."""
    kind = session.message_type or ""
    if matcher is None:
        topic = hub.store.topic(request.topic, kind)
        return [] if topic is None else [topic]
    return [topic for topic in hub.store.topics(kind) if matcher(topic.name)]


def read_plan(hub: Hub, session: Session, request: Request, *, subscribing: bool) -> Plan:
    """The query of a command, checked. `subscribing`: for a command that also subscribes, a topic without SOW is no error."""
    behaviour, manners = hub.behaviour, hub.manners
    matcher = read_matcher(hub, request, literal=subscribing and request.flag("non_regex_topic"))
    topics = behaviour.topics_in_order(sow_topics(hub, session, request, matcher))
    fails = behaviour.fails_without_sow() if matcher is None else manners.no_topic_matches == "failure"
    if not topics and fails and not subscribing:
        raise RefusalError("invalid topic")
    order = _read_orderby(request)
    top_n = request.count_option("top_n")
    if top_n is None:
        top_n = request.number("top_n")
    skip_n = request.count_option("skip_n")
    if skip_n is not None:
        _check_skip(hub, top_n, ordered_by=bool(order), several=matcher is not None)
    keys = request.listed("sow_keys")
    return Plan(
        topic=request.topic,
        topics=topics,
        several=matcher is not None,
        filter=read_filter(hub, request),
        keys=None if keys is None else frozenset(keys),
        order=order,
        top_n=top_n,
        skip_n=skip_n or 0,
        batch_size=_batch_size(hub, request),
        selection=read_selection_option(request),
        no_sowkey=request.flag("no_sowkey"),
        timestamp=request.flag("timestamp"),
        result_id=behaviour.result_id(request.text("query_id"), request.cid),
    )


def _read_orderby(request: Request) -> Sequence[OrderTerm]:
    text = request.text("orderby")
    if text is None:
        return ()
    if len(text) > _orderby_characters_max:
        raise RefusalError("orderby too large")
    order = read_order(text)
    if order is None:
        raise RefusalError("invalid order by")
    return order


def _check_skip(hub: Hub, top_n: int | None, *, ordered_by: bool, several: bool) -> None:
    manners = hub.manners
    if several and manners.regex_skip == "refused":
        raise RefusalError("regex topic not supported")
    if top_n is None and manners.skip_without_top == "refused":
        raise RefusalError(hub.choices.text("invalid options", "not supported"))
    if not ordered_by and manners.skip_without_order == "refused":
        raise RefusalError("orderby required")


def _batch_size(hub: Hub, request: Request) -> int:
    size = request.number("batch_size")
    if size is None:
        return hub.behaviour.batch_default()
    if not 1 <= size <= hub.behaviour.batch_max():
        raise RefusalError(hub.choices.text("invalid options", "unknown batch size", "not supported"))
    return size


# ---- the query -----------------------------------------------------------------------------------------------------------------


def matching(hub: Hub, topics: Sequence[SowTopic], keys: frozenset[str] | None, wanted: Filter | None) -> tuple[int, list[Row]]:
    """How many records were compared, and those that match, topic by topic in no particular order."""
    kept: list[Row] = []
    for topic in topics:
        limited = hub.behaviour.wanted_keys(keys, topic.records)
        if limited is None:
            kept += [(topic, record) for record in topic.records.values()]
        else:
            kept += [(topic, topic.records[key]) for key in limited if key in topic.records]
    if wanted is None:
        return len(kept), kept
    found = [row for row in kept if wanted.matches(hub.record_scene(*row))]
    return hub.choices.compared(len(kept), len(found)), found


def run(hub: Hub, plan: Plan) -> Result:
    """The rows of a query. Topics come one after the other; an order holds inside of each (EXPR-TOP-25)."""
    behaviour = hub.behaviour
    wanted = plan.filter if behaviour.query_filters(keys=plan.keys is not None) else None
    if behaviour.limits_before_filter():
        compared, everything = matching(hub, plan.topics, plan.keys, None)
        cut = _slice(hub, plan, _arranged(hub, plan, everything))
        rows = [row for row in cut if wanted is None or wanted.matches(hub.record_scene(*row))]
        return Result(rows=rows, topic_matches=compared, matches=len(rows))
    compared, found = matching(hub, plan.topics, plan.keys, wanted)
    return Result(rows=_slice(hub, plan, _arranged(hub, plan, found)), topic_matches=compared, matches=len(found))


def _arranged(hub: Hub, plan: Plan, found: Sequence[Row]) -> list[Row]:
    rows: list[Row] = []
    for _, of_topic in groupby(found, key=lambda row: id(row[0])):
        mixed = hub.choices.shuffled(list(of_topic))
        rows += _sorted(hub, plan, mixed) if hub.behaviour.sorts_whole_result() else mixed
    return rows


def _sorted(hub: Hub, plan: Plan, rows: Sequence[Row]) -> list[Row]:
    behaviour = hub.behaviour
    terms = [
        OrderTerm(
            identifier=term.identifier,
            descending=behaviour.descends(asked=term.descending),
            as_text=behaviour.as_text(asked=term.as_text),
        )
        for term in plan.order[: behaviour.terms_heeded(len(plan.order))]
    ]
    return ordered(rows, terms, lambda row: hub.record_scene(*row), hub.manners.nulls, behaviour)


def _slice(hub: Hub, plan: Plan, rows: Sequence[Row]) -> Sequence[Row]:
    rows = rows[hub.behaviour.skipped(plan.skip_n) :]
    top_n = hub.behaviour.limit(plan.top_n)
    if top_n is None:
        return rows
    if hub.manners.top_rounded and top_n % plan.batch_size:
        top_n += plan.batch_size - top_n % plan.batch_size
    return rows[:top_n]


# ---- the result ----------------------------------------------------------------------------------------------------------------


def send_result(hub: Hub, session: Session, request: Request, plan: Plan, result: Result, *, sub_id: str | None = None) -> None:
    """Everything that a query sends, in one piece. `sub_id`: of the subscription that comes with it."""
    choices, manners = hub.choices, hub.manners
    query_id = request.text("query_id") if manners.query_id_on_acks else None
    if sub_id is None and manners.sub_id_on_acks:
        sub_id = request.text("sub_id")
    common = {"query_id": query_id, "sub_id": sub_id}
    processed = hub.acks(request, AckType.PROCESSED, common)
    completed = hub.acks(request, AckType.COMPLETED, common)
    statistics = hub.behaviour.statistics(topic_matches=result.topic_matches, matches=result.matches, returned=len(result.rows))
    stats = hub.acks(request, AckType.STATS, {**common, **statistics}) if session.message_type != "binary" else []
    groups = _groups(hub, plan, result.rows)
    if not hub.behaviour.completes_after_group():
        processed, completed = [*processed, *completed], []
    if groups and processed and choices.processed_late():
        groups[1:1] = processed
    else:
        groups[:0] = processed
    tail = [*stats, *completed] if stats and completed and choices.stats_early() else [*completed, *stats]
    first = next((at for at, message in enumerate(groups) if message.cmd == "group_begin"), None)
    for at, message in enumerate([*groups, *tail]):
        session.send(message)
        if at == first and session.late and choices.late_ack_inside():
            send_late(session)


def _groups(hub: Hub, plan: Plan, rows: Sequence[Row]) -> list[Message]:
    """The bracketed messages of a result: one group, or one for each topic (CMD-SOW-61)."""
    messages: list[Message] = []
    for part in _parts(hub, plan, rows):
        begin, end = ({"cmd": name} for name in ("group_begin", "group_end"))
        if plan.result_id is not None:
            begin["query_id"] = end["query_id"] = plan.result_id
        messages += hub.behaviour.group(Message(header=begin), _batches(hub, plan, part), Message(header=end))
    return messages


def _parts(hub: Hub, plan: Plan, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    if not plan.several or hub.manners.groups == "one" or len(plan.topics) < 2:
        yield rows
        return
    for topic in plan.topics:
        yield [row for row in rows if row[0] is topic]


def _batches(hub: Hub, plan: Plan, rows: Sequence[Row]) -> list[Message]:
    """The sow messages for rows in order. One message has one topic, and records with the same fields (WIRE-SOW-09)."""
    limit = hub.behaviour.batch_records(plan.batch_size)
    messages: list[Message] = []
    for (topic, _), together in groupby(rows, key=lambda row: (row[0], row[1].correlation_id is None)):
        alike = list(together)
        at = 0
        for count in hub.choices.batch_sizes(len(alike), limit):
            batch = alike[at : at + count]
            at += count
            if not hub.behaviour.sorts_whole_result():
                batch = _sorted(hub, plan, batch)
            records = hub.behaviour.rows([_record(hub, plan, record) for _, record in batch])
            messages += _sow(hub, plan, topic, len(messages), records)
    return messages


def _record(hub: Hub, plan: Plan, record: Record) -> SowRecord:
    header: FieldValues = {}
    if not plan.no_sowkey:
        header["sow_key"] = record.key
    if record.correlation_id is not None:
        header["correlation_id"] = record.correlation_id
    if plan.timestamp:
        header["timestamp"] = timestamp(record.updated_at)
    return SowRecord(header=hub.behaviour.record_header(header), data=selected(record.document, [plan.selection]).body)


def _sow(hub: Hub, plan: Plan, topic: SowTopic, place: int, records: Sequence[SowRecord]) -> list[Message]:
    if not records:
        return []
    header: dict[str, str | int] = {
        "cmd": "sow",
        "topic": hub.behaviour.result_topic(topic.name, plan.topic),
        "batch_size": len(records),
    }
    if plan.result_id is not None:
        header["query_id"] = plan.result_id
    if hub.manners.gseq:
        header["gseq"] = place + 1
    if hub.manners.length_on_batch:
        header["msg_len"] = len(records[0].data)
    return [Message(header=header, records=tuple(records))]
