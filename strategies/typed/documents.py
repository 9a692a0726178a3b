"""Documents with fields of known types, and neighbours of them: one field gone, empty, or of another type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from strategies.atoms import Draws

Document = dict[str, object]

INTEGERS: Final = (0, 1, 2, 3, 4, 5, 7, 9, 10, 12, 33, 100, 1234, -1, -7, 9_007_199_254_740_991)
DECIMALS: Final = (Decimal("1.5"), Decimal("2.25"), Decimal("-0.5"), Decimal("24.0"), Decimal("90.75"), Decimal("0.125"))
"""Fractions that a double holds exactly (expressions.md §17)."""

TEXTS: Final = ("ab", "abc", "Abc", "buy", "sell", "aXbXc", "North", "marzipan", "a.b", "é日", "it's", 'say "so"', "x y", " a ")
"""Texts that say no number."""

NUMERALS: Final = ("10", "9", "2.5", "-3", "007")
"""Texts that say a number."""

TYPES: Final[Mapping[str, str]] = {
    "i": "integer", "j": "integer", "d": "decimal", "s": "text", "t": "text", "u": "numeral", "e": "boolean", "f": "boolean",
    "n": "nothing", "z": "empty", "li": "integers", "lt": "texts", "lm": "mixture", "l0": "empty array",
}  # fmt: skip
"""The fields of an object and what they hold."""

GROUP: Final = "o"
"""A nested object: /o/i, /o/s."""

ITEMS: Final = "c"
"""An array of objects: /c/x, /c/y."""

OTHERS: Final[tuple[object, ...]] = (None, "", [], 3, Decimal("2.5"), "ab", "10", True, False, [1, 2], ["ab", "b"], [4], {"i": 1})
"""What stands in a field of a neighbour."""


def document(draws: Draws) -> Document:
    """A document with most of the fields, at times with one that has another type."""
    tree: Document = {name: value_of(draws, kind) for name, kind in TYPES.items() if draws.chance(85)}
    if draws.chance(85):
        tree[GROUP] = {"i": draws.pick(INTEGERS), "s": draws.pick(TEXTS), "e": draws.chance(50)}
    if draws.chance(70):
        tree[ITEMS] = [_item(draws) for _ in range(draws.pick((1, 2, 2, 3)))]
    if draws.chance(15):
        tree["odd name"] = draws.pick(INTEGERS)
    return tree


def value_of(draws: Draws, kind: str) -> object:
    """A value of a kind of `TYPES`."""
    match kind:
        case "integer":
            return draws.pick(INTEGERS)
        case "decimal":
            return draws.pick(DECIMALS)
        case "text":
            return draws.pick(TEXTS)
        case "numeral":
            return draws.pick(NUMERALS)
        case "boolean":
            return draws.chance(50)
        case "integers":
            return draws.some(INTEGERS, draws.pick((1, 2, 3)))
        case "texts":
            return draws.some(TEXTS, draws.pick((1, 2, 3)))
        case "mixture":
            return draws.pick(([1, "ab"], ["ab", 5, "b"], [10, 2, 33], ["abc", "10"], [True, 3]))
        case "empty":
            return ""
        case "empty array":
            return []
        case _:
            return None


def _item(draws: Draws) -> Document:
    item: Document = {"x": draws.pick(TEXTS)}
    if draws.chance(80):
        item["y"] = draws.pick(INTEGERS)
    return item


def neighbour(draws: Draws, tree: Mapping[str, object], names: Sequence[str]) -> Document:
    """The same document but for one or two of these fields: gone, with another value of their type, or with any other."""
    other = dict(tree)
    for name in draws.some(names, draws.pick((1, 1, 2))):
        if name in TYPES and draws.chance(60):
            other[name] = value_of(draws, TYPES[name])
        elif draws.chance(30):
            other.pop(name, None)
        else:
            other[name] = draws.pick(OTHERS)
    return other
