"""Which record a message is about: reading its key fields, and what is known of keys that may or may not be one.

Source: sow.md sections 4 and 12, 1 to 3.
"""

from __future__ import annotations

from reference_model.payload.json import parse
from reference_model.rule import R
from reference_model.state import CompoundKeyError, RecordKey, Topic, key_of_tree
from reference_model.turn import Turn

exact_integer_min = -(2**63)
exact_integer_end = 2**64
"""Integers in this range keep their value; longer ones may be read as floating point numbers (expressions.md section 18, 7)."""


class UndefinedKeyError(Exception):
    """Whether the message is about a known record is what the program puts to the test (SOW-KEY-41)."""


def read_key(turn: Turn, topic: Topic, body: bytes) -> RecordKey | None:
    """The key of the record that a message is about, None if a key field is missing, NULL or empty.

    Raises PayloadError if the body does not parse, ProgramError if it is not certain which record is meant, and UndefinedKeyError
    if the program wants to see just that.
    """
    try:
        key = key_of_tree(parse(body), topic.config.keys)
    except CompoundKeyError as error:
        raise turn.refuse(
            f"the key field {error} holds an array or an object, whose key is not documented (sow.md section 12, 3)"
        ) from None
    if key is not None:
        for other in _known(turn, topic):
            if other != key and _confusable(other, key):
                if turn.about == (R("SOW-KEY-41"),):
                    raise UndefinedKeyError
                raise turn.refuse(f"key values {other} and {key} may or may not be one record (SOW-KEY-41)")
    return key


def _known(turn: Turn, topic: Topic) -> set[RecordKey]:
    """Every key that a record of the topic, or of one with its key domain, has or had."""
    known: set[RecordKey] = set()
    for other in turn.instance.topics.values():
        if other.config.domain == topic.config.domain and len(other.config.keys) == len(topic.config.keys):
            known |= other.records.keys() | other.ghosts.keys() | other.shown
    return known


def _confusable(one: RecordKey, other: RecordKey) -> bool:
    """Keys that a text or numeric reading could take for equal: 1, "1", 1.0, true."""
    return all(_loosely_equal(a, b) for a, b in zip(one, other, strict=True))


def _loosely_equal(one: str, other: str) -> bool:
    return one == other or _loose(one) == _loose(other)


def _loose(text: str) -> object:
    bare = text.strip('"')
    try:
        number = int(bare)
    except ValueError:
        pass
    else:
        if exact_integer_min <= number < exact_integer_end:
            return number
    try:
        return float(bare)
    except ValueError:
        return {"true": 1, "false": 0, "null": None}.get(bare, bare)
