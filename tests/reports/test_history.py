"""Nights: what changed between them, and files that are none."""

import json
from dataclasses import replace

import pytest

from reports.history import Changes, Night, Since, add, changes, nights_in

NIGHT = Night(
    id="n00",
    started_utc="2026-01-01T02:00:00.000+00:00",
    target="tcp://amps.test:9007/amps/json",
    version="5.3.5.1",
    harness="0.1.0",
    profile="nightly",
    outcome="conforming",
    scenarios=10,
    commands=200,
    seconds=4.0,
)


def history(*words, rule="SOW-TOPN-07", **more):
    """A night a word, each a day after the one before; `-` is a night that did not put the rule to the test."""
    return [
        replace(
            NIGHT,
            id=f"n{day:02}",
            started_utc=f"2026-01-{day:02}T02:00:00.000+00:00",
            version=f"5.3.5.{day}",
            rules={} if word == "-" else {rule: word},
            **more,
        )
        for day, word in enumerate(words, start=1)
    ]


def since(day, nights):
    return Changes(still_failing=(Since(rule="SOW-TOPN-07", day=f"2026-01-{day:02}", version=f"5.3.5.{day}", nights=nights),))


NEW, GONE = Changes(newly_failing=("SOW-TOPN-07",)), Changes(newly_passing=("SOW-TOPN-07",))

TOLD = {
    "broken on the first night of all": (["failed"], NEW),
    "broken since yesterday": (["passed", "failed"], NEW),
    "deviating is broken": (["passed", "deviates"], NEW),
    "broken for two nights": (["passed", "failed", "failed"], since(2, 2)),
    "whether failed or deviating": (["passed", "deviates", "failed"], since(2, 2)),
    "a night without it is passed over": (["passed", "failed", "-", "failed"], since(2, 2)),
    "broken, not measured tonight": (["passed", "failed", "-"], Changes()),
    "an excuse that has ended": (["known_failing", "failed"], since(1, 2)),
    "excused": (["passed", "known_failing"], Changes()),
    "mended": (["failed", "passed"], GONE),
    "mended though excused": (["known_failing", "unexpected_pass"], GONE),
    "mended after a night without it": (["failed", "-", "passed"], GONE),
    "passed for long": (["failed", "passed", "passed"], Changes()),
    "observed says nothing": (["failed", "observed"], Changes()),
}


@pytest.mark.parametrize(("words", "told"), TOLD.values(), ids=TOLD)
def test_what_a_night_brought(words, told):
    assert changes(history(*words)) == told


def test_what_changes_too_often_is_flaky():
    found = changes(history("passed", "failed", "passed", "failed"))
    assert found.flaky == (("SOW-TOPN-07", 3),)
    assert found.newly_failing == ("SOW-TOPN-07",)


def test_what_changed_long_ago_is_not_flaky():
    assert changes(history("passed", "failed", "passed", "failed", *["failed"] * 14)).flaky == ()


@pytest.mark.parametrize(("day", "told"), [("2026-01-15", True), ("2026-01-16", False), ("2025-12-31", True)])
def test_an_excuse_is_announced_two_weeks_before_its_end(day, told):
    (night,) = history("known_failing", expiring={"SOW-TOPN-*": day})
    assert changes([night]).expiring == ((("SOW-TOPN-*", day),) if told else ())


def test_no_nights():
    assert changes([]) == Changes()


# ---- files -------------------------------------------------------------------------------------------------------------------------


def test_a_night_comes_back_as_it_was_kept(tmp_path):
    nights = history("passed", "failed", areas={"SOW": {"failed": 1}}, expiring={"SOW-*": "2026-12-31"})
    for night in reversed(nights):
        add(tmp_path / "deep" / "nights", night)
    assert nights_in(tmp_path / "deep" / "nights") == (tuple(nights), ())


def test_a_folder_that_is_not_there_has_no_nights(tmp_path):
    assert nights_in(tmp_path / "none") == ((), ())


def written(**changed):
    data = {
        "schema_version": 1,
        "id": "n01",
        "started_utc": "2026-01-01T02:00:00",
        "target": "t",
        "version": None,
        "harness": "0.1.0",
        "profile": "nightly",
        "outcome": "conforming",
        "scenarios": 1,
        "commands": 1,
        "seconds": 1,
        "rules": {"SOW-TOPN-07": "passed"},
        "areas": {},
        "expiring": {},
    }
    return json.dumps({name: value for name, value in (data | changed).items() if value != "gone"})


DAMAGED = {
    "no JSON": "{",
    "a list": "[]",
    "of another version": written(schema_version=2),
    "cut off": written()[:-30],
    "without rules": written(rules="gone"),
    "with a rule that is none": written(rules={"../../etc": "passed"}),
    "with a word that is none": written(rules={"SOW-TOPN-07": "splendid"}),
    "named like a path": written(id="../n01"),
    "on no day": written(started_utc="2026-02-31T02:00:00"),
    "with an excuse until no day": written(expiring={"SOW-*": "2026-02-31"}),
    "with half a count": written(scenarios=1.5),
    "nested without end": "[" * 100_000,
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_file_that_is_no_night_is_named_and_passed_over(tmp_path, text):
    add(tmp_path, NIGHT)
    (tmp_path / "x.json").write_text(text, "utf-8")
    nights, damage = nights_in(tmp_path)
    assert nights == (NIGHT,)
    (line,) = damage
    assert str(tmp_path / "x.json") in line
    assert "\n" not in line
    assert len(line) < 600


def test_what_a_whole_night_is(tmp_path):
    (tmp_path / "x.json").write_text(written(), "utf-8")
    assert nights_in(tmp_path)[1] == ()
