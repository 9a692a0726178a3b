"""Outcomes, findings and their merge: the vocabulary between judging and reporting. Imports nothing of the pipeline.

A run yields one `RuleResult` for every rule of the catalogue; results of scenarios, workers and shards merge by maximum. A `Ledger`
collects the verdicts of scenarios, `settle` makes the results of them, `conclude` the outcome of the run.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final, Literal


class Outcome(IntEnum):
    """Ordered: the merge of two outcomes is the greater one. DEVIATES: a broken rule that the documentation does not state itself."""

    NOT_APPLICABLE = 0
    UNCHECKED = 1
    NOT_EXERCISED = 2
    OBSERVED = 3
    PASSED = 4
    INCONCLUSIVE = 5
    DEVIATES = 6
    FAILED = 7

    @property
    def word(self) -> str:
        """The name in reports and files: `not_exercised`."""
        return self.name.lower()


FindingKind = Literal["missing", "unexpected", "repeated", "wrong", "order", "closed", "check"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One breach of one rule in one scenario.

    what      one sentence for a reader
    field     first differing field (`status`, `/qty`), empty if none; findings group by (rule, kind, field)
    step      label of the step whose answer is wrong
    events    indices into the observation's events that show it, first divergence first
    expected, seen   short texts side by side
    masked_by the rule whose own failure at or before this event explains this one, or None
    slow      what was missing came in the confirmation run: INCONCLUSIVE
    """

    rule: str
    kind: FindingKind
    what: str
    field: str = ""
    step: str = ""
    connection: str = ""
    events: tuple[int, ...] = ()
    expected: str = ""
    seen: str = ""
    masked_by: str | None = None
    slow: bool = False

    @property
    def group(self) -> tuple[str, str, str]:
        return (self.rule, self.kind, self.field)


WHOLE_SCENARIO: Final = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What judging one scenario gave.

    exercised    rules for which breaking would have changed the expectation, with how often
    findings     breaches, those that are masked included
    choices      per may, undefined or either-or rule what the target did, with counts
    inconclusive what this recording cannot decide, with the reason: a rule, WHOLE_SCENARIO for every rule in it (its findings do not
                 count either), or the label of a step whose answer could not be judged
    """

    scenario: str
    exercised: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    choices: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    inconclusive: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """The state of one rule in a run."""

    outcome: Outcome
    exercised: int = 0
    findings: int = 0
    reason: str | None = None
    choices: Mapping[str, int] = field(default_factory=dict)


def merge_rule(one: RuleResult, other: RuleResult) -> RuleResult:
    """The greater outcome, counts added; the reason of the greater one."""
    greater = one if one.outcome >= other.outcome else other
    choices = dict(one.choices)
    for name, count in other.choices.items():
        choices[name] = choices.get(name, 0) + count
    return RuleResult(
        outcome=greater.outcome,
        exercised=one.exercised + other.exercised,
        findings=one.findings + other.findings,
        reason=greater.reason,
        choices=choices,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a run can say of one rule before anything has run.

    breach   the outcome of a rule that was broken: FAILED, DEVIATES, or OBSERVED where nothing that a target does is a breach
    idle     the outcome without evidence: NOT_APPLICABLE, UNCHECKED or NOT_EXERCISED
    reason   why it is not applicable or unchecked
    """

    breach: Outcome
    idle: Outcome
    reason: str | None = None


# ---- collecting --------------------------------------------------------------------------------------------------------------

SCENARIOS_NAMED_MAX: Final = 10
"""Scenarios named per group of findings: enough to look at, few enough to print; all are counted."""


@dataclass(slots=True, kw_only=True)
class FindingGroup:
    """Findings that differ in nothing but where they happened: a hundred recurrences are one group.

    first       the finding that was collected first
    count       findings
    scenarios   names of the first scenarios, at most SCENARIOS_NAMED_MAX
    in_scenarios  how many scenarios had it
    """

    first: Finding
    count: int = 0
    scenarios: list[str] = field(default_factory=list)
    in_scenarios: int = 0

    @property
    def decides(self) -> bool:
        """Neither explained by another failure nor only slow: the rule was broken."""
        return self.first.masked_by is None and not self.first.slow

    def add(self, other: FindingGroup) -> None:
        """Take in another group of the same kind."""
        self.count += other.count
        self.in_scenarios += other.in_scenarios
        new = [name for name in other.scenarios if name not in self.scenarios]
        self.scenarios += new[: max(0, SCENARIOS_NAMED_MAX - len(self.scenarios))]


_RULE_ID: Final = re.compile(r"[A-Z]+-[A-Z]+-\d{2,3}")

GroupKey = tuple[str, str, str, str | None, bool]
"""Rule, kind, field, masking rule, slow."""


class Ledger:
    """Evidence on rules, added up over scenarios. Ledgers of workers and shards add up too, in any order.

    exercised     per rule how often a breach would have shown
    clear         the same without the places whose finding was masked: what a rule can pass by
    groups        the findings
    choices       per rule what the target did where it may choose, with counts
    inconclusive  per rule why recordings did not decide it, with counts
    unjudged      why answers to single steps could not be judged, with counts
    scenarios     how many verdicts were added
    """

    __slots__ = ("choices", "clear", "exercised", "groups", "inconclusive", "scenarios", "unjudged")

    def __init__(self) -> None:
        self.exercised: dict[str, int] = {}
        self.clear: dict[str, int] = {}
        self.groups: dict[GroupKey, FindingGroup] = {}
        self.choices: dict[str, dict[str, int]] = {}
        self.inconclusive: dict[str, dict[str, int]] = {}
        self.unjudged: dict[str, int] = {}
        self.scenarios = 0

    def add(self, verdict: Verdict) -> None:
        """Take in the verdict on one scenario."""
        self.scenarios += 1
        disturbed = verdict.inconclusive.get(WHOLE_SCENARIO)
        if disturbed is not None:
            for rule in {*verdict.exercised, *(finding.rule for finding in verdict.findings)}:
                _count(self.inconclusive.setdefault(rule, {}), disturbed, 1)
            return
        here: dict[GroupKey, FindingGroup] = {}
        masked: dict[str, int] = {}
        for finding in verdict.findings:
            group = here.setdefault(
                (*finding.group, finding.masked_by, finding.slow),
                FindingGroup(first=finding, scenarios=[verdict.scenario], in_scenarios=1),
            )
            group.count += 1
            if finding.masked_by is not None:
                masked[finding.rule] = masked.get(finding.rule, 0) + 1
        for key, group in here.items():
            self._add_group(key, group)
        for rule, count in verdict.exercised.items():
            _count(self.exercised, rule, count)
            _count(self.clear, rule, max(0, count - masked.get(rule, 0)))
        for rule, choices in verdict.choices.items():
            for choice, count in choices.items():
                _count(self.choices.setdefault(rule, {}), choice, count)
        for name, reason in verdict.inconclusive.items():
            _count(self.inconclusive.setdefault(name, {}) if _RULE_ID.fullmatch(name) else self.unjudged, reason, 1)

    def merge(self, other: Ledger) -> None:
        """Take in all that another ledger collected."""
        self.scenarios += other.scenarios
        for key, group in other.groups.items():
            self._add_group(key, group)
        sums = ((self.exercised, other.exercised), (self.clear, other.clear), (self.unjudged, other.unjudged))
        for mine, theirs in sums:
            for rule, count in theirs.items():
                _count(mine, rule, count)
        for nested, others in ((self.choices, other.choices), (self.inconclusive, other.inconclusive)):
            for rule, counts in others.items():
                for name, count in counts.items():
                    _count(nested.setdefault(rule, {}), name, count)

    def _add_group(self, key: GroupKey, group: FindingGroup) -> None:
        mine = self.groups.get(key)
        if mine is None:
            self.groups[key] = dataclasses.replace(group, scenarios=list(group.scenarios))
        else:
            mine.add(group)

    def of_rule(self, rule: str) -> tuple[FindingGroup, ...]:
        """The groups of findings on one rule, those that decide first, the frequent ones first."""
        groups = [group for key, group in self.groups.items() if key[0] == rule]
        return tuple(sorted(groups, key=lambda group: (not group.decides, -group.count)))

    def rules(self) -> frozenset[str]:
        """Rules with evidence of any kind."""
        return frozenset({key[0] for key in self.groups}.union(self.exercised, self.choices, self.inconclusive))

    def broken(self) -> frozenset[str]:
        """Rules with at least one finding that decides."""
        return frozenset(key[0] for key, group in self.groups.items() if group.decides)


def _count(counts: dict[str, int], name: str, by: int) -> None:
    counts[name] = counts.get(name, 0) + by


# ---- settling ----------------------------------------------------------------------------------------------------------------


def settle(ledger: Ledger, standings: Mapping[str, Standing]) -> dict[str, RuleResult]:
    """One result for every rule of `standings`, in their order, from the evidence of a ledger."""
    groups: dict[str, list[FindingGroup]] = {}
    for key, group in ledger.groups.items():
        groups.setdefault(key[0], []).append(group)
    return {rule: _settle_rule(ledger, rule, standing, groups.get(rule, ())) for rule, standing in standings.items()}


def _settle_rule(ledger: Ledger, rule: str, standing: Standing, groups: Iterable[FindingGroup]) -> RuleResult:
    groups = tuple(groups)
    outcome, reason = _outcome(ledger, rule, standing, groups)
    return RuleResult(
        outcome=outcome,
        exercised=ledger.exercised.get(rule, 0),
        findings=sum(group.count for group in groups),
        reason=reason,
        choices=dict(ledger.choices.get(rule, {})),
    )


def _outcome(ledger: Ledger, rule: str, standing: Standing, groups: tuple[FindingGroup, ...]) -> tuple[Outcome, str | None]:
    """The outcome of one rule and, where it is not plain, the reason.

    A masked finding says nothing of its own rule: the rule keeps what else there is, and is undecided if there is nothing else.
    """
    if standing.idle is Outcome.NOT_APPLICABLE:
        return standing.idle, standing.reason
    undecided = ledger.inconclusive.get(rule, {})
    clear = ledger.clear.get(rule, 0)
    if standing.breach is Outcome.OBSERVED:
        if clear or groups or ledger.choices.get(rule):
            return Outcome.OBSERVED, None
    elif any(group.decides for group in groups):
        return standing.breach, max((group for group in groups if group.decides), key=lambda group: group.count).first.what
    if undecided:
        return Outcome.INCONCLUSIVE, max(undecided, key=lambda reason: undecided[reason])
    slow = next((group for group in groups if group.first.slow), None)
    if slow is not None:
        return Outcome.INCONCLUSIVE, f"slow: {slow.first.what}"
    if clear:
        return (Outcome.OBSERVED if standing.breach is Outcome.OBSERVED else Outcome.PASSED), None
    masked = sorted({group.first.masked_by for group in groups if group.first.masked_by is not None})
    if masked:
        return Outcome.INCONCLUSIVE, f"masked by {', '.join(masked)}"
    return standing.idle, standing.reason


def merge_results(runs: Iterable[Mapping[str, RuleResult]]) -> dict[str, RuleResult]:
    """The results of several runs (variants of a configuration, targets of one kind) rule by rule, by maximum."""
    merged: dict[str, RuleResult] = {}
    for results in runs:
        for rule, result in results.items():
            merged[rule] = merge_rule(merged[rule], result) if rule in merged else result
    return merged


# ---- concluding --------------------------------------------------------------------------------------------------------------


class RunOutcome(StrEnum):
    """What a run came to."""

    CONFORMING = "conforming"
    NONCONFORMING = "nonconforming"
    NOT_MEASURED = "not_measured"
    HARNESS_ERROR = "harness_error"
    INTERRUPTED = "interrupted"


EXIT_USAGE: Final = 2
EXIT_CODES: Final[Mapping[RunOutcome, int]] = {
    RunOutcome.INTERRUPTED: 130,
    RunOutcome.NONCONFORMING: 1,
    RunOutcome.HARNESS_ERROR: 5,
    RunOutcome.NOT_MEASURED: 4,
    RunOutcome.CONFORMING: 0,
}
"""In the order of precedence: of several that apply the first counts. A wrong command line (2) never begins a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """The outcome of a run.

    applies         every outcome that applies with its reasons, in the order of precedence; the first is the outcome
    unmeasured      why the target could not be measured, apart from what was not exercised
    harness_errors  what went wrong on our side
    """

    applies: Mapping[RunOutcome, tuple[str, ...]]
    unmeasured: tuple[str, ...] = ()
    harness_errors: tuple[str, ...] = ()

    @property
    def outcome(self) -> RunOutcome:
        return next(iter(self.applies))

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.outcome]

    @property
    def measured(self) -> RunOutcome:
        """The outcome without the interruption: what was found by then; a run cut short without findings has not measured."""
        rest = [outcome for outcome in self.applies if outcome not in {RunOutcome.INTERRUPTED, RunOutcome.CONFORMING}]
        if self.outcome is not RunOutcome.INTERRUPTED:
            return self.outcome
        return rest[0] if rest else RunOutcome.NOT_MEASURED


DECIDED: Final = frozenset({Outcome.PASSED, Outcome.DEVIATES, Outcome.FAILED})
"""Outcomes that a target earned by what it did."""


def conclude(
    results: Mapping[str, RuleResult],
    *,
    strict: bool = False,
    required: Iterable[str] = (),
    unmeasured: Iterable[str] = (),
    harness_errors: Iterable[str] = (),
    interrupted: bool = False,
    excused: Collection[str] = (),
    surprising: Iterable[str] = (),
) -> Conclusion:
    """The outcome of a run.

    strict          a deviation counts as a failure
    excused         rules whose failure was known in advance: they do not make the run red
    surprising      rules that were said to fail, and passed: they do
    required        rules that had to be exercised (those of the profile `smoke`); the ones that do not apply are passed over
    unmeasured      why the target could not be measured (unreachable, wrongly configured)
    harness_errors  what went wrong on our side
    """
    applies: dict[RunOutcome, tuple[str, ...]] = {}
    if interrupted:
        applies[RunOutcome.INTERRUPTED] = ("interrupted",)
    red = {Outcome.FAILED, Outcome.DEVIATES} if strict else {Outcome.FAILED}
    broken = (*(rule for rule, result in results.items() if result.outcome in red and rule not in excused), *surprising)
    if broken:
        applies[RunOutcome.NONCONFORMING] = broken
    errors, reasons = tuple(harness_errors), tuple(unmeasured)
    if errors:
        applies[RunOutcome.HARNESS_ERROR] = errors
    gaps = (*reasons, *_gaps(results, required))
    if gaps:
        applies[RunOutcome.NOT_MEASURED] = gaps
    return Conclusion(applies=applies or {RunOutcome.CONFORMING: ()}, unmeasured=reasons, harness_errors=errors)


def _gaps(results: Mapping[str, RuleResult], required: Iterable[str]) -> Iterable[str]:
    if not any(result.outcome in DECIDED for result in results.values()):
        yield "nothing was exercised" if not any(result.exercised for result in results.values()) else "nothing could be decided"
    for rule in sorted(set(required)):
        result = results.get(rule)
        if result is None or result.outcome in {Outcome.UNCHECKED, Outcome.NOT_EXERCISED}:
            yield f"{rule} was not exercised"
        elif result.outcome is Outcome.INCONCLUSIVE and not result.exercised:
            yield f"{rule} was not exercised: {result.reason}"


# ---- plain data --------------------------------------------------------------------------------------------------------------


def verdict_to_data(verdict: Verdict) -> dict[str, object]:
    """The verdict as JSON-able data; what is empty or at its default is left out of the findings."""
    return {
        "scenario": verdict.scenario,
        "exercised": dict(verdict.exercised),
        "findings": [finding_to_data(finding) for finding in verdict.findings],
        "choices": {rule: dict(counts) for rule, counts in verdict.choices.items()},
        "inconclusive": dict(verdict.inconclusive),
    }


def verdict_from_data(data: Mapping[str, object]) -> Verdict:
    """What `verdict_to_data` wrote; the schema of the run file says what is expected."""
    values = dict(data)
    values["findings"] = tuple(finding_from_data(item) for item in data.get("findings", ()))  # type: ignore[attr-defined]  # see schema
    return Verdict(**values)  # type: ignore[arg-type]  # see schema


def finding_to_data(finding: Finding) -> dict[str, object]:
    """The finding as JSON-able data without the fields at their default."""
    data: dict[str, object] = {}
    for item in dataclasses.fields(finding):
        value = getattr(finding, item.name)
        if value != item.default:
            data[item.name] = list(value) if isinstance(value, tuple) else value
    return data


def finding_from_data(data: Mapping[str, object]) -> Finding:
    """What `finding_to_data` wrote."""
    values = dict(data)
    if "events" in values:
        values["events"] = tuple(data["events"])  # type: ignore[arg-type]  # see schema
    return Finding(**values)  # type: ignore[arg-type]  # see schema
