"""The examples of expressions.md §14 as they stand there: the message, the filter, whether it matches; and what has no row there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.server.documents import Document
from conformance.server.filters import BadFilterError, Filter
from conformance.server.scene import Scene

CHAPTER = Path(__file__).parents[3] / "docs" / "spec" / "expressions.md"
ROW = re.compile(r"^\| (\d+) \| `(.*)` \| `(.*)` \| (true|false|error|silent) \| (EXPR-[A-Z]+-\d+) \|$", re.MULTILINE)
EXAMPLES = [tuple(cell.replace(r"\|", "|") for cell in row) for row in ROW.findall(CHAPTER.read_text(encoding="utf-8"))]


def outcome(filter_text, body, **manner):
    try:
        compiled = Filter(filter_text, **manner)
    except BadFilterError:
        return "error"
    data = body if isinstance(body, bytes) else body.encode()
    return "true" if compiled.matches(Scene(document=Document(data), topic="t", now=0.0)) else "false"


def test_the_table_is_there():
    assert len(EXAMPLES) >= 255
    assert {row[3] for row in EXAMPLES} == {"true", "false", "error", "silent"}


@pytest.mark.parametrize("null_is_false", [True, False])
@pytest.mark.parametrize("row", EXAMPLES, ids=[row[0] for row in EXAMPLES])
def test_example(row, null_is_false):
    """Rows that the documentation leaves open only have to give some answer; the others hold in both readings of NULL."""
    _, body, text, expected, _ = row
    got = outcome(text, body, null_is_false=null_is_false)
    assert expected in {got, "silent"}


@pytest.mark.parametrize(
    ("text", "body", "as_false", "as_null"),
    [
        ("/nope = 1 OR /b = 1", '{"b":1}', "true", "false"),
        ("NOT (/nope = 1)", "{}", "true", "false"),
        ("/nope NOT IN (1)", "{}", "true", "false"),
        ("/p IN (NULL, 'a')", '{"p":"a"}', "true", "false"),
        ("/p IN ('a', NULL)", '{"p":"a"}', "true", "true"),
        ("/nope != 1", "{}", "false", "false"),
        ("/s NOT LIKE 'a'", "{}", "true", "false"),
    ],
)
def test_both_readings_of_a_comparison_with_null(text, body, as_false, as_null):
    """expressions.md §5.3, the table"""
    assert outcome(text, body, null_is_false=True) == as_false
    assert outcome(text, body, null_is_false=False) == as_null


@pytest.mark.parametrize(
    ("text", "body", "expected"),
    [
        ("/a = 1", "no json", "false"),
        ("/a IS NULL", b"\xff", "true"),
        ("/a IS NULL", "[1,2]", "true"),
        ("/n = 99999999999999999999999", '{"n":99999999999999999999999}', "error"),
        ("/n > 18446744073709551615", '{"n":99999999999999999999999}', "true"),
        ("/n = 9007199254740993", '{"n":9007199254740992.0}', "false"),
        ("/s = '\\xc3\\xa9'", '{"s":"é"}', "true"),
        ("/s = 'a\\x00b'", '{"s":"a\\u0000b"}', "true"),
        ("/s LIKE '^(a+)+$'", '{"s":"' + "a" * 5000 + 'b"}', "false"),
        ("/a + 18446744073709551615 > 18446744073709551615", '{"a":1}', "true"),
        ("CRC32('123456789') = 3808858755", "{}", "true"),
        ("COALESCE(/a, /b)[0] = 1", "{}", "error"),
        ("[/Topic].[/a] = 1", "{}", "error"),
        ("/a OF PREVIOUS = 1", "{}", "error"),
        ("IF(/a, 1) = 1", "{}", "error"),
        ("ARRAY_SUM(/d) = 6 AND ARRAY_COUNT(/d) = 3", '{"d":[1,2,3]}', "true"),
        ("STRPTIME('2001-09-09', '%Y-%m-%d') = 999993600", "{}", "true"),
        ("UUID7() != UUID7()", "{}", "true"),
        ("POWER(10, 400) IS NAN AND SQRT(0 - 1) IS NAN AND EXP(1000) IS NAN", "{}", "true"),
    ],
)
def test_odd_values(text, body, expected):
    assert outcome(text, body) == expected


@pytest.mark.parametrize(
    ("text", "unsure"), [("UNIX_TIMESTAMP() > 1", True), ("/a = 1", False), ("IF(last_read() > 1, 1, 2) = 1", True)]
)
def test_functions_that_are_not_deterministic(text, unsure):
    assert Filter(text).unsure is unsure
