"""The embedded server as a child process: started on a free port of the loopback, told to stop, never left behind. Its stdin is a pipe
that ends with us, and it with the pipe, should we be killed.

It is a target like any other, reached over TCP; nothing is imported from `conformance.server`.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import IO, Final, Self

from conformance.errors import TargetError, UnreachableError
from conformance.targets.spec import DEFAULT_MESSAGE_TYPE, TargetSpec, parse_target

START_S: Final = 20.0
"""A server starts in well under a second; a machine full of compilers may take many."""

STOP_S: Final = 3.0
"""How long the server may take to end after SIGTERM before it is killed."""

FIRST_LINE_BYTES_MAX: Final = 4096
STDERR_CHARS_MAX: Final = 600
"""How much of what it wrote to stderr is told: the beginning and the end."""

_FIRST_LINE: Final = re.compile(rb"listening (tcp://\S+)\r?\n")


class EmbeddedTarget:
    """`start` it, use `.spec`, `stop` it; a context manager. `pid` is that of the child."""

    def __init__(self, process: subprocess.Popen[bytes], stderr: IO[bytes]) -> None:
        self._process = process
        self._stderr = stderr
        self.pid = process.pid
        self._spec: TargetSpec | None = None

    @classmethod
    def start(
        cls,
        *,
        seed: int = 0,
        mutants: Sequence[str] = (),
        slots: int | None = None,
        options: Sequence[str] = (),
        timeout_s: float = START_S,
    ) -> EmbeddedTarget:
        """Start a server and wait for its first line. `slots`: how many it serves. Raises UnreachableError with the end of what it
        wrote to stderr if it ends, or is silent, before that."""
        command = [sys.executable, "-m", "conformance.server", "--listen", "127.0.0.1:0", "--seed", str(seed), "--with-parent"]
        for mutant in mutants:
            command += ["--mutant", mutant]
        if slots is not None:
            command += ["--slots", str(slots)]
        return cls.run([*command, *options], timeout_s=timeout_s)

    @classmethod
    def run(cls, command: Sequence[str], *, timeout_s: float = START_S) -> EmbeddedTarget:
        """Start any program whose first line is `listening tcp://HOST:PORT/…`. Raises UnreachableError."""
        stderr = tempfile.TemporaryFile()  # noqa: SIM115 (closed by stop; a pipe that nobody reads would block the server)
        try:
            process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
                list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, start_new_session=True
            )
        except OSError as error:
            stderr.close()
            raise UnreachableError(f"the embedded server cannot be started ({error.strerror})") from None
        target = cls(process, stderr)
        try:
            target._spec = target._first_line(timeout_s)
        except BaseException:
            target.stop()
            raise
        return target

    @property
    def spec(self) -> TargetSpec:
        """Where it listens."""
        assert self._spec is not None
        return self._spec

    def check(self) -> None:
        """Raises UnreachableError, with the end of its stderr, if the server has ended."""
        code = self._process.poll()
        if code is not None:
            raise self._died(f"has ended (exit code {code})")

    def _first_line(self, timeout_s: float) -> TargetSpec:
        assert self._process.stdout is not None
        line = b""
        until = time.monotonic() + timeout_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in line and len(line) < FIRST_LINE_BYTES_MAX:
                left = until - time.monotonic()
                if left <= 0 or not selector.select(left):
                    raise self._died(f"was not ready within {timeout_s:g} s")
                data = os.read(self._process.stdout.fileno(), FIRST_LINE_BYTES_MAX)
                if not data:
                    self._process.wait(STOP_S)
                    raise self._died(f"ended before it was ready (exit code {self._process.returncode})")
                line += data
        found = _FIRST_LINE.match(line)
        if found is None:
            raise self._died(f"began with {line[:80]!r} instead of 'listening tcp://…'")
        return replace(parse_target(found.group(1).decode()), message_type=DEFAULT_MESSAGE_TYPE)

    def _died(self, what: str) -> TargetError:
        self._stderr.seek(0)
        said = " ".join(self._stderr.read().decode(errors="replace").split())
        if len(said) > STDERR_CHARS_MAX:
            said = f"{said[: STDERR_CHARS_MAX // 3]} … {said[-STDERR_CHARS_MAX * 2 // 3 :]}"
        return UnreachableError(f"the embedded server {what}" + (f"; it said: {said}" if said else ""))

    def stop(self) -> None:
        """Terminate, then kill; reap the child. Idempotent."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._stderr.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
