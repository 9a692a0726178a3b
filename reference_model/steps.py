"""Parts of programs that everyone writes alike. Values only."""

from __future__ import annotations

from typing import Final

from reference_model.scenario import Command

HARNESS_VERSION: Final = "amps-conformance"
"""What the harness gives as its client version at logon."""


def default_logon(connection: str) -> Command:
    """The logon of a connection that a program says nothing about: message type json, its name, an answer asked for."""
    return Command(
        header={
            "cmd": "logon",
            "client_name": f"@{connection}",
            "message_type": "json",
            "ack_type": "processed",
            "cmd_id": f"logon-{connection}",
            "version": HARNESS_VERSION,
        }
    )
