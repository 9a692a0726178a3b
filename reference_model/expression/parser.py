"""From tokens to a tree: the grammar of expressions.md §3, one function a nonterminal.

Takes the documented language and those undocumented forms that are plainly meant; the latter are noted as doubts (`read`). Whether
functions exist, how many arguments they want and whether a pattern compiles is not a matter of grammar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NoReturn, cast

from reference_model.expression.errors import ExpressionError
from reference_model.expression.syntax import (
    Affix,
    And,
    Arithmetic,
    ArithmeticOperator,
    Between,
    Call,
    Comparison,
    ComparisonOperator,
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
)
from reference_model.expression.tokens import Kind, Token, Tokenizer
from reference_model.rule import R

height_max: Final = 40
"""Operators above each other in a tree (chains of AND and OR count once). It bounds the recursion of all who walk a tree."""

nesting_max: Final = 2 * height_max + 1
"""Expressions inside each other in a text: enough for any tree with all its parentheses (an IN has two pairs). The parser needs 7
Python frames for each, of the 1000 there are."""

_COMPARISONS: Final = (("==", "="), (">",), (">=",), ("<",), ("<=",), ("!=", "<>"))
"""From the tightest to the loosest: the documentation lists them 'in precedence order'."""

_ALL_COMPARISONS: Final = frozenset(operator for level in _COMPARISONS for operator in level)
_NEGATABLE: Final = frozenset({"BETWEEN", "IN", "LIKE", "BEGINS", "ENDS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An expression, and the rules that leave open whether a server must take the text or must take it so."""

    expr: Expr
    doubts: frozenset[R]


def parse(text: str) -> Expr:
    """The tree of a filter. Raises ExpressionError."""
    return read(text).expr


def read(text: str) -> Reading:
    """The tree of a filter, with what is doubtful about its text. Raises ExpressionError, in time linear in the text."""
    parser = _Parser(text)
    expr = parser.expression()
    parser.finish()
    return Reading(expr=expr, doubts=frozenset(parser.doubts))


class _Parser:
    """`token` is the next one; each method reads its nonterminal and leaves `token` behind it and `height` at that of its result."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = Tokenizer(source)
        self.doubts: set[R] = set()
        self.previous: Token | None = None
        self.token = self.tokens.next(None)
        self._note(self.token)
        self.nesting = 0
        self.height = 0

    # ---- moving on -----------------------------------------------------------------------------------------------------------

    def advance(self) -> Token:
        """Takes the next token."""
        token = self.token
        try:
            self.token = self.tokens.next(token)
        except ExpressionError as error:
            if error.settled and self.doubts:
                raise ExpressionError(error.source, error.at, error.expected, settled=False) from None
            raise
        self.previous = token
        self._note(self.token)
        return token

    def accept(self, *texts: str) -> Token | None:
        """Takes the next token if it is one of these keywords or operators."""
        token = self.token
        return self.advance() if token.value is None and token.text in texts else None

    def expect(self, text: str, expected: str | None = None) -> Token:
        """Takes this keyword or operator; anything else is an error."""
        return self.accept(text) or self.fail(expected or repr(text))

    def fail(self, expected: str, *, settled: bool = True) -> NoReturn:
        """Raises the error that something else stands here."""
        token, previous = self.token, self.previous
        # A bare name (EXPR-ID-02), a function of paths (EXPR-ID-03), division without white space: no reaction is stated. An empty
        # filter may count as none.
        touching = previous is not None and previous.ends_operand and previous.end == token.at
        strange = token.kind is Kind.NAME or (touching and (token.kind is Kind.IDENTIFIER or token.text == "("))
        empty = previous is None and token.kind is Kind.END
        raise ExpressionError(self.source, token.at, expected, settled=settled and not (self.doubts or strange or empty))

    def finish(self) -> None:
        """Nothing may follow."""
        if self.token.kind is not Kind.END:
            self.fail("an operator or the end")

    def _note(self, token: Token) -> None:
        if token.doubt is not None:
            self.doubts.add(token.doubt)

    def _grow(self, *heights: int) -> None:
        self.height = max(heights) + 1
        if self.height > height_max:
            self.fail(f"at most {height_max} operators above each other", settled=False)

    # ---- the grammar ---------------------------------------------------------------------------------------------------------

    def expression(self) -> Expr:
        """`expr = and_expr { "OR" and_expr }`"""
        self.nesting += 1
        if self.nesting > nesting_max:
            self.fail(f"at most {nesting_max - 1} parentheses inside each other", settled=False)
        operands = [self.conjunction()]
        height = self.height
        while self.accept("OR"):
            operands.append(self.conjunction())
            height = max(height, self.height)
        self.nesting -= 1
        if len(operands) == 1:
            return operands[0]
        self._grow(height)
        return Or(tuple(operands))

    def conjunction(self) -> Expr:
        """and_expr = not_expr { "AND" not_expr }"""
        operands = [self.negation()]
        height = self.height
        while self.accept("AND"):
            operands.append(self.negation())
            height = max(height, self.height)
        if len(operands) == 1:
            return operands[0]
        self._grow(height)
        return And(tuple(operands))

    def negation(self) -> Expr:
        """not_expr = "NOT" not_expr | cmp_ne"""
        negations = 0
        while self.accept("NOT"):
            negations += 1
            if negations > height_max:
                self.fail(f"at most {height_max} operators above each other", settled=False)
        expr = self.comparison()
        for _ in range(negations):
            self._grow(self.height)
            expr = Not(expr)
        return expr

    def comparison(self) -> Expr:
        """cmp_ne = cmp_le { ( "!=" | "<>" ) cmp_le } ;
        cmp_le = cmp_lt { "<=" cmp_lt } ; cmp_lt = cmp_ge { "<" cmp_ge } ; cmp_ge = cmp_gt { ">=" cmp_gt } ;
        cmp_gt = cmp_eq { ">" cmp_eq } ; cmp_eq = predicate { ( "==" | "=" ) predicate }
        """
        operands, heights, operators = [self.predicate()], [self.height], list[str]()
        while token := self.accept(*_ALL_COMPARISONS):
            operators.append(token.text)
            operands.append(self.predicate())
            heights.append(self.height)
            if len(operators) > height_max:
                self.fail(f"at most {height_max} operators above each other", settled=False)
        if len(operators) > 1:
            self.doubts.add(R("EXPR-CMP-20"))
        for level in _COMPARISONS:
            place = 0
            while place < len(operators):
                if operators[place] not in level:
                    place += 1
                    continue
                self._grow(heights[place], heights.pop(place + 1))
                heights[place] = self.height
                operator = cast("ComparisonOperator", operators.pop(place))
                operands[place] = Comparison(operands[place], operator, operands.pop(place + 1))
        self.height = heights[0]
        return operands[0]

    def predicate(self) -> Expr:
        """`predicate = sum { test }`"""
        expr = self.sum()
        while True:
            test = self.test(expr)
            if test is None:
                return expr
            expr = test

    def test(self, operand: Expr) -> Expr | None:
        """`test = "IS" [ "NOT" ] ( "NULL" | "NAN" ) | "NOT" "NULL" | [ "NOT" ] ( between | in | like | affix )`

        None if no test begins here.
        """
        height = self.height
        if self.accept("IS"):
            negated = self.accept("NOT") is not None
            what = self.accept("NULL", "NAN") or self.fail("NULL or NAN")
            if negated and what.text == "NAN":
                self.doubts.add(R("EXPR-NAN-04"))
            self._grow(height)
            return Is(operand, "NAN" if what.text == "NAN" else "NULL", negated)
        negated = self.accept("NOT") is not None
        if negated and self.accept("NULL"):
            self.doubts.add(R("EXPR-NULL-09"))
            self._grow(height)
            return Is(operand, "NULL", negated=True)
        token = self.accept(*_NEGATABLE)
        if token is None:
            if negated:
                self.fail("NULL, IN, BETWEEN, LIKE, BEGINS or ENDS")
            return None
        match token.text:
            case "BETWEEN":
                return self.between(operand, height, negated=negated)
            case "IN":
                elements = self.list(height)
                return In(operand, elements, negated)
            case "LIKE":
                return self.like(operand, height, negated=negated)
            case _:
                return self.affix(operand, height, token.text, negated=negated)

    def between(self, operand: Expr, height: int, *, negated: bool) -> Expr:
        """`between = "BETWEEN" sum "AND" sum`"""
        low = self.sum()
        height = max(height, self.height)
        self.expect("AND")
        high = self.sum()
        self._grow(height, self.height)
        return Between(operand, low, high, negated)

    def like(self, operand: Expr, height: int, *, negated: bool) -> Expr:
        """`like = "LIKE" ( string | raw_string )`"""
        pattern = self.token.value
        if not isinstance(pattern, String):
            # Refusal of anything else is expected, not stated (EXPR-LIKE-14); where no operand can stand it is a plain error.
            self.fail("a quoted pattern", settled=self.token.kind is Kind.END)
        self.advance()
        if negated:
            self.doubts.add(R("EXPR-LIKE-25"))
        self._grow(height)
        return Like(operand, pattern, negated)

    def affix(self, operand: Expr, height: int, where: str, *, negated: bool) -> Expr:
        """`affix = ( "BEGINS" | "ENDS" ) "WITH" ( "(" expr { "," expr } ")" | string )`"""
        self.expect("WITH")
        texts: tuple[Expr, ...]
        if isinstance(self.token.value, String):
            texts = (self.token.value,)
            self.advance()
            self._grow(height)
        else:
            texts = self.list(height)
        return Affix(operand, "BEGINS" if where == "BEGINS" else "ENDS", texts, negated)

    def list(self, height: int) -> tuple[Expr, ...]:
        """`list = "(" expr { "," expr } ")"; the height becomes that of a node with this list and an operand of `height``"""
        self.expect("(", "a list in parentheses")
        elements = [self.expression()]
        height = max(height, self.height)
        while self.accept(","):
            elements.append(self.expression())
            height = max(height, self.height)
        self.expect(")", "',' or ')'")
        self._grow(height)
        return tuple(elements)

    def sum(self) -> Expr:
        """`sum = product { ( "+" | "-" ) product }`"""
        expr, remainders = self.product()
        height = self.height
        while token := self.accept("+", "-"):
            right, more = self.product()
            if remainders or more:
                self.doubts.add(R("EXPR-NUM-22"))
            remainders = remainders or more
            self._grow(height, self.height)
            height = self.height
            expr = Arithmetic(expr, cast("ArithmeticOperator", token.text), right)
        return expr

    def product(self) -> tuple[Expr, bool]:
        """`product = primary { ( "*" | "/" | "%" | "MOD" ) primary }; and whether `%` or `MOD` is among them`"""
        expr = self.primary()
        height, operators = self.height, set[str]()
        while token := self.accept("*", "/", "%", "MOD"):
            operators.add(token.text)
            right = self.primary()
            self._grow(height, self.height)
            height = self.height
            expr = Arithmetic(expr, cast("ArithmeticOperator", token.text), right)
        remainders = bool(operators & {"%", "MOD"})
        if remainders and len(operators) > 1:
            self.doubts.add(R("EXPR-NUM-22"))
        return expr, remainders

    def primary(self) -> Expr:
        """`primary = number | string | raw_string | "NULL" | identifier | call | "(" expr ")"`"""
        token = self.token
        self.height = 0
        match token.value:
            case Identifier() as identifier:
                self.advance()
                return self.version(identifier)
            case Number() | String() as literal:
                self.advance()
                return literal
            case None:
                pass
        if self.accept("NULL"):
            return Null()
        if self.accept("("):
            expr = self.expression()
            self.expect(")", "an operator or ')'")
            return expr
        if token.kind is Kind.NAME or token.text == "IF":
            return self.call()
        # A sign before anything but a number and NOT inside an operand are not described.
        return self.fail("an operand", settled=token.text not in {"+", "-", "NOT"})

    def version(self, identifier: Identifier) -> Identifier:
        """`versioned = identifier [ "OF" ( "CURRENT" | "PREVIOUS" ) ]`"""
        if not self.accept("OF"):
            return identifier
        token = self.accept("CURRENT", "PREVIOUS") or self.fail("CURRENT or PREVIOUS")
        version = cast("Literal['CURRENT', 'PREVIOUS']", token.text)
        return Identifier(identifier.steps, identifier.subscript, version, identifier.topic, identifier.message_type)

    def call(self) -> Call:
        """`call = name "(" [ expr { "," expr } ] ")"; IF is a name here`"""
        name = self.advance().text
        if self.token.text != "(":
            self.fail("'(' after the name of a function", settled=False)
        self.advance()
        arguments: list[Expr] = []
        height = 0
        if not self.accept(")"):
            arguments.append(self.expression())
            height = self.height
            while self.accept(","):
                arguments.append(self.expression())
                height = max(height, self.height)
            self.expect(")", "',' or ')'")
        self._grow(height)
        return Call(name, tuple(arguments))
