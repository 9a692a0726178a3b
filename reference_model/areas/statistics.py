"""The acks of a query that succeeds, and its statistics as equations. Source: commands.md section 9."""

from __future__ import annotations

from typing import Final

from reference_model.areas.acks import PRESENCE, Answer
from reference_model.areas.query import Chosen, Plan
from reference_model.areas.request import Request
from reference_model.expectation import Claim, Is, Present, Within
from reference_model.rule import Because, R
from reference_model.turn import Turn

batch_size_max: Final = 10_000
"""A larger batch size is an error (SOW-BATCH-05)."""


def answer_of(turn: Turn, request: Request, plan: Plan, chosen: list[Chosen]) -> Answer:
    """The answer to a query that is carried out, or (`doubt`) may be."""
    usual: Because = (PRESENCE[turn.cmd, "processed"],)
    claims = {"stats": _statistics(turn, request, plan)}
    if request.doubt is not None:
        return Answer(status="either", because=(request.doubt,), claims=claims)
    return Answer(because=(*_why_accepted(request, plan, chosen), *usual), claims=claims)


def _why_accepted(request: Request, plan: Plan, chosen: list[Chosen]) -> Because:
    if request.batch_size == batch_size_max:
        return (R("SOW-BATCH-06"),)
    found = {c.listed for c in chosen if c.listed is not None}
    if request.sow_keys is not None and any(key not in found for key in request.sow_keys):
        return (R("SOW-KEY-12"),)
    return (R("SOW-TOPN-10"),) if request.skip_n and plan.high == 0 else ()


def _statistics(turn: Turn, request: Request, plan: Plan) -> tuple[Claim, ...]:
    of_subscription: Because = () if turn.cmd == "sow" else (R("CMD-STAT-13"),)
    stored_high = sum(len(topic.records) + topic.vague for topic in request.topics)
    stored_low = sum(not record.maybe for topic in request.topics for record in topic.records.values())
    empty = stored_high == 0
    present: Because = (R("CMD-STAT-15"), PRESENCE[turn.cmd, "stats"])
    claims = [Claim(name, Present(), present) for name in ("topic_matches", "matches", "records_returned")]
    if request.sow_keys is not None:
        rule: Because = (R("CMD-STAT-21"),)
        claims += [
            Claim("matches", Within(plan.matches_low, plan.matches_high), rule),
            Claim("topic_matches", Within(plan.matches_low, stored_high), rule),
        ]
    else:
        cut = request.top_n is not None and request.top_n < plan.matches_low
        matches: Because = (R("CMD-STAT-17"),) if empty else (R("CMD-STAT-04"), R("CMD-STAT-03")) if cut else (R("CMD-STAT-03"),)
        claims.append(Claim("matches", Within(plan.matches_low, plan.matches_high), (*of_subscription, *matches)))
        compared_low = plan.matches_low if request.expr is not None else stored_low
        compared: Because = (*of_subscription, *_compared_rules(request, empty=empty))
        claims.append(Claim("topic_matches", Within(compared_low, stored_high), compared))
        if request.expr is not None and stored_low == stored_high and not empty:
            claims.append(Claim("topic_matches", Is(stored_high), (R("SOW-STAT-03"),)))
    returned: Because = (*of_subscription, *_returned_rules(request, empty=empty))
    claims.append(Claim("records_returned", Within(plan.low, plan.high), returned))
    return tuple(claims)


def _compared_rules(request: Request, *, empty: bool) -> Because:
    if empty:
        return (R("CMD-STAT-17"), R("CMD-STAT-01"))
    return (R("CMD-STAT-02"), R("CMD-STAT-01")) if len(request.topics) > 1 else (R("CMD-STAT-01"),)


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
