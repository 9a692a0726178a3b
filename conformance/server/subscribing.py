"""The commands that subscribe, with and without a query, and unsubscribe (subscriptions.md §3, §11, §12).

Refused with `not supported`: conflation, pagination, aggregation, replays from a bookmark (with their options pause, resume, rate).
"""

from __future__ import annotations

from typing import Final

from reference_model.messages import AckType

from .delivery import tell_left
from .hub import Hub
from .querying import (
    Result,
    check_options,
    read_filter,
    read_matcher,
    read_plan,
    read_selection_option,
    run,
    send_result,
)
from .request import RefusalError, Request
from .session import Session
from .subscription import Subscription

_COMMON: Final = frozenset(
    {
        "bookmark",
        "conflation",
        "conflation_key",
        "live",
        "no_sowkey",
        "non_regex_topic",
        "oof",
        "pause",
        "rate",
        "replace",
        "resume",
        "select",
        "timestamp",
    }
)
"""Options of all four commands (commands.md §4)."""

_OPTIONS: Final[dict[str, frozenset[str]]] = {
    "subscribe": _COMMON | {"bookmark_not_found", "fully_durable", "max_backlog", "rate_max_gap", "send_keys"},
    "delta_subscribe": _COMMON | {"max_backlog", "no_empties", "send_keys"},
    "sow_and_subscribe": _COMMON | {"grouping", "projection", "send_keys", "skip_n", "top_n"},
    "sow_and_delta_subscribe": _COMMON | {"grouping", "no_empties", "projection", "send_keys", "skip_n", "top_n"},
}

_REPLAY_OPTIONS: Final = frozenset({"pause", "resume", "rate", "rate_max_gap", "fully_durable", "bookmark_not_found"})
"""Options that need a bookmark (commands.md §4)."""

_NOW: Final = "0|1|"
"""The bookmark that asks for no replay; only it is valid on a topic without history and log (commands.md §14, 9)."""


def subscribe(hub: Hub, session: Session, request: Request) -> None:
    """Subscribe and delta_subscribe: the subscription is entered, then acknowledged."""
    _check(hub, request)
    if request.number("top_n") is not None:
        raise RefusalError("invalid options")
    new = _read(hub, session, request)
    old = _enter(hub, session, request, new)
    late_s = hub.behaviour.subscribe_ack_late_s()
    for message in hub.acks(request, AckType.PROCESSED, {"sub_id": new.id}):
        if late_s:
            session.late.append((hub.clock() + late_s, message))
        else:
            session.send(message)
    if request.cmd == "delta_subscribe":
        for message in hub.acks(request, AckType.STATS, {"sub_id": new.id, "matches": 0, "topic_matches": 0, "records_returned": 0}):
            session.send(message)
    if old is not None:
        _tell_left(hub, old, new)


def sow_and_subscribe(hub: Hub, session: Session, request: Request) -> None:
    """sow_and_subscribe and its delta form: the query and the subscription see one and the same state."""
    _check(hub, request)
    if "skip_n" in request.options.values:
        raise RefusalError("not supported")
    plan = read_plan(hub, session, request, subscribing=True)
    new = _read(hub, session, request)
    if hub.manners.keys_limit_live:
        new.keys = plan.keys
    old = _enter(hub, session, request, new)
    result = run(hub, plan)
    if old is not None:
        rows = [row for row in result.rows if (row[0].name, row[1].key) not in old.delivered]
        result = Result(rows=rows, topic_matches=result.topic_matches, matches=result.matches)
    new.delivered.update((topic.name, record.key) for topic, record in result.rows)
    send_result(hub, session, request, plan, result, sub_id=new.id)
    if old is not None:
        _tell_left(hub, old, new)


def unsubscribe(hub: Hub, session: Session, request: Request) -> None:
    """End subscriptions. Queries are never in progress here, so a `query_id` finds nothing to cancel."""
    ids = request.listed("sub_id")
    if ids is None and request.listed("query_id") is None:
        raise RefusalError("invalid subId")
    session.release()  # nothing of an ended subscription follows the ack (SUB-UNSUB-03)
    for holder in hub.behaviour.ended_on(session):
        for one in hub.behaviour.ended_ids(ids or (), tuple(holder.subscriptions)):
            holder.subscriptions.pop(one, None)
    hub.subscriptions_changed()
    for message in hub.acks(request, AckType.PROCESSED):
        session.send(message)


def _check(hub: Hub, request: Request) -> None:
    """Refuse what the options or a bookmark ask for and nothing here can do."""
    check_options(hub, request, _OPTIONS[request.cmd], subscribing=True)
    options = request.options
    if options.values.get("conflation", "none") != "none":
        raise RefusalError("not supported")
    bookmark = request.text("bookmark")
    if bookmark is not None and (bookmark != _NOW or request.cmd.endswith("delta_subscribe")):
        raise RefusalError("not supported")
    if _REPLAY_OPTIONS & {*options.flags, *options.values}:
        raise RefusalError("not supported" if bookmark is not None else hub.choices.text("invalid options", "not supported"))


def _read(hub: Hub, session: Session, request: Request) -> Subscription:
    """The subscription that a command describes, not entered yet."""
    wanted = read_filter(hub, request)
    oof = request.flag("oof") or request.text("send_oof") == "true"
    if not hub.behaviour.takes_topic(configured=hub.store.topic(request.topic, session.message_type or "") is not None):
        raise RefusalError("invalid topic")
    if oof and wanted is not None and wanted.unsure:
        raise RefusalError("bad filter")
    return Subscription(
        id=hub.behaviour.subscription_id(request.text("sub_id"), request.cid, session.new_id()),
        session=session,
        topic=request.topic,
        message_type=session.message_type or "",
        matcher=read_matcher(hub, request, literal=request.flag("non_regex_topic")),
        filter=wanted,
        selection=read_selection_option(request),
        delta=request.cmd.endswith("delta_subscribe"),
        oof=oof,
        no_sowkey=request.flag("no_sowkey"),
        no_empties=request.flag("no_empties") or request.text("send_empty") == "false",
        send_keys=request.flag("send_keys") or request.text("send_keys") == "true",
        timestamp=request.flag("timestamp"),
        bookmark=request.flag("bookmark"),
    )


def _enter(hub: Hub, session: Session, request: Request, new: Subscription) -> Subscription | None:
    """Enter the subscription; the one that it replaces, None if it is a new one."""
    old = session.subscriptions.get(new.id)
    replaces = request.flag("replace")
    if old is not None and not replaces and hub.manners.same_id == "refused":
        raise RefusalError(hub.choices.text("subid in use", "subscription already exists"))
    if old is None and replaces and hub.manners.replace_unknown == "refused":
        raise RefusalError("invalid subId")
    if old is not None:
        session.release()  # what the old one has matched
        new.delivered |= old.delivered
    session.subscriptions[new.id] = new
    hub.behaviour.subscribed(new)
    hub.subscriptions_changed()
    return old if replaces else None


def _tell_left(hub: Hub, old: Subscription, new: Subscription) -> None:
    """Send an oof for each record that the old subscription matched and the new one does not, if the new one wants them."""
    if not new.oof:
        return
    for topic in hub.store.topics(new.message_type):
        if not old.covers(topic.name):
            continue
        for record in topic.records.values():
            scene = hub.record_scene(topic, record)
            stays = new.covers(topic.name) and new.accepts(scene, record.key)
            if not stays and old.accepts(scene, record.key):
                tell_left(hub, new, topic, record)
