"""The adapter of the official Python client, written to its documented public API: `python -m conformance.adapters.official_python`.

The client is proprietary; this adapter is for those who hold a licence and have installed it themselves. It was written from the
published API descriptions alone and **has not been run**: where it and the client disagree, the adapter is what to mend first.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from conformance.adapters.protocol import from_base64, to_base64

LICENSED: Final = "AMPS_CLIENT_LICENSED"
"""Must be 1 in the environment: whoever sets it says that they may use the client."""

FEATURES: Final = (
    "client", "client-async", "client-sync", "client-tcp", "client-ha", "client-states", "publish-store", "heartbeat", "delta",
    "explicit-key", "replace", "oof", "queue",
)  # fmt: skip

QUICK: Final = frozenset({"client", "connect", "publish", "delta_publish", "unsubscribe", "stream", "close_stream", "ack", "version"})

GETTERS: Final = {
    "cmd": "get_command",
    "topic": "get_topic",
    "sub_id": "get_sub_id",
    "query_id": "get_query_id",
    "sow_key": "get_sow_key",
    "bookmark": "get_bookmark",
    "timestamp": "get_timestamp",
    "correlation_id": "get_correlation_id",
    "user_id": "get_user_id",
    "leaseperiod": "get_lease_period",
    "ack_type": "get_ack_type",
    "status": "get_status",
    "reason": "get_reason",
    "cmd_id": "get_command_id",
    "seq": "get_sequence",
    "matches": "get_matches",
    "topic_matches": "get_topic_matches",
    "records_returned": "get_records_returned",
}
"""Documented accessors of a message by field; one that the installed version lacks is passed over."""

Arguments = Mapping[str, Any]


class OfficialAdapter:
    """Drives clients of the module `AMPS`."""

    def __init__(self, amps: Any) -> None:
        self._amps = amps
        self._writing = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._streams: dict[tuple[str, str], Any] = {}

    def run(self) -> None:
        """Until the input ends."""
        for line in sys.stdin:
            command = json.loads(line)
            if command["do"] in QUICK | {"hello", "reset"}:
                self._call(command)
            else:
                threading.Thread(target=self._call, args=(command,), daemon=True).start()

    def _write(self, event: str, **more: object) -> None:
        text = json.dumps({"event": event, **more}, separators=(",", ":"))
        with self._writing:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def _call(self, command: Arguments) -> None:
        if command["do"] == "hello":
            version = str(self._amps.Client.get_version())
            self._write("hello", id=command["id"], protocol=1, name="AMPS Python client", version=version, language="python",
                        features=list(FEATURES))  # fmt: skip
            return
        try:
            result = getattr(self, f"_do_{command['do']}", self._request)(command) or {}
        except Exception as error:  # noqa: BLE001 (whatever the client raises is what the harness wants to know)
            self._write("raised", id=command["id"], error=type(error).__name__, text=str(error))
        else:
            self._write("returned", id=command["id"], **result)

    def _message(self, message: Any) -> dict[str, object]:
        header: dict[str, str | int] = {}
        for field, getter in GETTERS.items():
            read = getattr(message, getter, None)
            value = None if read is None else read()
            if isinstance(value, str | int) and value != "":
                header[field] = value
        raw = getattr(message, "get_data_raw", message.get_data)()
        return {"header": {"cmd": "", **header}, "data": to_base64(raw if isinstance(raw, bytes) else str(raw).encode())}

    # ---- life ------------------------------------------------------------------------------------------------------------------

    def _do_client(self, command: Arguments) -> None:
        amps, name = self._amps, command["client"]
        client = amps.HAClient(command["name"]) if command.get("reconnect") else amps.Client(command["name"])
        tell = self._teller(name)
        client.set_last_chance_message_handler(lambda message: tell("last_chance", message=self._message(message)))
        client.set_exception_listener(lambda error: tell("exception", text=str(error)))
        if not command.get("reconnect"):
            client.set_disconnect_handler(lambda _client: tell("disconnected"))
        if command.get("store"):
            client.set_publish_store(amps.MemoryPublishStore(1000))
            client.set_failed_write_handler(
                lambda message, reason: tell("failed_write", reason=str(reason), message=self._message(message))
            )
        self._clients[name] = client

    def _teller(self, client: str) -> Callable[..., None]:
        def tell(event: str, **more: object) -> None:
            self._write(event, client=client, **more)

        return tell

    def _do_reset(self, command: Arguments) -> None:
        del command
        clients = list(self._clients.values())
        self._clients.clear()
        self._streams.clear()
        for client in clients:
            client.close()

    def _do_connect(self, command: Arguments) -> None:
        client = self._clients[command["client"]]
        if isinstance(client, self._amps.HAClient):
            chooser = self._amps.DefaultServerChooser()
            chooser.add(command["uri"])
            client.set_server_chooser(chooser)
        else:
            client.connect(command["uri"])

    def _do_logon(self, command: Arguments) -> None:
        client = self._clients[command["client"]]
        if command.get("correlation_id"):
            client.set_logon_correlation_data(command["correlation_id"])
        if isinstance(client, self._amps.HAClient):
            client.connect_and_logon()
        else:
            client.logon(timeout=command.get("timeout_ms", 0), options=command.get("options", ""))

    def _do_version(self, command: Arguments) -> dict[str, object]:
        return {"value": str(self._clients[command["client"]].get_server_version())}

    def _do_close(self, command: Arguments) -> None:
        self._clients[command["client"]].close()

    # ---- commands --------------------------------------------------------------------------------------------------------------

    def _do_publish(self, command: Arguments) -> dict[str, object]:
        sent = self._amps.Command(command["do"]).set_topic(command["topic"]).set_data(from_base64(command["data"]))
        for name, setter in (("expiration", "set_expiration"), ("sow_key", "set_sow_key"), ("correlation_id", "set_correlation_id")):
            if name in command:
                getattr(sent, setter)(command[name])
        self._clients[command["client"]].execute_async(sent, None)
        return {}

    _do_delta_publish = _do_publish

    def _request(self, command: Arguments) -> dict[str, object]:
        client, sent = self._clients[command["client"]], self._amps.Command(command["do"]).set_topic(command["topic"])
        setters = {
            "filter": "set_filter", "options": "set_options", "sub_id": "set_sub_id", "command_id": "set_command_id",
            "batch_size": "set_batch_size", "top_n": "set_top_n", "orderby": "set_order_by", "bookmark": "set_bookmark",
            "timeout_ms": "set_timeout",
        }  # fmt: skip
        for name, setter in setters.items():
            if name in command:
                getattr(sent, setter)(command[name])
        for ack_type in command.get("acks", ()):
            sent.add_ack_type(ack_type)
        if "stream" in command:
            self._streams[command["client"], command["stream"]] = client.execute(sent)
            return {}
        return {"value": str(client.execute_async(sent, self._handler(command)))}

    def _handler(self, command: Arguments) -> Callable[[Any], None]:
        client, name, raise_on, count = command["client"], command.get("handler", ""), command.get("raise_on", ()), 0

        def handle(message: Any) -> None:
            nonlocal count
            count += 1
            self._write("message", client=client, handler=name, message=self._message(message))
            if count in raise_on:
                raise RuntimeError("as the harness wants it")

        return handle

    def _do_next(self, command: Arguments) -> dict[str, object]:
        stream = self._streams[command["client"], command["stream"]]
        stream.timeout(command.get("timeout_ms", 0))
        try:
            message = next(stream)
        except StopIteration:
            return {"end": True}
        return {} if message is None else {"message": self._message(message)}

    def _do_stream(self, command: Arguments) -> dict[str, object]:
        stream = self._streams[command["client"], command["stream"]]
        if "max_depth" in command:
            stream.max_depth(command["max_depth"])
        if command.get("conflate"):
            stream.conflate()
        return {}

    def _do_close_stream(self, command: Arguments) -> None:
        self._streams[command["client"], command["stream"]].close()

    def _do_unsubscribe(self, command: Arguments) -> None:
        client = self._clients[command["client"]]
        client.unsubscribe(*([command["sub_id"]] if "sub_id" in command else []))

    def _do_sow_delete(self, command: Arguments) -> dict[str, object]:
        client, topic, timeout_ms = self._clients[command["client"]], command["topic"], command.get("timeout_ms", 0)
        if "keys" in command:
            deleted = client.sow_delete_by_keys(topic, ",".join(command["keys"]), timeout=timeout_ms)
        elif "data" in command:
            deleted = client.sow_delete_by_data(topic, from_base64(command["data"]), timeout=timeout_ms)
        else:
            deleted = client.sow_delete(topic, command["filter"], timeout=timeout_ms)
        return {"message": self._message(deleted)}

    def _do_flush(self, command: Arguments) -> None:
        options = {"ack_type": command["ack_type"]} if "ack_type" in command else {}
        self._clients[command["client"]].publish_flush(timeout=command.get("timeout_ms", 0), **options)

    def _do_heartbeat(self, command: Arguments) -> None:
        given = [command["interval_s"], *([command["timeout_s"]] if "timeout_s" in command else [])]
        self._clients[command["client"]].set_heartbeat(*given)

    def _do_ack(self, command: Arguments) -> None:
        client, options = self._clients[command["client"]], command.get("options", "")
        if not options:
            client.ack(command["topic"], command["bookmark"])
            return
        sent = self._amps.Command("sow_delete").set_topic(command["topic"]).set_bookmark(command["bookmark"]).set_options(options)
        client.execute_async(sent, None)


def main() -> None:
    """Speak the protocol, if the user says that they may use the client and has installed it. `--may-run`: only say whether."""
    if os.environ.get(LICENSED) != "1":
        sys.exit(f"the official client is proprietary: set {LICENSED}=1 if you hold a licence, and install it yourself")
    try:
        amps = importlib.import_module("AMPS")
    except ImportError:
        sys.exit("the official Python client is not installed (module AMPS); nothing here installs it")
    if sys.argv[1:] != ["--may-run"]:
        OfficialAdapter(amps).run()


if __name__ == "__main__":
    main()
