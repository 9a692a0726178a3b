"""An adapter as the harness has it: a child process on pipes, or a program that is running already and listens on a TCP port.

Whatever it does (garbage, half a line, a line without end, silence, an early end, children left behind) becomes one AdapterError of one
line, in bounded time and memory; its process group is killed and reaped.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import selectors
import shlex
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

from conformance.adapters.protocol import PROTOCOL_VERSION, Json, ProtocolError, quoted, read_event, write_command
from conformance.errors import TargetError, UsageError

HELLO_S: Final = 10.0
"""A virtual machine of some languages takes seconds to start."""

COMMAND_S: Final = 5.0
"""To take a command from the pipe, and to answer one that only concerns the adapter itself (`reset`)."""

END_S: Final = 2.0
"""After its input was closed, an adapter has so long to end by itself before it is killed."""

LINE_BYTES_MAX: Final = 64 * 1024 * 1024
"""A message of 20 MB (WIRE-LIM-03) is a line of 28 MB."""

STDERR_BYTES_MAX: Final = 2000
"""How much of the end of its stderr is shown."""

READ_BYTES: Final = 256 * 1024
_TCP: Final = re.compile(r"tcp://(\[[^\]]+\]|[^:/]+):(\d{1,5})/?")


class AdapterError(TargetError):
    """The adapter is broken, or cannot be started: the client was not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What an adapter says it is."""

    name: str
    version: str
    language: str
    features: frozenset[str]


class Adapter:
    """A running adapter. `send` commands, `read` the events that have come; both raise AdapterError."""

    def __init__(self, command: str, *, socket_: socket.socket | None = None, process: subprocess.Popen[bytes] | None = None) -> None:
        self.command = command
        self._process = process
        self._socket = socket_
        if process is not None:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            self._in, self._out, self._err = process.stdin.fileno(), process.stdout.fileno(), process.stderr.fileno()
        else:
            assert socket_ is not None
            self._in = self._out = socket_.fileno()
            self._err = -1
        for descriptor in {self._in, self._out, self._err} - {-1}:
            os.set_blocking(descriptor, False)
        self._buffer = bytearray()
        self._searched = 0
        self._stderr: deque[bytes] = deque()
        self._ended = False
        self._ids = itertools.count(1)
        self.hello: Hello | None = None

    # ---- beginning and end -----------------------------------------------------------------------------------------------------

    @classmethod
    def start(cls, command: str, *, timeout_s: float = HELLO_S) -> Self:
        """Start `command` (or connect to `tcp://HOST:PORT`), and ask what it is. Raises AdapterError, UsageError."""
        found = _TCP.fullmatch(command.strip())
        adapter = cls._connected(command.strip(), found[1].strip("[]"), int(found[2])) if found else cls._started(command)
        try:
            adapter.greet(timeout_s)
        except BaseException:
            adapter.stop()
            raise
        return adapter

    @classmethod
    def _started(cls, command: str) -> Self:
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise UsageError(f"'{command}' is no command line ({error})") from None
        if not words:
            raise UsageError("no command was given for the adapter")
        pipe = subprocess.PIPE
        try:
            process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)  # noqa: S603 (the user's own)
        except OSError as error:
            raise AdapterError(f"the adapter '{command}' cannot be started: {(error.strerror or str(error)).lower()}") from None
        return cls(command, process=process)

    @classmethod
    def _connected(cls, command: str, host: str, port: int) -> Self:
        try:
            sock = socket.create_connection((host, port), timeout=COMMAND_S)
        except (OSError, OverflowError) as error:
            text = (getattr(error, "strerror", None) or str(error)).lower()
            raise AdapterError(f"no adapter is reached at {command}: {text}") from None
        return cls(command, socket_=sock)

    def greet(self, timeout_s: float) -> None:
        """Ask what it is. Raises AdapterError."""
        number = self.send({"do": "hello", "protocol": PROTOCOL_VERSION})
        event = self.answer(number, timeout_s, "answer to hello")
        if event["event"] != "hello":
            raise self.error(f"answers hello with '{event['event']}'")
        self.hello = Hello(
            name=event["name"], version=event["version"], language=event["language"], features=frozenset(event["features"])
        )

    def stop(self) -> None:
        """Close its input, give it a moment, end it with everything that it started. Never raises; a second time does nothing."""
        if self._socket is not None:
            self._socket.close()
        process = self._process
        if process is None:
            return
        self._process = None
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0 if self._ended else END_S)
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        process.stderr.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # ---- talking ---------------------------------------------------------------------------------------------------------------

    def fileno(self) -> int:
        """The descriptor on which events come."""
        return self._out

    def send(self, command: Json) -> int:
        """Write a command and return its id. Raises AdapterError: it has gone, or does not take it in time."""
        number = next(self._ids)
        data = memoryview(write_command({"id": number, **command}))
        until = time.monotonic() + COMMAND_S
        while data:
            try:
                data = data[os.write(self._in, data) :]
            except BlockingIOError:
                self._wait(selectors.EVENT_WRITE, until - time.monotonic())
                if time.monotonic() > until:
                    raise self.error(f"has not read a command for {COMMAND_S:g} s") from None
            except OSError:
                self._ended = True
                self.read()  # what it wrote before may say more
                raise self.error("has ended" if self._process is not None else "has closed the connection") from None
        return number

    def read(self) -> list[Json]:
        """The events that have come by now. Raises AdapterError for anything else that came, and at the end of its output."""
        self._read_stderr()
        for _ in range(64):
            try:
                data = os.read(self._out, READ_BYTES)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self._ended = True
                break
            self._buffer += data
        events = list(self._lines())
        if self._ended and not events:
            rest = f" in the middle of a line: {quoted(bytes(self._buffer[:200]))}" if self._buffer else ""
            raise self.error(f"has ended{rest}")
        return events

    def _lines(self) -> Iterator[Json]:
        while (end := self._buffer.find(b"\n", self._searched)) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._searched = 0
            if line.strip():
                try:
                    yield read_event(line)
                except ProtocolError as error:
                    raise self.error(f"wrote {error}") from None
        self._searched = len(self._buffer)
        if self._searched > LINE_BYTES_MAX:
            raise self.error(f"wrote a line of more than {LINE_BYTES_MAX // 2**20} MB: {quoted(bytes(self._buffer[:200]))}")

    def answer(self, number: int, timeout_s: float, what: str) -> Json:
        """The event that ends the command of that id; others that come before it are passed over. Raises AdapterError."""
        until = time.monotonic() + timeout_s
        while (left := until - time.monotonic()) > 0:
            for event in self.read():
                if event.get("id") == number:
                    return event
            self._wait(selectors.EVENT_READ, min(left, 0.2))
        begun = f"; half a line had come: {quoted(bytes(self._buffer[:200]))}" if self._buffer else ""
        raise self.error(f"gave no {what} within {timeout_s:g} s{begun}")

    def _wait(self, mask: int, timeout_s: float) -> None:
        with selectors.DefaultSelector() as selector:
            if mask == selectors.EVENT_WRITE:
                selector.register(self._in, selectors.EVENT_WRITE)
            if self._in != self._out or mask == selectors.EVENT_READ:
                selector.register(self._out, selectors.EVENT_READ)
            selector.select(max(0.0, timeout_s))
        self._read_stderr()

    # ---- what it says of itself when it fails ------------------------------------------------------------------------------------

    def _read_stderr(self) -> None:
        while self._err >= 0:
            try:
                data = os.read(self._err, READ_BYTES)
            except OSError:
                return
            if not data:
                self._err = -1
                return
            self._stderr.append(data[-STDERR_BYTES_MAX:])
            while len(self._stderr) > 1 and sum(map(len, self._stderr)) - len(self._stderr[0]) >= STDERR_BYTES_MAX:
                self._stderr.popleft()

    def error(self, what: str) -> AdapterError:
        """One line on what is wrong, with its exit code and the end of its stderr."""
        process = self._process
        if process is not None and self._ended:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_S)
        self._read_stderr()
        code = process.poll() if process is not None else None
        ended = "" if code is None else f" (exit code {code})" if code >= 0 else f" (killed by signal {-code})"
        text = b"".join(self._stderr)[-STDERR_BYTES_MAX:].decode("utf-8", "replace").strip()
        last = " | ".join(text.splitlines()[-5:]).encode("unicode_escape").decode("ascii")
        said = f"; its stderr ends: {last}" if last else ""
        return AdapterError(f"the adapter '{self.command}' {what}{ended}{said}")
