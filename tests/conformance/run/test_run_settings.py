"""Texts of options, the pace, and which configuration counts."""

import pytest

from conformance.config_file import render
from conformance.errors import UsageError
from conformance.run.pace import Pace
from conformance.run.settings import Settings, draw_seed, instance_of, parse_duration, parse_slots, slots_text
from reference_model.config import STANDARD


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("1.5h", 5400), ("500ms", 0.5), ("7", 7), (" 3s ", 3)]
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "0", "0s", "-1s", "1d", "1 s", "1s1", "\u0661s", "1e3s", "inf"])
def test_what_is_no_duration(text):
    with pytest.raises(UsageError, match="is no duration"):
        parse_duration(text)


@pytest.mark.parametrize(("text", "slots"), [("0", range(1)), ("0-0", range(1)), ("2-5", range(2, 6)), ("99", range(99, 100))])
def test_slots(text, slots):
    assert parse_slots(text) == slots
    assert parse_slots(slots_text(slots)) == slots


@pytest.mark.parametrize("text", ["", "-", "1-", "-1", "3-2", "0-100", "100", "a-b", "1,2", "1-2-3"])
def test_what_names_no_slots(text):
    with pytest.raises(UsageError, match="names no slots"):
        parse_slots(text)


def test_the_time_limit_is_that_of_the_profile_unless_given():
    assert [Settings(seed=1, profile=profile).limit_s for profile in ("smoke", "pr", "nightly")] == [None, 60.0, 3600.0]
    assert Settings(seed=1, profile="nightly", time_limit_s=5.0).limit_s == 5.0


def test_a_drawn_seed_can_be_typed_again():
    seeds = {draw_seed() for _ in range(50)}
    assert len(seeds) > 40
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_the_instance_of_a_file_is_that_of_one_slot(tmp_path):
    file = tmp_path / "own.xml"
    file.write_text(render(STANDARD, range(2, 4)))
    settings = Settings(seed=1, target_config=file)
    instance, warnings = instance_of(settings, 3)
    assert warnings == ()
    assert [topic.name for topic in instance.topics] == [topic.name for topic in STANDARD.topics]
    with pytest.raises(UsageError, match="has no topic of slot 0"):
        instance_of(settings, 0)
    assert instance_of(Settings(seed=1), 7)[0] is STANDARD


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now

    def wait(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("conformance.run.pace.time", clock)
    monkeypatch.setattr("conformance.run.pace.Event", lambda: clock)
    return clock


def test_the_pace_keeps_the_average(clock):
    pace = Pace(10.0)
    pace.keep(5)
    assert clock.now == 100.5
    clock.now += 2.0
    pace.keep(5)
    assert clock.now == 102.5, "time that was not used is not waited for again"
    pace.keep(30)
    assert clock.now == 104.0


def test_the_pace_does_not_wait_beyond_the_end(clock):
    Pace(1.0).keep(1000, until=101.0)
    assert clock.now == 101.0
    Pace(None).keep(1000)
    assert clock.now == 101.0
