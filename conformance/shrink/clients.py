"""The shortest client program that still breaks a rule: fewer steps (with all that depends on them), fewer messages, plain segments."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from conformance.errors import TargetError
from conformance.shrink.search import Bounds, Shrunk
from reference_model.client.predict import predict_client
from reference_model.client.program import Answer, Await, Call, ClientProgram, ClientStep, Fence, Receive, Serve, end_label
from reference_model.scenario import Ref
from reference_model.state import ProgramError

Attempt = Callable[[ClientProgram], frozenset[str]]
"""Performs a program and judges it: the rules that it breaks by themselves."""


def shrink_client(program: ClientProgram, rule: str, attempt: Attempt, bounds: Bounds, *, confirm: int = 0) -> Shrunk:
    """The shortest program found that still breaks `rule`; `confirm`: how often it is performed once more."""
    began = time.monotonic()
    best, runs, complete, lost = program, 0, True, ""
    tried: set[str] = set()
    changed = True
    try:
        while changed:
            changed = False
            for candidate in smaller(best):
                if runs >= bounds.runs_max or time.monotonic() - began > bounds.seconds_max:
                    complete = False
                    break
                key = repr(candidate.steps)
                if key in tried:
                    continue
                tried.add(key)
                runs += 1
                if rule in attempt(candidate):
                    best, changed = candidate, True
                    break
            if not complete:
                break
        broken = sum(rule in attempt(best) for _ in range(confirm))
    except TargetError as error:
        lost, broken, confirm, complete = str(error), 0, 0, False
    return Shrunk(
        scenario=replace(best, exercises=()),
        before=program.commands,
        after=best.commands,
        runs=runs + confirm,
        seconds=time.monotonic() - began,
        broken=broken,
        of=confirm,
        complete=complete,
        lost=lost,
    )


def smaller(program: ClientProgram) -> Iterator[ClientProgram]:
    """Programs that are smaller by one thing and that the model judges: later steps first."""
    for index in range(len(program.steps) - 1, -1, -1):
        step = program.steps[index]
        if not (isinstance(step, Fence) and step.label == end_label(step.client)):  # it shows what does not come
            yield from _judged(without(program, {step.label}))
    for index, step in enumerate(program.steps):
        if isinstance(step, Serve):
            for at in range(len(step.answers) - 1, -1, -1) if len(step.answers) > 1 else ():
                fewer = replace(step, answers=step.answers[:at] + step.answers[at + 1 :])
                yield from _judged(_with(program, index, fewer))
            if step.pieces != "whole":
                yield from _judged(_with(program, index, replace(step, pieces="whole")))


def _with(program: ClientProgram, index: int, step: ClientStep) -> ClientProgram:
    return replace(program, steps=(*program.steps[:index], step, *program.steps[index + 1 :]))


def _judged(program: ClientProgram) -> Iterator[ClientProgram]:
    try:
        predict_client(program)
    except (ProgramError, KeyError):
        return
    yield program


def without(program: ClientProgram, gone: set[str]) -> ClientProgram:
    """The program without these labels, and without what refers to them; a client that is gone takes all its steps along."""
    clients = {step.client for step in program.steps if step.label in gone and isinstance(step, Call) and step.do == "client"}
    steps: list[ClientStep] = []
    lost = set(gone)
    for step in program.steps:
        kept = None if step.label in lost or step.client in clients else _kept(step, lost)
        if kept is None:
            lost.add(step.label)
        else:
            steps.append(kept)
    return replace(program, steps=tuple(steps))


def _kept(step: ClientStep, lost: set[str]) -> ClientStep | None:
    match step:
        case Receive() | Await() if step.call in lost:
            return None
        case Call() if any(isinstance(value, Ref) and value.label in lost for value in step.arguments.values()):
            return None
        case Serve():
            answers = tuple(answer for answer in step.answers if not _labels(answer) & lost)
            return replace(step, answers=answers) if answers else None
        case _:
            return step


def _labels(answer: Answer) -> set[str]:
    values = [part for value in answer.header.values() for part in (value if isinstance(value, tuple) else (value,))]
    return {value.label for value in values if isinstance(value, Ref)}
