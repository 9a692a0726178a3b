"""Filters: what each operator, literal and function selects, row by row of the table of probes."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("probes")
def test_probes(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
