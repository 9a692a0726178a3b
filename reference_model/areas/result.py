"""The result of a query that succeeds: brackets, records with their headers and bodies, batches.

Source: sow.md sections 7.1 to 7.5, commands.md section 7. Which records come is decided in `query`, their order in `order`.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Final

from reference_model.areas.acks import expect_acks
from reference_model.areas.deliver import TIMESTAMP, correlation_claims, key_claims, key_symbol, topic_rules
from reference_model.areas.faults import never_was
from reference_model.areas.order import groups_by_topic, order_of_acks, order_of_records
from reference_model.areas.query import Chosen, Limits, Restriction, choose, planned
from reference_model.areas.request import Request, key_of, vague
from reference_model.areas.statistics import answer_of
from reference_model.expectation import Absent, Body, Claim, Is, Like, Occurs, Present
from reference_model.rule import Because, R
from reference_model.select import includes, selected, selects_nothing
from reference_model.state import Record, Topic
from reference_model.turn import Turn, id_rules


def answers(turn: Turn, request: Request) -> tuple[dict[str, int], int]:
    """Write down the result of a query that succeeds, or may; returns the slots of its acks, and of its group_end."""
    draft, connection, query_id = turn.draft, turn.connection, turn.query_id
    chosen = choose(turn.instance, request.topics, request.expr, request.sow_keys)
    groups = groups_by_topic(request, [c for c in chosen if c.match is not False])
    plan = planned(
        chosen,
        groups[0] if len(groups) == 1 else None,
        Limits(top_n=request.top_n, skip_n=request.skip_n or 0, batch_size=request.batch_size or 1),
        vague=vague(request) if request.sow_keys is None else 0,
        free=request.doubt in ANYTHING,
    )
    restriction = _restriction(turn, request, chosen)
    slots = expect_acks(turn, answer_of(turn, request, plan, chosen))
    frame = Frame(
        begin=_begin_rules(turn, request, empty=plan.matches_high == 0),
        end=(R("CMD-ORD-15"), R("CMD-ORD-14")) if plan.matches_high == 0 else (R("CMD-ORD-14"), R("SOW-QRY-01")),
        correlated=id_rules(query_id, R("CMD-SOW-27") if turn.text("query_id") else R("CMD-SOW-28")),
        doubt=() if request.doubt is None else (request.doubt,),
        accepted=None if request.doubt is None else (slots["processed"], "success"),
    )
    begin, end = _brackets(turn, request, frame)
    writer = _Records(turn, request, restriction, frame)
    written = {id(c.record): writer.record(c, occurs) for c, occurs in plan.occurs}
    writer.ghosts()
    if plan.pool is not None:
        members, low, high = plan.pool
        count_rules: Because = (R("SOW-TOPN-02"), R("SOW-TOPN-01")) if request.top_n_by_option else (R("SOW-TOPN-01"),)
        draft.pool(tuple(written[id(c.record)] for c in members), low, high, (*frame.doubt, *count_rules))
    surplus: Because = () if vague(request) else restriction.selection
    draft.scope(connection, "sow", query_id, surplus=surplus, repeated=(R("SOW-REC-05"),))
    records = tuple(written.values())
    _enclose(turn, begin, records, end, single=len(request.topics) == 1)
    order_of_records(turn, request, groups, chosen, written, frame.doubt)
    order_of_acks(turn, slots, begin, end, records, single=len(request.topics) == 1)
    _remember(turn, request)
    rule = R("SOW-BATCH-01") if request.batch_size is None else R("SOW-BATCH-02") if turn.cmd == "sow" else R("SOW-BATCH-10")
    draft.oblige(
        "batches",
        {"rule": rule, "connection": connection, "query_id": query_id, "step": turn.step, "batch_size": request.batch_size or 1},
    )
    return slots, end


ANYTHING: Final = frozenset({R("SOW-TOPN-08"), R("CMD-SOW-16")})
"""Doubts under which the result is any part of the selected records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the messages of one result have in common: the rules for its brackets and its id; and if the query may be refused, the rule
    that says so, and the slot and status of the ack with which all of it exists."""

    begin: Because
    end: Because
    correlated: Because
    doubt: Because
    accepted: tuple[int, str] | None


def _begin_rules(turn: Turn, request: Request, *, empty: bool) -> Because:
    usual: Because = (R("CMD-ORD-15"), R("SOW-QRY-01")) if empty else (R("SOW-QRY-01"),)
    if not request.literal:
        usual = (R("EXPR-TOP-24"), *usual)
    return usual if turn.acks else (R("CMD-SOW-42"), *usual)


def _brackets(turn: Turn, request: Request, frame: Frame) -> tuple[int, int]:
    """group_begin and group_end: one pair; over several topics perhaps one a topic (commands.md section 14, 4)."""
    draft, connection, query_id = turn.draft, turn.connection, turn.query_id
    begin, end = (
        draft.slot(turn.step, (connection, kind, query_id), (*frame.doubt, *because), correlated=frame.correlated, when=frame.accepted)
        for kind, because in (("group_begin", frame.begin), ("group_end", frame.end))
    )
    for kind in ("group_begin", "group_end"):
        if len(request.topics) > 1 or frame.doubt:
            draft.scope(connection, kind, query_id)
        else:
            draft.scope(connection, kind, query_id, surplus=(R("CMD-ORD-14"),), repeated=(R("SOW-QRY-01"),))
    return begin, end


def _enclose(turn: Turn, begin: int, records: tuple[int, ...], end: int, *, single: bool) -> None:
    """Every record stands inside the brackets, and the results of one connection one behind the other (CMD-ORD-11)."""
    session = turn.session
    if not single:
        session.last_query = ()
        return
    turn.draft.chain(turn.connection, (begin,), records, (end,), because=(R("SOW-QRY-01"),))
    turn.draft.chain(turn.connection, session.last_query, (begin,), because=(R("CMD-ORD-11"),))
    session.last_query = (*records, end)


def _remember(turn: Turn, request: Request) -> None:
    """What later queries of the same topics are compared with (SOW-QRY-38, SOW-TOPN-11)."""
    for topic in request.topics:
        if not (request.expr or request.sow_keys is not None or request.top_n is not None or request.doubt):
            topic.asked = (topic.version, turn.connection)
        if request.order_by and request.top_n:
            topic.page = (topic.version, _page_of(turn), (request.skip_n or 0) + request.top_n)


def _page_of(turn: Turn) -> Hashable:
    """A windowed query without its position."""
    return (turn.text("filter"), turn.text("orderby"), turn.text("top_n"), turn.options.values.get("top_n"))


def _restriction(turn: Turn, request: Request, chosen: list[Chosen]) -> Restriction:
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
    if not request.literal:
        selection = (*selection[:-1], R("EXPR-TOP-24"), base)
    return Restriction(selection=selection, limit=_limit_rules(turn, request, excluded=any(c.match is False for c in chosen)))


def _limit_rules(turn: Turn, request: Request, *, excluded: bool) -> Because:
    """Why a selected record comes or does not; `excluded`: there are others that the selection leaves out."""
    if request.top_n is None:
        return ()
    of_subscription: Because = () if turn.cmd == "sow" else (R("SUB-SOW-07"),)
    if request.top_n == 0:
        return (*of_subscription, R("SOW-TOPN-06"), R("SOW-TOPN-01"))
    if not request.order_by:
        return (*of_subscription, R("SOW-TOPN-01"))
    if request.skip_n is not None:
        window: Because = (R("SOW-TOPN-07"), R("SOW-TOPN-03"))
        return (R("SOW-TOPN-14"), *window) if request.expr is not None and excluded else window
    return (*of_subscription, R("SOW-TOPN-03"), R("SOW-TOPN-01"))


class _Records:
    """Writes the record slots of one query."""

    def __init__(self, turn: Turn, request: Request, restriction: Restriction, frame: Frame) -> None:
        self.turn = turn
        self.request = request
        self.restriction = restriction
        self.frame = frame

    def record(self, chosen: Chosen, occurs: Occurs) -> int:
        """The slot of one record."""
        turn, topic, record = self.turn, chosen.topic, chosen.record
        where = (turn.connection, "sow", turn.query_id)
        key = (topic.config.name, record.key)
        if occurs is Occurs.NEVER:
            return turn.draft.never(turn.step, where, (*self.frame.doubt, *self._why_not(chosen)), key=key, key_of=key_of(topic))
        self._check_recognizable(topic, record)
        self._keys_differ(topic, record)
        slot = turn.draft.slot(
            turn.step,
            where,
            (*self.frame.doubt, *self._presence(chosen, occurs)),
            key=key,
            key_of=key_of(topic),
            claims=self._claims(topic, record),
            body=self._body(topic, record),
            occurs=occurs,
            correlated=self.frame.correlated,
            when=self.frame.accepted,
        )
        if occurs is Occurs.ONCE and self.frame.accepted is None:
            record.fresh_body, record.seen = (), True
            if not self.restriction.limit:
                record.fresh = ()
            if not self.request.no_sowkey and not record.maybe:
                topic.shown.add(record.key)
        turn.draft.scope(turn.connection, "sow", (turn.query_id, key), repeated=record.repeated)
        return slot

    def _check_recognizable(self, topic: Topic, record: Record) -> None:
        """Refuse what would make records look alike: then a right answer could be taken for a wrong one."""
        request = self.request
        if not topic.config.keys and request.no_sowkey:
            raise self.turn.refuse("no_sowkey on a topic with explicit keys: its records could not be told apart")
        if request.select is None or not topic.config.keys:
            return
        paths = [tuple(path.split("/")[1:]) for path in topic.config.keys]
        if all(includes(request.select, path) for path in paths):
            return
        if request.no_sowkey or record.key not in topic.shown or selects_nothing(request.select, record.trees()):
            raise self.turn.refuse("a select list without the key fields: records that no query has shown could not be told apart")

    def _keys_differ(self, topic: Topic, record: Record) -> None:
        if topic.config.keys:
            symbol = key_symbol(topic.config, record.key)
            self.turn.draft.distinct(R("SOW-KEY-02"), ("sow_key", topic.config.name), symbol)
            if topic.config.key_domain is None:
                self.turn.draft.distinct(R("SOW-KEY-08"), ("sow_key", record.key), symbol)

    def _presence(self, chosen: Chosen, occurs: Occurs) -> Because:
        if occurs is Occurs.ONCE or (self.request.order_by and chosen.match is True):
            return self._why(chosen.topic, chosen.record)
        if chosen.record.maybe:
            return chosen.record.maybe
        return (R("SOW-TOPN-04"),) if self.request.top_n is not None else self.restriction.selection

    def ghosts(self) -> None:
        """Records that were deleted, or never made, must not come."""
        turn = self.turn
        for topic in self.request.topics:
            across = topic.fenced is not None and topic.fenced[1] != turn.connection
            for key, because in topic.ghosts.items():
                deleted = not never_was(because)
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
            # That a new record can be seen from elsewhere is what a fence is for; an old one was there before.
            inserted = record.fresh == (R("SOW-REC-01"),)
            fence = topic.fenced if inserted and topic.fenced and topic.fenced[1] != turn.connection else None
            return (*((fence[0],) if fence else ()), *record.fresh, *self.restriction.selection)
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
            omitted = R("CMD-SOW-56") if self.turn.cmd == "sow" else R("CMD-SAS-44")
            claims.append(Claim("sow_key", Absent(), (omitted, R("WIRE-SOW-03"))))
        else:
            equal = R("SOW-KEY-09") if topic.config.key_domain is not None else R("SOW-KEY-01")
            claims.extend(key_claims(topic.config, record.key, present=R("WIRE-SOW-03"), equal=equal, given=_given(record)))
        claims.extend(correlation_claims(record.correlation))
        if request.timestamp:
            claims.append(Claim("timestamp", Present(), (R("CMD-SOW-57") if self.turn.cmd == "sow" else R("CMD-SAS-41"),)))
            claims.append(Claim("timestamp", Like(TIMESTAMP), (R("WIRE-HDR-18"),)))
        else:
            claims.append(Claim("timestamp", Absent(), (R("CMD-OPT-29"),)))
        return tuple(claims)

    def _body(self, topic: Topic, record: Record) -> Body:
        body = record.body()
        if self.request.select is not None:
            because: Because = (R("CMD-WIRE-11"), R("EXPR-SEL-12")) if self.request.timestamp else (R("EXPR-SEL-12"), R("EXPR-SEL-01"))
            return selected(body, record.trees(), self.request.select, because, keys=topic.key_names)
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
                    name: replace(member, missing=(R("CMD-SOW-55"), *member.because)) if name in topic.key_names else member
                    for name, member in body.members.items()
                },
            )
        return body


def _given(record: Record) -> R:
    """The rule that an explicit key that comes back changed breaks."""
    return R("CMD-PUB-41") if set(record.key[0]) & set("+/") else R("SOW-KEY-22")
