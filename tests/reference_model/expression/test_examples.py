"""Every worked row of expressions.md §14, §9.1 and §10 against the model's evaluator: their results stand in the document."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from reference_model.expression.evaluate import accept, apply_select, matches, select_doubts
from reference_model.expression.parser import parse as parse_filter
from reference_model.expression.render import render
from reference_model.expression.select import parse_select
from reference_model.expression.topics import is_regex, topic_matches
from reference_model.payload.json import parse

SPEC = (Path(__file__).parents[3] / "docs" / "spec" / "expressions.md").read_text(encoding="utf-8")

NOT_COMPUTED = {"POWER", "SQRT", "WIDTH_BUCKET", "GEO_DISTANCE", "STRFTIME", "MESSAGE_SIZE"}
"""Functions whose results the model leaves open."""


def rows(pattern: str) -> list[tuple[str, ...]]:
    return [
        tuple(cell.replace("\\|", "|") for cell in found.groups())
        for line in SPEC.splitlines()
        if (found := re.fullmatch(pattern, line))
    ]


EXAMPLES = rows(r"\| (\d+) \| `(.*?)` \| `(.*)` \| (true|false|error|silent) \| \S+ \|")
TOPICS = rows(r"\| (`[^`]+`) \| (`.*`) \| (`.*`) \| EXPR-TOP-\d+ \|")
SELECTS = rows(r"\| `\[(.*)\]` \| `(.*)` \| EXPR-SEL-\d+ \|")


def verdict(message: str, text: str) -> str:
    acceptance = accept(text)
    if acceptance.refused:
        return "error"
    if acceptance.refused is None or acceptance.expr is None:
        return "silent"
    return {True: "true", False: "false", None: "silent"}[matches(acceptance.expr, parse(message.encode()))]


def test_the_document_has_the_rows():
    assert (len(EXAMPLES), len(TOPICS), len(SELECTS)) == (255, 16, 14)


@pytest.mark.parametrize(("number", "message", "text", "result"), EXAMPLES, ids=[row[0] for row in EXAMPLES])
def test_example(number, message, text, result):
    computed = not any(f"{name}(" in text for name in NOT_COMPUTED)
    assert verdict(message, text) == (result if computed else "silent")


@pytest.mark.parametrize(
    ("number", "message", "text", "result"),
    [row for row in EXAMPLES if row[3] in {"true", "false"}],
    ids=[row[0] for row in EXAMPLES if row[3] in {"true", "false"}],
)
def test_parentheses_change_nothing(number, message, text, result):
    expr = parse_filter(text)
    assert parse_filter(render(expr)) == expr
    assert verdict(message, render(expr)) == verdict(message, text)


@pytest.mark.parametrize(("topic", "matching", "others"), TOPICS, ids=[row[0] for row in TOPICS])
def test_topic(topic, matching, others):
    topic = topic.strip("`")

    def takes(name: str) -> bool:
        return topic_matches(topic, name) if is_regex(topic) else topic == name

    assert {name: takes(name) for name in re.findall("`([^`]+)`", matching)} == dict.fromkeys(re.findall("`([^`]+)`", matching), True)
    assert {name: takes(name) for name in re.findall("`([^`]+)`", others)} == dict.fromkeys(re.findall("`([^`]+)`", others), False)


MESSAGE = {"id": 7, "who": "Ada", "memo": "late", "bag": {"left": "key", "right": {"coin": 3, "pen": 1}}}


@pytest.mark.parametrize(("text", "delivered"), SELECTS, ids=[row[0] for row in SELECTS])
def test_select(text, delivered):
    directives = parse_select(text)
    expected = MESSAGE if delivered == "unchanged" else json.loads(delivered)
    assert apply_select(directives, MESSAGE) == expected
    assert not select_doubts(directives, MESSAGE)


@pytest.mark.parametrize(
    ("message", "lists", "delivered"),
    [
        ({"a": 1, "b": 2}, ["-/a", "+/a"], {"b": 2}),
        ({"a": 1, "b": 2}, ["-/,+/b"], {"b": 2}),
        ({"a": 1, "b": 2, "c": {"x": 1, "y": 2, "z": 3}}, ["-/,+/b,+/c/y", "-/,+/c/x,+/c/y"], {"c": {"y": 2}}),
    ],
)
def test_one_select_list_after_another(message, lists, delivered):
    for text in lists:
        message = apply_select(parse_select(text), message)
    assert message == delivered


@pytest.mark.parametrize(
    ("message", "text", "delivered", "doubts"),
    [
        ({"id": 1}, "-/", {}, {"EXPR-SEL-23"}),
        ({"id": 1, "c": {"y": 1}}, "-/c,+/c/x", {"id": 1}, {"EXPR-SEL-23"}),
        ({"l": [{"x": 1, "y": 2}]}, "-/l/x", {"l": [{"x": 1, "y": 2}]}, {"EXPR-SEL-24"}),
        ({"l": [1], "e": {}}, "+/l", {"l": [1], "e": {}}, set()),
        ([1], "-/", [1], set()),
    ],
)
def test_what_select_leaves_open(message, text, delivered, doubts):
    directives = parse_select(text)
    assert apply_select(directives, message) == delivered
    assert select_doubts(directives, message) == doubts
