"""A command as the engine reads it, and the one way in which a command fails.

Syntax only: which fields a command has, their numbers and lists. What they do is in the modules of the commands.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from reference_model.messages import Message, Options, ack_types, parse_options

from .session import Session


class RefusalError(Exception):
    """The command fails. `reason`: the text of its failure acks; `closing`: the connection ends with it."""

    def __init__(self, reason: str, *, closing: bool = False) -> None:
        super().__init__(reason)
        self.reason: Final = reason
        self.closing: Final = closing


class Request:
    """One command of a connection. Empty texts are absent fields (WIRE-HDR-11)."""

    __slots__ = ("_options", "acks", "cid", "cmd", "header", "message", "session")

    def __init__(self, message: Message, session: Session) -> None:
        self.session: Final = session
        self.message: Final = message
        self.header: Final = message.header
        self.cmd: Final = message.cmd
        self.cid: Final = self.text("cmd_id")
        self.acks: frozenset[str] = ack_types(message) if "ack_type" in message.header else frozenset()
        self._options: Options | None = None

    def with_header(self, **fields: str | int | None) -> Request:
        """The command with other fields; None removes one."""
        header = {name: value for name, value in {**self.header, **fields}.items() if value is not None}
        return Request(Message(header=header, body=self.message.body), self.session)

    def text(self, name: str) -> str | None:
        value = self.header.get(name)
        return None if value is None or value == "" else str(value)

    def listed(self, name: str) -> tuple[str, ...] | None:
        """A comma list; None if the field is absent."""
        text = self.text(name)
        return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())

    def number(self, name: str) -> int | None:
        """A number field, None if it is absent. Refuses what is no decimal number or negative (WIRE-ROB-15)."""
        value = self.header.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, int) and value >= 0:
            return value
        raise RefusalError(f"unknown number in {name}")

    @property
    def topic(self) -> str:
        """The topic; a command without one fails."""
        topic = self.text("topic")
        if topic is None:
            raise RefusalError("no topic")
        return topic

    @property
    def options(self) -> Options:
        if self._options is None:
            self._options = parse_options(self.text("opts"))
        return self._options

    def flag(self, name: str) -> bool:
        return name in self.options.flags

    def count_option(self, name: str) -> int | None:
        """A `name=n` option as a number, None if it is absent; anything else fails."""
        value = self.options.values.get(name)
        if value is None:
            return None
        if value.isascii() and value.isdigit() and len(value) <= 20:
            return int(value)
        raise RefusalError("invalid options")

    def unknown_options(self, known: Collection[str]) -> set[str]:
        """Names in the options string that are not among the known ones."""
        return {*self.options.flags, *self.options.values} - set(known)
