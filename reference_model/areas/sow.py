"""The `sow` query: whether it fails, may fail, or gives a result. Source: sow.md section 7, commands.md section 8."""

from __future__ import annotations

from reference_model.areas.acks import Answer, expect_acks
from reference_model.areas.request import Request, request_of
from reference_model.areas.result import answers
from reference_model.areas.statistics import batch_size_max
from reference_model.rule import Because, R
from reference_model.turn import Turn


def sow(turn: Turn) -> None:
    """A query of the current state."""
    request = request_of(turn)
    failure = _failure(turn, request)
    if failure:
        reason: Because = (R("CMD-ACK-12"),) if failure[0] == R("SOW-BATCH-05") else (R("SOW-QRY-46"),)
        fails(turn, Answer(status="failure", because=failure, reason=reason))
    elif any(topic.unjudged for topic in request.topics):
        cannot_judge(turn)
    else:
        check_fenced(turn, request, late=True)
        answers(turn, request)


def check_fenced(turn: Turn, request: Request, *, late: bool = False) -> None:
    """A query that reads an unfenced change has no certain result. `late`: but it may show new records that were acknowledged."""
    for topic in request.topics:
        if topic.unfenced and not (late and turn.instance.seen_late(topic)):
            raise turn.refuse(f"{topic.config.name} has changes that no fence has made visible")


def check_covers(turn: Turn, request: Request) -> None:
    """Refuse a pattern that names no SOW topic: an error, or an empty result, is both right (sow.md section 12, 21)."""
    if not request.topics and not request.literal:
        raise turn.refuse("a pattern that matches no SOW topic has no defined result")


def _failure(turn: Turn, request: Request) -> Because:
    """Why the query must fail; empty if it must not."""
    check_covers(turn, request)
    if not request.topics:
        return (R("SOW-TOPIC-01"), R("CMD-SOW-38"))
    if request.batch_size is not None and request.batch_size > batch_size_max:
        return (R("SOW-BATCH-05"), R("CMD-SOW-38"))
    if request.filter_error:
        return (*turn.about, R("EXPR-FLT-09"), R("CMD-SOW-38"))
    return ()


def fails(turn: Turn, answer: Answer) -> None:
    """A query that must fail: no result (its brackets are only expected to be absent, CMD-ORD-13)."""
    expect_acks(turn, answer)
    for kind in ("group_begin", "group_end"):
        turn.draft.never(turn.step, (turn.connection, kind, turn.query_id), (R("CMD-ORD-13"),))
    turn.draft.scope(turn.connection, "sow", turn.query_id, surplus=answer.because)


def cannot_judge(turn: Turn) -> dict[str, int]:
    """The topics are in a state that nothing is known of: anything may come. Of what has no defined effect it is recorded."""
    undefined = next((topic.undefined for topic in turn.instance.covered(turn.text("topic") or "") if topic.undefined), None)
    if undefined is None:
        turn.draft.unjudged[turn.step] = "the order of concurrent commands is not known"
    else:
        turn.draft.oblige("records_shown", {"rule": undefined, "connection": turn.connection, "query_id": turn.query_id})
    for kind in ("group_begin", "sow", "group_end"):
        turn.draft.scope(turn.connection, kind, turn.query_id)
    turn.session.last_query = ()
    return expect_acks(turn, Answer(because=(R("CMD-SOW-38"),)))
