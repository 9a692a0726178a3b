"""20,000 pairs of an expression and a document: the model's evaluator and the server's say the same; what the pairs are made of."""

import sys

import pytest

from conformance import evaluators
from conformance.evaluators import compare, documents_each, kinds
from reference_model.expression.evaluate.functions import FUNCTIONS
from reference_model.expression.parser import parse

PAIRS = 20_000
OPEN_MAX = 0.25
"""More pairs that decide nothing would make the comparison a weak one."""

NODES = {
    "Number", "String", "Null", "Identifier", "Call", "Not", "And", "Or", "Comparison", "Arithmetic", "Is", "Between", "In", "Like",
    "Affix",
}  # fmt: skip
FORMS = {
    "=", "==", "!=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "MOD", "IS NULL", "IS NOT NULL", "IS NAN",
    "NOT IN", "NOT BETWEEN", "BEGINS WITH", "NOT BEGINS WITH", "ENDS WITH", "NOT ENDS WITH", "LIKE raw", "subscript", "nested path",
    "bracketed path", "plain path", "raw string", "plain string", "escape",
}  # fmt: skip
CALLS = {f"{name}()" for name in (*FUNCTIONS, "IF", "COALESCE", "REGEXP_MATCH", "REGEXP_REPLACE")}
REACHED_LEAST = 10
"""Expressions of each kind, of the 4,000 there are."""


@pytest.fixture(scope="module")
def tally():
    found = compare(3, 0, PAIRS // documents_each)
    counts = ", ".join(f"{name} {count}" for name, count in sorted(found.reached.items(), key=lambda item: -item[1]))
    sys.stdout.write(f"{counts}\nown documents {dict(found.own)}, all {dict(found.selected)}\n")
    return found


def test_the_evaluators_agree(tally):
    assert tally.pairs == PAIRS
    assert not tally.disagreements, "\n".join(tally.shown)


def test_about_half_match(tally):
    assert 0.35 <= tally.own[True] / sum(tally.own.values()) <= 0.65
    decided = tally.selected[True] + tally.selected[False]
    assert 0.35 <= tally.selected[True] / decided <= 0.65
    assert tally.selected[None] / tally.pairs <= OPEN_MAX


@pytest.mark.parametrize("kind", sorted(NODES | FORMS | CALLS))
def test_every_kind_is_reached(tally, kind):
    assert tally.reached[kind] >= REACHED_LEAST


SLIPS = [
    ("what a NULL is compared to", "rank", lambda rank: lambda one, other: 0 if one is None else rank(one, other)),
    ("how texts are ordered", "rank", lambda rank: lambda one, other: -(rank(other, one) or 0) if one != other else 1),
    ("what a truth is", "to_truth", lambda truth: lambda value: truth(value) is not False),
    ("what a text says", "to_text", lambda text: lambda value: (text(value) or b"")[1:] or None),
]


@pytest.mark.parametrize(("function", "change"), [slip[1:] for slip in SLIPS], ids=[slip[0] for slip in SLIPS])
def test_a_slip_of_one_side_is_seen(monkeypatch, function, change):
    from conformance.server import language

    monkeypatch.setattr(language, function, change(getattr(language, function)))
    found = compare(3, 0, 200)
    assert found.disagreements
    assert found.shown


def test_a_text_that_is_read_otherwise_is_seen(monkeypatch):
    monkeypatch.setattr(evaluators, "written", lambda _, __: "/i = 1 OR /j = 2")
    assert compare(3, 0, 3).disagreements == 3


def test_what_the_server_refuses_is_seen(monkeypatch):
    monkeypatch.setattr("conformance.server.filters.FUNCTIONS", {})
    assert any("refuses" in text for text in compare(3, 0, 60).shown)


def test_the_same_again_and_from_the_middle():
    assert compare(8, 5, 3) == compare(8, 5, 3)
    whole, first, second = compare(8, 0, 6), compare(8, 0, 4), compare(8, 4, 2)
    first.add(second)
    assert whole == first


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/a NOT IN (1)", {"In", "NOT IN", "Identifier", "plain path", "Number"}),
        ("/a/b[1] LIKE r'x'", {"Like", "LIKE raw", "Identifier", "subscript", "String", "raw string"}),
        ("[/a b] MOD 2 = ABS(1)", {"Comparison", "=", "Arithmetic", "MOD", "Identifier", "bracketed path", "Number", "Call", "ABS()"}),
        (r"/a/b NOT ENDS WITH ('\x61')", {"Affix", "NOT ENDS WITH", "Identifier", "nested path", "String", "escape"}),
    ],
)
def test_what_an_expression_is_made_of(text, said):
    assert set(kinds(parse(text))) == said
