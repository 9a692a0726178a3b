"""What is smaller than a program, in a fixed order, and by how much. Pure: whether a smaller one still fails is for `search`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import Final

from conformance.shrink import fields, values
from conformance.shrink.fields import Edit
from conformance.shrink.steps import flattened, is_subscription, joined, labels, sends, unused_connections, with_fences, without
from reference_model.config import InstanceConfig
from reference_model.messages import PLAIN
from reference_model.model import predict
from reference_model.scenario import Fence, Open, Scenario, Step, Together
from reference_model.state import ProgramError

Weight = tuple[int, ...]

earlier_messages_max: Final = 2
"""Messages before a marker that are tried in its place."""

markers_max: Final = 12
"""Ways to do without a marker that are tried: the last ones."""


def weight(scenario: Scenario) -> Weight:
    """How large a program is, most telling first: commands, connections, other steps, what stands in the commands, its length."""
    commands = list(sends(scenario))
    logons = [step.logon for step in scenario.steps if isinstance(step, Open) and step.logon is not None]
    headers = [command.header for command in (*(send.command for send in commands), *logons)]
    parts = sum(len(fields.split(str(header.get(name, "")))) for header in headers for name in ("ack_type", "opts"))
    members = sum(len(fields.body_tree(send.command)) for send in commands)
    texts = [*(repr(sorted(header.items())) for header in headers), *(repr(send.command.body) for send in commands)]
    return (
        scenario.commands,
        sum(isinstance(step, Open) for step in scenario.steps),
        sum(isinstance(step, Together) for step in scenario.steps),
        len(scenario.steps) - scenario.commands,
        sum(send.form != PLAIN for send in commands),
        sum(map(len, headers)) + parts + members,
        sum(map(len, texts)),
        sum(ord(char) for text in texts for char in text),
    )


def edits(scenario: Scenario, config: InstanceConfig) -> list[Edit]:
    """One edit for each thing that could be left out or be simpler, steps first."""
    return [
        *step_edits(scenario),
        *fence_edits(scenario),
        *connection_edits(scenario),
        *marker_edits(scenario),
        *fields.edits(scenario, config),
        *values.simple_members(scenario),
        *values.edits(scenario),
    ]


def candidates(scenario: Scenario, config: InstanceConfig) -> Iterator[Scenario]:
    """Every program that is smaller by one thing; only such that the model judges."""
    for edit in edits(scenario, config):
        candidate = applied(scenario, [edit], config)
        if candidate is not None:
            yield candidate


def applied(scenario: Scenario, block: Sequence[Edit], config: InstanceConfig) -> Scenario | None:
    """The program after these edits, with the fences that it then needs; None if that is not smaller, or not judged by the model."""
    plain = reduce(lambda program, edit: edit(program), block, scenario)
    for candidate in (plain, with_fences(plain)):
        if weight(candidate) < weight(scenario) and is_judged(candidate, config):
            return candidate
    return None


def is_judged(scenario: Scenario, config: InstanceConfig) -> bool:
    """Whether the model says what must come."""
    try:
        predict(scenario, config)
    except ProgramError:
        return False
    return True


def step_edits(scenario: Scenario, keep: str | None = None) -> list[Edit]:
    """Leave out one step that is no fence, the last first; connections at the end."""
    fences = {step.label for step in scenario.steps if isinstance(step, Fence)}
    opens = [step.label for step in scenario.steps if isinstance(step, Open)]
    order = [label for label in reversed(labels(scenario)) if label not in {*fences, *opens, keep}]
    return [partial(_without, frozenset({label})) for label in [*order, *reversed(opens)]]


def _without(dropped: frozenset[str], scenario: Scenario) -> Scenario:
    return without(scenario, dropped)


def fence_edits(scenario: Scenario) -> list[Edit]:
    """Leave out one fence."""
    return [partial(_without, frozenset({step.label})) for step in reversed(scenario.steps) if isinstance(step, Fence)]


def marker_edits(scenario: Scenario) -> list[Edit]:
    """Await an earlier message instead of one that was published to come after it, for a connection that listens."""
    messages = [send.label for send in sends(scenario) if send.command.cmd in {"publish", "delta_publish"}]
    listening = list(dict.fromkeys(send.connection for send in sends(scenario) if is_subscription(send)))
    found: list[Edit] = [
        partial(_awaiting, connection, message, marker)
        for place, marker in reversed(list(enumerate(messages)))
        for message in reversed(messages[max(0, place - earlier_messages_max) : place])
        for connection in listening
    ]
    return found[:markers_max]


def _awaiting(connection: str, message: str, marker: str, scenario: Scenario) -> Scenario:
    named = labels(scenario)
    if marker not in named or message not in named:
        return scenario
    steps: list[Step] = []
    number = 1 + sum(isinstance(step, Fence) for step in scenario.steps)
    for step in scenario.steps:
        if step.label == message and not any(isinstance(one, Fence) and one.after == marker for one in scenario.steps):
            steps += [step, Fence(label=f"{message}-f{number}", kind="delivery", connection=connection, after=message)]
        else:
            steps.append(replace(step, after=message) if isinstance(step, Fence) and step.after == marker else step)
    return without(replace(scenario, steps=tuple(steps)), {marker})


def unused_edit(scenario: Scenario) -> Scenario:
    """Leave out connections on which nothing happens."""
    return without(scenario, unused_connections(scenario))


def connection_edits(scenario: Scenario) -> list[Edit]:
    """Lanes one after the other; the work of one connection on another."""
    found: list[Edit] = [partial(_flattened, step.label) for step in scenario.steps if isinstance(step, Together)]
    opened = list(dict.fromkeys(step.connection for step in scenario.steps if isinstance(step, Open)))
    found += [partial(_joined, one, other) for other in reversed(opened) for one in opened if one != other]
    return found


def _flattened(label: str, scenario: Scenario) -> Scenario:
    return flattened(scenario, label)


def _joined(one: str, other: str, scenario: Scenario) -> Scenario:
    opened = [step.connection for step in scenario.steps if isinstance(step, Open)]
    return joined(scenario, one, other) if one in opened and other in opened else scenario
