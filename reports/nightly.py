"""The pages of a history of nights: what changed since the night before, how the areas went, and every night by its own report.

A folder holds it all: `nights/` one JSON file a night (`reports.history`), `<night>/` the reports of that night as of any run,
`index.html` and `nightly.md` what a team reads in the morning, `changes.json` and `badge.json` for tools.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from conformance.rules import Catalogue
from reports.files import PAGE_FILE, write_file, write_reports
from reports.history import EXCUSED, GOOD, RED, Changes, Night, add, changes, night_of, nights_in
from reports.html import document
from reports.plain import number, safe
from reports.record import Report

NIGHTS: Final = "nights"

CHARTED_MAX: Final = 90
"""Nights in a chart; the table below has all."""

WIDE_MIN: Final = 30
"""Nights that a chart has room for at least: three bars are no three walls."""

_LEAST: Final = 0.03
"""Of the height of a chart: one broken rule among hundreds is seen."""

_PARTS: Final = (
    ("failed", frozenset({"failed"})),
    ("deviates", frozenset({"deviates"})),
    ("inconclusive", frozenset({"inconclusive"})),
    ("known_failing", frozenset({*EXCUSED, "unexpected_pass"})),
    ("passed", frozenset({"passed"})),
    ("observed", frozenset({"observed"})),
)
"""The parts of a bar from its foot, the grave first, each with the words that it counts."""

_COLOURS: Final = {"conforming": "brightgreen", "nonconforming": "red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A night in a chart: its place from the left, its parts as (word, y, height) in units of rules, and all of it in words."""

    x: int
    parts: Sequence[tuple[str, float, float]]
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One chart. high: units from foot to top; wide: nights; `now`: the last night in words."""

    name: str
    high: float
    wide: int
    bars: Sequence[Bar]
    now: str


def keep(report: Report, folder: Path) -> tuple[Path, ...]:
    """Add the night of a report to a folder and make its pages anew; returns the files that a user opens.

    HarnessError: the folder cannot be written to.
    """
    night = night_of(report)
    add(folder / NIGHTS, night)
    write_reports(report, folder / night.id)
    nights, damage = nights_in(folder / NIGHTS)
    until = [one for one in nights if (one.started_utc, one.id) <= (night.started_utc, night.id)]
    found = changes(until)
    write_file(folder / "changes.json", json.dumps({"schema_version": 1, "night": night.id, **asdict(found)}, indent=1) + "\n")
    write_file(folder / "badge.json", json.dumps(badge(night)) + "\n")
    return (
        write_file(folder / PAGE_FILE, page(nights, found, report.catalogue, damage)),
        write_file(folder / "nightly.md", markdown(night, found, report.catalogue)),
    )


def badge(night: Night) -> dict[str, Any]:
    """As shields.io reads it (`endpoint`)."""
    broken = night.count(*RED)
    told = f"{broken} broken" if broken else night.outcome.replace("_", " ")
    return {"schemaVersion": 1, "label": "AMPS conformance", "message": told, "color": _COLOURS.get(night.outcome, "orange")}


# ---- what is said -----------------------------------------------------------------------------------------------------------------


def verdict(night: Night) -> str:
    """The night in one line."""
    broken, excused = night.count(*RED), night.count(*EXCUSED)
    parts = [number(broken, "rule") + " broken", f"{night.count('passed'):,} passed"]
    if excused:
        parts.append(f"{excused} excused")
    return f"{night.outcome.replace('_', ' ').capitalize()}: {', '.join(parts)}."


def facts(night: Night, before: Night | None) -> Iterator[tuple[str, str]]:
    """Names and values; figures with their change since the night before."""
    yield "target", night.target
    yield "version", f"AMPS {night.version}" if night.version else "not known"
    yield "profile", night.profile
    yield "begun", night.started_utc[:19].replace("T", " ") + " UTC"
    yield "rules exercised", f"{len(night.rules):,}{_change(len(night.rules), len(before.rules) if before else None)}"
    yield "scenarios", f"{night.scenarios:,}{_change(night.scenarios, before.scenarios if before else None)}"
    yield "ran", f"{night.seconds:,.0f} s, {rate(night):,.0f} commands a second"


def rate(night: Night) -> float:
    """Commands a second."""
    return night.commands / night.seconds if night.seconds else 0.0


def _change(now: int, before: int | None) -> str:
    return "" if before is None or before == now else f" ({now - before:+,})"


def news(found: Changes, catalogue: Catalogue) -> list[dict[str, Any]]:
    """The lists that a reader wants first, each with a heading and its lines: (rule id or entry, what is said of it)."""

    def title(rule: str) -> str:
        return catalogue[rule].title if rule in catalogue else ""

    lists = [
        ("failed", "Newly broken", [(rule, title(rule)) for rule in found.newly_failing]),
        (
            "failed",
            "Still broken",
            [
                (one.rule, f"{title(one.rule)} · since {one.day}, AMPS {one.version or 'unknown'}, {number(one.nights, 'night')}")
                for one in found.still_failing
            ],
        ),
        ("passed", "Mended", [(rule, title(rule)) for rule in found.newly_passing]),
        ("flaky", "Flaky", [(rule, f"{title(rule)} · changed {number(turns, 'time')} lately") for rule, turns in found.flaky]),
        ("known_failing", "Excuses that end soon", [(entry, f"until {day}") for entry, day in found.expiring]),
    ]
    return [{"word": word, "head": head, "lines": lines} for word, head, lines in lists if lines]


# ---- charts -----------------------------------------------------------------------------------------------------------------------


def charts(nights: Sequence[Night]) -> list[Chart]:
    """All rules that were put to the test, then area by area, the last nights."""
    shown = nights[-CHARTED_MAX:]
    areas = sorted({_area(rule) for night in shown for rule in night.rules})
    return [_chart("all areas", shown, None), *(_chart(area, shown, area) for area in areas)]


def _area(rule: str) -> str:
    return rule.partition("-")[0]


def _chart(name: str, nights: Sequence[Night], area: str | None) -> Chart:
    counted = [_counts(night, area) for night in nights]
    least = max((sum(counts.values()) for counts in counted), default=0) * _LEAST
    heights = [{word: max(count, least) if count else 0 for word, count in counts.items()} for counts in counted]
    high = max((sum(drawn.values()) for drawn in heights), default=0) or 1
    bars = []
    for x, (night, counts, drawn) in enumerate(zip(nights, counted, heights, strict=True)):
        told = ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in counts.items() if count)
        bars.append(Bar(x=x, parts=_parts(drawn, high), said=f"{night.day}: {told or 'nothing measured'}"))
    return Chart(name=name, high=round(high, 3), wide=max(len(nights), WIDE_MIN), bars=bars, now=bars[-1].said if bars else "")


def _parts(drawn: Mapping[str, float], high: float) -> list[tuple[str, float, float]]:
    parts, top = [], high
    for word, height in drawn.items():
        if height:
            top -= height
            parts.append((word, round(top, 3), round(height, 3)))
    return parts


def _counts(night: Night, area: str | None) -> dict[str, int]:
    mine = [word for rule, word in night.rules.items() if area is None or _area(rule) == area]
    return {name: sum(word in words for word in mine) for name, words in _PARTS}


# ---- pages ------------------------------------------------------------------------------------------------------------------------


def page(nights: Sequence[Night], found: Changes, catalogue: Catalogue, damage: Sequence[str] = ()) -> str:
    """The page of a history, whose last night `found` is about."""
    last = nights[-1]
    before = nights[-2] if len(nights) > 1 else None
    head, _, rest = verdict(last).partition(": ")
    good = {"conforming": "good", "nonconforming": "bad"}.get(last.outcome, "unknown")
    return document(
        "nightly",
        styles=("page.css", "nightly.css"),
        title=f"{head}: {last.target}, {last.day}",
        verdict={"head": head, "rest": rest},
        verdict_class=good,
        verdict_glyph={"good": "✓", "bad": "✕", "unknown": "?"}[good],
        last=last,
        facts=list(facts(last, before)),
        news=news(found, catalogue),
        no_news=_no_news(last),
        charts=charts(nights),
        nights=[
            {"night": night, "verdict": verdict(night), "broken": night.count(*RED), "good": night.count(*GOOD), "rate": rate(night)}
            for night in reversed(nights)
        ],
        page_file=PAGE_FILE,
        damage=damage,
    )


def markdown(night: Night, found: Changes, catalogue: Catalogue) -> str:
    """The morning's news for the page of a CI job; the whole run has its own summary.md."""
    lines = [f"# {verdict(night)}", "", *(f"* {name} {_code(value)}" for name, value in facts(night, None)), ""]
    told = news(found, catalogue)
    for part in told:
        lines += [
            f"## {part['head']}: {len(part['lines'])}",
            "",
            *(f"* `{safe(rule)}` {_code(said)}" for rule, said in part["lines"]),
            "",
        ]
    if not told:
        lines += [_no_news(night), ""]
    return "\n".join(lines)


def _no_news(night: Night) -> str:
    if not night.rules:
        return "Nothing was measured."
    return "Nothing changed, and nothing is broken."


def _code(text: str) -> str:
    """Printable, and nothing of it read as mark-up."""
    return f"`{safe(text).replace('`', chr(39))}`"
