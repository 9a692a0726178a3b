"""Probes of NULL: what is NULL, comparisons with it, IS NULL, and the printed tables of AND and OR (expressions.md §5.1 to §5.3)."""

from __future__ import annotations

from typing import Final

from reference_model.probes.probe import Group, leaves_open, shows
from reference_model.rule import R

NULLS: Final = Group(
    name="null",
    probes=(
        shows(R("EXPR-NULL-01"), "/a = 1", yes='{"a":1}', no=("{}", '{"a":null}')),
        shows(R("EXPR-NULL-01"), "/a == 1", yes='{"a":1}', no=("{}", '{"a":null}')),
        shows(R("EXPR-NULL-02"), "/a != 1", yes='{"a":0}', no=("{}", '{"a":null}')),
        shows(R("EXPR-NULL-02"), "/s <> 'x'", yes='{"s":"y"}', no=("{}", '{"s":null}', '{"s":"x"}')),
        shows(R("EXPR-NULL-03"), "/a == NULL", no=("{}", '{"a":1}', '{"a":null}')),
        shows(R("EXPR-NULL-03"), "/a != NULL", no=("{}", '{"a":1}', '{"a":null}')),
        shows(R("EXPR-NULL-03"), "/a = /b", yes='{"a":1,"b":1}', no="{}"),
        shows(R("EXPR-NULL-04"), "10 < ''", no="{}"),
        shows(R("EXPR-NULL-04"), "10 > ''", no="{}"),
        shows(R("EXPR-NULL-04"), "/a <= 5", yes='{"a":0}', no=('{"a":""}', "{}")),
        shows(R("EXPR-NULL-04"), "/a >= 5", yes='{"a":5}', no=('{"a":""}', "{}")),
        shows(R("EXPR-NULL-05"), "/a IS NULL", yes=("{}", '{"a":null}', '{"a":""}'), no='{"a":1}'),
        shows(R("EXPR-NULL-05"), "/s IS NULL", yes=("{}", '{"s":null}', '{"s":""}'), no='{"s":"x"}'),
        shows(R("EXPR-NULL-06"), "/a IS NULL", no=('{"a":0}', '{"a":0.0}', '{"a":false}')),
        shows(R("EXPR-NULL-07"), "/a IS NOT NULL", yes=('{"a":0}', '{"a":1}'), no=("{}", '{"a":""}', '{"a":null}')),
        shows(R("EXPR-NULL-08"), "NOT /a IS NULL", yes=('{"a":1}', '{"a":0}'), no=("{}", '{"a":""}')),
        shows(R("EXPR-NULL-11"), "(/a + /b) IS NULL", yes=('{"a":1}', "{}"), no='{"a":1,"b":2}'),
        shows(R("EXPR-NULL-12"), "/a < 1", yes='{"a":0}', no="{}"),
        shows(R("EXPR-NULL-12"), "/a + 1 = 1", yes='{"a":0}', no="{}"),
    ),
)

TABLES: Final = Group(
    name="and-or-null",
    probes=(
        shows(R("EXPR-LOG-01"), "(1 = 1) AND /nil", no="{}"),
        shows(R("EXPR-LOG-01"), "((1 = 1) AND /nil) IS NULL", yes="{}"),
        shows(R("EXPR-LOG-02"), "NOT ((1 = 2) AND /nil)", yes="{}"),
        shows(R("EXPR-LOG-02"), "((1 = 2) AND /nil) IS NULL", no="{}"),
        shows(R("EXPR-LOG-03"), "/nil AND /nix", no="{}"),
        shows(R("EXPR-LOG-03"), "(/nil AND /nix) IS NULL", yes="{}"),
        shows(R("EXPR-LOG-04"), "/nil AND (1 = 1)", no="{}"),
        shows(R("EXPR-LOG-04"), "(/nil AND (1 = 1)) IS NULL", yes="{}"),
        shows(R("EXPR-LOG-05"), "/nil AND (1 = 2)", no="{}"),
        shows(R("EXPR-LOG-05"), "(/nil AND (1 = 2)) IS NULL", yes="{}"),
        shows(R("EXPR-LOG-06"), "(1 = 1) OR /nil", yes="{}"),
        shows(R("EXPR-LOG-07"), "(1 = 2) OR /nil", no="{}"),
        shows(R("EXPR-LOG-07"), "((1 = 2) OR /nil) IS NULL", yes="{}"),
        shows(R("EXPR-LOG-08"), "/nil OR /nix", no="{}"),
        shows(R("EXPR-LOG-08"), "(/nil OR /nix) IS NULL", yes="{}"),
        shows(R("EXPR-LOG-09"), "/nil OR (1 = 1)", no="{}"),
        shows(R("EXPR-LOG-09"), "COALESCE(/nil, /nix) OR (1 = 1)", no="{}"),
        shows(R("EXPR-LOG-10"), "/nil OR (1 = 2)", no="{}"),
        shows(R("EXPR-LOG-10"), "(/nil OR (1 = 2)) IS NULL", yes="{}"),
        shows(R("EXPR-LOG-18"), "/nil OR (/b = 1)", no='{"b":1}'),
        shows(R("EXPR-LOG-18"), "(/b = 1) OR /nil", yes='{"b":1}', no='{"b":2}'),
    ),
)

DOUBTFUL: Final = (
    leaves_open(R("EXPR-NULL-09"), "/a NOT NULL", '{"a":1}', taken=False),
    leaves_open(R("EXPR-NULL-10"), "NOT (/gone = 1)", "{}"),
    leaves_open(R("EXPR-NULL-13"), "/gone NOT BETWEEN 1 AND 2", "{}"),
    leaves_open(R("EXPR-NULL-13"), "/gone NOT BEGINS WITH ('a')", "{}"),
    leaves_open(R("EXPR-NULL-13"), "/gone NOT ENDS WITH ('a')", "{}"),
    leaves_open(R("EXPR-NULL-13"), "NOT (/gone LIKE 'a')", "{}"),
)
"""Rows of which nothing is demanded."""
