"""Faulty scenarios: accepted whatever becomes of their changes, various, and nothing is found in a server without fault."""

from collections import Counter

import pytest

from conformance.programs import from_json, to_json
from conformance.server.mutants import MUTANTS
from conformance.shrink.candidates import edits, is_judged
from reference_model.config import STANDARD
from reference_model.fault import KINDS, Fault
from reference_model.losses import losses
from strategies import directed
from strategies.directed.faults import faults
from strategies.faults import OWN_ENDS, PROXY_ENDS, PROXY_SLOW
from strategies.generate import Refusals, scenarios
from strategies.profiles import FAULTY_SHAPE, Shape
from tests.strategies.conftest import run_scenarios

PROXIED = Shape(commands=FAULTY_SHAPE.commands, weights=FAULTY_SHAPE.weights, proxy=True)


def drawn(count, *, seed=7, shape=FAULTY_SHAPE):
    return list(scenarios(seed, count, shape=shape, kind="fault"))


def kinds_of(found):
    return {step.kind for scenario in found for step in scenario.steps if isinstance(step, Fault)}


def test_the_same_number_is_the_same_scenario():
    assert drawn(3) == drawn(3)
    assert [scenario.name for scenario in drawn(2)] == ["fault-7-0", "fault-7-1"]


def test_every_kind_from_our_side_is_drawn():
    assert kinds_of(drawn(60)) == {*OWN_ENDS, "pieces"}


def test_every_kind_is_drawn_with_a_proxy():
    """Each in one scenario of a hundred at least."""
    counts = Counter(kind for scenario in drawn(400, shape=PROXIED) for kind in kinds_of([scenario]))
    assert set(counts) == {*OWN_ENDS, *PROXY_ENDS, *PROXY_SLOW, "pieces"} == set(KINDS)
    assert min(counts.values()) >= 4, counts


def test_few_are_refused():
    refusals = Refusals()
    list(scenarios(11, 40, shape=FAULTY_SHAPE, refusals=refusals))
    assert refusals.count <= 4, refusals.first


def test_most_lose_a_connection_with_changes():
    found = drawn(40)
    assert sum(any(loss.changes for loss in losses(scenario)) for scenario in found) > 20


def test_stored_and_read_again():
    for scenario in drawn(20, shape=PROXIED):
        assert from_json(to_json(scenario)) == scenario


def test_a_fault_that_is_not_needed_can_be_left_out():
    """Of each fault there is an edit that takes it out, and some of them leave a program that the model judges."""
    judged = 0
    for scenario in drawn(10):
        for step in scenario.steps:
            if isinstance(step, Fault):
                smaller = [edit(scenario) for edit in edits(scenario, STANDARD)]
                without = [s for s in smaller if step.label not in {other.label for other in s.steps}]
                assert without
                judged += any(is_judged(s, STANDARD) for s in without)
    assert judged > 5


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_found_in_a_server_without_fault(seed):
    runs = run_scenarios(drawn(25, seed=seed), seed=seed)
    found = {name: (verdict.findings, verdict.inconclusive) for name, (verdict, _) in runs.items()}
    assert {name: both for name, both in found.items() if any(both)} == {}
    assert {name for name, (_, seen) in runs.items() if seen.late or seen.unresolved} == set()


LOSSY = [mutant for mutant in MUTANTS.values() if mutant.lossy and not mutant.logged]


@pytest.mark.parametrize("mutant", LOSSY, ids=lambda mutant: mutant.name)
def test_what_shows_only_under_faults_shows_nothing_without(mutant):
    calm = [scenario for scenario in directed.ALL if scenario not in faults.scenarios][::6]
    assert not [name for name, (verdict, _) in run_scenarios(calm, mutants=[mutant.name]).items() if verdict.findings]
