"""Queries that go on as subscriptions: nothing twice, nothing lost between the two."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("query")
def test_query_and_subscribe(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
