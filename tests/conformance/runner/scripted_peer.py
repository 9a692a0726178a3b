"""A scripted peer: a thread with a listening socket that answers commands as a test says, and a target that points at it."""

import contextlib
import socket
import threading
from dataclasses import dataclass, field

import pytest

from conformance.naming import Naming
from conformance.targets.spec import TargetSpec
from conformance.wire import FrameReader, WireError, decode, encode_message
from reference_model.config import STANDARD, InstanceConfig
from reference_model.messages import Message


@dataclass(kw_only=True)
class PlainTarget:
    spec: TargetSpec
    config: InstanceConfig = STANDARD
    touched: set = field(default_factory=set)

    def naming(self):
        return Naming(topics="amct_s03_", clients="run7-")

    def touch(self, topics):
        self.touched |= set(topics)


class Session:
    """One accepted connection as a script sees it: `number` counts connections from 0."""

    def __init__(self, sock, number):
        self.sock = sock
        self.number = number

    def send(self, *messages):
        self.sock.sendall(b"".join(m if isinstance(m, bytes) else encode_message(m) for m in messages))

    def ack(self, command, ack_type, status="success", **more):
        self.send(ack(command, ack_type, status, **more))


class Peer:
    """Calls `script(session, command)` for each command, in one thread a connection; returning False closes the connection."""

    def __init__(self, script, raw=None):
        self.script = script
        self.raw = raw
        self.commands = []
        self.payloads = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sessions = []
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                session = Session(sock, len(self.sessions))
                self.sessions.append(session)
                thread = threading.Thread(target=self.serve, args=(session,), daemon=True)
                self.threads.append(thread)
                thread.start()

    def serve(self, session):
        reader = FrameReader()
        with contextlib.suppress(OSError, WireError), session.sock:  # what is malformed ends the connection
            if self.raw is not None:
                self.raw(session)
            while data := session.sock.recv(65536):
                for payload in reader.feed(data):
                    if not payload:
                        continue
                    command = decode(payload, sender="client")
                    with self.lock:
                        self.payloads.append(payload)
                        self.commands.append((session.number, command))
                    if self.script(session, command) is False:
                        return

    def stop_listening(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def close(self):
        self.stop_listening()
        for session in self.sessions:
            with contextlib.suppress(OSError):
                session.sock.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(5)


def ack(command, ack_type, status="success", **more):
    header = {"cmd": "ack", "ack_type": ack_type, "status": status, **more}
    if "cmd_id" in command.header:
        header["cmd_id"] = command.header["cmd_id"]
    return Message(header=header)


def obliging(session, command):
    """Answers every ack that is asked for, and queries with an empty group."""
    types = [part for part in (command.text("ack_type") or "").split(",") if part]
    order = [t for t in ("received", "processed") if t in types]
    for ack_type in order:
        session.ack(command, ack_type)
    if command.cmd.startswith("sow") and command.cmd != "sow_delete":
        query = command.text("query_id") or command.text("cmd_id")
        session.send(Message(header={"cmd": "group_begin", "query_id": query}), Message(header={"cmd": "group_end", "query_id": query}))
    for ack_type in ("completed", "persisted", "stats"):
        if ack_type in types:
            session.ack(command, ack_type)


@pytest.fixture
def start():
    """start(script, **spec fields) -> (peer, target)."""
    peers = []

    def begin(script=obliging, raw=None, config=STANDARD, **spec):
        peer = Peer(script, raw)
        peers.append(peer)
        return peer, PlainTarget(spec=TargetSpec(host="127.0.0.1", port=peer.port, **spec), config=config)

    yield begin
    for peer in peers:
        peer.close()


@pytest.fixture
def answer():
    return obliging
