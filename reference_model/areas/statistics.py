"""The acks of a query that succeeds, and its statistics as equations. Source: commands.md section 9."""

from __future__ import annotations

from reference_model.areas.acks import Answer
from reference_model.areas.query import Chosen, Plan
from reference_model.areas.request import Request, vague
from reference_model.expectation import Claim, Is, Present, Within
from reference_model.rule import Because, R

batch_size_max = 10_000
"""A larger batch size is an error (SOW-BATCH-05)."""


def answer_of(request: Request, plan: Plan, chosen: list[Chosen]) -> Answer:
    because: Because = (R("CMD-SOW-38"),)
    if request.batch_size == batch_size_max:
        because = (R("SOW-BATCH-06"), R("CMD-SOW-38"))
    elif request.sow_keys is not None and any(key not in {c.listed for c in chosen if c.listed} for key in request.sow_keys):
        because = (R("SOW-KEY-12"), R("CMD-SOW-38"))
    elif request.skip_n and plan.high == 0:
        because = (R("SOW-TOPN-10"), R("CMD-SOW-38"))
    return Answer(because=because, claims={"stats": _statistics(request, plan)})


def _statistics(request: Request, plan: Plan) -> tuple[Claim, ...]:
    stored_high = sum(len(topic.records) for topic in request.topics) + vague(request)
    stored_low = sum(not r.maybe for topic in request.topics for r in topic.records.values())
    present: Because = (R("CMD-STAT-15"), R("CMD-SOW-40"))
    claims = [Claim(name, Present(), present) for name in ("topic_matches", "matches", "records_returned")]
    empty = stored_high == 0
    low, high = plan.matches_low, plan.matches_high + (vague(request) if request.sow_keys is None else 0)
    if request.sow_keys is not None:
        rule: Because = (R("CMD-STAT-21"),)
        claims += [Claim("matches", Within(low, high), rule), Claim("topic_matches", Within(low, stored_high), rule)]
    else:
        cut = request.top_n is not None and request.top_n < low
        matches: Because = (R("CMD-STAT-17"),) if empty else (R("CMD-STAT-04"), R("CMD-STAT-03")) if cut else (R("CMD-STAT-03"),)
        claims.append(Claim("matches", Within(low, high), matches))
        compared_low = low if request.expr is not None else stored_low
        claims.append(Claim("topic_matches", Within(compared_low, stored_high), _compared_rules(request, empty=empty)))
        if request.expr is not None and not empty:
            claims.append(Claim("topic_matches", Is(stored_high), (R("SOW-STAT-03"),)))
    extra = vague(request)
    returned = Within(plan.low, plan.high + extra)
    claims.append(Claim("records_returned", returned, _returned_rules(request, empty=empty)))
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
