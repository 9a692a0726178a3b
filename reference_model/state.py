"""The state of the instance while a scenario is predicted: topics, records, subscriptions, connections. Mutable, private to predict.

What the documentation leaves open is part of the state: members with several values, records that may be there, topics of which
nothing can be said any more. How the state changes is in `areas`; nothing here decides what a command does.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from reference_model.config import InstanceConfig, TopicConfig
from reference_model.expectation import Body, Member
from reference_model.expression.evaluate import matches
from reference_model.expression.select import Directive
from reference_model.expression.syntax import Expr
from reference_model.expression.topics import is_regex, topic_matches
from reference_model.merge import possible_trees
from reference_model.payload.json import PayloadError, parse, write
from reference_model.rule import Because, R

RecordKey = tuple[str, ...]
"""Which record of a topic: the JSON texts of its key fields, or the explicit key as a single text."""


class ProgramError(Exception):
    """The scenario asks something that the model refuses to judge (a bug of the program, never of the target)."""


class CompoundKeyError(Exception):
    """The key field of that path holds more than one value: which of them counts is not documented (sow.md section 12, 3)."""


@dataclass(slots=True, kw_only=True)
class Correlation:
    """The correlation id that messages of a record carry: one of `values` (None: no such field), says `because`."""

    values: tuple[str | None, ...] = (None,)
    because: Because = ()


@dataclass(slots=True, kw_only=True)
class Record:
    """The current state of one record.

    exact      the bytes as published; None after a merge
    members    of a JSON object body; empty if the body is no JSON object
    fresh      why the next query that reaches it must show it (then None)
    fresh_body the same for its body
    seen       whether a query has had to show it
    maybe      the rule that leaves open whether the record is there at all (a delete whose filter is open), empty if it surely is
    open       nothing is known of its body
    deltas     how many deltas since the last full publish
    """

    key: RecordKey
    exact: bytes | None
    members: dict[str, Member]
    correlation: Correlation
    gone: dict[str, Because] = field(default_factory=dict)
    verbatim: Because = ()
    complete: Because = ()
    fresh: Because = ()
    fresh_body: Because = ()
    repeated: Because = (R("SOW-REC-05"),)
    seen: bool = False
    maybe: Because = ()
    open: bool = False
    deltas: int = 0
    last_delta: bytes | None = None

    def body(self) -> Body:
        return Body(exact=self.exact, members=dict(self.members), gone=dict(self.gone), complete=self.complete, verbatim=self.verbatim)

    def trees(self) -> list[object] | None:
        """Every parsed body that the record may have; None if that is open."""
        if self.open:
            return None
        if self.exact is not None:
            return trees_of(self.exact)
        trees = possible_trees(self.members)
        return None if trees is None else [*trees]


def trees_of(body: bytes) -> list[object] | None:
    """The parsed body in a list, None if it does not parse."""
    try:
        return [parse(body)]
    except PayloadError:
        return None


LATE: Final[Because] = (R("SOW-QRY-35"),)
"""Why a record may be there that no fence has made visible: its publish has been acknowledged."""


@dataclass(slots=True, kw_only=True)
class Topic:
    """A SOW topic and what is remembered of it.

    ghosts     records that must not be in a query result, with the reason; `shown_gone`: a query has had to leave them out already
    unfenced   connections whose changes no fence has made visible yet
    fenced     the rule of the fence that made the last change visible, and its connection
    vague      how many records without a known key may have appeared (undefined publishes)
    shown      records whose SOW key a query has had to show: KeyOf can name them, also when they are gone
    deleters   filters of the deletes so far (SOW-DEL-26)
    unjudged   nothing can be said of its records any more
    undefined  the rule that says that what was done to it has no defined effect: queries then show what came of it
    late       records that were made by publishes whose acks have been awaited, and that no fence has made visible (SOW-QRY-35)
    otherwise  connections that changed it otherwise since the last fence
    version    counts changes; asked: the last unfiltered query (version, connection)
    page       the last window of an ordered query: version, the query without its skip_n, where the next page begins (SOW-TOPN-11)
    """

    config: TopicConfig
    records: dict[RecordKey, Record] = field(default_factory=dict)
    ghosts: dict[RecordKey, Because] = field(default_factory=dict)
    shown_gone: set[RecordKey] = field(default_factory=set)
    unfenced: set[str] = field(default_factory=set)
    fenced: tuple[R, str] | None = None
    vague: int = 0
    shown: set[RecordKey] = field(default_factory=set)
    deleters: list[Expr] = field(default_factory=list)
    unjudged: bool = False
    undefined: R | None = None
    late: set[RecordKey] = field(default_factory=set)
    otherwise: set[str] = field(default_factory=set)
    version: int = 0
    asked: tuple[int, str] | None = None
    page: tuple[int, Hashable, int] | None = None

    @property
    def key_names(self) -> frozenset[str]:
        """The top-level members that hold key fields."""
        return key_members(self.config)

    def settle(self) -> None:
        """What was published late is surely there from here on, or stands in a new light."""
        for key in self.late:
            record = self.records.get(key)
            if record is not None and record.maybe == LATE:
                record.maybe = ()
        self.late.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A delivery that was written down.

    phase  what was published in a later phase surely came later, whoever published it; within one phase only each publisher's own order
           is certain
    burst  how many commands stood before the publish in one write
    """

    slot: int
    publisher: str
    topic: str
    phase: int
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The last message that was published to a topic: by which connection, its body, and what filters see of it."""

    connection: str
    body: bytes
    trees: list[object] | None


@dataclass(slots=True, kw_only=True)
class Subscription:
    """A subscription, live or ended.

    awaited        a barrier awaits the processed ack of its command
    known          its registration is certain: a barrier has awaited its processed ack, or a flush after it was answered
    ending         an unsubscribe was sent: the rules that say what it does, and the slot of its processed ack if a barrier awaits it
    ended          nothing comes any more, say these rules
    about          rules that its filter puts to the test (probes)
    failed_before  a command failed on its connection since its last delivery (CMD-FAIL-06)
    delivered      its deliveries in the order of processing, as far as that is known
    after          the group_end of its query (sow_and_subscribe)
    batched        its query asked for batches of more than one record (SOW-BATCH-07)
    unsure         whether its filter was taken is open (a probe): anything may be delivered to it
    cmd_id         of the command that entered it
    fresh_topic    its topic is a name that no configuration and no earlier step mentions
    known_topics   topics that no configuration mentions and an earlier step does
    filtered_topics topics to whose messages its filter has been applied
    shown          what in its pattern has been seen to work
    other_topics   topics that it does not cover and of which the absence of a message is written down
    past           slots of old messages that must not come
    """

    connection: str
    sub_id: str
    topic: str
    expr: Expr | None
    filter_text: str | None
    processed_slot: int | None
    no_sowkey: bool = False
    timestamp: bool = False
    select: tuple[Directive, ...] | None = None
    own_id: bool = True
    awaited: bool = False
    known: bool = False
    ending: Because = ()
    ending_slot: int | None = None
    ended: Because = ()
    failed_before: bool = False
    about: Because = ()
    delivered: list[Delivered] = field(default_factory=list)
    after: int | None = None
    batched: bool = False
    unsure: bool = False
    cmd_id: str | None = None
    fresh_topic: bool = False
    known_topics: frozenset[str] = frozenset()
    filtered_topics: set[str] = field(default_factory=set)
    shown: set[R] = field(default_factory=set)
    other_topics: set[str] = field(default_factory=set)
    past: list[int] = field(default_factory=list)

    def match(self, trees: list[object] | None) -> bool | None:
        """Whether its filter selects a document that is one of these; None if that is open."""
        return None if self.unsure else match(self.expr, trees)

    def covers(self, topic: str, *, regex_topics: bool) -> bool:
        return covers(self.topic, topic, regex_topics=regex_topics)


def covers(pattern: str, topic: str, *, regex_topics: bool) -> bool:
    """Whether the topic of a subscription, a name or a regular expression, covers a name."""
    if regex_topics and is_regex(pattern):
        return topic_matches(pattern, topic)
    return pattern == topic


@dataclass(slots=True, kw_only=True)
class Flushed:
    """A flush whose ack is not awaited yet. `topics`: with changes before it and none after it, so that it is a fence for them;
    `settles`: nothing was published after it."""

    rule: R
    topics: set[str]
    settles: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """The greatest number that a client name has given a change of a logged topic: of which topic, by which command and connection."""

    last: int
    topic: str
    cmd: str
    session: Session


@dataclass(slots=True, kw_only=True)
class Session:
    """One connection.

    alive        True: commands are answered; False: the connection must be closed; None: it may be
    correlation  the correlation id of its logon, which is never used (CMD-LOGON-26)
    failed       a command has failed in its ack and none has succeeded since (CMD-FAIL-05)
    burst        how many commands were sent since the last barrier
    flushed      a flush of the program itself whose ack the next barrier awaits
    unsettled    it has published, and nothing tells yet that the instance has taken that in: `acked` if the next barrier will
    last_query   slots of the last query's result
    nameless_topics  of subscriptions without an id
    client_name  the one of its logon
    lost         the fault that may have ended the connection
    notice       what the next answered command puts to the test, beside its own rules (a fault nearby)
    """

    name: str
    logged_on: bool = False
    alive: bool | None = True
    correlation: str | None = None
    failed: bool = False
    burst: int = 0
    flushed: Flushed | None = None
    unsettled: Literal["open", "acked"] | None = None
    last_query: tuple[int, ...] = ()
    nameless_topics: set[str] = field(default_factory=set)
    client_name: str | None = None
    lost: str | None = None
    notice: Because = ()


class Instance:
    """All of it. `sessions`, `topics` by name; `subscriptions` in the order of registration.

    filters   which commands have had a filter text
    orders    which orderby texts have been used
    phase     see Delivered
    silent    connections on which a command without cmd_id asked for no ack, with the first such step
    nameless  connections on which a command without cmd_id asked for acks
    persisted per connection the ids of the publishes that have to get a persisted ack
    keys_alike per key domain the first key of those that may or may not be one (SOW-KEY-41)
    past      per topic its last message
    used      topics that no configuration mentions and a step does
    topics_reached      topics of which a subscription has had to get a message
    reached_configured  whether one of them is configured
    accepted_configured whether a subscription to a configured topic had to be accepted
    """

    def __init__(self, config: InstanceConfig) -> None:
        self.config: Final = config
        self.topics: Final = {topic.name: Topic(config=topic) for topic in config.topics}
        self.sessions: Final[dict[str, Session]] = {}
        self.subscriptions: Final[list[Subscription]] = []
        self.numbered: Final[dict[str, Numbered]] = {}
        self.filters: Final[dict[str, set[str]]] = {}
        self.orders: Final[set[str]] = set()
        self.phase = 0
        self.silent: Final[dict[str, str]] = {}
        self.nameless: Final[set[str]] = set()
        self.persisted: Final[dict[str, list[str]]] = {}
        self.keys_alike: Final[dict[Hashable, RecordKey]] = {}
        self.past: Final[dict[str, Past]] = {}
        self.used: Final[set[str]] = set()
        self.topics_reached: Final[set[str]] = set()
        self.reached_configured = False
        self.accepted_configured = False

    def covered(self, pattern: str) -> list[Topic]:
        """The SOW topics that a literal or regular-expression topic names, in configuration order (SOW 7.7)."""
        if self.config.regex_topics and is_regex(pattern):
            return [topic for topic in self.topics.values() if topic_matches(pattern, topic.config.name)]
        topic = self.topics.get(pattern)
        return [topic] if topic else []

    def subscriptions_to(self, topic: str) -> Iterator[Subscription]:
        for subscription in self.subscriptions:
            if subscription.covers(topic, regex_topics=self.config.regex_topics):
                yield subscription

    def reached(self, topic: str) -> None:
        """A subscription must get a message of that topic."""
        self.topics_reached.add(topic)
        self.reached_configured = self.reached_configured or topic in self.topics

    def changed(self, topic: Topic, connection: str) -> None:
        """The records of the topic change, or may: queries have to wait for a fence of that connection."""
        topic.version += 1
        topic.unfenced.add(connection)
        topic.otherwise.add(connection)
        topic.settle()
        flushed = self.sessions[connection].flushed
        if flushed is not None:
            flushed.topics.discard(topic.config.name)

    def inserted(self, topic: Topic, connection: str, key: RecordKey) -> None:
        """A new record, of which an ack will tell: once that has come a query may show it, fenced or not (SOW-QRY-35)."""
        others, late = set(topic.otherwise), {*topic.late, key}
        self.changed(topic, connection)
        topic.otherwise, topic.late = others, late

    def seen_late(self, topic: Topic) -> bool:
        """Whether all that no fence has made visible are new records whose acks have been awaited: then a query may show them."""
        awaited = (self.sessions.get(name) for name in topic.unfenced)
        if topic.otherwise or any(session is not None and (session.unsettled or session.burst) for session in awaited):
            return False
        for key in topic.late:
            record = topic.records[key]
            record.maybe = record.maybe or LATE
        return True

    def fence(self, connection: str, rule: R, only: set[str] | None = None) -> None:
        """The changes of that connection (to these topics) are visible from here on."""
        for topic in self.topics.values():
            if connection in topic.unfenced and (only is None or topic.config.name in only):
                topic.unfenced.discard(connection)
                topic.otherwise.discard(connection)
                topic.settle()
                topic.fenced = (rule, connection)

    def published(self, connection: str, *, acked: bool) -> None:
        """A publish of that connection is under way. A new phase begins if nothing that others published is."""
        if not any(session.unsettled for session in self.sessions.values() if session.name != connection):
            self.phase += 1
        session = self.sessions[connection]
        session.unsettled = "acked" if acked else "open"
        if session.flushed is not None:
            session.flushed.settles = False


def key_members(config: TopicConfig) -> frozenset[str]:
    """The top-level members that hold key fields."""
    return frozenset(path.split("/")[1] for path in config.keys)


def key_text(value: object) -> str:
    """The JSON text that stands for one key value."""
    return write(value).decode()


def key_of_tree(tree: object, keys: tuple[str, ...]) -> RecordKey | None:
    """The key fields of a message, or None if one is missing, NULL or empty (SOW-KEY-40).

    Raises CompoundKeyError if one of them is an array or an object, or stands below an array.
    """
    found: list[str] = []
    for path in keys:
        node = tree
        for step in path.split("/")[1:]:
            if isinstance(node, list):
                raise CompoundKeyError(path)
            node = node.get(step) if isinstance(node, dict) else None
        if isinstance(node, dict | list):
            raise CompoundKeyError(path)
        if node is None or node == "":
            return None
        found.append(key_text(node))
    return tuple(found)


def at_path(tree: object, path: str) -> object:
    """The value at `/a/b` through objects, None if there is none."""
    node = tree
    for step in path.split("/")[1:]:
        node = node.get(step) if isinstance(node, dict) else None
    return node


def match(expr: Expr | None, trees: list[object] | None) -> bool | None:
    """Whether a filter matches whatever the body may be; None: open."""
    if expr is None:
        return True
    if trees is None:
        return None
    results = {matches(expr, tree) for tree in trees}
    return results.pop() if len(results) == 1 else None
