"""The command line `amps-conformance`. Heavy imports happen inside the commands, so that help and mistakes cost nothing."""

from conformance.cli.main import main

__all__ = ["main"]
