"""The stages of comparing, each alone: atoms, fields, bodies, the adopted order, and which message is taken for which."""

from dataclasses import replace
from decimal import Decimal

import pytest
from tape import CATALOGUE, ack, connect, delivery, fence, look, on, play, program, publish, query, record, result, send, sow

from conformance.compare.adopt import adopt
from conformance.compare.bodies import agrees, compare_body
from conformance.compare.explode import UNPARSED, Atom, explode
from conformance.compare.fields import described, satisfied
from conformance.compare.judge import judge
from conformance.results import WHOLE_SCENARIO, Verdict
from reference_model.config import STANDARD
from reference_model.expectation import Absent, Body, Is, Like, Member, OneOf, Present, Same, Unknown, Within
from reference_model.messages import Message
from reference_model.observation import Event, Observation
from reference_model.rule import R
from reference_model.scenario import Together

# ---- atoms ---------------------------------------------------------------------------------------------------------------------


def received(*messages):
    return Observation(
        scenario="x", events=tuple(Event(at_s=0.0, connection="a", kind="received", message=message) for message in messages)
    )


ATOMS = {
    "a record each": (
        sow("q", record(1, b"{}"), record(2, b"[]")),
        [("sow", "q", b"{}", "1"), ("sow", "q", b"[]", "2")],
    ),
    "a batch without records": (sow("q"), []),
    "a subscription each": (
        delivery("s,t", b"{}", sow_key="1"),
        [("publish", "s", b"{}", "1"), ("publish", "t", b"{}", "1")],
    ),
    "a delivery without sids": (Message(header={"cmd": "publish"}), [("publish", None, b"", None)]),
    "an ack": (ack("c", "stats"), [("ack", ("c", "stats"), b"", None)]),
    "an ack without id": (ack(None, "processed"), [("ack", (None, "processed"), b"", None)]),
    "a bracket": (Message(header={"cmd": "group_end", "query_id": "q"}), [("group_end", "q", b"", None)]),
    "a heartbeat": (Message(header={"cmd": "heartbeat"}), [("heartbeat", None, b"", None)]),
    "anything else": (Message(header={"cmd": "bogus"}), [("other", None, b"", None)]),
}


@pytest.mark.parametrize(("message", "atoms"), ATOMS.values(), ids=ATOMS)
def test_atoms(message, atoms):
    assert [(a.kind, a.correlation, a.body, a.text("sow_key")) for a in explode(received(message))] == atoms


def test_an_end_is_an_atom_and_what_was_sent_is_none():
    observation = Observation(
        scenario="x",
        events=(Event(at_s=0, connection="a", kind="sent", message=ack("c", "stats")), Event(at_s=1, connection="a", kind="closed")),
    )
    assert [(a.kind, a.event) for a in explode(observation)] == [("closed", 1)]


def test_the_header_of_a_record_comes_before_that_of_its_message():
    (atom,) = explode(received(sow("q", record(1, b"{}", topic="@items"), topic="@orders")))
    assert atom.text("topic") == "@items"


# ---- fields --------------------------------------------------------------------------------------------------------------------

BOUND = {"key": "7"}
FIELDS = [
    (Is("a"), ["a"], ["b", "A", None], "a"),
    (Is(3), ["3"], ["03", None], "3"),
    (OneOf(("a", "b")), ["a", "b"], ["c", None], "a or b"),
    (OneOf(("", "b")), ["", "b", None], ["c"], " or b"),
    (Same("key"), ["7", None], ["8"], "7"),
    (Same("new"), ["7", "8", None], [], "any"),
    (Like(r"\d+"), ["12", None], ["12x", ""], r"like \d+"),
    (Within(2, 4), ["2", "4", None], ["1", "5", "x", "-3", "9" * 50], "2 to 4"),
    (Within(2, 2), ["2"], ["3"], "2"),
    (Absent(), [None, ""], ["x"], "absent"),
    (Present(), ["x"], [None, ""], "present"),
]


@pytest.mark.parametrize(("matcher", "fitting", "others", "text"), FIELDS, ids=lambda value: repr(value)[:40])
def test_fields(matcher, fitting, others, text):
    assert [value for value in (*fitting, *others) if satisfied(matcher, value, BOUND)] == fitting
    assert described(matcher, BOUND) == text


# ---- bodies --------------------------------------------------------------------------------------------------------------------

KEPT, VERBATIM, COMPLETE, GONE, INNER, CHOICE, LOST = (
    R("DELTA-PUB-02"), R("SOW-REC-04"), R("SOW-REC-03"), R("DELTA-PUB-34"), R("DELTA-MRG-04"), R("DELTA-MRG-03"), R("CMD-SOW-55")
)  # fmt: skip


def atom(body):
    return Atom(event=0, part=0, connection="a", kind="sow", correlation="q", fields={}, body=body)


def member(*values, **more):
    return Member(values=values, because=(KEPT,), **more)


WHOLE = Body(exact=b'{"id":1,"qty":2}', members={"id": member(1), "qty": member(2)}, complete=(COMPLETE,), verbatim=(VERBATIM,))
MERGED = Body(exact=None, members={"id": member(1), "qty": member(2)}, complete=(COMPLETE,), gone={"note": (GONE,)})
BODIES = {
    "the exact bytes": (WHOLE, b'{"id":1,"qty":2}', None),
    "the same tree in other bytes": (WHOLE, b'{"id":1, "qty":2}', (VERBATIM, "")),
    "another value": (WHOLE, b'{"id":1,"qty":3}', (KEPT, "/qty")),
    "another member": (WHOLE, b'{"id":1,"qty":2,"x":1}', (COMPLETE, "/x")),
    "no object": (WHOLE, b"[]", (VERBATIM, "")),
    "no JSON": (WHOLE, b"{", (VERBATIM, "")),
    "a merge in any order": (MERGED, b'{"qty":2,"id":1}', None),
    "a number in another form": (MERGED, b'{"id":1.0,"qty":2}', None),
    "a number as text": (MERGED, b'{"id":1,"qty":"2"}', (KEPT, "/qty")),
    "true is not 1": (MERGED, b'{"id":true,"qty":2}', (KEPT, "/id")),
    "a member of an earlier state": (MERGED, b'{"id":1,"qty":2,"note":1}', (GONE, "/note")),
    "a merge that is no object": (MERGED, b"7", (COMPLETE, "")),
    "a member that lacks": (MERGED, b'{"id":1}', (KEPT, "/qty")),
    "a member that lacks, by a rule of its own": (
        Body(exact=None, members={"id": member(1, missing=(LOST,))}, complete=()), b"{}", (LOST, "/id")
    ),
    "one of several": (Body(exact=None, members={"a": member(1, 2)}, complete=()), b'{"a":2}', None),
    "none of several": (Body(exact=None, members={"a": member(1, 2)}, complete=()), b'{"a":3}', (KEPT, "/a")),
    "there or not": (Body(exact=None, members={"a": member(1, Unknown.ABSENT)}, complete=()), b"{}", None),
    "null is not absent": (Body(exact=None, members={"a": member(Unknown.ABSENT)}, complete=()), b'{"a":null}', (KEPT, "/a")),
    "anything": (Body(exact=None, members={"a": Member(values=Unknown.ANY, because=(CHOICE,))}, complete=()), b'{"a":[]}', None),
    "a place with a rule of its own": (
        Body(exact=None, members={"o": member({"x": 1, "y": 2}, inner={"/y": (INNER,)})}, complete=()),
        b'{"o":{"x":1,"y":3}}',
        (INNER, "/o/y"),
    ),
    "nothing is said": (Body(exact=None, members={}, complete=()), b"\xff", None),
}  # fmt: skip


@pytest.mark.parametrize(("body", "seen", "difference"), BODIES.values(), ids=BODIES)
def test_bodies(body, seen, difference):
    comparison = compare_body(body, atom(seen))
    found = comparison.differences[0] if comparison.differences else None
    assert (None if found is None else (found.because[0], found.field)) == difference
    if difference is not None:
        assert difference[0] in comparison.exercised
    if body is not WHOLE or difference is None or difference[0] is not VERBATIM:
        assert agrees(body, atom(seen)) == (difference is None)


def test_a_choice_is_recorded_and_proves_nothing():
    body = Body(exact=None, members={"a": member(1, 2, choice=(CHOICE, ("merged", "replaced")))}, complete=())
    comparison = compare_body(body, atom(b'{"a":2}'))
    assert comparison.choices == [(CHOICE, "replaced")]
    assert KEPT not in comparison.exercised


def test_numbers_are_as_exact_as_they_are_documented_to_be():
    """64-bit integers keep their value; any other number is a double, however it is written (DELTA-MRG-11)."""
    body = Body(exact=None, members={"n": member(Decimal("0.1"))}, complete=())
    assert agrees(body, atom(b'{"n":0.10}'))
    assert agrees(body, atom(b'{"n":0.1000000000000000055}'))
    assert not agrees(body, atom(b'{"n":0.1000000000000001}'))
    large = Body(exact=None, members={"n": member(12345678901234567890)}, complete=())
    assert not agrees(large, atom(b'{"n":12345678901234567891}'))


def test_a_body_that_does_not_parse_is_equal_to_nothing():
    assert atom(b"{").tree is UNPARSED


# ---- the adopted order ---------------------------------------------------------------------------------------------------------


def lanes():
    return program(
        *(connect(name) for name in "abw"),
        send("w", "subscribe", on="w", topic="@chat", cmd_id="w", sub_id="w", ack_type="processed"),
        Together(
            label="t",
            witness="w",
            lanes=(
                (publish("a1", b"1", topic="@chat"), publish("a2", b"2", topic="@chat")),
                (publish("b1", b"3", topic="@chat", on="b"),),
            ),
        ),
    )


ORDERS = {
    "as they came": ("132", ("a1", "b1", "a2"), None),
    "one publisher turned round": ("213", None, R("SUB-ORDER-01")),
    "one lacks": ("13", None, None),
    "one came twice": ("1132", ("a1", "b1", "a2"), None),
    "a stranger in between": ("1x23", ("a1", "a2", "b1"), None),
}


@pytest.mark.parametrize(("bodies", "order", "rule"), ORDERS.values(), ids=ORDERS)
def test_the_order_of_concurrent_commands_is_that_of_a_whole_witness(bodies, order, rule):
    scenario = lanes()
    seen = [delivery("w", body.encode(), topic="@chat") for body in bodies]
    witness, findings = adopt(scenario, explode(play(scenario, {"b1": on("w", *seen)})))
    assert witness.orders.get("t") == order
    assert [finding.rule for finding in findings] == ([] if rule is None else [rule])


def test_an_order_that_leads_to_something_that_is_not_judged_is_no_order():
    """Whether the keys 1 and "1" are one record is not documented (SOW-KEY-41)."""
    bodies = (b'{"id":1,"lane":"a"}', b'{"id":"1","lane":"b"}')
    scenario = program(
        *(connect(name) for name in "abw"),
        send("w", "subscribe", on="w", topic="@orders", cmd_id="w", sub_id="w", ack_type="processed"),
        Together(label="t", witness="w", lanes=((publish("a1", bodies[0]),), (publish("b1", bodies[1], on="b"),))),
        fence("f1"),
        fence("f2", "b"),
        query("q", on="w"),
    )
    examination = look(scenario, {"b1": on("w", *(delivery("w", body) for body in bodies))})
    assert set(examination.verdict.inconclusive) == {"q"}
    assert examination.verdict.findings == ()


# ---- which for which -----------------------------------------------------------------------------------------------------------

ONE, TWO = b'{"id":1,"n":1}', b'{"id":2,"n":1}'


def alignment(*steps, **answers):
    return look(program(connect(), publish("p1", ONE), publish("p2", TWO), fence(), *steps), answers).alignment


def test_a_wrong_body_is_no_missing_record_and_no_surplus():
    found = alignment(query("q"), q=result("q", record(1, b'{"id":1,"n":9}'), record(2, TWO)))
    assert not found.missing
    assert not found.surplus


def test_a_record_whose_key_cannot_be_read_is_told_by_what_is_left():
    found = alignment(query("q"), q=result("q", record(1, b'{"n":1}'), record(2, TWO)))
    assert not found.missing
    assert not found.surplus


def test_a_second_copy_is_a_repetition():
    found = alignment(query("q"), q=result("q", record(1, ONE), record(2, TWO), record(1, ONE)))
    assert [slot.key[1] for slot, _ in found.repeated] == [("1",)]


def test_an_unknown_id_stands_for_the_one_that_lacks():
    found = alignment(
        query("q"), q=[ack("q", "processed"), *result("zz", record(1, ONE), record(2, TWO), acks=()), ack("q", "completed")]
    )
    assert len(found.renamed) == 4
    assert not found.missing
    assert not found.surplus


def test_the_id_of_another_query_stands_for_nothing():
    found = alignment(query("q"), query("r"), q=result("r", record(1, ONE), record(2, TWO), acks=()), r=result("r", acks=()))
    assert not found.renamed
    assert found.missing


def test_messages_with_one_body_are_told_apart_by_their_key():
    steps = (
        connect("a"),
        connect("b"),
        send("s", "subscribe", topic="@own", cmd_id="s", sub_id="s", ack_type="processed"),
        publish("p1", b"same", topic="@own", on="b", sow_key="k1"),
        publish("p2", b"same", topic="@own", on="b", sow_key="k2"),
    )
    twice = on("a", *(delivery("s", b"same", topic="@own", sow_key="k1") for _ in range(2)))
    last = on("a", delivery("s", b"same", topic="@own", sow_key="k2"))
    found = look(program(*steps), {"p1": twice, "p2": last}).alignment
    assert [slot.step for slot, _ in found.repeated] == ["p1"]
    assert not found.missing


def test_an_answer_that_may_be_refused_is_expected_only_if_it_was_accepted():
    steps = query("q", acks="processed", opts="skip_n=1,top_n=1")
    refused = alignment(steps, q=[ack("q", "processed", "failure", reason="no")])
    assert not refused.missing
    accepted = alignment(steps, q=[ack("q", "processed")])
    assert {slot.where[1] for slot in accepted.missing} == {"group_begin", "group_end"}


def test_an_ack_without_id_is_the_one_that_lacks_before_it_is_one_too_many():
    two = (connect(), send("n", "publish", topic="@chat"), publish("p", ONE, cmd_id="p", ack_type="processed"))
    lost = look(program(*two), {"p": [ack(None, "processed")]})
    assert {finding.rule for finding in lost.verdict.findings} == {R("CMD-ACK-08")}
    extra = look(program(*two), {"p": [ack(None, "processed"), ack("p", "processed")]})
    assert not extra.alignment.renamed
    assert {finding.rule for finding in extra.verdict.findings} <= {R("CMD-ACK-01"), R("CMD-ACK-08")}
    assert extra.verdict.findings


def test_nothing_is_judged_where_the_runner_stopped_reading():
    found = look(program(connect(), query("q")), {"q": result("q", record(9, TWO))})
    scenario = replace(found.scenario, exercises=(R("SOW-QRY-05"),))
    unread = Event(at_s=9.0, connection="a", kind="unread", detail="more than 2,000 frames came: not read on")
    observation = replace(found.observation, events=(*found.observation.events, unread))
    assert judge(scenario, found.observation, STANDARD, CATALOGUE).findings
    assert judge(scenario, observation, STANDARD, CATALOGUE) == Verdict(
        scenario="by-hand",
        exercised={R("SOW-QRY-05"): 1},
        inconclusive={WHOLE_SCENARIO: "connection a: more than 2,000 frames came: not read on"},
    )
