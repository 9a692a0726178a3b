"""Nights: what a run came to as one small value a night, kept in a folder, and what changed between them. No pages here.

A night says of each rule that was put to the test how it stood. What a night did not measure (not exercised, not measured at all) says
nothing: a rule is compared with the last night that knows it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from conformance.errors import UsageError
from conformance.results import Outcome
from reports.files import write_file
from reports.plain import shortened
from reports.record import Report
from reports.summary import counts
from reports.told import word

NIGHT_VERSION: Final = 1

NIGHT_BYTES_MAX: Final = 4_000_000
"""A night of all rules has some 60 kB; a file beyond this is none of ours."""

RED: Final = frozenset({Outcome.FAILED.word, Outcome.DEVIATES.word})
EXCUSED: Final = frozenset({"known_failing", "flaky"})
GOOD: Final = frozenset({Outcome.PASSED.word, "unexpected_pass"})

FLAKY_NIGHTS: Final = 14
"""Over so many nights a rule that changed sides more than FLAKY_CHANGES times is called flaky."""

FLAKY_CHANGES: Final = 2

EXPIRY_DAYS: Final = 14
"""A known failure is announced so long before its entry ends."""

MESSAGE_CHARS_MAX: Final = 200
"""Of what is wrong with a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One night.

    id         sorts by time and names its files: `2026-11-24T020000-7f21`
    outcome    of the whole run, as in summary.json
    rules      per rule that was put to the test its word (`reports.told.word`): passed, failed, deviates, inconclusive, observed, …
    areas      per area how many rules of the catalogue came to each outcome
    expiring   per entry of known failures that has an end: the rule glob, and the last day
    """

    id: str
    started_utc: str
    target: str
    version: str | None
    harness: str
    profile: str
    outcome: str
    scenarios: int
    commands: int
    seconds: float
    rules: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    expiring: Mapping[str, str] = field(default_factory=dict)

    @property
    def day(self) -> str:
        """The date on which it began, UTC."""
        return self.started_utc[:10]

    def count(self, *words: str) -> int:
        """How many rules stand so."""
        return sum(found in words for found in self.rules.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """A rule that is broken, and since when: the first night of all those in a row that know it broken."""

    rule: str
    day: str
    version: str | None
    nights: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a reader of the last night wants to know first. Rules by id; `flaky`: with the number of changes; `expiring`: entry, day."""

    newly_failing: tuple[str, ...] = ()
    newly_passing: tuple[str, ...] = ()
    still_failing: tuple[Since, ...] = ()
    flaky: tuple[tuple[str, int], ...] = ()
    expiring: tuple[tuple[str, str], ...] = ()


def night_of(report: Report) -> Night:
    """The night that a report is of."""
    header = report.header
    idle = {Outcome.NOT_APPLICABLE, Outcome.UNCHECKED, Outcome.NOT_EXERCISED}
    by_area: dict[str, list[Outcome]] = {}
    for rule in report.catalogue.values():
        by_area.setdefault(rule.area, []).append(report.results[rule.id].outcome)
    stamp = re.sub(r"[^0-9T-]", "", header.started_utc[:19])
    return Night(
        id=f"{stamp}-{header.run}",
        started_utc=header.started_utc,
        target=header.uri,
        version=header.version,
        harness=header.harness,
        profile=header.profile,
        outcome=report.conclusion.measured.value,
        scenarios=report.scenarios,
        commands=report.commands,
        seconds=round(report.seconds, 1),
        rules={rule: word(report, rule) for rule, result in report.results.items() if result.outcome not in idle},
        areas={area: {name: count for name, count in counts(outcomes).items() if count} for area, outcomes in by_area.items()},
        expiring={entry.rule: entry.expires for entry in header.known if entry.expires is not None},
    )


def changes(nights: Sequence[Night]) -> Changes:
    """What the last of the nights (in their order) brought, against all before it."""
    if not nights:
        return Changes()
    last = nights[-1]
    newly_failing: list[str] = []
    newly_passing: list[str] = []
    still: list[Since] = []
    flaky: list[tuple[str, int]] = []
    for rule, found in last.rules.items():
        history = [night for night in nights if night.rules.get(rule) in RED | EXCUSED | GOOD]
        turns = _turns(rule, history[-FLAKY_NIGHTS:])
        if turns > FLAKY_CHANGES:
            flaky.append((rule, turns))
        if found in GOOD and len(history) > 1 and history[-2].rules[rule] not in GOOD:
            newly_passing.append(rule)
        elif found in RED:
            streak = _streak(rule, history)
            if len(streak) > 1:
                still.append(Since(rule=rule, day=streak[0].day, version=streak[0].version, nights=len(streak)))
            else:
                newly_failing.append(rule)
    ends = date.fromisoformat(last.day) + timedelta(days=EXPIRY_DAYS)
    return Changes(
        newly_failing=tuple(newly_failing),
        newly_passing=tuple(newly_passing),
        still_failing=tuple(sorted(still, key=lambda since: (since.day, since.rule))),
        flaky=tuple(sorted(flaky, key=lambda pair: (-pair[1], pair[0]))),
        expiring=tuple(sorted((rule, day) for rule, day in last.expiring.items() if date.fromisoformat(day) <= ends)),
    )


def _turns(rule: str, history: Iterable[Night]) -> int:
    """How often the rule changed between broken and not."""
    sides = [night.rules[rule] in GOOD for night in history]
    return sum(one is not other for one, other in pairwise(sides))


def _streak(rule: str, history: Sequence[Night]) -> list[Night]:
    """The last nights in a row on which the rule was broken."""
    streak: list[Night] = []
    for night in reversed(history):
        if night.rules[rule] in GOOD:
            break
        streak.append(night)
    return streak[::-1]


# ---- files -------------------------------------------------------------------------------------------------------------------------


def add(folder: Path, night: Night) -> Path:
    """Keep a night in a folder; one that is there already is written anew. HarnessError: it cannot be."""
    data = {"schema_version": NIGHT_VERSION, **asdict(night)}
    return write_file(folder / f"{night.id}.json", json.dumps(data, indent=None, sort_keys=True) + "\n")


def nights_in(folder: Path) -> tuple[tuple[Night, ...], tuple[str, ...]]:
    """The nights of a folder, the oldest first, and a line for each file that is none."""
    nights: list[Night] = []
    damage: list[str] = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            nights.append(_read(path))
        except UsageError as error:
            damage.append(str(error))
    return tuple(sorted(nights, key=lambda night: (night.started_utc, night.id))), tuple(damage)


def _read(path: Path) -> Night:
    try:
        if path.stat().st_size > NIGHT_BYTES_MAX:
            raise UsageError(f"{path} is too long for a night")
        data: Any = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read as a night: {' '.join(str(error).split())}") from None
    wrong = best_match(_validator().iter_errors(data))
    if wrong is not None:
        raise UsageError(f"{path} is no night: {shortened(f'{wrong.json_path}: {wrong.message}', MESSAGE_CHARS_MAX)}")
    try:
        night = Night(**{name: value for name, value in data.items() if name != "schema_version"})
        for day in (night.day, *night.expiring.values()):
            date.fromisoformat(day)
    except ValueError as error:
        raise UsageError(f"{path} is no night: {error}") from None
    return night


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads((files("conformance.schemas") / "night.schema.json").read_text("utf-8")))
