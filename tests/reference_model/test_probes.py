"""The table of probes against the model's evaluator, row by row; and what the table covers."""

import re
from pathlib import Path

import pytest

from conformance.rules import load
from reference_model.expression.evaluate import accept, matches
from reference_model.payload.json import parse
from reference_model.probes import DOUBTFUL, GROUPS, PROBES, REFUSED
from reference_model.rule import R

OTHERWISE = (
    R("EXPR-FLT-03"),  # shown by subscriptions and queries without a filter
    R("EXPR-FLT-05"),  # shown by one filter in several commands
    R("EXPR-FLT-09"),  # of the command, not of the filter
    R("EXPR-FLT-10"),
)
"""Rules of filters that a row cannot show; the topics TOP and ORD are not about filters."""


LEFT_OPEN = {
    215: "the model leaves powers open",
    216: "the model leaves roots open",
    220: "the model leaves buckets open",
    221: "the model leaves buckets open",
    228: "the model leaves distances open",
    231: "the zone is not documented",
    232: "the model has no bytes of the message",
}
"""Rows of the documentation's table, by number, that are about functions beyond the core."""

WORKED_ROW = re.compile(r"\| (\d+) \| `(.*?)` \| `(.*)` \| (true|false|error|silent) \| (EXPR-[A-Z]+-\d+) \|")


def name_of(probe):
    return f"{probe.rules[0]} {probe.filter}"


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_the_model_says_what_the_row_says(probe):
    acceptance = accept(probe.filter)
    assert acceptance.refused is probe.refused
    if acceptance.refused is False:
        assert tuple(matches(acceptance.expr, parse(body)) for body in probe.bodies) == probe.matches


def test_what_is_refused_breaks_the_rule_that_the_row_names():
    assert {probe.filter: accept(probe.filter).because[0] for probe in REFUSED} == {probe.filter: probe.rules[0] for probe in REFUSED}


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_the_probes_of_a_group_go_together(group):
    """Each filter is decided for all the bodies, and the members that a body gets change no row."""
    for probe in group.probes:
        expr = accept(probe.filter).expr
        assert tuple(matches(expr, parse(group.filled(body))) for body in probe.bodies) == probe.matches
        assert [body for body in group.bodies if matches(expr, parse(body)) is None] == []


def test_every_rule_of_the_first_tier_has_a_row():
    shown = {rule for probe in PROBES for rule in probe.rules}
    wanted = {
        rule.id
        for rule in load().values()
        if rule.id.startswith("EXPR-") and rule.topic not in {"EXPR-TOP", "EXPR-ORD"} and rule.tier == 1
    }
    assert wanted - shown == {*OTHERWISE}


def test_every_worked_row_of_the_documentation_is_here():
    said = {(probe.filter, body): match for probe in PROBES for body, match in zip(probe.bodies, probe.matches, strict=True)}
    refused = {probe.filter for probe in REFUSED}
    lines = (Path(__file__).parents[2] / "docs" / "spec" / "expressions.md").read_text("utf-8").splitlines()
    rows = [found.groups() for line in lines if (found := WORKED_ROW.match(line))]
    assert len(rows) == 255
    for number, message, text, result, _ in rows:
        body, filter_text = message.replace("\\|", "|").encode(), text.replace("\\|", "|")
        if int(number) in LEFT_OPEN:
            continue
        if result == "error":
            assert filter_text in refused, number
        else:
            assert said.get((filter_text, body), "lacks") is {"true": True, "false": False, "silent": None}[result], number


def test_levels():
    """What is demanded is demanded by a rule that can be broken; what is left open by one that cannot."""
    level = {rule.id: rule.level for rule in load().values()}
    for probe in DOUBTFUL:
        assert level[probe.rules[0]] in {"may", "undefined"}
    for probe in PROBES:
        if probe.refused is None or None in probe.matches:
            assert probe in DOUBTFUL


def test_rows_are_said_once():
    rows = [(probe.rules[0], probe.filter, probe.bodies) for probe in PROBES]
    assert len(set(rows)) == len(rows)
