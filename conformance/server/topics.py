"""Which topic names a topic of a query, a subscription or a delete means (expressions.md §9.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pcre2

METACHARACTERS: Final = frozenset("^$.*?()[]{}\\")
"""One of these makes a topic a regular expression; `+` and `|` alone do not (reading of expressions.md §18, 16)."""

Matcher = Callable[[str], bool]


class BadPatternError(ValueError):
    """A topic that is no valid regular expression."""


def is_pattern(topic: str) -> bool:
    """Whether a topic of a query or subscription is a regular expression rather than a name."""
    return not METACHARACTERS.isdisjoint(topic)


def searcher(pattern: str) -> Matcher:
    """The search of a pattern in a topic name: unanchored, case-sensitive, byte by byte. Raises BadPatternError.

    A search that exceeds PCRE's own limits does not match.
    """
    try:
        compiled = pcre2.compile(pattern.encode(errors="surrogateescape"))
    except pcre2.PatternError as error:
        raise BadPatternError(str(error)) from None

    def matches(name: str) -> bool:
        try:
            return compiled.search(name.encode(errors="surrogateescape")) is not None
        except pcre2.LibraryError:
            return False

    return matches
