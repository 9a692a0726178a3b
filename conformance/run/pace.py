"""The pace of a run: not more than so many commands a second on average, whatever the target could take."""

from __future__ import annotations

import time
from threading import Event


class Pace:
    """Call `keep` after each scenario. `rate`: commands a second, None: no limit."""

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._began = time.monotonic()
        self._commands = 0
        self._never = Event()

    def keep(self, commands: int, *, until: float | None = None) -> None:
        """Take note of the commands just sent, and wait until the average is right again, or until that moment (monotonic seconds).

        The mean counts from the beginning of the run; the commands of one scenario are sent as fast as the target takes them.
        """
        if self._rate is None:
            return
        self._commands += commands
        ready = self._began + self._commands / self._rate
        wait_s = min(ready, until if until is not None else ready) - time.monotonic()
        if wait_s > 0:
            self._never.wait(wait_s)
