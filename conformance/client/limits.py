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

RECEIVED_FRAMES_MAX: Final = 2_000
FRAMES_A_STEP_MAX: Final = 200
"""Per connection of one scenario, and so many more for each step of it. Usual scenarios receive some hundred frames, great ones some
ten thousand; an endless stream must cost neither memory nor time."""

RECEIVED_BYTES_MAX: Final = 16 * 1024 * 1024
BYTES_A_BYTE_MAX: Final = 100
"""Per connection of one scenario, and so many more for each byte of the bodies that it sends: a body may be delivered to many
subscriptions and be in the result of many queries. Messages become up to thirty times their length in memory."""

ASKED_FRAMES_MAX: Final = 100_000
ASKED_BYTES_MAX: Final = 64 * 1024 * 1024
"""In answer to one question on the control connection: a slot that somebody has filled can be looked into all the same."""

LOGON_FRAMES_MAX: Final = 100
LOGON_BYTES_MAX: Final = 1024 * 1024
"""In answer to the logon on the control connection: who sends more there is no AMPS server."""

WHOLE_S_DEFAULT: Final = 10.0
STEP_S: Final = 1.0
"""How long one scenario may take in all, and so much longer for each step of it. Without that a target that sends a little progress
again and again could hold a run up for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one scenario may take: frames and bytes on each connection, and time. What comes beyond is not read."""

    frames: int
    bytes: int
    seconds: float


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
    whole_s: float = WHOLE_S_DEFAULT
    settle_ms: float | None = None
    frames_max: int = RECEIVED_FRAMES_MAX
    bytes_max: int = RECEIVED_BYTES_MAX

    def allowance(self, *, steps: int, body_bytes: int, seconds: float) -> Allowance:
        """What a scenario with so many steps, which sends that much and itself lets some seconds pass, may take."""
        return Allowance(
            frames=self.frames_max + steps * FRAMES_A_STEP_MAX,
            bytes=self.bytes_max + body_bytes * BYTES_A_BYTE_MAX,
            seconds=(self.whole_s + steps * STEP_S) * self.timeout_scale + seconds,
        )

    def settle_s(self, *, loopback: bool) -> float:
        """How long to listen after the last fence, in seconds."""
        if self.settle_ms is not None:
            return self.settle_ms / 1000
        return (SETTLE_MS_LOOPBACK if loopback else SETTLE_MS_REMOTE * self.timeout_scale) / 1000


DEFAULT_LIMITS: Final = Limits()
