"""Numbered changes of logged topics: duplicates are discarded. Source: bookmarks.md section 3, commands.md section 5.1.

Only where a transaction log is configured; without one a number means nothing. The number of a change that a lost connection may have
brought counts if that change took effect, which is a matter of `faults`.
"""

from __future__ import annotations

from reference_model.areas.acks import no_unrequested, where
from reference_model.areas.marks import Handler, carried_out, key_named, untouched
from reference_model.config import InstanceConfig
from reference_model.expectation import Body, Occurs
from reference_model.expression.topics import is_regex, topic_matches
from reference_model.rule import R
from reference_model.state import Numbered
from reference_model.turn import Turn


def is_logged(config: InstanceConfig, topic: str) -> bool:
    """Whether the transaction log records the topic."""
    return any(topic_matches(logged.name, topic) if is_regex(logged.name) else logged.name == topic for logged in config.logged)


def change(turn: Turn, handler: Handler) -> None:
    """A publish, delta_publish or sow_delete where something is logged."""
    instance, client = turn.instance, turn.session.client_name
    number, topic = turn.number("seq"), turn.text("topic")
    known = instance.numbered.get(client or "")
    if number is None or topic is None:
        carried_out(turn, handler, None if known is None else R("BOOK-SEQ-08"))
        return
    if not is_logged(instance.config, topic):
        raise turn.refuse(f"what a number means on {topic}, which is not logged, is not said (bookmarks.md section 9)")
    if client is None or number == 0:
        raise turn.refuse("a number is greater than zero, and of a client that has a name")
    if known is not None and number <= known.last:
        _duplicate(turn, topic, known)
        return
    rule = _accepted(turn, client, number, known)
    instance.numbered[client] = Numbered(last=number, topic=topic, cmd=turn.cmd, session=turn.session)
    carried_out(turn, handler, rule)


def _accepted(turn: Turn, client: str, number: int, known: Numbered | None) -> R | None:
    """What is particular about a number that is greater than all before it."""
    if known is not None and known.session is not turn.session:
        return R("BOOK-SEQ-02")
    if known is not None and number > known.last + 1:
        return R("BOOK-SEQ-04")
    others = (other.last for name, other in turn.instance.numbered.items() if name != client)
    return R("BOOK-SEQ-05") if any(last >= number for last in others) else None


def _duplicate(turn: Turn, topic: str, known: Numbered) -> None:
    """A number that is not greater: no record changes, nobody gets it; how it is answered is not said (BOOK-SEQ-11)."""
    if known.session is not turn.session:
        rule = R("BOOK-SEQ-02")
    elif known.topic != topic:
        rule = R("BOOK-SEQ-06")
    elif known.cmd != turn.cmd:
        rule = R("BOOK-SEQ-07")
    else:
        rule = R("BOOK-SEQ-01")
    no_unrequested(turn, "either")
    for ack_type in sorted(turn.acks):
        turn.draft.slot(turn.step, where(turn, ack_type), (R("BOOK-SEQ-11"),), occurs=Occurs.OPTIONAL)
    untouched(turn, rule)
    if turn.cmd == "sow_delete":
        return
    stored = turn.instance.topics.get(topic)
    key = None if stored is None else key_named(turn, stored)
    record = None if stored is None or key is None else stored.records.get(key)
    body = Body(exact=turn.program.body, members={}, complete=())
    if turn.cmd == "delta_publish" and record is not None:
        body = record.body()
    for subscription in turn.instance.subscriptions_to(topic):
        if not subscription.ended:
            turn.draft.never(turn.step, (subscription.connection, "publish", subscription.sub_id), (rule,), body=body)
