"""The directed scenarios: valid, quick, enough, and none to spare."""

from collections import defaultdict

import pytest

from reference_model.config import STANDARD
from reference_model.model import predict
from reference_model.rule import R
from reference_model.scenario import Open
from strategies import directed
from strategies.directed.probes import probes
from tests.strategies.conftest import run_scenarios

BESIDE = (
    R("BOOK-HIST-10"), R("CMD-PUB-41"), R("CMD-SOW-53"), R("CMD-SOW-55"), R("CMD-SOW-56"), R("CMD-SOW-57"), R("CMD-STAT-02"),
    R("CMD-SUB-20"), R("CMD-WIRE-11"), R("CMD-WIRE-13"), R("DELTA-PUB-13"), R("DELTA-PUB-14"), R("EXPR-FLT-01"), R("EXPR-FLT-05"),
    R("EXPR-FLT-08"), R("EXPR-FLT-09"), R("EXPR-ORD-01"), R("EXPR-ORD-02"), R("EXPR-ORD-03"), R("EXPR-ORD-04"), R("EXPR-ORD-13"),
    R("EXPR-SEL-01"), R("EXPR-SEL-12"), R("SOW-BATCH-07"), R("SOW-BATCH-10"), R("SOW-KEY-20"), R("SOW-KEY-21"), R("SOW-KEY-22"),
    R("SOW-KEY-23"), R("SOW-KEY-24"), R("SOW-KEY-25"), R("SOW-STAT-03"), R("WIRE-HDR-18"),
)  # fmt: skip
"""Rules beside the core (see test_never_exercised) that the two founding documents state."""

SMOKE_S_MAX = 5.0
CONNECTIONS_MAX = 4


def by_name(scenario):
    return scenario.name


def touched(verdict):
    return {*verdict.exercised, *verdict.choices}


@pytest.mark.parametrize("scenario", directed.ALL, ids=by_name)
def test_accepted_by_the_model(scenario):
    predict(scenario, STANDARD)


@pytest.mark.parametrize("scenario", directed.ALL, ids=by_name)
def test_names_rules_that_it_exercises(scenario, directed_runs):
    verdict, _ = directed_runs[scenario.name]
    assert scenario.exercises
    assert set(scenario.exercises) <= touched(verdict)


@pytest.mark.parametrize("scenario", directed.ALL, ids=by_name)
def test_finds_nothing_in_a_server_without_fault(scenario, directed_runs):
    verdict, observation = directed_runs[scenario.name]
    assert not verdict.findings
    assert not verdict.inconclusive
    assert not observation.late
    assert not observation.unresolved


@pytest.mark.parametrize("seed", [1, 2])
def test_finds_nothing_whatever_the_server_chooses(seed):
    runs = run_scenarios(directed.ALL, seed=seed)
    assert {name: verdict.findings for name, (verdict, _) in runs.items() if verdict.findings or verdict.inconclusive} == {}


def test_every_rule_beside_the_core_that_the_founding_documents_state_is_exercised(directed_runs):
    seen = set().union(*(touched(verdict) for verdict, _ in directed_runs.values()))
    assert {*BESIDE} - seen == set()


def test_none_is_to_spare(directed_runs):
    """Each exercises a rule that no other one does; beside the rows of the table of probes, which go both ways, asked for and
    subscribed."""
    of_table = {scenario.name for scenario in probes.scenarios}
    exercising = defaultdict(list)
    for name, (verdict, _) in directed_runs.items():
        for rule in touched(verdict) if name not in of_table else ():
            exercising[rule].append(name)
    alone = {names[0] for names in exercising.values() if len(names) == 1}
    assert {scenario.name for scenario in directed.ALL} - alone - of_table == set()


def test_together_they_are_quick(directed_runs):
    seconds = sum(observation.events[-1].at_s for _, observation in directed_runs.values())
    assert seconds < SMOKE_S_MAX


@pytest.mark.parametrize("scenario", directed.ALL, ids=by_name)
def test_small(scenario):
    assert sum(isinstance(step, Open) for step in scenario.steps) <= CONNECTIONS_MAX


def test_names_are_unique():
    assert len({scenario.name for scenario in directed.ALL}) == len(directed.ALL)


def test_smoke_leaves_out_what_needs_more():
    bare = STANDARD.__class__(topics=STANDARD.topics, features=frozenset({"sow", "delta"}))
    names = {scenario.name for scenario in directed.smoke(bare)}
    assert "keys-given" not in names
    assert "records-insert-and-replace" in names
    assert directed.smoke(STANDARD) == directed.ALL
