"""Regular expressions as the documentation wants them: PCRE over bytes, searched, bounded (expressions.md §9).

Patterns are compiled as bytes, since a text pattern would switch Unicode classes on.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Protocol, cast

import pcre2

search_steps_max: Final = 2**25
"""Steps of one search in all; about 1.5 s. What needs more is given up instead of answered."""

start_steps_max: Final = 2**20
start_steps_min: Final = 2**10
"""Steps from one starting point. PCRE counts anew from each, so the longer the text, the fewer are allowed; but never so few that an
honest pattern fails."""

text_bytes_max: Final = 2**16
"""Longer texts are not searched."""

heap_kib_max: Final = 20_000
"""Memory of one search."""

pattern_bytes_max: Final = 20_000
"""Longer patterns are not compiled."""

cached_patterns_max: Final = 512
"""Compiled patterns that are kept; a scenario uses a handful."""


class PatternError(ValueError):
    """A pattern that PCRE does not compile. `reason`: one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PatternLimitError(Exception):
    """A search that took too much time or memory, or that the text does not allow (`(*UTF)` on bytes that are none)."""


class Match(Protocol):
    """The part of a match that is used."""

    def group(self) -> bytes: ...
    def span(self) -> tuple[int, int]: ...


class _Pattern(Protocol):
    def search(self, text: bytes, pos: int = 0) -> Match | None: ...


@lru_cache(maxsize=cached_patterns_max)
def _compiled(pattern: bytes, steps: int) -> _Pattern | PatternError:
    if len(pattern) > pattern_bytes_max:
        return PatternError(f"a pattern of more than {pattern_bytes_max} bytes")
    limits = f"(*LIMIT_MATCH={steps})(*LIMIT_HEAP={heap_kib_max})".encode()
    try:
        # Without the just-in-time compiler, whose small stack gives up on harmless patterns.
        return cast("_Pattern", pcre2.compile(limits + pattern, jit=False))
    except pcre2.LibraryError as error:
        return PatternError(str(error).partition("; ")[2] or str(error))


def _steps(text: bytes) -> int:
    return min(start_steps_max, max(start_steps_min, search_steps_max >> len(text).bit_length()))


def check(pattern: bytes) -> None:
    """Raises PatternError for a pattern that does not compile."""
    compiled = _compiled(pattern, start_steps_max)
    if isinstance(compiled, PatternError):
        raise PatternError(compiled.reason)


def search(pattern: bytes, text: bytes, start: int = 0) -> Match | None:
    """The first match at or after `start`. Raises PatternError, PatternLimitError."""
    compiled = _compiled(pattern, _steps(text))
    if isinstance(compiled, PatternError):
        raise PatternError(compiled.reason)
    if len(text) > text_bytes_max:
        raise PatternLimitError(f"a text of more than {text_bytes_max} bytes")
    try:
        return compiled.search(text, start)
    except pcre2.LibraryError as error:
        raise PatternLimitError(str(error)) from None
