"""Which rule the next query of a record puts to the test: that it is there, and what is in it."""

from __future__ import annotations

from collections.abc import Callable

from reference_model.areas.keys import UndefinedKeyError, read_key
from reference_model.payload.json import PayloadError
from reference_model.rule import R
from reference_model.state import Record, RecordKey, Topic
from reference_model.turn import Turn

Handler = Callable[[Turn], None]


def mark(topic: Topic, key: RecordKey, rule: R) -> None:
    """The next query that reaches the record, or must not show it, tests the rule first."""
    record = topic.records.get(key)
    if record is None:
        topic.ghosts[key] = (rule, *(other for other in topic.ghosts.get(key, ()) if other != rule))
        return
    record.fresh = (rule, *(other for other in record.fresh if other != rule))
    record.fresh_body = (rule, *(other for other in record.fresh_body if other != rule))


def carried_out(turn: Turn, handler: Handler, rule: R | None) -> None:
    """Carry a change out; every record that it makes, changes or deletes puts the rule to the test."""
    topics = turn.instance.topics
    before: dict[str, dict[RecordKey, Record]] = {name: dict(topic.records) for name, topic in topics.items()}
    handler(turn)
    if rule is None:
        return
    for name, topic in topics.items():
        for key in before[name].keys() | topic.records.keys():
            if before[name].get(key) is not topic.records.get(key):
                mark(topic, key, rule)


def untouched(turn: Turn, rule: R) -> None:
    """A change is not carried out: the record that it is about is as it was, says the rule."""
    topic = turn.instance.topics.get(turn.text("topic") or "")
    key = None if topic is None else key_named(turn, topic)
    if topic is not None and key is not None:
        mark(topic, key, rule)


def key_named(turn: Turn, topic: Topic) -> RecordKey | None:
    """The record that a change names by its body or key, None if it names none in that way."""
    if not topic.config.keys:
        key = turn.text("sow_key")
        return None if key is None else (key,)
    if not turn.program.body:
        return None
    try:
        return read_key(turn, topic, turn.program.body)
    except (PayloadError, UndefinedKeyError):
        return None
