"""The bench: one slot of a target, and what it takes to examine a scenario on it: empty the slot, execute, judge, confirm.

Nothing here knows which scenarios there are, writes files or prints. What a target does never raises; a target that cannot be measured
(any more) raises TargetError, and a mistake of ours becomes the `error` of its scenario.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from conformance import programs
from conformance.client.limits import Limits
from conformance.compare import judge
from conformance.errors import TargetError
from conformance.faults.proxies import Proxies
from conformance.naming import Naming
from conformance.results import WHOLE_SCENARIO, Finding, Verdict
from conformance.rules import Catalogue
from conformance.run_file import Origin, RunWriter
from conformance.runner import Habits, execute
from conformance.targets.server import ServerTarget
from conformance.targets.spec import TargetSpec
from reference_model.config import InstanceConfig
from reference_model.observation import Observation
from reference_model.scenario import Scenario

PATIENCE: Final = 10
"""Times the usual deadline in the run that confirms a missing message: what comes then was slow, not missing."""


UNREAD_MAX: Final = 3
"""After so many scenarios in which the target sent more than is read, or took longer than a scenario may take, the run ends: each of
them costs much, and none is judged."""

RECORDED_BYTES_MAX: Final = 4 * 1024 * 1024
"""A longer recording is not kept: a run file must not fill the disk with what a target sends. Usual ones have some kilobytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What came of one scenario.

    verdict      None if it was not judged; then `error` says why in one line, and `trace` is the traceback
    observation  None if it did not come to one; `naming` is what its logical names were on the wire
    seconds      from the emptying of the slot to the verdict, a confirmation included
    """

    scenario: Scenario
    verdict: Verdict | None
    observation: Observation | None = None
    naming: Naming | None = None
    error: str | None = None
    trace: str = ""
    seconds: float = 0.0

    @property
    def unread(self) -> str | None:
        """Why nothing more was read from a connection before it had ended."""
        events = self.observation.events if self.observation is not None else ()
        return next((event.detail for event in events if event.kind == "unread"), None)

    @property
    def decisive(self) -> tuple[Finding, ...]:
        """The findings that decide about their rules: neither explained by others nor merely slow, in a scenario that can be judged."""
        if self.verdict is None or WHOLE_SCENARIO in self.verdict.inconclusive:
            return ()
        return tuple(finding for finding in self.verdict.findings if finding.masked_by is None and not finding.slow)

    def record(self, writer: RunWriter, origin: Origin) -> None:
        """Append it to a run file."""
        recording: Mapping[str, Any] | None = None
        counts = self.counts()
        short = counts["bytes_sent"] + counts["bytes_received"] <= RECORDED_BYTES_MAX
        if self.observation is not None and self.naming is not None and short:
            recording = programs.observation_to_json(self.observation, self.naming)
        writer.scenario(
            origin=origin,
            program=programs.to_json(self.scenario),
            observation=recording,
            verdict=self.verdict,
            counts=counts,
            seconds=self.seconds,
            error=self.error,
        )

    def counts(self) -> dict[str, int]:
        """Commands of the program, frames and bytes both ways."""
        events = self.observation.events if self.observation is not None else ()
        sent = [event for event in events if event.kind == "sent"]
        received = [event for event in events if event.kind == "received"]
        return {
            "commands": self.scenario.commands,
            "frames_sent": len(sent),
            "frames_received": len(received),
            "bytes_sent": sum(len(event.payload) for event in sent),
            "bytes_received": sum(len(event.payload) for event in received),
        }


class _Named:
    """A target that remembers the names of the last execution."""

    def __init__(self, target: ServerTarget) -> None:
        self._target = target
        self.last: Naming | None = None

    @property
    def spec(self) -> TargetSpec:
        return self._target.spec

    @property
    def config(self) -> InstanceConfig:
        return self._target.config

    def naming(self) -> Naming:
        self.last = self._target.naming()
        return self.last

    def touch(self, topics: Iterable[str]) -> None:
        self._target.touch(topics)


class Bench:
    """Examines scenarios on a target, one after the other. `chosen`: the rules whose verdicts are kept, None for all; `proxies` make
    the faults that we cannot make.

    `while_open` is called with each scenario that has broken a rule, before its connections are closed.
    """

    def __init__(
        self,
        target: ServerTarget,
        catalogue: Catalogue,
        limits: Limits,
        *,
        chosen: frozenset[str] | None = None,
        proxies: Proxies | None = None,
    ) -> None:
        self.target = target
        self.catalogue = catalogue
        self._limits = limits
        self._chosen = chosen
        self.while_open: Callable[[Examined], None] | None = None
        self._habits = Habits()
        self._proxies = proxies
        self._confirmed: set[tuple[str, str, str]] = set()
        self._unread: list[str] = []

    def examine(self, scenario: Scenario) -> Examined:
        """Execute and judge; what is missing at a deadline is waited for once more, with ten times the deadline.

        Raises TargetError: the target is gone, its slot cannot be emptied, or it sends without end.
        """
        if len(self._unread) >= UNREAD_MAX:
            raise TargetError(f"the run ends here, after {UNREAD_MAX} scenarios that went on without end ({self._unread[-1]})")
        began = time.monotonic()
        examined = self.once(scenario)
        if examined.unread is not None:
            self._unread.append(f"{scenario.name}: {examined.unread}")
        doubtful = _doubtful(examined, self._confirmed)
        if doubtful:
            patient = replace(self._limits, timeout_scale=self._limits.timeout_scale * PATIENCE)
            examined = self._confirm(examined, doubtful, self.once(scenario, patient))
        return replace(examined, seconds=time.monotonic() - began)

    def _confirm(self, examined: Examined, doubtful: set[tuple[str, str, str]], again: Examined) -> Examined:
        """The findings that the patient run did not show again are slow. Each kind of finding is confirmed once in a run."""
        if again.verdict is None or examined.verdict is None:
            return examined
        still = {finding.group for finding in again.decisive} & doubtful
        self._confirmed |= still
        came = doubtful - still
        findings = tuple(replace(finding, slow=True) if finding.group in came else finding for finding in examined.verdict.findings)
        return replace(examined, verdict=replace(examined.verdict, findings=findings))

    def once(self, scenario: Scenario, limits: Limits | None = None) -> Examined:
        """Execute and judge once, in an emptied slot; with `limits` of its own it waits as if nothing was known of the target's habits.

        Raises TargetError.
        """
        self.target.reset()
        target = _Named(self.target)
        try:
            open_still = None if self.while_open is None else lambda seen: self._open_still(scenario, seen, target.last)
            habits = self._habits if limits is None else None
            observation = execute(scenario, target, limits or self._limits, habits, self._proxies, open_still)
        except TargetError:
            raise
        except Exception as error:  # noqa: BLE001 (a mistake of ours is recorded with its scenario, and the run goes on)
            return _failed(scenario, "execute", error)
        try:
            verdict = judge(scenario, observation, self.target.config, self.catalogue)
        except Exception as error:  # noqa: BLE001 (see above)
            return replace(_failed(scenario, "judge", error), observation=observation, naming=target.last)
        return Examined(
            scenario=scenario, verdict=kept(verdict, self._chosen, self.catalogue), observation=observation, naming=target.last
        )

    def _open_still(self, scenario: Scenario, observation: Observation, naming: Naming | None) -> None:
        verdict = kept(judge(scenario, observation, self.target.config, self.catalogue), self._chosen, self.catalogue)
        examined = Examined(scenario=scenario, verdict=verdict, observation=observation, naming=naming)
        if self.while_open is not None and examined.decisive:
            self.while_open(examined)


def kept(verdict: Verdict, chosen: frozenset[str] | None, catalogue: Catalogue) -> Verdict:
    """The verdict on the chosen rules, None: on all. A finding may stay masked by a rule that was not chosen."""
    if chosen is None:
        return verdict
    return replace(
        verdict,
        exercised={rule: count for rule, count in verdict.exercised.items() if rule in chosen},
        findings=tuple(finding for finding in verdict.findings if finding.rule in chosen),
        choices={rule: counts for rule, counts in verdict.choices.items() if rule in chosen},
        inconclusive={name: reason for name, reason in verdict.inconclusive.items() if name in chosen or name not in catalogue},
    )


def _doubtful(examined: Examined, confirmed: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """The kinds of findings that say something is missing, where a deadline has passed in this execution.

    Without a passed deadline the fences have proven that nothing more comes: waiting longer could not change it.
    """
    if examined.observation is None or not examined.observation.late:
        return set()
    return {finding.group for finding in examined.decisive if finding.kind == "missing"} - confirmed


def _failed(scenario: Scenario, stage: str, error: Exception) -> Examined:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return Examined(scenario=scenario, verdict=None, error=f"{stage}: {text}", trace="".join(traceback.format_exception(error)))
