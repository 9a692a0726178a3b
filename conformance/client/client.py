"""The reference client: the calls that an application makes, and the commands that they send (clients.md §2 to §6, §9 to §11, §13).

    client = Client("me")
    client.connect("tcp://127.0.0.1:9007/amps/json")
    client.logon()
    for message in client.sow("orders", filter="/qty > 1"):
        ...
    client.close()

A query or subscription without a handler returns a `Stream`; with one it returns the id of the subscription or command.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Final

from conformance.client.connection import Connection
from conformance.client.core import UNBOUNDED, Core, Handler, Route
from conformance.client.failures import AmpsError, DisconnectedError, LinkError, RefusedError, TimedOutError, UsageError
from conformance.client.store import PublishStore
from conformance.client.stream import Ending, Stream
from conformance.client.uri import Uri, parse_uri
from conformance.errors import TargetError
from conformance.targets.spec import TargetSpec
from reference_model.messages import HeaderValue, Message

VERSION: Final = "5.3.5.0:python-reference"
CONNECT_S: Final = 5.0
BATCH_SIZE: Final = 10
"""The batch size of a query whose application names none (CLI-SOW-01)."""

BOOKMARKS: Final = {"EPOCH": "0", "NOW": "0|1|", "MOST_RECENT": "0"}
"""What stands for the beginning, the end, and (without a bookmark store) where the client left off (clients.md §12)."""

RECONNECT_S: Final = 0.2
"""Between two attempts to connect again (clients.md §11: the usual fixed delay)."""

DISCONNECTED, SHUTDOWN, CONNECTED, LOGGED_ON, REPLAYED, HEARTBEAT, RESUBSCRIBED = 0, 1, 2, 4, 8, 16, 32
"""The numbers of the connection states (clients.md §2)."""

Acks = Iterable[str]


class Client(Core):
    """A client named `name`. `store` keeps publishes until persisted; `reconnect`: connect and subscribe again after a loss."""

    stream_kind: type[Stream] = Stream

    def __init__(self, name: str, *, store: PublishStore | None = None, reconnect: bool = False) -> None:
        super().__init__()
        self.name = name
        self.store = store
        self.reconnect = reconnect
        self.server_version = ""
        self._uri: Uri | None = None
        self._logon: tuple[int, str, str] | None = None
        self._heartbeat: tuple[int, int] | None = None
        self._closing = threading.Event()
        self._publishing = threading.RLock()
        self._replayed = False

    # ---- life ------------------------------------------------------------------------------------------------------------------

    def connect(self, uri: str) -> None:
        """Open the connection; nothing is sent (CLI-CONN-01). A connection that there was is closed.

        Raises InvalidUriError, TransportTypeError, RefusedError.
        """
        parsed = parse_uri(uri)
        self._stop()
        self._closing.clear()
        self._open(parsed)

    def _open(self, uri: Uri) -> None:
        try:
            connection = Connection.open(
                TargetSpec(host=uri.host, port=uri.port, user=uri.user, password=uri.password),
                timeout_s=CONNECT_S,
                frames_max=UNBOUNDED,
                bytes_max=UNBOUNDED,
            )
        except TargetError as error:
            raise RefusedError(str(error)) from None
        with self._lock:
            if self._closing.is_set():
                connection.close()
                raise DisconnectedError("the client was closed")
            self._uri = uri
            self._start(connection)
        self._state(CONNECTED)

    def logon(self, timeout_ms: int = 0, *, options: str = "", correlation_id: str = "") -> None:
        """Log on and wait for the answer. Raises what the server's reason means, TimedOutError, DisconnectedError."""
        uri = self._uri
        if uri is None or self._connection is None:
            raise DisconnectedError("not connected")
        ack = self._wait(self._logon_command(uri, options, correlation_id), "processed", timeout_ms)
        self._logon = (timeout_ms, options, correlation_id)
        self.server_version = ack.text("version") or ""
        self._state(LOGGED_ON)
        if self.store is not None:
            last = ack.header.get("seq")
            if isinstance(last, int):
                self.store.discard(last)
                self.store.advance(last)
            with self._publishing:
                self._replay(self.store)
                self._replayed = True

    def _logon_command(self, uri: Uri, options: str, correlation_id: str) -> Message:
        if any(name == "pretty" for name, _ in uri.options):
            options = ",".join(filter(None, [options, "pretty"]))
        return _command(
            "logon",
            cmd_id=self._next_id(),
            client_name=self.name,
            user_id=uri.user,
            password=uri.password,
            message_type=uri.message_type,
            ack_type="processed",
            version=VERSION,
            opts=options,
            correlation_id=correlation_id,
        )

    def close(self) -> None:
        """Close the connection; a second time does nothing (CLI-CONN-06)."""
        self._closing.set()
        connected = self._connection is not None
        self._stop()
        with self._lock:
            self._subscriptions.clear()
        if connected:
            self._state(DISCONNECTED)
            self._state(SHUTDOWN)

    def _state(self, state: int) -> None:
        if self.listeners.state is not None:
            self._guarded(self.listeners.state, state)

    # ---- publishing ------------------------------------------------------------------------------------------------------------

    def publish(self, topic: str, data: bytes, **fields: HeaderValue) -> int:
        """Send a message and do not wait. `fields`: expiration, sow_key, correlation_id. The sequence number, 0 without a store."""
        return self._publish("publish", topic, data, fields)

    def delta_publish(self, topic: str, data: bytes, **fields: HeaderValue) -> int:
        """Send a change of a record and do not wait; as `publish`."""
        return self._publish("delta_publish", topic, data, fields)

    def _publish(self, cmd: str, topic: str, data: bytes, fields: Mapping[str, HeaderValue]) -> int:
        command = _command(cmd, data, topic=topic, **fields)
        if self.store is None:
            self._send(command)
            return 0
        with self._publishing:
            stored = self.store.store(Message(header={**command.header, "ack_type": "persisted"}, body=data))
            if self._replayed or not self.reconnect:
                self._send(stored)
        return int(stored.header["seq"])

    def _take_ack(self, ack: Message) -> None:
        seq = ack.header.get("seq")
        if self.store is not None and ack.text("ack_type") == "persisted" and isinstance(seq, int):
            if self._failed(ack) and self.listeners.failed_write is not None:
                stored = self.store.get(seq) or Message(header={})
                self._guarded(self.listeners.failed_write, stored, ack.text("reason") or "")
            self._discard(self.store, seq)
            return
        super()._take_ack(ack)

    def _discard(self, store: PublishStore, seq: int) -> None:
        """A persisted ack speaks for everything up to its number (clients.md §10)."""
        store.discard(seq)

    def _replay(self, store: PublishStore) -> None:
        """Send again what was not acknowledged, in order, with the same numbers."""
        for command in store.stored():
            self._send(command)
        self._state(REPLAYED)

    def flush(self, timeout_ms: int = 0, *, ack_type: str = "processed") -> None:
        """Wait until the server has taken what was sent, and until the store is empty of it."""
        last = self.store.last if self.store is not None else 0
        self._wait(_command("flush", cmd_id=self._next_id(), ack_type=ack_type), ack_type, timeout_ms)
        if self.store is not None and not self.store.wait_until_empty(last, timeout_ms / 1000 if timeout_ms else None):
            raise TimedOutError(f"not everything was persisted within {timeout_ms} ms")

    # ---- queries and subscriptions ---------------------------------------------------------------------------------------------

    def subscribe(self, topic: str, handler: Handler | None = None, **more: object) -> str | Stream:
        """Messages that are published from now on. `more`: see `request`. The subscription id, or the stream."""
        return self.request("subscribe", topic, handler, **more)  # type: ignore[arg-type]  # see request

    def sow(self, topic: str, handler: Handler | None = None, **more: object) -> str | Stream:
        """The stored records. The command id, or the stream. As `subscribe`."""
        return self.request("sow", topic, handler, **more)  # type: ignore[arg-type]  # see request

    def request(
        self,
        cmd: str,
        topic: str,
        handler: Handler | None = None,
        *,
        acks: Acks = (),
        timeout_ms: int = 0,
        command_id: str = "",
        **fields: HeaderValue,
    ) -> str | Stream:
        """Send a command of the subscribe or sow family and wait for its processed ack.

        acks     types that the application wants to have delivered, besides those that the client needs
        fields   filter, opts, sub_id, batch_size, top_n, orderby, bookmark

        Raises what the server's reason means, TimedOutError, DisconnectedError.
        """
        cmd_id = command_id or self._next_id()
        subscribes, queries = cmd.endswith("subscribe"), cmd.startswith("sow")
        asked = frozenset(acks)
        ids: dict[str, HeaderValue] = {"cmd_id": cmd_id, "ack_type": ",".join(self._acks(cmd, asked))}
        if subscribes:
            ids["sub_id"] = fields.pop("sub_id", "") or cmd_id
        if queries:
            ids["query_id"] = cmd_id
            fields.setdefault("batch_size", BATCH_SIZE)
        command = _command(cmd, b"", topic=topic, **{**ids, **fields})
        stream = None
        if handler is None:
            stream = self.stream_kind(self._ending(cmd, asked), lambda: self.unsubscribe(str(ids.get("sub_id", ""))))
        route = Route(command=command, deliver=handler or stream.take, stream=stream, asked=asked)  # type: ignore[union-attr]  # one is there
        bookmark = fields.get("bookmark")
        if isinstance(bookmark, str) and bookmark in BOOKMARKS:
            command = Message(header={**command.header, "bookmark": BOOKMARKS[bookmark]})
            route.command = command
        if self._connection is None and self.reconnect and subscribes and handler is not None:
            self._enter(command, route)
            return str(ids["sub_id"])
        self._wait(command, "processed", timeout_ms, route)
        return stream if stream is not None else str(ids["sub_id"] if subscribes else cmd_id)

    def _acks(self, cmd: str, asked: frozenset[str]) -> list[str]:
        """What is asked for: what the client needs, and what the application adds (CLI-ACK-01, CLI-ACK-06)."""
        return sorted({"processed", *(["completed"] if cmd == "sow" else []), *asked}, key=_ACK_ORDER.index)

    def _ending(self, cmd: str, asked: frozenset[str]) -> Ending:
        return Ending(query=cmd == "sow", stats="stats" in asked)

    def _leave(self, command: Message, route: Route, error: AmpsError) -> None:
        super()._leave(command, route, error)
        if isinstance(error, TimedOutError) and "sub_id" in command.header:
            self._give_up(str(command.header["sub_id"]))

    def _give_up(self, sub_id: str) -> None:
        """Nobody waits for this subscription any more: tell the server (CLI-ACK-15)."""
        self._send(_command("unsubscribe", cmd_id=self._next_id(), sub_id=sub_id))

    def unsubscribe(self, sub_id: str = "") -> None:
        """Give a subscription up, or all of them; from now on nothing of it reaches its handler."""
        with self._lock:
            for key in [sub_id] if sub_id and sub_id != "all" else list(self._subscriptions):
                self._subscriptions.pop(key, None)
        self._send(_command("unsubscribe", cmd_id=self._next_id(), sub_id=sub_id or "all"))

    # ---- deleting, queues, heartbeats ------------------------------------------------------------------------------------------

    def sow_delete(self, topic: str, *, filter: str = "", keys: Iterable[str] = (), data: bytes = b"", timeout_ms: int = 0) -> Message:  # noqa: A002 (its name in the protocol)
        """Delete records by filter, by keys or by data. The stats ack."""
        sow_keys = ",".join(keys)
        if sum(map(bool, (filter, sow_keys, data))) != 1:
            raise UsageError("sow_delete takes one of filter, keys and data")
        cmd_id = self._next_id()
        command = _command("sow_delete", data, topic=topic, cmd_id=cmd_id, filter=filter, sow_keys=sow_keys, ack_type="processed,stats")
        if self.store is not None:
            command = self.store.store(Message(header={**command.header, "ack_type": "processed,persisted,stats"}, body=data))
        return self._wait(command, "stats", timeout_ms)

    def ack(self, topic: str, bookmark: str, options: str = "") -> None:
        """Acknowledge messages of a queue (bookmarks as a comma list); option `cancel` gives them back."""
        self._send(_command("sow_delete", topic=topic, cmd_id="queue-ack", bookmark=bookmark, opts=options))

    def set_heartbeat(self, interval_s: int, timeout_s: int = 0) -> None:
        """Ask for heartbeats and answer them; silence for `timeout_s` (default: two intervals) ends the connection.

        Raises UsageError for a time-out below the interval (CLI-HB-06).
        """
        if timeout_s and timeout_s < interval_s:
            raise UsageError("the time-out of heartbeats is not below their interval")
        self._heartbeat = (interval_s, timeout_s)
        if not interval_s:
            return
        self._send(_command("heartbeat", opts=f"start,{interval_s}"))
        self._interval_s = interval_s
        self._silence_s_max = self._silence(interval_s, timeout_s)

    def _silence(self, interval_s: int, timeout_s: int) -> float:
        return float(timeout_s or 2 * interval_s)

    # ---- after a loss ----------------------------------------------------------------------------------------------------------

    def _dropped(self) -> None:
        with self._publishing:
            self._replayed = False
        self._state(DISCONNECTED)
        super()._dropped()
        if self.reconnect and self._uri is not None and self._logon is not None:
            threading.Thread(target=self._recover, args=(self._uri, self._logon), name="amps-recover", daemon=True).start()

    def _recover(self, uri: Uri, logon: tuple[int, str, str]) -> None:
        """Connect, log on, replay, subscribe again, until it works or the client is closed (clients.md §11)."""
        with self._lock:
            again = {key: route for key, route in self._subscriptions.items() if route.stream is None}
            self._subscriptions = dict(again)
        timeout_ms, options, correlation_id = logon
        while not self._closing.is_set():
            try:
                self._open(uri)
                self.logon(timeout_ms or 10_000, options=options, correlation_id=correlation_id)
                if self._heartbeat is not None:
                    self.set_heartbeat(*self._heartbeat)
                self._resubscribe(list(self._subscriptions.values()))
            except LinkError:
                self._closing.wait(RECONNECT_S)
                continue
            except AmpsError:
                self._stop()
                self._closing.wait(RECONNECT_S)
                continue
            self._state(RESUBSCRIBED)
            return

    def _resubscribe(self, routes: list[Route]) -> None:
        for route in routes:
            command = Message(header={**route.command.header, "cmd_id": self._next_id()})
            self._wait(command, "processed", 10_000, route)


_ACK_ORDER: Final = ("received", "processed", "completed", "persisted", "stats")


def _command(cmd: str, body: bytes = b"", **fields: HeaderValue) -> Message:
    """A command without the fields that are not set (WIRE-HDR-19)."""
    return Message(header={"cmd": cmd, **{name: value for name, value in fields.items() if value != ""}}, body=body)
