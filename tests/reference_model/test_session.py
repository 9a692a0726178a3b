"""Logon, the end of connections, bytes that are no command, barriers and fences. Source: commands.md section 10, wire.md section 13."""

import pytest

from reference_model.areas.session import malformed
from reference_model.expectation import Occurs
from strategies.build import Program
from tests.reference_model.view import claims, look, matched, why


def framed(payload):
    return len(payload).to_bytes(4) + payload


# ---- logon -----------------------------------------------------------------------------------------------------------------------


def test_the_answer_to_a_logon():
    """CMD-LOGON-01, -04, -08; commands.md section 11 G."""
    p = Program("p")
    p.open()
    ack = look(p).ack("o1", "processed")
    assert why(ack) == "CMD-LOGON-01"
    assert claims(ack, "status") == {"CMD-LOGON-01": "success"}
    assert claims(ack, "client_name") == {"CMD-LOGON-04": "@a"}
    assert claims(ack, "version") == {"CMD-LOGON-08": "present"}


ACCEPTED = {
    "any user and password": ({"user_id": "joe", "password": "wrong"}, "CMD-LOGON-18"),
    "any characters in the name": ({"client_name": "@desk 4/b: a.c"}, "CMD-LOGON-28"),
    "a correlation id": ({"correlation_id": "Az09+/=="}, "CMD-LOGON-27"),
}


@pytest.mark.parametrize(("header", "rule"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(header, rule):
    p = Program("p")
    p.open(**header)
    assert claims(look(p).ack("o1", "processed"), "status") == {rule: "success"}


def test_a_second_logon_is_refused_or_ends_the_connection():
    """CMD-LOGON-11."""
    p = Program("p")
    a = p.open()
    label = a.logon(cmd_id="again", client_name="@other")
    view = look(p)
    ack = view.ack(label, "processed")
    assert ack.occurs is Occurs.OPTIONAL
    assert claims(ack, "status") == {"CMD-LOGON-11": "failure"}
    (closed,) = view.slots("closed", label)
    assert closed.occurs is Occurs.OPTIONAL
    (obligation,) = view.expectation.obligations
    assert (obligation.check, obligation.data["rule"]) == ("refused_or_closed", "CMD-LOGON-11")
    assert view.acks("end-a") == {"completed": "perhaps"}


def test_another_command_first_ends_the_connection():
    """CMD-LOGON-12."""
    p = Program("p")
    reader, stranger = p.open("reader"), p.open("stranger", logon=False)
    reader.subscribe("@chat")
    label = stranger.publish("@chat", {"n": 1}, acks="processed")
    view = look(p)
    (closed,) = view.slots("closed", label)
    assert (closed.occurs, why(closed)) == (Occurs.ONCE, "CMD-LOGON-12")
    assert view.acks(label)["processed"] == "perhaps"
    assert claims(view.ack(label, "processed"), "status") == {"CMD-LOGON-12": "failure"}
    assert view.deliveries(label) == {"s1.m": "never"}
    assert why(view.delivery(label, "s1.m")) == "CMD-LOGON-12"


def test_a_connection_that_never_logs_on_ends_with_the_flush_of_the_runner():
    p = Program("p")
    p.open(logon=False)
    (closed,) = look(p).slots("closed", "end-a")
    assert why(closed) == "CMD-LOGON-12"


# ---- bytes -----------------------------------------------------------------------------------------------------------------------

MALFORMED = {
    # wire.md section 13
    "a length over the limit": (b"\xff\xff\xff\xff", "WIRE-ROB-01", None),
    "no brace": (framed(b"hello"), "WIRE-ROB-03", None),
    "a header without end": (framed(b'{"c":"flush"'), "WIRE-ROB-04", None),
    "a string without end": (framed(b'{"c":"flu'), "WIRE-ROB-05", None),
    "a brace inside a string": (framed(b'{"c":"}'), "WIRE-ROB-05", None),
    "an unknown command": (framed(b'{"c":"bogus","cid":"7"}'), "WIRE-ROB-06", "7"),
    "no command": (framed(b'{"cid":"7"}body'), "WIRE-ROB-07", "7"),
    "a command of servers": (framed(b'{"c":"ack"}'), "WIRE-ROB-08", None),
    "a command": (framed(b'{"c":"p","t":"x"}'), None, None),
    "a frame that is cut short": (b"\0\0\0\x10hello", None, None),
    "two frames": (framed(b"hello") * 2, None, None),
    "an empty frame": (b"\0\0\0\0", None, None),
    "a nested value": (framed(b'{"c":{"x":1}}'), None, None),
    "a header that is no JSON": (framed(b'{"c":"flush",,}'), None, None),
    "nothing": (b"", None, None),
}


@pytest.mark.parametrize(("data", "rule", "cmd_id"), MALFORMED.values(), ids=MALFORMED)
def test_what_bytes_are(data, rule, cmd_id):
    assert malformed(data) == (rule, cmd_id)


def test_malformed_bytes_end_the_connection():
    p = Program("p")
    label = p.open().raw(framed(b'{"c":"bogus","cid":"7","a":"processed"}'))
    view = look(p)
    (closed,) = view.slots("closed", label)
    assert (closed.occurs, why(closed)) == (Occurs.ONCE, "WIRE-ROB-06")
    # wire.md section 16, 10: an ack before the close is right too
    assert view.surplus("a", "ack", ("7", "processed")) == ()
    assert view.surplus("a", "ack", (None, "processed")) == ()


def test_bytes_that_may_end_the_connection():
    p = Program("p")
    label = p.open().raw(b"\xff\xff\xff\xff")
    (closed,) = look(p).slots("closed", label)
    assert (closed.occurs, why(closed)) == (Occurs.OPTIONAL, "WIRE-ROB-01")


def test_an_empty_frame_is_ignored_or_ends_the_connection():
    """WIRE-FRAME-11."""
    p = Program("p")
    label = p.open().raw(b"\0\0\0\0", noop=True)
    view = look(p)
    (closed,) = view.slots("closed", label)
    assert (closed.occurs, why(closed)) == (Occurs.OPTIONAL, "WIRE-FRAME-11")
    assert [obligation.check for obligation in view.expectation.obligations] == ["answered_or_closed"]


# ---- barriers and fences -----------------------------------------------------------------------------------------------------------


def seen_elsewhere(write, *, show="q1"):
    """Why a record must be in the result of another connection after some fence."""
    p = Program("p")
    a, b = p.open("a"), p.open("b")
    a.publish("@orders", {"id": 1})
    write(a, b)
    b.sow("@orders")
    return why(look(p).record(show, "1"))


FENCES = {
    "the fence of the runner": (lambda a, b: a.fence(), "CMD-FLUSH-12"),
    "completed of a flush": (lambda a, b: a.flush(acks="completed"), "CMD-FLUSH-12"),
    "processed of a flush": (lambda a, b: a.flush(acks="processed"), "CMD-FLUSH-03"),
    "both": (lambda a, b: a.flush(acks="processed,completed"), "CMD-FLUSH-12"),
}


@pytest.mark.parametrize(("write", "rule"), FENCES.values(), ids=FENCES)
def test_what_makes_a_record_visible_elsewhere(write, rule):
    assert seen_elsewhere(write) == rule


def test_on_its_own_connection_a_record_is_no_matter_of_fences():
    p = Program("p")
    a = p.open()
    a.publish("@orders", {"id": 1})
    a.fence()
    a.sow("@orders")
    assert why(look(p).record("q1", "1")) == "SOW-REC-01"


def test_a_flush_is_no_fence_for_a_topic_that_changed_after_it():
    p = Program("p")
    a, b = p.open("a"), p.open("b")
    a.publish("@orders", {"id": 1})
    a.flush()
    a.publish("@items", {"id": 1})
    b.sow("@orders")
    assert look(p).records("q1") == {"1": "once"}


def test_the_end_of_our_side_ends_subscriptions():
    """SUB-UNSUB-15: also for one of the same name that comes again."""
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat", sub_id="s")
    reader.close()
    p.open("reader")
    label = writer.publish("@chat", {"n": 1})
    slot = look(p).delivery(label, "s")
    assert (slot.occurs, why(slot)) == (Occurs.NEVER, "SUB-UNSUB-15")


def test_every_matcher_has_words():
    with pytest.raises(AssertionError):
        matched(None)
