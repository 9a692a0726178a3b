"""Consequences decide nothing: what explains what, and what does not."""

import pytest
from tape import CATALOGUE, CLOSED, connect, fence, look, program, publish, query, record, result, send

from conformance.compare.masking import Suspect, masked
from conformance.results import Finding, Ledger, Outcome, Standing, settle
from reference_model.rule import R

RECORDS, OTHERS = ("records", "@orders"), ("records", "@items")


def suspect(rule, step, *, event=0, kind="missing", on="a", subject=None, because=(), field=""):
    finding = Finding(rule=rule, kind=kind, what="", step=f"s{step}", connection=on, field=field)
    return Suspect(finding=finding, because=(rule, *because), place=(step, event), subject=subject)


BASE, ABOVE, TOP = R("SOW-QRY-01"), R("SOW-QRY-05"), R("SOW-QRY-06")
"""Each rests on the one before."""

ROWS = {
    "a foundation explains what stands on it": ([suspect(ABOVE, 1), suspect(TOP, 2)], [None, ABOVE]),
    "through others that hold": ([suspect(BASE, 1), suspect(TOP, 2)], [None, BASE]),
    "not what came before it": ([suspect(TOP, 1), suspect(ABOVE, 2)], [None, None]),
    "what stands on it explains no foundation": ([suspect(TOP, 1), suspect(BASE, 2)], [None, None]),
    "the more general rules of its because": (
        [suspect(R("CMD-FLUSH-02"), 1), suspect(R("SOW-REC-01"), 2, because=(R("CMD-FLUSH-02"),))],
        [None, R("CMD-FLUSH-02")],
    ),
    "the order of events within a step": ([suspect(TOP, 1, event=9), suspect(ABOVE, 1, event=5)], [None, ABOVE]),
    "a second breach of one rule is no consequence of the first": ([suspect(TOP, 1), suspect(TOP, 2)], [None, None]),
    "a lost connection explains the rest on it": (
        [suspect(R("CMD-FAIL-05"), 1, kind="closed"), suspect(R("CMD-PUB-11"), 2)],
        [None, R("CMD-FAIL-05")],
    ),
    "not what is lacking on another": (
        [suspect(R("CMD-FAIL-05"), 1, kind="closed"), suspect(R("CMD-PUB-11"), 2, on="b")],
        [None, None],
    ),
    "bytes that cannot be read end a connection too": (
        [suspect(R("WIRE-SOW-02"), 1, kind="check", field="frame"), suspect(R("CMD-PUB-11"), 2)],
        [None, R("WIRE-SOW-02")],
    ),
    "wrong records stay wrong": (
        [suspect(R("DELTA-PUB-02"), 1, subject=RECORDS), suspect(R("SOW-REC-24"), 2, subject=RECORDS)],
        [None, R("DELTA-PUB-02")],
    ),
    "two breaches in one result are two": (
        [suspect(R("DELTA-PUB-02"), 1, subject=RECORDS), suspect(R("SOW-REC-24"), 1, subject=RECORDS)],
        [None, None],
    ),
    "records of another topic are another matter": (
        [suspect(R("DELTA-PUB-02"), 1, subject=OTHERS), suspect(R("SOW-REC-24"), 2, subject=RECORDS)],
        [None, None],
    ),
    "wrong records give wrong counts": (
        [suspect(R("DELTA-PUB-06"), 1, subject=RECORDS), suspect(R("CMD-STAT-03"), 1, event=3, subject=("statistics", "a", "s1"))],
        [None, R("DELTA-PUB-06")],
    ),
    "wrong counts explain no records": (
        [suspect(R("CMD-STAT-03"), 1, subject=("statistics", "a", "s1")), suspect(R("DELTA-PUB-06"), 2, subject=RECORDS)],
        [None, None],
    ),
}


@pytest.mark.parametrize(("suspects", "by"), ROWS.values(), ids=ROWS)
def test_what_explains_what(suspects, by):
    found = masked(suspects, CATALOGUE)
    assert {s.finding.rule: s.finding.masked_by for s in found} == {
        s.finding.rule: rule for s, rule in zip(sorted(suspects, key=lambda s: s.place), by, strict=True)
    }


def test_the_rows_rest_on_what_they_say():
    assert ABOVE in CATALOGUE[TOP].rests_on
    assert BASE in CATALOGUE[ABOVE].rests_on


def test_a_masked_finding_does_not_decide():
    """Its rule is undecided if nothing else put it to the test, and keeps what else there is."""
    lost = program(connect(), send("l", "logon", cmd_id="l", ack_type="processed"), publish("p", b'{"id":1}'))
    examination = look(program(*lost.steps[:1], query("q", topic="@orders")), {"q": [CLOSED]})
    findings = examination.verdict.findings
    first, *rest = [finding.rule for finding in findings]
    assert all(finding.masked_by == first for finding in findings[1:])
    ledger = Ledger()
    ledger.add(examination.verdict)
    standing = Standing(breach=Outcome.FAILED, idle=Outcome.NOT_EXERCISED)
    results = settle(ledger, dict.fromkeys([first, *rest], standing))
    assert results[first].outcome is Outcome.FAILED
    only_masked = [rule for rule in set(rest) if rule != first and not ledger.clear[rule]]
    assert only_masked
    for rule in only_masked:
        assert results[rule].outcome is Outcome.INCONCLUSIVE
        assert results[rule].reason == f"masked by {first}"


def test_one_fault_in_a_whole_recording_is_one_finding():
    """A record that a delta damaged is wrong in every later query, in its counts and in what a filter finds."""
    one, damaged = b'{"id":1,"qty":5}', b'{"id":1,"note":"n"}'
    steps = (
        connect(),
        publish("p", one),
        fence(),
        query("q"),
        send("d", "delta_publish", topic="@orders", body=b'{"id":1,"note":"n"}'),
        fence("g"),
        query("r"),
        query("s", filter="/qty = 5", acks="processed,completed,stats"),
    )
    wrong = {
        "q": result("q", record(1, one)),
        "r": result("r", record(1, damaged)),
        "s": result("s", acks=("processed", "completed", "stats"), stats={"topic_matches": 1, "matches": 0, "records_returned": 0}),
    }
    findings = look(program(*steps), wrong).verdict.findings
    assert [finding.rule for finding in findings if finding.masked_by is None] == [R("DELTA-PUB-03")]
    assert len(findings) > 2
