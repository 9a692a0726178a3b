"""What has no defined effect, or no defined order: carried out to see what a target makes of it. Nothing here can fail."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("undefined")
def test_undefined(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
