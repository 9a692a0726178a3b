"""delta_publish: the record, its key, what subscribers get, correlation ids."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("delta")
def test_delta(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
