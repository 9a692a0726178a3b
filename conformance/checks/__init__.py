"""Checks for rules that are not of the form 'this message, these fields, this order'. Each module holds the checks of one subject.

A check is a pure function over what was seen (`Seen`) and, for obligations of the model, its data. It yields each rule that it put to
the test, what the target chose, and findings. A check that raises is a mistake of ours: the scenario has no verdict then.
"""

from conformance.checks import acks, answers, batches, deliveries, fields, framing, groups, headers
from conformance.checks.registry import CHECKS, OBLIGATIONS, Check, Chosen, Seen

__all__ = [
    "CHECKS",
    "OBLIGATIONS",
    "Check",
    "Chosen",
    "Seen",
    "acks",
    "answers",
    "batches",
    "deliveries",
    "fields",
    "framing",
    "groups",
    "headers",
]
