"""Directed scenarios and faulty ones where a transaction log is, on a server that has one."""

import pytest

from conformance.compare import judge
from conformance.config_file import expand
from conformance.rules import load
from conformance.runner import execute
from conformance.server.embedded import EmbeddedServer
from conformance.targets.spec import parse_target
from reference_model.config import LOGGED, STANDARD
from reference_model.model import predict
from strategies import directed
from strategies.generate import scenarios
from strategies.profiles import FAULTY_SHAPE
from tests.strategies.conftest import SlotTarget


def judged(found, *, seed=0, mutants=()):
    with EmbeddedServer(expand(LOGGED, range(len(found))), seed=seed, mutants=mutants) as server:
        for slot, scenario in enumerate(found):
            target = SlotTarget(spec=parse_target(f"tcp://127.0.0.1:{server.port}/amps/json"), slot=slot, config=LOGGED)
            yield scenario, judge(scenario, execute(scenario, target), LOGGED, load())


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_directed(seed):
    for scenario, verdict in judged(directed.LOGGED, seed=seed):
        assert (verdict.findings, dict(verdict.inconclusive)) == ((), {}), scenario.name
        assert {*scenario.exercises} <= {*verdict.exercised, *verdict.choices}, scenario.name


def test_for_a_server_with_a_log_only():
    names = {scenario.name for scenario in directed.LOGGED}
    assert not names & {scenario.name for scenario in directed.smoke(STANDARD)}
    assert names <= {scenario.name for scenario in directed.smoke(LOGGED)}
    for scenario in directed.LOGGED:
        predict(scenario, LOGGED)


def test_random_faulty_ones():
    found = list(scenarios(21, 25, shape=FAULTY_SHAPE, config=LOGGED, kind="fault"))
    numbered = 0
    for scenario, verdict in judged(found, seed=21):
        assert (verdict.findings, dict(verdict.inconclusive)) == ((), {}), scenario.name
        numbered += verdict.exercised.get("BOOK-SEQ-02", 0)
    assert numbered


def test_what_is_taken_twice_is_found():
    found = {finding.rule for _, verdict in judged(directed.LOGGED, mutants=["resend_taken_twice"]) for finding in verdict.findings}
    assert "BOOK-SEQ-02" in found
