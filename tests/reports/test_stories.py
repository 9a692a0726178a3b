"""Both sides with what differs in them, and timelines that a page can hold."""

import json

import pytest
from made import FAILED, explained, finding, hostile, rich

from conformance.results import Ledger, Verdict
from reports import stories
from reports.record import from_ledger
from reports.stories import Stories, differing


def marked(parts):
    return "".join(f"[{text}]" if differs else text for text, differs in parts if text)


@pytest.mark.parametrize(
    ("expected", "seen", "left", "right"),
    [
        ("ack completed success", "ack completed failure", "ack completed [success]", "ack completed [failure]"),
        ("ack stats  matches=2", "ack stats  matches=12", "ack stats  matches=[2]", "ack stats  matches=[12]"),
        ('sow {"id":1,"a":2}', 'sow {"a":2,"id":1}', 'sow {"id":1,"a":2}', 'sow {"a":2,"id":1}'),
        ('sow {"id":1,"a":2}', 'sow {"id":1,"a":3}', 'sow {"id":1,"a":[2]}', 'sow {"id":1,"a":[3]}'),
        ('sow {"b":1,"id":1}', 'sow {"id":1}', 'sow {["b":][1],"id":1}', 'sow {"id":1}'),
        ('p {"a":{"x":1,"y":[2,3]}}', 'p {"a":{"x":1}}', 'p {"a":[{"x":1,"y":[2,3]}]}', 'p {"a":[{"x":1}]}'),
        ('p {"a":"},\\\\"","b":1}', 'p {"a":"},\\\\"","b":2}', 'p {"a":"},\\\\"","b":[1]}', 'p {"a":"},\\\\"","b":[2]}'),
        ('p {"a":1 or 2}  x=1', 'p {"a":3}  x=2', 'p {"a":[1 or 2]}  x=[1]', 'p {"a":[3]}  x=[2]'),
        ("p {}", 'p {"a":1}', "p {}", 'p {["a":][1]}'),
        ('p {"a":1', 'p {"a":1}', 'p {"a":1', 'p {"a":1[}]'),
        ("x" * 3000, "y", f"[{'x' * 3000}]", "[y]"),
    ],
)
def test_what_differs_is_marked(expected, seen, left, right):
    assert tuple(map(marked, differing(expected, seen))) == (left, right)
    assert tuple("".join(text for text, _ in side) for side in differing(expected, seen)) == (expected, seen)


def frames(count, *, first, text="x"):
    made = [{"at": n / 1000, "on": "a", "kind": "received" if n % 2 else "sent", "text": text, "raw": text} for n in range(count)]
    for n, frame in enumerate(made):
        if n % 2:
            frame["answers"] = n - 1
    return {"frames": made, "first": first, "missing": False, "marked": [first, count - 1], "before": 0, "after": 0}


def told(timeline):
    ledger = Ledger()
    ledger.add(Verdict(scenario="s", exercised={FAILED: 1}, findings=(finding(),)))
    report = from_ledger(rich().header, ledger, seconds=1, commands=1, explained=[explained(finding(), timeline=timeline)])
    return Stories(report).of(FAILED)[0].timeline


def test_a_timeline_is_data_that_cannot_leave_its_element():
    timeline = told(frames(2, first=1, text=hostile("x")))
    assert not set(timeline.json) & set("<>&\u2028")
    assert json.loads(timeline.json)["frames"][1]["answers"] == 0
    assert "<script>" in json.loads(timeline.json)["frames"][0]["text"]
    assert timeline.said == "2 events on 1 connection"


def test_a_timeline_that_is_too_long_keeps_what_is_around_the_divergence(monkeypatch):
    whole = told(frames(1000, first=501))
    assert len(json.loads(whole.json)["frames"]) == 1000
    monkeypatch.setattr(stories, "TIMELINES_CHARS_MAX", len(whole.json) - 1)
    cut = told(frames(1000, first=501))
    data = json.loads(cut.json)
    assert (len(data["frames"]), data["before"], data["after"], data["first"], data["marked"]) == (200, 401, 399, 100, [100])
    assert data["frames"][data["first"]]["at"] == 0.501
    assert data["frames"][100]["answers"] == 99
    assert "answers" not in data["frames"][0], "its command is left out"
    assert cut.said == "200 events on 1 connection, 800 further frames left out"
    monkeypatch.setattr(stories, "TIMELINES_CHARS_MAX", 10)
    assert told(frames(1000, first=501)) is None


def test_without_a_timeline_and_without_sides_the_finding_itself_is_told():
    ledger = Ledger()
    ledger.add(Verdict(scenario="s", exercised={FAILED: 1}, findings=(finding(expected="x 1", seen="x 2"),)))
    [story] = Stories(from_ledger(rich().header, ledger, seconds=1, commands=1)).of(FAILED)
    assert (story.timeline, story.at, story.often) == (None, None, "1 time")
    assert [(marked(row["expected"]), marked(row["seen"])) for row in story.rows] == [("x [1]", "x [2]")]
