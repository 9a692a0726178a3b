"""Probes of AND, OR and NOT over truth values, and of their ranks (expressions.md §3, §5.3)."""

from __future__ import annotations

from typing import Final

from reference_model.probes.probe import Group, leaves_open, shows
from reference_model.rule import R

LOGIC: Final = Group(
    name="logic",
    fill={"c": "2"},
    probes=(
        shows(R("EXPR-LOG-11"), "/a = 1 AND /b = 1", yes='{"a":1,"b":1}', no=('{"a":1,"b":2}', '{"a":2,"b":1}', '{"a":2,"b":2}')),
        shows(R("EXPR-LOG-12"), "/a = 1 OR /b = 1", yes=('{"a":1,"b":2}', '{"a":2,"b":1}', '{"a":1,"b":1}'), no='{"a":2,"b":2}'),
        shows(R("EXPR-LOG-13"), "NOT (/a = 1)", yes='{"a":2,"b":1}', no='{"a":1,"b":1}'),
        shows(R("EXPR-LOG-14"), "NOT (/a = 1) AND (/b = 1)", yes='{"a":2,"b":1}', no=('{"a":2,"b":2}', '{"a":1,"b":2}')),
        shows(R("EXPR-LOG-14"), "NOT (/a = 1) OR (/b = 2)", yes=('{"a":2,"b":1}', '{"a":1,"b":2}'), no='{"a":1,"b":1}'),
        shows(R("EXPR-LOG-15"), "/a = 1 OR /b = 1 AND /c = 1", yes='{"a":1,"b":2,"c":2}', no='{"a":2,"b":1,"c":2}'),
        shows(R("EXPR-LOG-15"), "/c = 1 AND /b = 1 OR /a = 1", yes='{"a":1,"b":2,"c":2}', no='{"a":2,"b":1,"c":2}'),
        shows(R("EXPR-LOG-15"), "(/a = 1 OR /b = 1) AND /c = 1", yes='{"a":1,"b":2,"c":1}', no='{"a":1,"b":2,"c":2}'),
        shows(R("EXPR-LOG-16"), "NOT /a IN (1, 2)", yes='{"a":3,"b":1}', no='{"a":2,"b":1}'),
        shows(R("EXPR-LOG-16"), "NOT /z IS NULL", yes='{"a":1,"b":2,"z":0}', no='{"a":1,"b":1}'),
        shows(R("EXPR-LOG-20"), "1 = 1 OR (/a / 0 = 1)", yes='{"a":1,"b":1}'),
        shows(R("EXPR-LOG-23"), "NOT /a = 1", yes='{"a":2,"b":1}', no='{"a":1,"b":1}'),
        shows(R("EXPR-LOG-23"), "NOT /a BETWEEN 2 AND 3", yes='{"a":1,"b":1}', no='{"a":2,"b":1}'),
        shows(R("EXPR-ID-14"), "/a = 1 AND /b = 2", yes=('{"b":2,"a":1}', '{"a":1,"b":2}'), no='{"b":1,"a":2}'),
    ),
)

DOUBTFUL: Final = (
    leaves_open(R("EXPR-LOG-17"), "/gone = 1 OR /b = 1", '{"b":1}'),
    leaves_open(R("EXPR-LOG-19"), "NOT /gone", '{"b":1}'),
    leaves_open(R("EXPR-LOG-21"), "/a = 1 and /b = 1", '{"a":1,"b":1}', taken=False),
    leaves_open(R("EXPR-LOG-22"), "/n", '{"n":7}'),
    leaves_open(R("EXPR-LOG-22"), "/s", '{"s":"x"}'),
    leaves_open(R("EXPR-LOG-24"), "/gone OR /b = 1 AND /c = 1", '{"b":1,"c":1}'),
)
"""Rows of which nothing is demanded."""
