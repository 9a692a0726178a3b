"""publish and delta_publish: the record, the deliveries, the acks.

Source: sow.md section 3, delta.md section 2, commands.md section 10.
"""

from __future__ import annotations

from dataclasses import replace

from reference_model.areas.acks import Answer, expect_acks
from reference_model.areas.deliver import Delivery, deliver, not_a_pattern
from reference_model.expectation import Body, Member, Unknown
from reference_model.merge import fresh_members, is_null, merge
from reference_model.payload.json import PayloadError, parse
from reference_model.rule import Because, R
from reference_model.state import Correlation, Record, RecordKey, Topic, key_of_tree, trees_of
from reference_model.turn import Turn

lifetime_s_min = 600
"""A record with a shorter lifetime could expire while a scenario runs; the model refuses it."""

VERBATIM: Because = (R("SOW-REC-04"), R("SOW-REC-01"))
WHOLE: Because = (R("SOW-REC-03"), R("SOW-REC-02"))


def publish(turn: Turn) -> None:
    topic_name = turn.text("topic")
    if topic_name is None:
        _without_topic(turn)
        return
    topic = turn.instance.topics.get(topic_name)
    if topic is None:
        not_a_pattern(turn, topic_name)
        _without_sow(turn, topic_name)
        return
    _check_program(turn, topic)
    if topic.unjudged:
        expect_acks(turn, Answer(status="either", because=(R("CMD-ACK-15"),)))
        for subscription in turn.instance.subscriptions_to(topic_name):
            turn.draft.scope(subscription.connection, "publish", subscription.sub_id)
        return
    if topic.config.keys:
        _keyed(turn, topic)
    else:
        _explicit(turn, topic)


def _check_program(turn: Turn, topic: Topic) -> None:
    others = topic.unfenced - {turn.connection}
    if others:
        raise turn.refuse(f"{topic.config.name} has unfenced changes of connection {min(others)}: the order would be open")
    expiration = turn.number("expiration")
    if topic.config.expiration_s is not None and expiration is not None and 0 < expiration < lifetime_s_min:
        raise turn.refuse(f"an expiration below {lifetime_s_min} s is not modelled")
    if topic.config.keys and turn.text("sow_key") is not None:
        raise turn.refuse("a sow_key on a topic with key fields has no defined effect (SOW-KEY-28)")


def _without_topic(turn: Turn) -> None:
    """Nobody can receive it (CMD-PUB-01); how it is answered is not said."""
    expect_acks(turn, Answer(status="either", because=(R("CMD-PUB-01"),)))
    for subscription in turn.instance.subscriptions:
        turn.draft.never(
            turn.step,
            (subscription.connection, "publish", subscription.sub_id),
            (R("CMD-PUB-01"),),
            body=Body(exact=turn.program.body, members={}, complete=()),
        )


def _without_sow(turn: Turn, topic_name: str) -> None:
    """Delivered as it is, also a delta (DELTA-PUB-07); nothing is kept."""
    delta = turn.cmd == "delta_publish"
    persisted = (R("DELTA-PUB-25"),) if delta else (R("CMD-PUB-14"),)
    expect_acks(turn, Answer(presence={"persisted": persisted}))
    verbatim: Because = (R("DELTA-PUB-07"),) if delta else (R("WIRE-FRAME-08"),) if not turn.program.body else (R("CMD-PUB-03"),)
    correlation = turn.text("correlation_id")
    deliver(
        turn,
        Delivery(
            topic=topic_name,
            body=Body(exact=turn.program.body, members={}, complete=(), verbatim=verbatim),
            presence=_literal_rules(turn.program.body, delta=delta),
            correlation=Correlation(values=(correlation,), because=_correlation_rule(turn, correlation)),
        ),
    )


def _literal_rules(body: bytes, *, delta: bool) -> Because:
    if not body:
        return (R("WIRE-FRAME-08"),)
    if trees_of(body) is None:
        return (R("CMD-PUB-38"),)
    return (R("DELTA-PUB-07"),) if delta else ()


def _correlation_rule(turn: Turn, correlation: str | None) -> Because:
    if correlation is None:
        return (R("CMD-LOGON-26"), R("CMD-PUB-22")) if turn.session.correlation else (R("CMD-PUB-22"),)
    return (R("CMD-PUB-40"), R("CMD-PUB-21")) if set(correlation) & set("+/=") else (R("CMD-PUB-21"),)


def _explicit(turn: Turn, topic: Topic) -> None:
    key = turn.text("sow_key")
    if key is None:
        topic.vague += 1
        topic.version += 1
        topic.unfenced.add(turn.connection)
        expect_acks(turn, Answer(status="either", because=(R("SOW-KEY-25"),)))
        _deliver_vaguely(turn, topic)
        return
    _apply(turn, topic, (key,))


def _keyed(turn: Turn, topic: Topic) -> None:
    try:
        tree = parse(turn.program.body)
    except PayloadError:
        _unparsable(turn, topic)
        return
    key = key_of_tree(tree, topic.config.keys)
    if key is None:
        _keyless(turn, topic)
        return
    for other in topic.records:
        if other != key and _confusable(other, key):
            raise turn.refuse(f"key values {other} and {key} may or may not be one record (SOW-KEY-41)")
    _apply(turn, topic, key)


def _confusable(one: RecordKey, other: RecordKey) -> bool:
    """Keys that a text or numeric reading could take for equal: 1, "1", 1.0, true."""
    return all(_loose(a) == _loose(b) for a, b in zip(one, other, strict=True))


def _loose(text: str) -> object:
    bare = text.strip('"')
    try:
        return float(bare)
    except ValueError:
        return {"true": 1.0, "false": 0.0}.get(bare, bare)


def _unparsable(turn: Turn, topic: Topic) -> None:
    """A key has to be read, so the damage shows (CMD-PUB-37): a failure, no record, no delivery."""
    names = topic.key_names
    if any(f'"{name}"'.encode() in turn.program.body for name in names):
        raise turn.refuse("a damaged body that names its key field may be taken (CMD-PUB-38)")
    because: Because = (R("CMD-PUB-37"),)
    expect_acks(turn, Answer(status="failure", because=because))
    topic.unfenced.add(turn.connection)
    for subscription in turn.instance.subscriptions_to(topic.config.name):
        turn.draft.never(
            turn.step,
            (subscription.connection, "publish", subscription.sub_id),
            because,
            body=Body(exact=turn.program.body, members={}, complete=()),
        )


def _keyless(turn: Turn, topic: Topic) -> None:
    """What happens is not said (SOW-KEY-40, DELTA-PUB-15); no record that has its key may change (DELTA-PUB-43)."""
    delta = turn.cmd == "delta_publish"
    rule = R("DELTA-PUB-15") if delta else R("SOW-KEY-40")
    topic.vague += 1
    topic.version += 1
    topic.unfenced.add(turn.connection)
    expect_acks(turn, Answer(status="either", because=(rule,)))
    if delta and len(topic.config.keys) == 1:
        for record in topic.records.values():
            record.fresh_body = (R("DELTA-PUB-43"), R("DELTA-PUB-01"))
    _deliver_vaguely(turn, topic)


def _deliver_vaguely(turn: Turn, topic: Topic) -> None:
    """A message without a key may be refused, delivered, or merged with another one without a key: any body may come."""
    deliver(turn, Delivery(topic=topic.config.name, body=None, maybe=True))
    for subscription in turn.instance.subscriptions_to(topic.config.name):
        turn.draft.scope(subscription.connection, "publish", subscription.sub_id)


def _apply(turn: Turn, topic: Topic, key: RecordKey) -> None:
    old = topic.records.get(key)
    ghost = topic.ghosts.pop(key, None)
    topic.shown_gone.discard(key)
    delta = turn.cmd == "delta_publish"
    same_content = old is not None and not old.maybe and _same_content(old, turn.program.body, delta=delta)
    record = _merged(turn, topic, old) if delta and old is not None else _whole(turn, topic, key, old, ghost, delta=delta)
    if delta and old is not None and old.maybe:
        _merged_or_inserted(turn, topic, record, old)
    record.publisher = turn.connection
    record.maybe = False
    topic.records[key] = record
    topic.unfenced.add(turn.connection)
    topic.version += 1
    expect_acks(turn, Answer())
    deliver(
        turn,
        Delivery(
            topic=topic.config.name,
            record=record,
            config=topic.config,
            body=_delivered_body(record, delta=delta, merged=delta and old is not None),
            presence=_delivery_rules(delta=delta, merged=delta and old is not None, same_content=same_content),
            correlation=_delivered_correlation(turn, record, delta=delta),
            merged_delta=turn.program.body if delta and old is not None else None,
        ),
    )


def _same_content(old: Record, body: bytes, *, delta: bool) -> bool:
    if not delta:
        return old.exact == body
    try:
        tree = parse(body)
    except PayloadError:
        return False
    if not isinstance(tree, dict):
        return False
    return all(name in old.members and old.members[name].values == (value,) for name, value in tree.items())


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
    verbatim: Because = (R("DELTA-PUB-06"),) if delta else (R("CMD-PUB-03"),)
    return Body(
        exact=record.exact,
        members=dict(record.members),
        gone=dict(record.gone),
        complete=(R("SOW-REC-07"),),
        verbatim=() if delta else verbatim,
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


def _whole(turn: Turn, topic: Topic, key: RecordKey, old: Record | None, ghost: Because | None, *, delta: bool) -> Record:
    """The record after a message that stands for the whole of it: a publish, or a delta onto nothing (DELTA-PUB-06)."""
    body = turn.program.body
    try:
        tree = parse(body)
    except PayloadError:
        tree = None
    because: Because = (R("DELTA-PUB-06"),) if delta else (R("SOW-REC-01"),) if old is None else (R("SOW-REC-02"),)
    members = fresh_members(tree, because) if isinstance(tree, dict) else {}
    own = turn.text("correlation_id")
    gone: dict[str, Because] = {}
    if old is not None:
        after_delta = old.deltas > 0
        rules: Because = (R("DELTA-PUB-34"), R("SOW-REC-03")) if after_delta else WHOLE
        gone = {name: rules for name in old.members if name not in members}
    elif ghost is not None:
        gone = {}
    return Record(
        key=key,
        exact=None if delta and topic.config.keys else body,
        members=members,
        correlation=_stored_correlation(own, old, delta=delta),
        gone=gone,
        verbatim=() if delta else VERBATIM,
        complete=_complete(ghost, delta=delta),
        fresh=_fresh_whole(topic, old, ghost, key, delta=delta),
        repeated=_repeated(topic, old),
    )


def _complete(ghost: Because | None, *, delta: bool) -> Because:
    """Why the record holds nothing but what the message had."""
    usual: Because = (R("DELTA-PUB-06"),) if delta else WHOLE
    return usual if ghost is None else (R("SOW-REC-08"), *usual)


def _stored_correlation(own: str | None, old: Record | None, *, delta: bool) -> Correlation:
    if own is not None or delta or old is None or old.correlation.values == (None,):
        return Correlation(values=(own,), because=(R("SOW-REC-13"),) if own is not None else (R("WIRE-SOW-11"),))
    return Correlation(values=(None, *(v for v in old.correlation.values if v is not None)), because=(R("SOW-REC-15"),))


def _fresh_whole(topic: Topic, old: Record | None, ghost: Because | None, key: RecordKey, *, delta: bool) -> Because:
    if old is not None:
        return (R("SOW-REC-02"),)
    if delta:
        return (R("DELTA-PUB-14"), R("DELTA-PUB-06")) if not topic.config.keys else (R("DELTA-PUB-06"),)
    if ghost is not None and ghost[0] == R("SOW-DEL-01"):
        return (R("SOW-DEL-26"), R("SOW-REC-08"))
    if ghost is not None:
        return (R("SOW-REC-08"), R("SOW-REC-01"))
    if not topic.config.keys:
        return (R("SOW-KEY-20"), R("SOW-REC-01"))
    if len(topic.config.keys) > 1:
        clashing = [record for other, record in topic.records.items() if other != key and _joined(other) == _joined(key)]
        for record in clashing:
            record.fresh = (R("SOW-KEY-04"), R("SOW-KEY-03"))  # whichever of the two is lost
        return (R("SOW-KEY-04"), R("SOW-KEY-03")) if clashing else (R("SOW-KEY-03"), R("SOW-REC-01"))
    return (R("SOW-REC-01"),)


def _joined(key: RecordKey) -> str:
    """The plain texts of composite key values without a separator."""
    return "".join(text.strip('"') for text in key)


def _repeated(topic: Topic, old: Record | None) -> Because:
    """Which rule says that an update makes no second record."""
    if old is None:
        return (R("SOW-REC-05"),)
    if not topic.config.keys:
        return (R("SOW-KEY-21"), R("SOW-REC-02"))
    if len(topic.config.keys) > 1:
        return (R("SOW-KEY-05"), R("SOW-REC-02"))
    if topic.config.keys[0].count("/") > 1:
        return (R("SOW-KEY-29"), R("SOW-REC-02"))
    if old.seen:
        return (R("SOW-KEY-06"), R("SOW-REC-02"))
    return (R("SOW-REC-02"),)


def _merged_or_inserted(turn: Turn, topic: Topic, record: Record, old: Record) -> None:
    """A delta onto a record that may have been deleted: only what the delta itself says is certain."""
    tree = parse(turn.program.body)
    named = tree if isinstance(tree, dict) else {}
    plain = {name for name, value in named.items() if not (is_null(value) or isinstance(value, dict | list))}
    certain = plain | topic.key_names
    record.members = {
        name: member if name in certain else Member(values=Unknown.ANY, because=()) for name, member in record.members.items()
    }
    record.gone, record.complete, record.fresh_body = {}, (), ()
    if turn.text("correlation_id") is None and old.correlation.values != (None,):
        values = (None, *(value for value in old.correlation.values if value is not None))
        record.correlation = Correlation(values=values, because=(R("SOW-REC-15"),))


def _merged(turn: Turn, topic: Topic, old: Record) -> Record:
    """The record after a delta onto it."""
    own = turn.text("correlation_id")
    correlation = old.correlation if own is None else Correlation(values=(own,), because=(R("DELTA-PUB-20"), R("SOW-REC-13")))
    if own is None and old.correlation.values != (None,):
        correlation = Correlation(values=old.correlation.values, because=(R("DELTA-PUB-21"), R("SOW-REC-13")))
    try:
        tree = parse(turn.program.body)
    except PayloadError:
        tree = None
    if not isinstance(tree, dict) or (old.exact is not None and not old.members):
        raise turn.refuse("a delta of or onto a body that is no JSON object is not described (delta.md section 6, 21)")
    members = merge(old.members, tree, keys=topic.key_names, deltas=old.deltas)
    again = turn.program.body == old.last_delta
    explicit = not topic.config.keys
    return Record(
        key=old.key,
        exact=None,
        members=members,
        correlation=correlation,
        gone={name: because for name, because in old.gone.items() if name not in members},
        complete=(R("DELTA-PUB-38"), R("DELTA-PUB-33")) if again else (R("DELTA-PUB-33"), R("DELTA-PUB-01")),
        fresh=(R("DELTA-PUB-13"), R("DELTA-PUB-01")) if explicit else (R("DELTA-PUB-01"),),
        fresh_body=(R("DELTA-PUB-38"), R("DELTA-PUB-01")) if again else (),
        repeated=(R("DELTA-PUB-01"),),
        seen=old.seen,
        deltas=old.deltas + 1,
        last_delta=turn.program.body,
    )
