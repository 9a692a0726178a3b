"""Probes of comparisons: operators, numbers with strings, order of strings (expressions.md §4)."""

from __future__ import annotations

from typing import Final

from reference_model.probes.probe import Group, leaves_open, shows
from reference_model.rule import R

OPERATORS: Final = Group(
    name="comparison",
    fill={"n": "0", "s": '"0"'},
    probes=(
        shows(R("EXPR-CMP-01"), "/n = 5", yes='{"n":5}', no=('{"n":4}', '{"n":6}')),
        shows(R("EXPR-CMP-01"), "/s = '5'", yes='{"s":"5"}', no='{"s":"6"}'),
        shows(R("EXPR-CMP-02"), "/n == 5", yes='{"n":5}', no=('{"n":4}', '{"n":6}')),
        shows(R("EXPR-CMP-02"), "/s == '5'", yes='{"s":"5"}', no='{"s":"6"}'),
        shows(R("EXPR-CMP-03"), "/n != 6", yes=('{"n":5}', '{"n":7}'), no='{"n":6}'),
        shows(R("EXPR-CMP-03"), "/s != '6'", yes='{"s":"5"}', no='{"s":"6"}'),
        shows(R("EXPR-CMP-04"), "/n <> 6", yes=('{"n":5}', '{"n":7}'), no='{"n":6}'),
        shows(R("EXPR-CMP-04"), "/s <> '6'", yes='{"s":"5"}', no='{"s":"6"}'),
        shows(R("EXPR-CMP-05"), "/n < 6", yes='{"n":5}', no=('{"n":6}', '{"n":7}')),
        shows(R("EXPR-CMP-05"), "/s < '6'", yes='{"s":"5"}', no=('{"s":"6"}', '{"s":"7"}')),
        shows(R("EXPR-CMP-06"), "/n <= 6", yes=('{"n":5}', '{"n":6}'), no='{"n":7}'),
        shows(R("EXPR-CMP-06"), "/s <= '6'", yes=('{"s":"5"}', '{"s":"6"}'), no='{"s":"7"}'),
        shows(R("EXPR-CMP-07"), "/n > 6", yes='{"n":7}', no=('{"n":6}', '{"n":5}')),
        shows(R("EXPR-CMP-07"), "/s > '6'", yes='{"s":"7"}', no=('{"s":"6"}', '{"s":"5"}')),
        shows(R("EXPR-CMP-08"), "/n >= 6", yes=('{"n":6}', '{"n":7}'), no='{"n":5}'),
        shows(R("EXPR-CMP-08"), "/s >= '6'", yes=('{"s":"6"}', '{"s":"7"}'), no='{"s":"5"}'),
        shows(R("EXPR-CMP-18"), "/34 == /9", yes='{"34":7,"9":7}', no='{"34":7,"9":8}'),
        shows(R("EXPR-CMP-21"), "STREQUAL_I(/s, 'abc') == 1", yes='{"s":"ABC"}', no='{"s":"ABCD"}'),
        shows(R("EXPR-CMP-21"), "(/n > 6) = 1", yes='{"n":7}', no='{"n":6}'),
        shows(R("EXPR-CMP-21"), "(/n > 6) = 0", yes='{"n":6}', no='{"n":7}'),
    ),
)

CONVERSION: Final = Group(
    name="conversion",
    probes=(
        shows(R("EXPR-CMP-09"), "'7.50' <> '7.5'", yes='{"s":"1"}'),
        shows(R("EXPR-CMP-09"), "'10' < '9'", yes='{"s":"1"}'),
        shows(R("EXPR-CMP-09"), "/s = '1.0'", yes='{"s":"1.0"}', no='{"s":"1"}'),
        shows(R("EXPR-CMP-10"), "30 < '4'", no='{"s":"1"}'),
        shows(R("EXPR-CMP-10"), "/s = 47", yes=('{"s":"47.0"}', '{"s":"47"}'), no=('{"s":"48"}', '{"s":"abc"}')),
        shows(R("EXPR-CMP-10"), "/n = '47'", yes='{"n":47}', no='{"n":48}'),
        shows(R("EXPR-CMP-10"), "/n > '9'", yes='{"n":10}', no='{"n":8}'),
        shows(R("EXPR-CMP-11"), "10 < 'Zed'", yes='{"s":"1"}'),
        shows(R("EXPR-CMP-11"), "/s > 999999", yes='{"s":"abc"}', no='{"s":"47"}'),
        shows(R("EXPR-CMP-12"), "10 > 'abc'", no='{"s":"1"}'),
        shows(R("EXPR-CMP-12"), "/s <= 5", yes='{"s":"1"}', no='{"s":"abc"}'),
        shows(R("EXPR-CMP-13"), "/s = 0", yes='{"s":"0"}', no='{"s":"abc"}'),
        shows(R("EXPR-CMP-13"), "/s != 0", yes='{"s":"abc"}', no='{"s":"0"}'),
        shows(R("EXPR-CMP-14"), "2 = 2.0", yes='{"s":"1"}'),
        shows(R("EXPR-CMP-14"), "/n < 91.0", yes=('{"n":90}', '{"n":90.5}'), no=('{"n":91}', '{"n":91.5}')),
        shows(R("EXPR-CMP-14"), "/n = 90.5", yes='{"n":90.5}', no='{"n":90}'),
        shows(R("EXPR-CMP-15"), "/s = 'Oslo'", yes='{"s":"Oslo"}', no='{"s":"OSLO"}'),
        shows(R("EXPR-CMP-16"), "'B' < 'a'", yes='{"s":"1"}'),
        shows(R("EXPR-CMP-16"), "'ab' < 'abc'", yes='{"s":"1"}'),
        shows(R("EXPR-CMP-16"), "'Z' < 'a'", yes='{"s":"1"}'),
        shows(R("EXPR-CMP-16"), "/s > 'Oslo'", yes='{"s":"abc"}', no=('{"s":"OSLO"}', '{"s":"Osl"}')),
        shows(R("EXPR-CMP-17"), "/s = 'x'", yes='{"s":"x"}', no=('{"s":"x "}', '{"s":" x"}')),
    ),
)

DOUBTFUL: Final = (
    leaves_open(R("EXPR-CMP-20"), "1 < 2 == 1", '{"n":1}', taken=False),
    leaves_open(R("EXPR-CMP-22"), "/n = '47.0'", '{"n":47}'),
)
"""Rows of which nothing is demanded."""
