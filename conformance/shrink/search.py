"""The search for the shortest failing program: blocks of edits first, halved where they remove too much, then one by one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Final

from conformance.errors import TargetError
from conformance.shrink import fields, values
from conformance.shrink.candidates import applied, connection_edits, edits, fence_edits, marker_edits, step_edits, unused_edit
from conformance.shrink.fields import Edit
from conformance.shrink.steps import cut_after, labels
from reference_model.client.program import ClientProgram
from reference_model.config import InstanceConfig
from reference_model.scenario import Scenario
from reference_model.state import ProgramError

unsure_trials: Final = 3
"""Runs of each program where the original did not break the rule the second time: a single one would say little."""

paired_commands_min: Final = 3
"""Shorter programs cannot be shortened by two things at once."""

Attempt = Callable[[Scenario], frozenset[str]]
"""Runs a program on the target and judges it: the rules that it breaks by themselves (not those that others explain)."""

RUNS_MAX: Final = 200
"""About 50 are usual; what is not short by then will not become so by trying on."""

SECONDS_MAX: Final = 15.0
"""On a target that answers in milliseconds the runs are over before; a slow one must not hold up a run for minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How often and how long a shrinker tries."""

    runs_max: int = RUNS_MAX
    seconds_max: float = SECONDS_MAX


DEFAULT_BOUNDS: Final = Bounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
    """What shrinking came to.

    scenario       the smallest program seen that breaks the rule: the original one if nothing smaller does
    before, after  commands of the original and of this program
    runs, seconds  what it took, repetitions included
    broken, of     in how many of how many repetitions of the final program the rule was broken; of 0: it was not repeated
    complete       nothing that is smaller by one thing breaks the rule; False: a bound was reached, or the target was lost (`lost`)
    """

    scenario: Scenario | ClientProgram
    before: int
    after: int
    runs: int
    seconds: float
    broken: int = 0
    of: int = 0
    complete: bool = True
    lost: str = ""

    def to_data(self) -> dict[str, int | float]:
        """As the run file keeps it."""
        return {"from": self.before, "to": self.after, "runs": self.runs, "seconds": round(self.seconds, 3)}

    def times(self) -> dict[str, int] | None:
        """The repetitions as the run file keeps them."""
        return {"broken": self.broken, "of": self.of} if self.of else None


class _Over(Exception):  # noqa: N818 - leaves the search, is no error
    """No more runs."""


def shrink(
    scenario: Scenario,
    rule: str,
    attempt: Attempt,
    bounds: Bounds = DEFAULT_BOUNDS,
    *,
    config: InstanceConfig,
    at: str | None = None,
    confirm: int = 0,
    clock: Callable[[], float] = time.monotonic,
) -> Shrunk:
    """The shortest program found that still breaks `rule`. Deterministic as far as the target is.

    attempt   a ProgramError counts as 'does not break it'; a TargetError ends the search with what there is
    config    logical: programs that the model does not judge are not run
    at        label of the step whose answer is wrong, if that is known: what comes after it goes first
    confirm   how often the final program is run once more
    """
    search = _Search(scenario, rule, attempt, bounds, config, clock)
    complete, lost = True, ""
    try:
        search.run(at)
    except _Over:
        complete = False
    except TargetError as error:
        complete, lost = False, str(error)
    broken = of = 0
    if not lost:
        for _ in range(confirm):
            try:
                broken += rule in attempt(search.best)
            except TargetError as error:
                lost = str(error)
                break
            of += 1
    return Shrunk(
        scenario=replace(search.best, exercises=()),
        before=scenario.commands,
        after=search.best.commands,
        runs=search.runs + of,
        seconds=clock() - search.started,
        broken=broken,
        of=of,
        complete=complete,
        lost=lost,
    )


class _Search:
    def __init__(
        self, scenario: Scenario, rule: str, attempt: Attempt, bounds: Bounds, config: InstanceConfig, clock: Callable[[], float]
    ) -> None:
        self.best = scenario
        self.rule = rule
        self.attempt = attempt
        self.bounds = bounds
        self.config = config
        self.clock = clock
        self.started = clock()
        self.runs = 0
        self.trials = 1
        self.tried: set[str] = set()

    def run(self, at: str | None) -> None:
        if not self._breaks(self.best):
            self.trials = unsure_trials
        keep = self._cut(at)
        self._block(step_edits(self.best, keep))
        self._block([unused_edit])
        self._block(fence_edits(self.best))
        for edit in connection_edits(self.best):
            self._block([edit])
        for edit in marker_edits(self.best):
            self._block([edit])
        self._block(fields.edits(self.best, self.config))
        for edit in values.numbers(self.best):  # a smaller limit needs fewer records
            self._block([edit])
        self._block(step_edits(self.best, keep))
        for edit in values.whole_program:
            self._block([edit])
        self._block(values.simple_members(self.best))
        self._one_by_one()
        while self._in_pairs() or self._again():
            self._one_by_one()

    def _cut(self, at: str | None) -> str | None:
        """Leave out what comes after the step that shows it; the label of the step that a first trial keeps."""
        named = labels(self.best)
        if at in named and self._try([lambda program: cut_after(program, at)]):
            return at
        return at if at in named else named[-1] if named else None

    def _block(self, block: list[Edit]) -> None:
        """All of them at once; where that is too much, the halves, down to single ones."""
        if not block or self._try(block) or len(block) == 1:
            return
        middle = len(block) // 2
        self._block(block[:middle])
        self._block(block[middle:])

    def _one_by_one(self) -> None:
        """Until nothing that is smaller by one thing fails. After a success the search goes on at the same place."""
        changed = True
        while changed:
            changed, place = False, 0
            todo = edits(self.best, self.config)
            while place < len(todo):
                if self._try([todo[place]]):
                    changed, todo = True, edits(self.best, self.config)
                else:
                    place += 1

    def _in_pairs(self) -> bool:
        """Leave out a step together with a second thing: two records that make up for each other, a limit and the record beyond it,
        a key and its record. True if that was a success."""
        if self.best.commands < paired_commands_min:
            return False
        steps = step_edits(self.best)
        others = [*values.numbers(self.best), *fields.parts(self.best)]
        pairs = [*product(steps, others), *combinations(steps, 2)]
        return any(self._try([one, other]) for one, other in pairs)

    def _again(self) -> bool:
        """Each step once more: on a target that does not always do the same, a single trial may have gone the other way."""
        if self.best.commands < paired_commands_min:
            return False
        self.tried.clear()
        return any(self._try([edit]) for edit in step_edits(self.best))

    def _try(self, block: list[Edit]) -> bool:
        if self.clock() - self.started >= self.bounds.seconds_max:
            raise _Over
        candidate = applied(self.best, block, self.config)
        if candidate is None or not self._fails(candidate):
            return False
        self.best = candidate
        return True

    def _fails(self, candidate: Scenario) -> bool:
        """Whether it breaks the rule. What was tried before did not."""
        key = repr(candidate.steps)
        if key in self.tried:
            return False
        self.tried.add(key)
        return any(self._breaks(candidate) for _ in range(self.trials))

    def _breaks(self, program: Scenario) -> bool:
        """Whether it breaks the rule this time."""
        if self.runs >= self.bounds.runs_max:
            raise _Over
        self.runs += 1
        try:
            return self.rule in self.attempt(program)
        except ProgramError:
            return False
