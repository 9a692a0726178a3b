"""Filters over documents: from a tree of syntax and a tree of values to an outcome (expressions.md §4 to §8).

Values that the documentation leaves open stay OPEN through whatever is done with them, truth is a set of outcomes; so `TRUE OR open` is
TRUE and nothing is ever guessed. Each kind of expression is either a truth or a value; the other view of it is derived.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from math import isnan
from typing import Any, Final

from reference_model.expression.evaluate.acceptance import static_doubts
from reference_model.expression.evaluate.arithmetic import arithmetic
from reference_model.expression.evaluate.functions import FUNCTIONS, regexp_match, regexp_replace
from reference_model.expression.evaluate.logic import AND, NOT, OR
from reference_model.expression.patterns import PatternError, PatternLimitError, search
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
from reference_model.expression.tokens import text_bytes
from reference_model.expression.values import (
    ANY,
    FALSE,
    NOT_TRUE,
    OPEN,
    TRUE,
    UNKNOWN,
    Scalar,
    Truth,
    Value,
    any_of,
    compare,
    element,
    elements,
    field,
    first,
    text,
)


def matches(expr: Expr, tree: object) -> bool | None:
    """Whether a filter selects a document (a tree of `payload.json`); None where the documentation leaves it open.

    Only true selects, not NULL (EXPR-FLT-01, EXPR-FLT-02). None also for filters that a server may refuse.
    """
    if static_doubts(expr):
        return None
    outcomes = truth(expr, tree)
    if outcomes == TRUE:
        return True
    return None if outcomes & TRUE else False


def truth(expr: Expr, tree: object) -> Truth:
    """The possible truth values of an expression."""
    rule = _TRUTHS.get(type(expr))
    if rule is not None:
        return rule(expr, tree)
    if isinstance(expr, Call) and expr.name == "IF" and len(expr.arguments) == 3:
        condition, chosen, other = expr.arguments
        outcomes = truth(condition, tree)
        return (truth(chosen, tree) if outcomes & TRUE else 0) | (truth(other, tree) if outcomes & ~TRUE else 0)
    return _truth_of(value(expr, tree))


def value(expr: Expr, tree: object) -> Value:
    """The value of an expression, OPEN where there are several."""
    rule = _VALUES.get(type(expr))
    if rule is not None:
        return rule(expr, tree)
    outcomes = truth(expr, tree)
    return {TRUE: True, FALSE: False, UNKNOWN: None}.get(outcomes, OPEN)


def _truth_of(one: Value) -> Truth:
    """Booleans, 0 and 1, and NULL; the truth of anything else is not described (EXPR-TYPE-05, EXPR-LOG-22, EXPR-NAN-06)."""
    if one is None:
        return UNKNOWN
    if isinstance(one, int) and 0 <= one <= 1:
        return TRUE if one else FALSE
    return ANY


# ---- values ------------------------------------------------------------------------------------------------------------------


def _identifier(expr: Identifier, tree: object) -> Value:
    if expr.version is not None or expr.topic is not None:
        return OPEN
    found = field(tree, expr.steps)
    return found if expr.subscript is None else element(found, expr.subscript)


def _arithmetic(expr: Arithmetic, tree: object) -> Value:
    return arithmetic(expr.operator, first(value(expr.left, tree)), first(value(expr.right, tree)))


def _call(expr: Call, tree: object) -> Value:
    match expr.name:
        case "IF":
            return _if(expr, tree)
        case "COALESCE":
            return _coalesce(expr, tree)
        case "REGEXP_MATCH" | "REGEXP_REPLACE":
            return _regexp(expr, tree)
    function = FUNCTIONS.get(expr.name)
    return OPEN if function is None else function([value(argument, tree) for argument in expr.arguments])


def _if(expr: Call, tree: object) -> Value:
    """The branch that is not chosen need not be evaluated (EXPR-IF-05). Of an array the first element, as in every function
    (EXPR-ARR-09)."""
    condition, chosen, other = expr.arguments
    outcomes = truth(condition, tree)
    if outcomes == TRUE:
        return first(value(chosen, tree))
    if not outcomes & TRUE:
        return first(value(other, tree))
    one, two = first(value(chosen, tree)), first(value(other, tree))
    return one if one == two and type(one) is type(two) else OPEN


def _coalesce(expr: Call, tree: object) -> Value:
    for argument in expr.arguments:
        one = first(value(argument, tree))
        if one is not None:
            return one
    return None


def _regexp(expr: Call, tree: object) -> Value:
    """The pattern must be an ordinary literal that says the same with its escapes resolved or handed on (EXPR-STR-31, EXPR-STR-33,
    EXPR-STR-34): no example shows, as those of LIKE do, that they are handed on."""
    whole = text(first(value(expr.arguments[0], tree)))
    pattern = expr.arguments[1]
    if not isinstance(whole, bytes) or not isinstance(pattern, String) or pattern.raw or not _same_when_resolved(pattern.body):
        return OPEN
    if expr.name == "REGEXP_MATCH":
        return regexp_match(whole, text_bytes(pattern.body))
    new = text(first(value(expr.arguments[2], tree)))
    return regexp_replace(whole, text_bytes(pattern.body), new) if isinstance(new, bytes) else OPEN


_VALUES: Final[Mapping[type, Callable[[Any, object], Value]]] = {
    Number: lambda expr, _: expr.value,
    String: lambda expr, _: expr.value or None,
    Null: lambda _, __: None,
    Identifier: _identifier,
    Arithmetic: _arithmetic,
    Call: _call,
}


# ---- truth -------------------------------------------------------------------------------------------------------------------


def _not(expr: Not, tree: object) -> Truth:
    return NOT[truth(expr.operand, tree)]


def _and(expr: And, tree: object) -> Truth:
    outcomes = TRUE
    for operand in expr.operands:
        outcomes = AND[outcomes][truth(operand, tree)]
        if not outcomes & TRUE:
            break
    return outcomes


def _or(expr: Or, tree: object) -> Truth:
    outcomes = FALSE
    for operand in expr.operands:
        if outcomes & UNKNOWN and isinstance(operand, And):
            return ANY  # one passage evaluates the AND first (EXPR-LOG-24)
        outcomes = OR[outcomes][truth(operand, tree)]
        if outcomes == TRUE:
            break
    return outcomes


def _comparison(expr: Comparison, tree: object) -> Truth:
    literal = isinstance(expr.left, String) or isinstance(expr.right, String)
    return compare(expr.operator, value(expr.left, tree), value(expr.right, tree), literal=literal)


def _is(expr: Is, tree: object) -> Truth:
    one = value(expr.operand, tree)
    outcome = _is_null(one) if expr.what == "NULL" else _is_nan(one)
    return NOT[outcome] if expr.negated else outcome


def _is_null(one: Value) -> Truth:
    """Open: arrays with NULL elements (EXPR-ARR-12), NaN (EXPR-NAN-03)."""
    if one is None:
        return TRUE
    if isinstance(one, tuple):
        return TRUE | FALSE if None in one or OPEN in one else FALSE
    return TRUE | FALSE if one is OPEN or (isinstance(one, float) and isnan(one)) else FALSE


def _is_nan(one: Value) -> Truth:
    """Open for anything but numbers: NULL (EXPR-NAN-03), text (expressions.md §18, 3)."""
    if isinstance(one, (int, float, Decimal)):
        return TRUE if isnan(one) else FALSE
    return TRUE | FALSE


def _between(expr: Between, tree: object) -> Truth:
    """Open: an array of which different elements satisfy the two halves (EXPR-BTW-09)."""
    one, low, high = value(expr.operand, tree), value(expr.low, tree), value(expr.high, tree)
    together = AND[compare(">=", one, low)][compare("<=", one, high)]
    each = any_of(AND[compare(">=", item, low)][compare("<=", item, high)] for item in elements(one))
    outcomes = together | each
    return NOT[outcomes] if expr.negated else outcomes


def _in(expr: In, tree: object) -> Truth:
    """A chain of `=` joined by OR (EXPR-IN-02)."""
    one = value(expr.operand, tree)
    literal = isinstance(expr.operand, String)
    outcomes = FALSE
    for each in expr.elements:
        equal = compare("=", one, value(each, tree), literal=literal or isinstance(each, String))
        outcomes = OR[outcomes][equal]
        if outcomes == TRUE:
            break
    return NOT[outcomes] if expr.negated else outcomes


def _like(expr: Like, tree: object) -> Truth:
    one = value(expr.operand, tree)
    body = text_bytes(expr.pattern.body)
    if not body:
        return ANY
    if expr.pattern.raw:
        return any_of(_on_text(item, lambda whole: body in whole) for item in elements(one))
    if not _same_in_every_reading(expr.pattern.body):
        return ANY
    return any_of(_on_text(item, lambda whole: search(body, whole) is not None) for item in elements(one))


def _affix(expr: Affix, tree: object) -> Truth:
    """Open: whether an array's first or any element counts (EXPR-BEG-09)."""
    one = value(expr.operand, tree)
    affixes: list[bytes] = []
    for each in expr.texts:
        affix = value(each, tree)
        affix = affix if isinstance(affix, tuple) else text(affix)
        if not isinstance(affix, bytes):
            return NOT_TRUE if one is None and not expr.negated else ANY
        affixes.append(affix)
    which = tuple(affixes)
    test: Callable[[bytes], bool]
    test = (lambda whole: whole.startswith(which)) if expr.where == "BEGINS" else (lambda whole: whole.endswith(which))
    of_each = [_on_text(item, test) for item in elements(one)]
    outcomes = of_each[0] | any_of(of_each)
    return NOT[outcomes] if expr.negated else outcomes


def _on_text(one: Scalar, test: Callable[[bytes], bool]) -> Truth:
    """A test of a value's text; NULL is not true (EXPR-LIKE-18, EXPR-BEG-07)."""
    whole = text(one)
    if whole is None:
        return NOT_TRUE
    if not isinstance(whole, bytes):
        return ANY
    try:
        return TRUE if test(whole) else FALSE
    except (PatternError, PatternLimitError):
        return ANY


_TRUTHS: Final[Mapping[type, Callable[[Any, object], Truth]]] = {
    Not: _not,
    And: _and,
    Or: _or,
    Comparison: _comparison,
    Is: _is,
    Between: _between,
    In: _in,
    Like: _like,
    Affix: _affix,
}


# ---- patterns ----------------------------------------------------------------------------------------------------------------

_SAFE_ESCAPE: Final = re.compile(
    r"\\(?:[!-/:-@\[\]-`{-~]|[1-9](?![0-9])|[aftnr]|x(?P<hex>[0-9A-Fa-f]{2})|(?P<octal>[0-3][0-7]{2}))",
)
"""A backslash before punctuation (but not another backslash), a back reference, a control character, a byte."""

_BYTE_ESCAPE: Final = re.compile(r"\\(?:['\"aftnr]|x[0-9A-Fa-f]{2}|[0-3][0-7]{2})")
"""A quote, a control character, a byte: the same whoever resolves it."""

_EXTENDED: Final = re.compile(r"\(\?[A-Za-z^]*x")


def _same_in_every_reading(body: str) -> bool:
    """Whether handing the escapes of a pattern on to the engine and resolving them first come to the same, or the documentation shows
    that they are handed on; other letters are open (EXPR-LIKE-27, expressions.md §18, 11).
    """
    at = body.find("\\")
    while at >= 0:
        found = _SAFE_ESCAPE.match(body, at)
        if found is None:
            return False
        byte = found["hex"] or found["octal"]
        if byte and not chr(int(byte, 16 if found["hex"] else 8)).isalnum():
            return False
        if found.group()[1] in "aftnr" and _EXTENDED.search(body):
            return False
        at = body.find("\\", found.end())
    return True


def _same_when_resolved(body: str) -> bool:
    """Whether the literal's own rules and the engine make the same of every escape of a pattern."""
    return "\\" not in _BYTE_ESCAPE.sub("", body) and _same_in_every_reading(body)
