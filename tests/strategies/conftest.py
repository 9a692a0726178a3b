"""Directed scenarios run once a session against the embedded server, on a slot of its own each."""

import itertools
from dataclasses import dataclass, field

import pytest

from conformance.compare import judge
from conformance.config_file import expand, slot_prefix
from conformance.naming import SLOTS_MAX, Naming
from conformance.rules import load
from conformance.runner import execute
from conformance.server.embedded import EmbeddedServer
from conformance.targets.spec import TargetSpec, parse_target
from reference_model.config import STANDARD, InstanceConfig


@dataclass(kw_only=True)
class SlotTarget:
    spec: TargetSpec
    slot: int
    config: InstanceConfig = STANDARD
    numbers: itertools.count = field(default_factory=itertools.count)

    def naming(self):
        return Naming(topics=slot_prefix(self.slot), clients=f"s{self.slot}n{next(self.numbers)}-")

    def touch(self, topics):
        pass


def run_scenarios(scenarios, *, seed=0, mutants=()):
    """Per name the verdict and the observation."""
    catalogue, done = load(), {}
    for batch in chunks(scenarios):
        with EmbeddedServer(expand(STANDARD, range(len(batch))), seed=seed, mutants=mutants) as server:
            for slot, scenario in enumerate(batch):
                target = SlotTarget(spec=parse_target(f"tcp://127.0.0.1:{server.port}/amps/json"), slot=slot)
                observation = execute(scenario, target)
                done[scenario.name] = judge(scenario, observation, STANDARD, catalogue), observation
    return done


def chunks(scenarios):
    scenarios = list(scenarios)
    return [scenarios[at : at + SLOTS_MAX] for at in range(0, len(scenarios), SLOTS_MAX)]


@pytest.fixture(scope="session")
def directed_runs():
    from strategies import directed

    return run_scenarios(directed.smoke(STANDARD))
