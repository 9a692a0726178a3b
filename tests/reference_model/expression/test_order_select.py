"""Order by and select lists: syntax only."""

from __future__ import annotations

import pytest

from reference_model.expression.errors import ExpressionError
from reference_model.expression.order import OrderTerm, parse_order_by
from reference_model.expression.select import Directive, parse_select
from reference_model.expression.syntax import Identifier


def term(path: str, *, descending: bool = False, as_text: bool = False) -> OrderTerm:
    return OrderTerm(identifier=Identifier(tuple(path.split("/")[1:])), descending=descending, as_text=as_text)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("/n", [term("/n")]),
        ("/n ASC", [term("/n")]),
        ("/n DESC", [term("/n", descending=True)]),
        ("/code TEXT", [term("/code", as_text=True)]),
        ("/code DESC TEXT", [term("/code", descending=True, as_text=True)]),
        ("/day DESC, /name ASC", [term("/day", descending=True), term("/name")]),
        ("/a/b DESC,/c", [term("/a/b", descending=True), term("/c")]),
        (" [/Gate No] DESC , /x ", [term("/Gate No", descending=True), term("/x")]),
        ("/d[1]", [OrderTerm(identifier=Identifier(("d",), 1))]),
    ],
)
def test_order_by(text, terms):
    assert parse_order_by(text) == tuple(terms)


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("", 1, "an identifier"),
        ("n", 1, "an identifier"),
        ("/n UP", 4, "ASC, DESC, TEXT, ',' or the end"),
        ("/n asc", 4, "ASC, DESC, TEXT, ',' or the end"),
        ("/n TEXT DESC", 9, "ASC, DESC, TEXT, ',' or the end"),
        ("/a + /b", 4, "ASC, DESC, TEXT, ',' or the end"),
        ("/a,", 4, "an identifier"),
        ("/a,,/b", 4, "an identifier"),
        ("/a//b", 4, "a name after the slash"),
        ("/field/[ASC|DESC]", 8, "a name after the slash"),
    ],
)
def test_no_order_by(text, column, expected):
    with pytest.raises(ExpressionError) as caught:
        parse_order_by(text)
    assert (caught.value.at + 1, caught.value.expected, caught.value.settled) == (column, expected, False)


@pytest.mark.parametrize(
    ("text", "directives"),
    [
        ("-/,+/id,+/memo", [(False, ()), (True, ("id",)), (True, ("memo",))]),
        ("-/bag", [(False, ("bag",))]),
        ("+/,-/bag,-/memo", [(True, ()), (False, ("bag",)), (False, ("memo",))]),
        ("-/,+/bag/right/pen", [(False, ()), (True, ("bag", "right", "pen"))]),
        ("-/who,+/who", [(False, ("who",)), (True, ("who",))]),
        ("+/id,-/", [(True, ("id",)), (False, ())]),
        (" -/ , +[/Gate No] ", [(False, ()), (True, ("Gate No",))]),
        ("-/a-b", [(False, ("a-b",))]),
    ],
)
def test_select(text, directives):
    assert parse_select(text) == tuple(Directive(*one) for one in directives)


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("", 1, "'+' or '-'"),
        ("/id", 1, "'+' or '-'"),
        ("-", 2, "a path"),
        ("- /id", 2, "a path"),
        ("-/id,", 6, "'+' or '-'"),
        ("-/id +/a", 6, "',' or the end"),
        ("-//a", 3, "a name after the slash"),
        ("-/l[0]", 4, "',' or the end"),
    ],
)
def test_no_select(text, column, expected):
    with pytest.raises(ExpressionError) as caught:
        parse_select(text)
    assert (caught.value.at + 1, caught.value.expected, caught.value.settled) == (column, expected, False)
