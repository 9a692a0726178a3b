"""The timeline of a failure: every event in words, commands tied to their answers, the place where the history parts, and bounds."""

import json
from dataclasses import replace

import pytest
from tape import connect, fence, look, program, publish, query, record, result
from test_compare_explain import valid

from conformance.compare import timeline as module
from conformance.compare.explain import explain
from conformance.compare.timeline import message_text, timeline
from conformance.results import Finding
from reference_model.messages import Message, SowRecord
from reference_model.observation import Event, Observation
from reference_model.rule import R

PAGE = (connect(), publish("p1", b'{"id":1}'), publish("p2", b'{"id":2}'), fence(), query("q", orderby="/id", opts="top_n=1,skip_n=1"))
WRONG = Finding(rule="SOW-TOPN-07", kind="unexpected", what="it came", step="q")


def seen():
    return look(program(*PAGE), {"q": result("q", record(1, b'{"id":1}'))})


def made(*events):
    """An examination with these events; nothing else of it matters here."""
    return replace(seen(), observation=Observation(scenario="s", events=events))


def event(kind="received", payload=b"x", on="a", **fields):
    return Event(at_s=0.5, connection=on, kind=kind, payload=payload, **fields)


def test_an_explanation_has_the_timeline_of_its_execution():
    data = explain(seen(), R("SOW-TOPN-07"))
    valid(data)
    frames = data["timeline"]["frames"]
    at = data["timeline"]["first"]
    assert data["timeline"]["marked"] == [at]
    assert (frames[at]["kind"], frames[at]["on"]) == ("received", "a")
    assert frames[at]["text"].startswith('sow @orders {"id":1}')
    asked = frames[frames[at]["answers"]]
    assert (asked["kind"], asked["label"]) == ("sent", "q")
    assert asked["text"].startswith("sow @orders  ")
    assert [frame["kind"] for frame in frames[:3]] == ["opened", "sent", "received"]


def test_what_is_missing_is_shown_at_the_command_that_asked_for_it():
    told = timeline(seen(), replace(WRONG, kind="missing"))
    assert told["missing"]
    assert told["marked"] == []
    assert told["frames"][told["first"]]["label"] == "q"


def test_without_any_event_there_is_no_place():
    assert timeline(made(), WRONG) == {"frames": [], "first": None, "missing": True, "marked": [], "before": 0, "after": 0}


def test_acks_are_tied_to_commands_of_their_own_connection():
    def sent(on, **ids):
        return event("sent", on=on, label="s", message=Message(header={"cmd": "sow", **ids}))

    def ack(on, cmd_id):
        return event(on=on, message=Message(header={"cmd": "ack", "cmd_id": cmd_id, "ack_type": "processed"}))

    def sow(on, **ids):
        return event(on=on, message=Message(header={"cmd": "sow", **ids}))

    events = (
        sent("a", cmd_id="1", query_id="q"),
        sent("b", cmd_id="1", sub_id="s"),
        ack("a", "1"),
        ack("b", "1"),
        ack("b", "2"),
        sow("a", query_id="q"),
        sow("b", sids="t,s"),
    )
    assert [frame.get("answers") for frame in timeline(made(*events), WRONG)["frames"]] == [None, None, 0, 1, None, 0, 1]


@pytest.mark.parametrize(
    ("header", "body", "records", "text"),
    [
        ({"cmd": "ack", "ack_type": "completed", "status": "success", "cmd_id": "q1"}, b"", (), "ack completed success"),
        ({"cmd": "ack", "ack_type": "stats", "status": "success", "matches": 2}, b"", (), "ack stats success  matches=2"),
        ({"cmd": "publish", "topic": "@orders", "sub_id": "s"}, b'{"id":1}', (), 'publish @orders {"id":1}'),
        ({"cmd": "sow", "query_id": "q"}, b"", (SowRecord(data=b"1"), SowRecord(data=b"\xff")), "sow 1 \\xff"),
        ({"cmd": "flush", "ack_type": "completed"}, b"", (), "flush  ack=completed"),
        ({}, b"", (), "(no command)"),
    ],
)
def test_messages_in_words(header, body, records, text):
    assert message_text(Message(header=header, body=body, records=records)) == text


def test_events_without_message_in_words():
    events = (
        event("opened", b""),
        event("garbled", b"HTTP/1.1 400\xff", detail="no length"),
        event("closed", b"", detail="reset"),
        event("step", b"", detail="state fence passed"),
        event("received", b"\xff"),
    )
    told = timeline(made(*events), WRONG)["frames"]
    assert [frame["text"] for frame in told] == [
        "connected",
        "bytes that are no message: no length",
        "connection closed reset",
        "state fence passed",
        "bytes that are no message",
    ]
    assert (told[1]["raw"], told[1]["size"]) == ("HTTP/1.1 400\\xff", 13)
    assert "raw" not in told[0]


def test_no_password_is_in_it():
    payload = b'{"c":"logon","user_id":"ann","pw":"secret word","cid":"1"}'
    logon = Message(header={"cmd": "logon", "user_id": "ann", "password": "secret word", "cmd_id": "1"})
    told = timeline(made(event("sent", payload, message=logon)), WRONG)
    assert "secret" not in json.dumps(told)
    assert "(hidden)" in told["frames"][0]["raw"]


@pytest.mark.parametrize(("at", "start"), [(0, 0), (50, 47), (99, 90)])
def test_a_long_history_keeps_what_is_around_the_divergence(monkeypatch, at, start):
    monkeypatch.setattr(module, "FRAMES_MAX", 10)
    events = [event("sent" if n % 2 == 0 else "received", label=f"l{n}") for n in range(100)]
    told = timeline(made(*events), replace(WRONG, events=(at,)))
    assert len(told["frames"]) == 10
    assert (told["before"], told["after"], told["first"]) == (start, 90 - start, at - start)
    assert told["frames"][told["first"]]["label"] == f"l{at}"


def test_many_large_frames_stay_small():
    events = [event(payload=b"\xff" * 5000, label="l" * 5000, detail="d" * 5000) for _ in range(10_000)]
    told = timeline(made(*events), replace(WRONG, events=(9_999,)))
    assert len(json.dumps(told)) < 10_000 * 600
    assert told["frames"][0]["size"] == 5000
