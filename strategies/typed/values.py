"""Operands of a wanted type over the fields of a document: literals, identifiers, arithmetic, functions. Trees, not texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from reference_model.expression.evaluate import value
from reference_model.expression.signatures import SIGNATURES
from reference_model.expression.syntax import Arithmetic, ArithmeticOperator, Call, Expr, Identifier, Null, Number, String
from reference_model.expression.tokens import read_string
from strategies.atoms import Draws
from strategies.typed.documents import INTEGERS, TEXTS

Kind = Literal["number", "text", "boolean", "array", "nothing"]
Paths = Mapping[Kind, tuple[Identifier, ...]]
"""Identifiers by what they mostly hold; none of the tuples is empty."""

FIELDS: Final[Paths] = {
    "number": (
        Identifier(("i",)), Identifier(("j",)), Identifier(("d",)), Identifier(("o", "i")), Identifier(("u",)), Identifier(("li",), 0),
        Identifier(("li",), 1), Identifier(("odd name",)), Identifier(("c", "y"), 0),
    ),
    "text": (
        Identifier(("s",)), Identifier(("t",)), Identifier(("o", "s")), Identifier(("lt",), 0), Identifier(("c", "x"), 0),
        Identifier(("c", "x"), 1), Identifier(("u",)), Identifier(("lm",), 1),
    ),
    "boolean": (Identifier(("e",)), Identifier(("f",)), Identifier(("o", "e"))),
    "array": (
        Identifier(("li",)), Identifier(("lt",)), Identifier(("lm",)), Identifier(("c", "x")), Identifier(("c", "y")),
        Identifier(("l0",)),
    ),
    "nothing": (
        Identifier(("n",)), Identifier(("z",)), Identifier(("nope",)), Identifier(("i", "deeper")), Identifier(("li",), 9),
    ),
}  # fmt: skip
"""Those of `typed.document`."""


@dataclass(frozen=True, slots=True)
class About:
    """What a condition is drawn about: a document, and the paths that it may name."""

    tree: object
    paths: Paths = field(default_factory=lambda: FIELDS)


Conditions = Callable[[Draws, About, int, bool], Expr]
"""Draws a condition of a depth that holds, or does not: what IF needs."""

OPERATORS: Final[tuple[ArithmeticOperator, ...]] = ("+", "-", "*", "/", "%", "MOD")

DIVISORS: Final[tuple[int | Decimal, ...]] = (2, 3, 4, 5, 10, Decimal("4.0"))
MODULI: Final[tuple[int | Decimal, ...]] = (2, 3, 4, -3)

PATTERNS: Final = (
    "a", "^a", "b$", "^ab?c*$", "[a-c]+", "a|s", "(?i)^ABC$", "^.{2,3}$", "(.)X", "[^a]", r"\.", r"(.)\1", "^n", "z|é", r"\x61",
    r"\101bc", "r+", "^(buy|sell)$",
)  # fmt: skip
"""Patterns that every reading of escapes hands on alike."""

_ESCAPES: Final = {"\\": "\\\\", "'": "\\'", "\t": "\\t", "\n": "\\n"}
_UNSURE: Final = tuple(
    sorted(
        SIGNATURES.keys()
        & {
            "EXP", "LN", "LOG2", "LOG10", "SQRT", "POWER", "RADIANS", "DEGREES", "ACOS", "ASIN", "ATAN", "COS", "COSH", "COT", "SIN",
            "SINH", "TAN", "TANH", "ATAN2", "WIDTH_BUCKET", "CRC32", "GEO_DISTANCE",
        }
    )
)  # fmt: skip
"""Functions of numbers whose results the model leaves open: they are compiled and must do no harm."""


def number_literal(number: int | Decimal) -> Number:
    """A literal; integers without a point."""
    if isinstance(number, int):
        return Number(str(number), number)
    text = format(number, "f")
    text = text if "." in text else f"{text}.0"
    return Number(text, Decimal(text))


def literal(body: str, *, raw: bool = False) -> String:
    """A literal with this text between single quotes."""
    token, _ = read_string(f"{'r' if raw else ''}'{body}'", 0)
    assert isinstance(token.value, String)
    return token.value


def string_of(draws: Draws, text: str) -> String:
    """A literal of this text: ordinary, raw, with a byte by number, or with a backslash that changes nothing."""
    plain = "".join(_ESCAPES.get(char, char) for char in text)
    first, kind = text[:1], draws.below(12)
    if kind == 0 and "'" not in text and not text.endswith("\\") and text:
        return literal(text, raw=True)
    if kind == 1 and first.isalpha() and first.isascii():
        return literal(f"\\x{ord(first):02X}{plain[1:]}")
    if kind == 2 and first.isalpha() and first.isascii():
        return literal(f"\\{ord(first):03o}{plain[1:]}")
    if kind == 3 and first in {"s", "m", "y", "N", "."}:
        return literal(f"\\{plain}")
    return literal(plain)


def number(draws: Draws, about: About, depth: int, conditions: Conditions) -> Expr:
    """An operand that is mostly a number."""
    if depth <= 0 or draws.chance(35):
        return draws.pick(about.paths["number"]) if draws.chance(70) else number_literal(draws.pick(INTEGERS[:12]))
    inner = depth - 1
    kind = draws.below(20)
    if kind < 8:
        return _arithmetic(draws, about, inner, conditions)
    if kind < 10:
        name = draws.pick(("ABS", "SIGN", "CEILING", "FLOOR", "ROUND"))
        return Call(name, (number(draws, about, inner, conditions),))
    if kind == 10:
        return Call("ROUND", (number(draws, about, inner, conditions), number_literal(draws.pick((0, 1, 2, -1, -2)))))
    if kind == 11:
        name = draws.pick(("GREATEST", "LEAST"))
        return Call(name, tuple(number(draws, about, inner, conditions) for _ in range(draws.pick((1, 2, 3)))))
    if kind < 14:
        if draws.chance(50):
            return Call("LENGTH", (text(draws, about, inner, conditions),))
        whole = text(draws, about, inner, conditions)
        return Call(draws.pick(("INSTR", "INSTR_I")), (whole, string_of(draws, _piece(draws, whole, about))))
    if kind < 16:
        return Call(draws.pick(("ARRAY_COUNT", "ARRAY_SUM", "ARRAY_MAX", "ARRAY_MIN")), (draws.pick(about.paths["array"]),))
    if kind == 16:
        return Call(draws.pick(("TRUE_VALUE", "FALSE_VALUE")), ())
    if kind == 17:
        name = draws.pick(_UNSURE)
        return Call(name, tuple(number(draws, about, 0, conditions) for _ in range(SIGNATURES[name][0])))
    return _choice(draws, about, inner, conditions, number)


def _arithmetic(draws: Draws, about: About, depth: int, conditions: Conditions) -> Expr:
    left = number(draws, about, depth, conditions)
    operator = draws.pick(OPERATORS)
    if operator in {"/", "%", "MOD"}:  # zero has no result
        return Arithmetic(left, operator, number_literal(draws.pick(DIVISORS if operator == "/" else MODULI)))
    return Arithmetic(left, operator, number(draws, about, depth, conditions))


def text(draws: Draws, about: About, depth: int, conditions: Conditions) -> Expr:
    """An operand that is mostly a text."""
    if depth <= 0 or draws.chance(35):
        return draws.pick(about.paths["text"]) if draws.chance(80) else string_of(draws, draws.pick(TEXTS))
    inner = depth - 1
    kind = draws.below(18)
    if kind < 4:
        return Call(draws.pick(("UPPER", "LOWER", "REVERSE")), (text(draws, about, inner, conditions),))
    if kind < 6:
        parts = [draws.pick((text, text, number))(draws, about, inner, conditions) for _ in range(draws.pick((1, 2, 2, 3)))]
        return Call("CONCAT", (*parts, *((draws.pick(about.paths["nothing"]),) if draws.chance(20) else ())))
    if kind < 8:
        whole = text(draws, about, inner, conditions)
        places = [number_literal(draws.pick((1, 2, 3, -2, -1)))]
        if draws.chance(50):
            places.append(number_literal(draws.pick((1, 1, 2))))
        return Call("SUBSTR", (whole, *places))
    if kind < 10:
        return Call(draws.pick(("LEFT", "RIGHT")), (text(draws, about, inner, conditions), number_literal(draws.pick((1, 1, 2, 3)))))
    if kind < 12:
        name, whole = draws.pick(("TRIM", "LTRIM", "RTRIM")), text(draws, about, inner, conditions)
        return Call(name, (whole, string_of(draws, draws.pick(("a", "ab", "Xb", "nl"))))) if draws.chance(60) else Call(name, (whole,))
    if kind == 12:
        whole = text(draws, about, inner, conditions)
        return Call("REPLACE", (whole, string_of(draws, _piece(draws, whole, about)), string_of(draws, draws.pick(("", "-", "zz")))))
    if kind == 13:
        return Call("REGEXP_MATCH", (text(draws, about, inner, conditions), pattern(draws)))
    if kind == 14:
        return Call(
            "REGEXP_REPLACE", (text(draws, about, inner, conditions), pattern(draws), string_of(draws, draws.pick(("#", "ab"))))
        )
    if kind == 15:
        array = draws.pick(about.paths["array"])
        return Call("ARRAY_TO_STRING", (array, string_of(draws, draws.pick(("-", ", "))), string_of(draws, "?")))
    if kind == 16 and draws.chance(40):
        return Call("CHAR_VALUE", (number_literal(draws.pick((65, 97, 120))),))
    return _choice(draws, about, inner, conditions, text)


def _choice(draws: Draws, about: About, depth: int, conditions: Conditions, operand: Callable[..., Expr]) -> Expr:
    """COALESCE or IF of operands of one type."""
    if draws.chance(50):
        tries = [
            draws.pick(about.paths["nothing"]) if draws.chance(60) else operand(draws, about, 0, conditions)
            for _ in range(draws.below(3))
        ]
        return Call("COALESCE", (*tries, operand(draws, about, depth, conditions)))
    chosen, other = operand(draws, about, depth, conditions), operand(draws, about, depth, conditions)
    return Call("IF", (conditions(draws, about, depth, draws.chance(50)), chosen, other))


def pattern(draws: Draws) -> String:
    """A pattern that compiles."""
    return literal(draws.pick(PATTERNS))


def nothing(draws: Draws, about: About) -> Expr:
    """An operand that is NULL, mostly."""
    kind = draws.below(8)
    if kind == 0:
        return Null()
    if kind == 1:
        return literal("")
    return draws.pick(about.paths["nothing"])


def _piece(draws: Draws, expr: Expr, about: About) -> str:
    """A part of what an expression says, or a text that is no part of it."""
    whole = known_text(expr, about)
    if whole is None or draws.chance(30):
        return draws.pick(TEXTS[:6])
    start = draws.below(len(whole))
    return whole[start : start + draws.pick((1, 2, 3))]


def known_text(expr: Expr, about: About) -> str | None:
    """What an expression says, if that is a text without doubt."""
    found = value(expr, about.tree)
    return found.decode(errors="replace") if isinstance(found, bytes) else None
