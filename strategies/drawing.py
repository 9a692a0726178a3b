"""What a scenario under drawing knows of the instance: records, subscriptions, what is not fenced yet. Lighter than the model.

It serves to draw what matters (records that exist, keys that were shown, deliveries that can be awaited) and to stay within what the
model judges; whether a program is right is the model's to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from reference_model.config import InstanceConfig, TopicConfig
from reference_model.scenario import KeyOf
from reference_model.state import key_of_tree
from strategies.atoms import Draws, KeyKind
from strategies.build import Line, Program
from strategies.payloads import Document

RecordKey = tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class TopicState:
    """records   per key what its document is about (a merge is followed only roughly)
    seen      keys whose record the target has shown for sure
    open      records without a known key may be there: no deletes any more
    raw       explicit keys whose body is no JSON object: no deltas
    """

    config: TopicConfig
    kind: KeyKind = "numbers"
    records: dict[RecordKey, Document] = field(default_factory=dict)
    seen: set[RecordKey] = field(default_factory=set)
    open: bool = False
    raw: set[RecordKey] = field(default_factory=set)

    @property
    def documents(self) -> list[Document]:
        return list(self.records.values())

    def key_of(self, key: RecordKey) -> KeyOf:
        return KeyOf(topic=self.config.name, values=key)


@dataclass(slots=True, kw_only=True)
class Peer:
    """One connection. `subscriptions`: ids of those that may end; `companion`: topic of one that stays, without filter and select,
    whose messages serve as markers."""

    line: Line
    companion: str | None = None
    subscriptions: list[str] = field(default_factory=list)
    waiting: bool = False
    """Something may be on its way to a subscription that no marker has closed yet."""

    @property
    def listens(self) -> bool:
        return bool(self.subscriptions) or self.companion is not None


@dataclass(slots=True, kw_only=True)
class LastQuery:
    """The query before: asked again, with other batches, or after a change of what it showed."""

    topic: str
    names: tuple[str, ...]
    header: dict[str, str | int | None]
    pattern: bool = False


class Drawing:
    """A scenario under drawing. `play`: the topics with Key fields that it is about; `sticky`: the connection that publishes mostly;
    `regular`: its documents have all fields that filters and orders are about; `proxy`: faults may be made by a proxy; `slowed`: the
    fault that makes connections slow now; `numbers`: the last one of each client, where a transaction log is."""

    def __init__(self, draws: Draws, config: InstanceConfig, *, form_percent: int) -> None:
        self.draws = draws
        self.config = config
        self.form_percent = form_percent
        self.program = Program("random")
        self.play: list[str] = []
        self.sticky = ""
        self.concurrent = False
        self.regular = False
        self.topics = {topic.name: TopicState(config=topic) for topic in config.topics if topic.name != "@slot"}
        self.peers: dict[str, Peer] = {}
        self.dirty: set[str] = set()
        self.heard: list[str] = []
        """Topics without SOW that somebody has subscribed to, by name or by a pattern."""
        self.last: LastQuery | None = None
        self.commands = 0
        self.turns = 0
        self.next_name = 0
        self.strangers = 0
        self.marks = 0
        self.proxy = False
        self.numbers: dict[str, int] = {}
        self.slowed: str | None = None

    # ---- connections -------------------------------------------------------------------------------------------------------------

    def open(self, name: str) -> Peer:
        peer = Peer(line=self.program.open(name))
        self.next_name += 1
        self.peers[name] = peer
        return peer

    def fence(self, name: str) -> None:
        self.peers[name].line.fence()
        self.dirty.discard(name)

    def settle(self, *, but: str | None = None) -> None:
        """Fence every connection with changes that are not visible for sure, except one."""
        for name in sorted(self.dirty - {but}):
            self.fence(name)

    def changes(self, name: str) -> Line:
        """The connection, ready for a change: nothing of another one is under way, so that the order is certain."""
        self.settle(but=name)
        self.dirty.add(name)
        for other, peer in self.peers.items():
            if other != name and peer.listens:
                peer.waiting = True
        self.commands += 1
        return self.peers[name].line

    def stranger(self) -> Line:
        """A connection for one command that may end it."""
        self.strangers += 1
        self.commands += 1
        return self.program.open(f"stranger{self.strangers}")

    def asks(self, name: str) -> Line:
        """The connection, ready for a query: everything is visible."""
        self.settle()
        self.commands += 1
        return self.peers[name].line

    def publisher(self) -> str:
        """The connection that publishes: mostly the one that did before, since another one needs a fence first, and mostly one without
        subscriptions, since whether a connection gets its own messages is left open."""
        if self.sticky not in self.peers or self.draws.chance(15):
            silent = [name for name, peer in self.peers.items() if not peer.listens]
            self.sticky = self.draws.pick(silent if silent and self.draws.chance(80) else list(self.peers))
        return self.sticky

    def someone(self) -> str:
        return self.draws.pick(list(self.peers))

    def topic(self) -> TopicState:
        """One of the topics in play, mostly the first."""
        return self.topics[self.play[0] if self.draws.chance(60) else self.draws.pick(self.play)]

    # ---- records -----------------------------------------------------------------------------------------------------------------

    def number(self, connection: str, topic: str) -> int | None:
        """The next number of a client, for a topic that a transaction log records; None: it has none there."""
        if not any(logged.name == topic for logged in self.config.logged):
            return None
        self.numbers[connection] = self.numbers.get(connection, 0) + self.draws.pick((1, 1, 1, 5))
        return self.numbers[connection]

    def stored(self, topic: TopicState, document: Document, *, delta: bool) -> None:
        """Take note of a publish or delta with key fields."""
        key = key_of_tree(document, topic.config.keys)
        if key is None:
            topic.open = True
            return
        self.stored_at(topic, key, document, delta=delta)

    @staticmethod
    def stored_at(topic: TopicState, key: RecordKey, document: Document, *, delta: bool) -> None:
        old = topic.records.get(key)
        if old is None or not delta:
            topic.records[key] = dict(document)
        else:
            topic.records[key] = {**old, **document}
        topic.raw.discard(key)

    def shown(self, names: tuple[str, ...]) -> None:
        """Every record of these topics has been shown with its key."""
        for name in names:
            topic = self.topics[name]
            topic.seen |= topic.records.keys()

    @staticmethod
    def key(topic: TopicState, document: Document) -> RecordKey:
        """The key of a document that has its key fields."""
        key = key_of_tree(document, topic.config.keys)
        assert key is not None
        return key

    @staticmethod
    def removed(topic: TopicState, key: RecordKey) -> None:
        topic.records.pop(key, None)

    # ---- markers -----------------------------------------------------------------------------------------------------------------

    def close_deliveries(self, name: str) -> None:
        """Publish a marker that reaches `name`, and await it there: what did not come before it does not come."""
        peer = self.peers[name]
        if not peer.waiting or peer.companion is None:
            return
        publisher = next((other for other in sorted(self.dirty) if other != name), None)
        publisher = publisher or next((other for other in self.peers if other != name), None)
        if publisher is None:
            return
        self.settle(but=publisher)
        self.marks += 1
        topic = self.topics.get(peer.companion)
        text = f"marker-{self.marks}"
        document: Document = {"text": text}
        if topic is not None:
            document = {"id": f"m{self.marks}", "text": text}
            self.stored(topic, document, delta=False)
        mark = self.peers[publisher].line.publish(peer.companion, document)
        self.dirty.add(publisher)
        peer.line.delivered(mark)
        peer.waiting = False
