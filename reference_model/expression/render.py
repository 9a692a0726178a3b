"""From a tree back to text, with parentheses around every operator: nothing is left to precedence.

A chain of AND, or of OR, gets one pair: the order of combining does not matter for them.
"""

from __future__ import annotations

import re
from typing import Final, assert_never

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

_PLAIN_STEP: Final = re.compile(r"\w[\w.\-]*")
_BARE_QUOTE: Final = re.compile(r"(?:[^'\\]|\\.)*+'", re.DOTALL)


def render(expr: Expr) -> str:
    """A text that `parser.parse` reads as the same tree, for every tree that has one (names without `]`, heights within bounds)."""
    match expr:
        case Number(text):
            return text
        case Null():
            return "NULL"
        case String():
            return _string(expr)
        case Identifier():
            return path_text(expr)
        case Call(name, arguments):
            return f"{name}({_list(arguments)})"
        case And(operands):
            return f"({' AND '.join(map(render, operands))})"
        case Or(operands):
            return f"({' OR '.join(map(render, operands))})"
        case Not(operand):
            return f"(NOT {render(operand)})"
        case Comparison(left, operator, right) | Arithmetic(left, operator, right):
            return f"({render(left)} {operator} {render(right)})"
        case _:
            return _test(expr)


def _test(expr: Is | Between | In | Like | Affix) -> str:
    negation = "NOT " if expr.negated else ""
    operand = render(expr.operand)
    match expr:
        case Is(what=what):
            return f"({operand} IS {negation}{what})"
        case Between(low=low, high=high):
            return f"({operand} {negation}BETWEEN {render(low)} AND {render(high)})"
        case In(elements=elements):
            return f"({operand} {negation}IN ({_list(elements)}))"
        case Like(pattern=pattern):
            return f"({operand} {negation}LIKE {_string(pattern)})"
        case Affix(where=where, texts=texts):
            return f"({operand} {negation}{where} WITH ({_list(texts)}))"
        case _ as never:
            assert_never(never)


def _list(items: tuple[Expr, ...]) -> str:
    return ", ".join(map(render, items))


def _string(string: String) -> str:
    if string.raw:
        quote = '"' if "'" in string.body else "'"
        return f"r{quote}{string.body}{quote}"
    quote = '"' if _BARE_QUOTE.match(string.body) else "'"
    return f"{quote}{string.body}{quote}"


def path_text(identifier: Identifier) -> str:
    """The text of a path, in brackets where a name needs them."""
    *inner, last = identifier.steps
    plain = all(map(_PLAIN_STEP.fullmatch, [*inner, last.removeprefix("@")]))
    pieces = [f"[{name}]." for name in (identifier.message_type, identifier.topic) if name is not None]
    pieces.append(identifier.path if plain else f"[{identifier.path}]")
    if identifier.subscript is not None:
        pieces.append(f"[{identifier.subscript}]")
    if identifier.version is not None:
        pieces.append(f" OF {identifier.version}")
    return "".join(pieces)
