"""A client of the engine without sockets: commands in, messages out, time by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from conformance.server.engine import Engine
from conformance.server.mutants import behaviour_with
from conformance.server.session import Session
from reference_model.config import InstanceConfig, TopicConfig
from reference_model.messages import Message

CONFIG = InstanceConfig(
    topics=(
        TopicConfig(name="orders", keys=("/id",)),
        TopicConfig(name="pairs", keys=("/flight", "/seat")),
        TopicConfig(name="nested", keys=("/ref/id",)),
        TopicConfig(name="stock", keys=("/sku",), key_domain="sku"),
        TopicConfig(name="reorder", keys=("/sku",), key_domain="sku"),
        TopicConfig(name="audit", keys=("/sku",)),
        TopicConfig(name="own"),
        TopicConfig(name="brief", keys=("/id",), expiration_s=20),
        TopicConfig(name="timed", keys=("/id",), expiration_s=0),
        TopicConfig(name="T_a", keys=("/id",)),
        TopicConfig(name="T_b", keys=("/id",)),
        TopicConfig(name="T_c", keys=("/id",)),
        TopicConfig(name="blobs", message_type="binary"),
    )
)


@dataclass
class Clock:
    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Server:
    """One engine. `client()` gives logged on clients; `pass_time` moves its clock."""

    engine: Engine
    clock: Clock
    clients: int = 0

    def client(self, **logon: str | int) -> Client:
        self.clients += 1
        client = Client(self, self.engine.connect(), f"n{self.clients}")
        client.send("logon", client_name=client.name, message_type="json", **logon)
        return client

    def stranger(self, message_type: str | None = None) -> Client:
        return Client(self, self.engine.connect(message_type), "stranger")

    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds
        self.engine.tick()


@dataclass
class Client:
    server: Server
    session: Session
    name: str
    ids: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    def send(self, cmd: str, topic: str | None = None, body: object = b"", **fields: str | int) -> list[Message]:
        """One command; all that has been sent to this client since the last look, short delays over."""
        header: dict[str, str | int] = {"cmd": cmd, **fields}
        if topic is not None:
            header["topic"] = topic
        data = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
        self.server.engine.receive(self.session, Message(header=header, body=data))
        for _ in range(2):  # a change may wait for a moment, and then its ack for another one
            self.server.pass_time(0.01)
        return self.session.take()

    def got(self) -> list[Message]:
        return self.session.take()

    def ask(self, cmd: str, topic: str | None = None, body: object = b"", **fields: str | int) -> dict[str, Message]:
        """One command with all acks requested: its acks by type."""
        acks = self.send(cmd, topic, body, cmd_id="ask", ack_type="received,processed,completed,persisted,stats", **fields)
        return {str(one.header["ack_type"]): one for one in acks if one.cmd == "ack"}

    def records(self, topic: str, **fields: str | int) -> list[object]:
        """The bodies of a query, parsed, in the order of the result."""
        return [json.loads(data) for data in self.bodies(topic, **fields)]

    def bodies(self, topic: str, **fields: str | int) -> list[bytes]:
        return [record.data for one in self.send("sow", topic, cmd_id="q", **fields) for record in one.records]

    def keys(self, topic: str, **fields: str | int) -> dict[bytes, str]:
        """Body to SOW key."""
        messages = self.send("sow", topic, cmd_id="q", **fields)
        return {record.data: str(record.header["sow_key"]) for one in messages for record in one.records}


def make(*, seed: int = 0, mutants: tuple[str, ...] = (), config: InstanceConfig = CONFIG, delivery_delay_s: float = 0.0) -> Server:
    clock = Clock()
    engine = Engine(config, seed=seed, behaviour=behaviour_with(mutants), clock=clock, delivery_delay_s=delivery_delay_s)
    return Server(engine, clock)
