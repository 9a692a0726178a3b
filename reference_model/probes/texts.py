"""Probes of LIKE, BEGINS WITH and ENDS WITH (expressions.md §5.6, §5.7, §9)."""

from __future__ import annotations

from typing import Final

from reference_model.probes.probe import Group, leaves_open, shows
from reference_model.rule import R

LIKE: Final = Group(
    name="like",
    probes=(
        shows(R("EXPR-LIKE-01"), "/s LIKE 'orl'", yes='{"s":"world"}', no='{"s":"word"}'),
        shows(R("EXPR-LIKE-02"), "/s LIKE '^wor'", yes='{"s":"world"}', no='{"s":"sword"}'),
        shows(R("EXPR-LIKE-02"), "/s LIKE 'ld$'", yes='{"s":"world"}', no='{"s":"worlds"}'),
        shows(R("EXPR-LIKE-02"), "/s LIKE '^world$'", yes='{"s":"world"}', no='{"s":"worlds"}'),
        shows(R("EXPR-LIKE-02"), "/s LIKE '^orl'", no='{"s":"world"}'),
        shows(R("EXPR-LIKE-02"), "/s LIKE 'wor$'", no='{"s":"world"}'),
        shows(R("EXPR-LIKE-03"), "/s LIKE 'World'", yes='{"s":"World"}', no='{"s":"world"}'),
        shows(R("EXPR-LIKE-04"), "/s LIKE '(?i)^us$'", yes=('{"s":"US"}', '{"s":"us"}'), no='{"s":"usa"}'),
        shows(R("EXPR-LIKE-05"), "/s LIKE '^a.c$'", yes='{"s":"abc"}', no=(r'{"s":"a\nc"}', '{"s":"ac"}')),
        shows(
            R("EXPR-LIKE-06"),
            "/s LIKE '^ab*c?$'",
            yes=('{"s":"a"}', '{"s":"ab"}', '{"s":"abbb"}', '{"s":"ac"}', '{"s":"abc"}'),
            no='{"s":"abcc"}',
        ),
        shows(R("EXPR-LIKE-07"), "/s LIKE '^a+$'", yes=('{"s":"a"}', '{"s":"aa"}'), no=('{"s":"ab"}', '{"s":"us"}')),
        shows(R("EXPR-LIKE-08"), "/s LIKE '^a{2}$'", yes='{"s":"aa"}', no=('{"s":"a"}', '{"s":"aaa"}')),
        shows(R("EXPR-LIKE-08"), "/s LIKE '^a{2,}$'", yes=('{"s":"aa"}', '{"s":"aaa"}'), no='{"s":"a"}'),
        shows(R("EXPR-LIKE-08"), "/s LIKE '^a{1,2}$'", yes=('{"s":"a"}', '{"s":"aa"}'), no='{"s":"aaa"}'),
        shows(R("EXPR-LIKE-09"), "/s LIKE '^[a-c][0-9]$'", yes='{"s":"b7"}', no='{"s":"d7"}'),
        shows(R("EXPR-LIKE-10"), "/s LIKE '^(cat|dog)s$'", yes=('{"s":"cats"}', '{"s":"dogs"}'), no='{"s":"cows"}'),
        shows(R("EXPR-LIKE-11"), r"/s LIKE '(.)\1'", yes='{"s":"aab"}', no='{"s":"aba"}'),
        shows(R("EXPR-LIKE-12"), r"/s LIKE '^70\.'", yes='{"s":"70.5"}', no='{"s":"7015"}'),
        shows(R("EXPR-LIKE-12"), r"/s LIKE 'N\+\+'", yes='{"s":"in N++ now"}', no='{"s":"NNN"}'),
        shows(R("EXPR-LIKE-13"), "/s LIKE r'N++'", yes='{"s":"in N++ now"}', no='{"s":"NNN"}'),
        shows(R("EXPR-LIKE-13"), "/s LIKE r'a.c'", yes='{"s":"a.c"}', no='{"s":"abc"}'),
        shows(R("EXPR-LIKE-16"), "/n LIKE '^90'", yes='{"n":90.75}', no=('{"n":190}', '{"n":9}')),
        shows(R("EXPR-LIKE-16"), "/d[1] LIKE '4'", yes='{"d":[14,34]}', no='{"d":[14,35]}'),
        shows(R("EXPR-LIKE-17"), "/d LIKE 'z'", yes='{"d":[1,"zorro"]}', no='{"d":[1,"cow"]}'),
        shows(R("EXPR-LIKE-18"), "/s LIKE '.*'", yes='{"s":"a"}', no=("{}", '{"s":""}', '{"s":null}')),
    ),
)

AFFIXES: Final = Group(
    name="begins-ends",
    probes=(
        shows(R("EXPR-BEG-01"), "/s BEGINS WITH ('Har')", yes='{"s":"Harbour"}', no='{"s":"ReHar"}'),
        shows(R("EXPR-BEG-02"), "/s ENDS WITH ('txt')", yes='{"s":"a.txt"}', no='{"s":"txt.a"}'),
        shows(R("EXPR-BEG-03"), "/s BEGINS WITH ('Up','Down')", yes=('{"s":"Downhill"}', '{"s":"Uphill"}'), no='{"s":"Sideways"}'),
        shows(R("EXPR-BEG-03"), "/s ENDS WITH ('gif','png')", yes='{"s":"a.png"}', no='{"s":"a.txt"}'),
        shows(R("EXPR-BEG-05"), "/s BEGINS WITH ('a.')", yes='{"s":"a.b"}', no=('{"s":"ab"}', '{"s":"A.b"}')),
        shows(R("EXPR-BEG-06"), "/s BEGINS WITH 'Hello'", yes='{"s":"Hello you"}', no='{"s":"Oh Hello"}'),
        shows(R("EXPR-BEG-07"), "/s BEGINS WITH ('a')", yes='{"s":"ab"}', no=("{}", '{"s":""}')),
        shows(R("EXPR-BEG-07"), "/s ENDS WITH ('b')", yes='{"s":"ab"}', no=("{}", '{"s":""}')),
        shows(R("EXPR-BEG-08"), "/n ENDS WITH ('99')", yes='{"n":1299}', no='{"n":1298}'),
        shows(R("EXPR-BEG-08"), "/n BEGINS WITH ('12')", yes='{"n":1299}', no='{"n":2129}'),
    ),
)

NOT_AFFIXES: Final = Group(
    name="not-begins-ends",
    probes=(
        shows(R("EXPR-BEG-04"), "/s NOT BEGINS WITH ('/pub')", yes='{"s":"/home"}', no='{"s":"/pub/x"}'),
        shows(R("EXPR-BEG-04"), "/s NOT ENDS WITH ('99')", yes='{"s":"1.98"}', no='{"s":"1.99"}'),
        shows(R("EXPR-LOG-23"), "NOT /s LIKE 'x'", yes='{"s":"/home"}', no='{"s":"/pub/x"}'),
    ),
)

DOUBTFUL: Final = (
    leaves_open(R("EXPR-LIKE-14"), "/s LIKE /p", '{"s":"ab","p":"a"}', taken=False),
    leaves_open(R("EXPR-LIKE-14"), "/s LIKE CONCAT('a','b')", '{"s":"ab"}', taken=False),
    leaves_open(R("EXPR-LIKE-15"), "/s LIKE '(ab'", '{"s":"ab"}', taken=False),
    leaves_open(R("EXPR-LIKE-15"), "/s LIKE '*a'", '{"s":"ab"}', taken=False),
    leaves_open(R("EXPR-LIKE-25"), "/s NOT LIKE 'a'", '{"s":"b"}', taken=False),
    leaves_open(R("EXPR-BEG-09"), "/d BEGINS WITH ('z')", '{"d":["cow","zorro"]}'),
    shows(R("EXPR-BEG-09"), "/d BEGINS WITH ('z')", yes='{"d":["zorro"]}', no='{"d":["cow"]}'),
)
"""Rows of which little is demanded."""
