"""Which records of a query's topics must, may and must not come: selection, order, limits. Values; writes nothing down.

Source: sow.md sections 7.1, 7.4 and 7.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cmp_to_key

from reference_model.expectation import Occurs
from reference_model.expression.evaluate import compare_for_order
from reference_model.expression.order import OrderTerm
from reference_model.expression.syntax import Expr
from reference_model.rule import Because
from reference_model.scenario import KeyOf
from reference_model.state import Instance, Record, RecordKey, Topic, match


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """Which rules stand behind what comes: by selection (filter, keys), by limit (top_n, skip_n), and for what is too much."""

    selection: Because
    limit: Because
    surplus: Because


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


def ordered_groups(chosen: list[Chosen], terms: tuple[OrderTerm, ...]) -> list[list[Chosen]] | None:
    """The records in order, ties together; None where the documentation leaves the order of some of them open."""
    trees: dict[int, object] = {}
    for c in chosen:
        possible = c.record.trees()
        if possible is None or len(possible) != 1:
            return None
        trees[id(c)] = possible[0]

    class Open(Exception):  # noqa: N818 - leaves the sort, is no error
        pass

    def compare(a: Chosen, b: Chosen) -> int:
        result = compare_for_order(terms, trees[id(a)], trees[id(b)])
        if result is None:
            raise Open
        return result

    try:
        ordered = sorted(chosen, key=cmp_to_key(compare))
    except Open:
        return None
    groups: list[list[Chosen]] = []
    for c in ordered:
        if groups and compare(groups[-1][0], c) == 0:
            groups[-1].append(c)
        else:
            groups.append([c])
    return groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """occurs: every record with whether it comes. pool: records of which between low and high come. low, high: records returned;
    matches_low, matches_high: records selected."""

    occurs: tuple[tuple[Chosen, Occurs], ...]
    pool: tuple[tuple[Chosen, ...], int, int] | None
    low: int
    high: int
    matches_low: int
    matches_high: int

    @classmethod
    def of(
        cls, chosen: list[Chosen], groups: list[list[Chosen]] | None, *, top_n: int | None, skip_n: int, batch_size: int, vague: int = 0
    ) -> Plan:
        """`vague`: records of unknown key that may take a place in a limited result."""
        sure = [c for c in chosen if c.match is True]
        unsure = [c for c in chosen if c.match is None]
        out = [(c, Occurs.NEVER) for c in chosen if c.match is False]
        least, most = len(sure), len(sure) + len(unsure)
        if top_n is None and not skip_n:
            occurs = [*((c, Occurs.ONCE) for c in sure), *((c, Occurs.OPTIONAL) for c in unsure), *out]
            return cls(occurs=tuple(occurs), pool=None, low=least, high=most, matches_low=least, matches_high=most)
        limit = most if top_n is None else top_n
        rounded = -(-limit // batch_size) * batch_size if limit else 0
        low, high = max(0, min(limit, least - skip_n)), max(0, min(rounded, most - skip_n))
        if vague:
            low, high = max(0, low - vague), max(0, min(rounded, most + vague - skip_n, most))
        if groups is None or unsure or vague:
            candidates = [*sure, *unsure]
            if high == 0:
                occurs = [*((c, Occurs.NEVER) for c in candidates), *out]
                return cls(occurs=tuple(occurs), pool=None, low=0, high=0, matches_low=least, matches_high=most)
            if low == least and not unsure and not skip_n and not vague:
                occurs = [*((c, Occurs.ONCE) for c in sure), *out]
                return cls(occurs=tuple(occurs), pool=None, low=low, high=low, matches_low=least, matches_high=most)
            occurs = [*((c, Occurs.OPTIONAL) for c in candidates), *out]
            return cls(
                occurs=tuple(occurs),
                pool=(tuple(candidates), low, high),
                low=low,
                high=high,
                matches_low=least,
                matches_high=most,
            )
        ordered, pool = _windowed(groups, skip_n, skip_n + limit, skip_n + rounded, low, high)
        return cls(occurs=(*ordered, *out), pool=pool, low=low, high=high, matches_low=least, matches_high=most)


def _windowed(
    groups: list[list[Chosen]], start: int, stop: int, stop_rounded: int, low: int, high: int
) -> tuple[list[tuple[Chosen, Occurs]], tuple[tuple[Chosen, ...], int, int] | None]:
    """Positions start..stop of the ordered records come; a group of ties across an edge comes in part; up to stop_rounded may."""
    occurs: list[tuple[Chosen, Occurs]] = []
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
