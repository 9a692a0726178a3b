"""The deterministic functions whose behaviour the documentation says (expressions.md §8), over evaluated arguments.

`FUNCTIONS` has those that look at nothing but their arguments; COALESCE and IF belong to `truth`, which decides what is evaluated. What
a function does with NULL is not documented unless its entry says so: open.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import Final

from reference_model.expression.evaluate.arithmetic import arithmetic
from reference_model.expression.patterns import PatternError, PatternLimitError, search
from reference_model.expression.values import (
    FALSE,
    OPEN,
    TRUE,
    Number,
    Open,
    Scalar,
    Value,
    compare,
    first,
    long_max,
    long_min,
    number,
    text,
)

round_places_max: Final = 15
"""More places than a double has digits."""

numeral_digits_max: Final = 40
"""Decimal places in which ROUND works exactly."""

replacements_max: Final = 100
"""Matches that REGEXP_REPLACE replaces before the result is left open."""

result_bytes_max: Final = 1_000_000
"""Longer results of CONCAT and the replacing functions are left open."""

Function = Callable[[Sequence[Value]], Value]


def _known(*arguments: Scalar) -> bool:
    return not any(argument is None or argument is OPEN for argument in arguments)


def _string(value: bytes) -> Value:
    """A string result: NULL if empty."""
    return OPEN if len(value) > result_bytes_max else value or None


# ---- strings -----------------------------------------------------------------------------------------------------------------


def _of_texts(rule: Callable[..., Value], *, ascii_only: bool = False) -> Function:
    """A function whose arguments are all texts; `ascii_only`: not reliable for other bytes (EXPR-STR-09)."""

    def function(arguments: Sequence[Value]) -> Value:
        texts: list[bytes] = []
        for argument in arguments:
            one = text(first(argument))
            if one is None or isinstance(one, Open) or (ascii_only and not one.isascii()):
                return OPEN
            texts.append(one)
        return rule(*texts)

    return function


def _of_text_and_integers(rule: Callable[..., Value]) -> Function:
    def function(arguments: Sequence[Value]) -> Value:
        one = text(first(arguments[0]))
        numbers = [number(first(argument)) for argument in arguments[1:]]
        if one is None or isinstance(one, Open) or not all(isinstance(each, int) for each in numbers):
            return OPEN
        return rule(one, *numbers)

    return function


def _concat(arguments: Sequence[Value]) -> Value:
    """NULL contributes nothing (EXPR-STR-11)."""
    pieces: list[bytes] = []
    for argument in arguments:
        one = text(first(argument))
        if isinstance(one, Open):
            return OPEN
        pieces.append(one or b"")
    return _string(b"".join(pieces))


def _substr(whole: bytes, position: int, length: int | None = None) -> Value:
    """From a position that exists, at most the bytes that exist; everything else is open (EXPR-STR-13 to EXPR-STR-16)."""
    if position == 0 or abs(position) > len(whole):
        return OPEN
    start = position - 1 if position > 0 else len(whole) + position
    if length is None:
        return whole[start:]
    return whole[start : start + length] if 0 < length <= len(whole) - start else OPEN


def _replace(whole: bytes, old: bytes, new: bytes) -> Value:
    return OPEN if whole.count(old) * len(new) > result_bytes_max else _string(whole.replace(old, new))


def regexp_match(whole: bytes, pattern: bytes) -> Value:
    """The text of the first match, NULL if there is none (EXPR-STR-28, EXPR-STR-29)."""
    try:
        found = search(pattern, whole)
    except (PatternError, PatternLimitError):
        return OPEN
    return None if found is None else _string(found.group())


def regexp_replace(whole: bytes, pattern: bytes, new: bytes) -> Value:
    """Every match replaced (EXPR-STR-26). Open: references in the replacement (EXPR-STR-27), empty matches."""
    if b"\\" in new or b"$" in new:
        return OPEN
    pieces: list[bytes] = []
    start = 0
    for _ in range(replacements_max):
        try:
            found = search(pattern, whole, start)
        except (PatternError, PatternLimitError):
            return OPEN
        if found is None:
            return _string(b"".join([*pieces, whole[start:]]))
        begin, end = found.span()
        if begin == end:
            return OPEN
        pieces += [whole[start:begin], new]
        start = end
    return OPEN


# ---- numbers -----------------------------------------------------------------------------------------------------------------


def _of_number(rule: Callable[[Number], Value]) -> Function:
    """A function of one number; NaN and NULL are open (EXPR-NFN-27)."""

    def function(arguments: Sequence[Value]) -> Value:
        one = number(first(arguments[0]))
        if one is None or isinstance(one, Open) or math.isnan(one):
            return OPEN
        return rule(one)

    return function


def _integer(value: int) -> Value:
    return value if long_min <= value <= long_max else OPEN


def _abs(value: Number) -> Value:
    positive = -value if value < 0 else value
    return _integer(positive) if isinstance(positive, int) else positive


def _sign(value: Number) -> Value:
    return (value > 0) - (value < 0)


def _whole(rounding: str) -> Callable[[Number], Value]:
    def rule(value: Number) -> Value:
        if isinstance(value, int):
            return value
        if not -long_max <= value <= long_max:
            return OPEN
        return int(Decimal(value).to_integral_value(rounding))

    return rule


def _round(arguments: Sequence[Value]) -> Value:
    """Open: exact halves (EXPR-NFN-19). Whether a rounded float is an integer is not said: it counts as a number of open kind."""
    value, places = number(first(arguments[0])), number(first(arguments[1])) if len(arguments) > 1 else 0
    if (
        not isinstance(value, (int, float, Decimal))
        or math.isnan(value)
        or not isinstance(places, int)
        or abs(places) > round_places_max
    ):
        return OPEN
    if (isinstance(value, int) and places >= 0) or not -long_max <= value <= long_max:
        return value if isinstance(value, int) else OPEN
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    with localcontext() as context:
        context.prec = 2 * numeral_digits_max
        if len(exact.as_tuple().digits) > numeral_digits_max or exact.adjusted() < -numeral_digits_max:
            return OPEN
        scaled = exact.scaleb(places)
        floor = scaled.to_integral_value(ROUND_FLOOR)
        if scaled - floor == Decimal("0.5"):
            return OPEN
        nearest = floor if scaled - floor < Decimal("0.5") else floor + 1
        return Decimal(int(nearest.scaleb(-places))) if places <= 0 else nearest.scaleb(-places)


def _extreme(operator: str) -> Function:
    """NaN if no argument is a number (EXPR-NFN-04); a mixture is open (EXPR-NFN-05)."""

    def function(arguments: Sequence[Value]) -> Value:
        found = [number(first(argument)) for argument in arguments]
        if OPEN in found:
            return OPEN
        numbers = [one for one in found if one is not None and not isinstance(one, Open) and not math.isnan(one)]
        if not numbers:
            return float("nan")
        return _best(operator, numbers) if len(numbers) == len(found) else OPEN

    return function


def _best(operator: str, values: Sequence[Scalar]) -> Value:
    """The first value than which no other is better; open if that is open."""
    best = values[0]
    for value in values[1:]:
        outcome = compare(operator, value, best)
        if outcome == TRUE:
            best = value
        elif outcome != FALSE or (type(value) is not type(best) and compare("=", value, best) != FALSE):
            return OPEN
    return best


# ---- arrays ------------------------------------------------------------------------------------------------------------------


def _of_array(rule: Callable[..., Value]) -> Function:
    """A function of a whole array; anything else is open (EXPR-AFN-07)."""

    def function(arguments: Sequence[Value]) -> Value:
        array, *others = arguments
        if not isinstance(array, tuple) or OPEN in array:
            return OPEN
        return rule(array, *map(first, others))

    return function


def _array_sum(array: tuple[Scalar, ...]) -> Value:
    """NULLs are ignored (EXPR-AFN-02)."""
    values = [one for one in array if one is not None]
    if not values or not all(isinstance(one, (int, Decimal)) and not isinstance(one, bool) for one in values):
        return OPEN
    total: Scalar = 0
    for one in values:
        total = arithmetic("+", total, one)
    return total


def _array_best(operator: str) -> Function:
    return _of_array(lambda array: OPEN if None in array else _best(operator, array))


def _array_to_string(array: tuple[Scalar, ...], delimiter: Scalar, null: Scalar) -> Value:
    if not isinstance(delimiter, bytes) or not isinstance(null, bytes):
        return OPEN
    texts = [null if one is None else text(one) for one in array]
    return OPEN if OPEN in texts else _string(delimiter.join(one for one in texts if isinstance(one, bytes)))


def _char_value(value: Number) -> Value:
    return bytes([value]) if isinstance(value, int) and 0 <= value <= 255 else OPEN


FUNCTIONS: Final[Mapping[str, Function]] = {
    "INSTR": _of_texts(lambda whole, part: whole.find(part) + 1),
    "INSTR_I": _of_texts(lambda whole, part: whole.lower().find(part.lower()) + 1, ascii_only=True),
    "STREQUAL_I": _of_texts(lambda one, other: one.lower() == other.lower(), ascii_only=True),
    "LENGTH": _of_texts(len),
    "UPPER": _of_texts(bytes.upper, ascii_only=True),
    "LOWER": _of_texts(bytes.lower, ascii_only=True),
    "REVERSE": _of_texts(lambda whole: whole[::-1]),
    "CONCAT": _concat,
    "SUBSTR": _of_text_and_integers(_substr),
    "LEFT": _of_text_and_integers(lambda whole, count: whole[:count] if 0 < count <= len(whole) else OPEN),
    "RIGHT": _of_text_and_integers(lambda whole, count: whole[-count:] if 0 < count <= len(whole) else OPEN),
    "TRIM": _of_texts(lambda whole, members=b" ": _string(whole.strip(members))),
    "LTRIM": _of_texts(lambda whole, members=b" ": _string(whole.lstrip(members))),
    "RTRIM": _of_texts(lambda whole, members=b" ": _string(whole.rstrip(members))),
    "REPLACE": _of_texts(_replace),
    "ABS": _of_number(_abs),
    "SIGN": _of_number(_sign),
    "CEILING": _of_number(_whole(ROUND_CEILING)),
    "FLOOR": _of_number(_whole(ROUND_FLOOR)),
    "ROUND": _round,
    "GREATEST": _extreme(">"),
    "LEAST": _extreme("<"),
    "ARRAY_COUNT": _of_array(len),
    "ARRAY_SUM": _of_array(_array_sum),
    "ARRAY_MAX": _array_best(">"),
    "ARRAY_MIN": _array_best("<"),
    "ARRAY_TO_STRING": _of_array(_array_to_string),
    "TRUE_VALUE": lambda _: True,
    "FALSE_VALUE": lambda _: False,
    "NAN_VALUE": lambda _: float("nan"),
    "CHAR_VALUE": _of_number(_char_value),
}
"""Name to what it does with as many arguments as it wants."""
