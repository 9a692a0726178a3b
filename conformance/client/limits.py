"""How long one waits for a target, and how much one takes from it. Values only; what happens at a deadline is the runner's matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ANSWER_S_DEFAULT: Final = 2.0
"""A target that answers at all does so in milliseconds; two seconds leave room for a stalled disk or a busy machine."""

IMPATIENT_S_DEFAULT: Final = 0.1
"""The wait on a connection that has already been late once in this scenario: a dead target must not cost n times the full wait."""

UNSURE_S_DEFAULT: Final = 0.25
"""The wait for acks that the documentation does not promise if the command fails (no `processed` was asked for, commands.md §8.1)."""

OVERTAKEN_S_DEFAULT: Final = 0.5
"""The wait for acks of a command when a command after it on the same connection has been answered. Acks of different commands may come
in another order, so it is not nothing; but what a target leaves out for good must not cost the whole wait each time."""

CONNECT_S_DEFAULT: Final = 5.0
"""A connection refused is known at once; this is for addresses that do not answer."""

SETTLE_MS_LOOPBACK: Final = 1.0
SETTLE_MS_REMOTE: Final = 20.0
"""After the last fence, only to catch what should not come. It proves nothing: the fences did."""

RECEIVED_FRAMES_MAX: Final = 200_000
"""Per connection of one scenario. Great scenarios receive some ten thousand frames; an endless stream must not fill the memory."""

RECEIVED_BYTES_MAX: Final = 512 * 1024 * 1024
"""Per connection of one scenario: room for a message of the documented 200 MB in and out again, and for nothing endless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Waits in seconds before scaling; `timeout_scale` multiplies each of them (a slow network, a confirmation run).

    settle_ms   None: SETTLE_MS_LOOPBACK on loopback, elsewhere SETTLE_MS_REMOTE times the scale
    """

    timeout_scale: float = 1.0
    answer_s: float = ANSWER_S_DEFAULT
    impatient_s: float = IMPATIENT_S_DEFAULT
    overtaken_s: float = OVERTAKEN_S_DEFAULT
    unsure_s: float = UNSURE_S_DEFAULT
    connect_s: float = CONNECT_S_DEFAULT
    settle_ms: float | None = None
    frames_max: int = RECEIVED_FRAMES_MAX
    bytes_max: int = RECEIVED_BYTES_MAX

    def settle_s(self, *, loopback: bool) -> float:
        """How long to listen after the last fence, in seconds."""
        if self.settle_ms is not None:
            return self.settle_ms / 1000
        return (SETTLE_MS_LOOPBACK if loopback else SETTLE_MS_REMOTE * self.timeout_scale) / 1000


DEFAULT_LIMITS: Final = Limits()
