"""The `sow` query: whether it fails, may fail, or gives a result. Source: sow.md section 7, commands.md section 8."""

from __future__ import annotations

from reference_model.areas.acks import Answer, expect_acks
from reference_model.areas.query import choose
from reference_model.areas.request import Request, key_of, request_of, vague
from reference_model.areas.result import answers
from reference_model.areas.statistics import batch_size_max
from reference_model.expectation import Occurs
from reference_model.rule import Because, R
from reference_model.turn import Turn, id_rules


def sow(turn: Turn) -> None:
    """A query of the current state."""
    request = request_of(turn)
    failure = _failure(turn, request)
    if failure:
        _fails(turn, failure)
        return
    check_fenced(turn, request)
    if any(topic.unjudged for topic in request.topics):
        cannot_judge(turn)
        return
    freedom = _freedom(request)
    if freedom is not None:
        _either(turn, request, freedom)
        return
    answers(turn, request)


def check_fenced(turn: Turn, request: Request) -> None:
    """A query that reads an unfenced change has no certain result."""
    for topic in request.topics:
        if topic.unfenced:
            raise turn.refuse(f"{topic.config.name} has changes that no fence has made visible")


def _failure(turn: Turn, request: Request) -> Because:
    """Why the query must fail; empty if it must not."""
    if not request.topics:
        if turn.instance.config.regex_topics and not request.literal:
            raise turn.refuse("a pattern that matches no SOW topic has no defined result")
        return (R("SOW-TOPIC-01"), R("CMD-SOW-38"))
    if request.batch_size is not None and request.batch_size > batch_size_max:
        return (R("SOW-BATCH-05"), R("CMD-SOW-38"))
    if request.filter_error:
        return (*turn.about, R("EXPR-FLT-09"), R("CMD-SOW-38"))
    return ()


def _fails(turn: Turn, because: Because) -> None:
    reason: Because = (R("CMD-ACK-12"),) if because[0] == R("SOW-BATCH-05") else (R("SOW-QRY-46"),)
    expect_acks(turn, Answer(status="failure", because=because, reason=reason))
    draft, query_id = turn.draft, turn.query_id
    draft.never(turn.step, (turn.connection, "group_begin", query_id), (R("CMD-ORD-13"),))
    draft.never(turn.step, (turn.connection, "group_end", query_id), (R("CMD-ORD-13"),))
    draft.scope(turn.connection, "sow", query_id, surplus=because)


def cannot_judge(turn: Turn) -> dict[str, int]:
    """The topics are in a state that nothing is known of: anything may come."""
    turn.draft.unjudged[turn.step] = "the order of concurrent commands is not known"
    for kind in ("group_begin", "sow", "group_end"):
        turn.draft.scope(turn.connection, kind, turn.query_id)
    return expect_acks(turn, Answer())


def _freedom(request: Request) -> R | None:
    """The rule that lets a target refuse a window or serve it: skip_n over a pattern, without top_n, without orderby."""
    if request.skip_n is None:
        return None
    if not request.literal:
        return R("CMD-SOW-16")
    if request.top_n is None:
        return R("SOW-TOPN-08")
    return None if request.order_by else R("SOW-TOPN-09")


def _either(turn: Turn, request: Request, rule: R) -> None:
    """Refused, or an arbitrary slice."""
    if "processed" not in turn.acks:
        raise turn.refuse("a query that may be refused must ask for the processed ack")
    slots = expect_acks(turn, Answer(status="either", because=(rule,)))
    draft, connection, query_id = turn.draft, turn.connection, turn.query_id
    accepted = (slots["processed"], "success")
    correlated = id_rules(query_id, R("CMD-SOW-27") if turn.text("query_id") is not None else R("CMD-SOW-28"))
    begin = draft.slot(turn.step, (connection, "group_begin", query_id), (R("SOW-QRY-01"),), when=accepted, correlated=correlated)
    end = draft.slot(turn.step, (connection, "group_end", query_id), (R("CMD-ORD-14"),), when=accepted, correlated=correlated)
    chosen = choose(turn.instance, request.topics, request.expr, request.sow_keys)
    members = [
        draft.slot(
            turn.step,
            (connection, "sow", query_id),
            (rule,),
            key=(c.topic.config.name, c.record.key),
            key_of=key_of(c.topic),
            occurs=Occurs.OPTIONAL,
            when=accepted,
            correlated=correlated,
        )
        for c in chosen
        if c.match is not False
    ]
    decided = all(c.match is True for c in chosen if c.match is not False) and not vague(request)
    if request.top_n is not None and request.literal and decided:
        size = min(request.top_n, max(0, len(members) - (request.skip_n or 0)))
        draft.pool(tuple(members), size, _rounded(size, request.top_n, request.batch_size, len(members)), (rule,))
    surplus: Because = () if vague(request) else (R("SOW-QRY-06"),)
    draft.scope(connection, "sow", query_id, surplus=surplus, repeated=(R("SOW-REC-05"),))
    if request.literal:
        draft.chain(connection, (begin,), tuple(members), (end,), because=(R("SOW-QRY-01"),))
    else:
        draft.scope(connection, "group_begin", query_id)
        draft.scope(connection, "group_end", query_id)
    turn.session.last_query = ()


def _rounded(size: int, top_n: int, batch_size: int | None, most: int) -> int:
    """How many may come where a server rounds top_n up to full batches (SOW-TOPN-12)."""
    batch = batch_size or 1
    if size < top_n or top_n % batch == 0:
        return size
    return min(most, -(-top_n // batch) * batch)
