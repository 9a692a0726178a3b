"""Deliveries: who gets a message, what it carries, what does not come."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("deliveries")
def test_deliveries(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
