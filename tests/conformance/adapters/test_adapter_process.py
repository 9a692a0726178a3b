"""Whatever an adapter does becomes one clear line, in bounded time, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time

import pytest

from conformance.adapters import process, protocol
from conformance.adapters.process import Adapter, AdapterError
from conformance.errors import UsageError

HELLO = '{"event":"hello","id":1,"protocol":1,"name":"n","version":"1","language":"x","features":[]}'

BAD = {
    "echo garbage": "wrote a line that is no JSON: 'garbage'",
    "echo '[1]'": "against the protocol \\(it is no JSON object\\)",
    'echo \'{"event":"nonsense"}\'': "'event' is nonsense, which is none of the protocol",
    'echo \'{"event":"returned"}\'': "'id' is a required property",
    "true": "has ended \\(exit code 0\\)",
    "exit 3": "has ended \\(exit code 3\\)",
    "echo oops >&2; exit 3": "exit code 3\\); its stderr ends: oops",
    "kill -9 $$": "killed by signal 9",
    "printf half; exit 0": "in the middle of a line: 'half'",
    "printf half; exec sleep 30": "gave no answer to hello within 0.3 s; half a line had come: 'half'",
    "echo busy >&2; exec sleep 30": "gave no answer to hello within 0.3 s; its stderr ends: busy",
    'echo \'{"event":"hello","id":1,"protocol":2,"name":"n","version":"1","language":"x","features":[]}\'': "protocol: 1 was expected",
}


def start(script, timeout_s=0.3):
    return Adapter.start(f"sh -c {process.shlex.quote(script)}", timeout_s=timeout_s)


@pytest.mark.parametrize(("script", "line"), BAD.items())
def test_a_bad_adapter_is_told_in_one_line(script, line, monkeypatch):
    monkeypatch.setattr(process, "END_S", 0.1)
    with pytest.raises(AdapterError, match=line) as caught:
        start(script)
    assert "\n" not in str(caught.value)


def test_a_line_without_end_takes_bounded_memory(monkeypatch):
    monkeypatch.setattr(process, "LINE_BYTES_MAX", 1 << 20)
    monkeypatch.setattr(process, "END_S", 0.1)
    with pytest.raises(AdapterError, match="wrote a line of more than 1 MB: 'yyy"):
        start("yes | tr -d '\\n'", timeout_s=10)


def test_its_children_end_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "END_S", 0.1)
    pid_file = tmp_path / "pid"
    with pytest.raises(AdapterError, match="no answer"):
        start(f"sleep 60 & echo $! > {pid_file}; exec sleep 60", timeout_s=0.5)
    pid = int(pid_file.read_text())
    until = time.monotonic() + 5
    while time.monotonic() < until:
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.strip()
        if not state or state.startswith("Z"):
            return
    os.kill(pid, signal.SIGKILL)
    pytest.fail("a child of the adapter is still there")


def test_an_adapter_that_does_not_read(monkeypatch):
    monkeypatch.setattr(process, "COMMAND_S", 0.3)
    monkeypatch.setattr(process, "END_S", 0.1)
    with start(f"echo '{HELLO}'; exec sleep 60") as adapter, pytest.raises(AdapterError, match="has not read a command"):
        adapter.send({"do": "publish", "client": "c", "topic": "T", "data": protocol.to_base64(bytes(1_000_000))})


def test_it_says_what_it_is():
    with Adapter.start(f"{sys.executable} -m conformance.adapters.reference") as adapter:
        assert adapter.hello.language == "python"
        assert {"client", "client-sync", "client-async"} <= adapter.hello.features


def test_an_adapter_that_is_running_already():
    program = (
        "import socket,sys; s=socket.create_server(('127.0.0.1',0)); print(s.getsockname()[1],flush=True); c,_=s.accept();"
        f"c.recv(4096); c.sendall(b'''{HELLO}\n'''); c.recv(10)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as running:
        port = running.stdout.readline().strip()
        with Adapter.start(f"tcp://127.0.0.1:{port}") as adapter:
            assert adapter.hello.name == "n"


@pytest.mark.parametrize(
    ("command", "error", "line"),
    [
        ("no-such-program", AdapterError, "cannot be started: no such file"),
        ("tcp://127.0.0.1:1", AdapterError, "connection refused"),
        ("'", UsageError, "no command line"),
        (" ", UsageError, "no command was given"),
    ],
)
def test_what_cannot_be_started(command, error, line):
    with pytest.raises(error, match=line):
        Adapter.start(command)


def test_commands_are_held_to_their_schema():
    assert protocol.problem("commands", {"id": 1, "do": "connect", "client": "c", "uri": "u"}) == ""
    assert "'uri' is a required property" in protocol.problem("commands", {"id": 1, "do": "connect", "client": "c"})


def test_numbers_of_a_message_may_be_texts_and_texts_numbers():
    message = protocol.message_of({"header": {"cmd": "ack", "matches": "3", "sow_key": 77}, "data": ""})
    assert message.header == {"cmd": "ack", "matches": 3, "sow_key": "77"}
