"""`summary.md`: the run for the summary page of a CI system, as Markdown. The outcome and the line that replays come last, too.

What a target sent stands in code only, between more backticks than it holds; nothing of it is read as mark-up or as HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.results import Outcome
from conformance.rules import Rule
from reports.plain import number, safe, shortened
from reports.record import Report
from reports.summary import counts, totals
from reports.terminal import notes, verdict
from reports.told import story

BYTES_MAX: Final = 900_000
"""GitHub refuses a summary of more than 1 MiB; a comment or two may be added to ours."""

STORIES_BYTES_MAX: Final = 700_000
"""Of these the stories; then a line for each further rule."""

LINES_MAX: Final = 1000
"""Rules told in a line."""

NOTES_MAX: Final = 60

_SHOWN: Final = tuple(outcome for outcome in sorted(Outcome, reverse=True))
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+!|<>&~$@-])")


def markdown(report: Report) -> str:
    """The page; less than BYTES_MAX bytes of UTF-8."""
    parts = [f"# {_inline(verdict(report))}\n", *_facts(report), *_broken(report), *_totals(report), *_notes(report), *_end(report)]
    return "\n".join(parts) + "\n"


def _facts(report: Report) -> Iterator[str]:
    header = report.header
    yield f"* target {_code(header.uri)}, AMPS {_code(header.version or 'version not known')}"
    yield f"* profile {_code(header.profile)}, seed {header.seed}, rules of AMPS {_inline(header.edition)}"
    scenarios, commands = number(report.scenarios, "scenario"), number(report.commands, "command")
    yield f"* {scenarios}, {commands}, {report.seconds:.1f} s; amps-conformance {_inline(header.harness)}\n"


def _broken(report: Report) -> Iterator[str]:
    """Each broken rule with its story as long as there is room, then in a line, then by number."""
    left = STORIES_BYTES_MAX
    brief: list[str] = []
    for outcome in (Outcome.FAILED, Outcome.DEVIATES):
        for rule_id in report.unexcused(outcome):
            rule = report.catalogue[rule_id]
            told = _story(report, rule) if left > 0 else ""
            left -= len(told.encode())
            if told and left >= 0:
                yield told
            else:
                left = 0
                brief.append(f"* **{outcome.name}** {_code(rule.id)} {_inline(rule.title)}")
    yield from brief[:LINES_MAX]
    if brief:
        more = len(brief) - LINES_MAX
        yield (f"\n{number(more, 'more broken rule')}; " if more > 0 else "\n") + "the page `index.html` tells all of them in full.\n"


def _story(report: Report, rule: Rule) -> str:
    outcome = report.results[rule.id].outcome
    lines = story(report, rule.id)[1:]
    fence = "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))
    return "\n".join([f"## {outcome.name} {_code(rule.id)} {_inline(rule.title)}\n", f"{fence}text", *lines, f"{fence}\n"])


def _totals(report: Report) -> Iterator[str]:
    shown = [outcome.word for outcome in _SHOWN]
    yield "## Totals\n"
    yield "| area | " + " | ".join(word.replace("_", " ") for word in shown) + " |"
    yield "| --- |" + " ---: |" * len(shown)
    for area, found in {**totals(report)["by_area"], "all": counts(result.outcome for result in report.results.values())}.items():
        yield f"| {area} | " + " | ".join(f"{found[word]:,}" for word in shown) + " |"
    yield ""


def _notes(report: Report) -> Iterator[str]:
    lines = list(notes(report))
    if lines:
        yield f"<details><summary>Not to be overlooked: {number(len(lines), 'line')}</summary>\n"
        yield from (f"* {_code(line)}" for line in lines[:NOTES_MAX])
        if len(lines) > NOTES_MAX:
            yield f"* and {number(len(lines) - NOTES_MAX, 'more line')}"
        yield "\n</details>\n"


def _end(report: Report) -> Iterator[str]:
    yield f"**{_inline(verdict(report))}**"
    broken = report.unexcused(Outcome.FAILED, Outcome.DEVIATES)
    replay = next((failure["replay"] for rule in broken for failure in report.failures_of(rule) if failure["replay"]), None)
    if replay:
        yield f"\nReplay: {_code(replay)}"


def _inline(text: object) -> str:
    """Text of ours within a line."""
    return _SPECIAL.sub(r"\\\1", safe(text))


def _code(text: object) -> str:
    """Text of anybody within a line."""
    text = shortened(text) or " "
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    blank = " " if len(ticks) > 1 or text != text.strip() else ""
    return f"{ticks}{blank}{text}{blank}{ticks}"
