"""Which SOW topics a scenario may leave records in. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.runner.awaited import PUBLISHES
from reference_model.config import InstanceConfig
from reference_model.scenario import Command, Scenario, Send, SendBytes, Together


def touched_topics(scenario: Scenario, config: InstanceConfig) -> frozenset[str]:
    """The topics that its publishes name; every SOW topic if it sends raw bytes or a topic that is known only when it is sent."""
    everything = frozenset(topic.name for topic in config.topics)
    if any(isinstance(step, SendBytes) for step in scenario.steps):
        return everything
    named: set[str] = set()
    for command in _commands(scenario):
        topic = command.header.get("topic", "")
        if not isinstance(topic, str):
            return everything
        if command.header.get("cmd") in PUBLISHES and topic in everything:
            named.add(topic)
    return frozenset(named)


def _commands(scenario: Scenario) -> Iterator[Command]:
    for step in scenario.steps:
        if isinstance(step, Send):
            yield step.command
        elif isinstance(step, Together):
            yield from (send.command for lane in step.lanes for send in lane)
