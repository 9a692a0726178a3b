"""The order of query results (expressions.md §11). Records that are equal in all terms stay in the order in which they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

from reference_model.expression.errors import ExpressionError
from reference_model.expression.order import OrderTerm, parse_order_by

from .filters import values_at
from .language import Language
from .scalars import Value, is_nan, number_in, to_text
from .scene import Scene

T = TypeVar("T")
SortKey = tuple[int, float, bytes]


def read_order(text: str) -> tuple[OrderTerm, ...] | None:
    """The terms of an `orderby`; None if it does not parse."""
    try:
        return parse_order_by(text)
    except ExpressionError:
        return None


def ordered(
    items: Sequence[T], terms: Sequence[OrderTerm], scene: Callable[[T], Scene], nulls: Literal["low", "high"], language: Language
) -> list[T]:
    """The items sorted by the terms, the first one most important."""
    result = list(items)
    for term in reversed(terms):

        def key(item: T, term: OrderTerm = term) -> SortKey:
            return _key(_value(scene(item), term, language), term.as_text, nulls, language)

        result.sort(key=key, reverse=term.descending)
    return result


def _value(scene: Scene, term: OrderTerm, language: Language) -> Value:
    values = values_at(scene, language.sorted_path(term.identifier), language)
    at = term.identifier.subscript or 0
    return values[at] if at < len(values) else None


def _key(value: Value, as_text: bool, nulls: Literal["low", "high"], language: Language) -> SortKey:
    """Numbers and texts that say numbers by value, then other texts by their bytes; NULL and NaN before or after all of them."""
    if value is None or is_nan(value):
        return (-1 if nulls == "low" else 3, 0 if value is None else 1, b"")
    if as_text:
        return (1, 0, language.sorted_text(to_text(value) or b""))
    if isinstance(value, bytes):
        number = number_in(value)
        return (2, 0, language.sorted_text(value)) if number is None else (0, number, b"")
    return (0, value, b"")
