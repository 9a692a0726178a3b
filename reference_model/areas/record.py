"""What a publish or delta makes of a record: its body, its correlation id, and why the next query must show it.

Source: sow.md section 3, delta.md section 2.
"""

from __future__ import annotations

from typing import Final

from reference_model.expectation import Member
from reference_model.merge import fresh_members, inserted_members, is_nothing, merge, open_member
from reference_model.payload.json import parse
from reference_model.rule import Because, R
from reference_model.state import Correlation, Record, RecordKey, Topic, match, trees_of
from reference_model.turn import Turn

VERBATIM: Final[Because] = (R("SOW-REC-04"), R("SOW-REC-01"))
WHOLE: Final[Because] = (R("SOW-REC-03"), R("SOW-REC-02"))


def whole_record(turn: Turn, topic: Topic, key: RecordKey, old: Record | None, ghost: Because | None, *, delta: bool) -> Record:
    """The record after a message that stands for the whole of it: a publish, or a delta onto nothing (DELTA-PUB-06).

    Whether the body of such a delta is kept as it was sent is open (delta.md section 6, 18).
    """
    body = turn.program.body
    (tree,) = trees_of(body) or (None,)
    members: dict[str, Member] = {}
    if isinstance(tree, dict):
        members = inserted_members(tree) if delta else fresh_members(tree, (R("SOW-REC-01"),) if old is None else (R("SOW-REC-02"),))
    own = turn.text("correlation_id")
    dropped: Because = (R("DELTA-PUB-34"), R("SOW-REC-03")) if old is not None and old.deltas else WHOLE
    return Record(
        key=key,
        exact=None if delta else body,
        members=members,
        correlation=_stored_correlation(own, old, delta=delta),
        gone={} if old is None else {name: dropped for name in old.members if name not in members},
        verbatim=() if delta else VERBATIM,
        complete=_complete(ghost, delta=delta),
        fresh=_fresh_whole(topic, old, ghost, key, [tree], delta=delta),
        repeated=repeated(topic, old),
    )


def _complete(ghost: Because | None, *, delta: bool) -> Because:
    """Why the record holds nothing but what the message had."""
    usual: Because = (R("DELTA-PUB-06"),) if delta else WHOLE
    return usual if ghost is None else (R("SOW-REC-08"), *usual)


def _stored_correlation(own: str | None, old: Record | None, *, delta: bool) -> Correlation:
    if own is not None or delta or old is None or old.correlation.values == (None,):
        return Correlation(values=(own,), because=(R("SOW-REC-13"),) if own is not None else (R("WIRE-SOW-11"),))
    return Correlation(values=(None, *(v for v in old.correlation.values if v is not None)), because=(R("SOW-REC-15"),))


def _fresh_whole(
    topic: Topic, old: Record | None, ghost: Because | None, key: RecordKey, trees: list[object], *, delta: bool
) -> Because:
    if old is not None:
        return (R("SOW-REC-02"),)
    if delta:
        return (R("DELTA-PUB-14"), R("DELTA-PUB-06")) if not topic.config.keys else (R("DELTA-PUB-06"),)
    if any(match(deleter, trees) is True for deleter in topic.deleters):
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


def repeated(topic: Topic, old: Record | None) -> Because:
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


def merged_or_inserted(turn: Turn, topic: Topic, record: Record, old: Record) -> None:
    """A delta onto a record that may have been deleted: only what the delta itself says is certain."""
    (tree,) = trees_of(turn.program.body) or (None,)
    named = tree if isinstance(tree, dict) else {}
    plain = {name for name, value in named.items() if not (is_nothing(value) or isinstance(value, dict | list))}
    certain = plain | topic.key_names
    record.members = {name: member if name in certain else open_member(old.maybe[0]) for name, member in record.members.items()}
    record.gone, record.complete, record.fresh_body = {}, (), ()
    if turn.text("correlation_id") is None and old.correlation.values != (None,):
        values = (None, *(value for value in old.correlation.values if value is not None))
        record.correlation = Correlation(values=values, because=(R("SOW-REC-15"),))


def merged_record(turn: Turn, topic: Topic, old: Record) -> Record:
    """The record after a delta onto it."""
    own = turn.text("correlation_id")
    correlation = old.correlation if own is None else Correlation(values=(own,), because=(R("DELTA-PUB-20"), R("SOW-REC-13")))
    if own is None and old.correlation.values != (None,):
        correlation = Correlation(values=old.correlation.values, because=(R("DELTA-PUB-21"), R("SOW-REC-13")))
    tree = parse(turn.program.body)
    assert isinstance(tree, dict)
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
