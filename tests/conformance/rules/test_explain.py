"""A rule told to a reader, and lists of rules."""

import json
import os

import pytest

from conformance.errors import UsageError
from conformance.rules import Excuse, load
from conformance.rules.explain import LastRun, ago, choose, explain, listing, read_last, render
from conformance.rules.index import index

INDEX = index(
    [
        ("reference_model/areas/sow.py", '\n\nX = (R("SOW-TOPN-07"), R("SOW-TOPN-04"))\n'),
        ("conformance/server/mutants.py", 'Mutant(name="skip_n_ignored", breaks=(R("SOW-TOPN-07"),))\n'),
        ("strategies/directed.py", 'Scenario(name="paging-1", exercises=(R("SOW-TOPN-07"),))\n'),
    ]
)
EXCUSES = [Excuse(rules="OOF-REQ-*", reason="not modelled yet")]
LAST = LastRun(
    results={"SOW-TOPN-07": {"outcome": "failed", "exercised": 12, "findings": 3, "reason": "the record 1 came"}},
    folder="amps-report",
    age_s=125,
)


def told(rule, last=None):
    return explain(load(), INDEX, EXCUSES, load().match(rule), last)


def test_a_rule_in_full():
    text = render(told("SOW-TOPN-07", LAST), "text", LAST)
    for line in (
        "SOW-TOPN-07  skip_n skips in the order",
        "  must, documented, tier 1, server, needs sow",
        "Source: User Guide: Querying the SOW, Managing Result Sets",
        "Rests on: SOW-TOPN-03",
        "Predicted in: reference_model/areas/sow.py:3",
        "Broken by: skip_n_ignored",
        "Exercised by: paging-1",
        "Last outcome: failed, exercised 12 times: the record 1 came (amps-report, 2 minutes ago)",
    ):
        assert line in text.splitlines()
    assert "Carries: CMD-SOW-16, " in text
    assert "Unchecked" not in text


@pytest.mark.parametrize(
    ("rule", "state", "reason"),
    [
        ("SOW-TOPN-07", "checked", None),
        ("SOW-TOPN-04", "recorded", None),
        ("OOF-REQ-01", "unchecked", "not modelled yet"),
        ("CLI-LOGON-07", "unchecked", "needs a client target"),
        ("SOW-TOPN-08", "unchecked", "nothing predicts or judges it"),
    ],
)
def test_states(rule, state, reason):
    assert load()["SOW-TOPN-04"].level in {"may", "undefined"}
    (one,) = told(rule)
    assert (one.state, one.reason) == (state, reason)


def test_json_of_one_rule_and_of_many():
    one = json.loads(render(told("SOW-TOPN-07", LAST), "json"))
    assert one["places"]["breaks"] == [{"file": "conformance/server/mutants.py", "line": 1, "within": "skip_n_ignored"}]
    assert (one["breach"], one["last"]["outcome"], one["state"]) == ("failed", "failed", "checked")
    assert len(json.loads(render(told("SOW-TOPN"), "json"))) == 12
    assert len(json.loads(listing(told("SOW-TOPN"), "json"))) == 12


def test_markdown_has_files_without_lines_and_no_markup_of_the_rule():
    text = render(told("SOW-TOPN-07"), "markdown")
    assert "### SOW-TOPN-07\n\n**skip\\_n skips in the order** (must, " in text
    assert "- Predicted in: `reference_model/areas/sow.py`" in text
    assert "- Broken by mutants: `skip_n_ignored`" in text


def test_listings():
    lines = listing(told("SOW-TOPN,OOF-REQ-01", LAST)).splitlines()
    assert lines[-1] == "13 rules"
    assert any(line.startswith("SOW-TOPN-07  skip_n") and line.endswith("; failed)") for line in lines)
    assert any(line.endswith("unchecked: not modelled yet)") for line in lines)
    assert listing(told("SOW-TOPN"), "markdown").count("\n") == 14
    assert listing((), "text") == "0 rules\n"


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"globs": "SOW-TOPN"}, 12),
        ({"globs": "SOW-TOPN", "exclude": "SOW-TOPN-01"}, 11),
        ({"area": "oof"}, 60),
        ({"tier": 1}, 532),
        ({"globs": "SOW-TOPN", "outcome": "failed", "last": LAST}, 1),
        ({"globs": "SOW-TOPN-07", "level": "may"}, 0),
    ],
)
def test_filters(filters, count):
    assert len(choose(load(), **filters)) == count


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"area": "nope"}, "no area 'nope'"),
        ({"outcome": "failed"}, "there is no run"),
        ({"globs": "NOPE"}, "no rule"),
        ({"exclude": "NOPE"}, "no rule"),
    ],
)
def test_filters_that_make_no_sense(filters, said):
    with pytest.raises(UsageError, match=said):
        choose(load(), **filters)


@pytest.mark.parametrize(
    ("age_s", "said"), [(0.2, "just now"), (1, "1 second ago"), (125, "2 minutes ago"), (7300, "2 hours ago"), (9e5, "10 days ago")]
)
def test_ago(age_s, said):
    assert ago(age_s) == said


def test_the_last_run_is_read_from_its_summary(tmp_path):
    assert read_last(tmp_path) is None
    summary = tmp_path / "summary.json"
    summary.write_text(json.dumps({"rules": {"SOW-TOPN-07": {"outcome": "failed"}}}))
    os.utime(summary, (0, 0))
    last = read_last(tmp_path)
    assert last.results["SOW-TOPN-07"]["outcome"] == "failed"
    assert last.age_s > 86_400
    summary.write_text("{")
    with pytest.raises(UsageError, match="cannot read"):
        read_last(tmp_path)
