"""AND, OR and NOT over sets of outcomes (expressions.md §5.3): a NULL left operand decides."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Final

from reference_model.expression.values import ANY, FALSE, TRUE, UNKNOWN, Truth

_OUTCOMES: Final = (TRUE, FALSE, UNKNOWN)


def _and(left: Truth, right: Truth) -> Truth:
    """The left value unless it is TRUE, else the right one (EXPR-LOG-01 to EXPR-LOG-05)."""
    return right if left == TRUE else left


def _or(left: Truth, right: Truth) -> Truth:
    """The left value unless it is FALSE, else the right one (EXPR-LOG-06 to EXPR-LOG-10)."""
    return right if left == FALSE else left


def _not(operand: Truth) -> Truth:
    """NOT of NULL stands in no table: NULL by SQL-92, TRUE if a NULL condition counts as false (EXPR-LOG-19)."""
    return {TRUE: FALSE, FALSE: TRUE, UNKNOWN: UNKNOWN | TRUE}[operand]


def _members(outcomes: Truth) -> tuple[Truth, ...]:
    return tuple(outcome for outcome in _OUTCOMES if outcomes & outcome)


def _lifted(rule: Callable[[Truth, Truth], Truth]) -> tuple[tuple[Truth, ...], ...]:
    def outcomes(left: Truth, right: Truth) -> Truth:
        result = 0
        for one, other in product(_members(left), _members(right)):
            result |= rule(one, other)
        return result

    return tuple(tuple(outcomes(left, right) for right in range(ANY + 1)) for left in range(ANY + 1))


AND: Final = _lifted(_and)
"""`AND[left][right]`: the outcomes for two sets of outcomes."""

OR: Final = _lifted(_or)
"""`OR[left][right]`, likewise."""

NOT: Final = tuple(outcomes[TRUE] for outcomes in _lifted(lambda operand, _: _not(operand)))
"""`NOT[operand]`, likewise."""
