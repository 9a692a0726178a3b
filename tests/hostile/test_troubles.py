"""What goes wrong around a run: no room on the disk, files that cannot be read, impatient users, targets that are slow or come back."""

import os
import resource
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hostile_servers import Between, Listener, both

from conformance.config_file import expand
from conformance.run_file import read
from conformance.server.embedded import EmbeddedServer
from conformance.targets.embedded import EmbeddedTarget
from reference_model.config import STANDARD

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 120.0


def start(folder, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process):
    out, err = process.communicate(timeout=DEADLINE_S)
    assert "Traceback" not in out + err
    return process.returncode, out, err


def recording(process, folder):
    """Wait until the run has recorded something."""
    until = time.monotonic() + DEADLINE_S
    file = folder / "amps-report" / "run.jsonl"
    while not (file.exists() and file.read_bytes().count(b"\n") > 3):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        select.select([], [], [], 0.02)


@pytest.fixture
def server():
    with EmbeddedServer(expand(STANDARD, range(2)), seed=5) as one:
        yield f"127.0.0.1:{one.port}"


def test_no_room_for_the_recordings(tmp_path, server):
    process = start(tmp_path, "conformance", "run", "--target", server, "--seed", "1")
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (60_000, 60_000))
    code, out, err = ended(process)
    assert code == 5
    assert "cannot write amps-report/run.jsonl: " in " ".join((out + err).split())
    assert read(tmp_path / "amps-report" / "run.jsonl").scenarios >= 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "--target-config", "."], "Is a directory"),
        (["replay", "."], "cannot read ."),
        (["replay", "absent.json"], "cannot read absent.json"),
        (["run", "--report-dir", "/dev/null/x"], "/dev/null/x"),
        (["run", "--target-file", "absent.toml"], "absent.toml"),
    ],
)
def test_files_that_cannot_be_read_or_written(tmp_path, arguments, says):
    code, out, err = ended(start(tmp_path, "conformance", *arguments))
    assert (code, out) == (2, "")
    assert err.startswith("Error: ")
    assert says in err
    assert err.count("\n") == 1


def test_ctrl_c_again_and_again(tmp_path, server):
    process = start(tmp_path, "conformance", "run", "--target", server, "--max-rate", "20", "--seed", "1")
    recording(process, tmp_path)
    until = time.monotonic() + DEADLINE_S
    while process.poll() is None and time.monotonic() < until:
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    code, _, _ = ended(process)
    assert code == 130
    assert read(tmp_path / "amps-report" / "run.jsonl").scenarios >= 1


def test_a_slot_is_free_again_as_soon_as_the_run_that_had_it_was_killed(tmp_path, server):
    process = start(tmp_path, "conformance", "run", "--target", server, "--max-rate", "20", "--seed", "1")
    recording(process, tmp_path)
    process.kill()
    process.communicate(timeout=DEADLINE_S)
    code, _, err = ended(start(tmp_path, "conformance", "run", "--target", server, "--rules", "SOW-TOPN"))
    assert (code, err) == (0, "")


def test_a_terminated_pytest_gives_its_slot_back(tmp_path, server):
    options = ["--pyargs", "conformance.suites", "-p", "no:cacheprovider", f"--amps-target={server}", "-q"]
    process = start(tmp_path, "pytest", *options)
    recording(process, tmp_path)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 2, out
    assert read(tmp_path / "amps-report" / "run.jsonl").footer["outcome"] == "interrupted"


def slow(seconds):
    """A server that takes so long for everything."""

    def evil(sock, upstream):
        both(sock, upstream, to_client=delayed)

    def delayed(payload):
        time.sleep(seconds)
        return len(payload).to_bytes(4, "big") + payload

    return evil


def test_a_slow_target_is_measured_with_more_patience(tmp_path, server):
    with Listener(Between(int(server.partition(":")[2]), slow(0.3))) as late:
        few = ["conformance", "run", "--target", late.address, "--rules", "CMD-FLUSH-01", "--seed", "1"]
        assert ended(start(tmp_path, *few, "--timeout-scale", "0.1"))[0] in {0, 4}
        assert ended(start(tmp_path, *few, "--timeout-scale", "3"))[0] == 0


def test_a_target_that_dies_and_comes_back(tmp_path):
    with EmbeddedTarget.start(seed=1, slots=1) as first:
        port = first.spec.port
        process = start(tmp_path, "conformance", "run", "--target", f"127.0.0.1:{port}", "--max-rate", "200", "--seed", "1")
        recording(process, tmp_path)
    with EmbeddedTarget.start(seed=1, slots=1, options=["--listen", f"127.0.0.1:{port}"]):
        code, _, _ = ended(process)
    footer = read(tmp_path / "amps-report" / "run.jsonl").footer
    assert code == footer["exit_code"]
