"""Two runs side by side: rules that come to different outcomes, freedoms that are used differently, the shortest program that shows it.

The two are run files, or two targets that were run with the same seed, and so with the same programs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conformance import programs
from conformance.errors import HarnessError, TargetError
from conformance.results import Outcome, Verdict, verdict_from_data
from conformance.rules import load
from conformance.run.bench import Bench
from conformance.run.opening import bench_on, new_run_id
from conformance.run.selection import Selection
from conformance.run.settings import Settings, instance_of
from conformance.run_file import Damage, Record, digest, records
from conformance.shrink import Bounds, shrink
from reference_model.scenario import Scenario
from reports.record import Report, from_files

SHRINK: Final = Bounds(seconds_max=15.0)
"""Each attempt runs on two targets: twice the patience of a run with its failures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """What a target did in one program, as far as it can differ.

    broken   per broken rule what was wrong
    choices  per rule that leaves something open what it did
    """

    broken: Mapping[str, str]
    choices: Mapping[str, frozenset[str]]

    def differing(self, other: Did) -> frozenset[str]:
        """The rules that the two broke or used differently; of freedoms only those that both had occasion to use."""
        both = self.choices.keys() & other.choices.keys()
        return frozenset(self.broken.keys() ^ other.broken.keys()) | {r for r in both if self.choices[r] != other.choices[r]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two: its report, and per scenario the digest of the program, its length in commands, and what was done."""

    name: str
    report: Report
    programs: Mapping[str, tuple[str, int, Did]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortest:
    """A program on which the two differ: where it is stored, its length before and after shrinking, what each did, the rules."""

    scenario: Scenario
    found: int
    a: Did
    b: Did
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The difference. `outcomes`: per rule the outcome of each; `choices`: per rule what each did; `common`: programs that both ran."""

    a: Side
    b: Side
    outcomes: Mapping[str, tuple[Outcome, Outcome]]
    choices: Mapping[str, tuple[Mapping[str, int], Mapping[str, int]]]
    common: int
    shortest: Shortest | None = None

    @property
    def same(self) -> bool:
        return not self.outcomes and not self.choices and self.shortest is None


def did(verdict: Verdict) -> Did:
    """What a verdict tells of a target."""
    broken = {f.rule: f.what for f in reversed(verdict.findings) if f.masked_by is None and not f.slow}
    return Did(broken=broken, choices={rule: frozenset(counts) for rule, counts in verdict.choices.items()})


def side(name: str, paths: list[Path]) -> Side:
    """One side from its run files. UsageError: one cannot be read."""
    return Side(name=name, report=from_files(paths), programs=dict(_programs(paths)))


def _programs(paths: Iterable[Path]) -> Iterator[tuple[str, tuple[str, int, Did]]]:
    for record in _scenarios(paths):
        if record["verdict"] is not None:
            commands = record["counts"].get("commands", 0)
            yield record["name"], (digest(record["program"]), commands, did(verdict_from_data(record["verdict"])))


def _scenarios(paths: Iterable[Path]) -> Iterator[Record]:
    for path in paths:
        for record in records(path):
            if not isinstance(record, Damage) and record["record"] == "scenario":
                yield record


def compare(a: Side, b: Side, paths: Iterable[Path]) -> Comparison:
    """Compare two sides; `paths` are the run files of the first, where programs are taken from."""
    catalogue = a.report.catalogue
    pairs = {rule: (a.report.results[rule], b.report.results[rule]) for rule in catalogue}
    choices = {
        rule: (one.choices, other.choices)
        for rule, (one, other) in pairs.items()
        if one.choices and other.choices and one.choices.keys() != other.choices.keys()
    }
    common = {name: pair for name, pair in a.programs.items() if name in b.programs and b.programs[name][0] == pair[0]}
    differing = {name: pair[2].differing(b.programs[name][2]) for name, pair in common.items()}
    shown = [name for name, rules in differing.items() if rules]
    broken_first = [name for name in shown if common[name][2].broken.keys() ^ b.programs[name][2].broken.keys()]
    name = min(broken_first or shown, key=lambda name: common[name][1], default=None)
    return Comparison(
        a=a,
        b=b,
        outcomes={rule: (one.outcome, other.outcome) for rule, (one, other) in pairs.items() if one.outcome is not other.outcome},
        choices=choices,
        common=len(common),
        shortest=None if name is None else _shortest(name, differing[name], a, b, paths),
    )


def _shortest(name: str, rules: frozenset[str], a: Side, b: Side, paths: Iterable[Path]) -> Shortest:
    data: Mapping[str, Any] = next(record["program"] for record in _scenarios(paths) if record["name"] == name)
    scenario = programs.from_json(data)
    mine, other = a.programs[name][2], b.programs[name][2]
    return Shortest(scenario=scenario, found=scenario.commands, a=mine, b=other, rules=_grave_first(rules, mine, other))


def _grave_first(rules: Iterable[str], a: Did, b: Did) -> tuple[str, ...]:
    """What one of them broke before what the two are free to do."""
    return tuple(sorted(rules, key=lambda rule: (rule not in a.broken and rule not in b.broken, rule)))


def shrunk(found: Shortest, settings: tuple[Settings, Settings]) -> Shortest:
    """A shorter program on which two live targets still differ in the first rule. If they cannot be reached any more: the same one."""
    rule = found.rules[0]
    catalogue, run = load(), new_run_id()
    last = found
    try:
        with ExitStack() as stack:
            benches: list[Bench] = []
            for setting in settings:
                assert setting.target is not None
                instance, _ = instance_of(setting, setting.slots.start)
                opened = bench_on(
                    setting.target, setting, instance, catalogue, Selection(directed=()), run=run, slot=setting.slots.start
                )
                benches.append(stack.enter_context(opened))

            def attempt(scenario: Scenario) -> frozenset[str]:
                nonlocal last
                seen = [did(verdict) for bench in benches if (verdict := bench.once(scenario).verdict) is not None]
                if len(seen) < len(benches):
                    return frozenset()
                a, b = seen
                rules = a.differing(b)
                if rule in rules and scenario.commands <= last.scenario.commands:
                    order = (rule, *(other for other in _grave_first(rules, a, b) if other != rule))
                    last = Shortest(scenario=scenario, found=found.found, a=a, b=b, rules=order)
                return rules

            shrink(found.scenario, rule, attempt, SHRINK, config=benches[0].target.config)
    except TargetError:
        return last
    return last


def store(found: Shortest, folder: Path) -> Path:
    """Write the program file and return its path. HarnessError: it cannot be written."""
    path = folder / "programs" / f"differs-{digest(programs.to_json(found.scenario))[:8]}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        programs.dump(found.scenario, path)
    except OSError as error:
        raise HarnessError(f"cannot write {path}: {error.strerror or error}") from error
    return path
