"""Probes of identifiers and of arrays (expressions.md §2, §6, §7)."""

from __future__ import annotations

from typing import Final

from reference_model.probes.probe import Group, leaves_open, shows
from reference_model.rule import R

IDENTIFIERS: Final = Group(
    name="identifiers",
    probes=(
        shows(R("EXPR-ID-01"), "/o/i/s = 'x'", yes='{"o":{"i":{"s":"x"}}}', no=('{"o":{"s":"x"}}', '{"s":"x"}')),
        shows(R("EXPR-ID-04"), "/55 = 'IBM'", yes='{"55":"IBM"}', no='{"5":"IBM"}'),
        shows(R("EXPR-ID-04"), "/0/7th = 2", yes='{"0":{"7th":2}}', no='{"0":{"7":2}}'),
        shows(R("EXPR-ID-05"), "/Key = 1", yes='{"Key":1}', no=('{"key":1}', '{"KEY":1}')),
        shows(R("EXPR-ID-06"), "[/Gate No] = 1", yes='{"Gate No":1}', no=('{"Gate":1}', '{"GateNo":1}')),
        shows(R("EXPR-ID-06"), "[/a+b (c)] = 1", yes='{"a+b (c)":1}', no='{"a":1}'),
        shows(R("EXPR-ID-08"), "/a_b-c.d1 = 1", yes='{"a_b-c.d1":1}', no=('{"a_b":1}', '{"a_b-c":{"d1":1}}')),
        shows(R("EXPR-ID-08"), "/_a = 1", yes='{"_a":1}', no='{"a":1}'),
        shows(R("EXPR-ID-10"), "/c/x[1] = 'q'", yes='{"c":[{"x":"p"},{"x":"q"}]}', no='{"c":[{"x":"q"},{"x":"p"}]}'),
        shows(R("EXPR-ID-10"), "/c/x = 'p'", yes='{"c":[{"x":"p"},{"x":"q"}]}', no='{"c":[{"x":"r"},{"x":"q"}]}'),
        shows(R("EXPR-ID-11"), "/c/x[1] = 'q'", yes='{"c":[{"x":"p"},{"y":0},{"x":"q"}]}', no='{"c":[{"y":0},{"x":"q"},{"x":"p"}]}'),
        shows(R("EXPR-ID-12"), "/w = 1", yes='{"w":1,"v":0,"w":2}', no='{"w":2,"v":0,"w":1}'),
        shows(R("EXPR-ID-12"), "/w = 2", yes='{"w":2,"v":0,"w":1}', no='{"w":1,"v":0,"w":2}'),
    ),
)

ARRAYS: Final = Group(
    name="arrays",
    probes=(
        shows(R("EXPR-ARR-01"), "/d = 1", yes='{"d":[1,"zorro"],"o":[14,34]}', no='{"d":[2,"cow"]}'),
        shows(R("EXPR-ARR-01"), "/d = 'zorro'", yes='{"d":[1,"zorro"],"o":[14,34]}', no='{"d":[2,"cow"]}'),
        shows(R("EXPR-ARR-01"), "/o > 30", yes='{"d":[1,"zorro"],"o":[14,34]}', no='{"o":[14,24]}'),
        shows(R("EXPR-ARR-01"), "/o > 50", no='{"d":[1,"zorro"],"o":[14,34]}'),
        shows(R("EXPR-ARR-02"), "/t != 'a'", yes='{"t":["a","b"]}', no='{"t":["a","a"]}'),
        shows(R("EXPR-ARR-02"), "/t = 'a'", yes=('{"t":["a","b"]}', '{"t":["a","a"]}')),
        shows(R("EXPR-ARR-04"), "/d = /o", yes='{"d":[1,5],"o":[5,9]}', no='{"d":[1],"o":[2]}'),
        shows(R("EXPR-ARR-04"), "/d != /o", yes='{"d":[1],"o":[1,2]}', no='{"d":[1],"o":[1,1]}'),
        shows(R("EXPR-ARR-05"), "/d[0] = 1", yes='{"d":[1,2,3,"z"]}', no='{"d":[2,1]}'),
        shows(R("EXPR-ARR-05"), "/d[3] = 'z'", yes='{"d":[1,2,3,"z"]}', no='{"d":[3]}'),
        shows(R("EXPR-ARR-05"), "/d[1] != 1", yes='{"d":[1,2,3,"z"]}', no='{"d":[2,1]}'),
        shows(R("EXPR-ARR-05"), "/d[1] = 1", yes='{"d":[2,1]}', no='{"d":[1,2,3,"z"]}'),
        shows(R("EXPR-ARR-06"), "/d[9] IS NULL", yes='{"d":[1]}', no='{"d":[0,1,2,3,4,5,6,7,8,9]}'),
        shows(R("EXPR-ARR-07"), "/d IS NULL", yes='{"d":[]}', no='{"d":[1]}'),
        shows(R("EXPR-ARR-07"), "/d = 1", yes='{"d":[1]}', no='{"d":[]}'),
        shows(R("EXPR-ARR-07"), "/d != 1", yes='{"d":[2,1]}', no='{"d":[]}'),
        shows(R("EXPR-ARR-08"), "/d + 1 = 11", yes='{"d":[10,20]}', no='{"d":[20,10]}'),
        shows(R("EXPR-ARR-08"), "/d + 1 = 21", yes='{"d":[20,10]}', no='{"d":[10,20]}'),
        shows(R("EXPR-ARR-11"), "/d = 'zorro'", yes='{"d":[1,"zorro",5]}', no='{"d":[1,5]}'),
        shows(R("EXPR-ARR-11"), "/d = 5", yes='{"d":[1,"zorro",5]}', no='{"d":[1,"zorro"],"o":[14,34]}'),
        shows(R("EXPR-ARR-16"), "/d = 3", yes='{"d":[3]}', no='{"d":[4]}'),
        shows(R("EXPR-ARR-16"), "/d + 1 = 4", yes='{"d":[3]}', no='{"d":[4]}'),
    ),
)

ELEMENTS: Final = Group(
    name="elements",
    probes=(
        shows(R("EXPR-ARR-03"), "NOT (/d = 2)", yes='{"d":[1,3]}', no='{"d":[1,2]}'),
        shows(R("EXPR-ARR-03"), "NOT (/d != 1)", yes='{"d":[1,1]}', no='{"d":[1,2]}'),
    ),
)

EMPTY_ELEMENTS: Final = Group(
    name="null-elements",
    probes=(
        shows(R("EXPR-ARR-13"), "/d != 1", yes='{"d":[2,null]}', no='{"d":[1,null]}'),
        shows(R("EXPR-ARR-13"), "/d < 1", yes='{"d":[null,0]}', no='{"d":[null,1]}'),
    ),
)

DOUBTFUL: Final = (
    leaves_open(R("EXPR-ID-02"), "name = 'x'", '{"name":"x"}', taken=False),
    *(
        leaves_open(R("EXPR-ID-03"), text, '{"a":1}', taken=False)
        for text in ("/*/a = 1", "//a = 1", "/a//b = 1", "/a[b=1] = 1", "/a/text() = 'x'")
    ),
    leaves_open(R("EXPR-ID-07"), "/Salt&Pepper = 1", '{"Salt&Pepper":1}', taken=False),
    leaves_open(R("EXPR-ID-09"), "/o IS NULL", '{"o":{"i":5}}'),
    leaves_open(R("EXPR-ARR-12"), "/d IS NULL", '{"d":[null,1]}'),
    shows(R("EXPR-ARR-12"), "/d IS NULL", no='{"d":[1,2]}'),
    leaves_open(R("EXPR-ARR-14"), "/d = 2", '{"d":[[1,2],[3]]}'),
    leaves_open(R("EXPR-ARR-15"), "/x[0] = 1", '{"x":1}'),
    shows(R("EXPR-ARR-15"), "/x[1] IS NULL", yes='{"x":1}'),
)
"""Rows of which little is demanded."""
