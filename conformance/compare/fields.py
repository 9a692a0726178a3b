"""One claim on one header field."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import assert_never

from reference_model.expectation import Absent, Claim, Is, Like, Matcher, OneOf, Present, Same, Within


def value_of(claim: Claim, text: str | None) -> str | None:
    """The value as it is compared: the status without regard to case (its case is CMD-ACK-11's matter)."""
    return text.lower() if text is not None and claim.field == "status" else text


def satisfied(matcher: Matcher, text: str | None, bound: dict[Hashable, str]) -> bool:
    """Whether a field (None: absent) satisfies a matcher; a first `Same` is satisfied (the caller binds it)."""
    match matcher:
        case Is(value=value):
            return text == str(value)
        case OneOf(values=values):
            return (text or "") in {str(value) for value in values}
        case Same(symbol=symbol):
            return text is None or symbol not in bound or bound[symbol] == text
        case Like(pattern=pattern):
            return text is None or re.fullmatch(pattern, text) is not None
        case Within(low=low, high=high):
            return text is None or (
                text.isascii() and text.isdigit() and low <= int(text) <= high if len(text) <= digits_max else False
            )
        case Absent():
            return text is None or text == ""
        case Present():
            return text is not None and text != ""
        case _:
            assert_never(matcher)


digits_max = 40
"""A number with more digits is out of every range; turning it into an integer would cost quadratic time."""


def described(matcher: Matcher, bound: dict[Hashable, str]) -> str:
    """A matcher for a reader."""
    match matcher:
        case Is(value=value):
            return str(value)
        case OneOf(values=values):
            return " or ".join(str(value) for value in values)
        case Same(symbol=symbol):
            return bound.get(symbol, "any")
        case Like(pattern=pattern):
            return f"like {pattern}"
        case Within(low=low, high=high):
            return str(low) if low == high else f"{low} to {high}"
        case Absent():
            return "absent"
        case Present():
            return "present"
        case _:
            assert_never(matcher)
