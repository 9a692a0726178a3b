"""The grammar: what is read, how it groups, where an error is seen, and that any text ends in one of the two, soon."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reference_model.expression.errors import ExpressionError
from reference_model.expression.parser import height_max, nesting_max, parse, read
from reference_model.expression.render import render
from reference_model.expression.syntax import (
    Affix,
    And,
    Arithmetic,
    Between,
    Call,
    Comparison,
    Identifier,
    In,
    Is,
    Like,
    Not,
    Null,
    Number,
    Or,
    String,
    calls,
    references,
)

CANNOT = [
    ("/a = = 1", 6, "expected an operand, found '= 1'"),
    ("(/a = 1", 8, "expected an operator or ')', found the end"),
    ("/a = 1)", 7, "expected an operator or the end, found ')'"),
    ("/a IN (1, 2", 12, "expected ',' or ')', found the end"),
    ("/a IN 1", 7, "expected a list in parentheses, found '1'"),
    ("/a IN ()", 8, "expected an operand, found ')'"),
    ("/a BETWEEN 1", 13, "expected 'AND', found the end"),
    ("/a BETWEEN 1 OR 2", 14, "expected 'AND', found 'OR 2'"),
    ("AND /a = 1", 1, "expected an operand, found 'AND /a = 1'"),
    ("/a >", 5, "expected an operand, found the end"),
    ("/a = 1 /b = 2", 8, "expected an operator or the end, found '/b = 2'"),
    ("/a = 1 OR", 10, "expected an operand, found the end"),
    ("/a[ = 1", 4, "expected a subscript of digits, found ' = 1'"),
    ("[/a = 1", 8, "expected a closing bracket, found the end"),
    ("[] = 1", 2, "expected a path in the brackets, found '] = 1'"),
    ("/a = 'x", 8, "expected a closing quote, found the end"),
    ('/a = "x\\"', 10, "expected a closing quote, found the end"),
    ("/a IS 1", 7, "expected NULL or NAN, found '1'"),
    ("/a NOT = 1", 8, "expected NULL, IN, BETWEEN, LIKE, BEGINS or ENDS, found '= 1'"),
    ("/a LIKE", 8, "expected a quoted pattern, found the end"),
    ("/a BEGINS 'x'", 11, "expected 'WITH', found \"'x'\""),
    ("LENGTH(/a, = 1", 12, "expected an operand, found '= 1'"),
    ("LENGTH(/a = 1", 14, "expected ',' or ')', found the end"),
    ("/a OF 1", 7, "expected CURRENT or PREVIOUS, found '1'"),
    ("[a].[b].[c]./d = 1", 13, "expected at most a message type and a topic before the path, found '/d = 1'"),
]
"""What the documentation leaves no doubt about."""

PERHAPS = [
    ("", 1, "an operand"),
    ("a = 1", 3, "'(' after the name of a function"),
    ("/a = b", 7, "'(' after the name of a function"),
    ("//a = 1", 2, "a name or white space after the slash"),
    ("/*/a = 1", 2, "a name or white space after the slash"),
    ("/a//b = 1", 4, "a name after the slash"),
    ("/a/*/b = 1", 4, "a name after the slash"),
    ("/a[b=1] = 1", 4, "a subscript of digits"),
    ("/a[-1] = 1", 4, "a subscript of digits"),
    ("/a[0]/b = 1", 6, "the subscript at the end of the identifier"),
    ("/a/text() = 'x'", 8, "an operator or the end"),
    ("(/a/text() = 'x')", 9, "an operator or ')'"),
    ("4/2 = 2", 2, "an operator or the end"),
    ("/Salt&Pepper = 1", 6, "an operand or an operator"),
    ("-/a = 1", 1, "an operand"),
    ("/a = NOT /b", 6, "an operand"),
    ("/n = .5", 6, "an operand or an operator"),
    ("/n = 5.", 7, "the end of the number"),
    ("/n = +5", 6, "an operand"),
    ("/n = 0x1F", 7, "the end of the number"),
    ("/n = 1.0e+3", 9, "the end of the number"),
    ("/n = 18446744073709551616", 6, "an integer from -2^63 to 2^64-1"),
    ("/n = -9223372036854775809", 6, "an integer from -2^63 to 2^64-1"),
    ("/n = 1.0e999", 6, "a number in the range of a double"),
    ("/s LIKE /p", 9, "a quoted pattern"),
    ("/s LIKE ('a')", 9, "a quoted pattern"),
    ("/a = 1 and /b =", 16, "an operand"),
    ("/a = 1 && /b = 1", 8, "an operand or an operator"),
    ("/a = 1 foo", 8, "an operator or the end"),
]
"""Forms that are not shown, or to which no reaction is stated."""


@pytest.mark.parametrize(("text", "column", "message"), CANNOT)
def test_error(text, column, message):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert str(caught.value) == f"column {column}: {message}"
    assert (caught.value.source, caught.value.at, caught.value.settled) == (text, column - 1, True)


@pytest.mark.parametrize(("text", "column", "expected"), PERHAPS)
def test_unsettled_error(text, column, expected):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert (caught.value.at + 1, caught.value.expected, caught.value.settled) == (column, expected, False)


A, B, C, D = (Identifier((name,)) for name in "abcd")


def n(text: str) -> Number:
    return Number(text, Decimal(text) if "." in text or "e" in text else int(text))


def s(body: str, value: bytes | None = None, *, raw: bool = False) -> String:
    return String(body, raw, body.encode() if value is None else value)


READ = [
    # identifiers (expressions.md §2)
    ("/a", A),
    ("/a/b", Identifier(("a", "b"))),
    ("/55", Identifier(("55",))),
    ("/0/id", Identifier(("0", "id"))),
    ("/a_b-c.d1", Identifier(("a_b-c.d1",))),
    ("/Root/elem/@attr", Identifier(("Root", "elem", "@attr"))),
    ("/größe", Identifier(("größe",))),
    ("[/Gate No]", Identifier(("Gate No",))),
    ("[/a b/c d]", Identifier(("a b", "c d"))),
    ("/d[9]", Identifier(("d",), 9)),
    ("[/Gate No][1]", Identifier(("Gate No",), 1)),
    ("[Orders].[/cid]", Identifier(("cid",), topic="Orders")),
    ("[nvfix].[/eu/x].[/cid]", Identifier(("cid",), topic="/eu/x", message_type="nvfix")),
    ("[Trips]./car", Identifier(("car",), topic="Trips")),
    ("/a OF CURRENT", Identifier(("a",), version="CURRENT")),
    ("/d[1] OF PREVIOUS", Identifier(("d",), 1, "PREVIOUS")),
    # literals
    ("NULL", Null()),
    ("151", n("151")),
    ("-40", n("-40")),
    ("04109", Number("04109", 4109)),
    ("36.5", n("36.5")),
    ("25.0e-1", n("25.0e-1")),
    ("2.5E3", Number("2.5E3", Decimal(2500))),
    ("18446744073709551615", n("18446744073709551615")),
    ("-9223372036854775808", n("-9223372036854775808")),
    ("'ab c'", s("ab c")),
    ('"ab c"', s("ab c")),
    ('"it\'s"', s("it's")),
    (r"'it\'s'", s(r"it\'s", b"it's")),
    (r"'\a\b\t\n\f\r'", s(r"\a\b\t\n\f\r", b"\x07\x08\t\n\x0c\r")),
    (r"'\x41\x6a\x6A'", s(r"\x41\x6a\x6A", b"Ajj")),
    (r"'\xe9\377'", s(r"\xe9\377", b"\xe9\xff")),
    (r"'\101\102'", s(r"\101\102", b"AB")),
    (r"'a\'b\\c\q'", s(r"a\'b\\c\q", rb"a'b\cq")),
    (r"'\x4\1'", s(r"\x4\1", b"x41")),
    ("'Zürich'", s("Zürich")),
    (r"r'a\tb'", s(r"a\tb", raw=True)),
    (r'R"a\"', s("a\\", raw=True)),
    ("''", s("")),
    # white space
    ("/a\n =\n\t1", Comparison(A, "=", n("1"))),
    (" ( /a ) ", A),
    ("/a=1", Comparison(A, "=", n("1"))),
    ("IF (/a,/b,/c)", Call("IF", (A, B, C))),
    ("/s BEGINS WITH('x')", Affix(Identifier(("s",)), "BEGINS", (s("x"),))),
    # operators
    ("/a == 1", Comparison(A, "==", n("1"))),
    ("/a <> 1", Comparison(A, "<>", n("1"))),
    ("/a-b", Identifier(("a-b",))),
    ("/a - /b", Arithmetic(A, "-", B)),
    ("/a - -3", Arithmetic(A, "-", n("-3"))),
    ("/a / /b", Arithmetic(A, "/", B)),
    ("/a*/b", Arithmetic(A, "*", B)),
    ("/a MOD -4", Arithmetic(A, "MOD", n("-4"))),
    ("UUID7()", Call("UUID7", ())),
    ("CONCAT(/a, 'x', LENGTH(/b))", Call("CONCAT", (A, s("x"), Call("LENGTH", (B,))))),
    # tests
    ("/a IS NULL", Is(A, "NULL")),
    ("/a IS NOT NULL", Is(A, "NULL", negated=True)),
    ("/a IS NAN", Is(A, "NAN")),
    ("/a BETWEEN 1 AND -3", Between(A, n("1"), n("-3"))),
    ("/a NOT BETWEEN 1 AND 3", Between(A, n("1"), n("3"), negated=True)),
    ("/a IN (1, /b)", In(A, (n("1"), B))),
    ("/a NOT IN (1)", In(A, (n("1"),), negated=True)),
    (r"/a LIKE '(.)\1'", Like(A, s(r"(.)\1", b"(.)1"))),
    ("/a LIKE r'N++'", Like(A, s("N++", raw=True))),
    ("/a BEGINS WITH 'x'", Affix(A, "BEGINS", (s("x"),))),
    ("/a NOT ENDS WITH ('x', 'y')", Affix(A, "ENDS", (s("x"), s("y")), negated=True)),
]


@pytest.mark.parametrize(("text", "tree"), READ)
def test_read(text, tree):
    assert read(text).expr == tree
    assert not read(text).doubts
    assert parse(render(tree)) == tree


PRECEDENCE = [
    ("2 + 3 * 4", "(2 + (3 * 4))"),
    ("10 - 8 / 4", "(10 - (8 / 4))"),
    ("10 - 4 - 3", "((10 - 4) - 3)"),
    ("100 / 10 / 5", "((100 / 10) / 5)"),
    ("7 / 2 * 2", "((7 / 2) * 2)"),
    ("(2 + 3) * 4", "((2 + 3) * 4)"),
    ("/a * /b < 1000", "((/a * /b) < 1000)"),
    ("/n MOD 10 = 0", "((/n MOD 10) = 0)"),
    ("NOT /a = 1", "(NOT (/a = 1))"),
    ("NOT NOT /a = 1", "(NOT (NOT (/a = 1)))"),
    ("NOT /d IN (1, 2)", "(NOT (/d IN (1, 2)))"),
    ("NOT /x IS NULL", "(NOT (/x IS NULL))"),
    ("NOT /s LIKE 'x'", "(NOT (/s LIKE 'x'))"),
    ("NOT (/a = 1) AND (/b = 1)", "((NOT (/a = 1)) AND (/b = 1))"),
    ("/a OR /b AND /c", "(/a OR (/b AND /c))"),
    ("/a AND /b OR /c", "((/a AND /b) OR /c)"),
    ("(/a OR /b) AND /c", "((/a OR /b) AND /c)"),
    ("/a OR /b OR /c", "(/a OR /b OR /c)"),
    ("/a OR (/b OR /c)", "(/a OR (/b OR /c))"),
    ("/n BETWEEN 1 AND 3 AND /m = 1", "((/n BETWEEN 1 AND 3) AND (/m = 1))"),
    ("/n BETWEEN /a + 1 AND /b * 2", "(/n BETWEEN (/a + 1) AND (/b * 2))"),
    ("/a + 1 IN (2)", "((/a + 1) IN (2))"),
    ("/a = /b IS NULL", "(/a = (/b IS NULL))"),
    ("/a = 1 AND NOT /b = 2 OR /c = 3", "(((/a = 1) AND (NOT (/b = 2))) OR (/c = 3))"),
    # in doubt
    ("1 < 2 == 1", "(1 < (2 == 1))"),
    ("1 != 2 <= 3 < 4 >= 5 > 6 = 7", "(1 != (2 <= (3 < (4 >= (5 > (6 = 7))))))"),
    ("1 = 2 > 3 >= 4 < 5 <= 6 <> 7", "((((((1 = 2) > 3) >= 4) < 5) <= 6) <> 7)"),
    ("1 < 2 < 3", "((1 < 2) < 3)"),
    ("10 - 7 % 4", "(10 - (7 % 4))"),
    ("7-2", "(7 - 2)"),
]


@pytest.mark.parametrize(("text", "parenthesised"), PRECEDENCE)
def test_precedence(text, parenthesised):
    assert render(parse(text)) == parenthesised
    assert parse(parenthesised) == parse(text)


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("/a = 1 and /b = 1", "EXPR-LOG-21"),
        ("/a In (1)", "EXPR-LOG-21"),
        ("/a NOT NULL", "EXPR-NULL-09"),
        ("/a IS NOT NAN", "EXPR-NAN-04"),
        ("/s NOT LIKE 'a'", "EXPR-LIKE-25"),
        ("/n = 1e5", "EXPR-LIT-27"),
        ("7-2 = 5", "EXPR-NUM-24"),
        ("/n -3 = 4", "EXPR-NUM-24"),
        ("/n -/m = 4", "EXPR-NUM-24"),
        ("1 < 2 == 1", "EXPR-CMP-20"),
        ("10 - 7 % 4 = 7", "EXPR-NUM-22"),
        ("7 % 4 + 1 = 7", "EXPR-NUM-22"),
        ("7 * 4 MOD 3 = 7", "EXPR-NUM-22"),
    ],
)
def test_doubt(text, doubt):
    reading = read(text)
    assert reading.doubts == {doubt}
    assert not read(render(reading.expr)).doubts or doubt in {"EXPR-LIKE-25", "EXPR-NAN-04", "EXPR-LIT-27"}


def test_what_is_referred_to():
    expr = parse("LENGTH([/Gate No]) > /a/b[1] AND IF(/c IN (UPPER(/d)), 1, 2) = [T]./e")
    assert references(expr) == {"/Gate No", "/a/b", "/c", "/d", "/e"}
    assert calls(expr) == {"LENGTH", "IF", "UPPER"}


HOSTILE = [
    "(" * 1_000_000,
    "NOT " * 250_000,
    "NOT(" * 250_000,
    "F(" * 500_000,
    "/a = " * 200_000,
    "1+" * 500_000,
    "/a IN (" * 150_000,
    "IF" * 500_000,
    "/a/" * 300_000,
    "[" * 1_000_000,
    "[a]." * 250_000,
    "/a[" * 300_000,
    "'" + "\\'" * 500_000,
    "1" * 1_000_000,
    "1.0e" + "9" * 1_000_000,
    "/a = 1 OR " * 100_000,
    "-" * 1_000_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:8])
def test_a_megabyte_of_anything_is_refused(text):
    with pytest.raises(ExpressionError):
        parse(text)


def test_a_long_flat_filter_is_read():
    text = " OR ".join(f"/a = {number}" for number in range(5000))
    expr = parse(text)
    assert isinstance(expr, Or)
    assert len(expr.operands) == 5000
    assert parse(render(expr)) == expr


@pytest.mark.parametrize(
    "text",
    [
        "+".join(["1"] * (height_max + 1)),
        "=".join(["1"] * (height_max + 1)),
        "NOT " * height_max + "/a",
        "F(" * height_max + "1" + ")" * height_max,
        "1 IN (" * height_max + "1" + ")" * height_max,
        "/a" + " IS NULL" * height_max,
        "/a AND (/b OR (" * (height_max // 2) + "/c" + "))" * (height_max // 2),
        "(" * (nesting_max - 1) + "1" + ")" * (nesting_max - 1),
    ],
    ids=lambda text: text[:8],
)
def test_the_highest_tree_is_read_again_with_all_its_parentheses(text):
    assert parse(render(parse(text))) == parse(text)
    with pytest.raises(ExpressionError, match="at most"):
        parse("(" + text.replace("1", "(1+1)").replace("/a", "(1+1)").replace("/c", "(1+1)") + ")")


paths = st.lists(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,4}", fullmatch=True), min_size=1, max_size=3).map(tuple)
odd_steps = st.text(st.characters(exclude_characters="]/[", exclude_categories=["Cs"]), min_size=1, max_size=4)
identifiers = st.builds(Identifier, paths | st.lists(odd_steps, min_size=1, max_size=2).map(tuple), st.none() | st.integers(0, 99))
numbers = st.integers(-(2**63), 2**64 - 1).map(lambda value: n(str(value))) | st.from_regex(
    r"-?[0-9]{1,5}\.[0-9]{1,5}(e-?[0-9]{1,2})?", fullmatch=True
).map(n)


def literal(body: str, *, raw: bool) -> String:
    quote = "'" if "'" not in body else '"'
    tree = parse(f"{'r' if raw else ''}{quote}{body}{quote}")
    assert isinstance(tree, String)
    return tree


strings = st.text(st.sampled_from("ab'é.*+ "), max_size=5).map(lambda body: literal(body, raw=False)) | st.text(
    st.sampled_from("ab.\\+"), max_size=5
).map(lambda body: literal(body + "a", raw=True))
escaped = st.lists(st.sampled_from([r"\'", r"\"", r"\\", r"\x41", r"\101", r"\n", r"\q", "a", "'"]), max_size=4).map("".join)
leaves = numbers | strings | escaped.map(lambda body: literal(body.replace("'", r"\'").replace(r"\\'", r"\'"), raw=False)) | identifiers
leaves |= st.just(Null())
negated = st.booleans()


def nodes(inner: st.SearchStrategy) -> st.SearchStrategy:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    chain = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(And, chain),
        st.builds(Or, chain),
        st.builds(Not, inner),
        st.builds(Comparison, inner, st.sampled_from(["=", "==", "!=", "<>", "<", "<=", ">", ">="]), inner),
        st.builds(Arithmetic, inner, st.sampled_from(["+", "-", "*", "/", "%", "MOD"]), inner),
        st.builds(Is, inner, st.sampled_from(["NULL", "NAN"]), negated),
        st.builds(Between, inner, inner, inner, negated),
        st.builds(In, inner, several, negated),
        st.builds(Like, inner, strings, negated),
        st.builds(Affix, inner, st.sampled_from(["BEGINS", "ENDS"]), several, negated),
        st.builds(Call, st.sampled_from(["LENGTH", "IF", "f_1"]), several | st.just(())),
    )


trees = st.recursive(leaves, nodes, max_leaves=10)


@given(trees)
def test_reading_undoes_rendering(tree):
    assert parse(render(tree)) == tree


WORDS = "AND OR NOT IN IS NULL NAN LIKE BETWEEN BEGINS ENDS WITH MOD IF OF CURRENT and LENGTH( /a /b 1 2.5 'x' r'y' [0] é \n \ud800"
pieces = st.sampled_from([*"()[]/,.-+*=<>!'\"\\@% ", *WORDS.split(" "), "[/c d]"])


@given(st.lists(pieces, max_size=25).map(" ".join) | st.lists(pieces, max_size=25).map("".join) | st.text(max_size=25))
@example("\x00")
@example("\u0661")
@example("1\u0661")
def test_any_text_is_a_tree_or_an_error(text):
    try:
        expr = parse(text)
    except ExpressionError as caught:
        error = caught
    else:
        assert parse(render(expr)) == expr
        return
    assert 0 <= error.at <= len(text)
    assert "\n" not in str(error)
