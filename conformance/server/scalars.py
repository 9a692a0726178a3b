"""Values of the expression language and their conversions (expressions.md §4), as this server reads them.

A value is None (NULL), bool, int, float or bytes; an empty string is None. Lists of values belong to `filters`.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final

Value = None | bool | int | float | bytes

_integer_min: Final = -(2**63)
_integer_max: Final = 2**64 - 1
_digits_max: Final = 400
"""Longer texts of digits are beyond every double: they need not be converted exactly."""

_INTEGER: Final = re.compile(rb"-?[0-9]+")
_FLOAT: Final = re.compile(rb"-?[0-9]+\.[0-9]+(?:[eE]-?[0-9]+)?")
NAN: Final = math.nan


def of_json(leaf: object) -> Value:
    """The value of a scalar of a JSON body: a number with point or exponent is a double, an integer beyond 64 bits too."""
    match leaf:
        case bool():
            return leaf
        case int():
            return in_range(leaf)
        case str():
            return leaf.encode(errors="surrogatepass") or None
        case Decimal():
            return float(leaf)
        case _:
            return None


def in_range(number: int) -> int | float:
    """An integer as itself if 64 bits hold it, else as a double."""
    if _integer_min <= number <= _integer_max:
        return number
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def number_in(text: bytes) -> int | float | None:
    """The number that a string says in the forms of the language; None if it says none."""
    if _INTEGER.fullmatch(text):
        return in_range(int(text)) if len(text) <= _digits_max else float(text)
    return float(text) if _FLOAT.fullmatch(text) else None


def to_number(value: Value) -> int | float | None:
    """NULL stays NULL; text that is no number is NaN."""
    match value:
        case None:
            return None
        case bool():
            return int(value)
        case int() | float():
            return value
        case bytes():
            number = number_in(value)
            return NAN if number is None else number


def to_text(value: Value) -> bytes | None:
    """The text of a value; that of booleans and of doubles is not documented (expressions.md §18, 5 and 27)."""
    match value:
        case None | bytes():
            return value
        case bool():
            return b"true" if value else b"false"
        case int():
            return str(value).encode()
        case float():
            return repr(value).encode()


def to_truth(value: Value) -> bool | None:
    """TRUE, FALSE or NULL; NaN counts as NULL, other numbers than 0 as TRUE."""
    if isinstance(value, bool) or value is None:
        return value
    number = to_number(value)
    if number is None or number != number:  # noqa: PLR0124 - only NaN differs from itself
        return None
    return number != 0


def is_nan(value: Value) -> bool:
    return isinstance(value, float) and math.isnan(value)


def rank(left: Value, right: Value) -> int | None:
    """-1, 0, 1 as the left value is less than, equal to or greater than the right one; None where NULL or NaN leaves no order.

    Two strings compare by bytes; a string that says no number is greater than every number.
    """
    if left is None or right is None:
        return None
    if isinstance(left, bytes) and isinstance(right, bytes):
        return (left > right) - (left < right)
    if isinstance(left, bytes):
        number = number_in(left)
        return 1 if number is None else _order(number, right)
    if isinstance(right, bytes):
        number = number_in(right)
        return -1 if number is None else _order(left, number)
    return _order(left, right)


def _order(left: float, right: Value) -> int | None:
    assert right is not None
    assert not isinstance(right, bytes)
    if left != left or right != right:  # noqa: PLR0124 - only NaN differs from itself
        return None
    return (left > right) - (left < right)
