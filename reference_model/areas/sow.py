"""The `sow` query: which records come, in which order, with which headers, statistics and acks.

Source: sow.md section 7, commands.md sections 7 to 10. The plan of a query (`Plan`) says of every record of the topics whether it must,
may or must not come; the rest writes that down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from reference_model.areas.acks import Answer, expect_acks
from reference_model.areas.deliver import TIMESTAMP, correlation_claims, key_claims, topic_rules
from reference_model.areas.query import Chosen, Plan, Restriction, choose, ordered_groups
from reference_model.expectation import Absent, Body, Claim, Is, Like, Occurs, Present, Within
from reference_model.expression.errors import ExpressionError
from reference_model.expression.order import OrderTerm, parse_order_by
from reference_model.expression.select import Directive, parse_select
from reference_model.expression.syntax import Expr
from reference_model.rule import Because, R
from reference_model.scenario import KeyOf
from reference_model.select import selected
from reference_model.state import Record, Topic
from reference_model.turn import Turn, id_rules

batch_size_max: Final = 10_000
"""A larger batch size is an error (SOW-BATCH-05)."""

known_flags: Final = frozenset({"no_sowkey", "timestamp", "send_keys", "oof", "replace"})
known_values: Final = frozenset({"top_n", "skip_n", "select"})


def sow(turn: Turn) -> None:
    """A query of the current state."""
    request = _request(turn)
    failure = _failure(turn, request)
    if failure:
        _fails(turn, failure)
        return
    for topic in request.topics:
        if topic.unfenced:
            raise turn.refuse(f"{topic.config.name} has changes that no fence has made visible")
    if any(topic.unjudged for topic in request.topics):
        _cannot_judge(turn)
        return
    if request.skip_n is not None and (request.top_n is None or not request.order_by):
        _either(turn, request)
        return
    _answers(turn, request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A query as it was asked, parsed. `filter_error`: the filter does not compile."""

    topics: tuple[Topic, ...]
    literal: bool
    expr: Expr | None
    filter_error: bool
    sow_keys: tuple[str | KeyOf, ...] | None
    order_by: tuple[OrderTerm, ...]
    top_n: int | None
    top_n_by_option: bool
    skip_n: int | None
    batch_size: int | None
    no_sowkey: bool
    send_keys: bool
    timestamp: bool
    select: tuple[Directive, ...] | None


def _request(turn: Turn) -> Request:
    pattern = turn.text("topic")
    if pattern is None or turn.query_id is None:
        raise turn.refuse("a query needs a topic, and a query_id or cmd_id to tell its result by")
    options = turn.options
    unknown = (options.flags - known_flags) | (options.values.keys() - known_values)
    if unknown:
        raise turn.refuse(f"option {min(unknown)} of sow is not modelled")
    topics = turn.instance.covered(pattern)
    literal = topics == [] or topics[0].config.name == pattern
    if not topics and pattern in {"", "@"}:
        raise turn.refuse("a query needs a topic")
    acceptance = turn.filter()
    top_option = options.values.get("top_n")
    top_header = turn.number("top_n")
    if top_option is not None and top_header is not None:
        raise turn.refuse("top_n is given twice")
    batch_size = turn.number("batch_size")
    if batch_size is not None and batch_size < 1:
        raise turn.refuse("a batch size below 1 has no defined effect")
    select = options.values.get("select")
    keys = turn.program.header.get("sow_keys")
    return Request(
        topics=tuple(topics),
        literal=literal,
        expr=None if acceptance is None else acceptance.expr,
        filter_error=acceptance is not None and acceptance.refused is True,
        sow_keys=listed_keys(keys),
        order_by=_order_by(turn),
        top_n=int(top_option) if top_option is not None else top_header,
        top_n_by_option=top_option is not None,
        skip_n=int(options.values["skip_n"]) if "skip_n" in options.values else None,
        batch_size=batch_size,
        no_sowkey="no_sowkey" in options.flags,
        send_keys="send_keys" in options.flags,
        timestamp="timestamp" in options.flags,
        select=parse_select(select.removeprefix("[").removesuffix("]")) if select is not None else None,
    )


def _order_by(turn: Turn) -> tuple[OrderTerm, ...]:
    text = turn.text("orderby")
    if text is None:
        return ()
    try:
        return parse_order_by(text)
    except ExpressionError as error:
        raise turn.refuse(f"what an orderby that does not parse gives is not documented: {error}") from None


def listed_keys(value: object) -> tuple[str | KeyOf, ...] | None:
    """The entries of a `sow_keys` header: keys as texts, or records whose key the target has shown."""
    if value is None or value == "":
        return None
    if isinstance(value, KeyOf):
        return (value,)
    if isinstance(value, tuple):
        return value
    return tuple(str(value).split(","))


def _failure(turn: Turn, request: Request) -> Because:
    """Why the query must fail; empty if it must not."""
    if not request.topics:
        if turn.instance.config.regex_topics and not request.literal:
            raise turn.refuse("a pattern that matches no SOW topic has no defined result")
        return (R("SOW-TOPIC-01"), R("CMD-SOW-38"))
    if request.batch_size is not None and request.batch_size > batch_size_max:
        return (R("SOW-BATCH-05"), R("CMD-SOW-38"))
    if request.filter_error:
        return (R("EXPR-FLT-09"), R("CMD-SOW-38"))
    return ()


def _fails(turn: Turn, because: Because) -> None:
    reason: Because = (R("CMD-ACK-12"),) if because[0] == "SOW-BATCH-05" else (R("SOW-QRY-46"),)
    expect_acks(turn, Answer(status="failure", because=because, reason=reason))
    draft, query_id = turn.draft, turn.query_id
    draft.never(turn.step, (turn.connection, "group_begin", query_id), (R("CMD-ORD-13"),))
    draft.never(turn.step, (turn.connection, "group_end", query_id), (R("CMD-ORD-13"),))
    draft.scope(turn.connection, "sow", query_id, surplus=because)


def _cannot_judge(turn: Turn) -> None:
    """The topics are in a state that nothing is known of: anything may come."""
    turn.draft.unjudged[turn.step] = "the order of concurrent commands is not known"
    expect_acks(turn, Answer())
    for kind in ("group_begin", "sow", "group_end"):
        turn.draft.scope(turn.connection, kind, turn.query_id)


def _either(turn: Turn, request: Request) -> None:
    """skip_n without top_n or without orderby: refused, or an arbitrary slice (SOW-TOPN-08, SOW-TOPN-09)."""
    rule = R("SOW-TOPN-08") if request.top_n is None else R("SOW-TOPN-09")
    if "processed" not in turn.acks:
        raise turn.refuse("a query that may be refused must ask for the processed ack")
    slots = expect_acks(turn, Answer(status="either", because=(rule,)))
    draft, connection, query_id = turn.draft, turn.connection, turn.query_id
    accepted = (slots["processed"], "success")
    begin = draft.slot(turn.step, (connection, "group_begin", query_id), (R("SOW-QRY-01"),), when=accepted)
    end = draft.slot(turn.step, (connection, "group_end", query_id), (R("CMD-ORD-14"),), when=accepted)
    chosen = choose(turn.instance, request.topics, request.expr, request.sow_keys)
    members = [
        draft.slot(
            turn.step,
            (connection, "sow", query_id),
            (rule,),
            key=(c.topic.config.name, c.record.key),
            key_of=_key_of(c.topic),
            occurs=Occurs.OPTIONAL,
            when=accepted,
        )
        for c in chosen
        if c.match is not False
    ]
    if request.top_n is not None and all(c.match is True for c in chosen if c.match is not False) and not _vague(request):
        size = min(request.top_n, max(0, len(members) - (request.skip_n or 0)))
        draft.pool(tuple(members), size, _rounded(size, request.top_n, request.batch_size, len(members)), (rule,))
    draft.scope(connection, "sow", query_id, surplus=(R("SOW-QRY-06"),), repeated=(R("SOW-REC-05"),))
    draft.chain(connection, (begin,), tuple(members), (end,), because=(R("SOW-QRY-01"),))
    turn.session.last_query = ()


def _key_of(topic: Topic) -> tuple[str, ...] | str:
    return topic.config.keys or "sow_key"


def _vague(request: Request) -> int:
    return sum(topic.vague for topic in request.topics)


def _rounded(size: int, top_n: int, batch_size: int | None, most: int) -> int:
    """How many may come where a server rounds top_n up to full batches (SOW-TOPN-12)."""
    batch = batch_size or 1
    if size < top_n or top_n % batch == 0:
        return size
    return min(most, -(-top_n // batch) * batch)


def _answers(turn: Turn, request: Request) -> None:
    restriction = _restriction(request)
    chosen = choose(turn.instance, request.topics, request.expr, request.sow_keys)
    groups = ordered_groups([c for c in chosen if c.match is not False], request.order_by) if request.order_by else None
    plan = Plan.of(chosen, groups, top_n=request.top_n, skip_n=request.skip_n or 0, batch_size=request.batch_size or 1)
    slots = expect_acks(turn, _answer(request, plan, chosen))
    draft, connection, query_id = turn.draft, turn.connection, turn.query_id
    empty = plan.high == 0 and not _vague(request)
    by_query_id = turn.text("query_id") is not None
    correlated: Because = id_rules(query_id, R("CMD-SOW-27") if by_query_id else R("CMD-SOW-28"))
    if not turn.acks:
        begin_because: Because = (R("CMD-SOW-42"), R("SOW-QRY-01"))
    else:
        begin_because = (R("CMD-ORD-15"), R("SOW-QRY-01")) if empty else (R("SOW-QRY-01"),)
    end_because: Because = (R("CMD-ORD-15"), R("CMD-ORD-14")) if empty else (R("CMD-ORD-14"), R("SOW-QRY-01"))
    # Several topics: one pair of brackets or one a topic (commands.md section 14, 4); more than one is then no surplus.
    begin = draft.slot(turn.step, (connection, "group_begin", query_id), begin_because, correlated=correlated)
    end = draft.slot(turn.step, (connection, "group_end", query_id), end_because, correlated=correlated)
    if len(request.topics) > 1:
        for kind in ("group_begin", "group_end"):
            draft.scope(connection, kind, query_id)
    else:
        for kind in ("group_begin", "group_end"):
            draft.scope(connection, kind, query_id, surplus=(R("CMD-ORD-14"),), repeated=(R("SOW-QRY-01"),))
    writer = _Records(turn, request, restriction, correlated)
    written = {id(c.record): writer.record(c, occurs) for c, occurs in plan.occurs}
    writer.ghosts()
    if plan.pool is not None:
        members, low, high = plan.pool
        because: Because = (R("SOW-TOPN-02"), R("SOW-TOPN-01")) if request.top_n_by_option else (R("SOW-TOPN-01"),)
        draft.pool(tuple(written[id(c.record)] for c in members), low, high, because)
    surplus: Because = () if _vague(request) else restriction.surplus
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
    turn.draft.oblige("batches", {"connection": connection, "query_id": query_id, "step": turn.step, "batch_size": request.batch_size})


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
            because=_order_rules(turn, request),
        )
    elif len(request.topics) > 1:
        by_topic = [
            tuple(written[id(c.record)] for c in chosen if c.topic is topic and id(c.record) in written) for topic in request.topics
        ]
        turn.draft.chain(turn.connection, *by_topic, because=(R("EXPR-TOP-25"),))


def _order_rules(turn: Turn, request: Request) -> Because:
    base = R("EXPR-ORD-01")
    if len(request.order_by) > 1:
        return (R("EXPR-ORD-04"), base)
    term = request.order_by[0]
    if term.descending:
        return (R("EXPR-ORD-03"), base)
    if len(term.identifier.steps) > 1:
        return (R("EXPR-ORD-13"), base)
    if request.top_n is not None:
        return (R("SOW-TOPN-07"), R("SOW-TOPN-03"), base) if request.skip_n else (R("SOW-TOPN-03"), base)
    if request.expr is not None:
        return (R("SOW-ORD-13"), base)
    if (request.batch_size or 1) > 1:
        return (R("SOW-ORD-11"), base)
    return (R("EXPR-ORD-02"), base) if "ASC" in (turn.text("orderby") or "") else (base,)


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


def _answer(request: Request, plan: Plan, chosen: list[Chosen]) -> Answer:
    because: Because = (R("CMD-SOW-38"),)
    if request.batch_size == batch_size_max:
        because = (R("SOW-BATCH-06"), R("CMD-SOW-38"))
    elif request.sow_keys is not None and any(key not in {c.listed for c in chosen if c.listed} for key in request.sow_keys):
        because = (R("SOW-KEY-12"), R("CMD-SOW-38"))
    elif request.skip_n and plan.high == 0:
        because = (R("SOW-TOPN-10"), R("CMD-SOW-38"))
    return Answer(because=because, claims={"stats": _statistics(request, plan)})


def _statistics(request: Request, plan: Plan) -> tuple[Claim, ...]:
    stored_high = sum(len(topic.records) for topic in request.topics) + _vague(request)
    stored_low = sum(not r.maybe for topic in request.topics for r in topic.records.values())
    present: Because = (R("CMD-STAT-15"), R("CMD-SOW-40"))
    claims = [Claim(name, Present(), present) for name in ("topic_matches", "matches", "records_returned")]
    empty = stored_high == 0
    low, high = plan.matches_low, plan.matches_high + (_vague(request) if request.sow_keys is None else 0)
    if request.sow_keys is not None:
        rule: Because = (R("CMD-STAT-21"),)
        claims += [Claim("matches", Within(low, high), rule), Claim("topic_matches", Within(low, stored_high), rule)]
    else:
        cut = request.top_n is not None and request.top_n < low
        matches: Because = (R("CMD-STAT-17"),) if empty else (R("CMD-STAT-04"), R("CMD-STAT-03")) if cut else (R("CMD-STAT-03"),)
        claims.append(Claim("matches", Within(low, high), matches))
        compared_low = low if request.expr is not None else stored_low
        claims.append(Claim("topic_matches", Within(compared_low, stored_high), (R("CMD-STAT-17"),) if empty else (R("CMD-STAT-01"),)))
        if request.expr is not None and not empty:
            claims.append(Claim("topic_matches", Is(stored_high), (R("SOW-STAT-03"),)))
    extra = _vague(request)
    returned = Within(plan.low, plan.high + extra)
    claims.append(Claim("records_returned", returned, _returned_rules(request, empty=empty)))
    return tuple(claims)


def _returned_rules(request: Request, *, empty: bool) -> Because:
    usual = R("CMD-STAT-05")
    if empty:
        return (R("CMD-STAT-17"), usual)
    if request.sow_keys is not None:
        return (usual,)
    if request.top_n == 0:
        return (R("SOW-TOPN-06"), R("CMD-STAT-06"), usual)
    if request.top_n is not None:
        return (R("CMD-STAT-07"), usual) if request.skip_n else (R("CMD-STAT-06"), usual)
    return (R("CMD-STAT-09"), usual)


def _restriction(request: Request) -> Restriction:
    """Which rules say why a record comes or does not, by the restrictions of the query."""
    base = R("SOW-QRY-05")
    filtered, keyed = request.expr is not None, request.sow_keys is not None
    if filtered and keyed:
        selection: Because = (R("SOW-KEY-13"), R("SOW-KEY-11"), base)
    elif keyed:
        given = any(isinstance(key, str) for key in request.sow_keys or ()) and any(not t.config.keys for t in request.topics)
        selection = (R("SOW-KEY-24"), R("SOW-KEY-22"), base) if given else (R("SOW-KEY-11"), base)
    elif filtered:
        selection = (R("SOW-QRY-06"), base)
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
        turn, topic, record = self.turn, chosen.topic, chosen.record
        where = (turn.connection, "sow", turn.query_id)
        key = (topic.config.name, record.key)
        if occurs is Occurs.NEVER:
            return turn.draft.never(turn.step, where, self._why_not(chosen), key=key, key_of=_key_of(topic))
        if topic.config.keys:
            domain = topic.config.domain
            turn.draft.distinct(R("SOW-KEY-02"), ("sow_key", domain), ("sow_key", domain, record.key))
            if topic.config.key_domain is None:
                turn.draft.distinct(R("SOW-KEY-08"), ("sow_key", record.key), ("sow_key", domain, record.key))
        slot = turn.draft.slot(
            turn.step,
            where,
            self._why(topic, record),
            key=key,
            key_of=_key_of(topic),
            claims=self._claims(topic, record),
            body=self._body(record),
            occurs=occurs,
            correlated=self.correlated,
        )
        if occurs is Occurs.ONCE:
            record.fresh, record.fresh_body, record.seen = (), (), True
        turn.draft.scope(turn.connection, "sow", (turn.query_id, key), repeated=record.repeated)
        return slot

    def ghosts(self) -> None:
        """Records that were deleted, or never made, must not come."""
        turn = self.turn
        for topic in self.request.topics:
            across = topic.fenced is not None and topic.fenced[1] != turn.connection
            for key, because in topic.ghosts.items():
                deleted = because[0] != "SOW-DEL-05"
                turn.draft.never(
                    turn.step,
                    (turn.connection, "sow", turn.query_id),
                    (R("SOW-DEL-27"), *because) if across and deleted else because,
                    key=(topic.config.name, key),
                    key_of=_key_of(topic),
                )

    def _why_not(self, chosen: Chosen) -> Because:
        if chosen.match is True:
            if self.request.skip_n and self.request.top_n:
                return self.restriction.limit
            return self.restriction.limit or self.restriction.selection
        return self.restriction.selection

    def _why(self, topic: Topic, record: Record) -> Because:
        turn, request = self.turn, self.request
        if self.restriction.limit and not record.fresh:
            return (*self.restriction.limit, *self.restriction.selection)
        if record.fresh:
            fence = topic.fenced
            across = fence is not None and fence[1] != turn.connection
            return (*((fence[0],) if fence and across else ()), *record.fresh, *self.restriction.selection)
        if not (request.expr or request.sow_keys):
            again = self._asked_before(topic)
            if again:
                return (again, *self.restriction.selection)
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
            claims.extend(key_claims(topic.config, record.key, present=R("WIRE-SOW-03"), equal=R("SOW-KEY-01"), given=self._given()))
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
