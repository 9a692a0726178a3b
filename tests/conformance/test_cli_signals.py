"""The command line as a process of its own: interrupted, terminated, killed, its target gone, its output cut off."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conformance.client.session import Session
from conformance.errors import UnreachableError
from conformance.naming import slot_prefix
from conformance.run_file import read
from conformance.targets.control import look
from conformance.targets.spec import parse_target

DEADLINE_S = 60.0


def start(*arguments, cwd):
    command = [sys.executable, "-m", "conformance", *arguments]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())


def environment():
    here = str(Path(__file__).resolve().parents[2])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))}


@pytest.fixture
def server(tmp_path):
    """`serve` in a process of its own: (process, address)."""
    process = start("serve", "--listen", "127.0.0.1:0", "--slots", "2", cwd=tmp_path)
    line = process.stdout.readline()
    assert line.startswith("listening tcp://127.0.0.1:"), line + process.stderr.read()
    yield process, line.split("//")[1].split("/")[0]
    process.terminate()
    process.communicate(timeout=DEADLINE_S)


def running(tmp_path, address, *more):
    """A run that has recorded something and has more to do: it is slowed down to a few commands a second."""
    process = start("run", "--target", address, "--max-rate", "20", "--seed", "1", *more, cwd=tmp_path)
    until = time.monotonic() + DEADLINE_S
    file = tmp_path / "amps-report" / "run.jsonl"
    while not (file.exists() and file.read_bytes().count(b"\n") > 3):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        select.select([], [], [], 0.02)
    return process


def listening(address):
    try:
        Session.open(parse_target(address), client_name="look").close()
    except UnreachableError:
        return False
    return True


def ended(process):
    out, err = process.communicate(timeout=DEADLINE_S)
    assert "Traceback" not in out + err
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_reports_what_it_has_and_empties_its_slot(tmp_path, server, number):
    process = running(tmp_path, server[1])
    process.send_signal(number)
    code, out, err = ended(process)
    assert (code, err) == (130, "")
    assert "Interrupted after" in out
    recorded = read(tmp_path / "amps-report" / "run.jsonl")
    assert recorded.footer["outcome"] == "interrupted"
    assert recorded.scenarios >= 1
    assert json.loads((tmp_path / "amps-report" / "summary.json").read_text("utf-8"))["outcome"] == "not_measured"
    session = Session.open(parse_target(server[1]), client_name="after")
    topics = [slot_prefix(0) + name for name in ("orders", "items", "own", "slot")]
    assert {topic: len(seen.records) for topic, seen in look(session, topics).items()} == dict.fromkeys(topics, 0)
    session.close()


def test_a_run_that_was_killed_has_left_what_it_recorded(tmp_path, server):
    process = running(tmp_path, server[1])
    process.kill()
    process.communicate(timeout=DEADLINE_S)
    recorded = read(tmp_path / "amps-report" / "run.jsonl")
    assert recorded.footer is None
    assert recorded.scenarios >= 1
    assert not (tmp_path / "amps-report" / "summary.json").exists()


def test_a_second_run_on_a_slot_in_use_is_refused(tmp_path, server):
    first = running(tmp_path, server[1])
    second = start("run", "--target", server[1], "--rules", "SOW-TOPN", cwd=tmp_path / "amps-report")
    code, out, err = ended(second)
    assert (code, out) == (4, "")
    assert err.startswith("Not measured: slot 0 is in use by run ")
    assert err.endswith("Use --slots 1-1.\n") or "Use --slots 1" in err
    third = start("run", "--target", server[1], "--rules", "SOW-TOPN", "--slots", "1", cwd=tmp_path / "amps-report")
    assert ended(third)[0] == 0
    first.send_signal(signal.SIGINT)
    assert ended(first)[0] == 130


def test_a_second_run_into_the_same_folder_is_refused(tmp_path, server):
    first = running(tmp_path, server[1])
    code, out, err = ended(start("run", "--target", server[1], "--slots", "1", cwd=tmp_path))
    assert (code, out) == (2, "")
    assert err == "Error: another run writes to amps-report now; name another folder for this one\n"
    first.send_signal(signal.SIGINT)
    assert ended(first)[0] == 130
    assert read(tmp_path / "amps-report" / "run.jsonl").footer is not None


def test_a_server_that_goes_away_in_the_middle(tmp_path, server):
    process = running(tmp_path, server[1])
    server[0].kill()
    code, out, _ = ended(process)
    recorded = read(tmp_path / "amps-report" / "run.jsonl")
    assert recorded.footer is not None
    assert recorded.footer["unmeasured"], recorded.footer
    assert code == (1 if recorded.ledger.broken() else 4)
    assert "nothing listens on" in out


def test_a_server_of_our_own_ends_with_the_run(tmp_path):
    process = start("run", "--max-rate", "20", "--seed", "1", cwd=tmp_path)
    assert process.stdout.readline().startswith("amps-conformance ")
    uri = process.stdout.readline().split()[1]
    process.send_signal(signal.SIGINT)
    assert ended(process)[0] == 130
    host, port = uri.split("//")[1].split("/")[0].split(":")
    assert not listening(f"{host}:{port}")


def test_a_server_of_our_own_ends_with_a_run_that_was_killed(tmp_path):
    process = start("run", "--max-rate", "20", "--seed", "1", cwd=tmp_path)
    process.stdout.readline()
    address = process.stdout.readline().split()[1].split("//")[1].split("/")[0]
    process.kill()
    process.communicate(timeout=DEADLINE_S)
    until = time.monotonic() + DEADLINE_S
    while listening(address):
        assert time.monotonic() < until


def test_serve_ends_cleanly(tmp_path):
    for number in (signal.SIGINT, signal.SIGTERM):
        process = start("serve", cwd=tmp_path)
        assert process.stdout.readline().startswith("listening tcp://127.0.0.1:")
        process.send_signal(number)
        assert ended(process) == (0, "", "")


def test_output_into_a_closed_pipe(tmp_path):
    """A reader that goes away ends a listing silently, and a run not at all."""
    listing = start("rules", cwd=tmp_path)
    run = start("run", "--rules", "SOW-TOPN", "--seed", "1", cwd=tmp_path)
    for process in (listing, run):
        process.stdout.readline()
        process.stdout.close()
    for process in (listing, run):
        assert process.wait(DEADLINE_S) in {0, 141}
        assert process.stderr.read() == ""
        process.stderr.close()
    assert read(tmp_path / "amps-report" / "run.jsonl").footer["outcome"] == "conforming"
