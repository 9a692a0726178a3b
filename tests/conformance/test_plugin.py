"""The pytest plugin and the suites, each time in a pytest of its own: ids, marks, exit codes, workers, other projects."""

import ast
import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from conformance.config_file import expand
from conformance.run.programs import directed
from conformance.server.embedded import EmbeddedServer
from conformance.suites.collecting import area_of
from reference_model.config import STANDARD
from reports.files import FILES

ROOT = Path(__file__).resolve().parents[2]

SUITES = ROOT / "conformance" / "suites"
DEADLINE_S = 120.0
INSTALLED = any(entry.value == "conformance.plugin" for entry in importlib.metadata.entry_points(group="pytest11"))


@pytest.fixture
def healthy():
    with EmbeddedServer(expand(STANDARD, range(3)), seed=5) as server:
        yield f"127.0.0.1:{server.port}"


@pytest.fixture
def broken():
    with EmbeddedServer(expand(STANDARD, range(3)), seed=5, mutants=["skip_n_ignored"]) as server:
        yield f"127.0.0.1:{server.port}"


@pytest.fixture
def started(tmp_path):
    """Start a pytest in an empty folder; `suite` names a module of the suites by way of --pyargs."""

    def start(*arguments, suite="paging"):
        modules = ["--pyargs", f"conformance.suites.test_{suite}"] if suite else []
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *([] if INSTALLED else ["-p", "conformance.plugin"])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(tmp_path))), "COLUMNS": "200"}
        for name in ("CI", "BUILD_NUMBER", "PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTHONDONTWRITEBYTECODE"):
            environment.pop(name, None)
        return subprocess.Popen(
            [*command, "--strict-markers", "-W", "error", *modules, *arguments],
            cwd=tmp_path,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    return start


@pytest.fixture
def run(started):
    """Run a pytest to its end: (exit code, output)."""

    def call(*arguments, suite="paging"):
        process = started(*arguments, suite=suite)
        output, _ = process.communicate(timeout=DEADLINE_S)
        return process.returncode, output

    return call


def summary(folder):
    return json.loads((folder / "amps-report" / "summary.json").read_text("utf-8"))


def records(folder):
    return [json.loads(line) for line in (folder / "amps-report" / "run.jsonl").read_text("utf-8").splitlines()]


def verdicts(folder):
    """The outcome of each rule. (How often a rule was exercised depends on batches, which are the server's choice.)"""
    return {rule: result["outcome"] for rule, result in summary(folder)["rules"].items()}


def names(folder):
    """The scenarios of the run file, sorted."""
    return sorted(record["name"] for record in records(folder) if record["record"] == "scenario")


# ---- verdicts ----------------------------------------------------------------------------------------------------------------


def test_each_worker_has_a_slot_and_no_verdict_is_lost(run, tmp_path, healthy):
    code, output = run(f"--target={healthy}", "--amps-seed=3")
    assert code == 0, output
    alone, ran = verdicts(tmp_path), names(tmp_path)
    assert alone["SOW-TOPN-07"] == "passed"
    assert ran == sorted(scenario.name for scenario in directed() if area_of(scenario) == "paging")
    code, output = run(f"--target={healthy}", "--amps-seed=3", "-n", "2")
    assert code == 0, output
    assert (verdicts(tmp_path), names(tmp_path)) == (alone, ran)
    assert sorted(path.name for path in (tmp_path / "amps-report").iterdir()) == sorted(["run.jsonl", *FILES])
    validator = Draft202012Validator(json.loads(files("conformance").joinpath("schemas/run.schema.json").read_text("utf-8")))
    whole = records(tmp_path)
    for record in whole:
        validator.validate(record)
    assert [record["record"] for record in whole[:: len(whole) - 1]] == ["header", "footer"]
    topics = {record["observation"]["topics"] for record in whole if record["record"] == "scenario"}
    assert topics == {"amct_s00_", "amct_s01_"}
    assert "amps-report/index.html" in output


def test_a_broken_rule_fails_its_items_with_the_story_and_without_a_traceback(run, tmp_path, broken):
    code, output = run(f"--target={broken}", "--junitxml=junit.xml", "-ra")
    assert code == 1
    kinds = [record for record in records(tmp_path) if record["record"] == "failure" and record["rule"] == "SOW-TOPN-07"]
    assert output.count("FAILED  SOW-TOPN-07  skip_n skips in the order   must, documented") == len(kinds), "each kind in full once"
    assert "FAILED  SOW-TOPN-07  skip_n skips in the order   as in paging-pages" in output
    assert "expected     seen" in output
    assert "replay  amps-conformance replay amps-report/programs/SOW-TOPN-07-" in output
    assert "Traceback" not in output
    assert "measuring.py" not in output
    assert "] - SOW-TOPN-07 skip_n skips in the order: " in output, "the summary of pytest says it in one line"
    assert "DEVIATES  SOW-TOPN-14" in output
    assert 'message="SOW-TOPN-07 skip_n skips in the order: ' in (tmp_path / "junit.xml").read_text("utf-8")
    assert summary(tmp_path)["rules"]["SOW-TOPN-07"]["outcome"] == "failed"


def test_the_same_from_two_workers(run, tmp_path, broken):
    code, output = run(f"--target={broken}", "-n", "2")
    assert code == 1
    assert "FAILED  SOW-TOPN-07  skip_n skips in the order   must, documented" in output
    assert "Traceback" not in output
    failures = [record for record in records(tmp_path) if record["record"] == "failure"]
    assert {"SOW-TOPN-07", "SOW-TOPN-14"} <= {failure["rule"] for failure in failures}


def test_a_deviation_is_red_only_if_strict(run, broken):
    chosen = ("-k", "SOW-TOPN-14", f"--target={broken}")
    assert run(*chosen)[0] == 0
    code, output = run(*chosen, "--amps-strict")
    assert code == 1
    assert "SOW-TOPN-14 Filter applies before the limits" in output


def test_without_a_target_a_server_is_started_once(run, tmp_path):
    code, output = run("-n", "2", "--amps-seed=3")
    assert code == 0, output
    assert "a server of our own, profile smoke, --amps-seed 3" in output
    uri = records(tmp_path)[0]["target"]["uri"]
    assert uri.startswith("tcp://127.0.0.1:")
    assert run(f"--target={uri}")[0] == 4, "it has ended with the session"


def test_random_items_share_the_time(run, tmp_path):
    code, output = run("--amps-profile=pr", "--amps-time-limit=3s", "--amps-seed=5", suite="random")
    assert code == 0, output
    assert "1 passed" in output
    ran = names(tmp_path)
    assert "random-5-0" in ran
    assert len(ran) == len(set(ran)) > 1
    assert run("--amps-profile=smoke", suite="random")[0] == 4, "in smoke that module has no items"


def test_a_connection_string_with_a_password(run, tmp_path, broken):
    code, output = run(f"--target=tcp://user:hunter2hunter2@{broken}/amps/json", "-n", "2")
    assert code == 1
    written = [path.read_text("utf-8") for path in (tmp_path / "amps-report").rglob("*") if path.is_file()]
    assert not [text for text in (output, *written) if "hunter2hunter2" in text]


# ---- what is not measured ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_an_unreachable_target(run, tmp_path, workers):
    code, output = run("--target=127.0.0.1:9", "-q", *workers)
    assert code == 4
    assert "ERROR: Not measured: nothing listens on 127.0.0.1:9 (connection refused)" in output
    assert "Traceback" not in output
    assert len(output.splitlines()) <= 5, output
    assert summary(tmp_path)["outcome"] == "not_measured"


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("--target=nowhere", "a host and a port are needed"),
        ("--amps-slots=4-2", "'4-2' names no slots"),
        ("--amps-time-limit=soon", "'soon' is no duration"),
        ("--amps-timeout-scale=0", "--amps-timeout-scale must be greater than 0"),
        ("--amps-target-config=absent.xml", "absent.xml"),
        ("--amps-profile=quick", "invalid choice"),
    ],
)
def test_an_option_that_makes_no_sense(run, option, line):
    code, output = run(option)
    assert code == 4
    assert line in output
    assert "Traceback" not in output


def test_more_workers_than_slots(run, healthy):
    code, output = run(f"--target={healthy}", "--amps-slots=1", "-n", "2")
    assert code == 4
    assert "--amps-slots 1: no slot is left for worker gw1" in output
    assert "Traceback" not in output


PATCHES = {
    "mistake": "import conformance.run.bench as bench\ndef judge(*args):\n    raise ZeroDivisionError('oops')\nbench.judge = judge\n",
    "gone": """
from conformance.errors import UnreachableError
from conformance.run.bench import Bench
examine, seen = Bench.examine, []
def dying(bench, scenario):
    seen.append(scenario)
    if len(seen) == 3:
        raise UnreachableError("the target is gone")
    return examine(bench, scenario)
Bench.examine = dying
""",
    "death": """
import os
from conformance.run.bench import Bench
examine = Bench.examine
def dying(bench, scenario):
    if scenario.name == "paging-pages":
        os._exit(9)
    return examine(bench, scenario)
Bench.examine = dying
""",
}


@pytest.fixture
def patched(tmp_path):
    """A plugin that puts something wrong into the pytest that is run: its name."""

    def write(name):
        (tmp_path / f"patch_{name}.py").write_text(f"def pytest_sessionstart():\n    exec({PATCHES[name]!r}, {{}})\n")
        return f"patch_{name}"

    return write


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_mistake_of_ours_is_no_verdict(run, tmp_path, healthy, patched, workers):
    code, output = run(f"--target={healthy}", "-p", patched("mistake"), *workers)
    assert code == 3
    assert "has no verdict, and it is not the target's fault: judge: ZeroDivisionError: oops" in output
    assert "Traceback" not in output
    assert "Traceback" in (tmp_path / "amps-report" / "crash.txt").read_text("utf-8")
    assert summary(tmp_path)["outcome"] == "harness_error"


def test_a_target_that_goes_away(run, tmp_path, healthy, patched):
    code, output = run(f"--target={healthy}", "-p", patched("gone"))
    assert code == 4
    assert output.count("Not measured: the target is gone") >= 2, "at its item and in the end"
    assert "2 passed" in output
    assert "1 failed" in output
    assert [record["record"] for record in records(tmp_path)] == ["header", "scenario", "scenario", "footer"]


def test_a_worker_that_dies(run, tmp_path, healthy, patched):
    code, output = run(f"--target={healthy}", "-p", patched("death"), "-n", "2")
    assert code == 3
    assert "crashed while running" in output
    assert set(names(tmp_path)) == {scenario.name for scenario in directed() if area_of(scenario) == "paging"} - {"paging-pages"}
    assert summary(tmp_path)["outcome"] == "harness_error"
    assert run(f"--target={healthy}", "--amps-slots=0-2", "-n", "2")[0] == 0, "no slot is left in use"


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_an_interrupted_session(started, run, tmp_path, healthy, workers):
    process = started(
        f"--target={healthy}", "--amps-profile=pr", "--amps-time-limit=100s", "--amps-report-dir=report", *workers, suite="random"
    )
    until = time.monotonic() + DEADLINE_S
    while not any(path.read_bytes().count(b"\n") > 3 for path in (tmp_path / "report").glob("run*.jsonl")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 2, output
    found = [json.loads(line) for line in (tmp_path / "report" / "run.jsonl").read_text("utf-8").splitlines()]
    assert found[-1]["outcome"] == "interrupted"
    assert len(found) > 3
    assert run(f"--target={healthy}", "--amps-slots=0-1", *workers)[0] == 0, "its slots are free again"


# ---- items -------------------------------------------------------------------------------------------------------------------


def test_items_are_chosen_by_rule_and_by_mark(run):
    code, output = run("--collect-only", "-q", "-k", "SOW-TOPN-07", suite="")
    assert code != 0, "no argument leads to the suites"
    code, output = run("--collect-only", "-q", "-k", "SOW-TOPN-07")
    assert code == 0
    assert "::test_paging[paging-pages:SOW-TOPN-07+" in output
    code, output = run("--collect-only", "-q", "-m", "area_SOW and tier1 and level_must and feature_sow and not area_CMD")
    assert code == 0
    assert "SOW-TOPN" in output
    assert "CMD-STAT" not in output
    assert "@pytest.mark.area_SOW: " in run("--markers")[1]


def test_every_area_of_the_directed_scenarios_has_its_module():
    named = {
        node.args[0].value
        for path in SUITES.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "scenarios_of"
    }
    assert named == {area_of(scenario) for scenario in directed()}


# ---- other projects ----------------------------------------------------------------------------------------------------------

OTHER = """
import sys

def test_other(request):
    assert request.config.getoption("target") == "mine"
    loaded = [name for name in sys.modules if name.startswith(("conformance", "reference_model", "strategies", "reports"))]
    assert sorted(loaded) == ["conformance", "conformance.plugin"]
"""


def test_a_project_with_an_option_of_that_name(run, tmp_path):
    (tmp_path / "conftest.py").write_text("def pytest_addoption(parser):\n    parser.addoption('--target', default='mine')\n")
    (tmp_path / "test_other.py").write_text(OTHER)
    code, output = run(suite="")
    assert code == 0, output
    assert "amps" not in output.replace("amps-conformance-", "").partition("collected")[2]


def test_a_plugin_with_an_option_of_that_name(run, tmp_path):
    (tmp_path / "late.py").write_text("def pytest_addoption(parser):\n    parser.getgroup('z').addoption('--target', default='mine')\n")
    (tmp_path / "test_other.py").write_text(OTHER)
    code, output = run("-p", "late", suite="")
    assert code == 0, output
    code, output = run("-p", "late", "--target=127.0.0.1:9", "--amps-target=127.0.0.1:7", "-q")
    assert code == 4
    assert "nothing listens on 127.0.0.1:7" in output


def test_a_project_without_any_part_in_it(run, tmp_path):
    (tmp_path / "test_other.py").write_text(OTHER.replace('"target") == "mine"', '"amps_target") is None'))
    assert run(suite="")[0] == 0
    assert run("-n", "2", suite="")[0] == 0
    assert not (tmp_path / "amps-report").exists()


# ---- known failures ------------------------------------------------------------------------------------------------------------

KNOWN = '[[known-failing]]\nrule = "SOW-TOPN-07"\nreason = "skip_n is ignored"\n'


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "two workers"])
def test_a_known_failure_has_one_expected_failure_at_the_end(run, tmp_path, broken, workers):
    (tmp_path / "known.toml").write_text(KNOWN)
    code, output = run(f"--target={broken}", "--amps-known-failing=known.toml", "--junitxml=junit.xml", "-rx", *workers)
    assert code == 0, output
    assert "XFAIL known-failing::SOW-TOPN-07 - skip_n is ignored" in output
    assert "XFAIL conformance" not in output, "no item of a scenario is marked"
    count = sum(area_of(scenario) == "paging" for scenario in directed())
    assert f"{count} passed, 1 xfailed" in output
    assert 'name="SOW-TOPN-07"' in (tmp_path / "junit.xml").read_text("utf-8")
    assert summary(tmp_path)["rules"]["SOW-TOPN-07"]["known"]["view"] == "known_failing"


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "two workers"])
def test_a_pass_of_a_known_failure_is_red(run, tmp_path, healthy, workers):
    (tmp_path / "known.toml").write_text(KNOWN)
    code, output = run(f"--target={healthy}", "--amps-known-failing=known.toml", *workers)
    assert code == 1, output
    assert "FAILED known-failing::SOW-TOPN-07 - [XPASS(strict)] skip_n is ignored" in output
    (tmp_path / "known.toml").write_text(KNOWN.replace("known-failing", "flaky"))
    assert run(f"--target={healthy}", "--amps-known-failing=known.toml", *workers)[0] == 0


def test_a_known_failure_that_was_not_exercised_is_skipped(run, tmp_path, healthy):
    (tmp_path / "known.toml").write_text(KNOWN)
    code, output = run(f"--target={healthy}", "--amps-known-failing=known.toml", "-rs", suite="session")
    assert code == 0, output
    assert "SOW-TOPN-07: not exercised" in output


def test_a_file_of_known_failures_that_is_wrong_is_one_line(run, tmp_path):
    (tmp_path / "known.toml").write_text(KNOWN + "expires = 2020-01-01\n")
    code, output = run("--amps-known-failing=known.toml")
    assert code == 4, output
    assert output.splitlines() == [
        "ERROR: known.toml: the entry for SOW-TOPN-07 has expired on 2020-01-01; mend it, or give it a later day",
        "",
    ]
