"""What the documentation leaves to a server, decided from a seed.

Two kinds: properties of an implementation, drawn once for a server (class `Manners`), and freedoms of a single use, drawn each time
(methods of `Choices`). Seed 0 has the manners that the digests call their readings; its free uses are drawn like those of any seed.
Each decision is counted in `taken`. Nothing here may break a rule of level `must` or `default`.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, Literal, TypeVar

T = TypeVar("T")

_late_s_max: Final = 0.004
"""How late a persisted ack or the effect of a publish may be: long enough to stand behind other messages, short enough for a run."""

_whole_batches: Final = 0.35
"""How often a query is sent in full batches, as a server that is in no hurry would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """The properties of an implementation. Defaults are the readings of the digests; each field names where the freedom is stated."""

    nested_merge: bool = True  # DELTA-MRG-03: members of a nested object of a delta are merged, or the object is replaced
    null_applies: bool = False  # DELTA-MRG-06
    empty_applies: bool = False  # DELTA-MRG-07
    typed_keys: bool = False  # SOW-KEY-41: 1, "1" and 1.0 are three keys, or keys are compared as text
    keyless: Literal["stored", "refused"] = "stored"  # SOW-KEY-40: a publish without the key fields
    surplus_key: Literal["ignored", "refused"] = "ignored"  # SOW-KEY-28: sow_key on a topic with generated keys
    skip_without_top: Literal["refused", "applied"] = "refused"  # SOW-TOPN-08
    skip_without_order: Literal["refused", "applied"] = "applied"  # SOW-TOPN-09
    top_rounded: bool = False  # SOW-TOPN-12: top_n is rounded up to a multiple of batch_size
    groups: Literal["one", "each"] = "one"  # CMD-SOW-61: a query over several topics has one group, or one for each topic
    no_topic_matches: Literal["failure", "empty"] = "empty"  # commands.md §14, 30
    regex_skip: Literal["refused", "applied"] = "refused"  # CMD-SOW-16: skip_n with a regular expression
    nulls: Literal["low", "high"] = "low"  # expressions.md §18, 25: where records without the field stand in an order
    null_comparison: bool = True  # expressions.md §5.3: a comparison with NULL is FALSE, or NULL
    index: Literal["none", "exact", "some"] = "none"  # CMD-STAT-01: how many records are compared under a filter
    query_id_on_acks: bool = True  # commands.md §5: "may be set"
    sub_id_on_acks: bool = True  # the same, for queries; acks of subscriptions always have it
    length_on_publish: bool = True  # CMD-WIRE-09
    length_on_batch: bool = False  # wire.md §7: `l` may stand in the outer header too
    gseq: bool = False  # CMD-MSG-15
    user_on_publish: bool = False  # CMD-MSG-04
    unknown_option: Literal["failure", "ignored"] = "failure"  # commands.md §8.2: on commands that are no subscription
    failure_everywhere: bool = False  # CMD-ACK-27: completed, stats and persisted of a failed command fail too
    silent_queries: bool = False  # CMD-ACK-26: a failed sow_and_* without processed says nothing
    untyped_logon: Literal["json", "refused"] = "json"  # CMD-LOGON-22
    duplicate: Literal["covered", "failure"] = "covered"  # commands.md §14, 11
    miss_completes: bool = True  # CMD-DEL-12: completed of a sow_delete without filter
    keys_limit_live: bool = True  # SOW-KEY-16
    same_id: Literal["refused", "replaced"] = "refused"  # commands.md §14, 21
    replace_unknown: Literal["entered", "refused"] = "entered"  # subscriptions.md §15
    no_empties_keys: bool = True  # DELTA-SUB-11: key fields in deltas of a subscription with no_empties
    into_focus_full: bool = False  # delta.md §6, 10: a record that comes to match, without oof
    lagging: bool = False  # SOW-QRY-35: changes are seen a moment after their acks


_RARE: Final = frozenset({"top_rounded", "untyped_logon", "gseq", "length_on_batch"})
"""Manners whose unusual way is drawn for one server in eight: clients in the field are seldom ready for them."""

_WAYS: Final[dict[str, tuple[object, ...]]] = {
    "keyless": ("stored", "refused"),
    "surplus_key": ("ignored", "refused"),
    "skip_without_top": ("refused", "applied"),
    "skip_without_order": ("applied", "refused"),
    "groups": ("one", "each"),
    "no_topic_matches": ("empty", "failure"),
    "regex_skip": ("refused", "applied"),
    "nulls": ("low", "high"),
    "index": ("none", "exact", "some"),
    "unknown_option": ("failure", "ignored"),
    "untyped_logon": ("json", "refused"),
    "duplicate": ("covered", "failure"),
    "same_id": ("refused", "replaced"),
    "replace_unknown": ("entered", "refused"),
}


def _manners(rng: random.Random, taken: Counter[tuple[str, str]]) -> Manners:
    drawn: dict[str, object] = {}
    for field in fields(Manners):
        ways = _WAYS.get(field.name, (field.default, not field.default))
        drawn[field.name] = rng.choice(ways) if field.name not in _RARE else ways[rng.randrange(8) == 0]
        taken[field.name, str(drawn[field.name])] += 1
    return Manners(**drawn)  # type: ignore[arg-type]  # each way is of its field's type


class Choices:
    """The decisions of one server. `manners`: those that hold for all its life; `taken`: (freedom, way) -> how often."""

    def __init__(self, seed: int) -> None:
        self.taken: Final[Counter[tuple[str, str]]] = Counter()
        self._rng: Final = random.Random(f"server {seed}")  # noqa: S311 - test behaviour, no secret
        self._readings: Final = seed == 0
        self.manners: Final = Manners() if self._readings else _manners(self._rng, self.taken)

    def _rarely(self, freedom: str, one_in: int) -> bool:
        taken = self._rng.randrange(one_in) == 0
        self.taken[freedom, str(taken)] += 1
        return taken

    def text(self, *known: str) -> str:
        """The reason of a failure: one of the texts that fit (commands.md §8.2)."""
        return self._rng.choice(known)

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Records in an order of the server's own; a stable sort after it leaves ties in it."""
        mixed = list(items)
        self._rng.shuffle(mixed)
        return mixed

    def batch_sizes(self, count: int, size: int) -> list[int]:
        """How `count` records are cut into messages of 1 to `size` records (SOW-BATCH-02)."""
        if size == 1 or self._rng.random() < _whole_batches:
            self.taken["batches", "full"] += 1
            return [min(size, count - at) for at in range(0, count, size)]
        self.taken["batches", "uneven"] += 1
        sizes: list[int] = []
        while count:
            sizes.append(self._rng.randint(1, min(size, count)))
            count -= sizes[-1]
        return sizes

    def compared(self, kept: int, matches: int) -> int:
        """`topic_matches` of a query with a filter, between its matches and all records it could compare (CMD-STAT-01)."""
        match self.manners.index:
            case "none":
                return kept
            case "exact":
                return matches
            case "some":
                return self._rng.randint(matches, kept)

    def processed_late(self) -> bool:
        """The processed ack of a query stands behind group_begin (CMD-ORD-02)."""
        return self._rarely("processed after group_begin", 8)

    def stats_early(self) -> bool:
        """The stats ack stands before completed (CMD-ORD-09). Never with seed 0: queries of an official client would not end."""
        return not self._readings and self._rarely("stats before completed", 12)

    def acks_first(self) -> bool:
        """Acks of a change precede the messages that it causes on the same connection (CMD-ORD-19)."""
        first = self._rng.random() < 0.5
        self.taken["acks before deliveries", str(first)] += 1
        return first

    def persisted_place(self, count: int) -> int:
        """Where among `count` other acks of a change the persisted one stands (CMD-ORD-19)."""
        place = count if self._rng.random() < 0.7 else self._rng.randint(0, count)
        self.taken["persisted ack", "last" if place == count else "earlier"] += 1
        return place

    def persisted_late_s(self) -> float:
        """How much later a persisted ack is sent; mostly 0."""
        late = self._rarely("persisted ack late", 4)
        return self._rng.uniform(0, _late_s_max) if late else 0.0

    def effect_late_s(self) -> float:
        """How much later than its command a change takes effect; 0 unless this server lags."""
        if not self.manners.lagging or self._rng.random() < 0.5:
            return 0.0
        return self._rng.uniform(0, _late_s_max)

    def late_ack_inside(self) -> bool:
        """An ack of an earlier command stands inside the group of a query (CMD-ORD-12)."""
        return self._rarely("late ack inside a group", 2)

    def copies(self, subscriptions: Sequence[T]) -> list[list[T]]:
        """Which of the subscriptions of a connection share one copy of a message (SUB-MULTI-01, -02)."""
        if len(subscriptions) == 1:
            return [list(subscriptions)]
        mixed = self.shuffled(subscriptions)
        if not self._rarely("several copies for one connection", 3):
            return [mixed]
        copies: list[list[T]] = []
        for subscription in mixed:
            if copies and self._rng.random() < 0.4:
                self._rng.choice(copies).append(subscription)
            else:
                copies.append([subscription])
        return copies
