"""What may go wrong, and how each stage says so.

| stage             | our bug  | the target breaks a rule | the environment or the user fails    |
|-------------------|----------|--------------------------|--------------------------------------|
| wire              | assert   | WireError (bytes)        | -                                    |
| predict           | assert   | -                        | ProgramError                         |
| targets, runner   | assert   | events in Observation    | TargetError and its kinds            |
| compare, checks   | assert   | Finding                  | -                                    |
| cli, plugin       | assert   | exit code 1              | UsageError, one line and exit code   |
"""

from __future__ import annotations


class ConformanceError(Exception):
    """Base of everything raised on purpose; its text is one clear line for a user."""


class UsageError(ConformanceError):
    """The user asked for something impossible: exit code 2."""


class TargetError(ConformanceError):
    """The target cannot be measured: exit code 4."""


class UnreachableError(TargetError):
    """Nothing listens, the name does not resolve, the connection is refused or times out."""


class NotAmpsError(TargetError):
    """Something answers, but not in the amps protocol."""


class MisconfiguredError(TargetError):
    """The target lacks what was declared: a topic, a feature, a right."""


class ProxyError(TargetError):
    """A proxy that is to make faults cannot be had, or is gone."""


class SlotError(TargetError):
    """A slot is in use by another run, or cannot be emptied."""


class HarnessError(ConformanceError):
    """We cannot go on and it is not the target's fault: exit code 5."""
