"""From the recording of a client program to atoms: what the application saw, what the client sent, what the peer sent. Pure.

Kinds and correlations are those that `reference_model.client.predict` names.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from conformance.compare.explode import Atom
from conformance.wire.names import COMMAND_ORDER
from reference_model.messages import HeaderValue, Message, ack_types
from reference_model.observation import Event, Observation

KNOWN: Final = frozenset(COMMAND_ORDER)
"""Every header field that a command may have."""

DELIVERED: Final = frozenset({"publish", "p", "oof", "sow", "group_begin", "group_end", "ack"})


def explode_client(observation: Observation) -> list[Atom]:
    """The atoms in the order in which they were seen."""
    atoms: list[Atom] = []
    called: dict[str, float] = {}
    logging_on: set[str] = set()
    for index, event in enumerate(observation.events):
        on_wire = "." in event.connection
        if event.kind == "sent" and not on_wire and event.label is not None:
            called[event.label] = event.at_s
            if event.message is not None and event.message.cmd == "logon":
                logging_on.add(event.connection)
        if event.kind == "opened" or (event.kind == "step" and event.label):
            told = _atom(index, event, "connected" if on_wire else "passed", None if on_wire else event.label, {})
            told.connection = event.connection.rpartition(".")[0] if on_wire else event.connection
            atoms.append(told)
        if event.kind == "sent" and on_wire:
            atoms.append(_atom(index, event, "served", event.label, {}))
        elif event.kind == "received" and on_wire and (client := event.connection.rpartition(".")[0]) not in logging_on:
            early = _atom(index, event, "early", None, {})
            early.connection = client
            atoms.append(early)
        elif event.kind == "received" and event.message is not None:
            kind, correlation, fields = _command(event) if on_wire else _seen(event, event.message, called)
            atom = _atom(index, event, kind, correlation, fields)
            client, _, number = event.connection.rpartition(".")
            if kind == "command" and correlation is None and number != "1":
                atom.kind, atom.connection = "unasked", client  # sent by itself after a loss
            atoms.append(atom)
    return atoms


def _atom(index: int, event: Event, kind: str, correlation: Hashable, fields: dict[str, HeaderValue]) -> Atom:
    body = event.message.body if event.message is not None else b""
    return Atom(event=index, part=0, connection=event.connection, kind=kind, correlation=correlation, fields=fields, body=body)


def _command(event: Event) -> tuple[str, Hashable, dict[str, HeaderValue]]:
    message = event.message
    assert message is not None
    fields = {**message.header, "command": message.cmd, **{f"asks.{one}": "yes" for one in ack_types(message)}}
    unknown = sorted(set(message.header) - KNOWN)
    if unknown:
        fields["unknown"] = ",".join(unknown)
    return "command", event.label, fields


def _seen(event: Event, message: Message, called: dict[str, float]) -> tuple[str, Hashable, dict[str, HeaderValue]]:
    header = dict(message.header)
    if message.cmd == "outcome":
        call = str(header["call"])
        if call in called:
            header["after_ms"] = int((event.at_s - called[call]) * 1000)
        return "outcome", call, header
    told = str(header.get("event", ""))
    if told == "last_chance":
        return told, "publish" if message.cmd == "p" else message.cmd, header
    if told != "message":
        return told, None, header
    handler, cmd = str(header["handler"]), message.cmd
    header["command"] = cmd
    if cmd == "ack":
        return "ack", (handler, str(header.get("ack_type", ""))), header
    if cmd == "p" or cmd == "oof":  # noqa: PLR1714 (two names of one kind)
        return "publish", handler, header
    return (cmd if cmd in DELIVERED else "other"), handler, header
