"""In which order the messages of one query come: records by orderby or by topics, acks around them.

Source: sow.md section 7.4, expressions.md section 11, commands.md section 7.
"""

from __future__ import annotations

from reference_model.areas.query import Chosen, merged_ties, ordered_groups
from reference_model.areas.request import Request
from reference_model.expression.evaluate import sort_key
from reference_model.rule import Because, R
from reference_model.turn import Turn

Groups = list[list[Chosen]]
"""Records in order, ties together."""


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
