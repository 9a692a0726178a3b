"""Naming a process so that others on the same machine, and nobody else, can tell whether it still runs. Elsewhere than on Linux nothing
is told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE: Final = Path("/proc/self/ns/pid")


def this_process() -> str:
    """`<boot of the machine>/<namespace of process ids>/<process id>`; empty if the system does not say."""
    place = _place()
    return f"{place}/{os.getpid()}" if place else ""


def has_ended(process: str) -> bool:
    """Whether a process that `this_process` named ran where we run, and runs no more. False: it runs, or nobody can tell."""
    place, _, number = process.rpartition("/")
    if not place or place != _place() or not number.isascii() or not number.isdigit():
        return False
    return not Path("/proc", number).exists()


def _place() -> str:
    """The boot and the namespace that this process's id belongs to."""
    try:
        return f"{_BOOT.read_text(encoding='ascii').strip()}/{_NAMESPACE.readlink()}"
    except OSError:
        return ""
