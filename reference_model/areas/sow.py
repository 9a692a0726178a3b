"""The `sow` query: whether it fails, may fail, or gives a result. Source: sow.md section 7, commands.md section 8."""

from __future__ import annotations

from reference_model.areas.acks import Answer, expect_acks
from reference_model.areas.query import choose
from reference_model.areas.request import Request, key_of, request_of, vague
from reference_model.areas.result import answers
from reference_model.areas.statistics import batch_size_max
from reference_model.expectation import Occurs
from reference_model.rule import Because, R
from reference_model.turn import Turn


def sow(turn: Turn) -> None:
    """A query of the current state."""
    request = request_of(turn)
    failure = _failure(turn, request)
    if failure:
        _fails(turn, failure)
        return
    check_fenced(turn, request)
    if any(topic.unjudged for topic in request.topics):
        _cannot_judge(turn)
        return
    if request.skip_n is not None and (request.top_n is None or not request.order_by):
        _either(turn, request)
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
            key_of=key_of(c.topic),
            occurs=Occurs.OPTIONAL,
            when=accepted,
        )
        for c in chosen
        if c.match is not False
    ]
    if request.top_n is not None and all(c.match is True for c in chosen if c.match is not False) and not vague(request):
        size = min(request.top_n, max(0, len(members) - (request.skip_n or 0)))
        draft.pool(tuple(members), size, _rounded(size, request.top_n, request.batch_size, len(members)), (rule,))
    draft.scope(connection, "sow", query_id, surplus=(R("SOW-QRY-06"),), repeated=(R("SOW-REC-05"),))
    draft.chain(connection, (begin,), tuple(members), (end,), because=(R("SOW-QRY-01"),))
    turn.session.last_query = ()


def _rounded(size: int, top_n: int, batch_size: int | None, most: int) -> int:
    """How many may come where a server rounds top_n up to full batches (SOW-TOPN-12)."""
    batch = batch_size or 1
    if size < top_n or top_n % batch == 0:
        return size
    return min(most, -(-top_n // batch) * batch)
