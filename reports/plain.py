"""Texts from outside made safe to print: a target can send anything, a terminal does what it is told. Layout is elsewhere."""

from __future__ import annotations

import unicodedata
from typing import Final

_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, invisible and direction-changing marks, lone surrogates, private and unassigned code points, line separators."""

SHORTEST_ESCAPE_MAX: Final = 0xFF


def safe(text: object) -> str:
    """One line of printable characters; everything else is written with a backslash, x, u or U and its code in hexadecimal digits."""
    return "".join(char if unicodedata.category(char) not in _UNPRINTABLE else _escape(char) for char in str(text))


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
