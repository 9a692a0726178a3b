"""Faults: what need not come, what became of changes on a lost connection, and which rule the next query puts to the test."""

import pytest

from reference_model.fault import FAULT_KINDS, KINDS, Fault, wrong_numbers
from reference_model.losses import losses
from reference_model.rule import R
from reference_model.state import ProgramError
from reference_model.witness import Witness
from strategies.build import Program
from tests.reference_model.view import look, members, why

OLD, NEW = {"id": 1, "qty": 1}, {"id": 1, "qty": 2, "text": "new"}


def lost(change, *, kind="half_close", acks="persisted"):
    """A record, a connection that is lost after one change of it, and a query of what is left."""
    p = Program("p")
    other = p.open("other")
    other.publish("@orders", OLD)
    other.fence()
    a = p.open("a")
    a.fault(kind)
    change(a, acks)
    a.close()
    other.sow("@orders")
    return p


def publish(a, acks):
    return a.publish("@orders", NEW, acks=acks)


def delta(a, acks):
    return a.delta("@orders", {"id": 1, "qty": 2}, acks=acks)


def delete(a, acks):
    return a.delete("@orders", body={"id": 1}, acks=acks)


NOTHING = {
    "publish": (publish, "p2", "FAULT-WHOLE-01"),
    "delta": (delta, "d1", "FAULT-WHOLE-02"),
    "delete": (delete, "x1", "FAULT-WHOLE-03"),
}


@pytest.mark.parametrize(("change", "label", "rule"), NOTHING.values(), ids=NOTHING)
def test_a_change_that_took_no_effect_leaves_the_record_as_it_was(change, label, rule):
    record = look(lost(change), witness=Witness(fates={label: None})).record("q1", "1")
    assert members(record) == OLD
    assert why(record) == rule
    assert {member.because[0] for member in record.body.members.values()} == {rule}


TAKEN = {
    "publish": (publish, NEW, "FAULT-WHOLE-01"),
    "delta": (delta, {"id": 1, "qty": 2}, "FAULT-WHOLE-02"),
}


@pytest.mark.parametrize(("change", "after", "rule"), TAKEN.values(), ids=TAKEN)
def test_a_change_that_took_effect_did_so_whole(change, after, rule):
    record = look(lost(change)).record("q1", "1")
    assert members(record) == after
    assert why(record) == rule


def test_a_delete_that_took_effect_leaves_nothing():
    view = look(lost(delete))
    assert view.records("q1") == {"1": "never"}
    assert why(view.slots("sow", "q1")[0]) == "FAULT-WHOLE-03"


ACKED = {"persisted": "FAULT-KEEP-01", "flushed": "FAULT-KEEP-02"}


@pytest.mark.parametrize(("how", "rule"), ACKED.items())
def test_what_was_acknowledged_is_kept(how, rule):
    record = look(lost(publish), witness=Witness(acked={"p2": how})).record("q1", "1")
    assert members(record) == NEW
    assert why(record) == rule


def test_half_a_frame_is_no_command():
    record = look(lost(publish), witness=Witness(fates={"p2": None}, torn=frozenset({"p2"}))).record("q1", "1")
    assert members(record) == OLD
    assert why(record) == "FAULT-TORN-01"


def test_a_record_that_was_not_made_must_not_come():
    p = Program("p")
    a = p.open("a")
    other = p.open("other")
    a.fault("deaf")
    a.publish("@orders", NEW)
    a.close()
    other.sow("@orders")
    view = look(p, witness=Witness(fates={"p1": None}))
    assert view.records("q1") == {"1": "never"}
    assert why(view.slots("sow", "q1")[0]) == "FAULT-WHOLE-01"


def test_a_change_may_take_effect_late():
    p = lost(publish)
    p.open("b").sow("@orders")
    view = look(p, witness=Witness(fates={"p2": "o3"}))
    assert members(view.record("q1", "1")) == OLD
    assert members(view.record("q2", "1")) == NEW


def test_on_a_lost_connection_nothing_need_come():
    p = lost(publish)
    assert look(p).acks("p2")["persisted"] == "perhaps"
    assert look(p, witness=Witness(fates={"p2": None})).acks("p2")["persisted"] == "perhaps"
    (closed,) = look(p).slots("closed", "e1")
    assert closed.occurs.value == "optional"


@pytest.mark.parametrize(("whole", "comes"), [(frozenset(), "perhaps"), (frozenset({"q1"}), "once")])
def test_a_result_that_ended_is_whole(whole, comes):
    p = Program("p")
    a = p.open("a")
    a.publish("@orders", OLD)
    a.fence()
    a.fault("drop", frames=3)
    a.sow("@orders")
    a.close()
    a = p.open("a")
    a.sow("@orders")
    view = look(p, witness=Witness(whole=whole))
    assert view.records("q1") == {"1": comes}
    assert view.acks("q1")["completed"] == "perhaps"
    assert view.records("q2") == {"1": "once"}
    if whole:
        assert why(view.record("q1", "1")) == "FAULT-GROUP-01"
    else:
        assert why(view.record("q2", "1")) == "SOW-REC-01"


def test_others_go_on_and_the_lost_one_comes_back():
    p = lost(publish)
    p.open("a").flush()
    view = look(p)
    assert why(view.ack("q1", "completed")) == "FAULT-OTHER-01"
    assert why(view.ack("o3", "processed")) == "FAULT-BACK-01"


def test_a_subscription_is_gone_with_its_connection():
    p = Program("p")
    a, other = p.open("a"), p.open("other")
    a.subscribe("@chat", sub_id="s")
    a.answered()
    a.fault("deaf")
    a.close()
    p.open("a")
    other.publish("@chat", {"n": 1})
    (slot,) = look(p).slots("publish", "p1")
    assert (slot.occurs.value, why(slot)) == ("never", "SUB-UNSUB-15")


def test_slowness_is_tested_by_the_next_answer():
    p = Program("p")
    a = p.open("a")
    slow = a.fault("pieces", bytes=3)
    a.flush()
    p.mend(slow)
    a.flush()
    view = look(p)
    assert why(view.ack("fl1", "completed")) == "FAULT-SLOW-01"
    assert why(view.ack("fl2", "completed")) == "CMD-FLUSH-02"


def refused_program(write):
    p = Program("p")
    write(p, p.open("a"))
    return p


REFUSED = {
    "no such number": lambda p, a: a.fault("cut", frames=1),
    "a number out of bounds": lambda p, a: a.fault("pieces", bytes=0),
    "a connection that is not open": lambda p, a: p.fault("cut", "b", bytes=1),
    "two ends": lambda p, a: (a.fault("cut", bytes=1), a.fault("deaf")),
    "a reset of an open connection": lambda p, a: a.fault("reset_peer"),
    "a fence on a lost connection": lambda p, a: (a.fault("deaf"), a.fence()),
    "another command": lambda p, a: (a.fault("deaf"), a.sow_and_subscribe("@orders")),
    "an end of nothing": lambda p, a: p.mend("e9"),
    "an end of what ends by itself": lambda p, a: p.mend(a.fault("deaf")),
    "the order of two publishers": lambda p, a: (a.fault("deaf"), a.publish("@orders", OLD), p.open("b").publish("@orders", NEW)),
    "a query of what is under way": lambda p, a: (a.fault("deaf"), a.publish("@orders", OLD), a.sow("@orders")),
}


@pytest.mark.parametrize("write", REFUSED.values(), ids=REFUSED)
def test_refused(write):
    with pytest.raises(ProgramError, match="step "):
        look(refused_program(write))


# ---- values ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_every_number_has_a_usual_value_within_its_bounds(kind):
    assert kind in KINDS
    for name, (low, high, usual) in KINDS[kind].numbers.items():
        assert low <= usual <= high
        assert Fault(label="e", kind=kind).number(name) == usual
        assert wrong_numbers(Fault(label="e", kind=kind, numbers={name: low})) is None
        assert wrong_numbers(Fault(label="e", kind=kind, numbers={name: high + 1}))


def test_losses_of_a_program():
    p = Program("p")
    a, b = p.open("a"), p.open("b")
    a.publish("@orders", OLD)
    p.fault("down")
    a.publish("@orders", NEW)
    a.flush()
    a.close()
    b.sow("@orders")
    p.fault("reset_peer", "a")
    p.open("a").publish("@orders", OLD)
    found = losses(p.scenario())
    assert [(loss.connection, [send.label for send in loss.sends], [s.label for s in loss.changes]) for loss in found] == [
        ("a", ["p2", "fl1"], ["p2"]),
        ("b", ["q1"], []),
        ("a", ["p3"], ["p3"]),
    ]


def test_rules_about_faults_are_only_inferred():
    from conformance.rules import load

    found = load().match("FAULT")
    assert len(found) > 5
    assert {rule.basis for rule in found} == {"inferred"}
    assert R("FAULT-TORN-01") in {rule.id for rule in found}
