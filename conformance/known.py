"""Known failures: what a user excuses in advance, and how the results of a run look with that. Values only.

An excuse changes no verdict: the rule runs, is judged and is recorded as always. It changes what the outcome means for the run, once,
on the merged results. Files of known failures are read and written by `conformance.known_file`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from conformance.results import Outcome, RuleResult

BROKEN: Final = frozenset({Outcome.FAILED, Outcome.DEVIATES})
"""Outcomes that an entry can excuse. A target that was not measured, or a harness that erred, is never excused."""


def meets(version: str | None, condition: str | None) -> bool:
    """Whether a version (`5.3.5.14`) meets a condition (`>=5.3.4, <5.4`; None: every one does). One that is not known meets none."""
    if condition is None:
        return True
    try:
        return Version(version or "") in SpecifierSet(condition, prereleases=True)
    except InvalidVersion:
        return False


class View(StrEnum):
    """How a rule with an excuse stands.

    KNOWN_FAILING    broken, as said: does not make the run red
    FLAKY            broken, and said to be so now and then: does not make the run red
    UNEXPECTED_PASS  said to be broken, and passed: makes the run red, so that the entry is taken out
    """

    KNOWN_FAILING = "known_failing"
    FLAKY = "flaky"
    UNEXPECTED_PASS = "unexpected_pass"  # noqa: S105 (a pass, no password)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFailure:
    """One entry.

    rule     id, topic, area or glob, as it is written in the file
    covers   the ids that it named when the run began
    reason   why it is known
    url      where it is tracked, None: nowhere
    version  condition on the target's version (`>=5.3.4, <5.4`), None: every version
    feature  condition on a declared feature, None: whatever the target has
    expires  the last day (ISO-8601) on which the entry counts, None: without end
    flaky    a pass is no surprise
    """

    rule: str
    covers: tuple[str, ...]
    reason: str
    url: str | None = None
    version: str | None = None
    feature: str | None = None
    expires: str | None = None
    flaky: bool = False

    def holds(self, features: Iterable[str], version: str | None) -> bool:
        """Whether its conditions are met by a target. A version that the target does not tell, or that is none, meets no condition."""
        if self.feature is not None and self.feature not in features:
            return False
        return meets(version, self.version)

    def to_data(self) -> dict[str, Any]:
        """JSON-able data without what is at its default."""
        data = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        return {name: list(value) if name == "covers" else value for name, value in data.items() if value not in {None, False}}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """What `to_data` wrote."""
        return cls(**{**data, "covers": tuple(data["covers"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Excused:
    """A rule with an excuse: how it stands, and by which entry."""

    view: View
    by: KnownFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one target came to, and what was excused in advance there: a run, or one variant of several that are merged."""

    results: Mapping[str, RuleResult]
    features: frozenset[str]
    version: str | None
    known: Sequence[KnownFailure]

    def entry(self, rule: str) -> KnownFailure | None:
        """The entry for a rule that holds here; of several a flaky one, else the first."""
        found = [entry for entry in self.known if rule in entry.covers and entry.holds(self.features, self.version)]
        return min(found, key=lambda entry: not entry.flaky, default=None)


def holding(known: Iterable[KnownFailure], features: Iterable[str], version: str | None) -> frozenset[str]:
    """The rules whose failure is excused on such a target."""
    declared = frozenset(features)
    return frozenset(rule for entry in known if entry.holds(declared, version) for rule in entry.covers)


def excused(merged: Mapping[str, RuleResult], parts: Sequence[Measured]) -> dict[str, Excused]:
    """Per rule with an excuse how it stands in the merged results.

    A broken rule is excused if an entry holds in each part where it is broken. A passed one is a surprise if an entry holds in any.
    """
    found: dict[str, Excused] = {}
    for rule in dict.fromkeys(rule for part in parts for entry in part.known for rule in entry.covers if rule in merged):
        outcome = merged[rule].outcome
        if outcome in BROKEN:
            entries = [part.entry(rule) for part in parts if rule in part.results and part.results[rule].outcome in BROKEN]
            first = entries[0] if entries else None
            if first is not None and None not in entries:
                found[rule] = Excused(view=View.FLAKY if first.flaky else View.KNOWN_FAILING, by=first)
        elif outcome is Outcome.PASSED:
            first = next((entry for part in parts if (entry := part.entry(rule)) is not None), None)
            if first is not None and not first.flaky:
                found[rule] = Excused(view=View.UNEXPECTED_PASS, by=first)
    return found
