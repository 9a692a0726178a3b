"""SOW keys: which messages are one record, and the key that stands for it."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("keys")
def test_keys(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
