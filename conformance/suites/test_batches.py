"""Batches: how many records a message holds, and that it changes nothing else."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("batches")
def test_batches(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
