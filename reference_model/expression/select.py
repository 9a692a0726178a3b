"""The text of a select list (expressions.md §10): `directive { "," directive }`, `directive = ( "+" | "-" ) ( identifier | "/" )`.

What a list does to a message is not said here.
"""

from __future__ import annotations

from dataclasses import dataclass

from reference_model.expression.errors import ExpressionError
from reference_model.expression.tokens import read_path, skip_white


@dataclass(frozen=True, slots=True)
class Directive:
    """Include or exclude what a path covers; the empty path is `/`, which covers everything."""

    include: bool
    path: tuple[str, ...]


def parse_select(text: str) -> tuple[Directive, ...]:
    """The directives between the brackets of `select=[…]`, as written, repeated ones too.

    Raises ExpressionError, never settled: what becomes of a malformed list is not stated (EXPR-SEL-22).
    """
    directives: list[Directive] = []
    at = skip_white(text, 0)
    while True:
        directive, at = _directive(text, at)
        directives.append(directive)
        at = skip_white(text, at)
        if at == len(text):
            return tuple(directives)
        if text[at] != ",":
            raise ExpressionError(text, at, "',' or the end", settled=False)
        at = skip_white(text, at + 1)


def _directive(text: str, at: int) -> tuple[Directive, int]:
    if not text.startswith(("+", "-"), at):
        raise ExpressionError(text, at, "'+' or '-'", settled=False)
    include = text[at] == "+"
    at += 1
    if not text.startswith(("/", "["), at):
        raise ExpressionError(text, at, "a path", settled=False)
    after = skip_white(text, at + 1)
    if text[at] == "/" and (after == len(text) or text[after] == ","):
        return Directive(include, ()), after
    try:
        path, at = read_path(text, at)
    except ExpressionError as error:
        raise ExpressionError(text, error.at, error.expected, settled=False) from None
    return Directive(include, path), at
