"""Does the harness find what is broken? Every mutant of the embedded server, run until the first finding, and the server without fault.

Here, and nowhere in what judges, the mutants are known. The server is a process of its own, reached like any other target.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final, Literal

from conformance.client.limits import Limits
from conformance.errors import TargetError
from conformance.results import Outcome
from conformance.rules import Catalogue, load, standings
from conformance.run.bench import Bench, Examined
from conformance.run.programs import directed, drawn
from conformance.server.mutants import Mutant
from conformance.shrink import Bounds, shrink
from conformance.targets.embedded import EmbeddedTarget
from conformance.targets.server import ServerTarget
from reference_model.config import STANDARD
from reference_model.rule import R
from reference_model.scenario import Scenario

WAITS: Final = Limits(answer_s=0.5, impatient_s=0.05, unsure_s=0.1)
"""The server is on this machine and answers in a millisecond; a mutant that never answers is found sooner."""

SHRINK: Final = Bounds(seconds_max=10.0)

Blame = Literal["exact", "related", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What became of one mutant.

    scenario   the first in which it was found, None if it was not; `scenarios`, `seconds`: how many ran, how long that took
    blamed     every rule blamed in that scenario, with how near it is to what the mutant breaks
    commands   of the shrunk program, None if it was not shrunk
    lost       why the run ended before the limit (the target could not go on)
    """

    mutant: Mutant
    scenario: str | None
    scenarios: int
    seconds: float
    blamed: tuple[tuple[str, Blame], ...] = ()
    commands: int | None = None
    lost: str = ""

    @property
    def found(self) -> bool:
        return self.scenario is not None

    @property
    def exact(self) -> bool:
        """Whether one of the rules that the mutant breaks was blamed."""
        return any(blame == "exact" for _, blame in self.blamed)


SERVERS: Final = 3
"""Servers of different seeds that a fault is looked for on: what one server may leave out anyway, its fault cannot show."""


def detect(mutant: Mutant, *, seed: int, limit_s: float, smoke_only: bool = False, shrinking: bool = False) -> Detection:
    """Run directed, then random scenarios against servers with this fault until a rule is broken or the time is over."""
    ran, seconds = 0, 0.0
    for attempt in range(SERVERS):
        detection = _on_server(mutant, seed + attempt, limit_s / SERVERS, smoke_only=smoke_only, shrinking=shrinking)
        ran, seconds = ran + detection.scenarios, seconds + detection.seconds
        if detection.found:
            break
    return replace(detection, scenarios=ran, seconds=seconds)


def _on_server(mutant: Mutant, seed: int, limit_s: float, *, smoke_only: bool, shrinking: bool) -> Detection:
    catalogue = load()
    began = time.monotonic()
    ran = 0
    lost = ""
    with EmbeddedTarget.start(seed=seed, slots=1, mutants=[mutant.name]) as server:
        try:
            with ServerTarget.open(server.spec, STANDARD, slot=0, run="selftest", limits=WAITS) as target:
                bench = Bench(target, catalogue, WAITS)
                for scenario in _scenarios(seed, smoke_only=smoke_only, faults=mutant.lossy):
                    if time.monotonic() - began > limit_s:
                        break
                    ran += 1
                    examined = bench.once(scenario)
                    if examined.decisive:
                        return Detection(
                            mutant=mutant,
                            scenario=scenario.name,
                            scenarios=ran,
                            seconds=time.monotonic() - began,
                            blamed=_blamed(mutant, examined, catalogue),
                            commands=_shrunk(bench, examined) if shrinking else None,
                        )
        except TargetError as error:
            lost = str(error)
    return Detection(mutant=mutant, scenario=None, scenarios=ran, seconds=time.monotonic() - began, lost=lost)


def checked(mutant: Mutant) -> bool:
    """Whether the harness claims to check any rule that the mutant breaks: not those that `unchecked.toml` excuses."""
    standing = standings(load(), STANDARD.features)
    return any(standing[rule].idle is Outcome.NOT_EXERCISED for rule in mutant.breaks)


def healthy(seed: int) -> frozenset[str]:
    """The rules that the server without fault breaks in the directed scenarios: none, or what is found of mutants means nothing."""
    catalogue = load()
    with (
        EmbeddedTarget.start(seed=seed, slots=1) as server,
        ServerTarget.open(server.spec, STANDARD, slot=0, run="selftest") as target,
    ):
        bench = Bench(target, catalogue, Limits())
        return frozenset(finding.rule for scenario in directed() for finding in bench.examine(scenario).decisive)


def _scenarios(seed: int, *, smoke_only: bool, faults: bool) -> Iterable[Scenario]:
    return directed() if smoke_only else chain(directed(), drawn(seed, faults=faults))


def _blamed(mutant: Mutant, examined: Examined, catalogue: Catalogue) -> tuple[tuple[str, Blame], ...]:
    rules = dict.fromkeys(finding.rule for finding in examined.decisive)
    return tuple((rule, blame(rule, mutant.breaks, catalogue)) for rule in rules)


def blame(rule: str, breaks: tuple[R, ...], catalogue: Catalogue) -> Blame:
    """related: of the same topic as a rule that a mutant breaks, or one of the two rests on the other."""
    if rule in breaks:
        return "exact"
    for broken in breaks:
        if catalogue[rule].topic == catalogue[broken].topic or rule in catalogue[broken].rests_on or broken in catalogue[rule].rests_on:
            return "related"
    return "other"


def _shrunk(bench: Bench, examined: Examined) -> int:
    finding = examined.decisive[0]

    def attempt(scenario: Scenario) -> frozenset[str]:
        return frozenset(other.rule for other in bench.once(scenario).decisive)

    return shrink(examined.scenario, finding.rule, attempt, SHRINK, config=bench.target.config, at=finding.step or None).after
