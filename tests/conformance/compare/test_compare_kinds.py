"""One recording that keeps a rule and is a test of it, one that breaks it and is blamed on nothing else, and one that decides nothing.

A row for each way in which the model can state a demand, so that no rule passes where nothing could have shown its breach.
"""

from dataclasses import dataclass, field, replace

import pytest
from tape import (
    CLOSED,
    ack,
    begin,
    broken,
    connect,
    delivery,
    end,
    fence,
    look,
    on,
    program,
    publish,
    query,
    record,
    result,
    send,
    sow,
)

from reference_model.rule import R
from reference_model.scenario import Fence

ONE, TWO, THREE = b'{"id":1,"qty":1}', b'{"id":2,"qty":2}', b'{"id":3,"qty":3}'
SHOWN = [record(11, ONE), record(12, TWO), record(13, THREE)]


@dataclass(frozen=True, kw_only=True)
class Row:
    """`kept`, `broken`, `undecided`: answers by label. `other`: the program of the third recording, if it is another one.

    blamed: the rule that a breach is laid to, where a more general one explains it.
    """

    rule: R
    steps: tuple
    kept: dict
    broken: dict
    undecided: dict = field(default_factory=dict)
    other: tuple | None = None
    more: dict = field(default_factory=dict)
    blamed: R | None = None


def three(*steps):
    return (connect(), publish("p1", ONE), publish("p2", TWO), publish("p3", THREE), fence(), *steps)


def marked(*steps, only=None, body=ONE, topic="@orders"):
    """A subscriber and a publisher on connections of their own; a marker that everyone gets comes last."""
    filtered = {} if only is None else {"filter": only}
    return (
        connect("a"),
        connect("b"),
        send("s", "subscribe", topic=topic, cmd_id="s", sub_id="s", ack_type="processed", **filtered),
        publish("p1", body, topic=topic, on="b"),
        *steps,
        publish("m", b'{"id":9,"qty":9,"mark":"end"}', topic=topic, on="b"),
        Fence(label="d", kind="delivery", connection="a", after="m"),
    )


MARK = delivery("s", b'{"id":9,"qty":9,"mark":"end"}', sow_key="19")
BOTH = replace(MARK, header={**MARK.header, "sids": "s,t"})
P1 = delivery("s", ONE, sow_key="11")
DELETE = send("x", "sow_delete", topic="@orders", cmd_id="x", filter="/id = 1", ack_type="processed,stats")
DELETED = [ack("x", "processed"), ack("x", "stats", matches=1, topic_matches=3, records_deleted=1)]
STATS = {"topic_matches": 3, "matches": 3, "records_returned": 3}
KEEP_QTY = send("x", "delta_publish", topic="@orders", body=b'{"id":1,"note":"n"}')
MERGED = b'{"id":1,"qty":1,"note":"n"}'


def shared():
    """Two subscriptions of one connection that get the same."""
    steps = marked()
    return (*steps[:3], send("t", "subscribe", topic="@orders", cmd_id="t", sub_id="t", ack_type="processed"), *steps[3:])


ROWS = {
    "slot: an ack": Row(
        rule=R("CMD-SOW-38"),
        steps=three(query("q", acks="processed")),
        kept={"q": result("q", *SHOWN, acks=("processed",))},
        broken={"q": result("q", *SHOWN, acks=())},
        undecided={},
        more={"unresolved": ("q",)},
    ),
    "slot: a group without records": Row(
        rule=R("CMD-ORD-15"),
        steps=(connect(), query("q")),
        kept={"q": result("q")},
        broken={"q": [ack("q", "processed"), ack("q", "completed")]},
        other=three(query("q")),
        undecided={"q": result("q", *SHOWN)},
    ),
    "slot: a record": Row(
        rule=R("SOW-REC-01"),
        steps=three(query("q")),
        kept={"q": result("q", *SHOWN)},
        broken={"q": result("q", *SHOWN[:2])},
        other=(connect(), query("q")),
        undecided={"q": result("q")},
    ),
    "slot: a delivery": Row(
        rule=R("SOW-REC-07"),
        steps=marked(),
        kept={"p1": on("a", P1), "m": on("a", MARK)},
        broken={"p1": [], "m": on("a", MARK)},
        undecided={"p1": [], "m": []},
    ),
    "field: Is": Row(
        rule=R("CMD-SOW-59"),
        steps=three(query("q")),
        kept={"q": result("q", *SHOWN)},
        broken={"q": result("q", *SHOWN, topic="@items")},
        other=(connect(), query("q")),
        undecided={"q": result("q")},
    ),
    "field: status": Row(
        rule=R("SOW-TOPIC-01"),
        steps=(connect(), query("q", topic="@plain", acks="processed")),
        kept={"q": [ack("q", "processed", "failure", reason="no")]},
        broken={"q": [ack("q", "processed")]},
        other=(connect(), query("q", topic="@plain", acks="")),
        undecided={"q": []},
    ),
    "field: Present": Row(
        rule=R("WIRE-SOW-03"),
        steps=three(query("q")),
        kept={"q": result("q", *SHOWN)},
        broken={"q": result("q", *SHOWN[:2], replace(SHOWN[2], header={}))},
        other=(connect(), query("q")),
        undecided={"q": result("q")},
    ),
    "field: Absent": Row(
        rule=R("CMD-SOW-56"),
        steps=three(query("q", opts="no_sowkey")),
        kept={"q": result("q", *(replace(one, header={}) for one in SHOWN))},
        broken={"q": result("q", replace(SHOWN[0], header={}), SHOWN[1], replace(SHOWN[2], header={}))},
        other=three(query("q")),
        undecided={"q": result("q", *SHOWN)},
    ),
    "field: Within": Row(
        rule=R("CMD-STAT-03"),
        steps=three(query("q", acks="stats", filter="/qty > 1")),
        kept={"q": result("q", *SHOWN[1:], acks=("stats",), stats={**STATS, "matches": 2, "records_returned": 2})},
        broken={"q": result("q", *SHOWN[1:], acks=("stats",), stats={**STATS, "matches": 3, "records_returned": 2})},
        other=three(query("q", acks="", filter="/qty > 1")),
        undecided={"q": result("q", *SHOWN[1:], acks=())},
    ),
    "field: Same": Row(
        rule=R("SOW-KEY-01"),
        steps=three(query("q"), query("r")),
        kept={"q": result("q", *SHOWN), "r": result("r", *SHOWN)},
        broken={"q": result("q", *SHOWN), "r": result("r", *SHOWN[:2], record(14, THREE))},
        other=three(query("q")),
        undecided={"q": result("q", *SHOWN)},
    ),
    "order: records": Row(
        rule=R("EXPR-ORD-01"),
        steps=three(query("q"), query("o", orderby="/qty")),
        kept={"q": result("q", *SHOWN), "o": result("o", *SHOWN)},
        broken={"q": result("q", *SHOWN), "o": result("o", SHOWN[1], SHOWN[0], SHOWN[2])},
        other=(connect(), publish("p1", ONE), fence(), query("q"), query("o", orderby="/qty")),
        undecided={"q": result("q", SHOWN[0]), "o": result("o", SHOWN[0])},
    ),
    "order: an ack and a result": Row(
        rule=R("CMD-ORD-08"),
        steps=(connect(), query("q", acks="completed")),
        kept={"q": result("q", acks=("completed",))},
        broken={"q": [ack("q", "completed"), begin("q"), end("q")]},
        other=(connect(), query("q", acks="processed")),
        undecided={"q": result("q", acks=("processed",))},
    ),
    "order: deliveries": Row(
        rule=R("SUB-ORDER-01"),
        steps=marked(publish("p2", TWO, on="b")),
        kept={"p1": on("a", P1), "p2": on("a", delivery("s", TWO, sow_key="12")), "m": on("a", MARK)},
        broken={"p1": [], "p2": on("a", delivery("s", TWO, sow_key="12"), P1), "m": on("a", MARK)},
        other=(*marked()[:4],),
        undecided={"p1": on("a", P1)},
    ),
    "absence: a deleted record": Row(
        rule=R("SOW-DEL-01"),
        steps=three(query("q"), DELETE, fence("g"), query("r")),
        kept={"q": result("q", *SHOWN), "x": DELETED, "r": result("r", *SHOWN[1:])},
        broken={"q": result("q", *SHOWN), "x": DELETED, "r": result("r", *SHOWN)},
        other=(connect(), publish("p1", ONE), fence(), query("q"), DELETE, fence("g"), query("r")),
        undecided={"q": result("q", SHOWN[0]), "x": [], "r": [ack("r", "processed"), begin("r")]},
    ),
    "absence: what a filter excludes": Row(
        rule=R("SOW-QRY-06"),
        steps=three(query("q"), query("r", filter="/qty > 1")),
        kept={"q": result("q", *SHOWN), "r": result("r", *SHOWN[1:])},
        broken={"q": result("q", *SHOWN), "r": result("r", *SHOWN)},
        other=(connect(), query("r", filter="/qty > 1")),
        undecided={"r": result("r")},
    ),
    "absence: a delivery that a filter excludes": Row(
        rule=R("EXPR-FLT-01"),
        steps=marked(only="/qty > 5"),
        kept={"p1": [], "m": on("a", MARK)},
        broken={"p1": on("a", P1), "m": on("a", MARK)},
        other=marked(only="/qty > 5")[:4],
        undecided={"p1": []},
    ),
    "absence: an ack that was not asked for": Row(
        rule=R("CMD-ACK-03"),
        steps=(connect(), publish("p1", ONE, cmd_id="p1", ack_type="processed")),
        kept={"p1": [ack("p1", "processed")]},
        broken={"p1": [ack("p1", "processed"), ack("p1", "completed")]},
        other=(connect(), publish("p1", ONE, cmd_id="p1")),
        undecided={},
        more={"ended": False},
    ),
    "repeated: an ack": Row(
        rule=R("CMD-ACK-05"),
        steps=(connect(), publish("p1", ONE, cmd_id="p1", ack_type="processed")),
        kept={"p1": [ack("p1", "processed")]},
        broken={"p1": [ack("p1", "processed"), ack("p1", "processed")]},
        other=(connect(), publish("p1", ONE, cmd_id="p1", ack_type="processed")),
        undecided={},
        more={"ended": False},
    ),
    "repeated: a delivery": Row(
        rule=R("SUB-MULTI-01"),
        steps=shared(),
        kept={"p1": on("a", replace(P1, header={**P1.header, "sids": "s,t"})), "m": on("a", BOTH)},
        broken={"p1": on("a", replace(P1, header={**P1.header, "sids": "s,t"}), P1), "m": on("a", BOTH)},
        other=shared()[:5],
        undecided={"p1": []},
    ),
    "repeated: a record": Row(
        rule=R("SOW-REC-05"),
        steps=three(query("q")),
        kept={"q": result("q", *SHOWN)},
        broken={"q": result("q", *SHOWN, SHOWN[0])},
        other=(connect(), query("q")),
        undecided={"q": result("q")},
    ),
    "pool": Row(
        rule=R("SOW-TOPN-01"),
        steps=three(query("q"), query("t", top_n=2)),
        kept={"q": result("q", *SHOWN), "t": result("t", *SHOWN[1:])},
        broken={"q": result("q", *SHOWN), "t": result("t", *SHOWN)},
        other=three(query("q"), query("t", top_n=2)),
        undecided={"q": result("q", *SHOWN)},
        more={"unresolved": ("t",)},
    ),
    "distinct": Row(
        rule=R("SOW-KEY-02"),
        steps=three(query("q")),
        kept={"q": result("q", *SHOWN)},
        broken={"q": result("q", *SHOWN[:2], record(11, THREE))},
        other=(connect(), publish("p1", ONE), fence(), query("q")),
        undecided={"q": result("q", SHOWN[0])},
    ),
    "correlation": Row(
        rule=R("CMD-SOW-27"),
        steps=(connect(), send("q", "sow", topic="@orders", cmd_id="q", query_id="r")),
        kept={"q": result("r", acks=())},
        broken={"q": result("q", acks=())},
        other=(connect(), query("q", topic="@plain", acks="processed")),
        undecided={"q": [ack("q", "processed", "failure", reason="no")]},
    ),
    "correlation of an ack": Row(
        rule=R("CMD-ACK-08"),
        steps=(connect(), publish("p1", ONE, cmd_id="p1", ack_type="processed")),
        kept={"p1": [ack("p1", "processed")]},
        broken={"p1": [ack("p2", "processed")]},
        other=(replace(connect(), logon=None),),
    ),
    "correlation of a delivery": Row(
        rule=R("CMD-MSG-03"),
        steps=marked(),
        kept={"p1": on("a", P1), "m": on("a", MARK)},
        broken={"p1": on("a", replace(P1, header={**P1.header, "sids": "other"})), "m": on("a", MARK)},
        undecided={"p1": [], "m": []},
    ),
    "body: a member that a delta keeps": Row(
        rule=R("DELTA-PUB-03"),
        steps=(connect(), publish("p1", ONE), fence(), query("q"), KEEP_QTY, fence("g"), query("r")),
        kept={"q": result("q", SHOWN[0]), "r": result("r", record(11, MERGED))},
        broken={"q": result("q", SHOWN[0]), "r": result("r", record(11, b'{"id":1,"note":"n"}'))},
        other=(connect(), publish("p1", ONE), fence(), query("q")),
        undecided={"q": result("q", SHOWN[0])},
    ),
    "body: a member that a publish takes away": Row(
        rule=R("SOW-REC-03"),
        steps=(connect(), publish("p1", ONE), fence(), query("q"), publish("p2", b'{"id":1}'), fence("g"), query("r")),
        kept={"q": result("q", SHOWN[0]), "r": result("r", record(11, b'{"id":1}'))},
        broken={"q": result("q", SHOWN[0]), "r": result("r", record(11, ONE))},
        other=(connect(), query("q")),
        undecided={"q": result("q")},
    ),
    "body: its bytes": Row(
        rule=R("SOW-REC-04"),
        steps=(connect(), publish("p1", b'{"id": 1}'), fence(), query("q")),
        kept={"q": result("q", record(11, b'{"id": 1}'))},
        broken={"q": result("q", record(11, b'{"id":1}'))},
        other=(connect(), query("q")),
        undecided={"q": result("q")},
    ),
    "obligation: batches": Row(
        rule=R("SOW-BATCH-02"),
        steps=three(query("q", batch_size=2)),
        kept={"q": [ack("q", "processed"), begin("q"), sow("q", *SHOWN[:2]), sow("q", SHOWN[2]), end("q"), ack("q", "completed")]},
        broken={"q": [ack("q", "processed"), begin("q"), sow("q", *SHOWN), end("q"), ack("q", "completed")]},
        other=(connect(), publish("p1", ONE), publish("p2", TWO), fence(), query("q", batch_size=2)),
        undecided={"q": [ack("q", "processed"), begin("q"), sow("q", *SHOWN[:2]), end("q"), ack("q", "completed")]},
    ),
    "obligation: refused or closed": Row(
        rule=R("CMD-LOGON-11"),
        steps=(connect(), send("l", "logon", cmd_id="l", client_name="@x", ack_type="processed")),
        kept={"l": [ack("l", "processed", "failure", reason="twice"), CLOSED]},
        broken={"l": []},
        other=(connect(),),
        undecided={},
    ),
    "obligation: counts of a delete": Row(
        rule=R("CMD-STAT-10"),
        steps=three(query("q"), DELETE),
        kept={"q": result("q", *SHOWN), "x": DELETED},
        broken={
            "q": result("q", *SHOWN),
            "x": [ack("x", "processed"), ack("x", "stats", matches=1, topic_matches=3, records_deleted=2)],
        },
        blamed=R("CMD-DEL-15"),
        other=three(query("q"), DELETE),
        undecided={"q": result("q", *SHOWN), "x": [ack("x", "processed"), ack("x", "stats", topic_matches=3, records_deleted=1)]},
    ),
    "a lost connection": Row(
        rule=R("CMD-LOGON-12"),
        steps=(connect(), replace(connect("b"), logon=None), send("p", "publish", on="b", topic="@orders", body=ONE)),
        kept={"p": [CLOSED]},
        broken={"p": []},
        other=(connect(),),
    ),
}


def examined(steps, answers, **more):
    return look(program(*steps), answers, **more)


@pytest.mark.parametrize("row", [row for row in ROWS.values() if row.kept], ids=[name for name, row in ROWS.items() if row.kept])
def test_what_keeps_the_rule_is_a_test_of_it_and_breaks_nothing(row):
    examination = examined(row.steps, row.kept)
    assert examination.verdict.findings == ()
    assert row.rule in examination.verdict.exercised


@pytest.mark.parametrize("row", [row for row in ROWS.values() if row.broken], ids=[name for name, row in ROWS.items() if row.broken])
def test_what_breaks_the_rule_is_blamed_on_it_alone(row):
    examination = examined(row.steps, row.broken)
    assert broken(examination) == {row.blamed or row.rule}
    assert row.rule in {finding.rule for finding in examination.verdict.findings}
    assert row.rule in examination.verdict.exercised


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_decides_nothing_is_no_test_of_it(row):
    examination = examined(row.other or row.steps, row.undecided, **row.more)
    assert row.rule not in examination.verdict.exercised
    assert row.rule not in broken(examination)
