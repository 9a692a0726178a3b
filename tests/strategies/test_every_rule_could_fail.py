"""No rule passes where nothing could have failed: each that a recording of a directed scenario exercised is broken by a changed one.

What the model demands is broken demand by demand (`breaches`); what the checks judge by themselves has a row in the tables of
tests/conformance/compare. And where nothing is seen, nothing is exercised.
"""

import re
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.compare.judge import examine
from conformance.rules import load
from reference_model.config import STANDARD
from reference_model.model import predict
from strategies import directed
from tests.strategies.breaches import breaches

BY_HAND = Path(__file__).parents[1] / "conformance" / "compare"
KINDS = {
    "slot", "absence", "id", "field: Is", "field: Present", "field: Absent", "field: Within", "field: Like", "field: Same", "body",
    "order", "pool", "distinct", "repeated", "obligation",
}  # fmt: skip


def can_fail(rule):
    return load()[rule].level in {"must", "default"}


@pytest.fixture(scope="module")
def predicted_once():
    """What a scenario may lead to is the same whatever came: it is predicted once for each order of its lanes."""
    known = {}

    def once(scenario, config, witness):
        key = (scenario.name, repr(witness))
        if key not in known:
            known[key] = predict(scenario, config, witness)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[examine.__module__], "predict", once)
        yield


@pytest.fixture(scope="module")
def shown(directed_runs, predicted_once):
    """Per kind of demand the rules that a breach of one was laid to, and those of which no breach was."""
    catalogue = load()
    scenarios = {scenario.name: scenario for scenario in directed.ALL}
    found, lost = defaultdict(set), defaultdict(set)
    for name, (_, observation) in directed_runs.items():
        examination = examine(scenarios[name], observation, STANDARD, catalogue)
        for breach in breaches(examination):
            # Of the many rules about filters one demand each has to do.
            done = {rule for rules in found.values() for rule in rules} if name.startswith("probes-") else found[breach.kind]
            exercised = breach.rule in examination.verdict.exercised and can_fail(breach.rule)
            if not exercised or breach.rule in done:
                continue
            verdict = examine(scenarios[name], breach.recording(observation), STANDARD, catalogue).verdict
            laid_to = {finding.rule for finding in verdict.findings}
            (found if breach.rule in laid_to else lost)[breach.kind].add(breach.rule)
    return found, lost


def exercised_by_smoke(directed_runs):
    return {rule for verdict, _ in directed_runs.values() for rule in verdict.exercised if can_fail(rule)}


def test_every_rule_that_was_exercised_is_broken_by_a_change(directed_runs, shown):
    found, _ = shown
    by_hand = {
        rule for path in BY_HAND.glob("test_compare_*.py") for rule in re.findall(r'R\("([A-Z0-9-]+)"\)', path.read_text("utf-8"))
    }
    assert exercised_by_smoke(directed_runs) - set().union(*found.values()) - by_hand == set()


def test_what_the_model_demands_is_broken_by_breaking_the_demand(shown):
    """A rule that one kind of demand exercised and whose breach went unseen has another kind of demand that shows it."""
    found, lost = shown
    assert set().union(*lost.values()) - set().union(*found.values()) == set()


def test_every_kind_of_demand_has_been_broken(shown):
    kinds = set(shown[0])
    assert {kind for kind in KINDS if not any(one == kind or one.startswith(f"{kind}: ") for one in kinds)} == set()


@pytest.mark.parametrize("scenario", directed.ALL, ids=lambda scenario: scenario.name)
def test_where_nothing_is_seen_nothing_is_kept(scenario, directed_runs):
    _, observation = directed_runs[scenario.name]
    sent = tuple(event for event in observation.events if event.kind not in {"received", "closed", "garbled"})
    verdict = examine(scenario, replace(observation, events=sent), STANDARD, load()).verdict
    kept = set(verdict.exercised) - {finding.rule for finding in verdict.findings}
    assert {rule for rule in kept if can_fail(rule)} == set()
