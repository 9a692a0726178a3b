"""Client runs from the command line and from pytest: verdict, exit code, files, replay; and the adapter that needs a licence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
REFERENCE = f"{sys.executable} -m conformance.adapters.reference"


def program(*words, **env):
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False, env={**os.environ, **env}
    )


def run(tmp_path, *words, client=REFERENCE):
    return program("-m", "conformance", "run", "--client", client, "--report-dir", str(tmp_path / "r"), *words)


def test_a_run_has_a_verdict_on_rules_for_clients(tmp_path):
    done = run(tmp_path, "--rules", "CLI-LOGON")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Conforming:" in done.stdout
    header = json.loads((tmp_path / "r" / "run.jsonl").read_text().splitlines()[0])
    assert header["side"] == "client"
    assert header["target"]["version"].startswith("amps-conformance reference client")


def test_a_failure_is_shrunk_and_replayed(tmp_path):
    client = f"{REFERENCE} --mutant no_second_record"
    done = run(tmp_path, "--rules", "CLI-SOW", client=client)
    assert done.returncode == 1
    assert "FAILED  CLI-SOW-03" in done.stdout
    found = next((tmp_path / "r" / "programs").glob("CLI-SOW-03-*.json"))
    again = program("-m", "conformance", "replay", str(found), "--client", client, "--report-dir", str(tmp_path / "again"))
    assert again.returncode == 1
    healthy = program("-m", "conformance", "replay", str(found), "--client", REFERENCE, "--report-dir", str(tmp_path / "again"))
    assert healthy.returncode == 0, healthy.stdout + healthy.stderr


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (("run", "--client", "echo hi"), 4, "Not measured: the adapter 'echo hi' wrote a line that is no JSON: 'hi'"),
        (("run", "--client", "no-such-program"), 4, "cannot be started"),
        (("run", "--client", REFERENCE, "--rules", "SOW-TOPN"), 2, "no client program was written for these rules"),
        (("adapter", "check", "echo hi"), 4, "no    the adapter 'echo hi' wrote a line that is no JSON"),
    ],
)
def test_what_cannot_be_measured_is_one_line(tmp_path, words, code, line):
    more = ("--report-dir", str(tmp_path)) if words[0] == "run" else ()
    done = program("-m", "conformance", *words, *more)
    assert done.returncode == code
    assert line in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_in_pytest(tmp_path):
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", f"--amps-report-dir={tmp_path / 'r'}", "-k", "routing-by or records-as")
    done = program(*words, f"--client={REFERENCE}")
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
    broken = program(*words, "-n", "2", f"--client={REFERENCE} --mutant no_second_record")
    assert broken.returncode == 1
    assert "FAILED  CLI-SOW-03" in broken.stdout


@pytest.mark.parametrize(
    ("env", "line"), [({"AMPS_CLIENT_LICENSED": ""}, "set AMPS_CLIENT_LICENSED=1"), ({"AMPS_CLIENT_LICENSED": "1"}, "is not installed")]
)
def test_the_official_client_is_for_those_who_hold_a_licence(env, line):
    done = program("-m", "conformance.adapters.official_python", **env)
    assert done.returncode == 1
    assert line in done.stderr
