"""`summary.json` has the promised shape and tells every rule; reports of run files and of a live ledger agree."""

import json
from dataclasses import replace
from importlib.resources import files

import jsonschema
import pytest

from conformance.errors import HarnessError, UsageError
from conformance.results import Finding, Ledger, Outcome, Verdict
from conformance.rules import load
from conformance.run_file import RunHeader, RunWriter
from reports.files import write_file
from reports.record import from_files, from_ledger
from reports.summary import summary, summary_text

HEADER = RunHeader(
    run="7f21",
    harness="0.1.0",
    edition="5.3.5",
    started_utc="2026-01-01T00:00:00.000+00:00",
    uri="tcp://127.0.0.1:9007/amps/json",
    version=None,
    features=("sow", "delta"),
    profile="smoke",
    seed=7,
    required=("SOW-TOPN-01",),
)
WRONG = Finding(rule="SOW-TOPN-07", kind="wrong", what="it is \x1b\udcff wrong", field="/id")
VERDICTS = [
    Verdict(
        scenario="one",
        exercised={"SOW-TOPN-07": 2, "SOW-TOPN-01": 1},
        findings=(WRONG, replace(WRONG, rule="SOW-TOPN-01", masked_by="SOW-TOPN-07")),
    ),
    Verdict(scenario="two", exercised={"SOW-TOPN-07": 1, "SOW-QRY-01": 1}, choices={"SOW-TOPN-04": {"first": 1}}),
]
SCHEMA = jsonschema.Draft202012Validator(json.loads((files("conformance") / "schemas" / "summary.schema.json").read_text("utf-8")))


def live(verdicts=VERDICTS, header=HEADER, **more):
    ledger = Ledger()
    for verdict in verdicts:
        ledger.add(verdict)
    return from_ledger(header, ledger, **{"seconds": 1.5, "commands": 3 * len(verdicts), **more})


def recorded(path, verdicts=VERDICTS, header=HEADER, *, footer=True):
    with RunWriter(path, header) as writer:
        for verdict in verdicts:
            writer.scenario(origin="smoke", program={}, observation={}, verdict=verdict, counts={"commands": 3}, seconds=0.1)
        if footer:
            writer.footer(live(verdicts, header).conclusion)
    return path


def test_the_promised_shape():
    found = summary(live())
    SCHEMA.validate(found)
    assert list(found) == ["schema_version", "outcome", "target", "run", "totals", "rules"]
    assert found["outcome"] == "nonconforming"
    assert found["target"] == {"uri": "tcp://127.0.0.1:9007/amps/json", "version": None, "features": ["sow", "delta"]}
    assert found["run"] == {"profile": "smoke", "seed": 7, "scenarios": 2, "commands": 6, "seconds": 1.5}
    assert found["rules"].keys() == load().keys()
    assert found["rules"]["SOW-TOPN-07"] == {"outcome": "failed", "exercised": 3, "findings": 1, "reason": "it is \x1b\udcff wrong"}
    assert found["rules"]["SOW-TOPN-01"]["outcome"] == "inconclusive"
    assert found["rules"]["QUEUE-SUB-01"]["outcome"] == "not_applicable"


def test_totals_count_every_rule_once_in_each_view():
    found = summary(live())["totals"]
    words = {outcome.word for outcome in Outcome}
    assert found.keys() == words | {"by_level", "by_area", "by_tier"}
    assert sum(found[word] for word in words) == len(load())
    for view in ("by_level", "by_area", "by_tier"):
        for word in words:
            assert sum(counts[word] for counts in found[view].values()) == found[word]
    assert found["failed"] == found["by_area"]["SOW"]["failed"] == found["by_tier"]["1"]["failed"] == 1


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("interrupted", "outcome"),
        ({}, "target"),
        ({"x": 1}, "run"),
        ({"SOW-TOPN-07": {"outcome": "fine"}}, "rules"),
        (2, "schema_version"),
    ],
)
def test_the_schema_refuses_other_shapes(change, where):
    assert not SCHEMA.is_valid({**summary(live()), where: change})


def test_it_is_written_whole_and_replaced(tmp_path):
    path = tmp_path / "new" / "summary.json"
    assert write_file(path, "old") == path
    write_file(path, summary_text(live()))
    assert json.loads(path.read_text()) == summary(live())
    assert [entry.name for entry in path.parent.iterdir()] == ["summary.json"]


def test_a_place_that_cannot_be_written_to_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HarnessError, match=r"cannot write .*summary.json"):
        write_file(tmp_path / "file" / "summary.json", "")


def rules_of(report):
    return summary(report)["rules"]


def test_run_files_tell_what_the_live_run_told(tmp_path):
    report = from_files([recorded(tmp_path / "run.jsonl")])
    assert rules_of(report) == rules_of(live())
    assert report.conclusion == live().conclusion
    assert report.failures == live().failures
    assert (report.scenarios, report.commands) == (2, 6)


def test_workers_merge_to_the_whole_run(tmp_path):
    paths = [recorded(tmp_path / f"run-gw{n}.jsonl", [verdict]) for n, verdict in enumerate(VERDICTS)]
    for order in (paths, paths[::-1]):
        report = from_files(order)
        assert rules_of(report) == rules_of(live())
        assert report.conclusion.applies == live().conclusion.applies
        seconds = [from_files([path]).seconds for path in paths]
        assert report.seconds == max(seconds)  # they ran beside each other


def test_variants_merge_by_maximum(tmp_path):
    log = replace(HEADER, run="2", features=("sow", "delta", "txlog"), required=())
    paths = [recorded(tmp_path / "a.jsonl"), recorded(tmp_path / "b.jsonl", [VERDICTS[1]], log)]
    report = from_files(paths)
    assert report.features == ("sow", "delta", "txlog")
    assert report.results["SOW-TOPN-07"].exercised == 4
    assert report.results["BOOK-START-01"].outcome is Outcome.UNCHECKED


def test_rules_left_out_on_purpose_are_told_with_their_reason(tmp_path):
    header = replace(HEADER, options={"left_out": {"excluded by --exclude": ["SOW-BATCH-01"]}})
    for report in (live(header=header), from_files([recorded(tmp_path / "run.jsonl", header=header)])):
        assert summary(report)["rules"]["SOW-BATCH-01"]["outcome"] == "unchecked"
        assert summary(report)["rules"]["SOW-BATCH-01"]["reason"] == "excluded by --exclude"


def test_a_run_that_was_killed_is_interrupted(tmp_path):
    report = from_files([recorded(tmp_path / "run.jsonl", footer=False)])
    assert report.conclusion.exit_code == 130
    assert summary(report)["outcome"] == "nonconforming"
    good = from_files([recorded(tmp_path / "good.jsonl", VERDICTS[1:], footer=False)])
    assert summary(good)["outcome"] == "not_measured"


def test_damage_is_passed_on(tmp_path):
    path = recorded(tmp_path / "run.jsonl")
    path.write_bytes(path.read_bytes() + b"{")
    assert from_files([path]).damage == (f"{path}: line 5 is cut off; it was left out",)


def test_a_verdict_on_what_is_no_rule_is_an_error_of_ours(tmp_path):
    verdicts = [Verdict(scenario="odd", exercised={"SOW-TOPN-01": 1, "SOW-ODD-01": 1})]
    for report in (live(verdicts), from_files([recorded(tmp_path / "run.jsonl", verdicts)])):
        assert report.conclusion.harness_errors == ("SOW-ODD-01 was judged and is no rule of the catalogue",)
        assert report.conclusion.exit_code == 5


def test_no_files_are_no_report():
    with pytest.raises(UsageError, match="no run file"):
        from_files([])


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"harness_errors": ["boom"]}, "nonconforming"),
        ({"interrupted": True}, "nonconforming"),
        ({"verdicts": VERDICTS[1:], "unmeasured": ["nothing listens"]}, "not_measured"),
        ({"verdicts": VERDICTS[1:], "harness_errors": ["boom"]}, "harness_error"),
        ({"verdicts": VERDICTS[1:], "interrupted": True}, "not_measured"),
        ({"verdicts": VERDICTS[1:], "header": replace(HEADER, required=())}, "conforming"),
        ({"verdicts": VERDICTS[1:]}, "not_measured"),
        ({"verdicts": []}, "not_measured"),
    ],
)
def test_outcomes(more, outcome):
    found = summary(live(**more))
    SCHEMA.validate(found)
    assert found["outcome"] == outcome
