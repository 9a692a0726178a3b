"""Which scenarios run, what they must exercise, which rules are left out."""

import pytest

from conformance.errors import UsageError
from conformance.results import Outcome
from conformance.rules import load, standings
from conformance.run.programs import drawn
from conformance.run.scope import CORE_TOPICS, required_rules
from conformance.run.selection import BODY_BYTES_DISRUPTIVE, DISRUPTIVE, EXCLUDED, disruptive, select
from reference_model.config import STANDARD, InstanceConfig
from reference_model.rule import R
from reference_model.scenario import Command, Open, Scenario, Send, SendBytes, Together
from reference_model.steps import default_logon

HEADER = {"cmd": "publish", "topic": "@orders"}


def scenario(name, *steps, exercises=(), needs=()):
    opened = Open(label="o", connection="a", logon=default_logon("a"))
    return Scenario(name=name, steps=(opened, *steps), exercises=exercises, needs=frozenset(needs))


def publish(size):
    return Send(label="p", connection="a", command=Command(header=HEADER, body=b"1" * size))


BROKEN = SendBytes(label="b", connection="a", data=b"\x00\x00\x00\x01x", meaning="malformed")
PLAIN = scenario("plain", exercises=(R("SOW-TOPN-01"), R("CMD-STAT-04")))
ROUGH = scenario("rough", BROKEN, exercises=(R("WIRE-FRAME-02"), R("SOW-TOPN-01")))
NEEDY = scenario("needy", exercises=(R("SOW-TOPN-02"),), needs=("txlog",))
SCENARIOS = (PLAIN, ROUGH, NEEDY)


def names(selection):
    return [one.name for one in selection.directed]


def test_scenarios_that_do_not_suit_the_target_are_left_out():
    selection = select(SCENARIOS, load(), STANDARD.features)
    assert names(selection) == ["plain", "rough"]
    assert selection.chosen is None
    assert selection.left_out == {}
    assert selection.required == required_rules(load(), STANDARD.features)


def test_rules_choose_scenarios_and_verdicts():
    selection = select(SCENARIOS, load(), STANDARD.features, rules="CMD-STAT")
    assert names(selection) == ["plain"]
    assert {rule.rpartition("-")[0] for rule in selection.chosen} == {"CMD-STAT"}
    assert set(selection.left_out[EXCLUDED]) == set(load()) - selection.chosen
    assert set(selection.required) <= selection.chosen


def test_excluded_rules_are_not_asked_for():
    selection = select(SCENARIOS, load(), STANDARD.features, rules="SOW-TOPN,CMD-STAT", exclude="SOW-TOPN-01")
    assert "SOW-TOPN-01" not in selection.chosen
    assert names(selection) == ["plain"]


def test_what_is_rough_runs_only_where_it_may():
    selection = select(SCENARIOS, load(), STANDARD.features, gentle=True)
    assert names(selection) == ["plain"]
    assert selection.left_out == {DISRUPTIVE: ("WIRE-FRAME-02",)}, "SOW-TOPN-01 has another scenario"
    assert "WIRE-FRAME-02" not in selection.required


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"rules": "AGG"}, "no scenario was written for them"),
        ({"rules": "SOW-TOPN-02"}, "no scenario was written for them"),
        ({"rules": "WIRE-FRAME-02", "gentle": True}, "they need --disruptive"),
        ({"rules": "SOW-TOPN-01", "exclude": "SOW-TOPN"}, "no scenario was written for them"),
    ],
)
def test_nothing_to_run_is_a_mistake(options, reason):
    with pytest.raises(UsageError, match=reason):
        select(SCENARIOS, load(), STANDARD.features, **options)


@pytest.mark.parametrize(
    ("steps", "rough"),
    [
        ((BROKEN,), True),
        ((SendBytes(label="n", connection="a", data=b"\x00\x00\x00\x00", meaning="noop"),), False),
        ((publish(BODY_BYTES_DISRUPTIVE),), False),
        ((publish(BODY_BYTES_DISRUPTIVE + 1),), True),
        ((Together(label="t", lanes=((publish(BODY_BYTES_DISRUPTIVE + 1),),), witness="s"),), True),
    ],
)
def test_disruptive(steps, rough):
    assert disruptive(scenario("x", *steps)) is rough


def test_what_must_be_exercised_can_be():
    required = required_rules(load(), STANDARD.features)
    assert len(required) > 200
    assert {load()[rule].topic for rule in required} == set(CORE_TOPICS)
    before = standings(load(), STANDARD.features)
    assert {before[rule].idle for rule in required} == {Outcome.NOT_EXERCISED}


def test_random_scenarios_need_their_topics():
    with pytest.raises(UsageError, match="no random scenarios for this configuration"):
        drawn(1, config=InstanceConfig(topics=()))
    assert next(drawn(1, start=5)).name == "random-1-5"
