"""Starting a target again that went away, with the command that the user gave for it."""

from __future__ import annotations

import shlex
import subprocess
from typing import Final

from conformance.errors import UnreachableError

RESTART_S: Final = 120.0
"""The command has to be over by then: it starts the target and returns, as `systemctl restart` does."""


def restart(command: str) -> None:
    """Run it. Raises UnreachableError: it cannot be run, fails, or does not end."""
    try:
        done = subprocess.run(shlex.split(command), stdin=subprocess.DEVNULL, capture_output=True, timeout=RESTART_S, check=False)  # noqa: S603 (the user's own command)
    except subprocess.TimeoutExpired:
        raise UnreachableError(f"the restart command did not end within {RESTART_S:.0f} s") from None
    except (OSError, ValueError) as error:
        raise UnreachableError(f"the restart command cannot be run ({error})") from None
    if done.returncode != 0:
        raise UnreachableError(f"the restart command failed with exit code {done.returncode}")
