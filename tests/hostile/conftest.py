"""Running the command line as a user does, in a process of its own, with its time and its memory measured."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MEASURED = Path(__file__).with_name("measured.py")


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended. `kept`: the size of all that it has left behind, in MiB."""

    code: int
    out: str
    err: str
    seconds: float
    peak_mib: int
    kept_mib: float


@pytest.fixture
def measure(tmp_path):
    """measure(argument, ..., deadline_s=...) -> Ended. The deadline is the test's own; far beyond it the process is ended."""

    def call(*arguments, deadline_s):
        peak = tmp_path / "peak"
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, str(MEASURED), str(peak), *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=3 * deadline_s,
            check=False,
        )
        seconds = time.monotonic() - began
        kept = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
        return Ended(
            code=done.returncode,
            out=done.stdout,
            err=done.stderr,
            seconds=seconds,
            peak_mib=int(peak.read_text("ascii")),
            kept_mib=kept / 2**20,
        )

    return call
