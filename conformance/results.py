"""Outcomes, findings and their merge: the vocabulary between judging and reporting. Imports nothing of the pipeline.

A run yields one `RuleResult` for every rule of the catalogue; results of scenarios, workers and shards merge by maximum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What judging one scenario gave.

    exercised    rules for which breaking would have changed the expectation, with how often
    findings     breaches, those that are masked included
    choices      per may, undefined or either-or rule what the target did, with counts
    inconclusive rules that this recording cannot decide, with the reason
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
