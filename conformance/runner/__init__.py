"""The runner: executes a scenario on a target and says what was sent and seen. The only stage of the pipeline with a clock.

It judges nothing and raises for nothing that a target does, except that a target which cannot be reached at all is a TargetError.
"""

from conformance.client.limits import DEFAULT_LIMITS, Limits
from conformance.runner.channels import MASK
from conformance.runner.execution import end_id, execute, fence_id
from conformance.runner.habits import Habits

__all__ = ["DEFAULT_LIMITS", "MASK", "Habits", "Limits", "end_id", "execute", "fence_id"]
