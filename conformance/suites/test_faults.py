"""Faults from our side of a connection: torn frames, lost connections, slow writing."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("faults")
def test_faults(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
