"""Filters: the syntax tree of an expression compiled to closures over the scene of one message (expressions.md §5, §6).

Each expression has two readings: the list of its values, of which comparisons, LIKE and IN take any, and one value, the first of the
list, for everything else. Three-valued logic is as the documentation prints it: a NULL on the left of AND and OR decides.
"""

from __future__ import annotations

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
from .functions import FUNCTIONS, Function
from .language import STANDARD, Language, Truth
from .scalars import Value, in_range, is_nan, to_text
from .scene import Scene

One = Callable[[Scene], Value]
Many = Callable[[Scene], Sequence[Value]]


class BadFilterError(ValueError):
    """The text does not compile to a filter."""


class Filter:
    """A compiled filter."""

    __slots__ = ("_evaluate", "_language", "text", "unsure")

    def __init__(self, text: str, *, null_is_false: bool = True, language: Language = STANDARD) -> None:
        """Raises BadFilterError. `null_is_false`: the value of a comparison with NULL, FALSE or NULL (expressions.md §5.3)."""
        self._language: Final = language
        try:
            expr = parse(language.filter_text(text))
            self._evaluate: Final = _Compiler(language, False if null_is_false else None).one(expr)
        except ExpressionError as error:
            raise BadFilterError(str(error)) from None
        self.text: Final = text
        self.unsure: Final = any(not FUNCTIONS[name.upper()].sure for name in calls(expr) if name.upper() in FUNCTIONS)

    def matches(self, scene: Scene) -> bool:
        """Whether the value is TRUE."""
        return self._language.selects(self._language.truth(self._evaluate(scene)))


def values_at(scene: Scene, path: Path, language: Language) -> Sequence[Value]:
    """The values at a path of the message, looked up once for each document."""
    known = scene.document.values
    found = known.get(path)
    if found is None:
        found = tuple(language.values([language.of_leaf(leaf) for leaf in language.leaves(scene.document, path)]))
        known[path] = found
    return found  # type: ignore[return-value]  # only this function fills `values`


class _Compiler:
    """`unknown`: what a comparison with NULL gives."""

    def __init__(self, language: Language, unknown: Truth) -> None:
        self.language: Final = language
        self.unknown: Final = unknown

    def one(self, expr: Expr) -> One:
        language = self.language
        expr = language.node(expr)
        match expr:
            case Number() | String() | Null():
                constant = self.constant(expr)
                return lambda _: constant
            case Identifier():
                values = self.values(expr)
                return lambda scene: language.single(values(scene))
            case Call():
                return self.call(expr)
            case Not(operand):
                return self.negation(self.one(operand))
            case And(operands):
                return self.chain([self.one(operand) for operand in operands], conjunction=True)
            case Or(operands):
                return self.chain([self.one(operand) for operand in operands], conjunction=False)
            case Comparison(left, operator, right):
                return self.comparison(self.many(left), operator, self.many(right))
            case Arithmetic(left, operator, right):
                return self.arithmetic(self.one(left), operator, self.one(right))
            case _:
                return self.test(expr)

    def test(self, expr: Is | Between | In | Like | Affix) -> One:
        language = self.language
        match expr:
            case Is(operand, what, negated):
                inner = self.one(operand)
                if what == "NULL":
                    return lambda scene: language.is_null(inner(scene)) is not negated
                return lambda scene: is_nan(inner(scene)) is not negated
            case Between(operand, low, high, negated):
                subject = self.many(operand)
                from_, to = language.bounds()
                above = self.comparison(subject, from_, self.many(low))
                below = self.comparison(subject, to, self.many(high))
                return self.perhaps_not(self.chain([above, below], conjunction=True), negated=negated)
            case In(operand, elements, negated):
                subject = self.many(operand)
                equals = [self.comparison(subject, "=", self.many(element)) for element in elements]
                return self.perhaps_not(self.chain(equals, conjunction=False), negated=negated)
            case Like(operand, pattern, negated):
                return self.perhaps_not(self.any_text(self.many(operand), self.searcher(pattern)), negated=negated)
            case Affix():
                return self.affix(expr)
            case _ as never:
                assert_never(never)

    def values(self, expr: Identifier) -> Many:
        """All values of an identifier."""
        if expr.topic is not None or expr.message_type is not None or expr.version is not None:
            raise BadFilterError("an identifier of a filter names the message itself")
        language, path, subscript = self.language, self.language.path(expr), expr.subscript
        if subscript is None:
            return lambda scene: values_at(scene, path, language)
        return lambda scene: language.element(values_at(scene, path, language), subscript)

    def many(self, expr: Expr) -> Many:
        """All values of an identifier; of anything else its one value."""
        if isinstance(expr, Identifier):
            return self.values(expr)
        value = self.one(expr)
        return lambda scene: (value(scene),)

    def comparison(self, left: Many, operator: str, right: Many) -> One:
        language, wanted, unknown = self.language, self.language.wanted(operator), self.unknown
        unequal = operator in {"!=", "<>"}
        return lambda scene: language.compared(left(scene), right(scene), wanted, unequal=unequal, unknown=unknown)

    def chain(self, operands: Sequence[One], *, conjunction: bool) -> One:
        """AND and OR: the first operand that decides, NULL included; else the last."""
        language = self.language

        def evaluate(scene: Scene) -> Truth:
            truth: Truth = conjunction
            for operand in operands:
                truth = language.truth(operand(scene))
                if not language.goes_on(truth, conjunction=conjunction):
                    break
            return truth

        return evaluate

    def negation(self, inner: One) -> One:
        language = self.language
        return lambda scene: language.negation(language.truth(inner(scene)))

    def perhaps_not(self, inner: One, *, negated: bool) -> One:
        return self.negation(inner) if negated else inner

    def any_text(self, subject: Many, test: Callable[[bytes], bool]) -> Callable[[Scene], Truth]:
        language, unknown = self.language, self.unknown
        return lambda scene: language.any_text([language.text(value) for value in subject(scene)], test, unknown=unknown)

    def affix(self, expr: Affix) -> One:
        language, subject = self.language, self.many(expr.operand)
        texts = [self.one(text) for text in expr.texts]
        matches = language.begins if expr.where == "BEGINS" else language.ends

        def test(scene: Scene) -> Truth:
            wanted = [text for one in texts if (text := to_text(one(scene))) is not None]
            return self.any_text(subject, lambda text: matches(text, wanted))(scene)

        return self.perhaps_not(test, negated=expr.negated)

    def searcher(self, pattern: String) -> Callable[[bytes], bool]:
        """The search of a LIKE pattern: a raw string is literal text, else the text as written goes to PCRE (expressions.md §2)."""
        text = pattern.body.encode(errors="surrogateescape")
        if self.language.is_literal(pattern):
            return lambda subject: text in subject
        try:
            compiled = pcre2.compile(self.language.pattern(text))
        except pcre2.LibraryError as error:
            raise BadFilterError(f"pattern: {error}") from None

        def search(subject: bytes) -> bool:
            try:
                return compiled.search(subject) is not None
            except pcre2.LibraryError:
                return False

        return search

    def arithmetic(self, left: One, operator: str, right: One) -> One:
        language = self.language
        return lambda scene: language.computed(language.number(left(scene)), operator, language.number(right(scene)))

    def constant(self, literal: Number | String | Null) -> Value:
        match literal:
            case Number():
                value = self.language.number_value(literal)
                return in_range(value) if isinstance(value, int) else float(value)
            case String():
                return self.language.string_value(literal) or None
            case Null():
                return None

    def call(self, expr: Call) -> One:
        name, count = expr.name.upper(), len(expr.arguments)
        if name == "IF":
            return self.choice(expr)
        function = FUNCTIONS.get(name)
        if not self.language.knows_function(name, exists=function is not None):
            raise BadFilterError(f"there is no function {expr.name}")
        function = function or _NO_VALUE
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
        language = self.language
        condition, then, otherwise = (self.one(argument) for argument in expr.arguments)
        return lambda scene: then(scene) if language.truth(condition(scene)) is True else otherwise(scene)


_NO_VALUE: Final = Function(0, None, lambda _, __: None)
"""What a function that does not exist stands for, where it may be called all the same."""
