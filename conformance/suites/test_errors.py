"""Commands that fail, and what goes on all the same."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("errors")
def test_errors(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
