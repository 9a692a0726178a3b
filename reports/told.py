"""What the formats for machines say alike of a rule and of a run: titles, reasons, plain stories. Plain, safe text; no layout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.results import Outcome, RunOutcome
from conformance.rules import Rule
from reports import terminal
from reports.plain import number, safe
from reports.record import Report

STORY_LINES_MAX: Final = 400
"""A story in a log: rules with more kinds of failures than anybody reads there are whole on the page."""

_NO_REASON: Final = {
    Outcome.OBSERVED: "the documentation leaves it open; what the target did is noted",
    Outcome.NOT_EXERCISED: "nothing in this run put it to the test",
}


def title(rule: Rule) -> str:
    """`SOW-TOPN-07 skip_n skips in the order`."""
    return f"{rule.id} {safe(rule.title)}"


def word(report: Report, rule_id: str) -> str:
    """How the rule stands in one word of files: `unexpected_pass`, `known_failing`, `flaky`, or its outcome."""
    how = report.excused.get(rule_id)
    return report.results[rule_id].outcome.word if how is None else how.view.value


def reason(report: Report, rule_id: str) -> str:
    """Why the rule stands as it does, in one line that begins with `word`; an excuse comes with its own reason."""
    said = excuse(report, rule_id)
    return f"{said}; {_reason(report, rule_id)}" if said else _reason(report, rule_id)


def excuse(report: Report, rule_id: str) -> str:
    """`known failing: nobody pages (https://issues.test/7; until 2031-01-31)`, empty without an excuse."""
    how = report.excused.get(rule_id)
    if how is None:
        return ""
    where = "; ".join(safe(word) for word in (how.by.url or "", f"until {how.by.expires}" if how.by.expires else "") if word)
    return f"{how.view.value.replace('_', ' ')}: {safe(how.by.reason)}{f' ({where})' if where else ''}"


def _reason(report: Report, rule_id: str) -> str:
    result = report.results[rule_id]
    why = result.reason or _NO_REASON.get(result.outcome, "")
    if result.outcome is Outcome.OBSERVED and result.choices:
        why = "; ".join(f"{safe(choice)} ({number(count, 'time')})" for choice, count in result.choices.items())
    word = result.outcome.word.replace("_", " ")
    return f"{word}: {safe(why)}" if why else word


def story(report: Report, rule_id: str) -> list[str]:
    """How the rule was broken, as on a terminal."""
    told = terminal.lines(terminal.broken(report, rule_id))
    more = len(told) - STORY_LINES_MAX
    return [*told[:STORY_LINES_MAX], *([f"… {number(more, 'line')} more"] if more > 0 else [])]


def troubles(report: Report) -> Iterator[tuple[str, str]]:
    """What belongs to no rule and keeps the run from being green: kind (`not_measured`, `harness_error`, `interrupted`) and a line."""
    for outcome, reasons in report.conclusion.applies.items():
        if outcome not in {RunOutcome.CONFORMING, RunOutcome.NONCONFORMING}:
            for why in reasons:
                yield outcome.value, safe(why)
