"""Which record a message is about: reading its key fields, and what is known of keys that may or may not be one.

Source: sow.md sections 4 and 12, 1 to 3.
"""

from __future__ import annotations

from math import isnan

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
        alike = turn.instance.keys_alike.setdefault((topic.config.domain, len(key), _confusable(key)), key)
        if alike != key:
            if turn.about == (R("SOW-KEY-41"),):
                raise UndefinedKeyError
            raise turn.refuse(f"key values {alike} and {key} may or may not be one record (SOW-KEY-41)")
    return key


def _confusable(key: RecordKey) -> tuple[object, ...]:
    """Equal for keys that a text or numeric reading could take for equal: 1, "1", 1.0, true."""
    return tuple(_loose(text) for text in key)


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
        value = float(bare)
    except ValueError:
        return {"true": 1, "false": 0, "null": None}.get(bare, bare)
    return bare if isnan(value) else value  # which is equal to nothing, not even to itself
