"""From a recording to a verdict: explode, adopt, align, judge. Pure functions; nothing here knows a target or the embedded server."""

from conformance.compare.judge import judge

__all__ = ["judge"]
