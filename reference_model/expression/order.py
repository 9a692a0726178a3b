"""The text of `orderby` (expressions.md §11): `orderby = term { "," term } ; term = identifier [ "ASC" | "DESC" ] [ "TEXT" ]`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from reference_model.expression.errors import ExpressionError
from reference_model.expression.syntax import Identifier
from reference_model.expression.tokens import read_identifier, skip_white

_WORD: Final = re.compile(r"[A-Za-z]++")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTerm:
    """One term: what to sort by, in which direction, and whether by text instead of by value."""

    identifier: Identifier
    descending: bool = False
    as_text: bool = False


def parse_order_by(text: str) -> tuple[OrderTerm, ...]:
    """The terms, the most important first. Raises ExpressionError, never settled: no reaction is stated (EXPR-ORD-15, EXPR-ORD-16)."""
    terms: list[OrderTerm] = []
    at = skip_white(text, 0)
    while True:
        term, at = _term(text, at)
        terms.append(term)
        if at == len(text):
            return tuple(terms)
        if text[at] != ",":
            raise ExpressionError(text, at, "ASC, DESC, TEXT, ',' or the end", settled=False)
        at = skip_white(text, at + 1)


def _term(text: str, at: int) -> tuple[OrderTerm, int]:
    if not text.startswith(("/", "["), at):
        raise ExpressionError(text, at, "an identifier", settled=False)
    try:
        identifier, at = read_identifier(text, at)
    except ExpressionError as error:
        raise ExpressionError(text, error.at, error.expected, settled=False) from None
    direction, at = _word(text, at, "ASC", "DESC")
    as_text, at = _word(text, at, "TEXT")
    return OrderTerm(identifier=identifier, descending=direction == "DESC", as_text=bool(as_text)), at


def _word(text: str, at: int, *words: str) -> tuple[str, int]:
    """The next word if it is one of these, and where the next thing begins."""
    at = skip_white(text, at)
    found = _WORD.match(text, at)
    if found is None or found.group() not in words:
        return "", at
    return found.group(), skip_white(text, found.end())
