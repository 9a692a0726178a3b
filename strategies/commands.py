"""Headers of commands beside topic, filter and body: ack lists, limits, batches, options. Tables, and draws from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from reference_model.messages import PLAIN, Form
from strategies.atoms import CORRELATION_IDS, FORMS, ODD_IDS, Draws, HypothesisDraws

PUBLISH_ACKS: Final = (
    None, None, None, None, "processed", "processed", "completed", "received,processed", "persisted", "processed,completed,persisted",
    "none", "", "stats,processed", "completed,processed",
)  # fmt: skip
"""None: the header is not sent. Most publishes ask for nothing."""

QUERY_ACKS: Final = (
    "completed", "processed,completed", "processed,completed,stats", "completed,stats", "received,processed,completed,stats",
    "processed,completed,stats", "stats,completed", "processed", None,
)  # fmt: skip

DELETE_ACKS: Final = (None, "processed", "processed,stats", "received,processed,completed,stats", "stats", "persisted", "none")

SUBSCRIBE_ACKS: Final = ("processed", "processed", "received,processed")

FLUSH_ACKS: Final = ("completed", "processed", "received,completed", "processed,completed,persisted", None)

BATCH_SIZES: Final = (None, None, None, 1, 2, 3, 10, 10, 1000, 10_000)
TOO_LARGE: Final = 10_001

REGEX_TOPICS: Final = (
    ("^@(orders|items)$", ("@orders", "@items")),
    ("@(item|order)", ("@orders", "@items")),
    ("^@pair.$", ("@pairs",)),
    ("^@(stock|reorder)$", ("@stock", "@reorder")),
    ("@.*rder$", ("@reorder",)),
    ("^@[oi].*s$", ("@orders", "@items")),
)  # fmt: skip
"""Regular expressions over SOW topics with Key fields, and what they match of them. None matches the topic that owns the slot."""

OTHER_PATTERNS: Final = (
    ("@.?chat$", ("@chat", 'my@"chat')), ("@.?(chat|plain)", ("@chat", "@plain", 'my@"chat')), ("@pl[a-z]+n$", ("@plain",)),
    ("y@.ch", ('my@"chat',)),
)  # fmt: skip
"""Patterns over topics that keep nothing, and what they match of them: within a name, some not from its start."""

PLAIN_OPTIONS: Final = (
    None, None, None, None, None, None, None, "timestamp", "send_keys", "no_sowkey", "none", "oof,replace", "select",
    "select,timestamp",
)  # fmt: skip
"""Options of a query; `select` stands for a list that is drawn."""

SUBSCRIBE_OPTIONS: Final = (None, None, None, None, None, "timestamp", "no_sowkey", "select", "none")

LIFETIMES: Final = (0, 600, 3600, 86_400, 10**9)
"""Values of `expiration`: never, or later than any scenario ends."""

WITHOUT_SOW: Final = ("@chat", "@chat", "@plain", "@café", "@say", 'my@"chat')
"""Topics that keep nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """top_n and skip_n of a query. `by_option`: top_n is an option and no header."""

    top_n: int | None = None
    skip_n: int | None = None
    by_option: bool = False

    @property
    def options(self) -> tuple[str, ...]:
        top = (f"top_n={self.top_n}",) if self.by_option and self.top_n is not None else ()
        return top if self.skip_n is None else (*top, f"skip_n={self.skip_n}")


def limits(draws: Draws, expected: int, *, ordered: bool) -> Limits:
    """Limits around the number of records that a query may return: 0, 1, n, n + 1; skip_n at and past the end (with an order only)."""
    kind = draws.below(20)
    if kind < 13:
        return Limits()
    top_n = draws.pick((0, 1, 1, 2, 2, 2, 3, 3, max(expected - 1, 0), expected, expected + 1, 1000))
    by_option = draws.chance(50)
    if not ordered or kind < 16:
        return Limits(top_n=top_n, by_option=by_option)
    skip_n = draws.pick((0, 0, 1, 1, 1, 2, 2, 3, max(expected - 1, 0), expected, expected + 1, 1000))
    return Limits(top_n=top_n, skip_n=skip_n, by_option=by_option)


def form(draws: Draws, percent: int) -> Form:
    """An unusual way of writing in so many of 100 cases."""
    return draws.pick(FORMS) if percent and draws.chance(percent) else PLAIN


def odd_id(draws: Draws, label: str, percent: int = 4) -> str:
    """An id that begins with a label and at times has unusual characters."""
    return f"{label}{draws.pick(ODD_IDS)}" if draws.chance(percent) else label


def correlation(draws: Draws, percent: int = 12) -> str | None:
    return draws.pick(CORRELATION_IDS) if draws.chance(percent) else None


def limit_options(*, expected: int, ordered: bool = True) -> st.SearchStrategy[Limits]:
    """Limits for a query that may return so many records."""
    if expected < 0:
        raise InvalidArgument(f"expected={expected} is no number of records")
    return st.composite(lambda draw: limits(HypothesisDraws(draw), expected, ordered=ordered))()
