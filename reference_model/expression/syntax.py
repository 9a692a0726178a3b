"""The tree of an expression: small frozen values that say what was written and nothing about what it means.

Operators keep their spelling (`==` or `=`). Parentheses leave no node. `AND` and `OR` hold a whole chain, since the order of combining
does not matter for them in any reading (expressions.md §5.3); other operators are binary and lean to the left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, assert_never

ComparisonOperator = Literal["==", "=", "!=", "<>", "<", "<=", ">", ">="]
ArithmeticOperator = Literal["+", "-", "*", "/", "%", "MOD"]


@dataclass(frozen=True, slots=True)
class Number:
    """A numeric literal: its text, and its exact value, int without a point and Decimal with one."""

    text: str
    value: int | Decimal


@dataclass(frozen=True, slots=True)
class String:
    """A string literal: the text between the quotes as written, whether it is raw, and the bytes that it stands for.

    As a pattern of LIKE `body` counts, not `value` (expressions.md §2).
    """

    body: str
    raw: bool
    value: bytes


@dataclass(frozen=True, slots=True)
class Null:
    """The literal NULL."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """A path of at least one step, perhaps with an array subscript, a version (`OF CURRENT`) and qualifiers."""

    steps: tuple[str, ...]
    subscript: int | None = None
    version: Literal["CURRENT", "PREVIOUS"] | None = None
    topic: str | None = None
    message_type: str | None = None

    @property
    def path(self) -> str:
        """`/a/b`, whatever form it was written in."""
        return "/" + "/".join(self.steps)


@dataclass(frozen=True, slots=True)
class Call:
    """A function call, `IF` included; the name as written."""

    name: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Not:
    operand: Expr


@dataclass(frozen=True, slots=True)
class And:
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Or:
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    left: Expr
    operator: ComparisonOperator
    right: Expr


@dataclass(frozen=True, slots=True)
class Arithmetic:
    left: Expr
    operator: ArithmeticOperator
    right: Expr


@dataclass(frozen=True, slots=True)
class Is:
    """`operand IS [NOT] NULL` or `IS [NOT] NAN`."""

    operand: Expr
    what: Literal["NULL", "NAN"]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    operand: Expr
    low: Expr
    high: Expr
    negated: bool = False


@dataclass(frozen=True, slots=True)
class In:
    operand: Expr
    elements: tuple[Expr, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Like:
    operand: Expr
    pattern: String
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Affix:
    """`operand [NOT] BEGINS WITH (texts)` or `ENDS WITH (texts)`."""

    operand: Expr
    where: Literal["BEGINS", "ENDS"]
    texts: tuple[Expr, ...]
    negated: bool = False


Expr = Number | String | Null | Identifier | Call | Not | And | Or | Comparison | Arithmetic | Is | Between | In | Like | Affix


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside, in the order of writing."""
    match expr:
        case Number() | String() | Null() | Identifier():
            return ()
        case Call(arguments=inner) | And(inner) | Or(inner):
            return inner
        case Not(operand) | Is(operand):
            return (operand,)
        case Comparison(left, _, right) | Arithmetic(left, _, right):
            return (left, right)
        case Between(operand, low, high):
            return (operand, low, high)
        case In(operand, inner) | Affix(operand, _, inner):
            return (operand, *inner)
        case Like(operand, pattern):
            return (operand, pattern)
        case _ as never:
            assert_never(never)


def walk(expr: Expr) -> Iterator[Expr]:
    """Every expression in the tree, from the outside to the inside."""
    waiting = [expr]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(children(one)))


def references(expr: Expr) -> frozenset[str]:
    """The paths (`/a/b`) of all identifiers, without subscripts and qualifiers."""
    return frozenset(one.path for one in walk(expr) if isinstance(one, Identifier))


def calls(expr: Expr) -> frozenset[str]:
    """The names of all functions that are called, as written."""
    return frozenset(one.name for one in walk(expr) if isinstance(one, Call))
