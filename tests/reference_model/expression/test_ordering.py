"""Order by over documents (expressions.md §11)."""

from __future__ import annotations

import functools
import random

import pytest

from reference_model.expression.evaluate import compare_for_order
from reference_model.expression.order import parse_order_by
from reference_model.payload.json import parse


@pytest.mark.parametrize(
    ("order", "bodies"),
    [
        ("/n", ['{"n":1}', '{"n":2}', '{"n":3}']),
        ("/n ASC", ['{"n":-1}', '{"n":2.5}', '{"n":3}']),
        ("/n DESC", ['{"n":3}', '{"n":2}', '{"n":1}']),
        ("/code", ['{"code":9}', '{"code":10}', '{"code":100}']),
        ("/code DESC", ['{"code":100}', '{"code":10}', '{"code":9}']),
        ("/code TEXT", ['{"code":10}', '{"code":100}', '{"code":9}']),
        ("/code DESC TEXT", ['{"code":9}', '{"code":100}', '{"code":10}']),
        ("/s TEXT", ['{"s":"10"}', '{"s":100}', '{"s":"9"}', '{"s":"a"}']),
        ("/day DESC, /name", ['{"day":2,"name":"a"}', '{"day":2,"name":"b"}', '{"day":1,"name":"a"}']),
        ("/s", ['{"s":"A"}', '{"s":"B"}', '{"s":"a"}', '{"s":"b"}']),
        ("/a/b DESC", ['{"a":{"b":3}}', '{"a":{"b":2}}', '{"a":{"b":1}}']),
    ],
)
def test_sorted(order, bodies):
    terms = parse_order_by(order)
    documents = [parse(body.encode()) for body in bodies]
    shuffled = random.Random(order).sample(documents, len(documents))
    assert sorted(shuffled, key=functools.cmp_to_key(lambda a, b: compare_for_order(terms, a, b))) == documents


@pytest.mark.parametrize(
    ("order", "one", "other", "result"),
    [
        ("/n", '{"n":1}', '{"n":1.0,"m":2}', 0),
        ("/n, /m", '{"n":1,"m":1}', '{"n":1.0,"m":2}', -1),
        ("/n", "{}", '{"n":1}', None),
        ("/n", '{"n":null}', '{"n":1}', None),
        ("/n", '{"n":5}', '{"n":"x"}', None),
        ("/n", '{"n":5}', '{"n":"20"}', None),
        ("/n", '{"n":"10"}', '{"n":"9"}', None),
        ("/n", '{"n":[1,2]}', '{"n":3}', None),
        ("/n", '{"n":true}', '{"n":false}', None),
        ("/d[1]", '{"d":[9,1]}', '{"d":[8,2]}', None),
        ("/n TEXT", '{"n":1.50}', '{"n":"1.5"}', None),
        ("/n, /m", '{"n":1,"m":1}', '{"n":2}', -1),
        ("/n, /m", '{"m":1}', '{"m":2}', None),
        ("/n", '{"n":{"x":1}}', '{"n":2}', None),
    ],
)
def test_two_documents(order, one, other, result):
    terms = parse_order_by(order)
    assert compare_for_order(terms, parse(one.encode()), parse(other.encode())) == result
    back = compare_for_order(terms, parse(other.encode()), parse(one.encode()))
    assert back == (None if result is None else -result)
