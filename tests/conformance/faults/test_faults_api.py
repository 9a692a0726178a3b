"""The API of toxiproxy as it is used here, against servers that do what toxiproxy does, and what it should not do."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conformance.errors import ProxyError, UsageError
from conformance.faults import api as module
from conformance.faults.api import Api, parse_address
from conformance.faults.proxies import Place, Proxies, proxies_of
from conformance.faults.server import PROGRAM, ToxiproxyServer
from conformance.targets.spec import parse_target
from reference_model.fault import Fault


class Fake:
    """A server that answers each request as `answers` says: (status, body), or a function of the request's body."""

    def __init__(self, answers):
        self.answers = answers
        self.requests = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fake.requests.append((self.command, self.path, json.loads(body) if body else None))
                answer = fake.answers.get((self.command, self.path), fake.answers.get(self.command, (404, b'{"error":"not found"}')))
                status, content = answer(json.loads(body)) if callable(answer) else answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = handle_any  # noqa: N815 - the names that http.server calls

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def start():
    started = []

    def begin(answers):
        started.append(Fake(answers))
        return started[-1], Api("127.0.0.1", started[-1].port)

    yield begin
    for fake in started:
        fake.close()


def echo(body):
    return 200, json.dumps(body).encode()


def made(body):
    return 201, json.dumps({**body, "listen": "127.0.0.1:4711", "toxics": []}).encode()


VERSION = (200, b'{"version": "2.12.0"}')


def test_a_proxy_with_a_toxic(start):
    fake, api = start({"GET": VERSION, ("POST", "/proxies"): made, "POST": echo, "DELETE": (204, b"")})
    assert api.check() == "2.12.0"
    proxy = api.create("p", listen="127.0.0.1:0", upstream="h:1")
    assert (proxy.name, proxy.port) == ("p", 4711)
    api.add("p", "t", kind="latency", stream="upstream", attributes={"latency": 5})
    api.remove("p", "t")
    api.delete("p")
    assert fake.requests[2] == (
        "POST",
        "/proxies/p/toxics",
        {"name": "t", "type": "latency", "stream": "upstream", "toxicity": 1.0, "attributes": {"latency": 5}},
    )


def test_names_are_written_so_that_no_other_proxy_is_meant(start):
    fake, api = start({"DELETE": (204, b"")})
    api.delete("a?b/c")
    api.remove("a/b", "t t")
    assert [path for _, path, _ in fake.requests] == ["/proxies/a%3Fb%2Fc", "/proxies/a%2Fb/toxics/t%20t"]


def test_two_servers_at_a_time(start):
    """The client has one address for all; we have one each."""
    (one, first), (other, second) = start({"GET": VERSION}), start({"GET": VERSION})
    first.version(), second.version(), first.version()
    assert (len(one.requests), len(other.requests)) == (2, 1)


def test_what_is_gone_need_not_be_removed(start):
    _, api = start({})
    api.delete("p")
    api.remove("p", "t")


REFUSED = {
    "the port is taken": (
        500,
        b'{"error":"listen tcp 127.0.0.1:1: bind: address already in use","status":500}',
        "address already in use",
    ),
    "the name is taken": (409, b'{"error":"proxy already exists"}', "already exists"),
    "a bad request": (400, b'{"error":"missing required field: upstream"}', "missing required field"),
    "no such thing": (404, b"", "does not know"),
    "an answer that is no JSON": (200, b"<html>", "is no toxiproxy"),
    "an answer without a port": (201, b'{"name":"p","listen":"127.0.0.1"}', "does not tell where"),
    "an answer with an absurd port": (201, b'{"name":"p","listen":"127.0.0.1:99999999"}', "does not tell where"),
    "control characters": (500, b"\x1b[31m\xff\n" * 100, "x1b"),
}


@pytest.mark.parametrize(("status", "content", "said"), REFUSED.values(), ids=REFUSED)
def test_a_proxy_that_cannot_be_made(start, status, content, said):
    _, api = start({"POST": (status, content)})
    with pytest.raises(ProxyError, match=said) as caught:
        api.create("p", listen="127.0.0.1:1", upstream="127.0.0.1:2")
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_number_that_is_not_taken(start):
    """toxiproxy takes a name that it does not know for nothing, and 0 for the number."""
    _, api = start({"POST": lambda body: echo({**body, "attributes": {"latency": 0, "jitter": 0}})})
    with pytest.raises(ProxyError, match="other numbers for latency"):
        api.add("p", "t", kind="latency", stream="upstream", attributes={"latency": 5})


def test_another_version(start):
    _, api = start({"GET": (200, b'{"version": "1.9.0"}')})
    with pytest.raises(ProxyError, match=r"version '1\.9\.0'; 2\.12\.0 is needed"):
        api.check()


def test_something_else_answers(start):
    _, api = start({"GET": (200, b"[]")})
    with pytest.raises(ProxyError, match="is no toxiproxy"):
        api.check()


def test_nobody_answers():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ProxyError, match="no toxiproxy answers"):
        Api("127.0.0.1", port).version()


def test_a_server_that_is_silent_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(module, "ANSWER_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(ProxyError, match="no toxiproxy answers"):
        Api("127.0.0.1", listener.getsockname()[1]).version()


@pytest.mark.parametrize("text", ["", "x", "x:", ":1", "x:0", "x:65536", "x:a", "x:²"])
def test_no_address(text):
    with pytest.raises(UsageError, match="write HOST:PORT"):
        parse_address(text, "--toxiproxy")


def test_addresses():
    assert parse_address("h:1", "o") == ("h", 1)
    assert parse_address("[::1]:2", "o") == ("::1", 2)


def test_auto_without_a_program(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProxyError, match="no toxiproxy-server on PATH; scripts/install-toxiproxy DIR builds one"):
        ToxiproxyServer.start()


@pytest.mark.parametrize(("script", "said"), [("echo oops >&2; exec sleep 60", "does not start: oops"), ("exit 3", "it ended at once")])
def test_auto_with_a_program_that_does_not_serve(monkeypatch, tmp_path, script, said):
    program = tmp_path / PROGRAM
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(ProxyError, match=said):
        ToxiproxyServer.start()


# ---- proxies -------------------------------------------------------------------------------------------------------------------

SPEC = parse_target("amps.test:9007")


def serving(requests=None):
    ports = iter(range(5000, 6000))

    def create(body):
        return 201, json.dumps({**body, "listen": f"10.0.0.1:{next(ports)}"}).encode()

    return {"GET": VERSION, ("POST", "/proxies"): create, "POST": echo, "DELETE": (204, b"")}


def latency(label="e1", **more):
    return Fault(label=label, kind="latency", connection="a", numbers={"latency_ms": 5}, **more)


def test_each_connection_has_a_proxy_of_its_own_and_all_are_removed(start):
    fake, api = start(serving())
    place = Place(toxiproxy=api.address, upstream="inner:1", listen="127.0.0.1")
    with proxies_of(place, SPEC) as proxies:
        assert {proxies.route(name, SPEC).address for name in ("a", "b", "a")} == {"127.0.0.1:5000", "127.0.0.1:5001"}
        proxies.rest()
        assert proxies.route("c", SPEC).address == "127.0.0.1:5000"
    created = [body for method, path, body in fake.requests if (method, path) == ("POST", "/proxies")]
    removed = [path for method, path, _ in fake.requests if method == "DELETE"]
    assert {body["upstream"] for body in created} == {"inner:1"}
    assert {body["listen"] for body in created} == {"127.0.0.1:0"}
    assert sorted(removed) == sorted(f"/proxies/{body['name']}" for body in created)


def test_removed_also_after_ctrl_c(start):
    fake, api = start(serving())

    def interrupted():
        with proxies_of(Place(toxiproxy=api.address), SPEC) as proxies:
            proxies.route("a", SPEC)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [method for method, _, _ in fake.requests].count("DELETE") == 1


def test_what_a_scenario_leaves_is_taken_away(start):
    fake, api = start(serving())
    with proxies_of(Place(toxiproxy=api.address), SPEC) as proxies:
        proxies.begin("a", latency())
        proxies.begin("b", Fault(label="e2", kind="down"))
        proxies.rest()
        asked = [(method, path.rpartition("/")[2]) for method, path, _ in fake.requests]
        assert ("DELETE", "e1") in asked
        assert fake.requests[-3][2] == {"enabled": True} or {"enabled": True} in [body for _, _, body in fake.requests]
        before = len(fake.requests)
        proxies.end("a", latency())
        assert len(fake.requests) == before


def test_a_toxiproxy_that_dies_makes_the_scenario_not_measured(start):
    fake, api = start(serving())
    proxies = Proxies(api, upstream="h:1", listen="127.0.0.1")
    proxies.route("a", SPEC)
    fake.answers.clear()
    with pytest.raises(ProxyError):
        proxies.rest()
    proxies.close()


def test_the_certificate_is_that_of_the_target(start):
    _, api = start(serving())
    spec = parse_target("tcps://amps.test:9007")
    with proxies_of(Place(toxiproxy=api.address), spec) as proxies:
        routed = proxies.route("a", spec)
    assert routed.host == api.host
    assert routed.tls.host_name == "amps.test"
