"""The commands publish and delta_publish, and the acks of every command that changes records (sow.md §3, commands.md §5.1)."""

from __future__ import annotations

from reference_model.messages import AckType, Message

from .delivery import Change, deliver
from .documents import Document, from_tree
from .hub import Hub
from .keys import record_key
from .merging import MergeRules
from .request import RefusalError, Request
from .session import Session
from .store import Record, SowTopic


def publish(hub: Hub, session: Session, request: Request) -> None:
    """Insert or replace a record, or pass a message on; tell subscribers; acknowledge."""
    _change(hub, session, request, delta=False)


def delta_publish(hub: Hub, session: Session, request: Request) -> None:
    """The same, but an existing record gets the fields of the message and keeps its others."""
    _change(hub, session, request, delta=True)


def _change(hub: Hub, session: Session, request: Request, *, delta: bool) -> None:
    topic = request.topic
    assert session.message_type is not None
    sow = hub.store.topic(topic, session.message_type)
    logged = is_logged(hub, session, topic)
    if is_duplicate(hub, session, request, logged=logged):
        if hub.manners.duplicate == "failure":
            raise RefusalError("duplicate")
        acknowledge(hub, session, request, sow, logged=logged)
        return
    incoming = hub.behaviour.stored(Document(request.message.body, session.message_type))
    change = Change(
        topic=topic,
        message_type=session.message_type,
        cause="publish",
        document=incoming,
        incoming=incoming,
        at=hub.clock(),
        correlation_id=request.text("correlation_id"),
        publisher=session,
        delta=delta,
    )
    applies = hub.behaviour.passes_on(delta=delta) if sow is None else _store(hub, request, sow, change, delta=delta)
    change.bookmark = number(hub, session, request, logged=logged)
    acks_first = hub.choices.acks_first()
    if acks_first:
        acknowledge(hub, session, request, sow, logged=logged)
    if applies:
        deliver(hub, change)
    if not acks_first:
        acknowledge(hub, session, request, sow, logged=logged)


def _store(hub: Hub, request: Request, sow: SowTopic, change: Change, *, delta: bool) -> bool:
    """Put the message into the SOW and complete the change with what became of it; False if nothing happened."""
    behaviour = hub.behaviour
    key = record_key(hub, sow, change.incoming, request.text("sow_key"))
    lifetime = behaviour.lifetime_s(request.number("expiration"), sow.config.expiration_s)
    old = behaviour.state_before(sow, key)
    if old is None and delta and not behaviour.delta_inserts():
        return False
    if delta and old is not None:
        change.document = _merged(hub, old.document, change.incoming)
    elif not delta:
        change.document = behaviour.replacement(None if old is None else old.document, change.incoming)
    change.sow, change.old, change.key = sow, old, key
    kept = None if old is None else old.correlation_id
    change.correlation_id = behaviour.correlation_id(change.correlation_id, kept, delta=delta)
    if behaviour.stores(sow, key, update=old is not None):
        sow.put(
            Record(
                key=key,
                document=change.document,
                correlation_id=change.correlation_id,
                updated_at=change.at,
                expires_at=None if lifetime is None else change.at + lifetime,
            )
        )
    if change.publisher is not None:
        behaviour.changed(change.publisher, sow, key, old)
    return True


def _merged(hub: Hub, old: Document, delta: Document) -> Document:
    """The record after a delta; where one of the two cannot be parsed the delta replaces it (delta.md §6, 21)."""
    if not isinstance(old.tree, dict) or not isinstance(delta.tree, dict):
        return delta
    manners = hub.manners
    rules = MergeRules(nested=manners.nested_merge, null=manners.null_applies, empty=manners.empty_applies)
    return from_tree(hub.behaviour.merged(old.tree, delta.tree, rules), delta.message_type)


# ---- what the transaction log adds ---------------------------------------------------------------------------------------------


def is_logged(hub: Hub, session: Session, topic: str) -> bool:
    """Whether a change of this topic goes to the transaction log."""
    return hub.journal.active and hub.journal.covers(topic, session.message_type or "")


def is_duplicate(hub: Hub, session: Session, request: Request, *, logged: bool) -> bool:
    """Whether the publisher has sent this number before."""
    if not logged:
        return False
    seq = request.number("seq")
    return seq is not None and hub.behaviour.is_duplicate(session, seq, hub.journal.publisher(session.client_name).last)


def number(hub: Hub, session: Session, request: Request, *, logged: bool) -> str | None:
    """Take the change into the log; its bookmark, None if it is not logged."""
    if not logged:
        return None
    publisher = hub.journal.publisher(session.client_name)
    seq = request.number("seq")
    if seq is not None:
        publisher.last = seq
        return publisher.bookmark(seq)
    anonymous = hub.journal.publisher("")
    anonymous.last += 1
    return anonymous.bookmark(anonymous.last)


# ---- acks ----------------------------------------------------------------------------------------------------------------------


def acknowledge(
    hub: Hub, session: Session, request: Request, sow: SowTopic | None, *, logged: bool, others: list[Message] | None = None
) -> None:
    """The acks of a change that succeeded. `others`: those besides persisted; None: those of a publish."""
    if others is None:
        if not request.acks and not hub.behaviour.acks_wanted(request.acks, request.cmd):
            return
        others = [*hub.acks(request, AckType.PROCESSED), *hub.acks(request, AckType.COMPLETED)]
    persisted = _persisted(hub, session, request, sow, logged=logged)
    if persisted:
        late_s = hub.choices.persisted_late_s()
        if late_s:
            session.late.extend((hub.clock() + late_s, message) for message in persisted)
        else:
            place = hub.choices.persisted_place(len(others))
            others[place:place] = persisted
    for message in others:
        session.send(message)


def _persisted(hub: Hub, session: Session, request: Request, sow: SowTopic | None, *, logged: bool) -> list[Message]:
    """The persisted ack of a change: its own, or none yet where it will be covered by a conflated one."""
    if AckType.PERSISTED not in hub.behaviour.acks_wanted(request.acks, request.cmd) or not hub.behaviour.persists(sow):
        return []
    seq = request.number("seq")
    if logged and seq is not None:
        if session.pending_seq is None:
            session.pending_due_s = hub.clock() + session.conflation_s
        session.pending_seq = max(seq, session.pending_seq or 0)
        return []
    return hub.acks(request, AckType.PERSISTED)


def send_pending(session: Session) -> None:
    """Send the conflated persisted ack that is due, if there is one: it covers its number and all before it (commands.md §5.1)."""
    if session.pending_seq is not None:
        session.send(Message(header={"cmd": "ack", "seq": session.pending_seq, "ack_type": AckType.PERSISTED, "status": "success"}))
        session.pending_seq = None


def send_late(session: Session, now: float | None = None) -> None:
    """Send the acks that were held back until now (None: all of them)."""
    kept = [(due, message) for due, message in session.late if now is not None and due > now]
    for due, message in session.late:
        if now is None or due <= now:
            session.send(message)
    session.late.clear()
    session.late.extend(kept)
