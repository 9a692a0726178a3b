"""The server as a program: what `python -m conformance.server` does."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.config_file import expand, read
from conformance.errors import UsageError
from reference_model.config import STANDARD, InstanceConfig

from .app import App, Trace, clock
from .engine import Engine
from .mutants import behaviour_with
from .session import Session

slots_default: Final = 8
"""Slots of the configuration that is served without a file, as `amps-conformance config` prints them."""

loopback: Final = "127.0.0.1"

_ADDRESS: Final = re.compile(r"(?:\[(?P<six>[^\]]*)\]|(?P<host>[^:]*)):(?P<port>\d{1,5})|(?P<bare>\d{1,5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """An address to listen on, and the message type of its transport (None: any)."""

    host: str
    port: int
    message_type: str | None = None

    @property
    def uri(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port}/amps"


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, `[IPV6]:PORT`, `:PORT` or `PORT`; loopback where no host is given. Raises UsageError."""
    found = _ADDRESS.fullmatch(text.strip())
    port = int(found["bare"] or found["port"]) if found else 65_536
    if found is None or port > 65_535:
        raise UsageError(f"no address to listen on: {text!r} (write HOST:PORT)")
    return found["six"] or found["host"] or loopback, port


def serve(
    *,
    listen: str | None = None,
    config: Path | None = None,
    slots: int = slots_default,
    seed: int = 0,
    mutants: Sequence[str] = (),
    delivery_delay_s: float = 0.0,
    trace: bool = False,
    with_parent: bool = False,
) -> int:
    """Serve until SIGINT or SIGTERM, or (`with_parent`) until stdin ends: a parent that was killed leaves no server.
    Returns the exit code: 0, or 2 with one line on stderr for a bad file, address or mutant.

    The first line on stdout is `listening tcp://HOST:PORT/amps`, once connections are accepted; further transports have further ones.
    `delivery_delay_s`: how much later than its change a live message is sent, long after the publisher's flush was acknowledged.
    Without `listen` a file's own transports are opened, without both a free port on loopback.
    """
    try:
        instance, listeners = _prepare(listen, config, slots)
        behaviour = behaviour_with(mutants)
    except UsageError as error:
        return _complain(str(error))
    now = clock()
    engine = Engine(instance, seed=seed, behaviour=behaviour, clock=now, delivery_delay_s=delivery_delay_s)
    try:
        asyncio.run(_run(App(engine, now, _tracer() if trace else None), listeners, with_parent=with_parent))
    except OSError as error:
        return _complain(f"cannot listen on {', '.join(f'{one.host}:{one.port}' for one in listeners)}: {error.strerror or error}")
    except KeyboardInterrupt:
        return 0
    return 0


def _complain(line: str) -> int:
    sys.stderr.write(f"{line}\n")
    return 2


def _prepare(listen: str | None, config: Path | None, slots: int) -> tuple[InstanceConfig, list[Listener]]:
    if config is None:
        host, port = parse_address(listen or f"{loopback}:0")
        return expand(STANDARD, range(slots)), [Listener(host=host, port=port)]
    instance, warnings = read(config)
    for warning in warnings:
        sys.stderr.write(f"{warning}\n")
    transports = []
    for transport in instance.transports:
        if transport.protocol in {"amps", "json"}:
            transports.append(transport)
        else:
            sys.stderr.write(f"transport {transport.name}: protocol {transport.protocol} is not served\n")
    if listen is not None:
        host, port = parse_address(listen)
        kinds = {transport.message_type for transport in transports}
        return instance, [Listener(host=host, port=port, message_type=kinds.pop() if len(kinds) == 1 else None)]
    if not transports:
        raise UsageError(f"{config}: no transport with protocol amps to listen on (or give --listen)")
    listeners = []
    for transport in transports:
        host, port = parse_address(transport.address)
        listeners.append(Listener(host=host, port=port, message_type=transport.message_type))
    return instance, listeners


async def _run(app: App, listeners: Sequence[Listener], *, with_parent: bool) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    if with_parent:
        loop.add_reader(sys.stdin.fileno(), stop.set)  # nothing is ever written to it: it can be read when it has ended
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    servers = []
    for listener in listeners:
        server = await app.listen(listener.host, listener.port, listener.message_type)
        servers.append(server)
        port = server.sockets[0].getsockname()[1]
        sys.stdout.write(f"listening {Listener(host=listener.host, port=port).uri}\n")
    sys.stdout.flush()
    await stop.wait()
    for server in servers:
        server.close()
    app.close()
    await asyncio.sleep(0)


def _tracer() -> Trace:
    """Prints one line for each frame."""

    def show(session: Session, way: str, payload: bytes) -> None:
        text = payload.decode(errors="backslashreplace").translate(_CONTROLS)
        sys.stderr.write(f"{session.number} {way} {text}\n")

    return show


_CONTROLS: Final = {code: f"\\x{code:02x}" for code in (*range(32), 127)}
