"""`+ - * / % MOD` (expressions.md §4)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from reference_model.expression.values import OPEN, Number, Scalar, exact_double_max, long_max, long_min, number


def arithmetic(operator: str, left: Scalar, right: Scalar) -> Scalar:
    """The result for two scalars. Open: division by zero, overflow, NULL with NaN, signs of integer division (EXPR-NUM-19 to -23)."""
    one, other = number(left), number(right)
    if one is OPEN or other is OPEN:
        return OPEN
    if one is None or other is None:
        present = other if one is None else one
        return OPEN if isinstance(present, float) and math.isnan(present) else None
    if isinstance(one, int) and isinstance(other, int):
        return _integers(operator, one, other)
    return _doubles(operator, one, other)


_INTEGERS: Final[Mapping[str, Callable[[int, int], int]]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: one // other,
    "%": lambda one, other: abs(one) % abs(other) * (-1 if one < 0 else 1),
}

_DOUBLES: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: one / other,
}


def _integers(operator: str, one: int, other: int) -> Scalar:
    operator = "%" if operator == "MOD" else operator
    if max(one, other) > long_max or (operator in "/%" and other == 0):
        return OPEN
    if operator == "/" and one % other != 0 and (one < 0) is not (other < 0):
        return OPEN
    result = _INTEGERS[operator](one, other)
    return result if long_min <= result <= long_max else OPEN


def _doubles(operator: str, one: Number, other: Number) -> Scalar:
    if math.isnan(one) or math.isnan(other):
        return float("nan")
    if operator not in _DOUBLES or (operator == "/" and (other == 0 or _kind_open(one) or _kind_open(other))):
        return OPEN
    if any(isinstance(operand, int) and abs(operand) > exact_double_max for operand in (one, other)):
        return OPEN
    result = _DOUBLES[operator](float(one), float(other))
    return result if math.isfinite(result) else OPEN


def _kind_open(value: Number) -> bool:
    """A number written with an exponent and without a point may count as an integer (expressions.md §18, 7)."""
    exponent = value.as_tuple().exponent if isinstance(value, Decimal) else None
    return isinstance(exponent, int) and exponent >= 0
