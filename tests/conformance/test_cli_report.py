"""The command report: from run files to every format, shards merged, the exit code of the run, nothing run."""

import json

import pytest
from lxml import etree

from conformance.cli import commands, main
from conformance.results import Conclusion, Finding, RunOutcome, Verdict
from conformance.run_file import RunHeader, RunWriter
from reports.files import FILES, FORMATS

HEADER = RunHeader(
    run="7f21",
    harness="0.1.0",
    edition="5.3.5",
    started_utc="2026-01-01T00:00:00.000+00:00",
    uri="tcp://127.0.0.1:9007/amps/json",
    version="5.3.5.14",
    features=("sow", "delta"),
    profile="smoke",
    seed=7,
)
GOOD = Verdict(scenario="good", exercised={"SOW-QRY-01": 1})
BAD = Verdict(
    scenario="bad",
    exercised={"SOW-TOPN-07": 1},
    findings=(Finding(rule="SOW-TOPN-07", kind="wrong", what="record 1 came", field="/id"),),
)


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")

    def call(*arguments):
        code = main(["report", *map(str, arguments)])
        out, err = capsys.readouterr()
        return code, out, err.splitlines()

    return call


def recorded(path, *verdicts, ended=True):
    with RunWriter(path, HEADER) as writer:
        for verdict in verdicts:
            writer.scenario(origin="smoke", program={}, observation={}, verdict=verdict, counts={"commands": 3}, seconds=0.1)
        if ended:
            writer.footer(Conclusion(applies={RunOutcome.CONFORMING: ()}))
    return path


def test_the_last_run_on_the_terminal(run, tmp_path):
    recorded(tmp_path / "amps-report" / "run.jsonl", BAD)
    code, out, err = run()
    assert (code, err) == (1, [])
    assert out.startswith("amps-conformance 0.1.0   rules of AMPS 5.3.5   profile smoke   seed 7\n")
    assert "\nFAILED  SOW-TOPN-07  " in out
    assert "\nNot conforming: 1 rule failed, 0 deviate." in out


def test_shards_are_merged_into_one_report(run, tmp_path):
    paths = [recorded(tmp_path / "one.jsonl", GOOD), recorded(tmp_path / "two" / "run.jsonl", BAD).parent]
    code, _, err = run(*paths, paths[0], "--report-dir", "all")
    assert (code, err) == (1, [])
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == sorted(FILES)
    summary = json.loads((tmp_path / "all" / "summary.json").read_text("utf-8"))
    assert summary["run"]["scenarios"] == 2, "a file that is named twice counts once"
    assert {rule: summary["rules"][rule]["outcome"] for rule in ("SOW-QRY-01", "SOW-TOPN-07")} == {
        "SOW-QRY-01": "passed",
        "SOW-TOPN-07": "failed",
    }
    assert etree.parse(tmp_path / "all" / "junit.xml").getroot().get("failures") == "1"


def test_parts_of_workers_that_nobody_put_together(run, tmp_path):
    for name in ("gw0", "gw1"):
        recorded(tmp_path / "amps-report" / f"run.{name}.jsonl", GOOD, ended=False)
    code, out, _ = run("amps-report", "--format", "json")
    assert code == 130
    assert json.loads(out)["run"]["scenarios"] == 2


@pytest.mark.parametrize("form", FORMATS)
def test_one_format_to_a_file_or_to_the_output(run, tmp_path, form):
    path = recorded(tmp_path / "run.jsonl", GOOD)
    code, out, err = run(path, "--format", form)
    assert (code, err) == (0, [])
    code, nothing, err = run(path, "--format", form, "-o", "here/file")
    assert (code, nothing, err) == (0, "", [])
    assert (tmp_path / "here" / "file").read_text("utf-8") == out


def test_the_formats_that_help_names():
    assert ("terminal", *FORMATS) == commands.FORMATS


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nowhere"], "cannot read nowhere: No such file or directory"),
        (["empty"], "empty holds no run.jsonl"),
        (["text"], "text is no run file"),
        (["run.jsonl", "-o", "x"], "-o goes with --format"),
    ],
)
def test_mistakes_are_one_line(run, tmp_path, arguments, line):
    recorded(tmp_path / "run.jsonl", GOOD)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("text")
    code, out, err = run(*arguments)
    assert (code, out, len(err)) == (2, "", 1)
    assert line in err[0]


def test_a_file_that_cannot_be_written(run, tmp_path):
    path = recorded(tmp_path / "run.jsonl", GOOD)
    code, _, err = run(path, "--format", "junit", "-o", tmp_path)
    assert (code, len(err)) == (5, 1)
    assert "cannot write" in err[0]
