"""What a run shows on a terminal while it goes on and at its end. Lines where there is no terminal; bars where there is one."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from conformance.cli.frames import frames, paused
from conformance.cli.texts import forget_output, not_measured
from conformance.results import Outcome, RunOutcome
from conformance.rules import load
from conformance.run.bench import Examined
from conformance.run.events import PhaseName
from conformance.run_file import RunHeader
from reports import terminal
from reports.plain import number, safe
from reports.record import Report

NEWS_S: Final = 10.0
"""Without a terminal, a long phase says so often how it goes."""

ENTER: Final = "Press Enter to close them and go on, Ctrl-C to end the run."

SPENT_S_MIN: Final = 0.001
"""No rate is told of less."""


class Display:
    """The events of a run as lines on `out`; a target that cannot be measured at all is one line on `err`.

    brief   no totals, for a single program
    frames  every frame that is sent and received
    bars    bars while it goes on, on a terminal
    """

    def __init__(self, out: Console, err: Console, *, brief: bool = False, frames: bool = False, bars: bool = True) -> None:
        self._out = out
        self._err = err
        self._brief = brief
        self._frames = frames
        self._with_bars = bars and not brief and not frames and out.is_terminal
        self._catalogue = load()
        self._opened = False
        self._bars: Progress | None = None
        self._task = TaskID(0)
        self._phase: PhaseName | None = None
        self._total: int | None = None
        self._limit_s: float | None = None
        self._began = self._news = 0.0
        self._scenarios = self._commands = 0
        self._exercised: set[str] = set()
        self._broken: dict[str, Outcome] = {}

    # ---- events ----------------------------------------------------------------------------------------------------------------

    def opened(self, header: RunHeader) -> None:
        self._opened = True
        self._say(terminal.opening(header))

    def began(self, phase: PhaseName, *, total: int | None, limit_s: float | None) -> None:
        self._close_phase()
        self._phase, self._total, self._limit_s = phase, total, limit_s
        self._began = self._news = time.monotonic()
        self._scenarios = self._commands = 0
        if self._with_bars:
            self._bars = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[said]}", markup=False),
                console=self._out,
                transient=True,
            )
            self._bars.start()
            self._task = self._bars.add_task(f"{phase:<8}", total=total or limit_s or 1, said="")

    def ended(self, examined: Examined) -> None:
        self._scenarios += 1
        self._commands += examined.scenario.commands
        if examined.verdict is not None:
            self._exercised.update(examined.verdict.exercised)
        for finding in examined.decisive:
            self._broken.setdefault(finding.rule, self._catalogue[finding.rule].breach)
        if self._frames:
            self._say(Group(*(Text(line, no_wrap=True, overflow="ignore") for line in frames(examined))))
        self._show()

    def open_still(self, examined: Examined, rules: Sequence[str]) -> None:
        """Say what is open, and wait for Enter; the end of the input is as good."""
        if self._bars is not None:
            self._bars.stop()
        self._say(*map(Text, (*paused(examined, rules, self._catalogue), ENTER)))
        sys.stdin.readline()
        if self._bars is not None:
            self._bars.start()

    def explained(self, rule: str) -> None:
        del rule
        self._scenarios += 1
        self._show()

    def concluded(self, report: Report, files: Sequence[str]) -> None:
        self._close_phase()
        if not self._opened and report.conclusion.unmeasured:
            self._err.print(Text(safe(not_measured(report.conclusion.unmeasured[0]))), soft_wrap=True)
        elif not self._opened and report.conclusion.outcome is RunOutcome.INTERRUPTED:
            self._err.print(Text("Interrupted before anything ran."))
        elif self._brief and report.conclusion.outcome is RunOutcome.CONFORMING:
            held = len(report.with_outcome(Outcome.PASSED))
            self._say(Text(f"Nothing is broken: {number(held, 'rule')} put to the test and held."))
        else:
            self._say(Text(), terminal.final(report, files=files))

    def _say(self, *parts: RenderableType) -> None:
        """Print; a reader that has gone (`| head`) is no reason to end the run."""
        try:
            terminal.show(self._out, *parts)
        except BrokenPipeError:
            forget_output()

    # ---- a phase ---------------------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        now = time.monotonic()
        if self._bars is not None:
            done = self._scenarios if self._total is not None else now - self._began
            self._bars.update(self._task, completed=done, said=self._said())
        elif now - self._news >= NEWS_S and not self._brief:
            self._news = now
            self._say(self._line())

    def _close_phase(self) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
        if self._phase in {"smoke", "random"} and not self._brief:
            self._say(self._line())
        self._phase = None

    def _line(self) -> RenderableType:
        """How far the phase is, in a line that is not folded."""
        return Group(Text(f"{self._phase:<8} {self._said()}", no_wrap=True, overflow="ignore"))

    def _said(self) -> str:
        """How far the phase is: scenarios, commands, what is broken so far, time."""
        spent_s = time.monotonic() - self._began
        if self._phase == "explaining":
            return f"{self._scenarios} of {number(self._total or 0, 'failure')}"
        of = f" of {self._total:,}" if self._total is not None else ""
        words = [f"{self._scenarios:,}{of} scenarios", number(self._commands, "command")]
        failed = sum(outcome is Outcome.FAILED for outcome in self._broken.values())
        deviate = sum(outcome is Outcome.DEVIATES for outcome in self._broken.values())
        words += [number(failed, "rule failed", "rules failed"), *([f"{deviate} deviate"] if deviate else [])]
        words.append(f"{len(self._exercised - self._broken.keys()):,} held")
        words.append(f"{self._commands / max(spent_s, SPENT_S_MIN):,.0f} commands/s")
        left_s = self._left_s(spent_s)
        words.append(f"{spent_s:.1f} s" if left_s is None else f"{left_s // 60}:{left_s % 60:02d} left")
        return "   ".join(words)

    def _left_s(self, spent_s: float) -> int | None:
        """Seconds until the end of the phase: of its time limit, or as long as the rest takes at the speed so far; None: it is over."""
        if self._limit_s is not None:
            return max(0, round(self._limit_s - spent_s)) if spent_s < self._limit_s else None
        if self._total is None or not 0 < self._scenarios < self._total:
            return None
        return round(spent_s / self._scenarios * (self._total - self._scenarios))
