"""sow_and_subscribe without bookmark, pages and aggregation: a query, and from the same instant a subscription.

Source: sow.md section 7.9.
"""

from __future__ import annotations

from typing import Final

from reference_model.areas import subscribe
from reference_model.areas.acks import Answer, expect_acks
from reference_model.areas.request import request_of
from reference_model.areas.result import answers
from reference_model.areas.sow import cannot_judge, check_covers, check_fenced, fails
from reference_model.areas.statistics import batch_size_max
from reference_model.rule import Because, R
from reference_model.turn import Turn, id_rules

known_flags: Final = frozenset({"no_sowkey", "timestamp"})
known_values: Final = frozenset({"select", "top_n"})


def sow_and_subscribe(turn: Turn) -> None:
    """The result group first, then every later message (CMD-SAS-01, CMD-ORD-05)."""
    subscribe.check(turn, known_flags, known_values)
    if turn.program.header.get("sow_keys"):
        raise turn.refuse("sow_keys on a subscription may or may not limit its live part (SOW-KEY-16)")
    if turn.text("bookmark"):
        raise turn.refuse("replays are not modelled")
    request = request_of(turn)
    check_covers(turn, request)
    if request.doubt is not None:
        raise turn.refuse(f"whether there is a subscription is open ({request.doubt})")
    too_large = request.batch_size is not None and request.batch_size > batch_size_max
    if request.filter_error or too_large:
        _fails(turn, (R("CMD-SAS-30"), R("EXPR-FLT-08")) if request.filter_error else (R("CMD-SAS-37"), R("SOW-BATCH-05")))
    elif not request.topics:
        _without_sow(turn)
    elif any(topic.unjudged for topic in request.topics):
        subscribe.register(turn, processed_slot=cannot_judge(turn).get("processed"))
    else:
        check_fenced(turn, request)
        slots, end = answers(turn, request)
        subscribe.register(turn, processed_slot=slots.get("processed"), after=end)


def _fails(turn: Turn, because: Because) -> None:
    if "processed" not in turn.acks:
        raise turn.refuse("a subscription that fails must ask for the processed ack (CMD-ACK-26)")
    fails(turn, Answer(status="failure", because=(*turn.about, *because)))
    subscribe.register(turn, ended=(R("SUB-REG-09"), *because[1:]))


def _without_sow(turn: Turn) -> None:
    """An empty group, then a plain subscription (SOW-TOPIC-02). Whether statistics come of it is open (CMD-STAT-18)."""
    because = (R("SOW-TOPIC-02"), R("SOW-QRY-01"))
    slots = expect_acks(turn, Answer(because=because, dropped={"stats": R("CMD-STAT-18")}))
    correlated = id_rules(turn.query_id, R("CMD-SOW-27") if turn.text("query_id") else R("CMD-SOW-28"))
    begin = turn.draft.slot(turn.step, (turn.connection, "group_begin", turn.query_id), because, correlated=correlated)
    end = turn.draft.slot(turn.step, (turn.connection, "group_end", turn.query_id), because, correlated=correlated)
    turn.draft.chain(turn.connection, (begin,), (end,), because=because)
    turn.draft.scope(turn.connection, "sow", turn.query_id, surplus=because)
    subscribe.register(turn, processed_slot=slots.get("processed"), after=end)
