"""Probes of IN and BETWEEN (expressions.md §5.4, §5.5)."""

from __future__ import annotations

from typing import Final

from reference_model.probes.probe import Group, leaves_open, shows
from reference_model.rule import R

IN: Final = Group(
    name="in",
    probes=(
        shows(R("EXPR-IN-01"), "/p IN ('cat','dog')", yes=('{"p":"dog"}', '{"p":"cat"}'), no='{"p":"eel"}'),
        shows(R("EXPR-IN-02"), "/n IN (3, 5.5)", yes=('{"n":3}', '{"n":3.0}', '{"n":5.5}', '{"n":"3"}'), no=('{"n":5}', '{"n":"cat"}')),
        shows(
            R("EXPR-IN-02"), "/n = 3 OR /n = 5.5", yes=('{"n":3}', '{"n":3.0}', '{"n":5.5}', '{"n":"3"}'), no=('{"n":5}', '{"n":"cat"}')
        ),
        shows(R("EXPR-IN-03"), "/n IN ('7', '8')", yes='{"n":7}', no='{"n":5}'),
        shows(R("EXPR-IN-03"), "/s IN (7, 8)", yes='{"s":"7.0"}', no=('{"s":"7.5"}', '{"s":"cat"}')),
        shows(R("EXPR-IN-04"), "/p IN ('a', NULL)", yes='{"p":"a"}', no=("{}", '{"p":null}')),
        shows(R("EXPR-IN-04"), "/p IN ('a')", yes='{"p":"a"}', no=("{}", '{"p":null}')),
        shows(R("EXPR-IN-05"), "/p IN ('a', NULL, /q)", yes='{"p":"a"}', no='{"p":"b"}'),
        shows(R("EXPR-IN-06"), "/p IN ('Cat')", yes='{"p":"Cat"}', no=('{"p":"cat"}', '{"p":"Cat "}', '{"p":"Ca"}')),
        shows(R("EXPR-IN-07"), "/x IN (/a*5, /a*/b, 1000)", yes='{"x":12,"a":3,"b":4}', no='{"x":13,"a":3,"b":4}'),
    ),
)

NOT_IN: Final = Group(
    name="not-in",
    probes=(
        shows(R("EXPR-IN-08"), "/d NOT IN (1,2,3)", yes='{"d":4}', no='{"d":2}'),
        shows(R("EXPR-IN-08"), "NOT /d IN (1,2,3)", yes='{"d":4}', no='{"d":2}'),
        shows(R("EXPR-IN-08"), "NOT (/d = 1 OR /d = 2 OR /d = 3)", yes='{"d":4}', no='{"d":2}'),
        shows(R("EXPR-IN-10"), "3 IN (/d)", yes='{"d":[1,2,3]}', no='{"d":[4]}'),
        shows(R("EXPR-IN-11"), "/d IN (9, 2)", yes='{"d":[1,2]}', no='{"d":[1]}'),
        shows(R("EXPR-IN-12"), "/d NOT IN (2, 9)", yes='{"d":[1,3]}', no='{"d":[1,2]}'),
        shows(R("EXPR-IN-12"), "NOT /d IN (2, 9)", yes='{"d":[1,3]}', no='{"d":[1,2]}'),
    ),
)

BETWEEN: Final = Group(
    name="between",
    probes=(
        shows(R("EXPR-BTW-01"), "/n BETWEEN 2 AND 4", yes=('{"n":2}', '{"n":3}', '{"n":4}'), no=('{"n":1.999}', '{"n":4.001}')),
        shows(R("EXPR-BTW-02"), "/n BETWEEN '2' AND 3.5", yes=('{"n":2}', '{"n":3}'), no=('{"n":1.999}', '{"n":4}')),
        shows(R("EXPR-BTW-02"), "/n >= '2' AND /n <= 3.5", yes=('{"n":2}', '{"n":3}'), no=('{"n":1.999}', '{"n":4}')),
        shows(R("EXPR-BTW-04"), "(/p * /q) BETWEEN 0 AND 100", yes='{"p":5,"q":20}', no='{"p":5,"q":21}'),
        shows(R("EXPR-BTW-04"), "10 BETWEEN /p AND /q - 1", yes='{"p":5,"q":20}', no='{"p":5,"q":10}'),
        shows(R("EXPR-BTW-05"), "/n BETWEEN 1 AND 3 AND /m = 1", yes='{"n":2,"m":1}', no=('{"n":2,"m":2}', '{"n":4,"m":1}')),
        shows(R("EXPR-BTW-06"), "/n BETWEEN 0 AND 5", yes='{"n":2}', no="{}"),
        shows(R("EXPR-BTW-06"), "/n BETWEEN /gone AND 5", no='{"n":2}'),
        shows(R("EXPR-BTW-07"), "/n BETWEEN 5 AND 1", no='{"n":3}'),
        shows(R("EXPR-BTW-08"), "/s BETWEEN 'b' AND 'd'", yes=('{"s":"cow"}', '{"s":"d"}'), no=('{"s":"dog"}', '{"s":"Cow"}')),
    ),
)

NOT_BETWEEN: Final = Group(
    name="not-between",
    probes=(shows(R("EXPR-BTW-03"), "/p NOT BETWEEN 90.0 AND 90.5", yes=('{"p":91}', '{"p":89}'), no=('{"p":90.5}', '{"p":90}')),),
)

DOUBTFUL: Final = (
    leaves_open(R("EXPR-IN-09"), "/gone NOT IN (1, 2)", "{}"),
    leaves_open(R("EXPR-IN-13"), "/p IN (NULL, 'a')", '{"p":"a"}'),
    leaves_open(R("EXPR-BTW-09"), "/d BETWEEN 10 AND 20", '{"d":[5,25]}'),
    shows(R("EXPR-BTW-09"), "/d BETWEEN 10 AND 20", yes='{"d":[5,15]}', no='{"d":[5,6]}'),
)
"""Rows of which little is demanded."""
