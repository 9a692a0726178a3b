"""Connection strings of a client: `tcp://[user[:password]@]host:port/amps[/type][?option=value&…]` (wire.md §1, clients.md §2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from conformance.client.failures import InvalidUriError, TransportTypeError

OPTIONS: Final = frozenset({"tcp_nodelay", "tcp_sndbuf", "tcp_rcvbuf", "bind", "ip_protocol_prefer", "pretty"})
PROTOCOLS: Final = frozenset({"amps", "json"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Uri:
    """A connection string in its parts. `message_type` empty: the path names the protocol only. Users and passwords are decoded."""

    host: str
    port: int
    message_type: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    options: tuple[tuple[str, str], ...] = ()


def parse_uri(text: str) -> Uri:
    """The parts. Raises TransportTypeError for a scheme other than tcp, InvalidUriError for everything else that is wrong."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidUriError(f"this is no connection string ({error})") from None
    if not parts.scheme or "://" not in text:
        raise InvalidUriError("a connection string begins with tcp://")
    if parts.scheme != "tcp":
        raise TransportTypeError(f"no transport is called {parts.scheme!r} here, only tcp")
    path = [part for part in parts.path.split("/") if part]
    if not host or not port or not path:
        raise InvalidUriError("write tcp://host:port/amps/json")
    options = tuple(parse_qsl(parts.query, keep_blank_values=True))
    unknown = [name for name, _ in options if name not in OPTIONS]
    if unknown:
        raise InvalidUriError(f"no option is called {unknown[0]!r}")
    return Uri(
        host=host,
        port=port,
        message_type="" if path[-1] in PROTOCOLS and len(path) == 1 else path[-1],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        options=options,
    )
