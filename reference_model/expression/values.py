"""What fields and literals are worth: NULL, types, leaf paths, conversion, comparison (expressions.md §4 to §6). The model's reading.

A value is None (NULL), bool, int, Decimal (a number with a point, exactly as written), float (a computed one), bytes, a tuple (an
array that is not empty) or OPEN, where the documentation does not say. Truth is a set of possible outcomes, TRUE | FALSE | UNKNOWN:
several of them where readings differ. Nothing here knows the syntax of filters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import Enum
from math import isfinite, isnan
from typing import Final


class Open(Enum):
    """A value that the documentation leaves open."""

    OPEN = "open"


OPEN: Final = Open.OPEN

Scalar = bool | int | float | Decimal | bytes | Open | None
Value = Scalar | tuple[Scalar, ...]
Number = int | float | Decimal

Truth = int
"""A set of outcomes as bits."""

TRUE: Final[Truth] = 1
FALSE: Final[Truth] = 2
UNKNOWN: Final[Truth] = 4
ANY: Final[Truth] = TRUE | FALSE | UNKNOWN
NOT_TRUE: Final[Truth] = FALSE | UNKNOWN
"""A comparison with NULL: FALSE by the printed tables, unknown by SQL-92; never true (EXPR-NULL-01)."""

long_min: Final = -(2**63)
long_max: Final = 2**63 - 1
unsigned_max: Final = 2**64 - 1
exact_double_max: Final = 2**53
"""Integers up to here have a double of the same value."""

numeral_bytes_max: Final = 40
"""Longer numerals in strings are left open instead of being converted."""

text_digits_max: Final = 6
"""Floating point values of more digits have different texts in different formats (C's `%g` keeps six)."""

text_exponent_min: Final = -4
"""Smaller values are written with an exponent by `%g`."""

near: Final = 1e-9
"""Relative distance below which two different computed doubles may be equal elsewhere (order of operations, library functions)."""

_NUMERAL: Final = re.compile(rb"-?[0-9]++(\.[0-9]++(?:[eE]-?[0-9]++)?)?")
_MAYBE_NUMERAL: Final = re.compile(
    rb"\s*[+-]?(?:[0-9_]++\.?[0-9_]*+|\.[0-9_]++)(?:[eE][+-]?[0-9]++)?[fFdDlLuU]*\s*"
    rb"|\s*[+-]?0[xX][0-9a-fA-F]*\s*|\s*[+-]?(?:inf|infinity|nan)\s*",
    re.IGNORECASE,
)


# ---- fields ------------------------------------------------------------------------------------------------------------------


def field(tree: object, steps: tuple[str, ...]) -> Value:
    """The value at a path: leaves of one path in several elements of arrays of objects form one array in document order
    (EXPR-ID-10, EXPR-ID-11).

    Open: objects (EXPR-ID-09), arrays in arrays (EXPR-ARR-14), NULLs and arrays among such leaves, a document that is no object.
    """
    if not isinstance(tree, dict):
        return OPEN
    found: list[object] = [tree]
    through_array = False
    for step in steps:
        deeper: list[object] = []
        for node in found:
            if isinstance(node, list):
                through_array = True
                if any(isinstance(item, list) for item in node):
                    return OPEN
                deeper.extend(item[step] for item in node if isinstance(item, dict) and step in item)
            elif isinstance(node, dict) and step in node:
                deeper.append(node[step])
        if not deeper:
            return None
        found = deeper
    if len(found) == 1:
        return leaf(found[0])
    assert through_array
    return _array(found, nulls=False)


def leaf(node: object) -> Value:
    """The value of a JSON value."""
    if isinstance(node, str):
        return text_value(node)
    if node is None or isinstance(node, (bool, int, Decimal)):
        return node
    if isinstance(node, list):
        return _array(node, nulls=True)
    return OPEN


def text_value(text: str) -> bytes | Open | None:
    """A string: NULL if empty (EXPR-TYPE-08), else its bytes; open if it has none, because of an unpaired surrogate."""
    try:
        return text.encode() or None
    except UnicodeEncodeError:
        return OPEN


def _array(nodes: list[object], *, nulls: bool) -> Value:
    if not nodes:
        return None
    items: list[Scalar] = []
    for node in nodes:
        if isinstance(node, (list, dict)):
            return OPEN
        value = leaf(node)
        assert not isinstance(value, tuple)
        if value is None and not nulls:
            return OPEN
        items.append(value)
    return tuple(items)


def element(value: Value, index: int) -> Scalar:
    """`/d[n]` (EXPR-ARR-05, EXPR-ARR-06); the first of a value that is no array is open (EXPR-ARR-15)."""
    if isinstance(value, tuple):
        return value[index] if index < len(value) else None
    if value is None or (index > 0 and value is not OPEN):
        return None
    return OPEN


def first(value: Value) -> Scalar:
    """What arithmetic and functions see of an array: its first element (EXPR-ARR-08)."""
    return value[0] if isinstance(value, tuple) else value


def elements(value: Value) -> tuple[Scalar, ...]:
    """What comparisons see: all elements, or the one value."""
    return value if isinstance(value, tuple) else (value,)


# ---- conversion --------------------------------------------------------------------------------------------------------------


def numeral(text: bytes) -> int | Decimal | Open | None:
    """The number that a string stands for; None if none; open for forms that are not shown (expressions.md §18, 7)."""
    found = _NUMERAL.fullmatch(text)
    if found is None:
        return OPEN if _MAYBE_NUMERAL.fullmatch(text) else None
    if len(text) > numeral_bytes_max:
        return OPEN
    if found[1]:
        return Decimal(text.decode())
    return int(text)


def number(value: Scalar) -> Number | Open | None:
    """A value as a number (EXPR-TYPE-10, EXPR-TYPE-11): NULL stays NULL, text that is no number is NaN."""
    if isinstance(value, bytes):
        found = numeral(value)
        value = float("nan") if found is None else found
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if long_min <= value <= unsigned_max else OPEN
    if isinstance(value, Decimal):
        return value if isfinite(float(value)) else OPEN
    return value


def text(value: Scalar) -> bytes | Open | None:
    """A value as a string: numbers by their text (EXPR-TYPE-13), open where it could be written differently (EXPR-TYPE-14)."""
    if value is None or isinstance(value, (bytes, Open)):
        return value
    if isinstance(value, bool):
        return OPEN
    if isinstance(value, int):
        return str(value).encode() if long_min <= value <= unsigned_max else OPEN
    if isinstance(value, Decimal):
        written = str(value)
        plain = "." in written and "E" not in written and not written.endswith("0")
        short = len(value.as_tuple().digits) <= text_digits_max and value.adjusted() >= text_exponent_min
        return written.encode() if plain and short else OPEN
    return OPEN


# ---- comparison --------------------------------------------------------------------------------------------------------------

_OPERATORS: Final[Mapping[str, Callable[[int], bool]]] = {
    "=": lambda order: order == 0,
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<>": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}

_EQUALITY: Final = frozenset({"=", "==", "!=", "<>"})


def compare(operator: str, left: Value, right: Value, *, literal: bool = False) -> Truth:
    """True if true for any pair of elements (EXPR-ARR-01, EXPR-ARR-04). `literal`: a side is a string literal (EXPR-CMP-22)."""
    if isinstance(left, tuple) or isinstance(right, tuple):
        return any_of(_compare(operator, one, other, literal) for one in elements(left) for other in elements(right))
    return _compare(operator, left, right, literal)


def any_of(outcomes: Iterable[Truth]) -> Truth:
    """The outcome for an array from those for its elements."""
    result = 0
    for outcome in outcomes:
        if outcome == TRUE:
            return TRUE
        result |= outcome
    return result


def _compare(operator: str, left: Scalar, right: Scalar, literal: bool) -> Truth:
    if left is None or right is None:
        return NOT_TRUE
    orders = _orders(left, right)
    if literal and operator in _EQUALITY and isinstance(left, bytes) is not isinstance(right, bytes):
        orders |= _orders_as_text(left, right)
    outcomes = {_OPERATORS[operator](order) for order in orders}
    if len(outcomes) == 1:
        return TRUE if outcomes.pop() else FALSE
    return ANY


_EITHER: Final = frozenset({-1, 0, 1})
_LESS: Final = frozenset({-1})
_GREATER: Final = frozenset({1})
_EQUAL: Final = frozenset({0})


def _order(less: bool, equal: bool) -> frozenset[int]:
    return _EQUAL if equal else _LESS if less else _GREATER


def _orders(left: Scalar, right: Scalar) -> frozenset[int]:
    """How two values that are not NULL stand to each other: -1, 0, 1, or several of them if that is open."""
    if isinstance(left, bytes) and isinstance(right, bytes):
        return _order(left < right, left == right)
    if isinstance(left, bytes):
        return frozenset(-order for order in _orders(right, left))
    if isinstance(right, bytes):
        if isinstance(left, bool) or left is OPEN:
            return _EITHER
        converted = numeral(right)
        if converted is None and not (isinstance(left, float) and isnan(left)):
            return _LESS  # a string that is no number is greater than any number (EXPR-CMP-11)
        return _orders(left, converted)
    one, other = number(left), number(right)
    if one is None or other is None or isinstance(one, Open) or isinstance(other, Open):
        return _EITHER
    return _number_orders(one, other)


def _number_orders(one: Number, other: Number) -> frozenset[int]:
    if isinstance(one, int) and isinstance(other, int):
        return _order(one < other, one == other)
    double, second = float(one), float(other)
    if isnan(double) or isnan(second):
        return _EITHER
    by_double = _order(double < second, double == second)
    if isinstance(one, float) or isinstance(other, float):
        close = double != second and abs(double - second) <= near * max(abs(double), abs(second))
        return _EITHER if close else by_double
    orders = by_double | _order(one < other, one == other)
    # An integer beyond what every double holds may be compared exactly with the double of the other side (expressions.md §18, 7).
    if _beyond_doubles(one):
        orders |= _order(one < Decimal(second), one == Decimal(second))
    if _beyond_doubles(other):
        orders |= _order(Decimal(double) < other, Decimal(double) == other)
    return orders


def _beyond_doubles(value: int | Decimal) -> bool:
    """Whether it counts, or may count, as an integer that has no double of its own."""
    exponent = 0 if isinstance(value, int) else value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= 0 and not -exact_double_max <= value <= exact_double_max


def _orders_as_text(left: Scalar, right: Scalar) -> frozenset[int]:
    """Whether the texts are equal: the indexing chapter's reading of a string literal against a number."""
    one, other = text(left), text(right)
    if isinstance(one, bytes) and isinstance(other, bytes):
        return _EQUAL if one == other else _LESS
    return frozenset({-1, 0}) if 0 in _orders(left, right) else _LESS
