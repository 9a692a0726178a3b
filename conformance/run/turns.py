"""What a night draws next: random scenarios without faults or with them, whichever tests more of what was tested least so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from reference_model.scenario import Scenario

FIRST: Final = 5
"""Scenarios of each kind before their yields are compared."""

EXPLORED_EVERY: Final = 10
"""Every so many turns the kind that had the fewest, whatever it yielded: what it tests may have become rare."""


class Turns:
    """Draws from several kinds without end. After each scenario `took` says what it exercised, and in how many seconds."""

    def __init__(self, kinds: Mapping[str, Iterator[Scenario]]) -> None:
        self._kinds = kinds
        self._turns: Counter[str] = Counter(dict.fromkeys(kinds, 0))
        self._seconds: dict[str, float] = dict.fromkeys(kinds, 0.0)
        self._exercised: dict[str, Counter[str]] = {name: Counter() for name in kinds}
        self._last = next(iter(kinds))

    def __iter__(self) -> Iterator[Scenario]:
        while True:
            self._last = self._next()
            self._turns[self._last] += 1
            yield next(self._kinds[self._last])

    def _next(self) -> str:
        rarest = min(self._kinds, key=lambda name: self._turns[name])
        if self._turns[rarest] < FIRST or sum(self._turns.values()) % EXPLORED_EVERY == 0:
            return rarest
        total: Counter[str] = sum(self._exercised.values(), Counter())
        return max(self._kinds, key=lambda name: self._yield(name, total))

    def _yield(self, name: str, total: Mapping[str, int]) -> float:
        """What a second of this kind tests: a rule counts the less, the more often it was tested."""
        worth = sum(count / (1 + total[rule]) for rule, count in self._exercised[name].items())
        return worth / max(self._seconds[name], 1e-6)

    def took(self, exercised: Mapping[str, int], seconds: float) -> None:
        """What came of the scenario that was drawn last."""
        self._seconds[self._last] += seconds
        self._exercised[self._last].update(dict.fromkeys(exercised, 1))
