"""The `--target` mini-language: `host:port`, `tcp://user:password@host:port/amps/json` (wire.md section 1), `tcps://`. No sockets.

A spec never shows its password: not in `repr`, not in `str`, not in `.uri`, which holds no credentials at all.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from conformance.errors import UsageError

PASSWORD_VARIABLE: Final = "AMPS_PASSWORD"  # noqa: S105 (the name of a variable, no password)
SCHEMES: Final = ("tcp", "tcps")
PORT_MAX: Final = 65535
DEFAULT_MESSAGE_TYPE: Final = "json"

_PLACE: Final = re.compile(r"([^/?#]*)(.*)", re.DOTALL)
_PORT: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_MESSAGE_TYPE: Final = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How a `tcps` target is verified, and how it verifies us.

    ca_file    certificates (PEM) that sign that of the target; None: those of the system
    cert_file  our certificate (PEM), None: none; key_file: its key, None: in the same file
    host_name  the name that the target's certificate must have; None: the host of the address
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    host_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSpec:
    """An address and who we are there. `message_type` None: the URI ends in `/amps` and names none. `tls` None: plain TCP."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    message_type: str | None = DEFAULT_MESSAGE_TYPE
    tls: Tls | None = None

    @property
    def address(self) -> str:
        """`host:port`, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def uri(self) -> str:
        """The whole address without credentials: what may be printed and recorded."""
        scheme = "tcp" if self.tls is None else "tcps"
        return f"{scheme}://{self.address}/amps" + (f"/{self.message_type}" if self.message_type else "")

    @property
    def loopback(self) -> bool:
        """Whether the target is on this machine as far as its address says."""
        if self.host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return self.uri


def parse_target(text: str) -> TargetSpec:
    """The spec of `host:port` or of a `tcp://` or `tcps://` URI; without a path it is `/amps/json`. Raises UsageError.

    User and password are percent-decoded. A URI with a user and no password takes the password from AMPS_PASSWORD, if that is set.
    """
    text = text.strip()
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "tcp", text
    if scheme.lower() not in SCHEMES:
        raise UsageError(f"{_shown(text)}: the scheme '{scheme}' is not supported; write tcp://host:port/amps/json, or tcps://")
    if not rest or any(char.isspace() or not char.isprintable() for char in rest):
        raise UsageError(f"{_shown(text)}: not an address; write host:port or tcp://user:password@host:port/amps/json")
    credentials, at, _ = rest.partition("/")[0].rpartition("@")
    address = rest[len(credentials) + len(at) :]
    if "@" in address:
        raise UsageError(f"{_shown(text)}: write a '/' or '@' in user or password percent-encoded (%2F, %40)")
    place, path = _PLACE.fullmatch(address).groups()  # type: ignore[union-attr]  # the pattern matches every text
    host, port = _host_and_port(text, place)
    user, password = _credentials(credentials) if at else (None, None)
    if user is not None and password is None:
        password = os.environ.get(PASSWORD_VARIABLE)
    tls = Tls() if scheme.lower() == "tcps" else None
    return TargetSpec(host=host, port=port, user=user, password=password, message_type=_message_type(text, path), tls=tls)


def _host_and_port(text: str, place: str) -> tuple[str, int]:
    """Of `host:port`: the host without brackets and the port."""
    if place.startswith("["):
        host, bracket, port = place[1:].partition("]")
        if not bracket or not port.startswith(":"):
            raise UsageError(f"{_shown(text)}: write an IPv6 address as [::1]:port")
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            raise UsageError(f"{_shown(text)}: '{host}' is no IPv6 address") from None
        port = port[1:]
    else:
        host, _, port = place.rpartition(":")
        if ":" in host:
            raise UsageError(f"{_shown(text)}: write an IPv6 address in brackets, [::1]:port")
    if not host:
        raise UsageError(f"{_shown(text)}: a host and a port are needed, as in 127.0.0.1:9007")
    if not _PORT.fullmatch(port) or not 1 <= int(port) <= PORT_MAX:
        raise UsageError(f"{_shown(text)}: '{port}' is no port (1 to {PORT_MAX})")
    return unquote(host), int(port)


def _credentials(text: str) -> tuple[str | None, str | None]:
    user, colon, password = text.partition(":")
    return (unquote(user) or None), (unquote(password) if colon else None)


def _message_type(text: str, path: str) -> str | None:
    """What the path names after the protocol. The path is `/amps` or `/amps/<message type>`; none is `/amps/json`."""
    if "?" in path or "#" in path:
        raise UsageError(f"{_shown(text)}: options after '?' or '#' are not supported")
    steps = [step for step in path.split("/") if step]
    if not steps:
        return DEFAULT_MESSAGE_TYPE
    if steps[0] != "amps":
        raise UsageError(f"{_shown(text)}: the protocol '{steps[0]}' is not supported, only amps")
    if len(steps) > 2 or (len(steps) == 2 and not _MESSAGE_TYPE.fullmatch(steps[1])):
        raise UsageError(f"{_shown(text)}: the path is /amps/<message type>, for example /amps/json")
    return steps[1] if len(steps) == 2 else None


def _shown(text: str) -> str:
    """The text for an error message: whatever may be credentials left out, control characters escaped."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "", text
    return f"target '{(scheme + separator + rest.rpartition('@')[2]).encode('unicode_escape').decode('ascii')}'"
