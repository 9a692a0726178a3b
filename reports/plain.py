"""Texts from outside made safe to print: a target can send anything, a terminal does what it is told. Layout is elsewhere."""

from __future__ import annotations

import unicodedata
from typing import Final

_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, invisible and direction-changing marks, lone surrogates, private and unassigned code points, line separators."""

LINE_CHARS_MAX: Final = 2000
"""One line of a report: what a target wrote into a reason may be as long as it likes."""

SHORTEST_ESCAPE_MAX: Final = 0xFF


def safe(text: object) -> str:
    """One line of printable characters; everything else is written with a backslash, x, u or U and its code in hexadecimal digits."""
    return "".join(char if unicodedata.category(char) not in _UNPRINTABLE else _escape(char) for char in str(text))


def shortened(text: object, chars_max: int = LINE_CHARS_MAX) -> str:
    """`safe`, and at most that long, with an ellipsis for the rest."""
    text = str(text)
    whole = safe(text[: chars_max + 1])
    return whole if len(whole) <= chars_max and len(text) <= chars_max else whole[: chars_max - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _escape(char: str) -> str:
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char)
    if named is not None:
        return named
    code = ord(char)
    if code <= SHORTEST_ESCAPE_MAX:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def number(count: int, singular: str, plural: str | None = None) -> str:
    """`1 rule`, `2,057 rules`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"
