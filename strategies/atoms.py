"""The smallest parts of programs: numbers, texts, key values, ids, forms. Tables of odd values, and strategies over them.

Every strategy is built once and shared: building one costs more than drawing from it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from random import Random
from typing import Final, Literal, TypeVar

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from reference_model.messages import PLAIN, Form

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[int]], int]
"""The `draw` of a composite strategy, as far as it is used here: everything is an index into a table."""

KeyKind = Literal["numbers", "texts"]

NUMBERS: Final = (
    0, 1, 2, 3, 5, 10, 33, -1, Decimal("1.0"), Decimal("1.5"), Decimal("-0.25"), Decimal("2.50"), 100, 9_007_199_254_740_993,
    12_345_678_901_234_567, 12_345_678_901_234_567_890_123, Decimal("1E+3"),
)  # fmt: skip
"""Small ones that collide and sort differently as texts; integers that no double holds; several forms of one value."""

SMALL_NUMBERS: Final = (0, 1, 2, 3, 5, 10, 33, 100)

TEXTS: Final = (
    "buy", "sell", "a", "b", "A", "ab", "", "é", "日本", "🐶", "it's", 'say "so"', "back\\slash", "tab\tline\n", "\u0001", " ",
    "{}[],:",
    "<&>", "10", "x" * 300,
)  # fmt: skip
"""Case, the zero-length string (which is NULL), several bytes a character, quotes, control characters, digits, length."""

PLAIN_TEXTS: Final = ("buy", "sell", "a", "b", "A", "ab", "é", "日本")
"""Texts that need no care inside a filter."""

KEY_NUMBERS: Final = (1, 2, 3, 4, 5)
KEY_TEXTS: Final = ("k1", "k2", "k3", "é", "a b")
PAIRS: Final = (("ab", "c"), ("a", "bc"), ("a", "b"), ("b", "a"), ("a", "c"))
"""Composite keys: two that are equal when joined, two that are equal when sorted."""

EXPLICIT_KEYS: Final = ("AA", "BB", "aGk=", "Az09+/", "aa")
CORRELATION_IDS: Final = ("abc1", "Az09+/==", "x", "0")

FORMS: Final = (
    PLAIN, Form(blanks=True), Form(reverse=True), Form(quoted=True), Form(names="short"), Form(p=False), Form(pieces="cuts"),
    Form(pieces="bytes"), Form(names="short", reverse=True, blanks=True),
)  # fmt: skip
"""Every way to write a command that a target must read, one at a time and several at once."""

ODD_IDS: Final = ('"q"', "\\b", "{c}", "[d],:", "é", "-" * 120, "CaSe", " ")
"""What an id may end in and still has to come back unchanged."""


@cache
def _indices(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


class Draws(ABC):
    """Choices from tables, each of them one number below a count: what a scenario is drawn with."""

    __slots__ = ()

    @abstractmethod
    def below(self, count: int) -> int:
        """A number from 0 to count - 1."""

    def pick(self, table: Sequence[T]) -> T:
        """One entry of a table that is not empty."""
        return table[self.below(len(table))]

    def chance(self, percent: int) -> bool:
        """True in so many of 100 cases; Hypothesis shrinks it to False."""
        return self.below(100) >= 100 - percent

    def some(self, table: Sequence[T], count: int) -> list[T]:
        """So many different entries, at most all, in any order."""
        left = list(table)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]


class HypothesisDraws(Draws):
    """Choices that Hypothesis makes and can shrink: inside a composite strategy."""

    __slots__ = ("_draw",)

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def below(self, count: int) -> int:
        return self._draw(_indices(count)) if count > 1 else 0


class RandomDraws(Draws):
    """Choices that follow from a seed, the same in every version of Python: only `Random.random` is promised to stay."""

    __slots__ = ("_random",)

    def __init__(self, seed: str) -> None:
        self._random = Random(seed).random

    def below(self, count: int) -> int:
        return int(self._random() * count)


def numbers(*, odd: bool = True) -> st.SearchStrategy[int | Decimal]:
    """Numbers as they stand in bodies: exact integers and decimals. `odd`: also long ones and several forms of one value."""
    return st.sampled_from(NUMBERS if odd else SMALL_NUMBERS)


def texts(*, odd: bool = True) -> st.SearchStrategy[str]:
    """Texts as they stand in bodies. `odd`: also empty, control characters, quotes, long ones."""
    return st.sampled_from(TEXTS if odd else PLAIN_TEXTS)


def scalars(*, odd: bool = True) -> st.SearchStrategy[object]:
    """A number, a text, or (`odd`) a boolean or NULL."""
    return st.one_of(numbers(odd=odd), texts(odd=odd), *([st.booleans(), st.none()] if odd else []))


def key_values(*, kind: KeyKind) -> st.SearchStrategy[int | str]:
    """Values of a key field from a small domain. One topic keeps to one kind: whether 1 and "1" are one key is not documented."""
    if kind not in {"numbers", "texts"}:
        raise InvalidArgument(f"kind={kind!r} is neither 'numbers' nor 'texts'")
    return st.sampled_from(KEY_NUMBERS if kind == "numbers" else KEY_TEXTS)


def explicit_keys() -> st.SearchStrategy[str]:
    """Keys that a publisher gives: legal Base64 characters, some of which differ in case only."""
    return st.sampled_from(EXPLICIT_KEYS)


def correlation_ids() -> st.SearchStrategy[str]:
    """Correlation ids: legal Base64 characters."""
    return st.sampled_from(CORRELATION_IDS)


def forms(*, plain_percent: int = 85) -> st.SearchStrategy[Form]:
    """How a command is written on the wire."""
    if not 0 <= plain_percent <= 100:
        raise InvalidArgument(f"plain_percent={plain_percent} is no percentage")
    return st.integers(0, 99).flatmap(lambda n: st.just(PLAIN) if n < plain_percent else st.sampled_from(FORMS))
