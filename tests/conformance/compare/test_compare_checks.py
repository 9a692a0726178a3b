"""The checks that look at every recording: what is a test of a rule, what breaks it, what is no test."""

from dataclasses import dataclass, field, replace

import pytest
from tape import (
    CATALOGUE,
    ack,
    begin,
    broken,
    connect,
    delivery,
    end,
    fence,
    look,
    on,
    play,
    program,
    publish,
    query,
    record,
    result,
    send,
    sow,
)

from conformance.compare.judge import examine
from conformance.wire import decode
from reference_model.config import STANDARD
from reference_model.messages import Message
from reference_model.rule import R

ONE, TWO = b'{"id":1}', b'{"id":2}'
QUERY = (connect(), publish("p1", ONE), publish("p2", TWO), fence(), query("q", acks="processed,completed,stats"))
SHOWN = [record(11, ONE), record(12, TWO)]
STATS = {"topic_matches": 2, "matches": 2, "records_returned": 2}


def answer(**stats):
    return result("q", *SHOWN, acks=("processed", "completed", "stats"), stats={**STATS, **stats})


def swapped(messages, at, message):
    return [*messages[:at], message, *messages[at + 1 :]]


@dataclass(frozen=True, kw_only=True)
class Row:
    rule: R
    steps: tuple = QUERY
    kept: dict = field(default_factory=lambda: {"q": answer()})
    broken: dict
    other: tuple | None = (connect(),)
    undecided: dict = field(default_factory=dict)


PUBLISH = (connect(), publish("p1", ONE, cmd_id="p1", ack_type="processed"))
TWO_ACKS = (connect(), connect("b"), publish("p1", ONE, cmd_id="p1", ack_type="processed"), fence("g", "b"))
SUBSCRIBED = (
    connect("a"),
    connect("b"),
    send("s", "subscribe", topic="@chat", cmd_id="s", sub_id="s", ack_type="processed"),
    publish("p1", b" x", topic="@chat", on="b"),
    publish("m", b"mark", topic="@chat", on="b"),
)

ROWS = {
    "ack type": Row(
        rule=R("CMD-ACK-07"),
        steps=PUBLISH,
        kept={},
        broken={"p1": [ack("p1", "processed"), ack("p1", "done")]},
        other=(replace(connect(), logon=None),),
    ),
    "status lacks": Row(
        rule=R("CMD-ACK-10"),
        steps=PUBLISH,
        kept={},
        broken={"p1": [Message(header={"cmd": "ack", "cmd_id": "p1", "ack_type": "processed"})]},
        other=(replace(connect(), logon=None),),
    ),
    "an ack that is called otherwise": Row(
        rule=R("CMD-ACK-06"),
        steps=PUBLISH,
        kept={},
        broken={"p1": [Message(header={"cmd": "reply", "cmd_id": "p1", "ack_type": "processed", "status": "success"})]},
        other=(replace(connect(), logon=None),),
    ),
    "one ack for a list": Row(
        rule=R("CMD-ACK-04"),
        steps=(connect(), publish("p1", ONE, cmd_id="p1", ack_type="received,processed,completed")),
        kept={},
        broken={"p1": [ack("p1", "processed")]},
        other=PUBLISH,
    ),
    "a third status": Row(
        rule=R("CMD-ACK-11"),
        steps=PUBLISH,
        kept={},
        broken={"p1": [ack("p1", "processed", "perhaps")]},
        other=(replace(connect(), logon=None),),
    ),
    "something for a publisher": Row(
        rule=R("CMD-PUB-06"),
        steps=PUBLISH,
        kept={},
        broken={"p1": [ack("p1", "processed"), Message(header={"cmd": "news"})]},
        other=(connect(), query("q", topic="@plain", acks="processed")),
        undecided={"q": [ack("q", "processed", "failure", reason="no")]},
    ),
    "body of an ack": Row(
        rule=R("CMD-MSG-25"),
        steps=PUBLISH,
        kept={},
        broken={"p1": [replace(ack("p1", "processed"), body=b"x")]},
        other=(replace(connect(), logon=None),),
    ),
    "acks stay home": Row(
        rule=R("CMD-ACK-17"),
        steps=TWO_ACKS,
        kept={},
        broken={"p1": [ack("p1", "processed"), ("b", ack("p1", "processed"))]},
        other=PUBLISH,
    ),
    "records returned": Row(rule=R("CMD-STAT-05"), broken={"q": swapped(answer(), 2, ack("q", "received"))}),
    "statistics in order": Row(rule=R("CMD-STAT-08"), broken={"q": answer(matches=1)}),
    "first byte": Row(
        rule=R("WIRE-FRAME-06"),
        steps=SUBSCRIBED,
        kept={"p1": on("a", delivery("s", b" x", topic="@chat")), "m": on("a", delivery("s", b"mark", topic="@chat"))},
        broken={"p1": on("a", delivery("s", b"x", topic="@chat")), "m": on("a", delivery("s", b"mark", topic="@chat"))},
    ),
    "number of records stated": Row(rule=R("WIRE-SOW-04"), broken={"q": swapped(answer(), 2, sow("q", SHOWN[0], batch_size=2))}),
    "brackets": Row(rule=R("CMD-ORD-14"), broken={"q": [*swapped(answer(), 4, end("q")), end("q")]}),
    "after the end": Row(rule=R("SOW-QRY-21"), broken={"q": [*answer()[:3], answer()[4], answer()[3], *answer()[5:]]}),
    "inside a group": Row(
        rule=R("CMD-ORD-10"),
        steps=(*QUERY, query("r")),
        kept={"q": answer(), "r": result("r", *SHOWN)},
        broken={"q": [*answer()[:3], begin("r"), *answer()[3:]], "r": [m for m in result("r", *SHOWN) if m.cmd != "group_begin"]},
    ),
    "a key of its own name": Row(rule=R("WIRE-KEY-21"), broken={}),
    "no escapes": Row(
        rule=R("WIRE-HDR-08"),
        steps=(connect(), publish("p1", ONE, cmd_id="é", ack_type="processed")),
        kept={},
        broken={},
        other=PUBLISH,
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_is_right_is_a_test_and_breaks_nothing(row):
    examination = look(program(*row.steps), row.kept)
    assert examination.verdict.findings == ()
    assert row.rule in examination.verdict.exercised


@pytest.mark.parametrize("row", [row for row in ROWS.values() if row.broken], ids=[name for name, row in ROWS.items() if row.broken])
def test_what_is_wrong_is_found(row):
    examination = look(program(*row.steps), row.broken)
    assert row.rule in {finding.rule for finding in examination.verdict.findings}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_does_not_happen_is_no_test(row):
    assert row.rule not in look(program(*row.other), row.undecided).verdict.exercised


def rewritten(scenario, answers, old, new):
    """The recording with the bytes of its received frames changed."""
    observation = play(scenario, answers)

    def changed(event):
        if event.kind != "received" or old not in event.payload:
            return event
        payload = event.payload.replace(old, new)
        return replace(event, payload=payload, message=decode(payload, sender="server"))

    return replace(observation, events=tuple(map(changed, observation.events)))


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b'"c":"ack"', b'"cmd":"ack"', R("WIRE-KEY-15")),
        (b'"t":"', b'"topic":"', R("WIRE-KEY-16")),
        (b'"cid":', b'"cmd_id":', R("WIRE-KEY-17")),
        (b'"a":"', b'"ack_type":"', R("WIRE-KEY-18")),
        (b'"k":"', b'"sow_key":"', R("WIRE-KEY-21")),
        (b'"bs":', b'"batch_size":', R("WIRE-KEY-25")),
        (b'"version":', b'"v":', R("WIRE-KEY-30")),
        (b'"l":8', b'"msg_len":8', R("WIRE-KEY-26")),
        (b',"bs":1', b"", R("CMD-MSG-12")),
        (b'{"c":"group_begin",', b'{"c":"group_begin","zz":"1",', R("WIRE-HDR-15")),
        (b'{"c":"group_end"', b'{ "c":"group_end"', R("WIRE-HDR-02")),
        (b'"l":8', b'"l":"8"', R("WIRE-HDR-13")),
    ],
)
def test_headers_are_judged_as_bytes(old, new, rule):
    scenario = program(*QUERY)
    right = examine(scenario, play(scenario, {"q": answer()}), STANDARD, CATALOGUE)
    wrong = examine(scenario, rewritten(scenario, {"q": answer()}, old, new), STANDARD, CATALOGUE)
    assert rule in right.verdict.exercised
    assert not right.verdict.findings
    assert rule in broken(wrong)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b'"sids":', b'"sid":', R("WIRE-KEY-19")),
        (b'"x":', b'"correlation_id":', R("WIRE-KEY-24")),
        (b'"ts":', b'"timestamp":', R("CMD-ABBR-17")),
        (b'"ts":', b'"timestamp":', R("WIRE-KEY-23")),
    ],
)
def test_headers_of_deliveries_are_judged_as_bytes(old, new, rule):
    more = {"topic": "@chat", "timestamp": "20260101T000000.000000Z", "correlation_id": "abc"}
    steps = (
        *SUBSCRIBED[:2],
        send("s", "subscribe", topic="@chat", cmd_id="s", sub_id="s", ack_type="processed", opts="timestamp"),
        publish("m", b"{}", topic="@chat", on="b", correlation_id="abc"),
    )
    scenario, answers = program(*steps), {"m": on("a", delivery("s", b"{}", **more))}
    right = examine(scenario, play(scenario, answers), STANDARD, CATALOGUE)
    wrong = examine(scenario, rewritten(scenario, answers, old, new), STANDARD, CATALOGUE)
    assert rule in right.verdict.exercised
    assert not right.verdict.findings
    assert rule in {finding.rule for finding in wrong.verdict.findings}


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [(b'"query_id":', b'"id":', R("WIRE-KEY-20")), (b'"client_name":', b'"name":', R("WIRE-KEY-31"))],
)
def test_a_field_that_is_not_found_is_under_the_key_that_nobody_knows(old, new, rule):
    scenario = program(*QUERY)
    wrong = examine(scenario, rewritten(scenario, {"q": answer()}, old, new), STANDARD, CATALOGUE)
    rules = {finding.rule for finding in wrong.verdict.findings}
    assert rule in rules
    assert R("WIRE-HDR-15") not in rules


LENGTH_TOO_LARGE = Message(
    header={"cmd": "ack", "cmd_id": "p1", "ack_type": "processed", "status": "success"}, body=b"\x00\x00\x00\x3c"
)
SEVERAL = (*SUBSCRIBED, connect("c"), publish("p2", b"other", topic="@chat", on="c"))


@pytest.mark.parametrize(
    ("steps", "answers", "rule"),
    [
        (PUBLISH, {"p1": [LENGTH_TOO_LARGE, b'{"c":"ack"']}, R("WIRE-FRAME-02")),
        (SEVERAL, {"p1": on("a", delivery("s", b" x", topic="@chat")), "p2": on("a", b'{"c":{"c"')}, R("WIRE-FRAME-13")),
        (QUERY, {"q": [begin("q"), b'{"c":"sow","query_id":"q"},{"l":8}{"id":1}']}, R("WIRE-SOW-01")),
        (QUERY, {"q": [begin("q"), b'{"c":"sow","query_id":"q"}{"id":1}']}, R("WIRE-SOW-07")),
    ],
)
def test_bytes_that_cannot_be_read_tell_what_is_wrong(steps, answers, rule):
    examination = look(program(*steps), answers)
    assert rule in {finding.rule for finding in examination.verdict.findings}


def test_an_escape_in_a_header_is_found():
    scenario = program(connect(), publish("p1", ONE, cmd_id="é", ack_type="processed"))
    right, wrong = (
        examine(scenario, rewritten(scenario, {}, "é".encode(), text), STANDARD, CATALOGUE) for text in ("é".encode(), b"\\u00e9")
    )
    assert R("WIRE-HDR-08") in right.verdict.exercised
    assert not right.verdict.findings
    assert broken(wrong) == {R("WIRE-HDR-08")}


def test_the_length_in_a_delivery_is_that_of_its_body():
    steps, body = SUBSCRIBED, b" x"
    for length, found in ((2, set()), (3, {R("CMD-WIRE-09")})):
        answers = {
            "p1": on("a", delivery("s", body, topic="@chat", msg_len=length)),
            "m": on("a", delivery("s", b"mark", topic="@chat")),
        }
        examination = look(program(*steps), answers)
        assert R("CMD-WIRE-09") in examination.verdict.exercised
        assert broken(examination) == found


@pytest.mark.parametrize(
    ("label", "payload", "rule"),
    [
        ("open-a", b"HTTP/1.1 400", R("WIRE-FRAME-01")),
        ("open-a", b'{"c":"ack"', R("WIRE-HDR-01")),
        ("q", b"\x00garbage", R("WIRE-FRAME-12")),
    ],
)
def test_bytes_that_are_no_message(label, payload, rule):
    examination = look(program(*QUERY), {label: [payload]})
    assert rule in broken(examination)


def test_a_check_sees_every_recording_and_knows_its_rules():
    """A rule that a check yields is one of those that it says it judges or a rule of the catalogue."""
    examination = look(program(*QUERY), {"q": answer()})
    assert set(examination.verdict.exercised) <= set(CATALOGUE)


def test_what_no_command_is_documented_to_count_is_recorded():
    both = [look(program(*QUERY), {"q": answer(**stats)}) for stats in ({}, {"records_inserted": 2})]
    assert [one.verdict.choices[R("CMD-STAT-16")] for one in both] == [{"absent": 1}, {"records_inserted": 1}]
    assert not any(one.verdict.findings for one in both)
