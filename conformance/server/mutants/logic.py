"""Faults in comparisons, NULL, logic, IN and BETWEEN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from conformance.server.behaviour import Behaviour
from conformance.server.language import Truth
from conformance.server.mutants.mutant import Collection
from conformance.server.scalars import Value, to_number, to_text
from reference_model.expression.syntax import And, Arithmetic, Between, Comparison, Expr, Identifier, In, Is, Not, Null, Or, String
from reference_model.rule import R

logic: Final = Collection()


# ---- comparison --------------------------------------------------------------------------------------------------------------------


def _operator(operator: str, ranks: set[int]) -> type[Behaviour]:
    class Operator(Behaviour):
        def wanted(self, operator_: str) -> frozenset[int]:
            return frozenset(ranks) if operator_ == operator else super().wanted(operator_)

    return Operator


logic(R("EXPR-CMP-01"), name="equal_or_less", text="= is true of a smaller value too")(_operator("=", {-1, 0}))
logic(R("EXPR-CMP-02"), R("EXPR-NUM-15"), name="double_equal_or_greater", text="== is true of a greater value too")(
    _operator("==", {0, 1})
)
logic(
    R("EXPR-CMP-03"),
    R("EXPR-CMP-13"),
    R("EXPR-ARR-02"),
    R("EXPR-ARR-05"),
    R("EXPR-ARR-07"),
    R("EXPR-ARR-03"),
    R("EXPR-ARR-13"),
    name="unequal_is_less",
    text="!= is true of a smaller value only",
)(_operator("!=", {-1}))
logic(R("EXPR-CMP-04"), name="angles_are_greater", text="<> is true of a greater value only")(_operator("<>", {1}))
logic(
    R("EXPR-CMP-05"), R("EXPR-CMP-19"), R("EXPR-CMP-14"), R("EXPR-ARR-13"), name="less_or_equal", text="< is true of an equal value too"
)(_operator("<", {-1, 0}))
logic(
    R("EXPR-CMP-06"),
    R("EXPR-BTW-01"),
    R("EXPR-BTW-04"),
    R("EXPR-BTW-08"),
    R("EXPR-BTW-03"),
    name="at_most_is_less",
    text="<= is not true of an equal value",
)(_operator("<=", {-1}))
logic(
    R("EXPR-CMP-07"),
    R("EXPR-LIT-18"),
    R("EXPR-TYPE-09"),
    R("EXPR-CMP-21"),
    name="greater_or_equal",
    text="> is true of an equal value too",
)(_operator(">", {0, 1}))
logic(
    R("EXPR-CMP-08"),
    R("EXPR-BTW-01"),
    R("EXPR-NULL-04"),
    R("EXPR-LOG-23"),
    R("EXPR-BTW-02"),
    R("EXPR-BTW-03"),
    name="at_least_is_greater",
    text=">= is not true of an equal value",
)(_operator(">=", {1}))


@logic(R("EXPR-CMP-09"), name="numeric_texts_by_value", text="two texts that say numbers compare as numbers")
class _NumericTextsByValue(Behaviour):
    def rank(self, left: Value, right: Value) -> int | None:
        if isinstance(left, bytes) and isinstance(right, bytes):
            numbers = to_number(left), to_number(right)
            return super().rank(*numbers) if all(number == number for number in numbers) else super().rank(left, right)  # noqa: PLR0124 - only NaN differs from itself
        return super().rank(left, right)


@logic(R("EXPR-CMP-10"), R("EXPR-IN-03"), name="number_and_text_as_texts", text="a number and a text compare as texts")
class _NumberAndTextAsTexts(Behaviour):
    def rank(self, left: Value, right: Value) -> int | None:
        if isinstance(left, bytes) is not isinstance(right, bytes):
            return super().rank(to_text(left), to_text(right))
        return super().rank(left, right)


@logic(R("EXPR-CMP-11"), R("EXPR-CMP-12"), name="text_below_numbers", text="a text that says no number is less than every number")
class _TextBelowNumbers(Behaviour):
    def rank(self, left: Value, right: Value) -> int | None:
        order = super().rank(left, right)
        nans = [isinstance(one, bytes) and to_number(one) != to_number(one) for one in (left, right)]
        return (
            -order
            if order is not None and nans[0] is not nans[1] and not all(isinstance(one, bytes) for one in (left, right))
            else order
        )


@logic(
    R("EXPR-CMP-13"),
    R("EXPR-CMP-11"),
    R("EXPR-CMP-12"),
    name="text_equals_zero",
    text="a text that says no number is 0 beside a number",
)
class _TextEqualsZero(Behaviour):
    def rank(self, left: Value, right: Value) -> int | None:
        if isinstance(left, bytes) is isinstance(right, bytes):
            return super().rank(left, right)
        return super().rank(*(0 if isinstance(one, bytes) and to_number(one) != to_number(one) else one for one in (left, right)))


@logic(
    R("EXPR-CMP-14"),
    R("EXPR-TYPE-12"),
    R("EXPR-LIT-20"),
    R("EXPR-IN-02"),
    R("EXPR-BTW-03"),
    name="integer_is_no_double",
    text="an integer equals no double",
)
class _IntegerIsNoDouble(Behaviour):
    def rank(self, left: Value, right: Value) -> int | None:
        order = super().rank(left, right)
        return -1 if order == 0 and {type(left), type(right)} == {int, float} else order


@logic(
    R("EXPR-CMP-15"),
    R("EXPR-IN-06"),
    R("EXPR-LIT-10"),
    R("EXPR-CMP-16"),
    R("EXPR-BTW-08"),
    name="case_ignored",
    text="texts compare without regard to case",
)
class _CaseIgnored(Behaviour):
    def rank(self, left: Value, right: Value) -> int | None:
        return super().rank(*(one.lower() if isinstance(one, bytes) else one for one in (left, right)))


@logic(R("EXPR-CMP-16"), R("EXPR-BTW-08"), R("EXPR-CMP-09"), name="shorter_text_first", text="a shorter text is less than a longer one")
class _ShorterTextFirst(Behaviour):
    def rank(self, left: Value, right: Value) -> int | None:
        if isinstance(left, bytes) and isinstance(right, bytes) and len(left) != len(right):
            return -1 if len(left) < len(right) else 1
        return super().rank(left, right)


@logic(R("EXPR-CMP-17"), R("EXPR-IN-06"), name="blanks_trimmed", text="blanks at the ends of texts do not count")
class _BlanksTrimmed(Behaviour):
    def rank(self, left: Value, right: Value) -> int | None:
        return super().rank(*(one.strip(b" ") if isinstance(one, bytes) else one for one in (left, right)))


@logic(
    R("EXPR-CMP-18"),
    R("EXPR-LIT-23"),
    R("EXPR-NULL-03"),
    R("EXPR-ARR-04"),
    name="right_field_unseen",
    text="a field on the right of a comparison is not seen",
)
class _RightFieldUnseen(Behaviour):
    def node(self, expr: Expr) -> Expr:
        match expr:
            case Comparison(left, operator, Identifier()):
                return Comparison(left, operator, Null())
            case _:
                return expr


@logic(R("EXPR-CMP-21"), R("EXPR-TYPE-04"), name="true_is_minus_one", text="true compares as -1")
class _TrueIsMinusOne(Behaviour):
    def rank(self, left: Value, right: Value) -> int | None:
        return super().rank(*(-int(one) if isinstance(one, bool) else one for one in (left, right)))


# ---- NULL --------------------------------------------------------------------------------------------------------------------------


@logic(R("EXPR-NULL-03"), R("EXPR-LIT-22"), R("EXPR-TYPE-08"), R("EXPR-IN-04"), name="null_equals_null", text="NULL equals NULL")
class _NullEqualsNull(Behaviour):
    def rank(self, left: Value, right: Value) -> int | None:
        return 0 if left is None and right is None else super().rank(left, right)


@logic(
    R("EXPR-NULL-02"),
    R("EXPR-TYPE-08"),
    R("EXPR-NULL-03"),
    R("EXPR-ARR-07"),
    R("EXPR-ARR-13"),
    name="null_is_unequal",
    text="NULL is unequal to every value",
)
class _NullIsUnequal(Behaviour):
    def compared(
        self, lefts: Sequence[Value], rights: Sequence[Value], wanted: frozenset[int], *, unequal: bool, unknown: Truth
    ) -> Truth:
        if unequal and (None in (lefts or (None,)) or None in (rights or (None,))):
            return True
        return super().compared(lefts, rights, wanted, unequal=unequal, unknown=unknown)


@logic(R("EXPR-NULL-01"), name="null_is_equal", text="= is true of a field without value")
class _NullIsEqual(Behaviour):
    def compared(
        self, lefts: Sequence[Value], rights: Sequence[Value], wanted: frozenset[int], *, unequal: bool, unknown: Truth
    ) -> Truth:
        if wanted == {0} and None in (lefts or (None,)):
            return True
        return super().compared(lefts, rights, wanted, unequal=unequal, unknown=unknown)


@logic(
    R("EXPR-NULL-04"),
    R("EXPR-BTW-06"),
    R("EXPR-TYPE-08"),
    R("EXPR-NULL-02"),
    R("EXPR-NULL-03"),
    R("EXPR-NULL-12"),
    R("EXPR-ARR-07"),
    R("EXPR-ARR-13"),
    name="null_below_all",
    text="NULL is less than every value",
)
class _NullBelowAll(Behaviour):
    def rank(self, left: Value, right: Value) -> int | None:
        if (left is None) is (right is None):
            return super().rank(left, right)
        return -1 if left is None else 1


@logic(R("EXPR-NULL-12"), R("EXPR-NULL-03"), R("EXPR-NULL-02"), R("EXPR-NULL-04"), name="null_is_zero", text="NULL equals 0")
class _NullIsZero(Behaviour):
    def rank(self, left: Value, right: Value) -> int | None:
        return super().rank(*(0 if one is None else one for one in (left, right)))


@logic(R("EXPR-NULL-05"), R("EXPR-NULL-11"), R("EXPR-LOG-08"), name="is_null_is_false", text="IS NULL is never true")
class _IsNullIsFalse(Behaviour):
    def is_null(self, value: Value) -> bool:
        del value
        return False


@logic(
    R("EXPR-NULL-06"),
    R("EXPR-TYPE-06"),
    R("EXPR-NULL-07"),
    R("EXPR-NULL-08"),
    R("EXPR-LOG-02"),
    R("EXPR-LOG-16"),
    name="zero_is_null",
    text="IS NULL is true of 0 and false",
)
class _ZeroIsNull(Behaviour):
    def is_null(self, value: Value) -> bool:
        return not value


@logic(R("EXPR-NULL-07"), name="is_not_null_is_is_null", text="IS NOT NULL means IS NULL")
class _IsNotNullIsIsNull(Behaviour):
    def node(self, expr: Expr) -> Expr:
        return Is(expr.operand, expr.what) if isinstance(expr, Is) else expr


@logic(
    R("EXPR-NULL-11"),
    R("EXPR-LOG-03"),
    R("EXPR-LOG-07"),
    R("EXPR-LOG-08"),
    name="is_null_of_fields_only",
    text="IS NULL is true of fields only, not of expressions",
)
class _IsNullOfFieldsOnly(Behaviour):
    def node(self, expr: Expr) -> Expr:
        return (
            Is(String("x", raw=False, value=b"x"), expr.what)
            if isinstance(expr, Is) and not isinstance(expr.operand, Identifier)
            else expr
        )


# ---- logic -------------------------------------------------------------------------------------------------------------------------


@logic(R("EXPR-FLT-02"), R("EXPR-LOG-03"), name="null_selects", text="a filter that is NULL selects the message")
class _NullSelects(Behaviour):
    def selects(self, truth: Truth) -> bool:
        return truth is not False


@logic(R("EXPR-LOG-11"), name="and_takes_last", text="the last operand of an AND decides")
class _AndTakesLast(Behaviour):
    def goes_on(self, truth: Truth, *, conjunction: bool) -> bool:
        return conjunction or super().goes_on(truth, conjunction=conjunction)


@logic(R("EXPR-LOG-12"), name="or_takes_first", text="the first operand of an OR decides")
class _OrTakesFirst(Behaviour):
    def goes_on(self, truth: Truth, *, conjunction: bool) -> bool:
        return conjunction and super().goes_on(truth, conjunction=conjunction)


@logic(R("EXPR-LOG-06"), name="or_takes_last", text="the last operand of an OR decides")
class _OrTakesLast(Behaviour):
    def goes_on(self, truth: Truth, *, conjunction: bool) -> bool:
        return not conjunction or super().goes_on(truth, conjunction=conjunction)


@logic(
    R("EXPR-LOG-09"),
    R("EXPR-LOG-18"),
    R("EXPR-LOG-10"),
    name="null_passes_or",
    text="a NULL on the left of OR lets the right side decide",
)
class _NullPassesOr(Behaviour):
    def goes_on(self, truth: Truth, *, conjunction: bool) -> bool:
        return (truth is None and not conjunction) or super().goes_on(truth, conjunction=conjunction)


@logic(
    R("EXPR-LOG-04"),
    R("EXPR-FLT-02"),
    R("EXPR-LOG-05"),
    name="null_passes_and",
    text="a NULL on the left of AND lets the right side decide",
)
class _NullPassesAnd(Behaviour):
    def goes_on(self, truth: Truth, *, conjunction: bool) -> bool:
        return (truth is None and conjunction) or super().goes_on(truth, conjunction=conjunction)


@logic(R("EXPR-LOG-01"), R("EXPR-LOG-03"), name="null_is_true", text="NULL is true as a condition")
class _NullIsTrue(Behaviour):
    def truth(self, value: Value) -> Truth:
        return True if value is None else super().truth(value)


@logic(R("EXPR-LOG-13"), name="not_is_ignored", text="NOT changes nothing")
class _NotIgnored(Behaviour):
    def negation(self, truth: Truth) -> Truth:
        return truth


@logic(R("EXPR-LOG-02"), R("EXPR-LOG-13"), name="false_is_null", text="false counts as NULL in a condition")
class _FalseIsNull(Behaviour):
    def truth(self, value: Value) -> Truth:
        return super().truth(value) or None


# ---- IN and BETWEEN ----------------------------------------------------------------------------------------------------------------


@logic(
    R("EXPR-IN-01"),
    R("EXPR-IN-02"),
    R("EXPR-LOG-16"),
    R("EXPR-IN-07"),
    R("EXPR-IN-08"),
    R("EXPR-IN-11"),
    name="in_takes_first",
    text="only the first element of a list counts",
)
class _InTakesFirst(Behaviour):
    def node(self, expr: Expr) -> Expr:
        return In(expr.operand, expr.elements[:1], expr.negated) if isinstance(expr, In) else expr


@logic(R("EXPR-IN-05"), R("EXPR-IN-04"), name="null_in_list_refused", text="a list with a NULL is never matched")
class _NullInList(Behaviour):
    def node(self, expr: Expr) -> Expr:
        return In(Null(), expr.elements, expr.negated) if isinstance(expr, In) and Null() in expr.elements else expr


@logic(R("EXPR-IN-04"), R("EXPR-IN-05"), name="null_in_list_matches_all", text="a list with a NULL matches everything")
class _NullMatchesNull(Behaviour):
    def node(self, expr: Expr) -> Expr:
        return Not(In(expr.operand, ())) if isinstance(expr, In) and Null() in expr.elements else expr


@logic(R("EXPR-IN-07"), name="expressions_in_list_unseen", text="of a list only literals and fields count")
class _ExpressionsInList(Behaviour):
    def node(self, expr: Expr) -> Expr:
        if not isinstance(expr, In):
            return expr
        return In(expr.operand, tuple(Null() if isinstance(one, Arithmetic) else one for one in expr.elements), expr.negated)


@logic(R("EXPR-IN-08"), R("EXPR-IN-12"), name="not_in_is_in", text="NOT IN means IN")
class _NotInIsIn(Behaviour):
    def node(self, expr: Expr) -> Expr:
        return In(expr.operand, expr.elements) if isinstance(expr, In) else expr


@logic(
    R("EXPR-BTW-01"),
    R("EXPR-BTW-02"),
    R("EXPR-LOG-23"),
    R("EXPR-BTW-03"),
    name="between_excludes_lower",
    text="BETWEEN excludes its lower bound",
)
class _BetweenExcludesLower(Behaviour):
    def bounds(self) -> tuple[str, str]:
        return ">", "<="


@logic(
    R("EXPR-BTW-01"),
    R("EXPR-BTW-04"),
    R("EXPR-BTW-08"),
    R("EXPR-BTW-03"),
    name="between_excludes_upper",
    text="BETWEEN excludes its upper bound",
)
class _BetweenExcludesUpper(Behaviour):
    def bounds(self) -> tuple[str, str]:
        return ">=", "<"


@logic(R("EXPR-BTW-03"), name="not_between_is_between", text="NOT BETWEEN means BETWEEN")
class _NotBetween(Behaviour):
    def node(self, expr: Expr) -> Expr:
        return Between(expr.operand, expr.low, expr.high) if isinstance(expr, Between) else expr


@logic(R("EXPR-BTW-07"), name="between_exchanges_bounds", text="BETWEEN takes the smaller bound as the lower one")
class _BetweenExchangesBounds(Behaviour):
    def node(self, expr: Expr) -> Expr:
        match expr:
            case Between(operand, low, high, False):
                inside = And((Comparison(operand, ">=", low), Comparison(operand, "<=", high)))
                exchanged = And((Comparison(operand, ">=", high), Comparison(operand, "<=", low)))
                return Or((inside, exchanged))
            case _:
                return expr


@logic(R("EXPR-BTW-04"), name="between_of_expressions_is_false", text="BETWEEN is not true where an operand is no field or literal")
class _BetweenOfExpressions(Behaviour):
    def node(self, expr: Expr) -> Expr:
        if isinstance(expr, Between) and any(isinstance(one, Arithmetic) for one in (expr.operand, expr.low, expr.high)):
            return Between(expr.operand, Null(), Null(), expr.negated)
        return expr


@logic(R("EXPR-BTW-05"), name="condition_after_between_lost", text="what an AND adds to a BETWEEN is lost")
class _ConditionAfterBetween(Behaviour):
    def node(self, expr: Expr) -> Expr:
        match expr:
            case And((Between() as first, *_)):
                return first
            case _:
                return expr
