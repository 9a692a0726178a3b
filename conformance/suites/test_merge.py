"""What a delta makes of each kind of field. The result of a merge is compared parsed."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("merge")
def test_merge(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
