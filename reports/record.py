"""A run as reports see it: one value made of the ledger of a run that has just ended, or of its run files. Judges nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from conformance.errors import UsageError
from conformance.known import Excused, KnownFailure, Measured, View, excused
from conformance.results import Conclusion, Ledger, Outcome, RuleResult, RunOutcome, conclude, merge_results, settle
from conformance.rules import Catalogue, Side, implied, load, standings
from conformance.run_file import Failure, Recorded, RunHeader, failures, read_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that a report tells.

    header      of the run; of several runs the first, strict if one of them is
    features    declared features of all runs
    results     one for every rule of the catalogue
    failures    one for each group of findings, masked and slow ones included (`failure` in run.schema.json)
    scenarios, commands, seconds   of the whole run; seconds of workers that ran beside each other count once
    unjudged    why answers to single steps could not be judged, with counts
    damage      lines of run files that could not be read
    excused     per rule with an entry of known failures how it stands, and by which entry
    """

    header: RunHeader
    features: tuple[str, ...]
    catalogue: Catalogue
    results: Mapping[str, RuleResult]
    conclusion: Conclusion
    failures: tuple[Failure, ...]
    scenarios: int
    commands: int
    seconds: float
    unjudged: Mapping[str, int] = field(default_factory=dict)
    damage: tuple[str, ...] = ()
    excused: Mapping[str, Excused] = field(default_factory=dict)

    @property
    def red(self) -> frozenset[str]:
        """The ids of the rules that make the run red."""
        return frozenset(self.conclusion.applies.get(RunOutcome.NONCONFORMING, ()))

    def with_outcome(self, *outcomes: Outcome) -> tuple[str, ...]:
        """The ids of the rules that came to one of the outcomes, in the order of the catalogue."""
        return tuple(rule for rule, result in self.results.items() if result.outcome in outcomes)

    def viewed(self, *views: View) -> tuple[str, ...]:
        """The ids of the rules whose excuse came to one of the views, in the order of the catalogue."""
        return tuple(rule for rule in self.results if rule in self.excused and self.excused[rule].view in views)

    def unexcused(self, *outcomes: Outcome) -> tuple[str, ...]:
        """As `with_outcome`, without the rules whose failure is excused."""
        known = self.viewed(View.KNOWN_FAILING, View.FLAKY)
        return tuple(rule for rule in self.with_outcome(*outcomes) if rule not in known)

    def failures_of(self, rule: str) -> tuple[Failure, ...]:
        """What decided about the rule, the frequent first."""
        found = [f for f in self.failures if f["rule"] == rule and f["masked_by"] is None and not f["slow"]]
        return tuple(sorted(found, key=lambda failure: -int(failure["count"])))

    def masked_by(self, rule: str) -> tuple[Failure, ...]:
        """What the failure of the rule explains."""
        return tuple(failure for failure in self.failures if failure["masked_by"] == rule)


def from_ledger(
    header: RunHeader,
    ledger: Ledger,
    *,
    seconds: float,
    commands: int,
    scenarios: int | None = None,
    explained: Iterable[Failure] = (),
    unmeasured: Iterable[str] = (),
    harness_errors: Iterable[str] = (),
    interrupted: bool = False,
    catalogue: Catalogue | None = None,
) -> Report:
    """The report of a run that has just ended. `scenarios` None: all of them were judged."""
    rules = load() if catalogue is None else catalogue
    results = settle(ledger, standings(rules, header.features, header.side, left_out=header.left_out))
    known = excused(results, [_measured(header, results)])
    return Report(
        header=header,
        features=header.features,
        catalogue=rules,
        results=results,
        conclusion=conclude(
            results,
            strict=header.strict,
            required=() if "shard" in header.options else header.required,  # a matter of all shards together
            unmeasured=unmeasured,
            harness_errors=(*harness_errors, *_strangers(ledger, rules)),
            interrupted=interrupted,
            **_counted(known),
        ),
        failures=failures(ledger, explained),
        scenarios=ledger.scenarios if scenarios is None else scenarios,
        commands=commands,
        seconds=seconds,
        unjudged=dict(ledger.unjudged),
        excused=known,
    )


def from_files(paths: Sequence[Path], *, catalogue: Catalogue | None = None) -> Report:
    """The report of run files: workers and shards of one run, or runs of several variants of a configuration.

    UsageError: there is none, or one cannot be read. A file without a footer is a run that was interrupted.
    """
    if not paths:
        raise UsageError("no run file was given")
    rules = load() if catalogue is None else catalogue
    runs = read_all(paths)
    parts = [
        _measured(header, settle(ledger, standings(rules, header.features, header.side, left_out=header.left_out)))
        for header, ledger in _variants(runs)
    ]
    results = merge_results(part.results for part in parts)
    known = excused(results, parts)
    whole = Ledger()
    for run in runs:
        whole.merge(run.ledger)
    header = replace(runs[0].header, strict=any(run.header.strict for run in runs))
    return Report(
        header=header,
        features=tuple(dict.fromkeys(feature for run in runs for feature in run.header.features)),
        catalogue=rules,
        results=results,
        conclusion=conclude(
            results,
            strict=header.strict,
            required={rule for run in runs for rule in run.header.required},
            unmeasured=_said(runs, "unmeasured"),
            harness_errors=dict.fromkeys(
                [
                    *(error for run in runs for error in run.errors),
                    *_said(runs, "harness_errors"),
                    *_strangers(whole, rules),
                ]
            ),
            interrupted=any(run.footer is None or "interrupted" in run.footer["applies"] for run in runs),
            **_counted(known),
        ),
        failures=failures(whole, [failure for run in runs for failure in run.explained]),
        scenarios=sum(run.scenarios for run in runs),
        commands=sum(run.commands for run in runs),
        seconds=_seconds(runs),
        unjudged=dict(whole.unjudged),
        damage=tuple(str(damage) for run in runs for damage in run.damage),
        excused=known,
    )


def _strangers(ledger: Ledger, catalogue: Catalogue) -> list[str]:
    """A verdict on what is no rule would be told nowhere else."""
    return [f"{rule} was judged and is no rule of the catalogue" for rule in sorted(ledger.rules() - catalogue.keys())]


Variant = tuple[frozenset[str], Side, frozenset[tuple[str, str]], str | None, tuple[KnownFailure, ...]]
"""What runs must share to be one body of evidence: features, side, what was left out, version, what was excused."""


def _variants(runs: Iterable[Recorded]) -> list[tuple[RunHeader, Ledger]]:
    """What was collected against targets of one kind, for the same rules, is one body of evidence: ledgers with the header of a run."""
    found: dict[Variant, tuple[RunHeader, Ledger]] = {}
    for run in runs:
        header = run.header
        key = (frozenset(header.features), header.side, frozenset(header.left_out.items()), header.version, header.known)
        found.setdefault(key, (header, Ledger()))[1].merge(run.ledger)
    return list(found.values())


def _measured(header: RunHeader, results: Mapping[str, RuleResult]) -> Measured:
    return Measured(results=results, features=implied(header.features), version=header.version, known=header.known)


def _counted(known: Mapping[str, Excused]) -> dict[str, tuple[str, ...]]:
    """What the conclusion needs to know of excuses."""
    surprising = tuple(rule for rule, how in known.items() if how.view is View.UNEXPECTED_PASS)
    return {"excused": tuple(rule for rule in known if rule not in surprising), "surprising": surprising}


def _said(runs: Iterable[Recorded], name: str) -> list[str]:
    return [reason for run in runs if run.footer is not None for reason in run.footer[name]]


def _seconds(runs: Iterable[Recorded]) -> float:
    """Workers of one run ran beside each other, different runs one after the other."""
    by_run: dict[str, float] = {}
    for run in runs:
        by_run[run.header.run] = max(run.seconds, by_run.get(run.header.run, 0.0))
    return sum(by_run.values())
