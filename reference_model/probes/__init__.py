"""The table of probes: what filters say of messages, typed by hand from the rules, row by row. Data; no evaluator is used here.

A group is what one program can put to the test at once. Rows of which the documentation demands nothing are in DOUBTFUL: what a
target makes of them is recorded.
"""

from __future__ import annotations

from typing import Final

from reference_model.probes import (
    acceptance,
    arithmetic,
    comparison,
    fields,
    filters,
    functions,
    literals,
    logic,
    null,
    sets,
    texts,
    types,
    worked,
)
from reference_model.probes.probe import Group, Probe

__all__ = ["DOUBTFUL", "GROUPS", "PROBES", "REFUSED", "WORKED", "Group", "Probe"]

GROUPS: Final[tuple[Group, ...]] = (
    filters.FILTERS,
    literals.STRINGS, literals.ESCAPES, literals.NUMBERS,
    types.VALUES, types.FALSEHOOD,
    arithmetic.OPERATORS, arithmetic.ORDER,
    comparison.OPERATORS, comparison.CONVERSION,
    null.NULLS, null.TABLES,
    logic.LOGIC,
    sets.IN, sets.NOT_IN, sets.BETWEEN, sets.NOT_BETWEEN,
    texts.LIKE, texts.AFFIXES, texts.NOT_AFFIXES,
    fields.IDENTIFIERS, fields.ARRAYS, fields.ELEMENTS, fields.EMPTY_ELEMENTS,
    functions.CHOICE, functions.STRINGS, functions.NUMBERS, functions.REGULAR,
)  # fmt: skip

WORKED: Final[tuple[Probe, ...]] = worked.WORKED
"""Rows of the documentation's own table that are in no group: each has its body, and what it says of others is no matter."""

REFUSED: Final[tuple[Probe, ...]] = (*acceptance.REFUSED, *worked.REFUSED)

DOUBTFUL: Final[tuple[Probe, ...]] = tuple(
    probe
    for module in (literals, types, arithmetic, comparison, null, logic, sets, texts, fields, acceptance, worked)
    for probe in module.DOUBTFUL
)

PROBES: Final[tuple[Probe, ...]] = (
    *(probe for group in GROUPS for probe in group.probes),
    *WORKED,
    *REFUSED,
    *DOUBTFUL,
)
"""Every row."""
