"""The shrinker: from a program in which a rule was broken to the shortest one that still breaks it on a live target.

It works on Scenario values. What is smaller and how to get there are pure functions (`steps`, `fields`, `values`, `candidates`); only
`shrink` runs programs, through the function that it is given, within bounds of runs and time.
"""

from conformance.shrink.candidates import candidates, weight
from conformance.shrink.search import DEFAULT_BOUNDS, Bounds, Shrunk, shrink

__all__ = ["DEFAULT_BOUNDS", "Bounds", "Shrunk", "candidates", "shrink", "weight"]
