"""A password reaches nothing that a run leaves behind: no file, no output, no argument of a process that we start."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from hostile_servers import Between, Listener, ack, changed

from conformance.config_file import expand
from conformance.server.embedded import EmbeddedServer
from conformance.wire import frame
from reference_model.config import STANDARD

ROOT = Path(__file__).resolve().parents[2]
SECRET = 'pa"ss\\wörd/7f3e'
FORMS = {
    form.encode()
    for form in (
        SECRET,
        quote(SECRET, safe=""),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        repr(SECRET)[1:-1],
    )
}
DEADLINE_S = 180.0
ASKED = json.dumps(SECRET, ensure_ascii=False)[1:-1].encode()


def telling(payload):
    """A server that says the password in every header, and in the reason of every ack."""
    told = payload.replace(b'{"c":', b'{"told":"' + ASKED + b'","c":', 1)
    return frame(told.replace(b'"c":"ack"', b'"c":"ack","reason":"your password is ' + ASKED + b'"', 1))


def refusing(sock):
    sock.recv(65536)
    sock.sendall(ack("logon", status="failure", reason=f"wrong password {SECRET}"))
    sock.recv(65536)


@pytest.fixture
def target():
    """The address of a server with a fault that tells the password wherever it can."""
    with (
        EmbeddedServer(expand(STANDARD, range(3)), seed=5, mutants=["skip_n_ignored"]) as honest,
        Listener(Between(honest.port, changed(telling))) as server,
    ):
        yield server.address


def told_to_children(pid):
    """The arguments of every process that this one started, and those started, which hold the password."""
    found, parents = [], [pid]
    while parents:
        try:
            children = Path(f"/proc/{parents.pop()}/task").glob("*/children")
            started = [int(child) for file in children for child in file.read_text("ascii").split()]
            arguments = [Path(f"/proc/{child}/cmdline").read_bytes() for child in started]
        except OSError:  # it has ended
            continue
        parents += started
        found += [one for one in arguments for form in FORMS if form in one]
    return found


def run(folder, *arguments, **environment):
    """Run it to its end; (exit code, where the password was found)."""
    own = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER"):
        own.pop(name, None)
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", *arguments], cwd=folder, env=own, stdout=out, stderr=subprocess.STDOUT)
        leaks = []
        until = time.monotonic() + DEADLINE_S
        while process.poll() is None:
            leaks += told_to_children(process.pid)
            assert time.monotonic() < until
            time.sleep(0.05)
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "amps.toml":
            leaks += [path.name for form in FORMS if form in path.read_bytes()]
    return process.returncode, leaks


def spoken(address):
    return f"tcp://joe:{quote(SECRET, safe='')}@{address}/amps/json"


def test_a_failing_run(tmp_path, target):
    code, leaks = run(tmp_path, "conformance", "run", "--target", spoken(target), "--rules", "SOW-TOPN,CMD-LOGON", "--record", "all")
    assert (code, leaks) == (1, [])
    assert (tmp_path / "amps-report" / "run.jsonl").read_bytes().count(b"***") > 5


def test_a_password_of_the_environment(tmp_path, target):
    code, leaks = run(tmp_path, "conformance", "run", "--target", f"tcp://joe@{target}", "--rules", "SOW-TOPN", AMPS_PASSWORD=SECRET)
    assert (code, leaks) == (1, [])


def test_a_password_of_a_target_file(tmp_path, target):
    (tmp_path / "amps.toml").write_text(f"uri = {json.dumps(target)}\nuser = 'joe'\npassword = {json.dumps(SECRET)}\n", "utf-8")
    code, leaks = run(tmp_path, "conformance", "run", "--target-file", "amps.toml", "--rules", "SOW-TOPN")
    assert (code, leaks) == (1, [])


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_failing_session_of_pytest(tmp_path, target, workers):
    options = ["-vv", "-l", "--tb=long", "--junitxml=junit.xml", "-p", "no:cacheprovider", f"--amps-target={spoken(target)}", *workers]
    code, leaks = run(tmp_path, "pytest", "--pyargs", "conformance.suites.test_paging", *options)
    assert (code, leaks) == (1, [])


@pytest.mark.parametrize("command", ["run", "doctor"])
def test_a_server_that_repeats_the_password_when_it_refuses_it(tmp_path, command):
    with Listener(refusing) as server:
        code, leaks = run(tmp_path, "conformance", command, "--target", spoken(server.address))
    assert (code, leaks) == (4, [])
    assert b"refused the logon of user 'joe' (wrong password ***)" in (tmp_path / "out").read_bytes()


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--target", "tcp://joe:SECRET@nowhere"],
        ["run", "tcp://joe:SECRET@h:1/amps/json"],
        ["tcp://joe:SECRET@h:1/amps/json"],
        ["rules", "tcp://joe:SECRET@h:1/amps/json"],
    ],
)
def test_a_mistake_of_typing(tmp_path, arguments):
    code, leaks = run(tmp_path, "conformance", *(argument.replace("SECRET", quote(SECRET, safe="")) for argument in arguments))
    assert (code, leaks) == (2, [])
