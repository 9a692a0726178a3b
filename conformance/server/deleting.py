"""The command sow_delete in its forms: by filter, by keys, by data (sow.md §8). There are no queues here, so never by bookmark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from reference_model.messages import AckType, Message

from .delivery import Change, deliver
from .documents import Document
from .hub import Hub
from .keys import record_key
from .publishing import acknowledge, is_duplicate, is_logged, number, publish
from .querying import Row, matching, read_filter, read_matcher, sow_topics
from .request import RefusalError, Request
from .session import Session
from .store import Record, SowTopic

Selector = Literal["filter", "sow_keys", "bookmark", "data"]


def sow_delete(hub: Hub, session: Session, request: Request) -> None:
    """Remove the records that the command selects, tell subscriptions with oof, acknowledge."""
    selector = _selector(request)
    topics = _topics(hub, session, request, selector)
    logged = any(is_logged(hub, session, topic.name) for topic in topics)
    compared, rows = 0, list[Row]()
    if not is_duplicate(hub, session, request, logged=logged):
        compared, rows = _selected(hub, session, request, topics, selector)
        number(hub, session, request, logged=logged)
    doomed = hub.behaviour.doomed(rows, selector)
    acks = _acks(hub, session, request, selector, compared=compared, matches=len(rows), deleted=len(doomed))
    first = topics[0] if topics else None
    acks_first = hub.choices.acks_first()
    if acks_first:
        acknowledge(hub, session, request, first, logged=logged, others=acks)
    for topic, record in doomed:
        hub.behaviour.forgets(topic, record)
        deliver(hub, removal(topic, record, "deleted", hub.clock(), session))
    if not acks_first:
        acknowledge(hub, session, request, first, logged=logged, others=acks)


def removal(topic: SowTopic, record: Record, cause: Literal["deleted", "expired"], at: float, by: Session | None) -> Change:
    """The change that this record is gone."""
    return Change(
        topic=topic.name,
        message_type=topic.config.message_type,
        cause=cause,
        document=record.document,
        incoming=record.document,
        at=at,
        sow=topic,
        old=record,
        key=record.key,
        correlation_id=record.correlation_id,
        publisher=by,
    )


def _selector(request: Request) -> Selector:
    """Which of the four selectors the command has. Refuses none and several (sow.md §8: together they are indeterminate)."""
    given: list[Selector] = [name for name in ("filter", "sow_keys", "bookmark") if request.text(name) is not None]
    if request.message.body:
        given.append("data")
    if not given:
        raise RefusalError("no filter or bookmark")
    if len(given) > 1:
        raise RefusalError("sow_delete command only supports one of: filter, sow_keys, bookmark, or data")
    return given[0]


def _topics(hub: Hub, session: Session, request: Request, selector: Selector) -> list[SowTopic]:
    matcher = read_matcher(hub, request)
    topics = sow_topics(hub, session, request, matcher)
    if selector == "bookmark":
        raise RefusalError(hub.choices.text("not supported", "invalid bookmark"))
    if hub.manners.unknown_option == "failure" and request.unknown_options({"cancel", "expire"}):
        raise RefusalError("invalid options")
    if not topics and (matcher is None or hub.manners.no_topic_matches == "failure"):
        raise RefusalError("invalid topic")
    return topics


def _selected(hub: Hub, session: Session, request: Request, topics: Sequence[SowTopic], selector: Selector) -> tuple[int, list[Row]]:
    """How many records were compared, and those that go."""
    if selector == "data":
        return _by_data(hub, session, request, topics)
    keys = request.listed("sow_keys")
    wanted = read_filter(hub, request)
    return matching(hub, topics, None if keys is None else frozenset(keys), wanted if hub.behaviour.delete_filters() else None)


def _by_data(hub: Hub, session: Session, request: Request, topics: Sequence[SowTopic]) -> tuple[int, list[Row]]:
    """The record of each topic that a publish of the body would update."""
    document = Document(request.message.body, session.message_type or "")
    rows: list[Row] = []
    for topic in topics:
        key = record_key(hub, topic, document, request.text("sow_key"))
        record = topic.records.get(key)
        if record is not None:
            rows.append((topic, record))
    if not rows and not hub.behaviour.delete_by_data_keeps():
        header = {name: value for name, value in request.header.items() if name != "ack_type"}
        publish(hub, session, Request(Message(header=header, body=request.message.body), session))
    return len(rows), rows


def _acks(
    hub: Hub, session: Session, request: Request, selector: Selector, *, compared: int, matches: int, deleted: int
) -> list[Message]:
    """The acks besides persisted, in order."""
    query_id = request.text("query_id") if hub.manners.query_id_on_acks else None
    statistics = hub.behaviour.delete_statistics(topic_matches=compared, matches=matches, deleted=deleted)
    common = {"query_id": query_id}
    acks = hub.acks(request, AckType.PROCESSED, common)
    if selector == "filter" or hub.manners.miss_completes:
        acks += hub.acks(request, AckType.COMPLETED, common)
    if session.message_type != "binary":
        place = len(acks) - 1 if len(acks) > 1 and hub.choices.stats_early() else len(acks)
        acks[place:place] = hub.acks(request, AckType.STATS, {**common, **statistics})
    return acks
