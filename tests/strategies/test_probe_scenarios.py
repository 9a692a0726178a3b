"""The scenarios made from the table of probes: no row is left out, and what is open stays open."""

import pytest

from conformance.server import language
from conformance.server.language import Language
from reference_model.config import STANDARD
from reference_model.expectation import Occurs, OneOf
from reference_model.model import predict
from reference_model.payload.json import parse
from reference_model.probes import DOUBTFUL, GROUPS, PROBES
from reference_model.rule import R
from reference_model.scenario import Command, Send
from reference_model.state import ProgramError
from strategies.build import Program
from strategies.directed.probes import QUERIED, probes, with_id
from tests.strategies.conftest import run_scenarios


def sent(cmd):
    return {
        (step.command.header.get("filter"), step.about)
        for scenario in probes.scenarios
        for step in scenario.steps
        if isinstance(step, Send) and step.command.cmd == cmd
    }


def test_every_row_is_subscribed_with_the_rules_that_it_shows():
    assert {(probe.filter, probe.rules) for probe in PROBES} - sent("subscribe") == set()


def test_every_row_is_asked_with_the_rules_that_it_shows():
    """Those of which nothing is demanded would leave open what a query has to return; they are subscriptions only."""
    assert {(probe.filter, probe.rules) for probe in PROBES if probe not in DOUBTFUL} - sent("sow") == set()


def test_every_group_but_the_one_of_subscriptions_is_queried_once():
    assert sorted(name for names in QUERIED for name in names) == sorted({group.name for group in GROUPS} - {"filters"})


@pytest.mark.parametrize("body", [b"{}", b'{"n":1}', b'{ "n" : 1 }', b'{"w":1,"w":2}'])
def test_a_body_with_an_id_keeps_what_it_had(body):
    assert parse(with_id(body, 7)) == {"id": 7, **parse(body)}


def open_filter(*about):
    p = Program("open")
    reader, writer = p.open("reader"), p.open("writer")
    header = {"cmd": "subscribe", "cmd_id": "s1", "sub_id": "s1.m", "ack_type": "processed", "topic": "@chat", "filter": "/n = 1e5"}
    p.send(Send(label="s1", connection="reader", command=Command(header=header), about=about))
    reader.fence()
    for number in (1, 100000):
        writer.publish("@chat", {"n": number})
    return p.scenario()


def test_a_filter_that_may_be_refused_binds_nobody():
    """Neither the ack nor what is delivered decides anything, also after the fence that makes other subscriptions certain."""
    slots = predict(open_filter(R("EXPR-LIT-27")), STANDARD).slots
    deliveries = [slot for slot in slots if slot.where[:2] == ("reader", "publish")]
    assert [slot.occurs for slot in deliveries] == [Occurs.OPTIONAL, Occurs.OPTIONAL]
    (ack,) = [slot for slot in slots if slot.where == ("reader", "ack", ("s1", "processed"))]
    (status,) = [claim for claim in ack.claims if claim.field == "status"]
    assert isinstance(status.matcher, OneOf)
    assert status.because[0] == R("EXPR-LIT-27")


def test_without_a_rule_that_it_is_about_such_a_filter_is_no_program():
    with pytest.raises(ProgramError, match="not documented"):
        predict(open_filter(), STANDARD)


def like_without_raw_strings(monkeypatch):
    monkeypatch.setattr(Language, "is_literal", lambda _, __: False)


def smaller_or_equal_is_smaller(monkeypatch):
    monkeypatch.setitem(language.WANTED, "<=", frozenset({-1}))


def division_of_integers_is_exact(monkeypatch):
    usual = Language.computed

    def computed(self, one, operator, other):
        return one / other if operator == "/" and one is not None and other else usual(self, one, operator, other)

    monkeypatch.setattr(Language, "computed", computed)


def or_as_in_sql(monkeypatch):
    usual = Language.goes_on

    def goes_on(self, truth, *, conjunction):
        return usual(self, truth, conjunction=conjunction) if conjunction else truth is not True

    monkeypatch.setattr(Language, "goes_on", goes_on)


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (like_without_raw_strings, {R("EXPR-LIT-24"), R("EXPR-LIKE-13")}),
        (smaller_or_equal_is_smaller, {R("EXPR-CMP-06")}),
        (division_of_integers_is_exact, {R("EXPR-NUM-04")}),
        (or_as_in_sql, {R("EXPR-LOG-09")}),
    ],
)
def test_a_fault_of_the_evaluator_is_blamed_on_the_rule_that_it_breaks(fault, broken, monkeypatch):
    """Rules that rest on it are masked, and nothing but expressions is blamed."""
    fault(monkeypatch)
    findings = [finding for verdict, _ in run_scenarios(probes.scenarios).values() for finding in verdict.findings]
    open_ones = {finding.rule for finding in findings if finding.masked_by is None}
    assert broken <= open_ones
    assert {rule.partition("-")[0] for rule in open_ones} == {"EXPR"}
