"""The catalogue: its files are read right, it is consistent, and what is wrong with one is said."""

import time
import tomllib
from dataclasses import replace
from importlib.resources import files

import pytest

from conformance.errors import UsageError
from conformance.results import Outcome
from conformance.rules import Catalogue, load
from conformance.rules.catalogue import problems, read, tables

FILES = sorted((entry for entry in (files("conformance.rules") / "catalogue").iterdir()), key=lambda entry: entry.name)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_reads_as_tomllib_reads_it(file):
    text = file.read_text("utf-8")
    assert tables(text) == tomllib.loads(text)["rule"]


@pytest.mark.parametrize(
    "spelling",
    [
        "text = 'literal'",
        'text = "literal"  # a comment',
        'text = """literal"""',
        'text = "\\U0000006citeral"',
        'text="literal"',
        '"text" = "literal"',
    ],
)
def test_toml_beyond_the_narrow_form_is_read_too(spelling):
    text = f'# head\n\n[[rule]]\nid = "A-B-01"\n{spelling}\n'
    assert tables(text) == [{"id": "A-B-01", "text": "literal"}]


def test_the_catalogue_is_consistent():
    assert problems(load().values()) == []


def test_the_catalogue_is_whole():
    catalogue = load()
    assert len(catalogue) > 2000
    assert catalogue.areas == ("AGG", "BOOK", "CLI", "CMD", "DELTA", "EXPR", "FAULT", "OOF", "QUEUE", "SOW", "SUB", "WIRE")
    rule = catalogue["SOW-TOPN-02"]
    assert (rule.area, rule.topic, rule.core, rule.side) == ("SOW", "SOW-TOPN", True, "server")


def test_loading_is_quick():
    load.cache_clear()
    began = time.process_time()
    load()
    assert time.process_time() - began < 1.0  # 0.1 s here; tomllib alone takes half a second


def a_rule(**changes):
    text = """
[[rule]]
id = "SOW-TOPN-99"
tier = 1
title = "t"
level = "must"
basis = "documented"
side = "server"
text = "x"
observe = "o"
needs = ["sow"]
source = "User Guide: x"
"""
    return replace(read(text.lstrip())[0], **changes)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, Outcome.FAILED),
        ({"level": "default"}, Outcome.FAILED),
        ({"basis": "example", "source": "User Guide: x; Observed: official Python client"}, Outcome.FAILED),
        ({"basis": "example", "source": "Observed: official Python client"}, Outcome.DEVIATES),
        ({"basis": "documented", "source": "Observed: official Python client"}, Outcome.DEVIATES),
        ({"basis": "inferred"}, Outcome.DEVIATES),
        ({"basis": "inferred", "level": "default"}, Outcome.DEVIATES),
        ({"level": "may"}, Outcome.OBSERVED),
        ({"level": "undefined", "basis": "inferred"}, Outcome.OBSERVED),
    ],
)
def test_what_a_breach_means(changes, outcome):
    assert a_rule(**changes).breach is outcome


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "SOW-TOPN"}, "not of the form"),
        ({"level": "should"}, "level is 'should'"),
        ({"basis": "guessed"}, "basis is 'guessed'"),
        ({"side": "proxy"}, "side is 'proxy'"),
        ({"tier": 4}, "tier is 4"),
        ({"title": " "}, "title is empty"),
        ({"needs": frozenset({"sow", "teleport"})}, "needs 'teleport'"),
        ({"needs": frozenset({"client"})}, "do not go together"),
        ({"side": "client"}, "do not go together"),
        ({"rests_on": ("SOW-NONE-01",)}, "rests on SOW-NONE-01, which does not exist"),
        ({"rests_on": ("SOW-TOPN-99",)}, "SOW-TOPN-99 -> SOW-TOPN-99: a rule rests on itself"),
    ],
)
def test_problems_are_said(changes, said):
    (problem,) = problems([a_rule(**changes)])
    assert said in problem


def test_an_id_used_twice_and_a_longer_cycle_are_said():
    one, two = a_rule(rests_on=("SOW-TOPN-98",)), a_rule(id="SOW-TOPN-98", rests_on=("SOW-TOPN-99",))
    assert "used twice" in problems([a_rule(), a_rule()])[0]
    (cycle,) = problems([one, two])
    assert "SOW-TOPN-98 -> " in cycle


@pytest.mark.parametrize(
    ("glob", "count"),
    [
        ("SOW-TOPN-02", 1),
        ("sow-topn-02", 1),
        ("SOW-TOPN", 12),
        ("SOW-TOPN-*", 12),
        ("SOW-TOPN-02, SOW-TOPN-02", 1),
        ("SOW-TOPN,SOW-ORD", 14),
    ],
)
def test_globs(glob, count):
    assert len(load().match(glob)) == count


def test_a_glob_that_names_nothing_is_a_usage_error_with_the_nearest_ids():
    with pytest.raises(UsageError, match=r"no rule is named 'SOW-TOPN-22'; near: .*SOW-TOPN-02"):
        load().match("SOW-TOPN-01,SOW-TOPN-22")


def test_two_rules_of_one_id_make_no_catalogue():
    with pytest.raises(AssertionError):
        Catalogue([a_rule(), a_rule()])
