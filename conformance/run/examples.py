"""Examples of failures: of each kind of finding the shortest scenario that showed it, for whoever explains it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.results import Finding
from conformance.run.bench import Examined

EXAMPLES_MAX: Final = 200
"""Kinds of failures kept with their recordings; a target that breaks more needs no more examples."""


class Examples:
    """(scenario examined, finding) for each kind of finding that decides: first one kind of each rule, then the others."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], tuple[Examined, Finding]] = {}

    def take(self, examined: Examined) -> list[Finding]:
        """Keep what is new or shorter. The first finding of each kind that was not seen before."""
        new: dict[tuple[str, str, str], Finding] = {}
        for finding in examined.decisive:
            known = self._found.get(finding.group)
            if known is None:
                if len(self._found) >= EXAMPLES_MAX:
                    continue
                new[finding.group] = finding
            elif examined.scenario.commands >= known[0].scenario.commands:
                continue
            self._found[finding.group] = (examined, finding)
        return list(new.values())

    def findings(self) -> list[Finding]:
        """One finding of each kind."""
        return [finding for _, finding in self._found.values()]

    def __iter__(self) -> Iterator[tuple[Examined, Finding]]:
        first: dict[str, tuple[str, str, str]] = {}
        for group in self._found:
            first.setdefault(group[0], group)
        order = [*first.values(), *(group for group in self._found if group not in first.values())]
        return iter([self._found[group] for group in order])

    def __len__(self) -> int:
        return len(self._found)
