"""Does the harness find what is broken? Every mutant of the embedded server, run until the first finding, and the server without fault.

Here, and nowhere in what judges, the mutants are known. The server is reached over TCP like any other target.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Literal

from conformance.client.limits import Limits
from conformance.config_file import expand
from conformance.errors import TargetError
from conformance.results import Outcome
from conformance.rules import Catalogue, load, standings
from conformance.run.bench import Bench, Examined
from conformance.run.programs import directed, drawn
from conformance.server.embedded import EmbeddedServer
from conformance.server.mutants import CANARY, MUTANTS, Mutant
from conformance.shrink import Bounds, shrink
from conformance.targets.server import ServerTarget
from conformance.targets.spec import parse_target
from reference_model.config import LOGGED, STANDARD, InstanceConfig
from reference_model.rule import R
from reference_model.scenario import Scenario

WAITS: Final = Limits(answer_s=0.5, impatient_s=0.05, unsure_s=0.1)
"""The server is on this machine and answers in a millisecond; a mutant that never answers is found sooner."""

PATIENT: Final = Limits(answer_s=3.0)
"""Of the second run of a scenario in which something was missing: on a busy machine it may have been slow."""

SCENARIOS_FOR_A_RULE_MAX: Final = 12
"""How many scenarios that exercise a rule are run to see it blamed; of some rules every scenario is one."""

SHRINK: Final = Bounds(seconds_max=10.0)

SERVERS: Final = 3
"""Servers of different seeds that a fault is looked for on: what one server may leave out anyway, its fault cannot show."""

Blame = Literal["exact", "related", "wrong"]

Order = Literal["profile", "declared"]
"""In which order the directed scenarios run: that of every run, or those first that exercise a rule which the mutant breaks."""

Exercised = Mapping[str, tuple[str, ...]]
"""By rule the directed scenarios that exercise it, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The directed scenarios on the server without fault. `broken`: rules that it breaks: none, or what is found of mutants means
    nothing."""

    broken: frozenset[str]
    exercised: Exercised


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How mutants are looked for.

    seed, limit_s   of servers and random scenarios; how long a mutant may stay unfound, in seconds
    smoke_only      directed scenarios only
    shrinking       shrink what is found
    order           see Order
    whole           then also run scenarios that exercise the other rules that the mutant breaks
    exercised       see Exercised; for the order `declared` and for `whole`
    """

    seed: int
    limit_s: float
    smoke_only: bool = False
    shrinking: bool = False
    order: Order = "profile"
    whole: bool = False
    exercised: Exercised = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What became of one mutant.

    scenario   the first in which it was found, None if it was not; `scenarios`, `seconds`: how many ran until then, how long that took
    blamed     every rule blamed in that scenario, with how near it is to what the mutant breaks
    broken     every rule blamed in a scenario that ran; `beneath`: every one whose breach was seen and explained by that of another
    commands   of the shrunk program, None if it was not shrunk
    lost       why the run ended before the limit (the target could not go on)
    """

    mutant: str
    scenario: str | None
    scenarios: int
    seconds: float
    blamed: tuple[tuple[str, Blame], ...] = ()
    broken: frozenset[str] = frozenset()
    beneath: frozenset[str] = frozenset()
    commands: int | None = None
    lost: str = ""

    @property
    def found(self) -> bool:
        return self.scenario is not None

    @property
    def exact(self) -> bool:
        """Whether one of the rules that the mutant breaks was blamed."""
        return any(blame == "exact" for _, blame in self.blamed)


def detect_all(mutants: Sequence[str], search: Search, *, processes: int = 1) -> Iterator[Detection]:
    """What becomes of each mutant, in the order given."""
    one = partial(_detect_named, search=search)
    if processes == 1:
        yield from map(one, mutants)
        return
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(one, mutants)


def _detect_named(name: str, search: Search) -> Detection:
    return detect(CANARY if name == CANARY.name else MUTANTS[name], search)


def detect(mutant: Mutant, search: Search) -> Detection:
    """Run directed, then random scenarios against servers with this fault until a rule is broken or the time is over."""
    ran, seconds = 0, 0.0
    broken: frozenset[str] = frozenset()
    beneath: frozenset[str] = frozenset()
    for attempt in range(SERVERS):
        here = _on_server(mutant, replace(search, seed=search.seed + attempt, limit_s=search.limit_s / SERVERS))
        ran, seconds = ran + here.scenarios, seconds + here.seconds
        broken, beneath = broken | here.broken, beneath | here.beneath
        if here.found:
            break
    return replace(here, scenarios=ran, seconds=seconds, broken=broken, beneath=beneath)


def _on_server(mutant: Mutant, search: Search) -> Detection:
    """One server. Raises the exception by which it stopped working, should a fault have brought that about."""
    began = time.monotonic()
    instance = instance_of(mutant)
    with EmbeddedServer(expand(instance, range(1)), seed=search.seed, mutants=[mutant.name]) as server:
        look = _Look(mutant, search, began)
        try:
            with ServerTarget.open(parse_target(f"127.0.0.1:{server.port}"), instance, slot=0, run="selftest", limits=WAITS) as target:
                look.on(Bench(target, look.catalogue, WAITS))
        except TargetError as error:
            look.lost = str(error)
    return look.result()


class _Look:
    """Looks for one mutant on one server, since `began` on the monotonic clock."""

    def __init__(self, mutant: Mutant, search: Search, began: float) -> None:
        self.catalogue = load()
        self.lost = ""
        self._mutant = mutant
        self._search = search
        self._began = began
        self._ran = 0
        self._broken: set[str] = set()
        self._beneath: set[str] = set()
        self._found: Detection | None = None

    def on(self, bench: Bench) -> None:
        """Raises TargetError: the target is gone, or its slot cannot be emptied."""
        self._first(bench)
        if self._search.whole and self._found is not None:
            self._others(bench)

    def _first(self, bench: Bench) -> None:
        """Until the first finding: all directed scenarios, however busy the machine is, then random ones until the limit."""
        for scenario in _directed(self._mutant, self._search):
            self._examine(bench, scenario)
            if self._found is not None:
                return
        if self._search.smoke_only:
            return
        for scenario in drawn(self._search.seed, config=instance_of(self._mutant), faults=self._mutant.lossy):
            if time.monotonic() - self._began > self._search.limit_s:
                return
            self._examine(bench, scenario)
            if self._found is not None:
                return

    def _others(self, bench: Bench) -> None:
        """Scenarios that exercise the rules which the mutant breaks and which were not blamed yet."""
        for rule in self._mutant.breaks:
            for scenario in _exercising(self._mutant, (rule,), self._search.exercised)[:SCENARIOS_FOR_A_RULE_MAX]:
                if rule in self._broken:
                    break
                self._examine(bench, scenario)

    def result(self) -> Detection:
        found = self._found
        if found is None:
            found = Detection(mutant=self._mutant.name, scenario=None, scenarios=self._ran, seconds=time.monotonic() - self._began)
        return replace(found, broken=frozenset(self._broken), beneath=frozenset(self._beneath), lost=self.lost)

    def _examine(self, bench: Bench, scenario: Scenario) -> None:
        self._ran += 1
        examined = bench.once(scenario)
        if examined.decisive and examined.observation is not None and examined.observation.late:
            examined = bench.once(scenario, PATIENT)
        self._broken.update(finding.rule for finding in examined.decisive)
        if examined.verdict is not None:
            self._beneath.update(finding.rule for finding in examined.verdict.findings if finding.masked_by is not None)
        if examined.decisive and self._found is None:
            self._found = Detection(
                mutant=self._mutant.name,
                scenario=scenario.name,
                scenarios=self._ran,
                seconds=time.monotonic() - self._began,
                blamed=_blamed(self._mutant, examined, self.catalogue),
                commands=_shrunk(bench, examined) if self._search.shrinking else None,
            )


def _directed(mutant: Mutant, search: Search) -> Sequence[Scenario]:
    if search.order == "profile":
        return directed(instance_of(mutant))
    first = _exercising(mutant, mutant.breaks, search.exercised)
    return [*first, *(scenario for scenario in directed(instance_of(mutant)) if scenario not in first)]


def _exercising(mutant: Mutant, rules: Sequence[str], exercised: Exercised) -> list[Scenario]:
    """The scenarios that exercise these rules: first those that were written for one of them, of the others the shortest first."""
    names = {name for rule in rules for name in exercised.get(rule, ())}
    found = [scenario for scenario in directed(instance_of(mutant)) if scenario.name in names]
    return sorted(found, key=lambda scenario: (not set(rules) & set(scenario.exercises), scenario.commands))


def instance_of(mutant: Mutant) -> InstanceConfig:
    """The instance on which the mutant can show."""
    return LOGGED if mutant.logged else STANDARD


def checked(mutant: Mutant) -> bool:
    """Whether the harness claims to check any rule that the mutant breaks: not those that `unchecked.toml` excuses."""
    standing = standings(load(), instance_of(mutant).features)
    return any(standing[rule].idle is Outcome.NOT_EXERCISED for rule in mutant.breaks)


def healthy(seed: int) -> Health:
    """The directed scenarios on the server without fault."""
    broken: set[str] = set()
    exercised: defaultdict[str, list[str]] = defaultdict(list)
    with (
        EmbeddedServer(expand(STANDARD, range(1)), seed=seed) as server,
        ServerTarget.open(parse_target(f"127.0.0.1:{server.port}"), STANDARD, slot=0, run="selftest") as target,
    ):
        bench = Bench(target, load(), Limits())
        for scenario in directed():
            examined = bench.examine(scenario)
            broken.update(finding.rule for finding in examined.decisive)
            for rule in examined.verdict.exercised if examined.verdict is not None else ():
                exercised[rule].append(scenario.name)
    return Health(broken=frozenset(broken), exercised={rule: tuple(names) for rule, names in exercised.items()})


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
    return "wrong"


def _shrunk(bench: Bench, examined: Examined) -> int:
    finding = examined.decisive[0]

    def attempt(scenario: Scenario) -> frozenset[str]:
        return frozenset(other.rule for other in bench.once(scenario).decisive)

    return shrink(examined.scenario, finding.rule, attempt, SHRINK, config=bench.target.config, at=finding.step or None).after
