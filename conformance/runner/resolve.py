"""Opaque values of a program: what the target has made of them so far (Ref, KeyOf), read from the events of one execution.

Ref     the field of the first message in answer to the step that has it: by command id, query id, or subscription id (`sids`)
KeyOf   the SOW key last seen with a record of the topic whose key fields have these values, compared as parsed JSON values of one type
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from reference_model.config import InstanceConfig
from reference_model.messages import HeaderValue, Message
from reference_model.observation import Event
from reference_model.payload.json import PayloadError, parse
from reference_model.scenario import Command, KeyOf, Ref, Value

_Key = tuple[str, tuple[tuple[type, object], ...]]


class Resolver:
    """Looks up opaque values in `events` (the runner's own growing list) and in `sent` (per label the command as sent)."""

    __slots__ = ("_config", "_events", "_keys", "_read", "_sent")

    def __init__(self, config: InstanceConfig, events: Sequence[Event], sent: Mapping[str, Message]) -> None:
        self._config = config
        self._events = events
        self._sent = sent
        self._keys: dict[_Key, str] = {}
        self._read = 0

    def resolve(self, command: Command, before: Callable[[], None] | None = None) -> Message | None:
        """The command with plain values; None if one of its opaque values is not known. `before` is called once before opaque values
        are looked up."""
        header: dict[str, HeaderValue] = {}
        for name, value in command.header.items():
            if isinstance(value, str | int):
                header[name] = value
                continue
            if before is not None:
                before()
                before = None
            plain = self._value(value)
            if plain is None:
                return None
            header[name] = plain
        return Message(header=header, body=command.body)

    def _value(self, value: Value) -> HeaderValue | None:
        if isinstance(value, Ref):
            return self._ref(value)
        if isinstance(value, KeyOf):
            return self._key(value)
        if isinstance(value, tuple):
            parts = [part if isinstance(part, str) else self._key(part) for part in value]
            return None if None in parts else ",".join(part for part in parts if part is not None)
        return value

    def _ref(self, ref: Ref) -> HeaderValue | None:
        command = self._sent.get(ref.label)
        if command is None:
            return None
        return next((message.header[ref.field] for message in self._answers(command) if ref.field in message.header), None)

    def _answers(self, command: Message) -> Iterator[Message]:
        """The messages received in answer to a command, on any connection (ids are unique in a program)."""
        cmd_id = command.text("cmd_id")
        query_id = command.text("query_id") or cmd_id
        sub_id = command.text("sub_id") or cmd_id
        for event in self._events:
            message = event.message
            if event.kind != "received" or message is None:
                continue
            if (
                (cmd_id and message.text("cmd_id") == cmd_id)
                or (query_id and message.text("query_id") == query_id)
                or (sub_id and sub_id in (message.text("sids") or "").split(","))
            ):
                yield message

    def _key(self, key: KeyOf) -> str | None:
        for event in self._events[self._read :]:
            if event.kind == "received" and event.message is not None:
                self._learn(event.message)
        self._read = len(self._events)
        try:
            values = tuple(_typed(parse(text.encode(errors="surrogatepass"))) for text in key.values)
        except PayloadError:
            return None
        return self._keys.get((key.topic, values))

    def _learn(self, message: Message) -> None:
        """Take note of the keys of the records that a message shows."""
        topic = message.text("topic")
        if topic is None or message.cmd not in {"sow", "publish", "oof"}:
            return
        if message.cmd == "sow":
            for record in message.records:
                self._learn_record(str(record.header.get("topic", topic)), record.header.get("sow_key"), record.data)
        else:
            self._learn_record(topic, message.header.get("sow_key"), message.body)

    def _learn_record(self, topic: str, sow_key: HeaderValue | None, body: bytes) -> None:
        configured = self._config.topic(topic)
        if configured is None or not configured.keys or sow_key is None:
            return
        try:
            tree = parse(body)
            values = tuple(_typed(_at(tree, path)) for path in configured.keys)
        except (PayloadError, KeyError):
            return
        self._keys[topic, values] = str(sow_key)


def _at(tree: object, path: str) -> object:
    """The value at a key path such as `/ref/id`. Raises KeyError if there is none."""
    for name in path.strip("/").split("/"):
        if not isinstance(tree, dict):
            raise KeyError(path)
        tree = tree[name]
    return tree


def _typed(value: object) -> tuple[type, object]:
    """A hashable stand-in that keeps 1, 1.0 and true apart, and takes 1.0 and 1.00 as one."""
    return type(value), repr(value) if isinstance(value, dict | list) else value
