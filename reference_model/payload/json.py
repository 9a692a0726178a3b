"""JSON bodies as trees of values, and back: syntax only.

A tree is made of dict, list, str, bool, None, int (a number without point and exponent) and `decimal.Decimal` (any other number),
all exact: `1.50` stays `1.50` and integers keep their digits. What members mean (NULL, leaf paths, merge) does not belong here.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, DecimalException
from typing import Final, NoReturn

from reference_model.payload.errors import PayloadError

__all__ = ["PayloadError", "depth_max", "digits_max", "parse", "write"]

depth_max: Final = 200
"""Nested objects and arrays. The reader and the writer recurse: this stays clear of Python's recursion limit of 1000 frames."""

digits_max: Final = 4000
"""Digits of one integer: Python refuses conversions above 4300 digits because they take quadratic time."""

_integer_end: Final = 10**digits_max
_BRACKET_OR_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_quote: Final = json.JSONEncoder(ensure_ascii=False).encode


def parse(body: bytes) -> object:
    """The tree of one JSON text; white space around it is allowed, anything else is not.

    Of equal names in one object the first counts, at its place (delta.md §2.2). An unpaired surrogate written as an escape is kept.
    Raises PayloadError.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise PayloadError(f"byte {error.start} is no UTF-8") from None
    if text.count("[") + text.count("{") > depth_max:
        _refuse_depth(text)
    try:
        return _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise PayloadError(f"{error.msg} at character {error.pos}") from None


def write(tree: object) -> bytes:
    """The shortest JSON text for a tree, in UTF-8: `parse(write(tree)) == tree`, and integers stay apart from other numbers.

    Raises PayloadError for values that are no tree (floats, names that are no str, too much depth, a Decimal that is no number).
    """
    pieces: list[str] = []
    _write(tree, pieces, 0)
    # An unpaired surrogate has no UTF-8 form; Python's escape for it is also JSON's.
    return "".join(pieces).encode(errors="backslashreplace")


def _refuse_depth(text: str) -> None:
    depth = 0
    for match in _BRACKET_OR_STRING.finditer(text):
        found = match.group()
        if found in "[{":
            depth += 1
            if depth > depth_max:
                raise PayloadError(f"nested more than {depth_max} deep at character {match.start()}")
        elif found in "]}":
            depth -= 1


def _integer(digits: str) -> int:
    if len(digits) > digits_max:
        raise PayloadError(f"an integer of more than {digits_max} digits")
    return int(digits)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except DecimalException:
        raise PayloadError("an exponent of more than 18 digits") from None


def _no_number(text: str) -> NoReturn:
    raise PayloadError(f"{text} is no JSON value")


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    tree = dict(members)
    if len(tree) < len(members):
        tree = {}
        for name, value in members:
            tree.setdefault(name, value)
    return tree


_decoder: Final = json.JSONDecoder(
    parse_int=_integer, parse_float=_decimal, parse_constant=_no_number, object_pairs_hook=_object, strict=True
)


def _write(tree: object, pieces: list[str], depth: int) -> None:
    match tree:
        case list() | dict() if depth >= depth_max:
            raise PayloadError(f"nested more than {depth_max} deep")
        case list():
            pieces.append("[")
            for index, item in enumerate(tree):
                if index:
                    pieces.append(",")
                _write(item, pieces, depth + 1)
            pieces.append("]")
        case dict():
            pieces.append("{")
            for index, (name, value) in enumerate(tree.items()):
                if not isinstance(name, str):
                    raise PayloadError(f"{name!r} is no name of a member")
                pieces.append(f"{',' if index else ''}{_quote(name)}:")
                _write(value, pieces, depth + 1)
            pieces.append("}")
        case _:
            pieces.append(_scalar(tree))


def _scalar(value: object) -> str:
    match value:
        case str():
            return _quote(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() if abs(value) < _integer_end:
            return str(value)
        case Decimal() if value.is_finite():
            text = str(value)
            return text if "." in text or "E" in text else text + ".0"
        case _:
            raise PayloadError(f"a value of type {type(value).__name__} that is no JSON value")
