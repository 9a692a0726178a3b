"""What a command can do without: unusual forms, header fields, options, ack types, members of its body. Pure.

An edit is a function from program to program; where it does not apply (any more) it gives the program back as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from conformance.shrink.steps import sends
from reference_model.config import InstanceConfig
from reference_model.messages import PLAIN
from reference_model.payload.json import PayloadError, parse, write
from reference_model.scenario import Command, KeyOf, Open, Scenario, Send, Step, Together, Value
from reference_model.steps import default_logon

Edit = Callable[[Scenario], Scenario]

NO_SUCH_KEY: Final = ("1",)

KEPT: Final = frozenset({"cmd", "topic", "cmd_id", "query_id", "sub_id"})
"""What a command is and what its answers are told by. Without them it would be another command, and no simpler one."""


def edits(scenario: Scenario, config: InstanceConfig) -> list[Edit]:
    """One edit for each thing that can be left out, the last command first."""
    found: list[Edit] = []
    for send in reversed(list(sends(scenario))):
        if send.form != PLAIN:
            found.append(partial(_plain, send.label))
        for name, value in send.command.header.items():
            if name in {"ack_type", "opts"} and isinstance(value, str):
                found += [partial(_without_part, send.label, name, part) for part in split(value)]
            elif name == "sow_keys" and isinstance(value, tuple):
                found += [partial(_without_key, send.label, key) for key in value if len(value) > 1]
                found.append(partial(_with_no_such_key, send.label))
            elif name not in KEPT:
                found.append(partial(_without_field, send.label, name))
        found += [partial(_without_member, send.label, name) for name in _members(send.command, config)]
    found += [
        partial(_usual_logon, step.label)
        for step in scenario.steps
        if isinstance(step, Open) and step.logon is not None and step.logon != default_logon(step.connection)
    ]
    return found


def parts(scenario: Scenario) -> list[Edit]:
    """One edit for each part of a command that says what it is about: options, filters, orders, keys; not what it asks to be told."""
    found: list[Edit] = []
    for send in reversed(list(sends(scenario))):
        for name, value in send.command.header.items():
            if name == "opts" and isinstance(value, str):
                found += [partial(_without_part, send.label, name, part) for part in split(value)]
            elif name in {"filter", "orderby", "top_n", "batch_size"}:
                found.append(partial(_without_field, send.label, name))
            elif name == "sow_keys" and isinstance(value, tuple):
                found += [partial(_without_key, send.label, key) for key in value if len(value) > 1]
    return found


def on_command(scenario: Scenario, label: str, change: Callable[[Command], Command]) -> Scenario:
    """The program with one command changed."""
    return on_sends(scenario, lambda send: replace(send, command=change(send.command)) if send.label == label else send)


def on_sends(scenario: Scenario, change: Callable[[Send], Send]) -> Scenario:
    """The program with each command changed."""

    def changed(step: Step) -> Step:
        if isinstance(step, Send):
            return change(step)
        if isinstance(step, Together):
            return replace(step, lanes=tuple(tuple(map(change, lane)) for lane in step.lanes))
        return step

    return replace(scenario, steps=tuple(map(changed, scenario.steps)))


def with_field(command: Command, name: str, value: Value | None) -> Command:
    """The command with that field at its place, or without it (None)."""
    header = dict(command.header)
    if value is None:
        header.pop(name, None)
    else:
        header[name] = value
    return replace(command, header=header)


def split(text: str) -> list[str]:
    """The parts of a comma list; commas inside of brackets belong to their part."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text + ","):
        depth += (char == "[") - (char == "]")
        if char == "," and depth <= 0:
            parts.append(text[start:at])
            start = at + 1
    return [part for part in parts if part]


def _plain(label: str, scenario: Scenario) -> Scenario:
    return on_sends(scenario, lambda send: replace(send, form=PLAIN) if send.label == label else send)


def _without_field(label: str, name: str, scenario: Scenario) -> Scenario:
    return on_command(scenario, label, lambda command: with_field(command, name, None))


def _without_part(label: str, name: str, part: str, scenario: Scenario) -> Scenario:
    def change(command: Command) -> Command:
        value = command.header.get(name)
        if not isinstance(value, str):
            return command
        left = [one for one in split(value) if one != part]
        return with_field(command, name, ",".join(left) or None)

    return on_command(scenario, label, change)


def _without_key(label: str, key: str | KeyOf, scenario: Scenario) -> Scenario:
    def change(command: Command) -> Command:
        keys = command.header.get("sow_keys")
        if not isinstance(keys, tuple):
            return command
        return with_field(command, "sow_keys", tuple(one for one in keys if one != key) or None)

    return on_command(scenario, label, change)


def _with_no_such_key(label: str, scenario: Scenario) -> Scenario:
    """A key that no record has in the place of the keys, which need a query that shows them."""

    def change(command: Command) -> Command:
        return with_field(command, "sow_keys", NO_SUCH_KEY) if "sow_keys" in command.header else command

    return on_command(scenario, label, change)


def _members(command: Command, config: InstanceConfig) -> Iterator[str]:
    """The members of the body that hold no key field."""
    tree = body_tree(command)
    topic = config.topic(str(command.header.get("topic", "")))
    keys = {path.split("/")[1] for path in topic.keys} if topic is not None else set()
    if len(tree) > 1 or keys:
        yield from (name for name in tree if name not in keys)


def body_tree(command: Command) -> dict[str, object]:
    """The members of a body that is a JSON object and that the codec writes as it stands; empty for any other."""
    try:
        tree = parse(command.body)
    except PayloadError:
        return {}
    return tree if isinstance(tree, dict) else {}


def with_body(command: Command, tree: object) -> Command:
    return replace(command, body=write(tree))


def _without_member(label: str, name: str, scenario: Scenario) -> Scenario:
    def change(command: Command) -> Command:
        tree = body_tree(command)
        return with_body(command, {key: value for key, value in tree.items() if key != name}) if name in tree else command

    return on_command(scenario, label, change)


def _usual_logon(label: str, scenario: Scenario) -> Scenario:
    steps = (
        replace(step, logon=default_logon(step.connection)) if isinstance(step, Open) and step.label == label else step
        for step in scenario.steps
    )
    return replace(scenario, steps=tuple(steps))
