"""Topics as patterns (expressions.md §9.1)."""

from __future__ import annotations

from typing import Final

from reference_model.expression.patterns import PatternError, PatternLimitError, check, search

__all__ = ["REGEX_CHARACTERS", "PatternError", "PatternLimitError", "check_topic", "is_regex", "topic_matches"]

REGEX_CHARACTERS: Final = frozenset("^$.*?()[]{}\\")
"""The characters that make a topic a pattern (EXPR-TOP-12). `+` and `|` alone are left open (EXPR-TOP-13) and do not count here."""


def is_regex(topic: str) -> bool:
    """Whether a topic given to a subscription or query is a pattern (EXPR-TOP-01, EXPR-TOP-02)."""
    return not REGEX_CHARACTERS.isdisjoint(topic)


def check_topic(pattern: str) -> None:
    """Raises PatternError for a pattern that does not compile; that the command then fails is not stated (EXPR-TOP-28)."""
    check(pattern.encode(errors="surrogatepass"))


def topic_matches(pattern: str, name: str) -> bool:
    """Whether the pattern is found anywhere in the name, case-sensitive (EXPR-TOP-03, EXPR-TOP-10).

    Raises PatternError, and PatternLimitError where the answer would take too long.
    """
    return search(pattern.encode(errors="surrogatepass"), name.encode(errors="surrogatepass")) is not None
