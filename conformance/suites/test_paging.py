"""Limits: top_n and skip_n, by header and by option, with and without an order."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("paging")
def test_paging(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
