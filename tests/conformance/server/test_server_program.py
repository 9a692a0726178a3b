"""The server as a program of its own: its first line, its exit codes, its configuration file."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest
from server_socket import Plain, frame

CONFIGURATION = """<AMPSConfig>
 <Name>tiny</Name>
 <Transports>
  <Transport><Name>json-only</Name><Type>tcp</Type><InetAddr>127.0.0.1:0</InetAddr><Protocol>amps</Protocol><MessageType>json</MessageType></Transport>
 </Transports>
 <SOW>
  <Topic><Name>books</Name><MessageType>json</MessageType><Key>/isbn</Key><Durability>transient</Durability></Topic>
 </SOW>
</AMPSConfig>"""


@contextmanager
def running(*arguments):
    """The program and the port that its first line names."""
    command = [sys.executable, "-m", "conformance.server", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("listening tcp://127.0.0.1:")
            assert line.endswith("/amps\n")
            yield process, int(line.split(":")[2].split("/")[0])
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_standard_topics_and_a_clean_stop(number):
    with running("--slots", "2", "--seed", "5") as (process, port), Plain(port) as client:
        client.put(frame('{"c":"p","t":"amct_s01_orders"}', b'{"id":1}'))
        client.put(frame('{"c":"sow","t":"amct_s01_orders","cid":"q","a":"completed"}'))
        assert any(b'{"id":1}' in payload for payload in client.until('"a":"completed"'))
        process.send_signal(number)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def test_configuration_file_and_trace(tmp_path):
    file = tmp_path / "tiny.xml"
    file.write_text(CONFIGURATION, encoding="utf-8")
    with running("--config", str(file), "--trace", "--delivery-delay", "20") as (process, port), Plain(port, logon=False) as client:
        client.put(frame('{"c":"logon","cid":"0","client_name":"n","user_id":"u","pw":"secret","a":"processed"}'))
        client.until('"cid":"0"')
        client.put(frame('{"c":"p","t":"books","cid":"1","a":"processed"}', b'{"isbn":\n1}'))
        client.until('"cid":"1"')
        client.put(frame('{"c":'))
        assert client.closed()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        lines = process.stderr.read().splitlines()
    assert [line.split()[1] for line in lines] == ["<", ">", "<", ">", "<", "x"]
    assert "secret" not in "".join(lines)
    assert lines[2].endswith('{"isbn":\\x0a1}')


def failing(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "conformance.server", *arguments], capture_output=True, text=True, timeout=30, check=False
    )
    return done.returncode, done.stdout, done.stderr.splitlines()


def test_what_cannot_be_served(tmp_path):
    """Exit code 2 and one line that says why."""
    bad = tmp_path / "bad.xml"
    bad.write_text("<AMPSConfig><Name>", encoding="utf-8")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        cases = [
            ("--listen", f"127.0.0.1:{taken.getsockname()[1]}"),
            ("--listen", "nowhere"),
            ("--listen", "127.0.0.1:99999"),
            ("--mutant", "no_such_mutant"),
            ("--config", str(bad)),
            ("--config", str(tmp_path / "missing.xml")),
        ]
        for case in cases:
            code, out, lines = failing(*case)
            assert (code, out, len(lines)) == (2, "", 1), case
            assert "Traceback" not in lines[0]
