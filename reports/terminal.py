"""What a run says on a terminal: its opening lines, each broken rule, the totals. Everything is laid out from a `Report`.

No text of a target, a rule or a program is read as mark-up (only `Text` values are printed), and none of its control characters
reaches the terminal (`reports.plain.safe`). Colour is never the only sign.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from conformance.known import View
from conformance.results import Outcome, RunOutcome
from conformance.rules import Rule, missing
from conformance.run_file import Failure, RunHeader
from reports.plain import number, safe
from reports.record import Report
from reports.summary import counts

PLAIN_WIDTH: Final = 140
"""Columns where nobody says how wide the output is (a file, a log of CI): two bodies side by side fit, few lines are folded."""

LISTED_MAX: Final = 12
"""Ids listed behind a count; the summary has them all."""

_COLOURS: Final = {Outcome.FAILED: "bold red", Outcome.DEVIATES: "bold yellow", Outcome.INCONCLUSIVE: "bold magenta"}


def console(file: TextIO | None = None) -> Console:
    """The console of a run: plain text with NO_COLOR, and where the output is no terminal."""
    plain = bool(os.environ.get("NO_COLOR"))
    made = Console(file=file, markup=False, emoji=False, highlight=False, color_system=None if plain else "auto")
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = PLAIN_WIDTH
    return made


def show(to: Console, *parts: RenderableType) -> None:
    """Print; without a terminal as lines without blanks at their ends."""
    if to.is_terminal:
        to.print(*parts, sep="\n", crop=False)
        return
    to.file.write("".join(f"{line}\n" for line in lines(*parts, width=to.width)))
    to.file.flush()


def lines(*parts: RenderableType, width: int = PLAIN_WIDTH) -> list[str]:
    """Plain lines, for whoever prints them."""
    drawn = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False, color_system=None)
    drawn.print(*parts, sep="\n", crop=False)
    assert isinstance(drawn.file, io.StringIO)
    return [line.rstrip() for line in drawn.file.getvalue().splitlines()]


# ---- opening and end ---------------------------------------------------------------------------------------------------------


def opening(header: RunHeader) -> RenderableType:
    """Two lines: what runs, and against what."""
    slots = header.options.get("slots")
    words = [
        f"amps-conformance {header.harness}",
        f"rules of AMPS {header.edition}",
        f"profile {header.profile}",
        f"seed {header.seed}",
        *([f"slots {slots}"] if slots else []),
    ]
    version = f"AMPS {header.version}" if header.version else "version not known"
    target = [header.uri, version, f"{number(len(header.features), 'feature')} declared"]
    return Group(*(Text(safe("   ".join(line)), no_wrap=True, overflow="ignore") for line in (words, ["target", *target])))


def final(report: Report, *, files: Sequence[str] = ()) -> RenderableType:
    """All that is to be said at the end. `files`: what was written, named in the last line."""
    parts: list[RenderableType] = []
    for outcome in (Outcome.FAILED, Outcome.DEVIATES):
        for rule in report.unexcused(outcome):
            parts += [broken(report, rule), Text()]
    return Group(*parts, closing(report, files=files))


def closing(report: Report, *, files: Sequence[str] = ()) -> RenderableType:
    """The end without the stories of failures: what must not be overlooked, the totals, the files."""
    return Group(_lines(notes(report)), _lines(totals(report)), *([Text("   ".join(map(safe, files)))] if files else []))


def _lines(lines: Iterable[str]) -> RenderableType:
    return Group(*(Text(line) for line in lines))


# ---- one broken rule ---------------------------------------------------------------------------------------------------------


def broken(report: Report, rule_id: str) -> RenderableType:
    """A failed or deviating rule: what it says and where, then how it was broken."""
    rule, result = report.catalogue[rule_id], report.results[rule_id]
    found = report.failures_of(rule_id)
    parts: list[RenderableType] = [_told(rule, result.outcome, found[0] if found else None)]
    parts += [_indented(Text(f"also  {line(failure)}"), 4) for failure in found[1:]]
    parts += [_indented(Text(f"masked  {failure['rule']}  {line(failure)}"), 4) for failure in report.masked_by(rule_id)]
    return Group(*parts)


def one(rule: Rule, failure: Failure) -> RenderableType:
    """One failure alone: the rule with its text and source, then the story."""
    return _told(rule, rule.breach, failure)


def _told(rule: Rule, outcome: Outcome, failure: Failure | None) -> RenderableType:
    head = Text().append(outcome.name, style=_COLOURS[outcome]).append(f"  {rule.id}  ", style="bold")
    head.append(safe(rule.title)).append(f"   {rule.level}, {rule.basis}", style="dim")
    if failure is not None:
        head.append(f"   {how_often(failure)}")
    source = _indented(Text(f"Source: {safe(rule.source)}", style="dim"))
    return Group(head, _indented(Text(safe(rule.text))), source, *([Text(), *story(failure)] if failure is not None else []))


def story(failure: Failure) -> Iterator[RenderableType]:
    """How a rule was broken: the steps, what was expected and seen at the one that matters, and how to see it again."""
    yield _indented(Text(safe(failure["what"])), 4)
    steps = list(failure["steps"])
    at = next((n for n, step in enumerate(steps, start=1) if failure["step"] and step.get("label") == failure["step"]), len(steps))
    if steps[:at]:
        yield _indented(_steps(steps, 0, at), 4)
    if failure["compare"]:
        yield _indented(_compare(failure), 10)
    elif failure["expected"] or failure["seen"]:
        yield _indented(_lines([f"expected  {safe(failure['expected'])}", f"seen      {safe(failure['seen'])}"]), 4)
    if steps[at:]:
        yield _indented(_steps(steps, at, len(steps)), 4)
    yield _indented(_lines(found(failure)), 4)
    if failure["replay"]:
        yield Text(f"    replay  {safe(failure['replay'])}", no_wrap=True, overflow="ignore")  # one line, to be copied


def _steps(steps: Sequence[Failure], start: int, end: int) -> RenderableType:
    """Rows of the step table; the first columns of each part of it are as wide as in the whole."""
    table = _table("#", "on", "step", "seen", heading=start == 0)
    wide = [max(cell_len(title), *(cell_len(safe(step[name])) for step in steps)) for title, name in (("#", "n"), ("on", "on"))]
    for step in steps[start:end]:
        narrow = (set_cell_size(safe(step[name]), size) for name, size in zip(("n", "on"), wide, strict=True))
        table.add_row(*map(Text, narrow), Text(safe(step["text"])), Text(safe(step["seen"])))
    return table


def _compare(failure: Failure) -> RenderableType:
    table = _table("", "expected", "seen", "", heading=True)
    for row in failure["compare"]:
        style = "bold" if row["mark"] else ""
        table.add_row(*(Text(safe(row[name]), style=style) for name in ("mark", "expected", "seen", "rule")))
    return table


def _table(*headings: str, heading: bool) -> Table:
    table = Table(box=None, show_header=heading, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in headings:
        table.add_column(name, overflow="fold")
    return table


def found(failure: Failure) -> Iterator[str]:
    """How it was found, and how much it was shrunk: a sentence, or nothing."""
    shrunk = failure["shrunk"]
    said = []
    if shrunk:
        size = f"{number(shrunk['from'], 'command')} to {shrunk['to']} in {number(shrunk['runs'], 'run')}"
        said.append(f"shrunk from {size}, {shrunk['seconds']:.1f} s")
    if failure["scenarios"]:
        more = failure.get("in_scenarios", len(failure["scenarios"])) - 1
        said.append(f"found in scenario {safe(failure['scenarios'][0])}" + (f", seen in {more:,} more" if more > 0 else ""))
    if said:
        yield "; ".join(said)


def how_often(failure: Failure) -> str:
    """`3 of 3 times`: of the shrunk program; `7 times`: in the run."""
    times = failure.get("times")
    if times:
        return f"{times['broken']} of {times['of']} times"
    return number(failure["count"], "time")


def line(failure: Failure) -> str:
    """All of a failure in a line."""
    field = f" {failure['field']}" if failure["field"] else ""
    return f"{failure['kind']}{safe(field)}: {safe(failure['what'])}  ({number(failure['count'], 'time')})"


def _indented(part: RenderableType, by: int = 2) -> RenderableType:
    return Padding(part, (0, 0, 0, by))


# ---- totals ------------------------------------------------------------------------------------------------------------------


def notes(report: Report) -> Iterator[str]:
    """What is neither passed nor newly broken and must not be overlooked: a line each."""
    yield from known(report)
    for rule in report.with_outcome(Outcome.INCONCLUSIVE):
        yield f"INCONCLUSIVE  {rule}  {safe(report.catalogue[rule].title)}: {safe(report.results[rule].reason)}"
    for reason, count in report.unjudged.items():
        yield f"Not judged: the answers to {number(count, 'step')}: {safe(reason)}"
    beneath = {failure["rule"] for failure in report.failures if failure["masked_by"] is not None}
    if beneath:
        yield f"Masked by failures above: {_some(sorted(beneath))}"
    idle = [rule for rule in report.with_outcome(Outcome.NOT_EXERCISED) if report.catalogue[rule].level in {"must", "default"}]
    if idle:
        yield f"Not exercised: {_some(idle)}"
    errors = report.conclusion.harness_errors
    if errors:
        yield f"Harness errors: {number(len(errors), 'scenario or stage', 'scenarios or stages')} without a verdict"
        yield from (f"  {safe(error)}" for error in errors[:LISTED_MAX])
    for outcome, reasons in list(report.conclusion.applies.items())[1:]:
        if outcome is RunOutcome.NOT_MEASURED:
            yield f"Not measured as well: {_some([safe(reason) for reason in reasons], '; ')}"
        elif outcome is RunOutcome.NONCONFORMING:
            yield f"Not conforming as well: {_some(reasons)}"
    yield from (safe(line) for line in report.damage)


def known(report: Report) -> Iterator[str]:
    """The rules with an excuse that showed: those that passed against it first, each with the reason that somebody gave."""
    for view in (View.UNEXPECTED_PASS, View.FLAKY, View.KNOWN_FAILING):
        for rule in report.viewed(view):
            by = report.excused[rule].by
            where = "; ".join(word for word in (by.url or "", f"until {by.expires}" if by.expires else "") if word)
            advice = "; take its entry out" if view is View.UNEXPECTED_PASS else ""
            name = view.name.replace("_", " ")
            told = f"{safe(by.reason)}{f' ({safe(where)})' if where else ''}"
            yield f"{name}  {rule}  {safe(report.catalogue[rule].title)}: {told}{advice}"


def totals(report: Report) -> Iterator[str]:
    """The sentence with the outcome, the core, then all rules: every rule is counted once in each of the two."""
    yield verdict(report)
    core = counts(report.results[rule.id].outcome for rule in report.catalogue.values() if rule.core and _binds(report, rule))
    whole = counts(result.outcome for result in report.results.values())
    lacking = {
        need for rule in report.catalogue.values() if rule.core and _binds(report, rule) for need in missing(rule, report.features)
    }
    why = f" ({', '.join(sorted(lacking))})" if lacking else ""
    yield f"Core: {_counts(core)}{why}."
    yield f"All:  {_counts(whole)}."


def _binds(report: Report, rule: Rule) -> bool:
    """Whether the rule is for targets of the kind that was run against."""
    return rule.side in {report.header.side, "both"}


def verdict(report: Report) -> str:
    """The outcome in one sentence, in the order of precedence of the exit codes."""
    if report.header.side == "client":
        held = len(report.with_outcome(Outcome.PASSED))
        bound = len(report.results) - len(report.with_outcome(Outcome.NOT_APPLICABLE))
        passed = f"{held:,} of {bound:,} rules for this client passed"
    else:
        core = [report.results[rule.id].outcome for rule in report.catalogue.values() if rule.core]
        passed = f"{core.count(Outcome.PASSED):,} of {len(core):,} core rules passed"
    failed, deviate = len(report.unexcused(Outcome.FAILED)), len(report.unexcused(Outcome.DEVIATES))
    excused, surprising = len(report.viewed(View.KNOWN_FAILING, View.FLAKY)), len(report.viewed(View.UNEXPECTED_PASS))
    said = f", {excused:,} known failing" if excused else ""
    broken_rules = f"{number(failed, 'rule')} failed, {deviate:,} {'deviates' if deviate == 1 else 'deviate'}{said}"
    broken_rules += f", {surprising:,} passed unexpectedly" if surprising else ""
    conclusion = report.conclusion
    match conclusion.outcome:
        case RunOutcome.CONFORMING:
            return f"Conforming: {passed}, {failed} failed, {deviate} deviate{said}."
        case RunOutcome.NONCONFORMING:
            return f"Not conforming: {broken_rules}{' (strict)' if report.header.strict else ''}. {passed}."
        case RunOutcome.INTERRUPTED:
            return f"Interrupted after {number(report.scenarios, 'scenario')}: {broken_rules} by then. {passed}."
        case RunOutcome.HARNESS_ERROR:
            return f"Harness error: {number(len(conclusion.harness_errors), 'error')} of ours; {broken_rules}. {passed}."
        case RunOutcome.NOT_MEASURED:
            return f"Not measured: {_some([safe(reason) for reason in conclusion.applies[RunOutcome.NOT_MEASURED]], '; ')}. {passed}."


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {word.replace('_', ' ')}" for word, count in found.items())


def _some(names: Sequence[str], separator: str = ", ") -> str:
    more = len(names) - LISTED_MAX
    return separator.join(names[:LISTED_MAX]) + (f" and {more:,} more" if more > 0 else "")
