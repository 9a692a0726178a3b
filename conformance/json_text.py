"""JSON of files that people write: strict reading with exact numbers, compact writing, one clear line for each mistake.

Bodies that stand in a file as JSON values must reach the wire as they are written: numbers with a point or an exponent keep their text.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from typing import Final, Self

from conformance.errors import UsageError

_LONE: Final = re.compile("[\ud800-\udfff]")


class Exact(float):
    """A number with a point or an exponent that remembers how it was written."""

    __slots__ = ("text",)

    def __new__(cls, text: str) -> Self:
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str


def read(text: str) -> object:
    """The value of a JSON text; numbers with a point or an exponent are `Exact`. Raises UsageError, also for a key given twice."""
    try:
        value: object = json.loads(text, parse_float=Exact, parse_constant=_refuse, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise UsageError(f"line {error.lineno}, column {error.colno}: not JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"not JSON that can be read: {str(error).split(';', 1)[0]}") from None
    return value


def compact(value: object) -> str:
    """The JSON text of a value without blanks, members in their order, characters outside ASCII as they are."""
    match value:
        case None | bool():
            return json.dumps(value)
        case Exact():
            return value.text
        case str():
            return json.dumps(value, ensure_ascii=False)
        case int() | float():
            return json.dumps(value, allow_nan=False)
        case Mapping():
            members = (f"{json.dumps(str(key), ensure_ascii=False)}:{compact(member)}" for key, member in value.items())
            return f"{{{','.join(members)}}}"
        case Sequence():
            return f"[{','.join(compact(item) for item in value)}]"
        case _:
            raise TypeError(f"not a JSON value: {value!r}")


def one_line(value: object) -> str:
    """JSON for a file: a blank after `,` and `:`; what UTF-8 cannot hold is escaped."""
    return _LONE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def encode_bytes(name: str, data: bytes) -> dict[str, object]:
    """`{name}_text` if the bytes are UTF-8, else `{name}_base64`: exact either way."""
    try:
        return {f"{name}_text": data.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(data).decode()}


def decode_bytes(name: str, data: Mapping[str, object]) -> bytes | None:
    """The bytes that `encode_bytes` wrote; None if there are none. Raises UsageError that begins with the name of the member."""
    text, encoded = data.get(f"{name}_text"), data.get(f"{name}_base64")
    if isinstance(text, str):
        try:
            return text.encode()
        except UnicodeEncodeError:
            raise UsageError(f"{name}_text: half a surrogate pair is no text") from None
    if isinstance(encoded, str):
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise UsageError(f"{name}_base64: not base64") from None
    return None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} is given twice in one object")
    return members


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON number")
