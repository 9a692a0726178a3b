"""What a correct server does at the places of the expression language where a single fault can sit (expressions.md §2 to §7).

`filters` consults each function where its behaviour stands: those about text and tree when a filter is compiled, the others for each
message. None knows of rules, scenarios or tests; `mutants` overrides one of them at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from reference_model.expression.syntax import Expr, Identifier, Number, String

from .arithmetic import compute
from .documents import Document, Path
from .scalars import Value, of_json, rank, to_number, to_text, to_truth

Truth = bool | None

WANTED: Final[dict[str, frozenset[int]]] = {
    "=": frozenset({0}),
    "==": frozenset({0}),
    "!=": frozenset({-1, 1}),
    "<>": frozenset({-1, 1}),
    "<": frozenset({-1}),
    "<=": frozenset({-1, 0}),
    ">": frozenset({1}),
    ">=": frozenset({0, 1}),
}
"""The ranks of left against right for which an operator is true."""


class Language:
    """The language as the documentation has it."""

    # ---- text and tree -------------------------------------------------------------------------------------------------------

    def filter_text(self, text: str) -> str:
        """The text that is parsed."""
        return text

    def node(self, expr: Expr) -> Expr:
        """One expression of the tree, before it is compiled."""
        return expr

    def knows_function(self, name: str, *, exists: bool) -> bool:
        """Whether a filter may call a function of this name; one that does not exist has no value."""
        del name
        return exists

    def string_value(self, literal: String) -> bytes:
        """The bytes that a string literal stands for."""
        return literal.value

    def number_value(self, literal: Number) -> int | Decimal:
        """The number that a literal stands for."""
        return literal.value

    # ---- values --------------------------------------------------------------------------------------------------------------

    def path(self, identifier: Identifier) -> Path:
        """Where the values of an identifier stand in a message."""
        return identifier.steps

    def leaves(self, document: Document, path: Path) -> Sequence[object]:
        """The scalars at a path of a message, in its order."""
        return document.leaves(path)

    def of_leaf(self, leaf: object) -> Value:
        """The value of a scalar of a message."""
        return of_json(leaf)

    def values(self, found: Sequence[Value]) -> Sequence[Value]:
        """The values of an identifier, in the order of the message."""
        return found

    def element(self, values: Sequence[Value], at: int) -> Sequence[Value]:
        """The values of an identifier with a subscript: one, or none."""
        return values[at : at + 1]

    def single(self, values: Sequence[Value]) -> Value:
        """The one value of an identifier for whatever does not look at each."""
        return values[0] if values else None

    def truth(self, value: Value) -> Truth:
        """The value as a condition."""
        return to_truth(value)

    def selects(self, truth: Truth) -> bool:
        """Whether a message with this value of its filter matches."""
        return truth is True

    def is_null(self, value: Value) -> bool:
        return value is None

    # ---- comparison ----------------------------------------------------------------------------------------------------------

    def wanted(self, operator: str) -> frozenset[int]:
        """The ranks for which a comparison is true."""
        return WANTED[operator]

    def rank(self, left: Value, right: Value) -> int | None:
        """The order of two values, None where there is none."""
        return rank(left, right)

    def compared(
        self, lefts: Sequence[Value], rights: Sequence[Value], wanted: frozenset[int], *, unequal: bool, unknown: Truth
    ) -> Truth:
        """A comparison: true if it is for any pair of values; `unknown` is its value for NULL."""
        result: Truth = False
        for one in lefts or (None,):
            for other in rights or (None,):
                order = self.rank(one, other)
                if order in wanted:
                    return True
                if order is None:
                    if one is None or other is None:
                        result = unknown
                    elif unequal:  # NaN is unequal to everything, itself included
                        return True
        return result

    def bounds(self) -> tuple[str, str]:
        """How BETWEEN compares with its lower and its upper bound."""
        return ">=", "<="

    # ---- logic ---------------------------------------------------------------------------------------------------------------

    def goes_on(self, truth: Truth, *, conjunction: bool) -> bool:
        """Whether the next operand of an AND (`conjunction`) or OR is looked at: this one does not decide."""
        return truth is conjunction

    def negation(self, truth: Truth) -> Truth:
        return None if truth is None else not truth

    # ---- texts ---------------------------------------------------------------------------------------------------------------

    def text(self, value: Value) -> bytes | None:
        """The text of a value that LIKE, BEGINS WITH and ENDS WITH look at."""
        return to_text(value)

    def any_text(self, texts: Sequence[bytes | None], test: Callable[[bytes], bool], *, unknown: Truth) -> Truth:
        """A test of texts: true if it is for any of them."""
        if any(text is not None and test(text) for text in texts):
            return True
        return unknown if None in texts or not texts else False

    def pattern(self, text: bytes) -> bytes:
        """What PCRE is given for the pattern of a LIKE."""
        return text

    def is_literal(self, pattern: String) -> bool:
        """Whether a pattern of LIKE is searched for as it stands."""
        return pattern.raw

    def begins(self, text: bytes, wanted: Sequence[bytes]) -> bool:
        return text.startswith(tuple(wanted))

    def ends(self, text: bytes, wanted: Sequence[bytes]) -> bool:
        return text.endswith(tuple(wanted))

    # ---- arithmetic ----------------------------------------------------------------------------------------------------------

    def number(self, value: Value) -> float | None:
        """The value as an operand."""
        return to_number(value)

    def computed(self, one: float | None, operator: str, other: float | None) -> Value:
        """The result of an operator; of NULL it is NULL."""
        return None if one is None or other is None else compute(one, operator, other)

    # ---- order ---------------------------------------------------------------------------------------------------------------

    def sorted_path(self, identifier: Identifier) -> Path:
        """Where the value of a term of an order stands in a message."""
        return identifier.steps

    def sorted_text(self, text: bytes) -> bytes:
        """What a text is sorted by."""
        return text


STANDARD: Final = Language()
