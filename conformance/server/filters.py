"""Filters: the syntax tree of an expression compiled to closures over the scene of one message (expressions.md §5, §6).

Each expression has two readings: the list of its values, of which comparisons, LIKE and IN take any, and one value, the first of the
list, for everything else. Three-valued logic is as the documentation prints it: a NULL on the left of AND and OR decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, assert_never

import pcre2

from reference_model.expression.errors import ExpressionError
from reference_model.expression.parser import parse
from reference_model.expression.syntax import (
    Affix,
    And,
    Arithmetic,
    Between,
    Call,
    Comparison,
    Expr,
    Identifier,
    In,
    Is,
    Like,
    Not,
    Null,
    Number,
    Or,
    String,
    calls,
)

from .documents import Path
from .functions import FUNCTIONS
from .scalars import NAN, Value, in_range, is_nan, of_json, rank, to_number, to_text, to_truth
from .scene import Scene

One = Callable[[Scene], Value]
Many = Callable[[Scene], Sequence[Value]]
Truth = bool | None

_WANTED: Final[dict[str, frozenset[int]]] = {
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


class BadFilterError(ValueError):
    """The text does not compile to a filter."""


class Filter:
    """A compiled filter."""

    __slots__ = ("_evaluate", "text", "unsure")

    def __init__(self, text: str, *, null_is_false: bool = True) -> None:
        """Raises BadFilterError. `null_is_false`: the value of a comparison with NULL, FALSE or NULL (expressions.md §5.3)."""
        try:
            expr = parse(text)
            self._evaluate: Final = _Compiler(False if null_is_false else None).one(expr)
        except ExpressionError as error:
            raise BadFilterError(str(error)) from None
        self.text: Final = text
        self.unsure: Final = any(not FUNCTIONS[name.upper()].sure for name in calls(expr) if name.upper() in FUNCTIONS)

    def matches(self, scene: Scene) -> bool:
        """Whether the value is TRUE."""
        return to_truth(self._evaluate(scene)) is True


def values_at(scene: Scene, path: Path) -> tuple[Value, ...]:
    """The values at a path of the message, looked up once for each document."""
    known = scene.document.values
    found = known.get(path)
    if found is None:
        found = tuple(of_json(leaf) for leaf in scene.document.leaves(path))
        known[path] = found
    return found  # type: ignore[return-value]  # only this function fills `values`


class _Compiler:
    """`unknown`: what a comparison with NULL gives."""

    def __init__(self, unknown: Truth) -> None:
        self.unknown: Final = unknown

    def one(self, expr: Expr) -> One:
        match expr:
            case Number() | String() | Null():
                constant = _constant(expr)
                return lambda _: constant
            case Identifier():
                values = self.many(expr)
                return lambda scene: found[0] if (found := values(scene)) else None
            case Call():
                return self.call(expr)
            case Not(operand):
                inner = self.one(operand)
                return lambda scene: None if (truth := to_truth(inner(scene))) is None else not truth
            case And(operands):
                return _chain([self.one(operand) for operand in operands], goes_on=True)
            case Or(operands):
                return _chain([self.one(operand) for operand in operands], goes_on=False)
            case Comparison(left, operator, right):
                return self.comparison(self.many(left), operator, self.many(right))
            case Arithmetic(left, operator, right):
                return _arithmetic(self.one(left), operator, self.one(right))
            case _:
                return self.test(expr)

    def test(self, expr: Is | Between | In | Like | Affix) -> One:
        match expr:
            case Is(operand, what, negated):
                inner = self.one(operand)
                if what == "NULL":
                    return lambda scene: (inner(scene) is None) is not negated
                return lambda scene: is_nan(inner(scene)) is not negated
            case Between(operand, low, high, negated):
                subject = self.many(operand)
                above = self.comparison(subject, ">=", self.many(low))
                below = self.comparison(subject, "<=", self.many(high))
                return _perhaps_not(_chain([above, below], goes_on=True), negated=negated)
            case In(operand, elements, negated):
                subject = self.many(operand)
                equals = [self.comparison(subject, "=", self.many(element)) for element in elements]
                return _perhaps_not(_chain(equals, goes_on=False), negated=negated)
            case Like(operand, pattern, negated):
                return _perhaps_not(self.any_text(self.many(operand), _searcher(pattern)), negated=negated)
            case Affix():
                return self.affix(expr)
            case _ as never:
                assert_never(never)

    def many(self, expr: Expr) -> Many:
        """All values of an identifier; of anything else its one value."""
        if not isinstance(expr, Identifier):
            value = self.one(expr)
            return lambda scene: (value(scene),)
        if expr.topic is not None or expr.message_type is not None or expr.version is not None:
            raise BadFilterError("an identifier of a filter names the message itself")
        path, subscript = expr.steps, expr.subscript
        if subscript is None:
            return lambda scene: values_at(scene, path)
        return lambda scene: values_at(scene, path)[subscript : subscript + 1]

    def comparison(self, left: Many, operator: str, right: Many) -> One:
        wanted, unknown = _WANTED[operator], self.unknown
        unequal = operator in {"!=", "<>"}

        def compare(scene: Scene) -> Truth:
            result: Truth = False
            others = right(scene) or (None,)
            for one in left(scene) or (None,):
                for other in others:
                    order = rank(one, other)
                    if order in wanted:
                        return True
                    if order is None:
                        if one is None or other is None:
                            result = unknown
                        elif unequal:  # NaN is unequal to everything, itself included
                            return True
            return result

        return compare

    def any_text(self, subject: Many, test: Callable[[bytes], bool]) -> One:
        unknown = self.unknown

        def matches(scene: Scene) -> Truth:
            texts = [to_text(value) for value in subject(scene)]
            if any(text is not None and test(text) for text in texts):
                return True
            return unknown if None in texts or not texts else False

        return matches

    def affix(self, expr: Affix) -> One:
        subject = self.many(expr.operand)
        texts = [self.one(text) for text in expr.texts]
        begins = expr.where == "BEGINS"

        def test(scene: Scene) -> Truth:
            wanted = tuple(text for one in texts if (text := to_text(one(scene))) is not None)
            return self.any_text(subject, lambda text: text.startswith(wanted) if begins else text.endswith(wanted))(scene)  # type: ignore[return-value]  # any_text gives truths

        return _perhaps_not(test, negated=expr.negated)

    def call(self, expr: Call) -> One:
        name = expr.name.upper()
        if name == "IF":
            return self.choice(expr)
        function = FUNCTIONS.get(name)
        if function is None:
            raise BadFilterError(f"there is no function {expr.name}")
        count = len(expr.arguments)
        if count < function.least or (function.most is not None and count > function.most):
            raise BadFilterError(f"{expr.name} does not take {count} arguments")
        body = function.body
        if function.lists:
            lists = [self.many(argument) for argument in expr.arguments]
            return lambda scene: body(scene, [values(scene) for values in lists])
        arguments = [self.one(argument) for argument in expr.arguments]
        return lambda scene: body(scene, [argument(scene) for argument in arguments])

    def choice(self, expr: Call) -> One:
        if len(expr.arguments) != 3:
            raise BadFilterError("IF takes 3 arguments")
        condition, then, otherwise = (self.one(argument) for argument in expr.arguments)
        return lambda scene: then(scene) if to_truth(condition(scene)) is True else otherwise(scene)


def _constant(literal: Number | String | Null) -> Value:
    match literal:
        case Number(_, value):
            return in_range(value) if isinstance(value, int) else float(value)
        case String(_, _, text):
            return text or None
        case Null():
            return None


def _chain(operands: Sequence[One], *, goes_on: bool) -> One:
    """AND (`goes_on` True) and OR (False): the first operand that is not `goes_on` decides, NULL included; else the last."""

    def evaluate(scene: Scene) -> Truth:
        for operand in operands:
            truth = to_truth(operand(scene))
            if truth is not goes_on:
                return truth
        return goes_on

    return evaluate


def _perhaps_not(inner: One, *, negated: bool) -> One:
    if not negated:
        return inner
    return lambda scene: None if (truth := to_truth(inner(scene))) is None else not truth


def _searcher(pattern: String) -> Callable[[bytes], bool]:
    """The search of a LIKE pattern: a raw string is literal text, else the text as written goes to PCRE (expressions.md §2)."""
    text = pattern.body.encode(errors="surrogateescape")
    if pattern.raw:
        return lambda subject: text in subject
    try:
        compiled = pcre2.compile(text)
    except pcre2.LibraryError as error:
        raise BadFilterError(f"pattern: {error}") from None

    def search(subject: bytes) -> bool:
        try:
            return compiled.search(subject) is not None
        except pcre2.LibraryError:
            return False

    return search


def _arithmetic(left: One, operator: str, right: One) -> One:
    def compute(scene: Scene) -> Value:
        one, other = to_number(left(scene)), to_number(right(scene))
        if one is None or other is None:
            return None
        if isinstance(one, int) and isinstance(other, int):
            return _integers(one, operator, other)
        try:
            return _floats(float(one), operator, float(other))
        except (OverflowError, ZeroDivisionError, ValueError):
            return NAN

    return compute


def _integers(one: int, operator: str, other: int) -> Value:
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


def _floats(one: float, operator: str, other: float) -> float:
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
