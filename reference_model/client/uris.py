"""Connection strings: which are right, and what they say (wire.md §1, clients.md §2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from reference_model.client.program import CLOSED, PEER
from reference_model.rule import Because, R

OPTIONS: Final = frozenset(
    {"tcp_nodelay", "tcp_sndbuf", "tcp_rcvbuf", "bind", "ip_protocol_prefer", "pretty", "compression", "http_preflight"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What comes of connecting: the error and its rules, or the parts that the logon shows."""

    error: str = ""
    because: Because = ()
    user: str = ""
    password: str = ""
    message_type: str = ""
    pretty: bool = False


def read_uri(text: str) -> Reading:
    """The reading of a connection string in which PEER or CLOSED stands for an address."""
    text = text.replace(PEER, "127.0.0.1:9")
    closed = CLOSED in text
    text = text.replace(CLOSED, "127.0.0.1:9")
    parts = urlsplit(text)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    path = [part for part in parts.path.split("/") if part]
    if parts.scheme not in {"tcp", "tcps", "unix", "ws", "wss"}:
        return Reading(error="TransportTypeException", because=(R("CLI-CONN-04"),))
    if not parts.port or not path or options.keys() - OPTIONS:
        return Reading(error="InvalidUriException", because=(R("CLI-CONN-03"),))
    if closed:
        return Reading(error="ConnectionRefusedException", because=(R("CLI-CONN-02"),))
    return Reading(
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        message_type="" if path == ["amps"] else path[-1],
        pretty="pretty" in options,
    )
