"""The one error of every reader of the expression language."""

from __future__ import annotations

from typing import Final

excerpt_characters_max: Final = 20
"""How much of the source an error's message quotes, so that it stays one readable line."""


class ExpressionError(ValueError):
    """A text that is no expression (select list, order by).

    `source`: the whole text. `at`: index of the character where reading stopped, `len(source)` at the end. `expected`: what would have
    been right there. `settled`: whether the documentation leaves no doubt that this is an error; False for forms that it only does not
    show (lower-case keywords, relative paths, a minus before an identifier …), which a server may well take.
    """

    def __init__(self, source: str, at: int, expected: str, *, settled: bool = True) -> None:
        found = repr(source[at : at + excerpt_characters_max]) if at < len(source) else "the end"
        super().__init__(f"column {at + 1}: expected {expected}, found {found}")
        self.source = source
        self.at = at
        self.expected = expected
        self.settled = settled
