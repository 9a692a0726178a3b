"""Records: insert, update, replacement, exact bytes, correlation ids, one state for everyone."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("records")
def test_records(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
