"""Conditions that hold for a document, or do not, as wanted: each test is aimed at the value that its operand has there.

The model's evaluator says what an operand is worth. Where it leaves that open, or where nothing can be aimed, the test is drawn anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Final, Literal

from hypothesis import strategies as st

from reference_model.expression.evaluate import truth, value
from reference_model.expression.syntax import (
    Affix,
    And,
    Between,
    Call,
    Comparison,
    ComparisonOperator,
    Expr,
    In,
    Is,
    Like,
    Not,
    Number,
    Or,
)
from reference_model.expression.values import FALSE, TRUE
from strategies.atoms import Draws, HypothesisDraws
from strategies.typed import values
from strategies.typed.documents import INTEGERS, NUMERALS, TEXTS, Document, document
from strategies.typed.values import About, literal, nothing, number_literal, string_of

DEPTH_MAX: Final = 4

HOLDS: Final[dict[ComparisonOperator, tuple[int, ...]]] = {
    "=": (0,), "==": (0,), "!=": (-1, 1), "<>": (-1, 1), "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1),
}  # fmt: skip
"""How the left side stands to the right one where an operator holds."""

OPERATORS: Final = tuple(HOLDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A condition, and the document that it was drawn for."""

    expr: Expr
    tree: Document


def pair(draws: Draws) -> Pair:
    """A condition and a document that it matches in about half of all cases."""
    tree = document(draws)
    return Pair(expr=condition(draws, About(tree), draws.pick((0, 0, 1, 1, 2, 2, 3, DEPTH_MAX)), draws.chance(50)), tree=tree)


def pairs() -> st.SearchStrategy[Pair]:
    """The same for Hypothesis."""
    return st.composite(lambda draw: pair(HypothesisDraws(draw)))()


def condition(draws: Draws, about: About, depth: int, want: bool) -> Expr:
    """A condition that is mostly TRUE for the document (`want`), or mostly not."""
    if depth <= 0:
        return _atom(draws, about, 0, want)
    inner = depth - 1
    kind = draws.below(16)
    if kind < 3:
        return Not(condition(draws, about, inner, not want))
    if kind < 8:
        return _chain(draws, about, inner, want, is_and=draws.chance(50))
    if kind == 8:
        chosen, other = condition(draws, about, inner, want), condition(draws, about, inner, want)
        return Call("IF", (condition(draws, about, inner, draws.chance(50)), chosen, other))
    if kind == 9:
        holds = draws.chance(50)
        one = number_literal(1 if holds is want else 0)
        return Comparison(condition(draws, about, inner, holds), draws.pick(("=", "==")), one)
    if kind == 10:
        return Is(condition(draws, about, inner, draws.chance(50)), "NULL", negated=want)
    return _atom(draws, about, inner, want)


def _chain(draws: Draws, about: About, depth: int, want: bool, *, is_and: bool) -> Expr:
    """AND that is not wanted, and OR that is, have one operand that decides, anywhere."""
    count = draws.pick((2, 2, 3))
    wanted = [is_and] * count
    if want is not is_and:
        wanted[draws.below(count)] = not is_and
    operands = tuple(condition(draws, about, depth, each) for each in wanted)
    flat: list[Expr] = []
    for operand in operands:  # a chain holds its operands side by side
        flat += operand.operands if isinstance(operand, And if is_and else Or) else (operand,)
    return And(tuple(flat)) if is_and else Or(tuple(flat))


def _atom(draws: Draws, about: About, depth: int, want: bool) -> Expr:
    """A test; mostly one that comes out as wanted, at times any."""
    wanted = TRUE if want else FALSE
    for _ in range(draws.pick((0, 3, 3, 3, 3, 3))):
        expr = _any_atom(draws, about, depth, want)
        if truth(expr, about.tree) == wanted:
            return expr
    return _any_atom(draws, about, depth, want)


def _any_atom(draws: Draws, about: About, depth: int, want: bool) -> Expr:
    depth = min(DEPTH_MAX, depth + draws.pick((0, 0, 1, 1, 2)))  # operands may be deep where the condition is not
    kind = draws.below(24)
    if kind == 0:
        return _truth(draws, about, want)
    if kind < 3:
        return _null_test(draws, about, depth, want)
    if kind < 5:
        return _array_test(draws, about, want)
    if kind == 5:
        if draws.chance(50):
            return Comparison(nothing(draws, about), draws.pick(OPERATORS), values.number(draws, about, depth, condition))
        return Comparison(values.text(draws, about, depth, condition), draws.pick(OPERATORS), nothing(draws, about))
    if kind == 6:
        operand = draws.pick((values.number, values.text))
        return Is(operand(draws, about, depth, condition) if draws.chance(70) else Call("NAN_VALUE", ()), "NAN")
    if kind < 16:
        return _number_test(draws, about, depth, want)
    return _text_test(draws, about, depth, want)


def _truth(draws: Draws, about: About, want: bool) -> Expr:
    """A bare operand, or a boolean against 1 and 0."""
    field: Expr = draws.pick((*about.paths["boolean"], *about.paths["nothing"][:1]))
    if draws.chance(15):
        return Call("TRUE_VALUE" if want else "FALSE_VALUE", ())
    found = value(field, about.tree)
    if draws.chance(40):
        return field if found is want else Not(field)
    return Comparison(field, draws.pick(("=", "!=", "==")), number_literal(1 if want is bool(found) else 0))


def _null_test(draws: Draws, about: About, depth: int, want: bool) -> Expr:
    kind = draws.below(3)
    operand = nothing(draws, about) if kind == 0 else (values.text if kind == 1 else values.number)(draws, about, depth, condition)
    is_null = value(operand, about.tree) is None
    return Is(operand, "NULL", negated=is_null is not want)


# ---- numbers -----------------------------------------------------------------------------------------------------------------


def _as_number(found: object) -> int | Decimal | None:
    """A value as a number, if it is one without doubt."""
    if isinstance(found, bool):
        return int(found)
    if isinstance(found, int | Decimal):
        return found
    if isinstance(found, float) and isfinite(found):
        return Decimal(repr(found))
    return None


def _beside(draws: Draws, number: int | Decimal, order: int) -> Number:
    """A literal to which a number stands like that: -1 below, 0 equal, 1 above."""
    step = draws.pick((1, 1, 2, 5))
    if order == 0:
        return number_literal(number)
    other = number - order * step
    return number_literal(other if -(2**53) < other < 2**53 else number)


def _orders(draws: Draws, operator: ComparisonOperator, want: bool) -> int:
    holding = HOLDS[operator]
    return draws.pick(holding if want else [order for order in (-1, 0, 1) if order not in holding])


def _number_test(draws: Draws, about: About, depth: int, want: bool) -> Expr:
    operand = values.number(draws, about, depth, condition)
    found = value(operand, about.tree)
    known = _as_number(found)
    number: int | Decimal = draws.pick(INTEGERS) if known is None else known
    kind = draws.below(10)
    if kind == 0:
        negated = draws.chance(35)
        inside = want is not negated
        low, high = (_beside(draws, number, draws.pick((0, 1))), _beside(draws, number, draws.pick((-1, 0))))
        if not inside:
            low, high = (_beside(draws, number, -1), _beside(draws, number, -1)) if draws.chance(50) else (high, low)
        return Between(operand, low, high, negated)
    if kind < 3:
        negated = draws.chance(35)
        elements: list[Expr] = [number_literal(draws.pick(INTEGERS[:8])) for _ in range(draws.pick((0, 1, 2)))]
        elements = [one for one in elements if not (isinstance(one, Number) and one.value == number)]
        if want is not negated:
            elements.insert(draws.below(len(elements) + 1), number_literal(number))
        if draws.chance(10):
            elements.append(nothing(draws, about))
        return In(operand, tuple(elements) or (_beside(draws, number, 1),), negated)
    operator = draws.pick(OPERATORS)
    if kind == 3:  # a field or another sum on the other side: nothing to aim at but its own value
        other = values.number(draws, about, depth, condition)
        second = _as_number(value(other, about.tree))
        if second is not None:
            order = (number > second) - (number < second)
            fitting = [one for one, holding in HOLDS.items() if (order in holding) is want]
            return Comparison(operand, draws.pick(fitting), other)
    if kind == 4:  # a text that says no number is greater than any
        return Comparison(operand, draws.pick(("<", "<=", "!=") if want else (">", ">=", "=")), string_of(draws, draws.pick(TEXTS)))
    if kind == 5 and operator not in {"=", "==", "!=", "<>"}:
        return Comparison(operand, operator, string_of(draws, draws.pick(NUMERALS)))
    literal = _beside(draws, number, _orders(draws, operator, want))
    if draws.chance(25):
        mirrored: dict[ComparisonOperator, ComparisonOperator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
        return Comparison(literal, mirrored.get(operator, operator), operand)
    return Comparison(operand, operator, literal)


# ---- texts -------------------------------------------------------------------------------------------------------------------


def _beside_text(draws: Draws, text: str, order: int) -> str:
    """A text to which this one stands like that."""
    if order == 0:
        return text
    if order > 0:
        return text[:-1] if len(text) > 1 and draws.chance(50) else "!" + text
    return text + draws.pick(("a", " ", "z")) if draws.chance(60) else "~" + text


def _text_test(draws: Draws, about: About, depth: int, want: bool) -> Expr:
    operand = values.text(draws, about, depth, condition)
    text = values.known_text(operand, about) or draws.pick(TEXTS)
    kind = draws.below(12)
    if kind < 2:
        pattern = values.pattern(draws)
        if draws.chance(70):  # a part of the text itself, or of another one
            piece = text if want else draws.pick(TEXTS) + "q"
            piece = piece[: draws.pick((1, 2, 9))]
            safe = "".join(f"\\{char}" if char in r"\.+*?()[]{}^$|#" else char for char in piece)
            anchored = draws.pick(("{}", "^{}", "(?s)^{}.*$")).format(safe)
            raw = "'" not in piece and draws.chance(30)
            pattern = literal(piece, raw=True) if raw else literal(anchored.replace("'", "\\'"))
        return Like(operand, pattern)
    if kind < 5:
        return _affix(draws, operand, text, want)
    if kind < 7:
        negated = draws.chance(35)
        elements: list[Expr] = [string_of(draws, one) for one in draws.some(TEXTS, draws.pick((0, 1, 2))) if one != text]
        if want is not negated:
            elements.insert(draws.below(len(elements) + 1), string_of(draws, text))
        return In(operand, tuple(elements) or (string_of(draws, text + "!"),), negated)
    if kind == 7:
        negated = draws.chance(35)
        bounds = (_beside_text(draws, text, 1), _beside_text(draws, text, -1))
        low, high = bounds if want is not negated else bounds[::-1]
        return Between(operand, string_of(draws, low), string_of(draws, high), negated)
    if kind == 8:
        other = text.swapcase() if want else text + "q"
        same = Call("STREQUAL_I", (operand, string_of(draws, other)))
        return same if draws.chance(50) else Comparison(same, "=", number_literal(1))
    operator = draws.pick(OPERATORS)
    return Comparison(operand, operator, string_of(draws, _beside_text(draws, text, _orders(draws, operator, want))))


def _affix(draws: Draws, operand: Expr, text: str, want: bool) -> Expr:
    where: Literal["BEGINS", "ENDS"] = draws.pick(("BEGINS", "ENDS"))
    negated = draws.chance(35)
    size = draws.pick((1, 2, len(text)))
    own = text[:size] if where == "BEGINS" else text[-size:]
    found = [draws.pick(TEXTS) + "~" for _ in range(draws.below(3))]
    if want is not negated:
        found.insert(draws.below(len(found) + 1), own)
    return Affix(operand, where, tuple(string_of(draws, one) for one in found or ["~" + own]), negated)


# ---- arrays ------------------------------------------------------------------------------------------------------------------


def _array_test(draws: Draws, about: About, want: bool) -> Expr:
    """A comparison or IN of which one element decides; a LIKE; an array on both sides."""
    array = draws.pick(about.paths["array"])
    found = value(array, about.tree)
    items = [item for item in found if isinstance(item, int | bytes)] if isinstance(found, tuple) else []
    item = draws.pick(items) if items else 1
    kind = draws.below(8)
    if kind == 0:
        return Comparison(array, draws.pick(OPERATORS), draws.pick(about.paths["array"]))
    if kind == 1:
        return Is(array, "NULL", negated=bool(items) is want)
    if kind == 2:
        return In(_literal(draws, item) if want else number_literal(77), (array,))
    if kind == 3:
        return In(array, (number_literal(77), _literal(draws, item)) if want else (number_literal(77),))
    if kind == 4 and isinstance(item, bytes):
        return Like(array, literal("^a" if want else "^q"))
    if isinstance(item, bytes):
        text = item.decode(errors="replace")
        operator: ComparisonOperator = draws.pick(("=", "==", "!=", "<", ">"))
        return Comparison(array, operator, string_of(draws, _beside_text(draws, text, _orders(draws, operator, want))))
    operator = draws.pick(OPERATORS)
    return Comparison(array, operator, _beside(draws, int(item), _orders(draws, operator, want)))


def _literal(draws: Draws, item: int | bytes) -> Expr:
    return string_of(draws, item.decode(errors="replace")) if isinstance(item, bytes) else number_literal(int(item))
