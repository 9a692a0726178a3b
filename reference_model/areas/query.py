"""Which records of a query's topics must, may and must not come: selection, order, limits. Values; writes nothing down.

Source: sow.md sections 7.1, 7.4 and 7.5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Final, TypeVar

from reference_model.expectation import Occurs
from reference_model.expression.evaluate import compare_for_order
from reference_model.expression.order import OrderTerm
from reference_model.expression.syntax import Expr
from reference_model.rule import Because
from reference_model.scenario import KeyOf
from reference_model.state import Instance, Record, RecordKey, Topic, match


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """Which rules stand behind what comes: by selection (filter, keys), and by limit (top_n, skip_n)."""

    selection: Because
    limit: Because


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chosen:
    """A record under a query. `match`: it is selected, is not, or that is open; `listed`: the entry of sow_keys that names it."""

    topic: Topic
    record: Record
    match: bool | None
    listed: str | KeyOf | None = None


def choose(instance: Instance, topics: Sequence[Topic], expr: Expr | None, sow_keys: tuple[str | KeyOf, ...] | None) -> list[Chosen]:
    """Every record of the topics with what the selection says of it."""
    chosen: list[Chosen] = []
    for topic in topics:
        for record in topic.records.values():
            listed = None if sow_keys is None else naming(instance, sow_keys, topic, record.key)
            matched: bool | None = False if sow_keys is not None and listed is None else match(expr, record.trees())
            if matched is True and record.maybe:
                matched = None
            chosen.append(Chosen(topic=topic, record=record, match=matched, listed=listed))
    return chosen


def naming(instance: Instance, sow_keys: tuple[str | KeyOf, ...], topic: Topic, key: RecordKey) -> str | KeyOf | None:
    """The entry of a key list that names a record: by its explicit key, or by the key that another record of its domain showed."""
    for entry in sow_keys:
        if isinstance(entry, str):
            if not topic.config.keys and entry == key[0]:
                return entry
        elif entry.values == key and instance.topics[entry.topic].config.domain == topic.config.domain:
            return entry
    return None


T = TypeVar("T")


class _OpenOrderError(Exception):
    """Which of two records comes first is open."""


def ordered_groups(chosen: list[Chosen], terms: tuple[OrderTerm, ...]) -> list[list[Chosen]] | None:
    """The records in order, ties together; None where the documentation leaves the order of some of them open.

    Each body is read once; neighbours in the order are always compared, so that an open pair is met.
    """
    keyed = [(_tree(c), c) for c in chosen]

    def compare(one: tuple[object, Chosen], other: tuple[object, Chosen]) -> int:
        order = None if one[0] is _OPEN or other[0] is _OPEN else compare_for_order(terms, one[0], other[0])
        if order is None:
            raise _OpenOrderError
        return order

    try:
        for one in keyed:
            compare(one, one)
        ordered = sorted(keyed, key=cmp_to_key(compare))
    except _OpenOrderError:
        return None
    return _ties(ordered, compare)


def merged_ties(groups: list[list[Chosen]], terms: tuple[OrderTerm, ...]) -> list[list[Chosen]]:
    """The same records in the groups of fewer terms."""
    firsts = [(_tree(group[0]), group) for group in groups]
    merged = _ties(firsts, lambda one, other: compare_for_order(terms, one[0], other[0]))
    return [[c for group in tied for c in group] for tied in merged]


def _ties(ordered: list[tuple[object, T]], compare: Callable[[tuple[object, T], tuple[object, T]], int | None]) -> list[list[T]]:
    """What is equal to the one before it stands with it."""
    out: list[list[T]] = []
    before: tuple[object, T] | None = None
    for one in ordered:
        if before is not None and compare(before, one) == 0:
            out[-1].append(one[1])
        else:
            out.append([one[1]])
        before = one
    return out


_OPEN: Final = object()
"""Stands for a body that is not known."""


def _tree(chosen: Chosen) -> object:
    trees = chosen.record.trees()
    return trees[0] if trees and len(trees) == 1 else _OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of the result comes. top_n None: no limit; batch_size: up to a multiple of it a server may round top_n (SOW-TOPN-12)."""

    top_n: int | None = None
    skip_n: int = 0
    batch_size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """occurs: every record with whether it comes. pool: records of which between low and high come. low, high: records returned;
    matches_low, matches_high: records selected; both with those of unknown key."""

    occurs: tuple[tuple[Chosen, Occurs], ...]
    pool: tuple[tuple[Chosen, ...], int, int] | None
    low: int
    high: int
    matches_low: int
    matches_high: int


def planned(chosen: list[Chosen], groups: list[list[Chosen]] | None, limits: Limits, *, vague: int = 0, free: bool = False) -> Plan:
    """What comes of the chosen records.

    `groups`: those that are selected, or may be, in order; None if their order is open. `vague`: how many records of unknown key may be
    selected too. `free`: which of the selected ones come is open altogether.
    """
    sure = [c for c in chosen if c.match is True]
    unsure = [c for c in chosen if c.match is None]
    least, most = len(sure), len(sure) + len(unsure) + vague
    low, high = least, most
    pool = None
    if free:
        low = 0
        occurs = [(c, Occurs.OPTIONAL) for c in (*sure, *unsure)]
    elif limits.top_n is None:
        occurs = [*((c, Occurs.ONCE) for c in sure), *((c, Occurs.OPTIONAL) for c in unsure)]
    else:
        rounded = -(-limits.top_n // limits.batch_size) * limits.batch_size
        low = max(0, min(limits.top_n, least - limits.skip_n))
        high = max(0, min(rounded, most - limits.skip_n))
        if groups is None or unsure or vague:
            occurs, pool = _counted([*sure, *unsure], low, high, vague)
        else:
            start = limits.skip_n
            occurs, pool = _windowed(groups, start, start + limits.top_n, start + rounded, low, high)
    out = [(c, Occurs.NEVER) for c in chosen if c.match is False]
    return Plan(occurs=(*occurs, *out), pool=pool, low=low, high=high, matches_low=least, matches_high=most)


Occurring = list[tuple[Chosen, Occurs]]
Counted = tuple[tuple[Chosen, ...], int, int]


def _counted(candidates: list[Chosen], low: int, high: int, vague: int) -> tuple[Occurring, Counted | None]:
    """Between low and high come, but which is open; some of them may be records of unknown key."""
    if high == 0:
        return [(c, Occurs.NEVER) for c in candidates], None
    if low == len(candidates) and not vague:
        return [(c, Occurs.ONCE) for c in candidates], None
    return [(c, Occurs.OPTIONAL) for c in candidates], (tuple(candidates), max(0, low - vague), high)


def _windowed(
    groups: list[list[Chosen]], start: int, stop: int, stop_rounded: int, low: int, high: int
) -> tuple[Occurring, Counted | None]:
    """Positions start..stop of the ordered records come; a group of ties across an edge comes in part; up to stop_rounded may."""
    occurs: Occurring = []
    partial: list[Chosen] = []
    certain = 0
    at = 0
    for group in groups:
        first, last = at, at + len(group)
        at = last
        if start <= first and last <= stop:
            occurs += [(c, Occurs.ONCE) for c in group]
            certain += len(group)
        elif last <= start or first >= stop_rounded:
            occurs += [(c, Occurs.NEVER) for c in group]
        else:
            occurs += [(c, Occurs.OPTIONAL) for c in group]
            partial += group
    if not partial:
        return occurs, None
    return occurs, (tuple(partial), low - certain, high - certain)
