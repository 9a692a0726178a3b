"""The vocabulary of features and which rules apply to a target."""

import re
from pathlib import Path

import pytest

from conformance.results import Outcome
from conformance.rules import VOCABULARY, applicable, feature_problems, implied, load, missing, standings
from conformance.rules.standing import Excuse, excuses_by_rule, read_excuses

DIGEST = Path(__file__).parents[3] / "docs" / "spec" / "features.md"


def test_the_vocabulary_is_that_of_the_digest():
    named = set(
        re.findall(r"^\| `([a-z0-9-]+)` \|", DIGEST.read_text("utf-8").partition("## Names that were given up")[0], re.MULTILINE)
    )
    assert named == VOCABULARY.keys()


def test_the_vocabulary_speaks_of_itself_only():
    for feature in VOCABULARY.values():
        assert feature.implies | feature.implies_one_of | feature.excludes <= VOCABULARY.keys()
        assert feature.meaning


@pytest.mark.parametrize(
    ("features", "whole"),
    [
        ({"sow"}, {"sow"}),
        ({"join-null"}, {"join-null", "join", "view", "sow"}),
        ({"strict-leasing"}, {"strict-leasing", "queue", "txlog"}),
        ({"client-tcp"}, {"client-tcp", "client"}),
        ({"unheard-of"}, {"unheard-of"}),
        (set(), set()),
    ],
)
def test_implied_features(features, whole):
    assert implied(features) == whole


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ({"sow", "delta"}, []),
        ({"teleport"}, ["'teleport' is no feature"]),
        ({"queue", "no-txlog"}, ["'no-txlog' excludes 'txlog'"]),
        ({"regex-topic", "no-regex-topic"}, ["'no-regex-topic' excludes 'regex-topic'"]),
        ({"expiration"}, ["'expiration' needs one of queue, sow"]),
        ({"expiration", "delta"}, []),
    ],
)
def test_feature_problems(features, said):
    assert feature_problems(features) == said


@pytest.mark.parametrize(
    ("rule", "features", "side", "applies"),
    [
        ("SOW-TOPN-02", {"sow"}, "server", True),
        ("SOW-TOPN-02", {"delta"}, "server", True),  # delta implies sow
        ("SOW-TOPN-02", set(), "server", False),
        ("SOW-TOPN-02", {"sow"}, "client", False),
        ("CLI-CONN-01", {"sow"}, "server", False),
        ("CLI-CONN-01", {"client"}, "client", True),
        ("WIRE-FRAME-01", set(), "server", True),  # both sides
        ("WIRE-FRAME-01", set(), "client", True),
    ],
)
def test_applicable(rule, features, side, applies):
    assert applicable(load()[rule], features, side) is applies


def test_missing_names_what_lacks():
    assert missing(load()["SOW-TOPIC-04"], {"sow"}) == ("conflated-topic",)


@pytest.mark.parametrize(
    ("rule", "idle", "reason"),
    [
        ("SOW-TOPN-02", Outcome.NOT_EXERCISED, None),
        ("SOW-TOPIC-04", Outcome.NOT_APPLICABLE, "needs conflated-topic"),
        ("CLI-CONN-01", Outcome.NOT_APPLICABLE, "needs a client target"),
        ("SOW-REC-01", Outcome.UNCHECKED, "a reason"),
    ],
)
def test_standing_before_anything_has_run(rule, idle, reason):
    found = standings(load(), {"sow"}, excuses=[Excuse(rules="SOW-REC-*", reason="a reason")])
    assert (found[rule].idle, found[rule].reason) == (idle, reason)
    assert list(found) == list(load())


def test_rules_left_out_on_purpose_say_so_unless_another_reason_is_there_already():
    left_out = {"SOW-TOPN-02": "excluded", "SOW-TOPIC-04": "excluded", "SOW-NONE-01": "excluded"}
    found = standings(load(), {"sow"}, excuses=[], left_out=left_out)
    assert (found["SOW-TOPN-02"].idle, found["SOW-TOPN-02"].reason) == (Outcome.UNCHECKED, "excluded")
    assert found["SOW-TOPIC-04"].reason == "needs conflated-topic"
    assert found.keys() == load().keys()


def test_a_client_target_needs_no_excuses():
    found = standings(load(), {"client"}, "client")
    assert found["CLI-CONN-01"].idle is Outcome.NOT_EXERCISED
    assert found["SOW-TOPN-02"].reason == "needs a server target"


def test_excuses_are_one_per_glob():
    excuses = read_excuses('[[unchecked]]\nreason = "r"\nrules = ["SOW-TOPN-*", "SOW-ORD-01"]\n')
    assert [excuse.rules for excuse in excuses] == ["SOW-TOPN-*", "SOW-ORD-01"]
    assert len(excuses_by_rule(load(), excuses)) == 12 + len([rule for rule in load() if rule == "SOW-ORD-01"])
