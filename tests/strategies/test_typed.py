"""Typed filters: their texts read as they were meant, Hypothesis can draw and shrink them, and each kind of document has its paths."""

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from reference_model.expression.evaluate import accept, matches
from reference_model.expression.parser import parse
from reference_model.expression.render import render
from reference_model.expression.syntax import Call, Identifier, Like, walk
from reference_model.payload.json import parse as parse_json
from reference_model.payload.json import write
from strategies.atoms import RandomDraws
from strategies.expressions import paths_of, typed_filter
from strategies.typed import document, neighbour, pairs, written
from strategies.typed.values import FIELDS, literal, number_literal, string_of

SOME = settings(max_examples=100, database=None, deadline=None, derandomize=True)
SHRINKING = settings(
    max_examples=300, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)  # fmt: skip


@SOME
@given(pairs())
def test_both_texts_read_as_the_tree(pair):
    for seed in range(3):
        assert parse(written(RandomDraws(str(seed)), pair.expr)) == pair.expr
    assert parse(render(pair.expr)) == pair.expr


@SOME
@given(pairs())
def test_every_server_must_take_them(pair):
    assert accept(render(pair.expr)).refused is False
    assert matches(pair.expr, pair.tree) in {True, False, None}


@pytest.mark.parametrize(
    ("wanted", "nodes_max"),
    [
        (lambda pair: True, 3),
        (lambda pair: matches(pair.expr, pair.tree) is True, 3),
        (lambda pair: any(isinstance(node, Call) for node in walk(pair.expr)), 6),
        (lambda pair: any(isinstance(node, Like) for node in walk(pair.expr)), 6),
    ],
    ids=["any", "one that matches", "a call", "a pattern"],
)
def test_they_shrink(wanted, nodes_max):
    smallest = find(pairs(), wanted, settings=SHRINKING)
    assert len(list(walk(smallest.expr))) <= nodes_max


@pytest.mark.parametrize("seed", range(30))
def test_a_neighbour_differs_in_the_fields_that_were_named(seed):
    draws = RandomDraws(f"neighbour {seed}")
    tree = document(draws)
    other = neighbour(draws, tree, ["i", "s"])
    assert {name: value for name, value in other.items() if name not in {"i", "s"}} == {
        name: value for name, value in tree.items() if name not in {"i", "s"}
    }
    assert parse_json(write(other)) == other


@pytest.mark.parametrize("text", ["ab", "it's", 'say "so"', "é日", "a.b", " a ", "Xy"])
def test_a_text_is_written_as_itself_whatever_the_form(text):
    forms = {string_of(RandomDraws(str(seed)), text) for seed in range(60)}
    assert {form.value for form in forms} == {text.encode()}
    assert len(forms) > 1 or not text.strip().isalpha()


def test_numbers_keep_their_kind():
    assert number_literal(3) == parse("3")
    assert [number_literal(parse_json(text)).text for text in (b"1.5", b"24.0", b"1E+3", b"-0.25")] == [
        "1.5",
        "24.0",
        "1000.0",
        "-0.25",
    ]
    assert literal(r"a\'b").value == b"a'b"


def test_a_document_is_asked_about_what_it_has():
    tree = {"qty": 3, "side": "buy", "who": {"n": 2}, "any": True, "tags": [1], "note": None, "x y": 1}
    assert paths_of(tree) == {
        "number": (Identifier(("qty",)), Identifier(("who", "n"))),
        "text": (Identifier(("side",)),),
        "boolean": (Identifier(("any",)),),
        "array": (Identifier(("tags",)),),
        "nothing": (Identifier(("note",)),),
    }
    assert set(paths_of({})) == set(FIELDS)
    assert all(paths_of({}).values())


@pytest.mark.parametrize("documents", [[], [{}], [{"qty": 1}, {"side": "é", "tags": []}]])
def test_filters_about_documents_compile(documents):
    for seed in range(40):
        assert accept(typed_filter(RandomDraws(f"filter {seed}"), documents)).refused is False
