"""Faults in the values of fields, in arithmetic, and in arrays."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from conformance.server.behaviour import Behaviour
from conformance.server.documents import Document, Path
from conformance.server.language import Truth
from conformance.server.mutants.mutant import Collection
from conformance.server.scalars import NAN, Value
from reference_model.expression.syntax import Arithmetic, Expr
from reference_model.rule import R

values: Final = Collection()

_BIT: Final = 2**63


# ---- what a field of a message is --------------------------------------------------------------------------------------------------


@values(
    R("EXPR-TYPE-02"),
    R("EXPR-NUM-04"),
    R("EXPR-LIT-17"),
    R("EXPR-LIT-18"),
    R("EXPR-TYPE-09"),
    R("EXPR-TYPE-03"),
    R("EXPR-NUM-06"),
    R("EXPR-BEG-08"),
    name="integers_are_doubles",
    text="integers of messages are doubles",
)
class _IntegersAreDoubles(Behaviour):
    def of_leaf(self, leaf: object) -> Value:
        return float(leaf) if isinstance(leaf, int) and not isinstance(leaf, bool) and abs(leaf) < _BIT else super().of_leaf(leaf)


@values(
    R("EXPR-TYPE-03"),
    R("EXPR-NUM-04"),
    R("EXPR-TYPE-02"),
    name="whole_doubles_are_integers",
    text="doubles of messages without fraction are integers",
)
class _WholeDoublesAreIntegers(Behaviour):
    def of_leaf(self, leaf: object) -> Value:
        return int(leaf) if isinstance(leaf, Decimal) and leaf.is_finite() and leaf == int(leaf) else super().of_leaf(leaf)


@values(R("EXPR-TYPE-04"), R("EXPR-CMP-21"), name="booleans_are_texts", text="booleans of messages are compared as texts")
class _BooleansAreTexts(Behaviour):
    def rank(self, left: Value, right: Value) -> int | None:
        return super().rank(*(str(one).lower().encode() if isinstance(one, bool) else one for one in (left, right)))


@values(R("EXPR-TYPE-05"), R("EXPR-NULL-06"), name="boolean_is_no_condition", text="a boolean field alone is no condition")
class _BooleanIsNoCondition(Behaviour):
    def single(self, values: Sequence[Value]) -> Value:
        value = super().single(values)
        return None if isinstance(value, bool) else value


@values(
    R("EXPR-TYPE-06"),
    R("EXPR-ARR-13"),
    R("EXPR-NULL-02"),
    R("EXPR-NULL-05"),
    R("EXPR-NULL-07"),
    R("EXPR-LIKE-18"),
    name="json_null_is_a_text",
    text="a JSON null is the text null",
)
class _JsonNullIsText(Behaviour):
    def of_leaf(self, leaf: object) -> Value:
        return b"null" if leaf is None else super().of_leaf(leaf)


@values(
    R("EXPR-TYPE-07"),
    R("EXPR-NULL-05"),
    R("EXPR-NUM-11"),
    R("EXPR-NULL-02"),
    name="missing_field_is_zero",
    text="a field that a message lacks is 0",
)
class _MissingFieldIsZero(Behaviour):
    def values(self, found: Sequence[Value]) -> Sequence[Value]:
        return found or (0,)


@values(
    R("EXPR-TYPE-08"),
    R("EXPR-NULL-04"),
    R("EXPR-NULL-05"),
    R("EXPR-NULL-07"),
    R("EXPR-NULL-08"),
    R("EXPR-LIKE-18"),
    name="empty_text_is_no_null",
    text="an empty text of a message is not NULL",
)
class _EmptyTextIsNoNull(Behaviour):
    def of_leaf(self, leaf: object) -> Value:
        return b"" if leaf == "" else super().of_leaf(leaf)


@values(
    R("EXPR-TYPE-09"), R("EXPR-LIT-17"), name="integers_wrap", text="integers of messages above the greatest signed one are negative"
)
class _IntegersWrap(Behaviour):
    def of_leaf(self, leaf: object) -> Value:
        value = super().of_leaf(leaf)
        return value - 2 * _BIT if isinstance(value, int) and value >= _BIT else value


@values(
    R("EXPR-TYPE-10"),
    R("EXPR-NUM-03"),
    R("EXPR-FLT-04"),
    R("EXPR-TYPE-12"),
    name="texts_are_no_numbers",
    text="texts do not convert to numbers in arithmetic",
)
class _TextsAreNoNumbers(Behaviour):
    def number(self, value: Value) -> float | None:
        return NAN if isinstance(value, bytes) else super().number(value)


@values(R("EXPR-TYPE-12"), name="exponents_in_texts_unknown", text="a text with an exponent says no number")
class _ExponentsInTextsUnknown(Behaviour):
    def number(self, value: Value) -> float | None:
        return NAN if isinstance(value, bytes) and b"e" in value.lower() else super().number(value)


@values(R("EXPR-TYPE-12"), name="minus_in_texts_unknown", text="a text with a minus says no number")
class _MinusInTextsUnknown(Behaviour):
    def number(self, value: Value) -> float | None:
        return NAN if isinstance(value, bytes) and value.startswith(b"-") else super().number(value)


# ---- arithmetic --------------------------------------------------------------------------------------------------------------------


def _operator(operators: str, result: Callable[[float, float], Value]) -> type[Behaviour]:
    class Operator(Behaviour):
        def computed(self, one: float | None, operator: str, other: float | None) -> Value:
            if one is None or other is None or math.isnan(one) or math.isnan(other) or operator not in operators.split():
                return super().computed(one, operator, other)
            return result(one, other)

    return Operator


values(
    R("EXPR-NUM-01"),
    R("EXPR-NUM-13"),
    R("EXPR-NUM-15"),
    R("EXPR-NULL-12"),
    R("EXPR-ARR-08"),
    R("EXPR-ARR-16"),
    name="plus_subtracts",
    text="+ subtracts",
)(_operator("+", lambda one, other: one - other))
values(
    R("EXPR-NUM-02"),
    R("EXPR-NUM-13"),
    R("EXPR-NUM-14"),
    R("EXPR-NUM-18"),
    R("EXPR-CMP-19"),
    R("EXPR-BTW-04"),
    name="minus_exchanged",
    text="- subtracts the left operand from the right one",
)(_operator("-", lambda one, other: other - one))
values(R("EXPR-NUM-03"), name="star_adds", text="* adds")(_operator("*", lambda one, other: one + other))
values(
    R("EXPR-NUM-04"),
    R("EXPR-TYPE-02"),
    R("EXPR-TYPE-03"),
    R("EXPR-NUM-06"),
    R("EXPR-NUM-14"),
    name="integers_divide_exactly",
    text="a division of integers keeps its fraction",
)(_operator("/", lambda one, other: one / other if other else NAN))
values(
    R("EXPR-NUM-05"),
    R("EXPR-NUM-06"),
    R("EXPR-TYPE-02"),
    R("EXPR-TYPE-03"),
    R("EXPR-NUM-04"),
    name="quotients_cut",
    text="a division of doubles loses its fraction",
)(_operator("/", lambda one, other: float(math.trunc(one / other)) if other and math.isfinite(one / other) else NAN))
values(
    R("EXPR-NUM-07"), R("EXPR-NUM-09"), R("EXPR-NUM-10"), R("EXPR-NUM-15"), name="remainder_is_quotient", text="% gives the quotient"
)(_operator("%", lambda one, other: int(one / other) if other else NAN))
values(R("EXPR-NUM-08"), R("EXPR-NUM-10"), R("EXPR-CMP-19"), name="mod_is_quotient", text="MOD gives the quotient")(
    _operator("MOD", lambda one, other: int(one / other) if other else NAN)
)
values(R("EXPR-NUM-09"), R("EXPR-NUM-10"), name="remainder_of_divisor", text="a remainder has the sign of the divisor")(
    _operator("% MOD", lambda one, other: one % other if other else NAN)
)
values(R("EXPR-NUM-10"), name="negative_divisor", text="a negative divisor makes the remainder negative")(
    _operator("% MOD", lambda one, other: math.copysign(1, other) * math.fmod(one, other) if other else NAN)
)


@values(R("EXPR-NUM-06"), name="whole_results_are_integers", text="a sum or product with a double is an integer if it has no fraction")
class _WholeResultsAreIntegers(Behaviour):
    def computed(self, one: float | None, operator: str, other: float | None) -> Value:
        result = super().computed(one, operator, other)
        return int(result) if isinstance(result, float) and operator in "+-*" and result.is_integer() else result


@values(
    R("EXPR-NUM-11"),
    R("EXPR-NUM-06"),
    R("EXPR-NULL-11"),
    R("EXPR-NULL-12"),
    name="null_counts_as_zero",
    text="NULL counts as 0 in arithmetic",
)
class _NullCountsAsZero(Behaviour):
    def number(self, value: Value) -> float | None:
        return super().number(value) or 0


@values(R("EXPR-NUM-14"), name="quotients_of_quotients", text="a division of a quotient divides what follows first")
class _QuotientsOfQuotients(Behaviour):
    def node(self, expr: Expr) -> Expr:
        match expr:
            case Arithmetic(Arithmetic(left, "/", middle), "/", right):
                return Arithmetic(left, "/", Arithmetic(middle, "/", right))
            case _:
                return expr


# ---- arrays ------------------------------------------------------------------------------------------------------------------------


@values(
    R("EXPR-ARR-01"),
    R("EXPR-IN-11"),
    R("EXPR-LIKE-17"),
    R("EXPR-IN-10"),
    name="first_element_only",
    text="of an array only the first element counts",
)
class _FirstElementOnly(Behaviour):
    def values(self, found: Sequence[Value]) -> Sequence[Value]:
        return found[:1]


@values(
    R("EXPR-ARR-02"),
    R("EXPR-ARR-04"),
    R("EXPR-ARR-07"),
    R("EXPR-ARR-03"),
    name="unequal_to_all",
    text="!= is true of an array only if all elements differ",
)
class _UnequalToAll(Behaviour):
    def compared(
        self, lefts: Sequence[Value], rights: Sequence[Value], wanted: frozenset[int], *, unequal: bool, unknown: Truth
    ) -> Truth:
        if unequal and super().compared(lefts, rights, frozenset({0}), unequal=False, unknown=unknown) is True:
            return False
        return super().compared(lefts, rights, wanted, unequal=unequal, unknown=unknown)


@values(
    R("EXPR-ARR-03"),
    R("EXPR-IN-12"),
    R("EXPR-IN-11"),
    R("EXPR-ID-10"),
    R("EXPR-ARR-01"),
    R("EXPR-ARR-02"),
    R("EXPR-ARR-04"),
    R("EXPR-ARR-11"),
    name="equal_to_all",
    text="= is true of an array only if all elements are equal",
)
class _EqualToAll(Behaviour):
    def compared(
        self, lefts: Sequence[Value], rights: Sequence[Value], wanted: frozenset[int], *, unequal: bool, unknown: Truth
    ) -> Truth:
        truths = [
            super(_EqualToAll, self).compared([one], rights, wanted, unequal=unequal, unknown=unknown) for one in lefts or (None,)
        ]
        return super().compared(lefts, rights, wanted, unequal=unequal, unknown=unknown) if all(truths) or wanted != {0} else False


@values(R("EXPR-ARR-04"), R("EXPR-IN-10"), name="right_array_first_only", text="of an array on the right only the first element counts")
class _RightArrayFirstOnly(Behaviour):
    def compared(
        self, lefts: Sequence[Value], rights: Sequence[Value], wanted: frozenset[int], *, unequal: bool, unknown: Truth
    ) -> Truth:
        return super().compared(lefts, rights[:1], wanted, unequal=unequal, unknown=unknown)


@values(
    R("EXPR-ARR-05"), R("EXPR-ID-10"), R("EXPR-LIKE-16"), R("EXPR-ID-11"), name="subscripts_from_one", text="subscripts count from 1"
)
class _SubscriptsFromOne(Behaviour):
    def element(self, values: Sequence[Value], at: int) -> Sequence[Value]:
        return super().element(values, max(at - 1, 0))


@values(R("EXPR-ARR-06"), name="subscript_stops_at_end", text="a subscript beyond the end gives the last element")
class _SubscriptStopsAtEnd(Behaviour):
    def element(self, values: Sequence[Value], at: int) -> Sequence[Value]:
        return super().element(values, min(at, len(values) - 1)) if values else values


@values(R("EXPR-ARR-08"), name="arithmetic_with_last_element", text="arithmetic takes the last element of an array")
class _LastElement(Behaviour):
    def single(self, values: Sequence[Value]) -> Value:
        return values[-1] if values else None


@values(
    R("EXPR-ARR-11"),
    R("EXPR-LIKE-17"),
    R("EXPR-ARR-01"),
    R("EXPR-ARR-05"),
    name="array_of_one_type",
    text="elements of an array of another type than the first one are lost",
)
class _ArrayOfOneType(Behaviour):
    def values(self, found: Sequence[Value]) -> Sequence[Value]:
        return [value for value in found if isinstance(value, bytes) == isinstance(found[0], bytes)]


@values(R("EXPR-ARR-13"), name="null_elements_are_zero", text="null in an array is 0")
class _NullElementsAreZero(Behaviour):
    def values(self, found: Sequence[Value]) -> Sequence[Value]:
        return [0 if value is None else value for value in found] if len(found) > 1 else found


@values(
    R("EXPR-ARR-07"),
    R("EXPR-NULL-02"),
    R("EXPR-NULL-03"),
    name="nothing_is_unequal",
    text="!= is true of a field without value",
)
class _NothingIsUnequal(Behaviour):
    def compared(
        self, lefts: Sequence[Value], rights: Sequence[Value], wanted: frozenset[int], *, unequal: bool, unknown: Truth
    ) -> Truth:
        return True if unequal and not lefts else super().compared(lefts, rights, wanted, unequal=unequal, unknown=unknown)


# ---- the fields of a message -------------------------------------------------------------------------------------------------------


@values(R("EXPR-ID-12"), name="last_of_equal_names", text="of several equal names in a JSON object the last one counts")
class _LastOfEqualNames(Behaviour):
    def leaves(self, document: Document, path: Path) -> Sequence[object]:
        try:
            tree = json.loads(document.body, parse_float=Decimal, parse_constant=str)
        except (ValueError, RecursionError):
            return super().leaves(document, path)
        return super().leaves(Document(document.body, tree=tree), path)


@values(R("EXPR-ID-10"), R("EXPR-ID-11"), name="array_of_objects_unseen", text="fields of objects in an array are not seen")
class _ArrayOfObjectsUnseen(Behaviour):
    def leaves(self, document: Document, path: Path) -> Sequence[object]:
        found = super().leaves(document, path)
        return found if len(path) == 1 or len(found) < 2 else ()


@values(R("EXPR-ID-11"), name="gaps_are_null", text="an object of an array that lacks the field leaves a NULL")
class _GapsAreNull(Behaviour):
    def leaves(self, document: Document, path: Path) -> Sequence[object]:
        tree = document.tree
        above = tree.get(path[0]) if isinstance(tree, dict) and len(path) == 2 else None
        if not isinstance(above, list) or not all(isinstance(element, dict) for element in above):
            return super().leaves(document, path)
        return [element.get(path[1]) for element in above]


@values(R("EXPR-FLT-13"), name="deep_field_is_zero", text="a field three levels deep that a message lacks is 0")
class _DeepFieldIsZero(Behaviour):
    def leaves(self, document: Document, path: Path) -> Sequence[object]:
        found = super().leaves(document, path)
        return found or (0,) if len(path) > 2 else found


@values(R("EXPR-ID-14"), name="last_field_unseen", text="the last of several fields of a message is not seen")
class _LastFieldUnseen(Behaviour):
    def leaves(self, document: Document, path: Path) -> Sequence[object]:
        tree = document.tree
        return () if isinstance(tree, dict) and len(tree) > 1 and path == (list(tree)[-1],) else super().leaves(document, path)
