"""The table of selftest and the page made of it: the committed table fits the code, and each topic of the core has its mutants."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance import detection
from conformance.detection import Reasons, Row
from conformance.rules import load
from conformance.server.mutants import MUTANTS
from reference_model.config import STANDARD

DOCS = Path(__file__).resolve().parents[2] / "docs"
CATALOGUE = load()
BREAKS = {mutant.name: tuple(mutant.breaks) for mutant in MUTANTS.values()}
REASONS = detection.read_reasons((DOCS / "detection-reasons.toml").read_text("utf-8"))

FOUND = Row(
    mutant="skip_n_ignored",
    text="skip_n skips nothing",
    breaks=("SOW-TOPN-07", "SOW-TOPN-10"),
    found=True,
    scenario="paging-pages",
    scenarios=64,
    seconds=1.25,
    blamed={"SOW-TOPN-07": "exact", "CMD-STAT-07": "wrong"},
    seen=("CMD-STAT-07", "SOW-TOPN-07"),
    commands=4,
)
MISSED = replace(FOUND, mutant="top_n_ignored", breaks=("SOW-TOPN-01",), found=False, scenario=None, blamed={}, seen=(), commands=None)


@pytest.fixture(scope="module")
def rows():
    return detection.from_json((DOCS / "detection.json").read_text("utf-8"))


def test_the_table_tells_of_the_mutants_that_there_are(rows):
    """After a change: amps-conformance selftest --whole --table docs/detection.json --mutant NAME"""
    assert {row.mutant: (row.breaks, row.text) for row in rows} == {name: (BREAKS[name], MUTANTS[name].text) for name in MUTANTS}
    assert [row.mutant for row in rows] == list(MUTANTS)


def test_every_topic_of_the_core_has_two_mutants_or_a_reason():
    lacking = detection.lacking(CATALOGUE, STANDARD.features, BREAKS)
    assert lacking.keys() == REASONS.topics.keys(), "a topic with too few mutants and no reason, or a reason for one with enough"


def test_two_mutants_for_each_topic_are_asked_for():
    topics = detection.core_topics(CATALOGUE, STANDARD.features)
    assert {"SOW-TOPN", "EXPR-LIKE", "SUB-UNSUB", "WIRE-FRAME"} <= topics.keys()
    assert detection.lacking(CATALOGUE, STANDARD.features, {}) == dict.fromkeys(topics, 0)
    assert detection.lacking(CATALOGUE, STANDARD.features, {"one": ("SOW-TOPN-07", "SOW-TOPN-10")})["SOW-TOPN"] == 1
    assert "SOW-TOPN" not in detection.lacking(CATALOGUE, STANDARD.features, {"one": ("SOW-TOPN-07",), "two": ("SOW-TOPN-01",)})


def test_reasons_are_for_rules_that_there_are_and_that_nothing_breaks(rows):
    killed = {rule for row in rows for rule in row.killed}
    assert set(REASONS.rules) <= set(CATALOGUE)
    assert not killed & set(REASONS.rules), "a reason for a rule that a mutant was seen to break"
    assert all(reason.strip() for reason in [*REASONS.rules.values(), *REASONS.topics.values()])


def test_a_table_is_read_as_it_was_written():
    assert detection.from_json(detection.to_json([FOUND, MISSED])) == [FOUND, MISSED]
    assert len(detection.to_json([FOUND, MISSED]).splitlines()) == 4
    for broken in ("[", "[1]", '[{"mutant": "a"}]'):
        with pytest.raises(ValueError, match=r"row|Expecting"):
            detection.from_json(broken)


def test_new_rows_take_the_place_of_old_ones():
    newer = replace(FOUND, seconds=9.0)
    gone = replace(FOUND, mutant="renamed_since")
    assert detection.merged([gone, MISSED, FOUND], [newer], ["skip_n_ignored", "top_n_ignored"]) == [newer, MISSED]


def test_the_page_tells_what_was_found_and_what_was_not():
    states = dict.fromkeys(CATALOGUE, "checked")
    page = detection.page([FOUND, MISSED], CATALOGUE, STANDARD.features, states, Reasons(topics={}, rules={}), "<!-- made -->")
    assert "| mutants | 2 |" in page
    assert "| found | 1 (50.0 %) |" in page
    assert "Not found, since nothing checks what they break yet: `top_n_ignored`." in page
    assert "### SOW-TOPN: 1 of " in page
    assert "| `skip_n_ignored` | skip_n skips nothing | SOW-TOPN-07 SOW-TOPN-10 (not seen) | paging-pages, 1.2 s |" in page
    assert "SOW-TOPN-07 (CMD-STAT-07) |" in page
    assert "| [SOW-TOPN-10](rules/sow.md#sow-topn-10) " in page
    assert "no reason is stated" in page
