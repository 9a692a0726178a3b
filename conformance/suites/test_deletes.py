"""sow_delete: by filter, by keys, by data; what stays, and what must not be touched."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("deletes")
def test_deletes(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
