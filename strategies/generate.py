"""Scenarios by number: the n-th of a seed is the same whenever, wherever and beside whatever it is drawn.

The choices come from a seeded generator, not from Hypothesis, which draws the same programs when a test wants to shrink them
(`strategies.scenarios`). For generating alone Hypothesis is the wrong tool: measured on these programs a third of its examples repeated
another one (it mutates examples, and each run begins with the simplest), drawing one took twelve times as long, the n-th could not be
had without those before it, and it keeps a tree of all that it has drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from hypothesis.errors import InvalidArgument

from reference_model.config import STANDARD, InstanceConfig
from reference_model.losses import losses
from reference_model.model import predict
from reference_model.scenario import Scenario, Together
from reference_model.state import ProgramError
from reference_model.witness import Witness
from strategies.atoms import RandomDraws
from strategies.profiles import STANDARD_SHAPE, Shape
from strategies.scenarios import check_config, drawn

refused_in_a_row_max: Final = 100
"""So many refused scenarios one after the other are a bug of the strategies, and no bad luck."""


@dataclass(slots=True)
class Refusals:
    """What the model refused: how many, and the first reason."""

    count: int = 0
    first: str = ""


def scenario(
    seed: int,
    number: int,
    *,
    shape: Shape = STANDARD_SHAPE,
    config: InstanceConfig = STANDARD,
    refusals: Refusals | None = None,
    kind: str = "random",
) -> Scenario:
    """The scenario `<kind>-<seed>-<number>`. One that the model does not accept is drawn anew, and counted in `refusals`."""
    reason = ""
    for attempt in range(refused_in_a_row_max):
        found = drawn(RandomDraws(f"{seed}/{number}/{attempt}"), shape, config)
        try:
            predict(found, config)
            for witness in witnesses(found):
                predict(found, config, witness)
        except ProgramError as error:
            reason = str(error)
            if refusals is not None:
                refusals.count += 1
                refusals.first = refusals.first or reason
            continue
        return replace(found, name=f"{kind}-{seed}-{number}")
    raise AssertionError(f"the model accepts no scenario of seed {seed}, number {number}: {reason}")


def witnesses(scenario: Scenario) -> Iterator[Witness]:
    """What a target may do that only it can know: the order of its concurrent commands; of each loss the first changes take effect."""
    for orders in lane_orders(scenario):
        yield Witness(orders=orders)
    lost = losses(scenario)
    if lost:
        yield Witness(fates={send.label: None for loss in lost for send in loss.changes})
    for loss in lost:
        for count in range(len(loss.changes)):
            yield Witness(fates={send.label: send.label if at < count else None for at, send in enumerate(loss.changes)})


def lane_orders(scenario: Scenario) -> tuple[dict[str, tuple[str, ...]], ...]:
    """Orders in which a target may take concurrent commands in: lane after lane, the first lane first or last. None without lanes."""
    together = [step for step in scenario.steps if isinstance(step, Together)]
    if not together:
        return ()
    return tuple(
        {step.label: tuple(send.label for lane in way(step.lanes) for send in lane) for step in together} for way in (iter, reversed)
    )


def scenarios(
    seed: int,
    count: int | None = None,
    *,
    start: int = 0,
    shape: Shape = STANDARD_SHAPE,
    config: InstanceConfig = STANDARD,
    refusals: Refusals | None = None,
    kind: str = "random",
) -> Iterator[Scenario]:
    """`count` scenarios (None: without end), numbered from `start` on. The same in one version of the project."""
    if seed < 0:
        raise InvalidArgument(f"seed={seed} must not be negative")
    if start < 0 or (count is not None and count < 0):
        raise InvalidArgument(f"start={start} and count={count} must not be negative")
    check_config(config)
    number = start
    while count is None or number < start + count:
        yield scenario(seed, number, shape=shape, config=config, refusals=refusals, kind=kind)
        number += 1
