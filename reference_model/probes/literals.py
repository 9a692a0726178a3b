"""Probes of literals: quotes, escapes, raw strings, numbers, NULL (expressions.md §2)."""

from __future__ import annotations

from typing import Final

from reference_model.probes.probe import Group, leaves_open, shows
from reference_model.rule import R

STRINGS: Final = Group(
    name="strings",
    probes=(
        shows(R("EXPR-LIT-01"), "/s = 'ab c'", yes='{"s":"ab c"}', no=('{"s":"ab"}', '{"s":"\'ab c\'"}')),
        shows(R("EXPR-LIT-02"), '/s = "ab c"', yes='{"s":"ab c"}', no=('{"s":"ab"}', r'{"s":"\"ab c\""}')),
        shows(R("EXPR-LIT-03"), '/s = "it\'s"', yes='{"s":"it\'s"}', no='{"s":"its"}'),
        shows(R("EXPR-LIT-03"), "/s = 'say \"hi\"'", yes=r'{"s":"say \"hi\""}', no='{"s":"say hi"}'),
        shows(R("EXPR-LIT-13"), r"/s = 'a\x00b'", yes=r'{"s":"a\u0000b"}', no=(r'{"s":"a\u0000c"}', '{"s":"a"}')),
        shows(
            R("EXPR-LIT-14"), "/s = 'Zürich'", yes=('{"s":"Zürich"}', r'{"s":"Z\u00fcrich"}'), no=('{"s":"Zurich"}', '{"s":"ZÜrich"}')
        ),
        shows(R("EXPR-LIT-14"), r"/s = '\xf0\x9f\x90\x9f'", yes='{"s":"🐟"}', no='{"s":"🐠"}'),
        shows(R("EXPR-LIT-21"), "COALESCE(NULL, /s) = 'ab'", yes='{"s":"ab"}', no='{"s":"a"}'),
        shows(R("EXPR-LIT-21"), "NULL IS NULL", yes='{"s":"ab"}'),
        shows(R("EXPR-LIT-22"), "'' IS NULL", yes='{"s":"ab"}'),
        shows(R("EXPR-LIT-22"), "'' = ''", no='{"s":"ab"}'),
        shows(R("EXPR-LIT-23"), "'ab' = /s", yes='{"s":"ab"}', no='{"s":"a"}'),
        shows(R("EXPR-LIT-24"), "/s LIKE r'b+'", yes='{"s":"ab+c"}', no='{"s":"abbc"}'),
        shows(R("EXPR-LIT-24"), '/s = R"b+"', yes='{"s":"b+"}', no='{"s":"bb"}'),
        shows(R("EXPR-LIT-24"), "/s LIKE R'b+'", yes='{"s":"ab+c"}', no='{"s":"abbc"}'),
        shows(R("EXPR-LIT-25"), r"/s = r'a\tb'", yes=r'{"s":"a\\tb"}', no=(r'{"s":"a\tb"}', '{"s":"atb"}')),
        shows(R("EXPR-LIT-25"), r"/s = r'a\\b'", yes=r'{"s":"a\\\\b"}', no=r'{"s":"a\\b"}'),
    ),
)

ESCAPES: Final = Group(
    name="escapes",
    probes=(
        shows(R("EXPR-LIT-04"), r"/s = 'x\ay'", yes=r'{"s":"x\u0007y"}', no=('{"s":"xay"}', r'{"s":"x\\ay"}')),
        shows(R("EXPR-LIT-05"), r"/s = 'x\by'", yes=r'{"s":"x\by"}', no=('{"s":"xby"}', r'{"s":"x\\by"}')),
        shows(R("EXPR-LIT-06"), r"/s = 'x\ty'", yes=r'{"s":"x\ty"}', no=('{"s":"xty"}', r'{"s":"x\\ty"}')),
        shows(R("EXPR-LIT-07"), r"/s = 'x\ny'", yes=r'{"s":"x\ny"}', no=('{"s":"xny"}', r'{"s":"x\\ny"}')),
        shows(R("EXPR-LIT-08"), r"/s = 'x\fy'", yes=r'{"s":"x\fy"}', no=('{"s":"xfy"}', r'{"s":"x\\fy"}')),
        shows(R("EXPR-LIT-09"), r"/s = 'x\ry'", yes=r'{"s":"x\ry"}', no=('{"s":"xry"}', r'{"s":"x\\ry"}')),
        shows(R("EXPR-LIT-10"), r"/s = '\x41\x6a\x6A'", yes='{"s":"Ajj"}', no=('{"s":"x41x6ax6A"}', '{"s":"AjJ"}')),
        shows(R("EXPR-LIT-10"), r"/s = '\x411'", yes='{"s":"A1"}'),
        shows(R("EXPR-LIT-11"), r"/s = '\101\102'", yes='{"s":"AB"}', no='{"s":"101102"}'),
        shows(R("EXPR-LIT-11"), r"/s = '\1011'", yes='{"s":"A1"}'),
        shows(
            R("EXPR-LIT-12"),
            r"/s = 'a\'b\\c\q'",
            yes=r'{"s":"a' + "'" + r'b\\cq"}',
            no=(r'{"s":"a\\' + "'" + r'b\\\\c\\q"}', '{"s":"a"}'),
        ),
        shows(R("EXPR-LIT-12"), r'/s = "\"\k"', yes=r'{"s":"\"k"}', no='{"s":"k"}'),
    ),
)

NUMBERS: Final = Group(
    name="numbers",
    probes=(
        shows(R("EXPR-LIT-15"), "/n = 151", yes='{"n":151}', no=('{"n":15}', '{"n":-151}')),
        shows(R("EXPR-LIT-16"), "/n = -40", yes='{"n":-40}', no='{"n":40}'),
        shows(R("EXPR-LIT-16"), "/n = -40.5", yes='{"n":-40.5}', no='{"n":40.5}'),
        shows(
            R("EXPR-LIT-17"),
            "/n = 18446744073709551600",
            yes='{"n":18446744073709551600}',
            no=('{"n":-16}', '{"n":9223372036854775807}'),
        ),
        shows(R("EXPR-LIT-17"), "/n = -9223372036854775808", yes='{"n":-9223372036854775808}', no='{"n":-9223372036854775807}'),
        shows(R("EXPR-LIT-17"), "/n = 18446744073709551615", yes='{"n":18446744073709551615}', no='{"n":18446744073709551600}'),
        shows(
            R("EXPR-LIT-18"),
            "/n = 9007199254740993",
            yes='{"n":9007199254740993}',
            no=('{"n":9007199254740992}', '{"n":9007199254740994}'),
        ),
        shows(R("EXPR-LIT-18"), "/n > 9223372036854775806", yes='{"n":9223372036854775807}', no='{"n":9223372036854775806}'),
        shows(R("EXPR-LIT-19"), "/n = 36.5", yes='{"n":36.5}', no=('{"n":36}', '{"n":365}')),
        shows(R("EXPR-LIT-20"), "/n = 25.0e-1", yes='{"n":2.5}', no=('{"n":25}', '{"n":250}')),
        shows(R("EXPR-LIT-20"), "/n = 2.5E3", yes='{"n":2500}', no='{"n":2.5}'),
        shows(R("EXPR-LIT-23"), "5 > /n", yes='{"n":2.5}', no=('{"n":36}', '{"n":365}')),
        shows(R("EXPR-LIT-26"), "/n = 04109", yes='{"n":4109}', no='{"n":2121}'),
        shows(R("EXPR-LIT-26"), "/n = 010", yes='{"n":10}', no='{"n":8}'),
        shows(R("EXPR-TYPE-09"), "/n > 9223372036854775807", yes='{"n":9223372036854775808}', no='{"n":9223372036854775807}'),
        shows(R("EXPR-TYPE-09"), "/n < 0", yes='{"n":-40}', no=('{"n":9223372036854775808}', '{"n":18446744073709551615}')),
    ),
)

DOUBTFUL: Final = (leaves_open(R("EXPR-LIT-27"), "/n = 1e5", '{"n":100000}', taken=False),)
"""Rows of which nothing is demanded."""
