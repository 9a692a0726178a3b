"""Arithmetic of the expression language on two numbers (expressions.md §4). Conversions and NULL are the caller's."""

from __future__ import annotations

import math

from .scalars import NAN, Value, in_range


def compute(one: float, operator: str, other: float) -> Value:
    """Integers give integers; as soon as one is a double the result is a double. What has no result is NaN."""
    if isinstance(one, int) and isinstance(other, int):
        return integers(one, operator, other)
    try:
        return floats(float(one), operator, float(other))
    except (OverflowError, ZeroDivisionError, ValueError):
        return NAN


def integers(one: int, operator: str, other: int) -> Value:
    """The quotient loses its fraction; the remainder has the sign of the dividend."""
    match operator:
        case "+":
            return in_range(one + other)
        case "-":
            return in_range(one - other)
        case "*":
            return in_range(one * other)
    if other == 0:
        return NAN
    quotient = abs(one) // abs(other)
    if (one < 0) != (other < 0):
        quotient = -quotient
    return in_range(quotient if operator == "/" else one - quotient * other)


def floats(one: float, operator: str, other: float) -> float:
    """The remainder has the sign of the dividend."""
    match operator:
        case "+":
            return one + other
        case "-":
            return one - other
        case "*":
            return one * other
        case "/":
            return one / other
        case _:
            return math.fmod(one, other)
