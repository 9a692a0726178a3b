"""The run file: what is written is of the stated shape, can be read again after any end, and adds up."""

import errno
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from conformance.errors import HarnessError, UsageError
from conformance.results import Conclusion, Finding, Ledger, RunOutcome, Verdict, conclude
from conformance.run_file import Damage, RunHeader, RunWriter, digest, failure_of, failures, read, read_all, records

HEADER = RunHeader(
    run="7f21",
    harness="0.1.0",
    edition="5.3.5",
    started_utc="2026-01-01T00:00:00.000+00:00",
    uri="tcp://127.0.0.1:9007/amps/json",
    version="5.3.5.14",
    features=("sow", "delta"),
    profile="pr",
    seed=2917384,
    required=("SOW-TOPN-07",),
    options={"slots": "0-1"},
)
FINDING = Finding(rule="SOW-TOPN-07", kind="wrong", what="it is \x1b wrong", field="/id", step="s5", events=(4,), connection="a")
GOOD = Verdict(scenario="good", exercised={"SOW-TOPN-07": 1}, choices={"SOW-TOPN-04": {"first": 1}})
BAD = Verdict(scenario="bad", exercised={"SOW-TOPN-07": 1}, findings=(FINDING,))
UNDECIDED = Verdict(scenario="undecided", inconclusive={"SOW-TOPN-07": "foreign publishes"})
SCHEMA = jsonschema.Draft202012Validator(json.loads((files("conformance") / "schemas" / "run.schema.json").read_text("utf-8")))


def scenario(writer, verdict, origin="random", **more):
    values = {
        "program": {"name": "p", "steps": []},
        "observation": {"events": ["\udcff", 1]},
        "counts": {"commands": 3, "received": 7},
        "seconds": 0.0123456789,
    }
    writer.scenario(origin=origin, verdict=verdict, **{**values, **more})


def group():
    ledger = Ledger()
    ledger.add(BAD)
    return next(iter(ledger.groups.values()))


EXPLAINED = {
    **failure_of(group()),
    "times": {"broken": 3, "of": 4},
    "steps": [{"n": 1, "on": "a", "text": "logon", "seen": "ack", "label": "s1"}, {"n": 2, "on": "a", "text": "sow", "seen": ""}],
    "compare": [{"mark": "\u00d7", "expected": "x", "seen": "y", "rule": "SOW-TOPN-07"}],
    "shrunk": {"from": 34, "to": 5, "runs": 41, "seconds": 2.2},
    "program": "programs/SOW-TOPN-07.json",
    "replay": "amps-conformance replay x",
}


def a_run(path, header=HEADER, *, keep="some"):
    with RunWriter(path, header, keep=keep) as writer:
        scenario(writer, GOOD, origin="smoke")
        scenario(writer, GOOD)
        scenario(writer, BAD)
        scenario(writer, UNDECIDED)
        scenario(writer, None, observation=None, error="KeyError 'x'")
        writer.failure(EXPLAINED)
        writer.footer(conclude({}, harness_errors=["p: KeyError 'x'"]))
    return path


def test_every_record_is_of_the_stated_shape(tmp_path):
    lines = a_run(tmp_path / "deep" / "run.jsonl").read_text("ascii").splitlines()
    assert [json.loads(line)["record"] for line in lines] == ["header", *["scenario"] * 5, "failure", "footer"]
    for line in lines:
        SCHEMA.validate(json.loads(line))


@pytest.mark.parametrize(
    ("record", "change"),
    [(0, {"seed": "x"}), (1, {"verdict": {}}), (1, {"n": 0}), (6, {"kind": "odd"}), (7, {"exit_code": 3}), (0, {"extra": 1})],
)
def test_the_schema_refuses_other_shapes(tmp_path, record, change):
    line = json.loads(a_run(tmp_path / "run.jsonl").read_text().splitlines()[record])
    assert not SCHEMA.is_valid({**line, **change})


@pytest.mark.parametrize(("keep", "kept"), [("some", [True, False, True, True, True]), ("all", [True] * 5)])
def test_whole_recordings_for_smoke_and_for_what_did_not_pass(tmp_path, keep, kept):
    found = [r for r in records(a_run(tmp_path / "run.jsonl", keep=keep)) if r["record"] == "scenario"]
    assert ["observation" in record for record in found] == kept
    assert [record["digest"] for record in found] == [digest({"events": ["\udcff", 1]})] * 4 + [None]


def test_what_is_read_adds_up(tmp_path):
    run = read(a_run(tmp_path / "run.jsonl"))
    assert run.header == HEADER
    assert (run.scenarios, run.commands, run.ledger.scenarios) == (5, 15, 4)
    assert run.ledger.exercised == {"SOW-TOPN-07": 3}
    assert run.errors == ["p: KeyError 'x'"]
    assert run.footer["outcome"] == "harness_error"
    assert run.ledger.broken() == {"SOW-TOPN-07"}
    assert failures(run.ledger, run.explained) == ({**EXPLAINED, "record": "failure"},)


def test_the_digest_does_not_depend_on_the_order_of_members():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 2, "b": 1})


def test_a_cut_last_line_is_left_out_and_reported(tmp_path):
    path = a_run(tmp_path / "run.jsonl")
    whole = path.read_bytes()
    cut = len(whole.splitlines(keepends=True)[-1]) - 10
    path.write_bytes(whole[:-cut])
    run = read(path)
    assert run.footer is None
    assert run.scenarios == 5
    assert str(run.damage[0]) == f"{path}: line 8 is cut off; it was left out"


@pytest.mark.parametrize("rubbish", [b"\xff\xfe\n", b"[1]\n", b"{}\n", b"[" * 100_000 + b"\n", b"\n"])
def test_a_damaged_line_is_reported_and_the_rest_read(tmp_path, rubbish):
    path = a_run(tmp_path / "run.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], rubbish, *lines[2:]]))
    run = read(path)
    assert run.damage == [Damage(path=path, line=3, cut=False)]
    assert (run.scenarios, run.footer["exit_code"]) == (5, 5)


def test_records_of_a_later_version_are_passed_over(tmp_path):
    path = a_run(tmp_path / "run.jsonl")
    with path.open("a") as file:
        file.write('{"record": "novelty"}\n')
    assert read(path).scenarios == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot read .*No such file"),
        ("", "is no run file"),
        ('{"record": "scenario"}\n', "is no run file"),
        ("PK\x03\x04\n", "is no run file"),
        ('{"record": "header", "schema_version": 99}\n', "is of version 99, this is version 1"),
        ('{"record": "header", "schema_version": 1}\n', "is no run file of version 1"),
    ],
)
def test_what_is_no_run_file_is_said_in_one_line(tmp_path, text, said):
    path = tmp_path / "run.jsonl"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=said) as error:
        read(path)
    assert "\n" not in str(error.value)


def test_a_record_of_the_wrong_shape_is_said(tmp_path):
    path = a_run(tmp_path / "run.jsonl")
    with path.open("a") as file:
        file.write('{"record": "scenario", "name": 3}\n')
    with pytest.raises(UsageError, match="is no run file of version 1: KeyError"):
        read(path)


KILLED = """
import os, sys, signal
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_run_file import GOOD, HEADER, scenario, RunWriter
writer = RunWriter(Path({path!r}), HEADER)
for _ in range(50):
    scenario(writer, GOOD)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_had_ended_before_kill_9_is_there(tmp_path):
    path = tmp_path / "run.jsonl"
    program = KILLED.format(tests=str(Path(__file__).parent), path=str(path))
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    run = read(path)
    assert (run.scenarios, run.footer, run.damage) == (50, None, [])


def test_files_of_workers_are_read_together(tmp_path):
    one, other = a_run(tmp_path / "run-gw0.jsonl"), a_run(tmp_path / "run-gw1.jsonl", replace(HEADER, seed=2))
    runs = read_all([one, other])
    ledger = Ledger()
    for run in runs:
        ledger.merge(run.ledger)
    (failure,) = failures(ledger, [failure for run in runs for failure in run.explained])
    assert (failure["count"], failure["in_scenarios"], failure["scenarios"]) == (2, 2, ["bad"])
    assert failure["shrunk"]["to"] == 5


def test_the_shorter_explanation_is_kept(tmp_path):
    ledger = read(a_run(tmp_path / "run.jsonl")).ledger
    longer = {**EXPLAINED, "steps": EXPLAINED["steps"] * 3, "what": "longer"}
    bare = {**EXPLAINED, "steps": [], "what": "bare"}
    for order in ([longer, bare, EXPLAINED], [EXPLAINED, longer, bare]):
        assert failures(ledger, order)[0]["what"] == EXPLAINED["what"]


def test_a_new_run_replaces_the_file(tmp_path):
    path = a_run(tmp_path / "run.jsonl")
    RunWriter(path, HEADER).close()
    assert len(path.read_text().splitlines()) == 1


def test_a_place_that_cannot_be_written_to_is_a_usage_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"cannot write .*run.jsonl: "):
        RunWriter(tmp_path / "file" / "run.jsonl", HEADER)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_clear_line(tmp_path):
    with pytest.raises(HarnessError, match="cannot write /dev/full: no space left on the disk"):
        RunWriter(Path("/dev/full"), HEADER)


def test_a_disk_that_fills_up_in_the_middle(tmp_path, monkeypatch):
    writer = RunWriter(tmp_path / "run.jsonl", HEADER)
    written = os.write

    def full(file, data):
        if len(data) > 100:
            return written(file, data[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(HarnessError, match="no space left on the disk"):
        writer.footer(Conclusion(applies={RunOutcome.CONFORMING: ("x" * 20,)}))
    monkeypatch.undo()
    writer.close()
    assert read(tmp_path / "run.jsonl").damage[0].cut
