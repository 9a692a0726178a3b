"""Acknowledgements: every type of every command, types that nobody asked for, commands that ask for none, ids of all kinds."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("acks")
def test_acks(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
