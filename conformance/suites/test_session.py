"""Logging on, and what is not allowed before and after it."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("session")
def test_session(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
