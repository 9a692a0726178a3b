"""Leaving steps out, with whatever depends on them, and putting in the fences that a shorter program needs. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

from reference_model.fault import KINDS, Fault, Mend
from reference_model.scenario import Advance, Close, Command, Fence, Open, Ref, Scenario, Send, SendBytes, Step, Together

CHANGES: Final = frozenset({"publish", "delta_publish", "sow_delete"})
READS: Final = frozenset({"sow", "sow_delete", "sow_and_subscribe", "sow_and_delta_subscribe", *CHANGES})
"""Commands whose result depends on earlier changes of the topic being visible, or whose order with them would be open."""


def sends(scenario: Scenario) -> Iterator[Send]:
    """Every command of the program, those of concurrent lanes included."""
    for step in scenario.steps:
        if isinstance(step, Send):
            yield step
        elif isinstance(step, Together):
            for lane in step.lanes:
                yield from lane


def labels(scenario: Scenario) -> list[str]:
    """What can be left out: steps and commands of lanes, in order."""
    found: list[str] = []
    for step in scenario.steps:
        if isinstance(step, Together):
            found += [send.label for lane in step.lanes for send in lane]
        else:
            found.append(step.label)
    return found


def cut_after(scenario: Scenario, label: str) -> Scenario:
    """The program up to the step, or the command of a lane, with that label; the same one if there is none."""
    for index, step in enumerate(scenario.steps):
        if step.label == label or (isinstance(step, Together) and any(send.label == label for lane in step.lanes for send in lane)):
            return replace(scenario, steps=scenario.steps[: index + 1])
    return scenario


def without(scenario: Scenario, dropped: Collection[str]) -> Scenario:
    """The program without these labels and without what makes no sense alone: steps on a connection that is not opened, fences
    and references to a step that is gone, ends of faults that never began, unsubscribes of nothing, lanes without commands or without
    their witness."""
    gone = set(dropped)
    registered = {send.label: registration for send in sends(scenario) if (registration := _registration(send)) is not None}
    steps = scenario.steps
    while True:
        lost = {registered[label] for label in gone if label in registered}
        kept = tuple(_kept(steps, gone, lost))
        if kept == steps:
            return scenario if kept == scenario.steps else replace(scenario, steps=kept)
        gone |= _labels(steps) - _labels(kept)
        steps = kept


def is_subscription(send: Send) -> bool:
    """Whether the command makes a subscription."""
    return send.command.cmd != "unsubscribe" and send.command.cmd.endswith("subscribe")


def _registration(send: Send) -> tuple[str, str] | None:
    """The subscription that a command makes: connection and id."""
    command = send.command
    if not is_subscription(send):
        return None
    return (send.connection, str(command.header.get("sub_id") or command.header.get("cmd_id")))


def _labels(steps: tuple[Step, ...]) -> set[str]:
    found = {step.label for step in steps}
    return found | {send.label for step in steps if isinstance(step, Together) for lane in step.lanes for send in lane}


def _kept(steps: tuple[Step, ...], gone: set[str], lost: set[tuple[str, str]]) -> Iterator[Step]:
    opened: set[str] = set()
    for step in steps:
        if step.label in gone:
            continue
        if isinstance(step, Open):
            opened.add(step.connection)
        elif isinstance(step, Together):
            lanes = tuple(
                tuple(kept for send in lane if send.connection in opened and (kept := _still(send, gone, lost)) is not None)
                for lane in step.lanes
            )
            if any(lanes) and step.witness not in gone:
                yield replace(step, lanes=tuple(lane for lane in lanes if lane))
            continue
        elif _astray(step, opened, gone):
            continue
        if isinstance(step, Close):
            opened.discard(step.connection)
        if isinstance(step, Fence) and step.after in gone:
            continue
        left = _still(step, gone, lost) if isinstance(step, Send) else step
        if left is not None:
            yield left


def _astray(step: Step, opened: set[str], gone: set[str]) -> bool:
    """Whether a step is about a connection that is not open, or ends a fault that never began."""
    match step:
        case Mend():
            return step.fault in gone
        case Fault():
            return step.connection is not None and step.connection not in opened and not KINDS[step.kind].proxy
        case Advance() | Together():
            return False
        case _:
            return step.connection not in opened


def _still(send: Send, gone: set[str], lost: set[tuple[str, str]]) -> Send | None:
    """The command if it still has what it refers to."""
    if send.label in gone or references(send.command) & gone:
        return None
    named = send.command.header.get("sub_id")
    if send.command.cmd != "unsubscribe" or not isinstance(named, str):
        return send
    ids = [name for name in named.split(",") if (send.connection, name) not in lost]
    if len(ids) == len(named.split(",")):
        return send
    return replace(send, command=replace(send.command, header={**send.command.header, "sub_id": ",".join(ids)})) if ids else None


def references(command: Command) -> set[str]:
    """The labels of the steps whose answers a command needs."""
    return {value.label for value in command.header.values() if isinstance(value, Ref)}


def unused_connections(scenario: Scenario) -> list[str]:
    """Labels of the Open steps of connections on which nothing is sent."""
    used = {send.connection for send in sends(scenario)} | {s.connection for s in scenario.steps if isinstance(s, SendBytes | Fence)}
    return [step.label for step in scenario.steps if isinstance(step, Open) and step.connection not in used]


# ---- fences ------------------------------------------------------------------------------------------------------------------


def with_fences(scenario: Scenario) -> Scenario:
    """The program with a state fence before each command that would read, or come to stand beside, a change that none has made
    visible. Fences that are there stay."""
    unfenced: dict[str, set[str]] = {}
    taken = set(labels(scenario)) | {step.label for step in scenario.steps}
    steps: list[Step] = []

    def fence(connection: str) -> None:
        number = 1
        while f"f{number}" in taken:
            number += 1
        taken.add(f"f{number}")
        steps.append(Fence(label=f"f{number}", kind="state", connection=connection))
        unfenced.pop(connection, None)

    for step in scenario.steps:
        if isinstance(step, Fence) and step.kind == "state":
            unfenced.pop(step.connection, None)
        members = [send for lane in step.lanes for send in lane] if isinstance(step, Together) else [step]
        for send in members:
            if isinstance(send, Send) and send.command.cmd in READS:
                own = send.command.cmd not in CHANGES
                for connection in [c for c, topics in unfenced.items() if (own or c != send.connection) and _meets(send, topics)]:
                    fence(connection)
        for send in members:
            if isinstance(send, Send) and send.command.cmd in CHANGES:
                unfenced.setdefault(send.connection, set()).add(str(send.command.header.get("topic", "")))
        steps.append(step)
    return scenario if len(steps) == len(scenario.steps) else replace(scenario, steps=tuple(steps))


def _meets(send: Send, topics: set[str]) -> bool:
    """Whether the topic of a command may be one of these; a pattern may be any."""
    named = {str(send.command.header.get("topic", "")), *topics}
    patterns = any(not name.replace("@", "").replace("_", "").isalnum() for name in named)
    return patterns or str(send.command.header.get("topic", "")) in topics


# ---- connections -------------------------------------------------------------------------------------------------------------


def flattened(scenario: Scenario, label: str) -> Scenario:
    """The lanes of one Together step one after the other."""
    steps: list[Step] = []
    for step in scenario.steps:
        steps += [send for lane in step.lanes for send in lane] if isinstance(step, Together) and step.label == label else [step]
    return replace(scenario, steps=tuple(steps))


def joined(scenario: Scenario, one: str, other: str) -> Scenario:
    """All that happens on connection `other` happens on `one`; concurrent lanes keep their connections, so the program stays as it is
    if `other` has one of them."""
    if any(
        isinstance(step, Together) and {one, other} & {s.connection for lane in step.lanes for s in lane} for step in scenario.steps
    ):
        return scenario
    steps: list[Step] = []
    for step in scenario.steps:
        if isinstance(step, Advance | Together | Mend) or step.connection != other:
            steps.append(step)
        elif not isinstance(step, Open | Close):
            steps.append(replace(step, connection=one))
    return replace(scenario, steps=tuple(steps))
