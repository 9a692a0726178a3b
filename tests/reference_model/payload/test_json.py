"""JSON bodies: what is read, what is refused, and that writing undoes reading."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_model.payload.json import PayloadError, depth_max, digits_max, parse, write

READ = [
    (b'{"a":1}', {"a": 1}),
    (b' {"a" : [1, 2.50, true, false, null, "x"] }\n', {"a": [1, Decimal("2.50"), True, False, None, "x"]}),
    (b'{"n":18446744073709551600}', {"n": 18446744073709551600}),
    (b'{"c":1,"d":0,"c":2}', {"c": 1, "d": 0}),
    (b'{"c":1,"d":0,"c":{"x":1}}', {"c": 1, "d": 0}),
    (b'{"s":"\\u0041\\ud83d\\ude00\\n"}', {"s": "A\U0001f600\n"}),
    ('{"s":"Zürich"}'.encode(), {"s": "Zürich"}),
    (b'{"s":"\\u0000"}', {"s": "\x00"}),
    (b"[1e5,1E-2,0.10]", [Decimal("1e5"), Decimal("0.01"), Decimal("0.10")]),
    (b'"x"', "x"),
    (b"-0", 0),
]

REFUSED = [
    (b"", "at character 0"),
    (b"{", "at character 1"),
    (b'{"a":1}}', "Extra data at character 7"),
    (b'{"a":1} x', "Extra data at character 8"),
    (b'{"a":NaN}', "NaN is no JSON value"),
    (b'{"a":Infinity}', "Infinity is no JSON value"),
    (b'{"a":-Infinity}', "-Infinity is no JSON value"),
    (b'{"a":01}', "at character 6"),
    (b'{"a":.5}', "at character 5"),
    (b"{'a':1}", "at character 1"),
    (b'{"a":"x\ny"}', "control character"),
    (b'{"a":"x\x00y"}', "control character"),
    (b'{"a":"\xff"}', "byte 6 is no UTF-8"),
    (b'{"a":"\xed\xa0\x80"}', "byte 6 is no UTF-8"),
    (b'\xef\xbb\xbf{"a":1}', "Expecting value at character 0"),
    (b'{"a":"\\q"}', "escape"),
    (b'{"a":1,}', "at character"),
    (b"1" * (digits_max + 1), "more than 4000 digits"),
    (b"1e9999999999999999999", "more than 18 digits"),
    (b"[" * (depth_max + 1) + b"]" * (depth_max + 1), "nested more than 200 deep at character 200"),
    (b'{"a":' * 500_000, "nested more than 200 deep"),
    (b"[" * 1_000_000, "nested more than 200 deep"),
]


@pytest.mark.parametrize(("body", "tree"), READ)
def test_read(body, tree):
    assert parse(body) == tree


@pytest.mark.parametrize(("body", "reason"), REFUSED, ids=lambda value: str(value)[:30])
def test_refused(body, reason):
    with pytest.raises(PayloadError, match=reason):
        parse(body)


def test_first_of_equal_names_keeps_its_place():
    assert list(parse(b'{"c":1,"d":0,"c":2}')) == ["c", "d"]


def test_brackets_in_strings_are_no_depth():
    assert parse(b'["' + b"[" * 1000 + b'"]') == ["[" * 1000]
    assert parse(b'["\\"' + b"{" * 1000 + b'"]') == ['"' + "{" * 1000]


def test_deepest_allowed_body_is_read_and_written():
    body = b"[" * depth_max + b"]" * depth_max
    assert write(parse(body)) == body


@pytest.mark.parametrize("number", ["1e999999999", "1e-999999999", "-1.5e999999999999999999", "0.0e999999999"])
def test_absurd_exponents_stay_small(number):
    start = time.perf_counter()
    tree = parse(f'{{"n":{number}}}'.encode())
    assert tree == {"n": Decimal(number)}
    assert parse(write(tree)) == tree
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    ("tree", "body"),
    [
        ({"a": [1, "x", None, True, {}]}, b'{"a":[1,"x",null,true,{}]}'),
        ({"s": "Zürich\t\x00"}, '{"s":"Zürich\\t\\u0000"}'.encode()),
        (Decimal("1.50"), b"1.50"),
        (Decimal(100), b"100.0"),
        (Decimal("1e5"), b"1E+5"),
        ("\ud800", b'"\\ud800"'),
        ([], b"[]"),
    ],
)
def test_written(tree, body):
    assert write(tree) == body
    assert parse(body) == tree


def nest(depth: int) -> object:
    tree: object = []
    for _ in range(depth):
        tree = [tree]
    return tree


@pytest.mark.parametrize("tree", [1.5, {1: 2}, {"a": (1,)}, b"x", Decimal("NaN"), Decimal("Infinity"), 10**digits_max, nest(5000)])
def test_no_tree(tree):
    with pytest.raises(PayloadError):
        write(tree)


def kinds(tree: object) -> object:
    """The tree with the type of every scalar beside it: 1 and 1.0 and True are equal in Python."""
    if isinstance(tree, dict):
        return {name: kinds(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [kinds(item) for item in tree]
    return (type(tree), tree)


trees = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(trees)
def test_reading_undoes_writing(tree):
    assert kinds(parse(write(tree))) == kinds(tree)


@given(st.binary(max_size=40) | st.text(st.sampled_from('{}[]",:\\u0123ntrfalse.-+eE '), max_size=40).map(str.encode))
def test_any_bytes_are_a_tree_or_an_error(body):
    try:
        tree = parse(body)
    except PayloadError:
        return
    assert kinds(parse(write(tree))) == kinds(tree)
