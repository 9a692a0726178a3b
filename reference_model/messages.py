"""Commands and messages as values that know no bytes: field names, ack types, statuses, the header of one command or message.

Field names here are the canonical (long) names of the documentation ("cmd", "query_id", ...); how they are abbreviated and encoded is
a matter of `conformance.wire`. Source: commands.md sections 1 to 5, wire.md section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

HeaderValue = str | int
Header = Mapping[str, HeaderValue]


class AckType(StrEnum):
    """The acknowledgement types of the documentation (CMD-ACK-07)."""

    RECEIVED = "received"
    PROCESSED = "processed"
    COMPLETED = "completed"
    PERSISTED = "persisted"
    STATS = "stats"


class Status(StrEnum):
    """The value of `status` in an ack (CMD-ACK-11)."""

    SUCCESS = "success"
    FAILURE = "failure"
    RETRY = "retry"


NUMBER_FIELDS: Final = frozenset(
    {
        "batch_size",
        "top_n",
        "expiration",
        "seq",
        "msg_len",
        "gseq",
        "matches",
        "topic_matches",
        "records_returned",
        "records_inserted",
        "records_updated",
        "records_deleted",
    }
)
"""Fields whose value is a number; everything else is text (wire.md section 4)."""

CLIENT_COMMANDS: Final = (
    "flush",
    "heartbeat",
    "logon",
    "publish",
    "delta_publish",
    "subscribe",
    "delta_subscribe",
    "sow",
    "sow_and_subscribe",
    "sow_and_delta_subscribe",
    "unsubscribe",
    "sow_delete",
)

DOCUMENTED_ACKS: Final[Mapping[str, frozenset[AckType]]] = MappingProxyType(
    {
        "flush": frozenset({AckType.RECEIVED, AckType.PROCESSED, AckType.COMPLETED, AckType.PERSISTED}),
        "heartbeat": frozenset({AckType.RECEIVED, AckType.PROCESSED}),
        "logon": frozenset({AckType.RECEIVED, AckType.PROCESSED}),
        "publish": frozenset({AckType.RECEIVED, AckType.PROCESSED, AckType.COMPLETED, AckType.PERSISTED}),
        "delta_publish": frozenset({AckType.RECEIVED, AckType.PROCESSED, AckType.COMPLETED, AckType.PERSISTED}),
        "subscribe": frozenset({AckType.RECEIVED, AckType.PROCESSED}),
        "delta_subscribe": frozenset({AckType.RECEIVED, AckType.PROCESSED}),
        "sow": frozenset({AckType.RECEIVED, AckType.PROCESSED, AckType.COMPLETED, AckType.STATS}),
        "sow_and_subscribe": frozenset({AckType.RECEIVED, AckType.PROCESSED, AckType.COMPLETED, AckType.STATS}),
        "sow_and_delta_subscribe": frozenset({AckType.RECEIVED, AckType.PROCESSED, AckType.COMPLETED, AckType.STATS}),
        "unsubscribe": frozenset({AckType.RECEIVED, AckType.PROCESSED}),
        "sow_delete": frozenset({AckType.RECEIVED, AckType.PROCESSED, AckType.COMPLETED, AckType.PERSISTED, AckType.STATS}),
    }
)
"""Per command the ack types that one may wait for (commands.md section 5, without bookmarks). Of any other type neither presence nor
absence is promised (CMD-ACK-15)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SowRecord:
    """One record of a `sow` message: its own small header and its data (wire.md section 7)."""

    header: Header = field(default_factory=dict)
    data: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A command of a client or a message of a server.

    `header`: canonical field names; values are text, except that a number field whose wire value was a decimal integer is an int.
    `body`: the bytes after the header. `records`: the records of a `sow` message, whose `body` is then empty.
    """

    header: Header
    body: bytes = b""
    records: tuple[SowRecord, ...] = ()

    @property
    def cmd(self) -> str:
        """The command or message name; a server's `p` reads `publish`; empty if there is none."""
        return str(self.header.get("cmd", ""))

    def text(self, name: str) -> str | None:
        """The value of a field as text, None if the field is absent."""
        value = self.header.get(name)
        return None if value is None else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a command is written on the wire; it never changes what the command means (wire.md sections 2 to 5).

    names     `client`: the names that official clients write; `short`: every documented abbreviation; `long`: no abbreviation
    blanks    a blank after the opening brace and between tokens (WIRE-HDR-03)
    reverse   keys in reverse order, so that `c` comes last (WIRE-HDR-04)
    quoted    numbers written as quoted strings (WIRE-HDR-10)
    p         `publish` is written `p` (WIRE-CMD-01)
    pieces    how the frame reaches the socket: in one piece, byte by byte, or cut inside the length, the header and the body
    """

    names: Literal["client", "short", "long"] = "client"
    blanks: bool = False
    reverse: bool = False
    quoted: bool = False
    p: bool = True
    pieces: Literal["whole", "bytes", "cuts"] = "whole"


PLAIN: Final = Form()


def ack_types(command: Message) -> frozenset[str]:
    """The set of types in `ack_type`; the list is a set and `none` asks for nothing (CMD-ACK-02, WIRE-CMD-04)."""
    return frozenset(part for part in (command.text("ack_type") or "").split(",") if part and part != "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The parsed options string of a command: flags, and values of `name=value` options with brackets kept."""

    flags: frozenset[str] = frozenset()
    values: Mapping[str, str] = field(default_factory=dict)


def parse_options(text: str | None) -> Options:
    """Split an options string at the commas outside of brackets (CMD-WIRE-11); `none` is no option (CMD-WIRE-13).

    An option named twice: the last counts (not documented, commands.md section 14, 47).
    """
    flags: set[str] = set()
    values: dict[str, str] = {}
    depth, start = 0, 0
    text = text or ""
    for at, char in enumerate(text + ","):
        if char == "[":
            depth += 1
        elif char == "]":
            depth -= 1
        elif char == "," and depth <= 0:
            part = text[start:at].strip()
            start = at + 1
            name, equals, value = part.partition("=")
            if equals:
                values[name] = value
            elif name and name != "none":
                flags.add(name)
    return Options(flags=frozenset(flags), values=values)
