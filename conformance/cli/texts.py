"""Sentences that several commands say, and what becomes of them when nobody listens."""

from __future__ import annotations

import contextlib
import os
import sys


def not_measured(reason: str) -> str:
    """The line for a target that cannot be measured."""
    return f"Not measured: {reason}" + ("" if reason.endswith((".", "?", "!")) else ".")


def forget_output() -> None:
    """Write nothing more to stdout: its reader has gone, and the interpreter would complain at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
