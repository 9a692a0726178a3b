"""What a target leaves out for good: the runner's memory over the executions of one run. It shortens waits, and nothing else.

An ack that did not come in a whole wait, in several executions and never in between, is not worth the whole wait each time. It is still
waited for, it is still late, and a confirmation with a greater time scale still waits longer for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

Kind = tuple[str, str]
"""A command and an ack type of it (or `group_end`)."""

MISSES_MIN: Final = 2
"""In how many executions something has to be missed before it counts as left out for good."""


class Habits:
    """One for each target and run."""

    __slots__ = ("_misses",)

    def __init__(self) -> None:
        self._misses: Counter[Kind] = Counter()

    def lost(self, command: str, types: Iterable[str]) -> bool:
        """Whether all of these have been left out so far."""
        return bool(self._misses) and all(self._misses[command, kind] >= MISSES_MIN for kind in types)

    def learn(self, missed: frozenset[Kind], answered: frozenset[Kind]) -> None:
        """Take note of one execution. What was answered once is no longer left out."""
        for kind in answered:
            self._misses.pop(kind, None)
        self._misses.update(missed - answered)
