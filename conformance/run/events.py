"""What a run tells whoever watches it, as it happens. A display implements it; nothing here prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from conformance.run.bench import Examined
from conformance.run_file import RunHeader
from reports.record import Report

PhaseName = Literal["smoke", "random", "explaining", "replay", "corpus"]


class Events(Protocol):
    """All calls come from one thread, in this order: opened, then for each phase began, ended…, and concluded."""

    def opened(self, header: RunHeader) -> None:
        """The target has answered and its slot is ours."""

    def began(self, phase: PhaseName, *, total: int | None, limit_s: float | None) -> None:
        """A phase begins: of so many scenarios (or failures) if that is known, ending at the latest after so many seconds."""

    def ended(self, examined: Examined) -> None:
        """A scenario has been examined and recorded."""

    def open_still(self, examined: Examined, rules: Sequence[str]) -> None:
        """A scenario has broken these rules, and its connections stay open until this returns (settings.pause)."""

    def explained(self, rule: str) -> None:
        """A failure has been explained."""

    def concluded(self, report: Report, files: Sequence[str]) -> None:
        """The run is over; `files` are what was written, the report folder first in each."""


class Silent:
    """Nobody watches."""

    def opened(self, header: RunHeader) -> None:
        del header

    def began(self, phase: PhaseName, *, total: int | None, limit_s: float | None) -> None:
        del phase, total, limit_s

    def ended(self, examined: Examined) -> None:
        del examined

    def open_still(self, examined: Examined, rules: Sequence[str]) -> None:
        del examined, rules

    def explained(self, rule: str) -> None:
        del rule

    def concluded(self, report: Report, files: Sequence[str]) -> None:
        del report, files
