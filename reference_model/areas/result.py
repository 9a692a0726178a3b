"""The result of a query that succeeds: brackets, records with their headers and bodies, order, batches.

Source: sow.md sections 7.1 to 7.5, commands.md section 7. Which records come is decided in `query`; here it is written down.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from decimal import Decimal

from reference_model.areas.acks import expect_acks
from reference_model.areas.deliver import TIMESTAMP, correlation_claims, key_claims, topic_rules
from reference_model.areas.query import Chosen, Plan, Restriction, choose, ordered_groups
from reference_model.areas.request import Request, key_of, vague
from reference_model.areas.statistics import answer_of
from reference_model.expectation import Absent, Body, Claim, Is, Like, Occurs, Present
from reference_model.rule import Because, R
from reference_model.select import selected
from reference_model.state import Record, Topic, at_path
from reference_model.turn import Turn, id_rules


def answers(turn: Turn, request: Request) -> tuple[dict[str, int], int]:
    """Write down the result of a query that succeeds; returns the slots of its acks, and of its group_end."""
    restriction = _restriction(turn, request)
    chosen = choose(turn.instance, request.topics, request.expr, request.sow_keys)
    groups = ordered_groups([c for c in chosen if c.match is not False], request.order_by) if request.order_by else None
    plan = Plan.of(
        chosen, groups, top_n=request.top_n, skip_n=request.skip_n or 0, batch_size=request.batch_size or 1, vague=vague(request)
    )
    slots = expect_acks(turn, answer_of(request, plan, chosen))
    draft, connection, query_id = turn.draft, turn.connection, turn.query_id
    correlated: Because = id_rules(query_id, R("CMD-SOW-27") if turn.text("query_id") else R("CMD-SOW-28"))
    begin, end = _brackets(turn, request, correlated, empty=plan.high == 0 and not vague(request))
    writer = _Records(turn, request, restriction, correlated)
    written = {id(c.record): writer.record(c, occurs) for c, occurs in plan.occurs}
    writer.ghosts()
    if plan.pool is not None:
        members, low, high = plan.pool
        because: Because = (R("SOW-TOPN-02"), R("SOW-TOPN-01")) if request.top_n_by_option else (R("SOW-TOPN-01"),)
        draft.pool(tuple(written[id(c.record)] for c in members), low, high, because)
    surplus: Because = () if vague(request) else restriction.surplus
    draft.scope(connection, "sow", query_id, surplus=surplus, repeated=(R("SOW-REC-05"),))
    records = tuple(written.values())
    if len(request.topics) == 1:
        draft.chain(connection, (begin,), records, (end,), because=(R("SOW-QRY-01"),))
        if turn.session.last_query:
            draft.chain(connection, turn.session.last_query, (begin,), because=(R("CMD-ORD-11"),))
        turn.session.last_query = (*records, end)
    else:
        turn.session.last_query = ()
    _order(turn, request, groups, written, chosen)
    _ack_order(turn, slots, begin, end, records, single=len(request.topics) == 1)
    for topic in request.topics:
        plain = not (request.expr or request.sow_keys or request.top_n is not None)
        if plain:
            topic.asked = (topic.version, connection)
        if request.order_by and request.top_n:
            topic.page = (topic.version, _page_of(turn), (request.skip_n or 0) + request.top_n)
    rule = R("SOW-BATCH-01") if request.batch_size is None else R("SOW-BATCH-02") if turn.cmd == "sow" else R("SOW-BATCH-10")
    draft.oblige(
        "batches",
        {"rule": rule, "connection": connection, "query_id": query_id, "step": turn.step, "batch_size": request.batch_size or 1},
    )
    return slots, end


def _brackets(turn: Turn, request: Request, correlated: Because, *, empty: bool) -> tuple[int, int]:
    """group_begin and group_end: one pair; over several topics perhaps one a topic (commands.md section 14, 4)."""
    draft, connection, query_id = turn.draft, turn.connection, turn.query_id
    begin_because: Because = (R("CMD-ORD-15"), R("SOW-QRY-01")) if empty else (R("SOW-QRY-01"),)
    if not turn.acks:
        begin_because = (R("CMD-SOW-42"), *begin_because)
    end_because: Because = (R("CMD-ORD-15"), R("CMD-ORD-14")) if empty else (R("CMD-ORD-14"), R("SOW-QRY-01"))
    begin = draft.slot(turn.step, (connection, "group_begin", query_id), begin_because, correlated=correlated)
    end = draft.slot(turn.step, (connection, "group_end", query_id), end_because, correlated=correlated)
    for kind in ("group_begin", "group_end"):
        if len(request.topics) > 1:
            draft.scope(connection, kind, query_id)
        else:
            draft.scope(connection, kind, query_id, surplus=(R("CMD-ORD-14"),), repeated=(R("SOW-QRY-01"),))
    return begin, end


def _page_of(turn: Turn) -> Hashable:
    """A windowed query without its position."""
    return (turn.text("filter"), turn.text("orderby"), turn.text("top_n"), turn.options.values.get("top_n"))


def _order(
    turn: Turn,
    request: Request,
    groups: list[list[Chosen]] | None,
    written: dict[int, int],
    chosen: list[Chosen],
) -> None:
    if groups is not None:
        turn.draft.chain(
            turn.connection,
            *(tuple(written[id(c.record)] for c in group if id(c.record) in written) for group in groups),
            because=_order_rules(turn, request, groups),
        )
    elif len(request.topics) > 1:
        by_topic = [
            tuple(written[id(c.record)] for c in chosen if c.topic is topic and id(c.record) in written) for topic in request.topics
        ]
        turn.draft.chain(turn.connection, *by_topic, because=(R("EXPR-TOP-25"),))


def _order_rules(turn: Turn, request: Request, groups: list[list[Chosen]]) -> Because:
    base = R("EXPR-ORD-01")
    text = turn.text("orderby") or ""
    again = text in turn.instance.orders
    turn.instance.orders.add(text)
    if len(request.order_by) > 1:
        return (R("EXPR-ORD-04"), base)
    term = request.order_by[0]
    if term.as_text:
        return (R("EXPR-ORD-07") if term.descending else R("EXPR-ORD-06"), base)
    if term.descending:
        return (R("EXPR-ORD-03"), base)
    if len(term.identifier.steps) > 1 and "ASC" not in text:
        return (R("EXPR-ORD-13"), base)
    if request.top_n is not None:
        return (R("SOW-TOPN-07"), R("SOW-TOPN-03"), base) if request.skip_n else (R("SOW-TOPN-03"), base)
    if request.expr is not None:
        return (R("SOW-ORD-13"), base)
    if (request.batch_size or 1) > 1:
        return (R("SOW-ORD-11"), base)
    kind = _kind_of_order(request, groups)
    if kind is not None and (again or len(term.identifier.steps) > 1):
        return (kind, base)
    return (R("EXPR-ORD-02"), base) if "ASC" in text else (base,)


def _kind_of_order(request: Request, groups: list[list[Chosen]]) -> R | None:
    """Strings in byte order (EXPR-ORD-08), or numbers whose texts would sort otherwise (EXPR-ORD-05)."""
    path = request.order_by[0].identifier.path
    values = [at_path(tree, path) for group in groups for tree in group[0].record.trees() or ()]
    if len(values) > 1 and all(isinstance(value, str) for value in values):
        return R("EXPR-ORD-08")
    texts = [str(value) for value in values]
    if all(isinstance(value, int | Decimal) for value in values) and texts not in (sorted(texts), sorted(texts, reverse=True)):
        return R("EXPR-ORD-05")
    return None


def _ack_order(turn: Turn, slots: dict[str, int], begin: int, end: int, records: tuple[int, ...], *, single: bool) -> None:
    draft, connection = turn.draft, turn.connection
    if "processed" in slots:
        draft.chain(connection, (slots["processed"],), (begin,), because=(R("CMD-ORD-02"),))
    if "completed" in slots:
        if single:
            draft.chain(connection, (end,), (slots["completed"],), because=(R("CMD-ORD-08"),))
        draft.chain(connection, records, (slots["completed"],), because=(R("CMD-SOW-39"),))
        if "stats" in slots:
            draft.chain(connection, (slots["completed"],), (slots["stats"],), because=(R("CMD-ORD-09"),))


def _restriction(turn: Turn, request: Request) -> Restriction:
    """Which rules say why a record comes or does not, by the restrictions of the query."""
    base = R("SOW-QRY-05")
    filtered, keyed = request.expr is not None, request.sow_keys is not None
    if filtered and keyed:
        selection: Because = (R("SOW-KEY-13"), R("SOW-KEY-11"), base)
    elif keyed:
        given = any(isinstance(key, str) for key in request.sow_keys or ()) and any(not t.config.keys for t in request.topics)
        selection = (R("SOW-KEY-24"), R("SOW-KEY-22"), base) if given else (R("SOW-KEY-11"), base)
    elif filtered and turn.about:
        selection = (*turn.about, R("SOW-QRY-06"), base)
    elif filtered:
        selection = (R("EXPR-FLT-05"), R("SOW-QRY-06"), base) if turn.filter_shared else (R("SOW-QRY-06"), base)
    else:
        selection = (base,)
    limit: Because = ()
    if request.top_n == 0:
        limit = (R("SOW-TOPN-06"), R("SOW-TOPN-01"))
    elif request.top_n is not None and request.order_by:
        if request.skip_n is not None:
            limit = (R("SOW-TOPN-14"), R("SOW-TOPN-07")) if filtered else (R("SOW-TOPN-07"), R("SOW-TOPN-03"))
        else:
            limit = (R("SOW-TOPN-03"), R("SOW-TOPN-01"))
    elif request.top_n is not None:
        limit = (R("SOW-TOPN-01"),)
    return Restriction(selection=selection, limit=limit, surplus=selection)


class _Records:
    """Writes the record slots of one query."""

    def __init__(self, turn: Turn, request: Request, restriction: Restriction, correlated: Because) -> None:
        self.turn = turn
        self.request = request
        self.restriction = restriction
        self.correlated = correlated

    def record(self, chosen: Chosen, occurs: Occurs) -> int:
        turn, request, topic, record = self.turn, self.request, chosen.topic, chosen.record
        where = (turn.connection, "sow", turn.query_id)
        key = (topic.config.name, record.key)
        if occurs is Occurs.NEVER:
            return turn.draft.never(turn.step, where, self._why_not(chosen), key=key, key_of=key_of(topic))
        if topic.config.keys:
            domain = topic.config.domain
            turn.draft.distinct(R("SOW-KEY-02"), ("sow_key", domain), ("sow_key", domain, record.key))
            if topic.config.key_domain is None:
                turn.draft.distinct(R("SOW-KEY-08"), ("sow_key", record.key), ("sow_key", domain, record.key))
        slot = turn.draft.slot(
            turn.step,
            where,
            (R("SOW-TOPN-04"),) if occurs is Occurs.OPTIONAL and not request.order_by else self._why(topic, record),
            key=key,
            key_of=key_of(topic),
            claims=self._claims(topic, record),
            body=self._body(record),
            occurs=occurs,
            correlated=self.correlated,
        )
        if occurs is Occurs.ONCE:
            record.fresh_body, record.seen = (), True
            if not self.restriction.limit:
                record.fresh = ()
        turn.draft.scope(turn.connection, "sow", (turn.query_id, key), repeated=record.repeated)
        return slot

    def ghosts(self) -> None:
        """Records that were deleted, or never made, must not come."""
        turn = self.turn
        for topic in self.request.topics:
            across = topic.fenced is not None and topic.fenced[1] != turn.connection
            for key, because in topic.ghosts.items():
                deleted = because[0] != R("SOW-DEL-05")
                rules = (R("SOW-DEL-27"), *because) if across and deleted else because
                turn.draft.never(
                    turn.step,
                    (turn.connection, "sow", turn.query_id),
                    (R("SOW-DEL-18"), *rules) if key in topic.shown_gone and deleted else rules,
                    key=(topic.config.name, key),
                    key_of=key_of(topic),
                )
                topic.shown_gone.add(key)

    def _why_not(self, chosen: Chosen) -> Because:
        if chosen.match is not False:
            if self.request.skip_n and self.request.top_n:
                return self.restriction.limit
            return self.restriction.limit or self.restriction.selection
        return self.restriction.selection

    def _why(self, topic: Topic, record: Record) -> Because:
        turn, request = self.turn, self.request
        if turn.about:
            return (*turn.about, *self.restriction.selection)
        if self.restriction.limit:
            # Of a record that no query has shown yet a wrong limit is the likelier explanation than a lost publish.
            tiled = request.skip_n and topic.page == (topic.version, _page_of(turn), request.skip_n)
            return (*((R("SOW-TOPN-11"),) if tiled else ()), *self.restriction.limit, *record.fresh, *self.restriction.selection)
        if record.fresh:
            fence = topic.fenced
            across = fence is not None and fence[1] != turn.connection
            across_rules = (fence[0],) if fence and across else ()
            return (*across_rules, *record.fresh, *self.restriction.selection)
        if not (request.expr or request.sow_keys):
            again = self._asked_before(topic)
            if again:
                return (again, *self.restriction.selection)
            if turn.options.flags & {"oof", "replace"}:
                return (R("CMD-SOW-53"), *self.restriction.selection)
            if turn.text("bookmark"):
                return (R("BOOK-HIST-10"), *self.restriction.selection)
            if turn.text("opts") == "none":
                return (R("CMD-WIRE-13"), *self.restriction.selection)
            if not turn.instance.config.logged and (request.batch_size or 1) == 1:
                return (R("SOW-TOPIC-07"), *self.restriction.selection)
            if request.literal:
                return self.restriction.selection
            return (R("CMD-SOW-01"), *self.restriction.selection)
        return self.restriction.selection

    def _asked_before(self, topic: Topic) -> R | None:
        """The same query of an unchanged topic must give the same (SOW-QRY-38, SOW-REC-24, SOW-BATCH-04)."""
        if topic.asked is None or topic.asked[0] != topic.version:
            return None
        if topic.asked[1] != self.turn.connection:
            return R("SOW-REC-24")
        return R("SOW-BATCH-04") if (self.request.batch_size or 1) > 1 else R("SOW-QRY-38")

    def _claims(self, topic: Topic, record: Record) -> tuple[Claim, ...]:
        request = self.request
        claims = [Claim("topic", Is(topic.config.name), topic_rules(topic.config.name, R("CMD-SOW-59")))]
        if request.no_sowkey:
            claims.append(Claim("sow_key", Absent(), (R("CMD-SOW-56"), R("WIRE-SOW-03"))))
        else:
            equal = R("SOW-KEY-09") if topic.config.key_domain is not None else R("SOW-KEY-01")
            claims.extend(key_claims(topic.config, record.key, present=R("WIRE-SOW-03"), equal=equal, given=self._given()))
        claims.extend(correlation_claims(record.correlation))
        if request.timestamp:
            claims.append(Claim("timestamp", Present(), (R("CMD-SOW-57"),)))
            claims.append(Claim("timestamp", Like(TIMESTAMP), (R("WIRE-HDR-18"),)))
        else:
            claims.append(Claim("timestamp", Absent(), (R("CMD-OPT-29"),)))
        return tuple(claims)

    def _given(self) -> R:
        key_is_odd = any(set(key) & set("+/") for topic in self.request.topics if not topic.config.keys for (key,) in topic.records)
        return R("CMD-PUB-41") if key_is_odd else R("SOW-KEY-22")

    def _body(self, record: Record) -> Body:
        body = record.body()
        if self.request.select is not None:
            because: Because = (R("CMD-WIRE-11"), R("EXPR-SEL-12")) if self.request.timestamp else (R("EXPR-SEL-12"), R("EXPR-SEL-01"))
            return selected(body, record.trees(), self.request.select, because)
        if record.fresh_body:
            body = replace(
                body,
                members={name: replace(member, because=(*record.fresh_body, *member.because)) for name, member in body.members.items()},
                complete=(*record.fresh_body, *body.complete),
                verbatim=body.verbatim,
            )
        if self.request.send_keys:
            body = replace(
                body,
                members={
                    name: replace(member, missing=(R("CMD-SOW-55"), *member.because)) if self._is_key(name) else member
                    for name, member in body.members.items()
                },
            )
        return body

    def _is_key(self, name: str) -> bool:
        return any(name in topic.key_names for topic in self.request.topics)
