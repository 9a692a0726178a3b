"""Order by (expressions.md §11): how two documents stand to each other."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from reference_model.expression.order import OrderTerm
from reference_model.expression.values import (
    FALSE,
    OPEN,
    TRUE,
    Scalar,
    compare,
    field,
    numeral,
    text,
)

SortKey = int | Decimal | bytes

_OUTCOMES: Final = ((-1, "<"), (0, "="), (1, ">"))


def sort_key(term: OrderTerm, tree: object) -> SortKey | None:
    """What a document is sorted by; None where its place is open.

    Open: NULLs (EXPR-ORD-14), arrays and their elements, booleans, objects, numeric strings in the mixed sort (EXPR-ORD-10), numbers
    with several texts.
    """
    found = field(tree, term.identifier.steps)
    if found is OPEN or term.identifier.subscript is not None or isinstance(found, (bool, tuple, float)):
        return None
    if term.as_text:
        written = text(found)
        return written if isinstance(written, bytes) else None
    if isinstance(found, bytes) and numeral(found) is not None:
        return None
    return found if isinstance(found, (int, Decimal, bytes)) else None


def compare_for_order(terms: Sequence[OrderTerm], a: object, b: object) -> int | None:
    """-1 if document `a` must come before `b`, 1 if after, 0 if they are equal in all terms (then either may, EXPR-ORD-12).

    None if that is open: a key that is open, or a number against text (EXPR-ORD-09).
    """
    for term in terms:
        one, other = sort_key(term, a), sort_key(term, b)
        if one is None or other is None or isinstance(one, bytes) is not isinstance(other, bytes):
            return None
        order = _order(one, other)
        if order is None:
            return None
        if order:
            return -order if term.descending else order
    return 0


def _order(one: Scalar, other: Scalar) -> int | None:
    for order, operator in _OUTCOMES:
        outcome = compare(operator, one, other)
        if outcome == TRUE:
            return order
        if outcome != FALSE:
            return None
    return None
