"""Probes of types: what JSON values are, and how they convert (expressions.md §4)."""

from __future__ import annotations

from typing import Final

from reference_model.probes.probe import Group, leaves_open, shows
from reference_model.rule import R

VALUES: Final = Group(
    name="values",
    probes=(
        shows(R("EXPR-TYPE-02"), "/n / 2 = 3", yes='{"n":7}', no='{"n":7.0}'),
        shows(R("EXPR-TYPE-03"), "/n / 2 = 3.5", yes='{"n":7.0}', no='{"n":7}'),
        shows(R("EXPR-TYPE-04"), "/e = 1", yes='{"e":true}', no='{"e":false}'),
        shows(R("EXPR-TYPE-04"), "/e = 0", yes='{"e":false}', no='{"e":true}'),
        shows(R("EXPR-TYPE-05"), "/e", yes='{"e":true}', no='{"e":false}'),
        shows(R("EXPR-TYPE-05"), "/e AND 1 = 1", yes='{"e":true}', no='{"e":false}'),
        shows(R("EXPR-TYPE-06"), "/a IS NULL", yes='{"a":null}', no=('{"a":"null"}', '{"a":0}')),
        shows(R("EXPR-TYPE-07"), "/a IS NULL", yes=('{"b":"1"}', "{}"), no='{"a":1}'),
        shows(R("EXPR-TYPE-08"), "/a IS NULL", yes='{"a":""}', no='{"a":" "}'),
        shows(R("EXPR-TYPE-08"), "/a = ''", no=('{"a":""}', '{"a":" "}')),
        shows(R("EXPR-TYPE-08"), "/a != 'x'", yes='{"a":" "}', no='{"a":""}'),
        shows(R("EXPR-TYPE-10"), "/b * 2 = 94", yes='{"b":"47"}', no='{"b":"46"}'),
        shows(R("EXPR-TYPE-10"), "/b * 2 = 5.0", yes='{"b":"2.5"}', no='{"b":"2"}'),
        shows(R("EXPR-TYPE-12"), "/b + 0 = 12", yes='{"b":"12"}', no='{"b":"1"}'),
        shows(R("EXPR-TYPE-12"), "/b + 0 = -3", yes='{"b":"-3"}', no='{"b":"3"}'),
        shows(R("EXPR-TYPE-12"), "/b + 0 = 2.5", yes='{"b":"2.50"}', no='{"b":"2"}'),
        shows(R("EXPR-TYPE-12"), "/b + 0 = 600", yes='{"b":"6.0e2"}', no='{"b":"6.0"}'),
    ),
)

FALSEHOOD: Final = Group(
    name="falsehood",
    probes=(shows(R("EXPR-TYPE-05"), "NOT /e", yes='{"e":false}', no='{"e":true}'),),
)

DOUBTFUL: Final = (leaves_open(R("EXPR-TYPE-16"), "/e = 'true'", '{"e":true}'),)
"""Rows of which nothing is demanded."""
