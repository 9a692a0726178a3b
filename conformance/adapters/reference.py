"""The adapter of the reference client: `python -m conformance.adapters.reference`. A pattern for adapters in Python.

One thread reads commands; a call that may wait has a thread of its own, so that several are under way; one lock keeps lines whole.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, TextIO

from conformance.adapters.protocol import from_base64, message_to_json
from conformance.client.client import Client
from conformance.client.failures import AmpsError
from conformance.client.mutants import client_with
from conformance.client.store import PublishStore
from conformance.client.stream import Stream
from conformance.version import VERSION
from reference_model.messages import Message

FEATURES: Final = (
    "client", "client-async", "client-sync", "client-tcp", "client-ha", "client-states", "publish-store", "heartbeat", "delta",
    "explicit-key", "replace", "oof", "queue",
)  # fmt: skip

QUICK: Final = frozenset(
    {"client", "connect", "publish", "delta_publish", "unsubscribe", "stream", "close_stream", "ack", "heartbeat", "version"}
)
"""Calls that wait for no answer: they run in the order in which they came."""

FIELDS: Final = {"options": "opts"}
"""Names of arguments that the client calls otherwise."""

Arguments = Mapping[str, Any]


class Handled(Exception):  # noqa: N818 (the application's, not ours)
    """What a handler raises if the harness wants it to."""


class ReferenceAdapter:
    """Reads commands from one stream, writes events to the other. `kind`: the class of client it makes (a faulty one in self-tests)."""

    def __init__(self, lines_in: TextIO, lines_out: TextIO, kind: type[Client] = Client) -> None:
        self._in = lines_in
        self._out = lines_out
        self._kind = kind
        self._writing = threading.Lock()
        self._clients: dict[str, Client] = {}
        self._streams: dict[tuple[str, str], Stream] = {}

    def run(self) -> None:
        """Until the input ends."""
        for line in self._in:
            command = json.loads(line)
            if command["do"] in QUICK:
                self._call(command)
            elif command["do"] in {"hello", "reset"}:
                self._own(command)
            else:
                threading.Thread(target=self._call, args=(command,), daemon=True).start()

    def _write(self, event: str, **more: object) -> None:
        text = json.dumps({"event": event, **more}, separators=(",", ":"))
        with self._writing:
            self._out.write(text + "\n")
            self._out.flush()

    def _own(self, command: Arguments) -> None:
        if command["do"] == "hello":
            self._write("hello", id=command["id"], protocol=1, name="amps-conformance reference client", version=VERSION,
                        language="python", features=list(FEATURES))  # fmt: skip
            return
        clients = list(self._clients.values())
        self._clients.clear()
        self._streams.clear()
        for client in clients:
            client.close()
        self._write("returned", id=command["id"])

    def _call(self, command: Arguments) -> None:
        arguments = {name: value for name, value in command.items() if name not in {"id", "do", "client"}}
        try:
            result = getattr(self, f"_do_{command['do']}", self._request)(command, arguments)
        except AmpsError as error:
            self._write("raised", id=command["id"], error=error.name, text=str(error))
        except Exception as error:  # noqa: BLE001 (whatever the client raises is what the harness wants to know)
            self._write("raised", id=command["id"], error=type(error).__name__, text=str(error))
        else:
            self._write("returned", id=command["id"], **result)

    # ---- calls -----------------------------------------------------------------------------------------------------------------

    def _do_client(self, command: Arguments, arguments: Arguments) -> dict[str, object]:
        name = command["client"]
        store = PublishStore() if arguments.get("store") else None
        client = self._kind(arguments["name"], store=store, reconnect=bool(arguments.get("reconnect")))
        tell = self._teller(name)
        client.listeners.last_chance = lambda message: tell("last_chance", message=message_to_json(message))
        client.listeners.disconnected = lambda: tell("disconnected")
        client.listeners.exception = lambda error: tell("exception", text=str(error))
        if "last_chance" in arguments.get("raise_in", ()):
            client.listeners.last_chance = _raising(client.listeners.last_chance)
        client.listeners.state = lambda state: tell("state", state=state)
        client.listeners.failed_write = lambda message, reason: tell("failed_write", reason=reason, message=message_to_json(message))
        self._clients[name] = client
        return {}

    def _teller(self, client: str) -> Callable[..., None]:
        def tell(event: str, **more: object) -> None:
            self._write(event, client=client, **more)

        return tell

    def _client(self, command: Arguments) -> Client:
        return self._clients[command["client"]]

    def _do_connect(self, command: Arguments, arguments: Arguments) -> dict[str, object]:
        self._client(command).connect(arguments["uri"])
        return {}

    def _do_logon(self, command: Arguments, arguments: Arguments) -> dict[str, object]:
        self._client(command).logon(**arguments)
        return {}

    def _do_version(self, command: Arguments, _arguments: Arguments) -> dict[str, object]:
        return {"value": self._client(command).server_version}

    def _do_close(self, command: Arguments, _arguments: Arguments) -> dict[str, object]:
        self._client(command).close()
        return {}

    def _do_publish(self, command: Arguments, arguments: Arguments) -> dict[str, object]:
        call = getattr(self._client(command), command["do"])
        fields = {name: value for name, value in arguments.items() if name not in {"topic", "data"}}
        return {"value": call(arguments["topic"], from_base64(arguments["data"]), **fields)}

    _do_delta_publish = _do_publish

    def _do_unsubscribe(self, command: Arguments, arguments: Arguments) -> dict[str, object]:
        self._client(command).unsubscribe(**arguments)
        return {}

    def _do_sow_delete(self, command: Arguments, arguments: Arguments) -> dict[str, object]:
        given = dict(arguments)
        if "data" in given:
            given["data"] = from_base64(given["data"])
        return {"message": message_to_json(self._client(command).sow_delete(given.pop("topic"), **given))}

    def _do_flush(self, command: Arguments, arguments: Arguments) -> dict[str, object]:
        self._client(command).flush(**arguments)
        return {}

    def _do_heartbeat(self, command: Arguments, arguments: Arguments) -> dict[str, object]:
        self._client(command).set_heartbeat(**arguments)
        return {}

    def _do_ack(self, command: Arguments, arguments: Arguments) -> dict[str, object]:
        self._client(command).ack(**arguments)
        return {}

    # ---- queries, subscriptions, streams -----------------------------------------------------------------------------------------

    def _request(self, command: Arguments, arguments: Arguments) -> dict[str, object]:
        """The subscribe and the sow family: with `stream` their messages are fetched by `next`, else each is an event."""
        more = {FIELDS.get(name, name): value for name, value in arguments.items()}
        topic, stream = more.pop("topic"), more.pop("stream", None)
        handler = None
        if stream is None:
            handler = self._handler(command["client"], more.pop("handler", ""), more.pop("raise_on", ()))
        result = self._client(command).request(command["do"], topic, handler, **more)
        if isinstance(result, Stream):
            self._streams[command["client"], stream] = result
            return {}
        return {"value": result}

    def _handler(self, client: str, name: str, raise_on: object) -> Callable[[Message], None]:
        count = 0

        def handle(message: Message) -> None:
            nonlocal count
            count += 1
            self._write("message", client=client, handler=name, message=message_to_json(message))
            if count in raise_on:  # type: ignore[operator]  # a list of the protocol
                raise Handled("as the harness wants it")

        return handle

    def _do_next(self, command: Arguments, arguments: Arguments) -> dict[str, object]:
        stream = self._streams[command["client"], arguments["stream"]].timeout(arguments.get("timeout_ms", 0))
        try:
            message = next(stream)
        except StopIteration:
            return {"end": True}
        return {} if message is None else {"message": message_to_json(message)}

    def _do_stream(self, command: Arguments, arguments: Arguments) -> dict[str, object]:
        stream = self._streams[command["client"], arguments["stream"]]
        if "max_depth" in arguments:
            stream.max_depth(arguments["max_depth"])
        if arguments.get("conflate"):
            stream.conflate()
        return {"depth": stream.depth}

    def _do_close_stream(self, command: Arguments, arguments: Arguments) -> dict[str, object]:
        self._streams[command["client"], arguments["stream"]].close()
        return {}


def _raising(tell: Callable[[Message], None]) -> Callable[[Message], None]:
    def handle(message: Message) -> None:
        tell(message)
        raise Handled("as the harness wants it")

    return handle


def main(kind: type[Client] = Client) -> None:
    """Speak the protocol on stdin and stdout."""
    ReferenceAdapter(sys.stdin, sys.stdout, kind).run()


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            main()
        case ["--mutant", name]:
            main(client_with(name))
        case _:
            sys.exit("usage: python -m conformance.adapters.reference [--mutant NAME]")
