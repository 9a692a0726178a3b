"""The bytes: unusual ways to write a command, several in one write, one in many pieces, characters of all kinds."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("wire")
def test_wire(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
