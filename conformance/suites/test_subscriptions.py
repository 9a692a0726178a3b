"""Subscriptions: what they are called, what they get of the past and of other topics, how they end."""

from __future__ import annotations

from conformance.suites.collecting import scenarios_of
from conformance.suites.measuring import Measuring
from reference_model.scenario import Scenario


@scenarios_of("subscriptions")
def test_subscriptions(scenario: Scenario, measuring: Measuring) -> None:
    measuring.directed(scenario)
