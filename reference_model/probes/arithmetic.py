"""Probes of arithmetic: operators, integer and floating point results, order of evaluation, blanks (expressions.md §3, §4)."""

from __future__ import annotations

from typing import Final

from reference_model.probes.probe import Group, leaves_open, shows
from reference_model.rule import R

OPERATORS: Final = Group(
    name="arithmetic",
    probes=(
        shows(R("EXPR-NUM-01"), "/a + /b = 9", yes='{"a":4,"b":5}', no='{"a":4,"b":-5}'),
        shows(R("EXPR-NUM-02"), "/a - /b = -1", yes='{"a":4,"b":5}', no='{"a":4,"b":-5}'),
        shows(R("EXPR-NUM-03"), "/q * /p >= 100", yes='{"q":"20","p":5.5}', no='{"q":"10","p":5.5}'),
        shows(R("EXPR-NUM-04"), "1 / 5 = 0", yes="{}"),
        shows(R("EXPR-NUM-04"), "/a / 4 = 2", yes='{"a":11}', no=('{"a":11.0}', '{"a":12}')),
        shows(R("EXPR-NUM-05"), "1.0 / 5 = 0.2", yes="{}"),
        shows(R("EXPR-NUM-05"), "/a / 4.0 = 2.75", yes='{"a":11}', no='{"a":12}'),
        shows(R("EXPR-NUM-06"), "(/a + 0.0) / 2 = 3.5", yes='{"a":7}', no='{"a":6}'),
        shows(R("EXPR-NUM-06"), "(/a + 0) / 2 = 3", yes=('{"a":7}', '{"a":6}'), no='{"a":11}'),
        shows(R("EXPR-NUM-06"), "(1.0 * 7) / 2 = 3.5", yes="{}"),
        shows(R("EXPR-NUM-07"), "/n % 3 = 2", yes='{"n":11}', no='{"n":12}'),
        shows(R("EXPR-NUM-08"), "/n MOD 3 = 2", yes='{"n":11}', no='{"n":12}'),
        shows(R("EXPR-NUM-09"), "-5 % 3 = -2", yes="{}"),
        shows(R("EXPR-NUM-09"), "/n % 4 = -3", yes='{"n":-7}', no='{"n":7}'),
        shows(R("EXPR-NUM-10"), "5 % -3 = 2", yes="{}"),
        shows(R("EXPR-NUM-10"), "/n MOD -4 = 3", yes='{"n":7}', no='{"n":-7}'),
        shows(R("EXPR-NUM-11"), "(/missing + 1) IS NULL", yes="{}"),
        shows(R("EXPR-NUM-11"), "(1 * /n) IS NULL", yes="{}", no='{"n":7}'),
        shows(R("EXPR-NUM-11"), "(/missing + 1) = 1", no="{}"),
    ),
)

ORDER: Final = Group(
    name="precedence",
    probes=(
        shows(R("EXPR-NUM-13"), "2 + 3 * 4 = 14", yes="{}"),
        shows(R("EXPR-NUM-13"), "10 - 8 / 4 = 8", yes="{}"),
        shows(R("EXPR-NUM-13"), "/c * 2 + 1 = 19", yes='{"c":9}', no='{"c":6}'),
        shows(R("EXPR-NUM-14"), "10 - 4 - 3 = 3", yes="{}"),
        shows(R("EXPR-NUM-14"), "100 / 10 / 5 = 2", yes="{}"),
        shows(R("EXPR-NUM-14"), "7 / 2 * 2 = 6", yes="{}"),
        shows(R("EXPR-NUM-15"), "(2 + 3) * 4 = 20", yes="{}"),
        shows(R("EXPR-NUM-15"), "( /c % 3 ) == 0", yes='{"c":9}', no='{"c":8}'),
        shows(R("EXPR-NUM-16"), "/a / /b = 2", yes='{"a":8,"b":4}', no='{"a":8,"b":2}'),
        shows(R("EXPR-NUM-16"), "/o/b = 5", yes='{"o":{"b":5}}', no='{"o":10,"b":2}'),
        shows(R("EXPR-NUM-17"), "/6*/14 = 20", yes='{"6":4,"14":5}', no='{"6":4,"14":6}'),
        shows(R("EXPR-NUM-17"), "/14*5 = 25", yes='{"6":4,"14":5}', no='{"6":4,"14":6}'),
        shows(R("EXPR-NUM-18"), "/a-b = 7", yes='{"a":10,"b":1,"a-b":7}', no='{"a":10,"b":3}'),
        shows(R("EXPR-NUM-18"), "/a - /b = 9", yes='{"a":10,"b":1,"a-b":7}', no='{"a":10,"b":3}'),
        shows(R("EXPR-CMP-19"), "/c MOD 10 = 0", yes='{"c":20}', no='{"c":9}'),
        shows(R("EXPR-CMP-19"), "/a * /b < 100", yes='{"a":8,"b":4}', no='{"a":30,"b":4}'),
        shows(R("EXPR-CMP-19"), "1 < /c - 5", yes='{"c":9}', no='{"c":6}'),
    ),
)

DOUBTFUL: Final = (
    leaves_open(R("EXPR-NUM-19"), "-7 / 2 = -3", '{"n":7}'),
    leaves_open(R("EXPR-NUM-22"), "10 - 7 % 4 = 7", '{"n":7}', taken=False),
    leaves_open(R("EXPR-NUM-24"), "7-2 = 5", '{"n":7}', taken=False),
    leaves_open(R("EXPR-NUM-24"), "/n -3 = 4", '{"n":7}', taken=False),
)
"""Rows of which nothing is demanded."""
