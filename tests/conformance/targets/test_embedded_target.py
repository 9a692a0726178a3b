"""The embedded server as a child process: it starts, it is stopped, and what goes wrong is told in one line."""

import os
import signal
import sys
import time

import pytest

from conformance.errors import UnreachableError
from conformance.targets.embedded import EmbeddedTarget
from conformance.targets.server import ServerTarget
from reference_model.config import STANDARD


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def program(text):
    return [sys.executable, "-c", text]


def test_it_serves_and_is_gone_afterwards():
    with EmbeddedTarget.start(seed=3, slots=1) as server:
        assert server.spec.loopback
        assert server.spec.message_type == "json"
        with ServerTarget.open(server.spec, STANDARD, slot=0, run="r") as target:
            assert target.version
        server.check()
    assert gone(server.pid)
    server.stop()


def test_an_unknown_mutant_is_told_in_one_line():
    with pytest.raises(UnreachableError, match=r"ended before it was ready .*no-such-mutant") as caught:
        EmbeddedTarget.start(mutants=["no-such-mutant"])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import sys; sys.stderr.write('bad\\nluck'); sys.exit(3)", r"ended before it was ready \(exit code 3\); it said: bad luck"),
        ("print('hello', flush=True); import time; time.sleep(60)", "began with b'hello"),
        ("import time; time.sleep(60)", r"was not ready within 0\.3 s"),
        ("print('listen', end='', flush=True); import time; time.sleep(60)", r"was not ready within 0\.3 s"),
        ("print('x' * 100000, flush=True); import time; time.sleep(60)", "began with b'xxx"),
    ],
)
def test_what_is_no_server(text, says):
    with pytest.raises(UnreachableError, match=says):
        EmbeddedTarget.run(program(text), timeout_s=0.3 if "ready within" in says else 10)


def test_no_such_program():
    with pytest.raises(UnreachableError, match="cannot be started"):
        EmbeddedTarget.run(["/no/such/program"])


READY = "print('listening tcp://127.0.0.1:1/amps', flush=True); "


def test_a_server_that_has_died_says_why():
    server = EmbeddedTarget.run(program(READY + "import sys; sys.stderr.write('oh'); sys.exit(9)"))
    with pytest.raises(UnreachableError, match=r"has ended \(exit code 9\); it said: oh"):  # noqa: PT012 (it may take a moment to end)
        for _ in range(500):
            server.check()
            time.sleep(0.01)
    server.stop()


def test_a_server_that_ignores_sigterm_is_killed(monkeypatch):
    monkeypatch.setattr("conformance.targets.embedded.STOP_S", 0.2)
    text = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + READY + "time.sleep(60)"
    server = EmbeddedTarget.run(program(text))
    server.stop()
    assert server._process.returncode == -signal.SIGKILL
    assert gone(server.pid)


def test_much_on_stderr_does_not_block_the_server():
    text = "import sys; sys.stderr.write('x' * 1_000_000); " + READY + "import time; time.sleep(60)"
    EmbeddedTarget.run(program(text), timeout_s=10).stop()
