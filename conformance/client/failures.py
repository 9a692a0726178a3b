"""What a client raises: one base, the families of the published client documentation, and which reason of a server means which.

`AmpsError.name` is the name of the catalogue (`BadFilterException`), the same whatever the language of a client calls it. Source:
clients.md §7, wire.md §8.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


class AmpsError(Exception):
    """Base of all errors of the client (CLI-EXC-19). `name` is the name of the documentation."""

    name = "AMPSException"


class CommandError(AmpsError):
    """A command failed, says the server."""

    name = "CommandException"


class LinkError(AmpsError):
    """The connection cannot be made, or is not what it should be."""

    name = "ConnectionException"


class DisconnectedError(LinkError):
    """There is no connection, or it ended."""

    name = "DisconnectedException"


class RefusedError(LinkError):
    """Nobody listens there, or the name does not resolve."""

    name = "ConnectionRefusedException"


class InvalidUriError(LinkError):
    """The connection string is malformed, or has an option that is not known."""

    name = "InvalidUriException"


class TransportTypeError(LinkError):
    """The scheme of the connection string is not spoken here."""

    name = "TransportTypeException"


class TimedOutError(LinkError):
    """The answer did not come in the time given."""

    name = "TimedOutException"


class AlreadyConnectedError(LinkError):
    """The client is connected, and what was asked for is for clients that are not."""

    name = "AlreadyConnectedException"


class UsageError(AmpsError):
    """The call makes no sense."""

    name = "UsageException"


def _kind(name: str, base: type[AmpsError]) -> type[AmpsError]:
    return type(name.removesuffix("Exception") + "Error", (base,), {"name": name, "__doc__": f"A server's reason that means {name}."})


_REASONS: Final[Mapping[str, tuple[type[AmpsError], tuple[str, ...]]]] = {
    "AuthenticationException": (LinkError, ("authentication failure", "auth failure", "authentication disabled")),
    "NotEntitledException": (LinkError, ("not entitled",)),
    "NameInUseException": (LinkError, ("name in use",)),
    "BadFilterException": (CommandError, ("bad filter",)),
    "BadRegexTopicException": (CommandError, ("bad regex topic", "regex topic not supported")),
    "BadSowKeyException": (CommandError, ("bad sow key",)),
    "DuplicateLogonException": (CommandError, ("duplicate logon attempt",)),
    "InvalidBookmarkException": (CommandError, ("invalid bookmark",)),
    "InvalidOptionsException": (CommandError, ("invalid options",)),
    "InvalidOrderByException": (CommandError, ("invalid order by",)),
    "InvalidSubIdException": (CommandError, ("invalid subId",)),
    "InvalidTopicException": (CommandError, ("invalid topic", "invalid topic or filter")),
    "LogonRequiredException": (CommandError, ("logon required",)),
    "MissingFieldsException": (
        CommandError, ("no topic", "no topic or filter", "no filter or bookmark", "no client name", "orderby required"),
    ),
    "SubidInUseException": (CommandError, ("subid in use",)),
    "PublishException": (CommandError, ("tx store failure", "sow store failed")),
    "ReplayFailedException": (CommandError, ("txn replay failed",)),
}  # fmt: skip

BY_REASON: Final[Mapping[str, type[AmpsError]]] = MappingProxyType(
    {reason: kind for name, (base, reasons) in _REASONS.items() for kind in [_kind(name, base)] for reason in reasons}
)
"""The kind of error for every reason of which the documentation has one (wire.md §8)."""


def error_of(reason: str) -> AmpsError:
    """The error that a failure with this reason raises; the general one, with the text, for any other (CLI-EXC-18)."""
    return BY_REASON.get(reason, CommandError)(reason or "the server gave no reason")
