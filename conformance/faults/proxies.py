"""Proxies for the connections of a scenario: made when first needed, kept from one scenario to the next, removed at the end.

A connection that a proxy's fault is made on goes through a proxy of its own, so that no fault touches another one.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from conformance.errors import ProxyError
from conformance.faults.api import Api, Proxy, address, parse_address
from conformance.faults.server import ToxiproxyServer
from conformance.targets.spec import TargetSpec
from reference_model.fault import KINDS, Fault

AUTO: Final = "auto"
NAME_BYTES: Final = 4

ATTRIBUTES: Final = {
    "latency_ms": "latency",
    "jitter_ms": "jitter",
    "rate_kb_s": "rate",
    "delay_ms": "delay",
    "delay_us": "delay",
    "average_bytes": "average_size",
    "variation_bytes": "size_variation",
    "timeout_ms": "timeout",
    "bytes": "bytes",
}
"""Our names of numbers, which say the unit, and toxiproxy's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the proxies are.

    toxiproxy  its API, HOST:PORT, or `auto`: one is started for the run
    upstream   the target's address as toxiproxy sees it, HOST:PORT; None: as we see it
    listen     the host of toxiproxy's machine on which proxies listen, as we see it; None: that of its API
    """

    toxiproxy: str
    upstream: str | None = None
    listen: str | None = None


class Proxies:
    """The proxies of one bench. Every method raises ProxyError if toxiproxy does not do what it is asked for."""

    def __init__(self, api: Api, *, upstream: str, listen: str) -> None:
        self.api = api
        self._upstream = upstream
        self._listen = listen
        self._token = secrets.token_hex(NAME_BYTES)
        self._made: list[Proxy] = []
        self._of: dict[str, Proxy] = {}
        self._toxics: dict[tuple[str, str], None] = {}
        self._down: set[str] = set()

    def route(self, connection: str, spec: TargetSpec) -> TargetSpec:
        """The target's address for this connection: that of a proxy of its own."""
        proxy = self._proxy(connection)
        # The certificate is that of the target, however we come to it.
        tls = None if spec.tls is None else replace(spec.tls, host_name=spec.tls.host_name or spec.host)
        return replace(spec, host=self._listen, port=proxy.port, tls=tls)

    def _proxy(self, connection: str) -> Proxy:
        if connection not in self._of:
            used = set(self._of.values())
            free = next((proxy for proxy in self._made if proxy not in used), None)
            self._of[connection] = free or self._make()
        return self._of[connection]

    def _make(self) -> Proxy:
        name = f"amct-{self._token}-{len(self._made) + 1}"
        proxy = self.api.create(name, listen=address(self._listen, 0), upstream=self._upstream)
        self._made.append(proxy)
        return proxy

    def begin(self, connection: str, fault: Fault) -> None:
        """Make a fault on the proxy of a connection."""
        proxy = self._proxy(connection)
        if fault.kind == "down":
            self._down.add(proxy.name)
            self.api.enable(proxy.name, enabled=False)
            return
        attributes = {ATTRIBUTES[name]: fault.number(name) for name in KINDS[fault.kind].numbers}
        self._toxics[proxy.name, fault.label] = None
        self.api.add(proxy.name, fault.label, kind=fault.kind, stream=fault.direction, attributes=attributes)

    def end(self, connection: str, fault: Fault) -> None:
        """The fault is over; nothing happens if it was not made on this connection."""
        proxy = self._of.get(connection)
        if proxy is None:
            return
        if fault.kind == "down":
            if proxy.name in self._down:
                self.api.enable(proxy.name, enabled=True)
                self._down.discard(proxy.name)
        elif (proxy.name, fault.label) in self._toxics:
            self.api.remove(proxy.name, fault.label)
            del self._toxics[proxy.name, fault.label]

    def rest(self) -> None:
        """The scenario is over: whatever is left of its faults is taken away, and it is made sure that toxiproxy was there all the
        time; else what came of the scenario says nothing about the target."""
        for name in sorted(self._down):
            self.api.enable(name, enabled=True)
        self._down.clear()
        for name, toxic in list(self._toxics):
            self.api.remove(name, toxic)
        self._toxics.clear()
        if self._of:
            self._of.clear()
            self.api.version()

    def close(self) -> None:
        """Remove every proxy; what cannot be removed is left. Never raises."""
        for proxy in self._made:
            with contextlib.suppress(ProxyError):
                self.api.delete(proxy.name)
        self._made.clear()


@contextmanager
def proxies_of(place: Place, spec: TargetSpec) -> Iterator[Proxies]:
    """Proxies to a target, removed at the end, also after Ctrl-C. Raises ProxyError, UsageError."""
    with contextlib.ExitStack() as stack:
        if place.toxiproxy == AUTO:
            api = stack.enter_context(ToxiproxyServer.start()).api
        else:
            api = Api(*parse_address(place.toxiproxy, "--toxiproxy"))
            api.check()
        upstream = spec.address if place.upstream is None else address(*parse_address(place.upstream, "--toxiproxy-upstream"))
        proxies = Proxies(api, upstream=upstream, listen=place.listen or api.host)
        stack.callback(proxies.close)
        yield proxies
