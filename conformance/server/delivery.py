"""What subscribers are told of one change: publish messages, full or with changes only, and oof messages.

Source: subscriptions.md §7, delta.md §3, oof.md §3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reference_model.messages import Message

from .documents import Document, from_tree
from .hub import Hub, timestamp
from .merging import difference
from .selecting import includes, selected
from .session import Session
from .store import Record, SowTopic
from .subscription import Subscription

Cause = Literal["publish", "deleted", "expired"]


@dataclass(slots=True, kw_only=True)
class Change:
    """One processed publish, or one record that was removed.

    `document`: the final message, of a removed record its last state; `incoming`: as it was published; `old`: the record before, None
    if there was none or the topic keeps none.
    """

    topic: str
    message_type: str
    cause: Cause
    document: Document
    incoming: Document
    at: float
    sow: SowTopic | None = None
    old: Record | None = None
    key: str | None = None
    correlation_id: str | None = None
    publisher: Session | None = None
    bookmark: str | None = None
    delta: bool = False


@dataclass(slots=True, kw_only=True)
class _Take:
    """What one subscription gets: the message (`full`), or the changes in it."""

    subscription: Subscription
    document: Document
    full: bool


def deliver(hub: Hub, change: Change) -> None:
    """Put the messages that the change causes into the outboxes of all connections."""
    reach = dict(hub.reach(change.topic, change.message_type))
    for session in hub.behaviour.reached(tuple(reach)):
        subscriptions = reach[session]
        takes, left = _sorted_out(hub, change, subscriptions)
        for messages in (_publishes(hub, change, takes), _oofs(hub, change, left)):
            for message in messages:
                hub.post(session, message)


def _sorted_out(hub: Hub, change: Change, subscriptions: Sequence[Subscription]) -> tuple[list[_Take], list[Subscription]]:
    """Which subscriptions the change is a publish for, and which it leaves."""
    takes: list[_Take] = []
    left: list[Subscription] = []
    looked_at = hub.behaviour.matched_document(change.document, change.incoming)
    scene = hub.message_scene(change.topic, looked_at, key=change.key, correlation_id=change.correlation_id, of=change.publisher)
    for one in subscriptions:
        inside = change.cause == "publish" and one.accepts(scene, change.key) and hub.behaviour.wants(one)
        if inside:
            take = _take(hub, change, one)
            if take is not None:
                takes.append(take)
            if change.sow is not None and change.key is not None:
                one.delivered.add((change.topic, change.key))
        else:
            if hub.behaviour.wants_oof(asked=one.oof) and _was_inside(hub, change, one):
                left.append(one)
            if change.cause != "publish" and change.key is not None:
                one.delivered.discard((change.topic, change.key))
    return takes, left


def _was_inside(hub: Hub, change: Change, one: Subscription) -> bool:
    old = change.old
    if old is None:
        return False
    scene = hub.message_scene(change.topic, old.document, key=old.key, correlation_id=old.correlation_id, of=change.publisher)
    return one.accepts(scene, old.key)


def _take(hub: Hub, change: Change, one: Subscription) -> _Take | None:
    """The form in which a subscription gets the message; None if a delta subscription is to hear nothing of it (delta.md §3.2)."""
    final = change.document
    if not one.delta or change.sow is None or change.old is None:
        return _Take(subscription=one, document=final, full=True)
    before, after = change.old.document.tree, final.tree
    if not isinstance(before, dict) or not isinstance(after, dict):
        return _Take(subscription=one, document=final, full=True)
    if not _was_inside(hub, change, one) and (one.oof or hub.manners.into_focus_full):
        return _Take(subscription=one, document=final, full=True)
    keys = frozenset(change.sow.key_paths)
    if one.no_empties and not _heeded(difference(before, after, ()), one, keys):
        return None
    kept = keys if one.send_keys or not one.no_empties or hub.manners.no_empties_keys else frozenset()
    changes = from_tree(difference(before, after, kept), final.message_type)
    return _Take(subscription=one, document=changes, full=False)


def _heeded(changes: dict[str, object], one: Subscription, keys: frozenset[tuple[str, ...]]) -> bool:
    """Whether something changed that the subscription selects. Key fields never change."""
    selection = one.selection
    if selection is None:
        return bool(changes)
    return any(includes(selection, path) for path in _paths(changes, ()) if path not in keys)


def _paths(tree: dict[str, object], above: tuple[str, ...]) -> list[tuple[str, ...]]:
    paths: list[tuple[str, ...]] = []
    for name, value in tree.items():
        paths += _paths(value, (*above, name)) if isinstance(value, dict) and value else [(*above, name)]
    return paths


def _publishes(hub: Hub, change: Change, takes: Sequence[_Take]) -> list[Message]:
    """The publish messages for one connection: each subscription in exactly one of them.

    As soon as one of them wants the full message all get it; subscriptions with different changes cannot share a message.
    """
    if not takes or not hub.behaviour.is_told(None if change.old is None else change.old.document, change.document):
        return []
    if any(take.full for take in takes):
        full = hub.behaviour.delivered_document(change.document, change.incoming)
        parties = [(full, [take.subscription for take in takes])]
    else:
        by_body: dict[bytes, tuple[Document, list[Subscription]]] = {}
        for take in takes:
            document = selected(take.document, [take.subscription.selection])
            by_body.setdefault(document.body, (take.document, []))[1].append(take.subscription)
        parties = list(by_body.values())
    messages: list[Message] = []
    for document, subscriptions in parties:
        for copy in hub.choices.copies(subscriptions):
            messages += hub.behaviour.publish_messages(_publish(hub, change, document, copy), copy[0].topic)
    return messages


def _publish(hub: Hub, change: Change, document: Document, copy: Sequence[Subscription]) -> Message:
    body = selected(document, [one.selection for one in copy]).body
    header: dict[str, str | int] = {
        "cmd": hub.behaviour.delivered_command(delta=change.delta),
        "topic": change.topic,
        "sids": ",".join(one.id for one in copy),
    }
    if change.key is not None and not all(one.no_sowkey for one in copy):
        header["sow_key"] = change.key
    if change.bookmark is not None and any(one.bookmark for one in copy):
        header["bookmark"] = change.bookmark
    if any(one.timestamp for one in copy):
        header["timestamp"] = timestamp(change.at)
    if change.correlation_id is not None:
        header["correlation_id"] = change.correlation_id
    if hub.manners.user_on_publish and change.publisher is not None and change.publisher.user:
        header["user_id"] = change.publisher.user
    if hub.manners.length_on_publish and body:
        header["msg_len"] = len(body)
    return Message(header=header, body=body)


def _oofs(hub: Hub, change: Change, left: Sequence[Subscription]) -> list[Message]:
    """The oof messages for one connection. After an update the body is the record that no longer matches, else its last state."""
    if not left:
        return []
    return [_oof(hub, change, copy) for copy in hub.choices.copies(left)]


def _oof(hub: Hub, change: Change, copy: Sequence[Subscription]) -> Message:
    body = selected(change.document, [one.selection for one in copy]).body
    header: dict[str, str | int] = {
        "cmd": "oof",
        "topic": change.topic,
        "sids": ",".join(one.id for one in copy),
        "reason": "match" if change.cause == "publish" else change.cause,
    }
    if change.key is not None and not all(one.no_sowkey for one in copy):
        header["sow_key"] = change.key
    if any(one.timestamp for one in copy):
        header["timestamp"] = timestamp(change.at)
    if change.correlation_id is not None:
        header["correlation_id"] = change.correlation_id
    if hub.manners.length_on_publish and body:
        header["msg_len"] = len(body)
    return Message(header=header, body=body)


def tell_left(hub: Hub, subscription: Subscription, topic: SowTopic, record: Record) -> None:
    """Send the oof for a record that a replaced subscription no longer matches."""
    change = Change(
        topic=topic.name,
        message_type=subscription.message_type,
        cause="publish",
        document=record.document,
        incoming=record.document,
        at=record.updated_at,
        key=record.key,
        correlation_id=record.correlation_id,
    )
    subscription.session.send(_oof(hub, change, [subscription]))
    subscription.delivered.discard((topic.name, record.key))
