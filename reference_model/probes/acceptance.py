"""Probes of acceptance: texts that are no filters (expressions.md §13)."""

from __future__ import annotations

from typing import Final

from reference_model.probes.probe import Probe, leaves_open, refuses
from reference_model.rule import R

REFUSED: Final[tuple[Probe, ...]] = (
    *refuses(
        R("EXPR-FLT-08"),
        "/a = = 1", "(/a = 1", "/a = 1)", "/a IN (1,2", "/a IN ()", "/a BETWEEN 1", "AND /a = 1", "/a = 'x", "/a >",
        "/a = 1 /b = 2", "NOT",
    ),
    *refuses(R("EXPR-FLT-14"), "/a[ = 1", "[/a = 1"),
    *refuses(R("EXPR-FLT-15"), "NO_SUCH_FUNCTION(/a) = 1"),
    *(
        probe
        for name in (
            "AVG", "ANY", "COUNT", "COUNT_DISTINCT", "GROUP_CONCAT", "MIN", "MAX", "STDDEV_POP", "STDDEV_SAMP", "SUM", "UNIQUE",
        )
        for probe in refuses(R("EXPR-FLT-17"), f"{name}(/a) = 1")
    ),
)  # fmt: skip
"""The command fails, whatever it is."""

DOUBTFUL: Final = tuple(
    leaves_open(R("EXPR-FLT-16"), text, '{"a":"x"}', taken=False)
    for text in ("LENGTH() = 1", "REVERSE('a','b') = 'a'", "IF(1=1, 2) = 2")
)
"""Rows of which nothing is demanded."""
