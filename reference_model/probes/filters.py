"""Probes of filters as such: what selects, blanks, paths that are nowhere (expressions.md §1)."""

from __future__ import annotations

from typing import Final

from reference_model.probes.probe import Group, shows
from reference_model.rule import R

FILTERS: Final = Group(
    name="filters",
    probes=(
        shows(R("EXPR-FLT-01"), "/a = 3", yes='{"a":3,"b":1}', no='{"a":2,"b":1}'),
        shows(R("EXPR-FLT-02"), "/a = 2", yes='{"a":2}', no=('{"a":1}', "{}")),
        shows(R("EXPR-FLT-02"), "/nil AND 1 = 1", no="{}"),
        shows(R("EXPR-FLT-04"), "/b + 0 = 7", yes='{ "b": "7" , "z":[ ],\t"f" : 1.50 }', no='{"b":"8"}'),
        shows(R("EXPR-FLT-06"), "1=1", yes=('{"a":1,"b":1}', '{"a":2,"b":2}')),
        shows(R("EXPR-FLT-06"), "1=2", no=('{"a":1,"b":1}', '{"a":2,"b":2}')),
        shows(R("EXPR-FLT-13"), "/no/such/path = 1", no=("{}", '{"a":1}')),
        shows(R("EXPR-FLT-13"), "/no/such/path IS NULL", yes=("{}", '{"a":1}')),
        shows(R("EXPR-FLT-18"), "  /a=1  AND\n/b=1 ", yes='{"a":1,"b":1}', no='{"a":1,"b":2}'),
        shows(R("EXPR-FLT-18"), "/a\n =\n\t1", yes='{"a":1,"b":1}', no='{"a":2,"b":1}'),
        shows(R("EXPR-FLT-18"), "/s BEGINS WITH('x')", yes='{"s":"xy"}', no='{"s":"yx"}'),
        shows(R("EXPR-FLT-18"), "IF (/a = 1, 2, 3) = 2", yes='{"a":1,"b":1}', no='{"a":2,"b":1}'),
    ),
)
