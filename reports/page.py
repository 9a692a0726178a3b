"""`index.html`: the run as one page that needs nothing else. What is shown of a run is decided here, how it looks in `templates/`.

What a target sent is text (`reports.html`); the data of timelines is JSON without `<`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from conformance.known import View
from conformance.results import Outcome, RunOutcome
from conformance.rules import Rule
from reports import terminal
from reports.html import document
from reports.plain import number
from reports.record import Report
from reports.stories import Stories, Story
from reports.told import excuse, reason, troubles, word

WORDS: Final = {
    "failed": "failed",
    "unexpected_pass": "unexpected pass",
    "deviates": "deviates",
    "inconclusive": "inconclusive",
    "known_failing": "known failing",
    "flaky": "flaky",
    "passed": "passed",
    "observed": "observed",
    "not_exercised": "not exercised",
    "unchecked": "unchecked",
    "not_applicable": "not applicable",
}
"""How a rule can stand, the grave first: its outcome, or what an excuse makes of it."""

_RARE: Final = frozenset({"unexpected_pass", "known_failing", "flaky"})
"""Shown only where there are some."""

_VERDICTS: Final = {
    RunOutcome.CONFORMING: ("good", "✓"),
    RunOutcome.NONCONFORMING: ("bad", "✕"),
    RunOutcome.NOT_MEASURED: ("unknown", "?"),
    RunOutcome.HARNESS_ERROR: ("unknown", "!"),
    RunOutcome.INTERRUPTED: ("unknown", "\N{EN DASH}"),
}

_WIDTH_MIN: Final = 0.015
"""Of a bar: one failure among hundreds of rules is seen."""

OPEN_AT_FIRST: Final = 1
"""Failures that are open when the page opens; the others are one line each."""

ALSO_MAX: Final = 20
"""Further kinds of failures told of one rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A rule with its failures. state: as in WORDS; often: of the first; more: how many further kinds are not told."""

    rule: Rule
    state: str
    often: str
    excuse: str
    story: Story | None
    also: Sequence[Story]
    more: str
    masked: Sequence[str]
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A rule in the list of all rules."""

    rule: Rule
    state: str
    exercised: str
    reason: str
    broken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a table of totals: segments are the parts of its bar, each with word, count, x and width."""

    name: str
    value: str
    counts: Mapping[str, int]
    segments: Sequence[Mapping[str, Any]]
    total: int


def page(report: Report) -> str:
    """The HTML document."""
    states = {rule: word(report, rule) for rule in report.results}
    present = set(states.values())
    shown = [name for name in WORDS if name in present or name not in _RARE]
    stories = Stories(report)
    broken = [*report.unexcused(Outcome.FAILED), *report.viewed(View.UNEXPECTED_PASS), *report.unexcused(Outcome.DEVIATES)]
    excused = report.viewed(View.FLAKY, View.KNOWN_FAILING)
    head, _, rest = terminal.verdict(report).partition(": ")
    kind, glyph = _VERDICTS[report.conclusion.outcome]
    return document(
        "page",
        styles=("page.css",),
        script="page.js",
        title=f"{head}: {report.header.uri}",
        header=report.header,
        verdict={"head": head, "rest": rest},
        verdict_class=kind,
        verdict_glyph=glyph,
        facts=list(_facts(report)),
        words=WORDS,
        shown=shown,
        tiles=[{"word": name, "count": list(states.values()).count(name)} for name in shown],
        tables=_tables(report, states, shown),
        troubles=_troubles(report),
        broken_count=len(broken),
        broken_rules=[_broken(report, rule, stories, is_open=place < OPEN_AT_FIRST) for place, rule in enumerate(broken)],
        none_broken=_none_broken(report),
        excused=[_broken(report, rule, stories) for rule in excused],
        rules=[_told(report, rule, states[rule.id], broken={*broken, *excused}) for rule in report.catalogue.values()],
        filters=_filters(report, shown),
        choices=[
            {"rule": report.catalogue[rule], "made": [(text, number(count, "time")) for text, count in result.choices.items()]}
            for rule, result in report.results.items()
            if result.choices
        ],
        notes=list(terminal.notes(report)),
    )


# ---- parts -------------------------------------------------------------------------------------------------------------------


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    header = report.header
    yield "target", header.uri
    yield "version", f"AMPS {header.version}" if header.version else "not known"
    yield "profile", header.profile + (", strict" if header.strict else "")
    yield "seed", str(header.seed)
    if header.options.get("slots"):
        yield "slots", str(header.options["slots"])
    yield "begun", header.started_utc.partition(".")[0].replace("T", " ") + " UTC"
    yield "ran", f"{number(report.scenarios, 'scenario')}, {number(report.commands, 'command')}, {report.seconds:,.1f} s"
    yield "features", ", ".join(report.features) or "none declared"


def _troubles(report: Report) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for kind, line in troubles(report):
        found.setdefault(kind.replace("_", " ").capitalize(), []).append(line)
    return list(found.items())


def _none_broken(report: Report) -> str:
    outcome = report.conclusion.outcome
    return "No rule was broken." if outcome is RunOutcome.CONFORMING else "No rule was seen broken, in what was measured."


def _broken(report: Report, rule_id: str, stories: Stories, *, is_open: bool = False) -> Broken:
    told = stories.of(rule_id)
    masked = report.masked_by(rule_id)
    more = len(told) - 1 - ALSO_MAX
    return Broken(
        rule=report.catalogue[rule_id],
        state=word(report, rule_id),
        often=told[0].often if told else "",
        excuse=excuse(report, rule_id),
        story=told[0] if told else None,
        also=told[1 : 1 + ALSO_MAX],
        more=f"and {number(more, 'further kind', 'further kinds')} of failures" if more > 0 else "",
        masked=[f"{failure['rule']}  {terminal.line(failure)}" for failure in masked],
        open=is_open,
    )


def _told(report: Report, rule: Rule, state: str, *, broken: set[str]) -> Told:
    result = report.results[rule.id]
    return Told(
        rule=rule,
        state=state,
        exercised=f"{result.exercised:,} \N{MULTIPLICATION SIGN}" if result.exercised else "",
        reason="" if state == "passed" else reason(report, rule.id),
        broken=rule.id in broken,
    )


def _tables(report: Report, states: Mapping[str, str], shown: Sequence[str]) -> list[dict[str, Any]]:
    rules = report.catalogue.values()
    return [
        {"by": "area", "rows": _rows({rule.id: (rule.area, rule.area) for rule in rules}, states, shown)},
        {"by": "level", "rows": _rows({rule.id: (rule.level, rule.level) for rule in rules}, states, shown)},
        {"by": "tier", "rows": _rows({rule.id: (f"tier {rule.tier}", str(rule.tier)) for rule in rules}, states, shown)},
    ]


def _rows(groups: Mapping[str, tuple[str, str]], states: Mapping[str, str], shown: Sequence[str]) -> list[Row]:
    found: dict[tuple[str, str], dict[str, int]] = {}
    for rule, group in groups.items():
        counts = found.setdefault(group, dict.fromkeys(shown, 0))
        counts[states[rule]] += 1
    return [_row(name, value, counts) for (name, value), counts in sorted(found.items())]


def _row(name: str, value: str, counts: Mapping[str, int]) -> Row:
    total = sum(counts.values())
    widths = {state: max(count, total * _WIDTH_MIN) for state, count in counts.items() if count}
    scale = total / sum(widths.values())
    segments, x = [], 0.0
    for state, width in widths.items():
        segments.append({"word": state, "count": counts[state], "x": round(x, 3), "width": round(width * scale, 3)})
        x += width * scale
    return Row(name=name, value=value, counts=counts, segments=segments, total=total)


def _filters(report: Report, shown: Sequence[str]) -> list[dict[str, Any]]:
    rules = report.catalogue.values()
    return [
        {"name": "outcome", "options": [(name, WORDS[name]) for name in shown]},
        {"name": "area", "options": [(area, area) for area in dict.fromkeys(rule.area for rule in rules)]},
        {"name": "level", "options": [(level, level) for level in dict.fromkeys(rule.level for rule in rules)]},
        {"name": "tier", "options": [(str(tier), f"tier {tier}") for tier in sorted({rule.tier for rule in rules})]},
    ]
