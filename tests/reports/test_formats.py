"""JUnit, CTRF and Markdown: valid, one test for each rule, red where the run is red, and text stays text."""

import json
from pathlib import Path

import jsonschema
import pytest
from lxml import etree
from made import CHOSEN, DEVIATES, FAILED, MASKED, PASSED, finding, hostile, rich

from conformance.known import KnownFailure
from conformance.results import Ledger, Verdict
from conformance.rules import load
from reports.ctrf import ctrf
from reports.junit import junit
from reports.markdown import BYTES_MAX, markdown
from reports.record import from_ledger

XSD = etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))
TEXT = {"type": "string", "minLength": 1}
TOOL = {"type": "object", "required": ["name"], "properties": {"name": TEXT, "version": TEXT}, "additionalProperties": False}
CTRF = jsonschema.Draft202012Validator(
    {
        "type": "object",
        "required": ["reportFormat", "specVersion", "results"],
        "additionalProperties": False,
        "properties": {
            "reportFormat": {"const": "CTRF"},
            "specVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
            "generatedBy": TEXT,
            "results": {
                "type": "object",
                "required": ["tool", "summary", "tests"],
                "additionalProperties": False,
                "properties": {
                    "tool": TOOL,
                    "summary": {
                        "type": "object",
                        "required": ["tests", "passed", "failed", "skipped", "pending", "other", "start", "stop"],
                        "additionalProperties": {"type": "integer", "minimum": 0},
                    },
                    "tests": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["name", "status", "duration"],
                            "additionalProperties": False,
                            "properties": {
                                "name": TEXT,
                                "status": {"enum": ["passed", "failed", "skipped", "pending", "other"]},
                                "duration": {"type": "integer"},
                                "suite": {"type": "array", "minItems": 1, "items": TEXT},
                                "message": TEXT,
                                "trace": TEXT,
                                "rawStatus": TEXT,
                                "tags": {"type": "array", "items": TEXT},
                            },
                        },
                    },
                    "environment": {
                        "type": "object",
                        "properties": {"appName": TEXT, "appVersion": TEXT, "extra": {"type": "object"}},
                        "additionalProperties": False,
                    },
                },
            },
        },
    }
)
"""The members of a CTRF report that ours has, with the types of the specification (ctrf.io)."""

EVERYTHING = {
    "plain": {},
    "strict": {"strict": True},
    "hostile": {"text": hostile},
    "trouble": {"unmeasured": ["the slot was lost"], "harness_errors": ["rnd-3: boom\x1b"], "interrupted": True},
}


def cases(report):
    root = etree.fromstring(junit(report).encode())
    XSD.assertValid(root)
    return {case.get("name").partition(" ")[0]: case for case in root.iter("testcase")}, root


@pytest.mark.parametrize("more", EVERYTHING.values(), ids=EVERYTHING)
def test_junit_is_valid_with_a_testcase_for_each_rule(more):
    found, root = cases(rich(**more))
    assert load().keys() <= found.keys()
    tags = [child.tag for case in root.iter("testcase") for child in case]
    assert int(root.get("tests")) == len(list(root.iter("testcase")))
    assert (int(root.get("failures")), int(root.get("errors"))) == (tags.count("failure"), tags.count("error"))
    for suite in root:
        assert int(suite.get("skipped")) == len(list(suite.iter("skipped")))


@pytest.mark.parametrize(
    ("rule", "tag", "message"),
    [
        (FAILED, "failure", "failed: record 1 came"),
        (DEVIATES, "skipped", "deviates: not as implied"),
        (MASKED, "skipped", f"inconclusive: masked by {FAILED}"),
        ("SOW-QRY-21", "skipped", "inconclusive: somebody else published"),
        (CHOSEN, "skipped", "observed: success without (3 times); failure (1 time)"),
        ("CMD-ACK-01", "skipped", "not exercised: nothing in this run put it to the test"),
        ("QUEUE-SUB-01", "skipped", "not applicable: needs queue"),
    ],
)
def test_what_junit_and_ctrf_say_of_a_rule(rule, tag, message):
    [told] = cases(rich())[0][rule]
    assert (told.tag, told.get("message"), told.get("type")) == (tag, message, message.partition(":")[0].replace(" ", "_"))
    [test] = [test for test in json.loads(ctrf(rich()))["results"]["tests"] if test["name"].startswith(rule)]
    assert test["message"] == message
    assert (test["status"] == "failed") == (tag == "failure")


def test_a_failure_carries_its_whole_story():
    text = cases(rich())[0][FAILED][0].text
    assert "Source: User Guide" in text
    assert 'sow {"id":2,"qty":1}  sow {"id":1,"qty":1}  SOW-TOPN-07' in text
    assert "replay  amps-conformance replay programs/x.json --target tcp://amps.test:9007/amps/json" in text


def test_a_passed_rule_is_bare():
    assert len(cases(rich())[0][PASSED]) == 0


def test_deviations_are_red_if_strict():
    assert cases(rich(strict=True))[0][DEVIATES][0].tag == "failure"
    [test] = [test for test in json.loads(ctrf(rich(strict=True)))["results"]["tests"] if test["name"].startswith(DEVIATES)]
    assert test["status"] == "failed"


def test_a_known_failure_is_skipped_and_a_pass_against_it_fails():
    known = (
        KnownFailure(rule=FAILED, covers=(FAILED,), reason="nobody\x1b pages", url="https://issues.test/7", expires="2031-01-31"),
        KnownFailure(rule=PASSED, covers=(PASSED,), reason="it was broken"),
    )
    report = rich(known=known)
    found, root = cases(report)
    assert root.get("failures") == "1"
    [failing], [passing] = found[FAILED], found[PASSED]
    assert (failing.tag, failing.get("type"), passing.tag, passing.get("type")) == (
        "skipped",
        "known_failing",
        "failure",
        "unexpected_pass",
    )
    said = r"known failing: nobody\x1b pages (https://issues.test/7; until 2031-01-31); failed: record 1 came"
    assert failing.get("message") == said
    assert "Source: User Guide" in failing.text
    tests = {test["name"].partition(" ")[0]: test for test in json.loads(ctrf(report))["results"]["tests"]}
    assert [(tests[rule]["status"], tests[rule]["rawStatus"]) for rule in (FAILED, PASSED)] == [
        ("skipped", "known_failing"),
        ("failed", "unexpected_pass"),
    ]
    assert f"FAILED `{FAILED}`" not in markdown(report)


def test_trouble_that_belongs_to_no_rule_is_an_error():
    _, root = cases(rich(**EVERYTHING["trouble"]))
    errors = [(error.get("type"), error.get("message")) for error in root[0].iter("error")]
    assert errors == [("interrupted", "interrupted"), ("harness_error", r"rnd-3: boom\x1b"), ("not_measured", "the slot was lost")]
    tests = json.loads(ctrf(rich(**EVERYTHING["trouble"])))["results"]["tests"]
    assert [test["rawStatus"] for test in tests if test["suite"] == ["run"]] == ["interrupted", "harness_error", "not_measured"]


@pytest.mark.parametrize("more", EVERYTHING.values(), ids=EVERYTHING)
def test_ctrf_has_the_shape_of_its_specification(more):
    found = json.loads(ctrf(rich(**more)))
    CTRF.validate(found)
    summary, tests = found["results"]["summary"], found["results"]["tests"]
    statuses = [test["status"] for test in tests]
    assert summary["tests"] == len(tests)
    assert {name: summary[name] for name in set(statuses)} == {name: statuses.count(name) for name in set(statuses)}
    assert summary["stop"] - summary["start"] == 3100


def test_hostile_text_stays_text():
    report = rich(text=hostile)
    for text in (junit(report), ctrf(report), markdown(report)):
        text.encode()
        assert not set(text) & {*map(chr, range(9)), "\x1b", "\x7f", "\x85", "\u202e", "\ufeff", "\u2028", "\r"}
    assert "<script" not in junit(report)
    outside = []
    fence = None
    for line in markdown(report).splitlines():
        ticks = line[: len(line) - len(line.lstrip("`"))]
        if fence is None and len(ticks) >= 3:
            fence = ticks
        elif fence is not None:
            fence = None if line == fence else fence
        else:
            outside.append(line)
    assert fence is None
    for line in outside:
        if "<script" in line:
            assert line.startswith(("* `", "* target `", "Replay: `", "* profile `"))


def test_markdown_ends_with_the_outcome_and_the_line_that_replays():
    lines = markdown(rich()).splitlines()
    assert lines[0].startswith("# Not conforming: 1 rule failed, 1 deviates")
    assert lines[-3].startswith("**Not conforming: 1 rule failed, 1 deviates")
    assert lines[-1] == "Replay: `amps-conformance replay programs/x.json --target tcp://amps.test:9007/amps/json`"
    assert any(line.startswith("| SOW | 1 |") for line in lines)
    assert markdown(from_ledger(rich().header, Ledger(), seconds=0, commands=0)).splitlines()[-1].startswith("**Not measured")


def test_markdown_stays_small_however_much_fails():
    ledger = Ledger()
    rules = [rule.id for rule in load().values()]
    for n in range(4):
        findings = tuple(finding(rule, what="x" * 2000, field=f"/{n}", expected="é" * 3000, seen="`" * 500) for rule in rules)
        ledger.add(Verdict(scenario="s" * 300, exercised=dict.fromkeys(rules, 1), findings=findings))
    report = from_ledger(rich().header, ledger, seconds=1, commands=1, harness_errors=["e" * 5000] * 500)
    text = markdown(report)
    assert 300_000 < len(text.encode()) < BYTES_MAX == 900_000
    assert "the page `index.html` tells all of them in full" in text
    assert text.splitlines()[-1].startswith("**Not conforming")
