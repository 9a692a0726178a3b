"""Lost connections: which fate is taken of what a recording shows, and what fits none."""

import pytest

from conformance.compare import judge
from reference_model.config import STANDARD
from reference_model.fault import Fault
from reference_model.observation import Event
from reference_model.scenario import Close
from tests.conformance.compare.tape import CATALOGUE, connect, fence, play, program, publish, query, record, result, send

OLD, NEW, MIXED = b'{"id":1,"qty":1,"text":"a"}', b'{"id":1,"qty":2,"text":"b"}', b'{"id":1,"qty":2,"text":"a"}'
FAULT = Fault(label="e", kind="half_close", connection="a")


def lost(*sends):
    return program(
        connect("b"), publish("p0", OLD, on="b"), fence("f", "b"), connect("a"), FAULT, *sends, Close(label="c", connection="a"),
        query("q", on="b"),
    )  # fmt: skip


def change(label, cmd="publish", body=NEW, acks="persisted"):
    return send(label, cmd, on="a", topic="@orders", body=body, cmd_id=label, ack_type=acks)


def verdict(scenario, body, **answers):
    rows = () if body is None else (record(11, body),)
    return judge(scenario, play(scenario, {"q": result("q", *rows), **answers}), STANDARD, CATALOGUE)


def rules(found):
    return [finding.rule for finding in found.findings if finding.masked_by is None]


RIGHT = {
    "acknowledged and there": (NEW, {}),
    "not acknowledged, and there": (NEW, {"p1": []}),
    "not acknowledged, and not there": (OLD, {"p1": []}),
}


@pytest.mark.parametrize(("body", "answers"), RIGHT.values(), ids=RIGHT)
def test_right(body, answers):
    assert rules(verdict(lost(change("p1")), body, **answers)) == []


WRONG = {
    "acknowledged, and not there": (change("p1"), OLD, {}, "FAULT-KEEP-01"),
    "half of a publish": (change("p1"), MIXED, {"p1": []}, "FAULT-WHOLE-01"),
    "half of a delta": (change("p1", "delta_publish"), MIXED, {"p1": []}, "FAULT-WHOLE-02"),
    "a record that is gone": (change("p1"), None, {"p1": []}, "FAULT-WHOLE-01"),
    "half of a delete": (change("p1", "sow_delete", b'{"id":1}'), MIXED, {"p1": []}, "FAULT-WHOLE-03"),
}


@pytest.mark.parametrize(("step", "body", "answers", "rule"), WRONG.values(), ids=WRONG)
def test_wrong(step, body, answers, rule):
    assert rules(verdict(lost(step), body, **answers)) == [rule]


def test_a_flush_behind_it_acknowledges():
    scenario = lost(change("p1", acks="processed"), send("fl", "flush", on="a", cmd_id="fl", ack_type="completed"))
    assert rules(verdict(scenario, NEW)) == []
    assert rules(verdict(scenario, OLD)) == ["FAULT-KEEP-02"]
    assert rules(verdict(scenario, OLD, fl=[])) == []
    assert verdict(scenario, NEW).exercised["FAULT-KEEP-02"] > 0


def test_only_the_first_ones_may_have_taken_effect():
    """The second change of the connection is there, the first is not."""
    second = b'{"id":2,"qty":5}'
    scenario = lost(change("p1"), change("p2", body=second))
    rows = (record(11, OLD), record(12, second))
    found = judge(scenario, play(scenario, {"q": result("q", *rows), "p1": [], "p2": []}), STANDARD, CATALOGUE)
    assert rules(found) == ["FAULT-WHOLE-01"]


def test_one_may_take_effect_late():
    """Between two queries, without anybody changing anything."""
    scenario = program(*lost(change("p1")).steps, query("r", on="b"))
    tape = {"p1": [], "q": result("q", record(11, OLD)), "r": result("r", record(11, NEW))}
    assert rules(judge(scenario, play(scenario, tape), STANDARD, CATALOGUE)) == []
    back = {"p1": [], "q": result("q", record(11, NEW)), "r": result("r", record(11, OLD))}
    assert rules(judge(scenario, play(scenario, back), STANDARD, CATALOGUE)) != []


def test_what_was_not_sent_whole_took_no_effect():
    scenario = lost(change("p1"))
    for body, blamed in ((OLD, []), (NEW, ["FAULT-TORN-01"])):
        tape = play(scenario, {"p1": [], "q": result("q", record(11, body))})
        torn = [
            Event(at_s=e.at_s, connection="a", kind="step", label="p1", detail="9 of 80 bytes sent")
            if e.kind == "sent" and e.label == "p1"
            else e
            for e in tape.events
        ]
        seen = tape.__class__(scenario=tape.scenario, events=tuple(torn), resolved=tape.resolved)
        assert rules(judge(scenario, seen, STANDARD, CATALOGUE)) == blamed


def test_a_result_that_is_cut_off_is_no_breach_but_one_with_an_end_is_whole():
    scenario = program(connect("a"), publish("p0", OLD), fence("f"), FAULT, query("q"), Close(label="c", connection="a"), connect("b"))
    whole = result("q", record(11, OLD))
    assert rules(judge(scenario, play(scenario, {"q": whole[:2]}), STANDARD, CATALOGUE)) == []
    assert rules(judge(scenario, play(scenario, {"q": whole}), STANDARD, CATALOGUE)) == []
    without_record = [message for message in whole if message.cmd != "sow"]
    assert rules(judge(scenario, play(scenario, {"q": without_record}), STANDARD, CATALOGUE)) == ["FAULT-GROUP-01"]


def test_the_logon_of_who_comes_back_is_not_taken_for_the_first_one():
    reset = Fault(label="e", kind="reset_peer", connection="a")
    again = connect("a").__class__(label="again", connection="a", logon=connect("a").logon)
    scenario = program(reset, connect("a"), Close(label="c", connection="a"), again)
    assert rules(judge(scenario, play(scenario, {"open-a": []}), STANDARD, CATALOGUE)) == []
    assert rules(judge(scenario, play(scenario, {"again": []}), STANDARD, CATALOGUE)) == []
