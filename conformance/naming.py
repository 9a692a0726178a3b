"""Logical and real names: what `@` stands for in one slot of one run, in commands and back in messages.

Topics are fixed by a server's configuration and therefore carry a slot; client names must be unique on the server and carry the run.
Only `topic` and `client_name` are mapped: everything else travels as it is, so that a payload is compared byte by byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reference_model.messages import Message

SLOTS_MAX: Final = 100
"""The slot token has two digits: names of one slot are never the beginning of names of another."""


def slot_prefix(slot: int) -> str:
    """What `@` stands for in topic names: `amct_s03_` for slot 3. No character in it means anything in a regular expression."""
    assert 0 <= slot < SLOTS_MAX, slot
    return f"amct_s{slot:02d}_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """What `@` stands for: `topics` in topic names, `clients` in client names. Neither is empty nor contains `@`."""

    topics: str
    clients: str

    def __post_init__(self) -> None:
        assert self.topics, self
        assert self.clients, self
        assert "@" not in self.topics + self.clients, self


def to_real(message: Message, naming: Naming) -> Message:
    """The command as it goes to the target. Every `@` of a topic counts: a topic may be a regular expression over several names."""
    return _mapped(message, ("@", naming.topics), ("@", naming.clients))


def to_logical(message: Message, naming: Naming) -> Message:
    """The message of a target, or a command that was sent to it, with logical names."""
    return _mapped(message, (naming.topics, "@"), (naming.clients, "@"))


def _mapped(message: Message, topics: tuple[str, str], clients: tuple[str, str]) -> Message:
    changed: dict[str, str] = {}
    topic = message.header.get("topic")
    if isinstance(topic, str) and topics[0] in topic:
        changed["topic"] = topic.replace(*topics)
    client = message.header.get("client_name")
    if isinstance(client, str) and clients[0] in client:
        changed["client_name"] = client.replace(*clients)
    return Message(header={**message.header, **changed}, body=message.body, records=message.records) if changed else message
