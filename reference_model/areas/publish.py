"""publish and delta_publish: which record a message is about, the acks, what is delivered. What the record becomes is in `record`.

Source: sow.md section 3, delta.md section 2, commands.md section 10.
"""

from __future__ import annotations

from dataclasses import replace

from reference_model.areas.acks import Answer, expect_acks
from reference_model.areas.damage import beyond_repair
from reference_model.areas.deliver import Delivery, deliver
from reference_model.areas.faults import never_was
from reference_model.areas.keys import UndefinedKeyError, read_key
from reference_model.areas.record import merged_or_inserted, merged_record, repeated, whole_record
from reference_model.areas.session import may_be_closed
from reference_model.areas.strays import not_a_pattern
from reference_model.expectation import Body, Member
from reference_model.merge import same
from reference_model.payload.json import PayloadError
from reference_model.rule import Because, R
from reference_model.state import Correlation, Record, RecordKey, Subscription, Topic, trees_of
from reference_model.turn import Turn

lifetime_s_min = 600
"""A record with a shorter lifetime could expire while a scenario runs; the model refuses it."""


def publish(turn: Turn) -> None:
    turn.instance.published(turn.connection, acked=turn.acked)
    topic_name = turn.text("topic")
    if topic_name is None:
        _without_topic(turn)
        return
    topic = turn.instance.topics.get(topic_name)
    _check_program(turn, topic)
    if turn.about == (R("SOW-KEY-28"),):
        _undefined(turn, topic, topic_name, turn.about[0])
    elif topic is None:
        turn.instance.used.add(topic_name)
        not_a_pattern(turn, topic_name)
        _without_sow(turn, topic_name)
    elif topic.unjudged:
        expect_acks(turn, Answer(status="either", because=(R("CMD-ACK-15"),)))
        deliver(turn, Delivery(topic=topic_name, body=None, config=topic.config, maybe=True))
    elif topic.config.keys:
        _keyed(turn, topic)
    else:
        _explicit(turn, topic)


def _check_program(turn: Turn, topic: Topic | None) -> None:
    if turn.text("sow_key") is not None and (topic is None or topic.config.keys) and turn.about != (R("SOW-KEY-28"),):
        raise turn.refuse("a sow_key on a topic that has no explicit keys has no defined effect (SOW-KEY-28)")
    if topic is None:
        return
    others = topic.unfenced - {turn.connection}
    if others:
        raise turn.refuse(f"{topic.config.name} has unfenced changes of connection {min(others)}: the order would be open")
    given = turn.number("expiration")
    lifetime = topic.config.expiration_s if given is None else given
    if topic.config.expiration_s is not None and lifetime is not None and 0 < lifetime < lifetime_s_min:
        raise turn.refuse(f"a lifetime below {lifetime_s_min} s is not modelled")


def _undefined(turn: Turn, topic: Topic | None, name: str, rule: R) -> None:
    """What this does is not defined, says the rule: it is recorded, and nothing that hangs on it is judged."""
    if topic is not None:
        topic.unjudged, topic.undefined = True, rule
        turn.instance.changed(topic, turn.connection)
    expect_acks(turn, Answer(status="either", because=(rule,)))
    deliver(turn, Delivery(topic=name, body=None, config=None if topic is None else topic.config, maybe=True))


def _without_topic(turn: Turn) -> None:
    """Nobody can receive it (CMD-PUB-01); it is refused, or ends the connection, or neither (WIRE-ROB-09)."""
    expect_acks(turn, Answer(status="either", because=(R("WIRE-ROB-09"),)))
    may_be_closed(turn, R("WIRE-ROB-09"))
    for subscription in turn.instance.subscriptions:
        _never(turn, subscription, (R("CMD-PUB-01"),))


def _never(turn: Turn, subscription: Subscription, because: Because) -> None:
    """The message as it was sent must not come."""
    where = (subscription.connection, "publish", subscription.sub_id)
    turn.draft.never(turn.step, where, because, body=Body(exact=turn.program.body, members={}, complete=()))


def _without_sow(turn: Turn, topic_name: str) -> None:
    """Delivered as it is, also a delta (DELTA-PUB-07); nothing is kept.

    What is no JSON is delivered too if the server does not look at it; that it does not is no promise (CMD-PUB-38, WIRE-FRAME-08).
    """
    delta = turn.cmd == "delta_publish"
    body, correlation = turn.program.body, turn.text("correlation_id")
    persisted = (R("DELTA-PUB-25"),) if delta else (R("CMD-PUB-14"),)
    doubt = R("WIRE-FRAME-08") if not body else R("CMD-PUB-38") if trees_of(body) is None else None
    verbatim: Because = (R("DELTA-PUB-07"),) if delta else (R("CMD-PUB-03"),)
    presence: Because = (R("DELTA-PUB-07"),) if delta else ()
    answer = Answer(presence={"persisted": persisted})
    if doubt is not None:
        answer = Answer(status="either", because=(doubt,), presence={"persisted": persisted})
        presence = (doubt,)
    expect_acks(turn, answer)
    deliver(
        turn,
        Delivery(
            topic=topic_name,
            body=Body(exact=body, members={}, complete=(), verbatim=verbatim),
            maybe=doubt is not None,
            presence=presence,
            correlation=Correlation(values=(correlation,), because=_correlation_rule(turn, correlation)),
        ),
    )


def _correlation_rule(turn: Turn, correlation: str | None) -> Because:
    if correlation is None:
        return (R("CMD-LOGON-26"), R("CMD-PUB-22")) if turn.session.correlation else (R("CMD-PUB-22"),)
    return (R("CMD-PUB-40"), R("CMD-PUB-21")) if set(correlation) & set("+/=") else (R("CMD-PUB-21"),)


def _explicit(turn: Turn, topic: Topic) -> None:
    """The publisher names the record; the data takes no part (SOW-KEY-20)."""
    key = turn.text("sow_key")
    if key is None:
        _keyless(turn, topic, R("DELTA-PUB-15") if turn.cmd == "delta_publish" else R("SOW-KEY-25"))
    elif trees_of(turn.program.body) is None or (turn.cmd == "delta_publish" and not _mergeable(turn, topic.records.get((key,)))):
        _unread(turn, topic, (key,))
    else:
        _apply(turn, topic, (key,))


def _mergeable(turn: Turn, old: Record | None) -> bool:
    """Whether a delta and the record that it meets, if any, have members to merge."""
    trees = trees_of(turn.program.body) or []
    if old is not None and old.open:
        return False
    if old is not None and old.exact is not None:
        trees = [*trees, *(old.trees() or [None])]
    return all(isinstance(tree, dict) for tree in trees)


def _unread(turn: Turn, topic: Topic, key: RecordKey) -> None:
    """A body without members where no key has to be read: stored, merged somehow or refused, that is not said (sow.md section 12, 33;
    delta.md section 6, 21)."""
    rule = R("CMD-PUB-38")
    old = topic.records.get(key)
    topic.ghosts.pop(key, None)
    topic.records[key] = Record(
        key=key,
        exact=None,
        members={},
        correlation=Correlation(),
        repeated=repeated(topic, old),
        fresh=(R("SOW-KEY-21"), R("SOW-REC-02")),
        maybe=(rule,) if old is None or old.maybe else (),
        open=True,
    )
    turn.instance.changed(topic, turn.connection)
    expect_acks(turn, Answer(status="either", because=(rule,)))
    deliver(turn, Delivery(topic=topic.config.name, body=_as_sent(turn), config=topic.config, maybe=True))


def _as_sent(turn: Turn) -> Body | None:
    """The body of a message that may be delivered as it was sent; that of a delta may have been merged with something."""
    return None if turn.cmd == "delta_publish" else Body(exact=turn.program.body, members={}, complete=())


def _keyed(turn: Turn, topic: Topic) -> None:
    """The key fields name the record."""
    delta = turn.cmd == "delta_publish"
    try:
        key = read_key(turn, topic, turn.program.body)
    except UndefinedKeyError:
        _undefined(turn, topic, topic.config.name, R("SOW-KEY-41"))
        return
    except PayloadError:
        if any(f'"{name}"'.encode() in turn.program.body for name in topic.key_names):
            raise turn.refuse("a damaged body that names its key field may be taken (CMD-PUB-38)") from None
        if beyond_repair(turn.program.body):
            _unparsable(turn, topic)
        else:
            _keyless(turn, topic, R("CMD-PUB-38"))
        return
    if key is None:
        _keyless(turn, topic, R("DELTA-PUB-15") if delta else R("SOW-KEY-40"))
        return
    _apply(turn, topic, key)


def _unparsable(turn: Turn, topic: Topic) -> None:
    """A key has to be read, so the damage shows (CMD-PUB-37): a failure, no record, no delivery."""
    because: Because = (R("CMD-PUB-37"),)
    expect_acks(turn, Answer(status="failure", because=because))
    turn.instance.changed(topic, turn.connection)
    for subscription in turn.instance.subscriptions_to(topic.config.name):
        _never(turn, subscription, because)


def _keyless(turn: Turn, topic: Topic, rule: R) -> None:
    """Which record is meant cannot be told: what happens is not said, but no record that has its key may change (DELTA-PUB-43)."""
    topic.vague += 1
    turn.instance.changed(topic, turn.connection)
    expect_acks(turn, Answer(status="either", because=(rule,)))
    if turn.cmd == "delta_publish" and len(topic.config.keys) == 1:
        for record in topic.records.values():
            record.fresh_body = (R("DELTA-PUB-43"), R("DELTA-PUB-01"))
    deliver(turn, Delivery(topic=topic.config.name, body=_as_sent(turn), config=topic.config, maybe=True))


def _apply(turn: Turn, topic: Topic, key: RecordKey) -> None:
    """The record is made, replaced or merged, and delivered."""
    old = topic.records.get(key)
    ghost = topic.ghosts.pop(key, None)
    if ghost is not None and never_was(ghost):
        ghost = None
    topic.shown_gone.discard(key)
    delta = turn.cmd == "delta_publish"
    merged = delta and old is not None
    same_content = old is not None and not old.maybe and _same_content(old, turn.program.body, delta=delta)
    record = merged_record(turn, topic, old) if delta and old is not None else whole_record(turn, topic, key, old, ghost, delta=delta)
    if delta and old is not None and old.maybe:
        merged_or_inserted(turn, topic, record, old)
    topic.records[key] = record
    if old is None and not delta and turn.cmd_id is not None and turn.acks & {"processed", "persisted"}:
        turn.instance.inserted(topic, turn.connection, key)
    else:
        turn.instance.changed(topic, turn.connection)
    expect_acks(turn, Answer())
    deliver(
        turn,
        Delivery(
            topic=topic.config.name,
            record=record,
            config=topic.config,
            body=_delivered_body(record, delta=delta, merged=merged),
            presence=_delivery_rules(delta=delta, merged=merged, same_content=same_content),
            correlation=_delivered_correlation(turn, record, delta=delta),
            merged_delta=turn.program.body if merged else None,
        ),
    )


def _same_content(old: Record, body: bytes, *, delta: bool) -> bool:
    if not delta:
        return old.exact == body
    (tree,) = trees_of(body) or (None,)
    if not isinstance(tree, dict):
        return False
    return all(name in old.members and _is(old.members[name], value) for name, value in tree.items())


def _is(member: Member, value: object) -> bool:
    """Whether a member surely has that value."""
    return isinstance(member.values, tuple) and len(member.values) == 1 and same(member.values[0], value)


def _delivery_rules(*, delta: bool, merged: bool, same_content: bool) -> Because:
    if merged:
        return (R("DELTA-PUB-11"), R("DELTA-PUB-08")) if same_content else (R("DELTA-PUB-08"),)
    if delta:
        return (R("DELTA-PUB-06"),)
    return (R("SOW-REC-06"), R("SOW-REC-07")) if same_content else (R("SOW-REC-07"),)


def _delivered_body(record: Record, *, delta: bool, merged: bool) -> Body:
    if merged:
        whole: Because = (R("DELTA-PUB-08"), R("DELTA-PUB-01"))
        return Body(
            exact=None,
            members={name: replace(member, missing=whole) for name, member in record.members.items()},
            gone=dict(record.gone),
            complete=whole if record.complete else (),
        )
    return Body(
        exact=record.exact,
        members=dict(record.members),
        gone=dict(record.gone),
        complete=(R("DELTA-PUB-06"),) if delta else (R("SOW-REC-07"),),
        verbatim=() if delta else (R("CMD-PUB-03"),),
    )


def _delivered_correlation(turn: Turn, record: Record, *, delta: bool) -> Correlation:
    own = turn.text("correlation_id")
    if not delta:
        return Correlation(values=(own,), because=_correlation_rule(turn, own))
    if own is not None:
        because: Because = (R("DELTA-PUB-20"), R("CMD-PUB-21"))
    elif record.correlation.values == (None,):
        because = (R("DELTA-PUB-22"), R("CMD-PUB-22"))
    else:
        because = (R("DELTA-PUB-21"),)
    return Correlation(values=record.correlation.values, because=because)
