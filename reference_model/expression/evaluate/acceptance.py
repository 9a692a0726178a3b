"""Whether a text must be taken as a filter, must be refused, or may be either (expressions.md §13)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from reference_model.expression.errors import ExpressionError
from reference_model.expression.parser import Reading, read
from reference_model.expression.patterns import PatternError, check
from reference_model.expression.signatures import AGGREGATES, OPTIONAL, SIGNATURES
from reference_model.expression.syntax import Call, Expr, Identifier, Is, Like, String, walk
from reference_model.expression.tokens import text_bytes
from reference_model.rule import Because, R

cached_filters_max: Final = 1024
"""Filters whose static doubts are remembered; a scenario has a few dozen."""

_ESCAPE: Final = re.compile(r"\\([4-7][0-7]{2}|.)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """What becomes of a filter text. `expr`: its tree, None if it has none. `refused`: True (must fail), False (must be taken) or None.

    `because`: the rules that demand the refusal, or that leave it open.
    """

    expr: Expr | None
    refused: bool | None
    because: Because


def accept(text: str) -> Acceptance:
    """The acceptance of a filter text, as long as no user-defined functions are configured."""
    try:
        reading = read(text)
    except ExpressionError as error:
        return _unreadable(text, error)
    unknown = sorted(name for name in _called(reading) if name not in SIGNATURES)
    aggregates = AGGREGATES.intersection(unknown)
    if aggregates and not reading.doubts:
        return Acceptance(expr=reading.expr, refused=True, because=(R("EXPR-FLT-17"), R("EXPR-FLT-08")))
    if any(name.upper() not in SIGNATURES and name.upper() not in OPTIONAL | AGGREGATES for name in unknown) and not reading.doubts:
        return Acceptance(expr=reading.expr, refused=True, because=(R("EXPR-FLT-15"), R("EXPR-FLT-08")))
    doubts = reading.doubts | static_doubts(reading.expr)
    return Acceptance(expr=reading.expr, refused=None if doubts else False, because=tuple(sorted(doubts)))


def _called(reading: Reading) -> Iterator[str]:
    return (one.name for one in walk(reading.expr) if isinstance(one, Call))


def _unreadable(text: str, error: ExpressionError) -> Acceptance:
    if not error.settled:
        return Acceptance(expr=None, refused=None, because=())
    about_identifier = "bracket" in error.expected or "subscript" in error.expected
    because = (R("EXPR-FLT-14"), R("EXPR-FLT-08")) if about_identifier and "[" in text else (R("EXPR-FLT-08"),)
    return Acceptance(expr=None, refused=True, because=because)


@lru_cache(maxsize=cached_filters_max)
def static_doubts(expr: Expr) -> frozenset[R]:
    """The rules that leave open, whatever the message, whether this tree is taken or what it means."""
    return frozenset(doubt for one in walk(expr) for doubt in _doubts(one))


def _doubts(expr: Expr) -> Iterator[R]:
    match expr:
        case Like(pattern=pattern) if not pattern.raw and not _compiles(text_bytes(pattern.body)):
            yield R("EXPR-LIKE-15")
        case Like(negated=True):
            yield R("EXPR-LIKE-25")
        case Is(what="NAN", negated=True):
            yield R("EXPR-NAN-04")
        case String(body, raw):
            if (raw and body.endswith("\\")) or (not raw and any(len(found[1]) > 1 for found in _ESCAPE.finditer(body))):
                # A raw string that may go on behind its quote; three octal digits that are more than a byte.
                yield R("EXPR-LIT-11")
        case Identifier(version=version, topic=topic) if version or topic:
            yield R("EXPR-ID-03")  # for views and enrichment only; no rule says what a filter makes of it
        case Call(name) if name not in SIGNATURES:
            yield R("EXPR-FLT-15")
        case Call(name, arguments) if not _fits(SIGNATURES[name], len(arguments)):
            yield R("EXPR-FLT-16")
        case _:
            pass


def _fits(counts: tuple[int, int | None], count: int) -> bool:
    least, most = counts
    return least <= count and (most is None or count <= most)


def _compiles(pattern: bytes) -> bool:
    try:
        check(pattern)
    except PatternError:
        return False
    return True
