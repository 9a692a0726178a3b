"""In which order the messages of one query come: records by orderby or by topics, acks around them.

Source: sow.md section 7.4, expressions.md section 11, commands.md section 7.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

from reference_model.areas.query import Chosen, merged_ties, ordered_groups
from reference_model.areas.request import Request
from reference_model.expression.evaluate import sort_key
from reference_model.expression.order import OrderTerm
from reference_model.expression.values import field, numeral
from reference_model.rule import Because, R
from reference_model.turn import Turn

Groups = list[list[Chosen]]
"""Records in order, ties together."""

Key = TypeVar("Key", bytes, int | Decimal)


def groups_by_topic(request: Request, selected_ones: list[Chosen]) -> list[Groups]:
    """Of each topic the records in order, ties together; nothing where the order is open.

    Over several topics two orders are demanded, topic by topic (EXPR-TOP-25) and by orderby: only the order within each is sure.
    """
    if not request.order_by:
        return []
    by_topic = [ordered_groups([c for c in selected_ones if c.topic is topic], request.order_by) for topic in request.topics]
    found = [groups for groups in by_topic if groups is not None]
    return found if len(found) == len(by_topic) else []


def order_of_records(
    turn: Turn, request: Request, groups: list[Groups], chosen: list[Chosen], written: dict[int, int], doubt: Because
) -> None:
    """Within each topic as orderby says; without orderby topic by topic, in the order of the configuration."""
    draft = turn.draft

    def slots(group: list[Chosen]) -> tuple[int, ...]:
        return tuple(written[id(c.record)] for c in group)

    coming = [c for c in chosen if c.match is not False]
    if len(request.topics) == 1 and not doubt:
        _recorded_order(turn, request, groups, coming, written)
    if request.order_by:
        for of_topic in groups:
            by_first = merged_ties(of_topic, request.order_by[:1])
            first_rules = (*doubt, *_order_rules(turn, request, by_first))
            draft.chain(turn.connection, *map(slots, by_first), because=first_rules)
            if len(request.order_by) > 1:
                draft.chain(turn.connection, *map(slots, of_topic), because=(*doubt, R("EXPR-ORD-04"), *first_rules))
    elif len(request.topics) > 1:
        by_topic = [slots([c for c in chosen if c.topic is topic]) for topic in request.topics]
        draft.chain(turn.connection, *by_topic, because=(R("EXPR-TOP-25"),))


def _recorded_order(turn: Turn, request: Request, groups: list[Groups], coming: list[Chosen], written: dict[int, int]) -> None:
    """Orders that nothing demands, which a target has all the same: recorded, never judged."""

    def record(found: Groups, rule: R) -> None:
        turn.draft.chain(turn.connection, *(tuple(written[id(c.record)] for c in group) for group in found), because=(rule,))

    if not request.order_by:
        record([[c] for c in coming], R("EXPR-ORD-11"))
        return
    for of_topic in groups:
        for tied in of_topic:
            record([[c] for c in tied], R("EXPR-ORD-12"))
    if not groups and len(request.order_by) == 1:
        rule, presumed = _presumed(request.order_by[0], coming)
        if rule is not None:
            record(presumed, rule)


def _presumed(term: OrderTerm, coming: list[Chosen]) -> tuple[R | None, Groups]:
    """The order that the rules of comparison suggest where none is defined: numbers, by value also where they are strings, before other
    strings (EXPR-ORD-09, EXPR-ORD-10); what has no such field stands anywhere (EXPR-ORD-14). No rule: not even that can be said."""
    numbers: list[tuple[int | Decimal, Chosen]] = []
    strings: list[tuple[bytes, Chosen]] = []
    lacking = numeric_strings = False
    for c in coming:
        trees = c.record.trees()
        if term.as_text or term.identifier.subscript is not None or trees is None or len(trees) != 1:
            return None, []
        value = field(trees[0], term.identifier.steps)
        as_number = numeral(value) if isinstance(value, bytes) else value
        if value is None:
            lacking = True
        elif isinstance(as_number, int | Decimal) and not isinstance(as_number, bool):
            numeric_strings = numeric_strings or isinstance(value, bytes)
            numbers.append((as_number, c))
        elif isinstance(value, bytes) and as_number is None:
            strings.append((value, c))
        else:
            return None, []
    ordered = [*_by_key(numbers), *_by_key(strings)]
    if term.descending:
        ordered.reverse()
    return R("EXPR-ORD-14") if lacking else R("EXPR-ORD-10") if numeric_strings else R("EXPR-ORD-09"), ordered


def _by_key(keyed: list[tuple[Key, Chosen]]) -> Groups:
    """In ascending order of the keys, equal ones together."""
    found: dict[Key, list[Chosen]] = {}
    for key, c in keyed:
        found.setdefault(key, []).append(c)
    return [found[key] for key in sorted(found)]


def _order_rules(turn: Turn, request: Request, by_first: Groups) -> Because:
    """Which rule an order by the first term is about; the same order asked for again is about the kind of the values."""
    base = R("EXPR-ORD-01")
    text = turn.text("orderby") or ""
    again = text in turn.instance.orders
    turn.instance.orders.add(text)
    term = request.order_by[0]
    if term.as_text:
        return (R("EXPR-ORD-07") if term.descending else R("EXPR-ORD-06"), base)
    if term.descending:
        return (R("EXPR-ORD-03"), base)
    if len(term.identifier.steps) > 1 and "ASC" not in text:
        return (R("EXPR-ORD-13"), base)
    if request.expr is not None:
        return (R("SOW-ORD-13"), base)
    if (request.batch_size or 1) > 1:
        return (R("SOW-ORD-11"), base)
    kind = _kind_of_order(request, by_first)
    if kind is not None and (again or len(term.identifier.steps) > 1):
        return (kind, base)
    return (R("EXPR-ORD-02"), base) if "ASC" in text else (base,)


def _kind_of_order(request: Request, by_first: Groups) -> R | None:
    """Strings in byte order (EXPR-ORD-08), or numbers whose texts would sort otherwise (EXPR-ORD-05)."""
    values = [sort_key(request.order_by[0], tree) for group in by_first for tree in group[0].record.trees() or ()]
    if len(values) > 1 and all(isinstance(value, bytes) for value in values):
        return R("EXPR-ORD-08")
    texts = [str(value) for value in values]
    return None if texts in (sorted(texts), sorted(texts, reverse=True)) else R("EXPR-ORD-05")


def order_of_acks(turn: Turn, slots: dict[str, int], begin: int, end: int, records: tuple[int, ...], *, single: bool) -> None:
    draft, connection = turn.draft, turn.connection
    if "processed" in slots:
        draft.chain(connection, (slots["processed"],), (begin,), because=(R("CMD-ORD-02"),))
    if "completed" in slots:
        if single:
            draft.chain(connection, (end,), (slots["completed"],), because=(R("CMD-ORD-08"),))
        after: Because = (R("CMD-SOW-39"),) if turn.cmd == "sow" else (R("CMD-ORD-06"), R("CMD-SAS-06"))
        draft.chain(connection, records, (slots["completed"],), because=after)
        if "stats" in slots:
            draft.chain(connection, (slots["completed"],), (slots["stats"],), because=(R("CMD-ORD-09"),))
