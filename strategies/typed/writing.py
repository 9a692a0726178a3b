"""A tree as people write it: no more parentheses than the grammar needs, quotes and white space of all kinds.

Where the documentation leaves an order of evaluation open (chains of comparisons, `%` beside other operators) parentheses stay. The
other extreme, every parenthesis there is, is `reference_model.expression.render`.
"""

from __future__ import annotations

import re
from typing import Final, assert_never

from reference_model.expression.render import path_text
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
)
from strategies.atoms import Draws

OR, AND, NOT, COMPARISON, TEST, SUM, PRODUCT, PRIMARY = range(8)
"""The levels of expressions.md §3, from loose to tight."""

_BARE_QUOTE: Final = re.compile(r"(?:[^\"\\]|\\.)*+", re.DOTALL)
_BLANKS: Final = (" ", " ", " ", " ", "  ", "\t", "\n", "\r\n ")


def written(draws: Draws, expr: Expr) -> str:
    """A text that reads as this tree."""
    return _Writer(draws).at(expr, OR)


class _Writer:
    def __init__(self, draws: Draws) -> None:
        self.draws = draws
        self.odd = draws.chance(15)

    def blank(self) -> str:
        return self.draws.pick(_BLANKS) if self.odd else " "

    def at(self, expr: Expr, level: int) -> str:
        """The expression where one of at least this level may stand."""
        text, own = self.text(expr)
        return f"({text})" if own < level else text

    def text(self, expr: Expr) -> tuple[str, int]:
        blank = self.blank()
        match expr:
            case Number(text):
                return text, PRIMARY
            case Null():
                return "NULL", PRIMARY
            case String():
                return self.string(expr), PRIMARY
            case Identifier():
                return path_text(expr), PRIMARY
            case Call(name, arguments):
                return f"{name}({self.list(arguments)})", PRIMARY
            case Or(operands):
                return f"{blank}OR{blank}".join(self.at(operand, AND) for operand in operands), OR
            case And(operands):
                return f"{blank}AND{blank}".join(self.at(operand, NOT) for operand in operands), AND
            case Not(operand):
                return f"NOT{blank}{self.at(operand, NOT)}", NOT
            case Comparison(left, operator, right):
                return f"{self.at(left, TEST)}{blank}{operator}{blank}{self.at(right, TEST)}", COMPARISON
            case Arithmetic():
                return self.arithmetic(expr, blank)
            case _:
                return self.test(expr, blank), TEST

    def arithmetic(self, expr: Arithmetic, blank: str) -> tuple[str, int]:
        own = SUM if expr.operator in {"+", "-"} else PRODUCT
        left = self.at(expr.left, PRIMARY if _remainder(expr) or _remainder(expr.left) else own)
        right = self.at(expr.right, PRIMARY if _remainder(expr.right) or own == PRODUCT else PRODUCT)
        return f"{left}{blank}{expr.operator}{blank}{right}", own

    def test(self, expr: Is | Between | In | Like | Affix, blank: str) -> str:
        negation = f"NOT{blank}" if expr.negated else ""
        operand = self.at(expr.operand, TEST)
        match expr:
            case Is(what=what):
                return f"{operand}{blank}IS{blank}{negation}{what}"
            case Between(low=low, high=high):
                return f"{operand}{blank}{negation}BETWEEN{blank}{self.at(low, SUM)}{blank}AND{blank}{self.at(high, SUM)}"
            case In(elements=elements):
                return f"{operand}{blank}{negation}IN{blank}({self.list(elements)})"
            case Like(pattern=pattern):
                return f"{operand}{blank}{negation}LIKE{blank}{self.string(pattern)}"
            case Affix(where=where, texts=texts):
                bare = len(texts) == 1 and isinstance(texts[0], String) and self.draws.chance(40)
                inside = self.list(texts)
                return f"{operand}{blank}{negation}{where}{blank}WITH{blank}{inside if bare else f'({inside})'}"
            case _ as never:
                assert_never(never)

    def list(self, items: tuple[Expr, ...]) -> str:
        return ("," + self.blank()).join(self.at(item, OR) for item in items)

    def string(self, string: String) -> str:
        prefix = self.draws.pick(("r", "R")) if string.raw else ""
        double = '"' not in string.body if string.raw else _BARE_QUOTE.fullmatch(string.body) is not None
        single = "'" not in re.sub(r"\\.", "", string.body, flags=re.DOTALL) if not string.raw else "'" not in string.body
        quote = '"' if double and (not single or self.draws.chance(30)) else "'"
        return f"{prefix}{quote}{string.body}{quote}"


def _remainder(expr: Expr) -> bool:
    return isinstance(expr, Arithmetic) and expr.operator in {"%", "MOD"}
