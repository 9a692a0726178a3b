"""Completion in shells: click's own, printed by a command instead of by a variable that nobody remembers."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import get_completion_class

PROGRAM: Final = "amps-conformance"
VARIABLE: Final = "_AMPS_CONFORMANCE_COMPLETE"
"""The variable by which a shell asks click for completions."""


def source(program: click.Group, shell: str) -> str:
    """The script for a shell. Raises nothing for the shells of the command."""
    kind = get_completion_class(shell)
    assert kind is not None, shell
    return kind(program, {}, PROGRAM, VARIABLE).source()
