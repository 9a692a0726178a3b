"""What selftest stores of each mutant, and the page docs/detection.md made of it. Pure: tables and texts; nothing is run here."""

from __future__ import annotations

import json
import statistics
import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

from conformance.rules import Catalogue, applicable
from conformance.rules.rule import Rule

MUTANTS_OF_A_TOPIC: Final = 2
"""How many mutants each topic of the core has to have."""

CAN_FAIL: Final = frozenset({"must", "default"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One mutant in the table of selftest.

    breaks     the rules that it declares to break
    scenario   the first in which it was found, None if it was not; `scenarios`, `seconds`: how many ran until then, how long that took
    blamed     the rules blamed in that scenario: exact (declared), related (of the same topic, or one rests on the other), wrong
    seen       every rule blamed in a scenario that ran
    beneath    every rule whose breach was seen there, but explained by that of another rule, which is blamed
    commands   of the shrunk program, None if it was not shrunk
    order      of the directed scenarios: profile, as in every run; declared, those for the declared rules first
    """

    mutant: str
    text: str
    breaks: tuple[str, ...]
    found: bool
    scenario: str | None
    scenarios: int
    seconds: float
    blamed: Mapping[str, str]
    seen: tuple[str, ...]
    beneath: tuple[str, ...] = ()
    commands: int | None = None
    order: str = "profile"

    @property
    def exact(self) -> bool:
        return "exact" in self.blamed.values()

    @property
    def killed(self) -> tuple[str, ...]:
        """The rules that it declares to break and whose breach was seen."""
        return tuple(rule for rule in self.breaks if rule in self.seen or rule in self.beneath)


def to_json(rows: Sequence[Row]) -> str:
    """A row on a line, so that a change of one mutant is a change of one line."""
    lines = ",\n".join(json.dumps(asdict(row), ensure_ascii=False) for row in rows)
    return f"[\n{lines}\n]\n"


def from_json(text: str) -> list[Row]:
    """Raises ValueError: this is no such table."""
    try:
        return [
            Row(**{**row, "breaks": tuple(row["breaks"]), "seen": tuple(row["seen"]), "beneath": tuple(row["beneath"])})
            for row in json.loads(text)
        ]
    except (KeyError, TypeError) as error:
        raise ValueError(f"a row is not complete: {error}") from error


def merged(old: Sequence[Row], new: Sequence[Row], mutants: Sequence[str]) -> list[Row]:
    """The newest row of each of these mutants, in their order."""
    rows = {row.mutant: row for row in (*old, *new)}
    return [rows[name] for name in mutants if name in rows]


# ---- what no mutant breaks -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Why a topic has less than two mutants, and why none was seen to break a rule."""

    topics: Mapping[str, str]
    rules: Mapping[str, str]


def read_reasons(text: str) -> Reasons:
    """Of the text of docs/detection-reasons.toml."""
    data = tomllib.loads(text)
    return Reasons(
        topics={topic: entry["reason"] for entry in data.get("topics", ()) for topic in entry["topics"]},
        rules={rule: entry["reason"] for entry in data.get("rules", ()) for rule in entry["rules"]},
    )


def core_topics(catalogue: Catalogue, features: Collection[str]) -> dict[str, list[Rule]]:
    """The topics of tier 1 with the rules in them that can fail on a target with these features."""
    topics: dict[str, list[Rule]] = defaultdict(list)
    for rule in catalogue.values():
        if rule.core and rule.level in CAN_FAIL and applicable(rule, features):
            topics[rule.topic].append(rule)
    return dict(topics)


def lacking(catalogue: Catalogue, features: Collection[str], breaks: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The topics of the core with too few mutants, and how many they have. `breaks`: by mutant the rules that it declares."""
    counts = {
        topic: sum(any(catalogue[rule].topic == topic for rule in rules) for rules in breaks.values())
        for topic in core_topics(catalogue, features)
    }
    return {topic: count for topic, count in counts.items() if count < MUTANTS_OF_A_TOPIC}


# ---- the page ------------------------------------------------------------------------------------------------------------------------

State = Literal["checked", "recorded", "unchecked"]


def page(
    rows: Sequence[Row], catalogue: Catalogue, features: Collection[str], states: Mapping[str, str], reasons: Reasons, generated: str
) -> str:
    """docs/detection.md. `states`: of each rule, checked, recorded or unchecked; `generated`: the comment that says so."""
    return "\n".join([*_top(rows, catalogue, features, states, reasons, generated), *_topics(rows, catalogue, features, states)]) + "\n"


def _top(
    rows: Sequence[Row], catalogue: Catalogue, features: Collection[str], states: Mapping[str, str], reasons: Reasons, generated: str
) -> Iterator[str]:
    found = [row for row in rows if row.found]
    killed = {rule for row in rows for rule in row.killed}
    blamed = {rule for row in rows for rule in row.killed if rule in row.seen}
    core = [rule for topic in core_topics(catalogue, features).values() for rule in topic]
    judged = [rule for rule in core if rule.level == "must" and states[rule.id] == "checked"]
    alive = [rule for rule in judged if rule.id not in killed]
    timed = [row for row in found if row.order == "profile"]
    seconds = [row.seconds for row in timed] or [0.0]
    took = f"{statistics.median(seconds):.1f}, {max(seconds):.1f}"
    exact = sum(row.exact for row in found)
    yield from (
        "# What finds which fault",
        "",
        generated,
        "",
        "A *mutant* is the embedded server with one fault, and the rules that the fault breaks. `amps-conformance selftest` runs",
        "the profile `pr` against each until a rule is blamed; with `--whole` it then also runs the directed scenarios for the other",
        "rules that the mutant declares.",
        "This page is made from the table of such a run:",
        "",
        "    amps-conformance selftest --whole --table docs/detection.json                  all of them; minutes",
        "    amps-conformance selftest --whole --table docs/detection.json --mutant NAME    after a change of one",
        "    scripts/generate-docs",
        "",
        "| | |",
        "|---|---|",
        f"| mutants | {len(rows)} |",
        f"| found | {len(found)}{_percent(len(found), len(rows))} |",
        *([f"| seconds until found by the profile ({len(timed)} mutants): median, slowest | {took} |"] if timed else []),
        f"| blamed exactly: a declared rule, in the first scenario that found the mutant | {exact}{_percent(exact, len(found))} |",
        f"| core rules of level must with a check | {len(judged)} |",
        f"| of them seen to fail under a mutant | {len(judged) - len(alive)}{_percent(len(judged) - len(alive), len(judged))} |",
        f"| of those only beneath another rule, which is blamed | {sum(rule.id in killed - blamed for rule in judged)} |",
        "",
        "## What no mutant breaks",
        "",
    )
    missed = [row for row in rows if not row.found]
    if missed:
        yield f"Not found, since nothing checks what they break yet: {', '.join(f'`{row.mutant}`' for row in missed)}."
        yield ""
    yield from ("| Rule or topic | Why no mutant |", "|---|---|")
    for topic, reason in reasons.topics.items():
        yield f"| {topic} (less than {MUTANTS_OF_A_TOPIC}) | {reason} |"
    for rule in alive:
        yield f"| {_link(rule)} {rule.title} | {reasons.rules.get(rule.id, 'no reason is stated')} |"


def _topics(rows: Sequence[Row], catalogue: Catalogue, features: Collection[str], states: Mapping[str, str]) -> Iterator[str]:
    """A section for each topic of the core: its mutants, and how many of its rules they break."""
    yield from ("", "## By topic", "")
    for topic, rules in core_topics(catalogue, features).items():
        mine = [row for row in rows if any(catalogue[rule].topic == topic for rule in row.breaks)]
        killed = {rule for row in mine for rule in row.killed}
        judged = [rule for rule in rules if states[rule.id] == "checked"]
        yield f"### {topic}: {sum(rule.id in killed for rule in judged)} of {len(judged)} checked rules seen to fail"
        yield ""
        if mine:
            yield from ("| Mutant | What it does wrong | Breaks | Found by | Blamed there |", "|---|---|---|---|---|")
        for row in mine:
            declared = " ".join(
                rule if rule in row.killed else f"{rule} (not seen)" for rule in row.breaks if catalogue[rule].topic == topic
            )
            blamed = " ".join(rule if blame == "exact" else f"({rule})" for rule, blame in row.blamed.items())
            where = f"{row.scenario}, {row.seconds:.1f} s" if row.found else "not found"
            yield f"| `{row.mutant}` | {row.text.replace('|', chr(92) + '|')} | {declared} | {where} | {blamed} |"
        yield ""


def _percent(part: int, whole: int) -> str:
    return f" ({100 * part / whole:.1f} %)" if whole else ""


def _link(rule: Rule) -> str:
    return f"[{rule.id}](rules/{rule.area.lower()}.md#{rule.id.lower()})"
