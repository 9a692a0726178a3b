"""Publishing: what is needed, what is refused, what is left open."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("publish")
def test_publish(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
