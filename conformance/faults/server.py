"""A toxiproxy server as a child process: found on PATH, started on a free port of the loopback, never left behind.

It cannot be told to take any free port, and stays alive without its API if the port is taken: so it is given one that was free a moment
ago, and counts as started once its API answers and it has complained of nothing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from types import TracebackType
from typing import IO, Final, Self

from conformance.errors import ProxyError
from conformance.faults.api import Api

PROGRAM: Final = "toxiproxy-server"
START_S: Final = 10.0
"""It starts in a hundredth of a second; a machine full of compilers may take longer."""

STOP_S: Final = 3.0
ASK_AGAIN_S: Final = 0.02
SAID_BYTES_MAX: Final = 300
TRIES: Final = 3
"""Somebody else may take the port before it does."""

_UNTIL_WE_END: Final = (
    'exec 3<&0; "$@" </dev/null & pid=$!; (cat <&3 >/dev/null; kill "$pid" 2>/dev/null) & wait "$pid"; code=$?; kill $! 2>/dev/null;'
    ' exit "$code"'
)
"""It knows nothing of its parent: this ends it when our end of the pipe is gone, even if we were killed; and ends with it."""


class ToxiproxyServer:
    """`start` it, use `.api`, `stop` it; a context manager."""

    def __init__(self, process: subprocess.Popen[bytes], log: IO[bytes], api: Api) -> None:
        self._process = process
        self._log = log
        self.api = api

    @classmethod
    def start(cls) -> ToxiproxyServer:
        """Raises ProxyError: not on PATH, or it does not start."""
        program = shutil.which(PROGRAM)
        if program is None:
            raise ProxyError(f"no {PROGRAM} on PATH; scripts/install-toxiproxy DIR builds one")
        why = ""
        for _ in range(TRIES):
            server = cls._run(program, _free_port())
            try:
                why = server.ready()
            except BaseException:
                server.stop()
                raise
            if not why:
                return server
            server.stop()
        raise ProxyError(f"{program} does not start: {why}")

    @classmethod
    def _run(cls, program: str, port: int) -> ToxiproxyServer:
        log = tempfile.TemporaryFile()  # noqa: SIM115 (closed by stop)
        command = ["/bin/sh", "-c", _UNTIL_WE_END, "sh", program, "-host", "127.0.0.1", "-port", str(port)]
        try:
            process = subprocess.Popen(  # noqa: S603 (the program that the user has on PATH)
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, "LOG_LEVEL": "error"},
                start_new_session=True,
            )
        except OSError as error:
            log.close()
            raise ProxyError(f"{program} cannot be started ({error.strerror})") from None
        return cls(process, log, Api("127.0.0.1", port))

    def ready(self) -> str:
        """Wait until it answers; empty, or why it will not."""
        until = time.monotonic() + START_S
        while True:
            said = self._said()
            if said or self._process.poll() is not None:
                return said or "it ended at once"
            with contextlib.suppress(OSError), socket.create_connection((self.api.host, self.api.port), timeout=START_S):
                break
            if time.monotonic() > until:
                return f"nothing listens on its port after {START_S:g} s"
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(ASK_AGAIN_S)
        self.api.check()
        return self._said()

    def _said(self) -> str:
        """The first line that it wrote: it writes errors only."""
        # Its own place in the file must not be moved.
        said = os.pread(self._log.fileno(), SAID_BYTES_MAX, 0)
        return " ".join(said.partition(b"\n")[0].decode(errors="replace").split())

    def stop(self) -> None:
        """End it; kill it if it does not. Idempotent."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
