"""Queries: what comes, in which order, with which headers and statistics, and what options change."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("queries")
def test_queries(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
