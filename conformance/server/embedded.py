"""The server inside of another process: on a thread of its own, for tests and for runs without a target."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Final, Self

from reference_model.config import InstanceConfig

from .app import App, clock
from .engine import Engine
from .mutants import behaviour_with

loopback: Final = "127.0.0.1"

_start_s_max: Final = 10.0
"""How long it may take to listen; it takes milliseconds."""


class EmbeddedServer:
    """The server on a thread of its own, for as long as a `with` block lasts. `config` has real topic names.

    `address`: where to listen, port 0 for a free one; `port`: where it does; `delivery_delay_s`: how much later than
    its change a live message is sent. Raises UsageError for an unknown mutant, OSError for an
    address that is in use.
    """

    def __init__(
        self,
        config: InstanceConfig,
        *,
        seed: int = 0,
        mutants: Sequence[str] = (),
        address: tuple[str, int] = (loopback, 0),
        message_type: str | None = None,
        delivery_delay_s: float = 0.0,
    ) -> None:
        self._now: Final[Callable[[], float]] = clock()
        self.engine: Final = Engine(
            config, seed=seed, behaviour=behaviour_with(mutants), clock=self._now, delivery_delay_s=delivery_delay_s
        )
        self._address: Final = address
        self._message_type: Final = message_type
        self._thread: Final = threading.Thread(target=self._main, name="amps-server", daemon=True)
        self._ready: Final = threading.Event()
        self._failure: BaseException | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(_start_s_max):
            raise TimeoutError("the embedded server does not start")
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _main(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(self._failed)
        app = App(self.engine, self._now)
        server = await app.listen(*self._address, self._message_type)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        app.close()
        await asyncio.sleep(0)

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """A bug of the server must not pass for a closed connection."""
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self._failure = self._failure or error
        else:
            loop.default_exception_handler(context)
