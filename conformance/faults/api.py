"""The API of a toxiproxy server, through its Python client. Sockets and time-outs are here.

The client keeps the server's address in a class, waits for ever, takes an error for an answer, and writes names into paths as they are.
Here every call names its server, is bounded, and either succeeds or raises one ProxyError in one line.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from conformance.errors import ProxyError, UsageError

ANSWER_S: Final = 5.0
"""A toxiproxy answers in a millisecond; one that does not within this is not there."""

ANSWER_CHARS_SHOWN_MAX: Final = 120

VERSION: Final = "2.12.0"
"""The version whose behaviour the faults were tried with (scripts/install-toxiproxy)."""

MAJOR: Final = "2."
"""Servers of another major version have another API."""

PORT_MAX: Final = 65535

_LOCK: Final = threading.Lock()
"""The client has one address for all; whoever calls sets it first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy as the server told it: where it listens, by its own account."""

    name: str
    listen: str

    @property
    def port(self) -> int:
        """0 if it told none."""
        port = self.listen.rpartition(":")[2]
        return int(port) if port.isascii() and port.isdigit() and len(port) <= len(str(PORT_MAX)) else 0


def parse_address(text: str, option: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, IPv6 in brackets. Raises UsageError."""
    host, colon, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not bare or not (port.isascii() and port.isdigit()) or not 1 <= int(port) <= PORT_MAX:
        raise UsageError(f"{option} '{text}' is no address; write HOST:PORT")
    return bare, int(port)


def address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Api:
    """One toxiproxy server. Every method raises ProxyError if it cannot be done."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port

    @property
    def address(self) -> str:
        return address(self.host, self.port)

    def version(self) -> str:
        """The version of the server."""
        told = self._call("get", "/version", "tell its version")
        version = told.get("version")
        if not isinstance(version, str):
            raise ProxyError(f"{self.address} is no toxiproxy: it does not tell its version")
        return version

    def check(self) -> str:
        """The version, if it is one that can be used."""
        version = self.version()
        if not version.startswith(MAJOR):
            raise ProxyError(f"the toxiproxy on {self.address} is version {version[:ANSWER_CHARS_SHOWN_MAX]!r}; {VERSION} is needed")
        return version

    def create(self, name: str, *, listen: str, upstream: str) -> Proxy:
        """A proxy from `listen` (port 0: any free one) to `upstream`."""
        what = f"make a proxy from {listen} to {upstream}"
        told = self._call("post", "/proxies", what, {"name": name, "listen": listen, "upstream": upstream, "enabled": True})
        proxy = Proxy(name=name, listen=str(told.get("listen")))
        if not 1 <= proxy.port <= PORT_MAX:
            raise ProxyError(f"the toxiproxy on {self.address} does not tell where its proxy listens")
        return proxy

    def delete(self, name: str) -> None:
        """Remove a proxy; one that is not there is no error."""
        self._call("delete", f"/proxies/{quote(name, safe='')}", "remove a proxy", missing=True)

    def enable(self, name: str, *, enabled: bool) -> None:
        """Take a proxy up or down."""
        self._call("post", f"/proxies/{quote(name, safe='')}", "switch a proxy", {"enabled": enabled})

    def add(self, name: str, toxic: str, *, kind: str, stream: str, attributes: Mapping[str, int]) -> None:
        """Put a toxic on a proxy, for every connection. A number that the server takes for another is an error."""
        body = {"name": toxic, "type": kind, "stream": stream, "toxicity": 1.0, "attributes": dict(attributes)}
        told = self._call("post", f"/proxies/{quote(name, safe='')}/toxics", f"add a toxic {kind}", body)
        taken = told.get("attributes")
        if not isinstance(taken, dict) or any(taken.get(key) != value for key, value in attributes.items()):
            raise ProxyError(f"the toxiproxy on {self.address} takes other numbers for {kind} than it was given")

    def remove(self, name: str, toxic: str) -> None:
        """Take a toxic off a proxy; one that is not there is no error."""
        path = f"/proxies/{quote(name, safe='')}/toxics/{quote(toxic, safe='')}"
        self._call("delete", path, "remove a toxic", missing=True)

    def _call(
        self, method: str, path: str, what: str, body: Mapping[str, object] | None = None, *, missing: bool = False
    ) -> dict[str, Any]:
        """One request. `what`: for the error; `missing`: that the thing is not there is fine."""
        consumer, errors = _client()
        # The environment's HTTP proxy has no business between us and a toxiproxy.
        options: dict[str, Any] = {"timeout": ANSWER_S, "proxies": {"no_proxy": "*"}}
        if body is not None:
            options["json"] = body
        try:
            with _LOCK:
                consumer.host, consumer.port = (f"[{self.host}]" if ":" in self.host else self.host), self.port
                response = getattr(consumer, method)(path, **options)
        except errors.NotFound:
            if missing:
                return {}
            raise ProxyError(f"the toxiproxy on {self.address} cannot {what}: it does not know that proxy") from None
        except (errors.ProxyExists, errors.InvalidToxic) as error:
            raise ProxyError(f"the toxiproxy on {self.address} cannot {what}: {_text(error.args[0] if error.args else b'')}") from None
        except OSError as error:  # requests raises nothing else
            raise ProxyError(f"no toxiproxy answers on {self.address} ({type(error).__name__})") from None
        if response.status_code >= 300:
            raise ProxyError(f"the toxiproxy on {self.address} cannot {what}: {_text(response.content)}")
        if not response.content:
            return {}
        try:
            told = response.json()
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise ProxyError(f"{self.address} is no toxiproxy: it answers {_text(response.content)}")
        return told


def _client() -> tuple[Any, Any]:
    """The client's request class and its exceptions. Raises UsageError: it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it and what it needs were written for an older Python
            from toxiproxy import exceptions  # noqa: PLC0415 (an extra, and slow to import)
            from toxiproxy.api import APIConsumer  # noqa: PLC0415 (see above)
    except ImportError as error:
        raise UsageError(f"toxiproxy needs a package that is missing ({error}): pip install 'amps-conformance[faults]'") from None
    return APIConsumer, exceptions


def _text(content: object) -> str:
    """What a server said, in one short line without control characters."""
    text = content.decode(errors="replace") if isinstance(content, bytes) else str(content)
    return " ".join(text.encode("unicode_escape").decode("ascii").split())[:ANSWER_CHARS_SHOWN_MAX] or "no reason given"
