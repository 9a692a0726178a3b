"""What a correct server does at the places where a single fault can sit. `mutants` overrides one of these functions at a time.

Each function is consulted where its behaviour stands, is given what a correct server knows there, and returns what happens. None knows
of rules, scenarios or tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from conformance.wire import decode, encode_message
from reference_model.messages import Header, Message, SowRecord

from .documents import Document, Path
from .language import Language
from .merging import MergeRules, merge
from .request import Request
from .store import Record, SowTopic, joined
from .topics import is_pattern

if TYPE_CHECKING:
    from .session import Session
    from .subscription import Subscription

FieldValues = dict[str, str | int]

batch_records_max: Final = 10_000
"""The greatest batch_size that a query may ask for (SOW-BATCH-05)."""


class Behaviour(Language):
    """A server without fault, the expression language included."""

    # ---- connections ---------------------------------------------------------------------------------------------------------

    def requires_logon(self) -> bool:
        """Another command before logon ends the connection."""
        return True

    def accepts_logon_again(self) -> bool:
        """A second logon on a connection succeeds."""
        return False

    def survives_unknown_command(self) -> bool:
        """A command that does not exist leaves the connection open."""
        return False

    def survives_failure(self) -> bool:
        """A command that fails leaves the connection open."""
        return True

    def opened(self, session: Session) -> None:
        """A connection has been opened."""

    def logged_on(self, session: Session) -> None:
        """A client has logged on."""

    def closed(self, session: Session) -> None:
        """A connection has ended; its subscriptions end after this."""

    def taken(self, session: Session, request: Request) -> Request:
        """The command that is carried out. A fault may refuse it with RefusalError."""
        del session
        return request

    def after_failure(self, session: Session, request: Request) -> None:
        """A command has failed and is answered."""

    def logon_fields(self, fields: FieldValues) -> FieldValues:
        """The fields of a logon ack besides those of every ack."""
        return fields

    def source(self, session: Session, seconds: float, sessions: Mapping[int, Session]) -> Session:
        """The connection that a command counts for: the one that it came on. `seconds`: how long it took to arrive."""
        del seconds, sessions
        return session

    def torn(self, data: bytes) -> bytes:
        """The command in the beginning of a frame whose connection has ended: there is none."""
        del data
        return b""

    def lost(self, session: Session) -> None:
        """A connection was reset, before it is forgotten."""

    def answered(self, session: Session, sessions: Mapping[int, Session]) -> Session:
        """The connection that the answer to a logon is sent on."""
        del sessions
        return session

    # ---- acks ----------------------------------------------------------------------------------------------------------------

    def acks_wanted(self, asked: frozenset[str], cmd: str) -> frozenset[str]:
        """The ack types that a command is answered with where they exist for it."""
        del cmd
        return asked

    def failure_acks_wanted(self, asked: frozenset[str]) -> frozenset[str]:
        """The ack types that a command which fails is answered with where they exist for it."""
        return asked

    def also_acknowledged(self, session: Session) -> Iterable[Session]:
        """Other connections that get an ack for a command of this one."""
        del session
        return ()

    def ack_headers(self, header: FieldValues) -> Iterable[FieldValues]:
        """What is sent for one ack."""
        return (header,)

    def failure_status(self) -> str:
        """`status` of an ack that tells a failure."""
        return "failure"

    def flush_waits(self) -> bool:
        """A flush is answered only when all earlier commands of the client have taken effect."""
        return True

    def effect_late_s(self, late_s: float) -> float:
        """How long after its arrival a change takes effect, in seconds."""
        return late_s

    def persists(self, topic: SowTopic | None) -> bool:
        """A requested persisted ack is sent for a change of this topic (None: one without SOW)."""
        del topic
        return True

    def subscribe_ack_late_s(self) -> float:
        """How much later than the subscription begins its processed ack is sent."""
        return 0.0

    # ---- records -------------------------------------------------------------------------------------------------------------

    def changed(self, session: Session, topic: SowTopic, key: str, old: Record | None) -> None:
        """A publish of that connection made a record, or replaced one (`old`)."""

    def is_duplicate(self, session: Session, number: int, last: int) -> bool:
        """Whether a change with that number has come before from its client, whose greatest one so far is `last`."""
        del session
        return number <= last

    def made_safe(self, session: Session) -> None:
        """A flush has been answered: what the connection changed before stays."""

    def key_path(self, path: Path) -> Path:
        """Where a key field stands in a message."""
        return path

    def key_values(self, document: Document, values: Sequence[str]) -> Sequence[str]:
        """What identifies a record, from the values of its key fields."""
        del document
        return values

    def key_text(self, key: str) -> str:
        """A generated SOW key as it is told."""
        return key

    def refuses_unreadable(self) -> bool:
        """A body that cannot be parsed fails where a key has to be found in it."""
        return True

    def stores(self, topic: SowTopic, key: str, *, update: bool) -> bool:
        """A change of the record with this key is kept."""
        del topic, key, update
        return True

    def key_material(self, domain: str, values: Sequence[str]) -> str:
        """The text whose checksum is the SOW key of these key values."""
        return joined(domain, values)

    def stored(self, document: Document) -> Document:
        """The form in which a body is kept and delivered."""
        return document

    def replacement(self, old: Document | None, new: Document) -> Document:
        """The record after a full publish."""
        del old
        return new

    def merged(self, old: dict[str, object], delta: dict[str, object], rules: MergeRules) -> dict[str, object]:
        """The record after a delta publish."""
        return merge(old, delta, rules)

    def delta_inserts(self) -> bool:
        """A delta publish to a key that no record has makes one."""
        return True

    def correlation_id(self, given: str | None, kept: str | None, *, delta: bool) -> str | None:
        """The correlation id of a record: given with the change, kept from the record before."""
        return given if given is not None or not delta else kept

    def lifetime_s(self, given: int | None, default: float | None) -> float | None:
        """How long a record lives from its change on. `default`: of the topic, None where expiration is disabled, 0 for no default."""
        if default is None:
            return None
        return (default if given is None else float(given)) or None

    def state_before(self, topic: SowTopic, key: str) -> Record | None:
        """The record that a change of this key meets."""
        return topic.records.get(key)

    def forgets(self, topic: SowTopic, record: Record) -> None:
        """A record is removed from its topic."""
        topic.remove(record.key)

    # ---- delivery ------------------------------------------------------------------------------------------------------------

    def matched_document(self, final: Document, incoming: Document) -> Document:
        """What content filters of subscriptions look at: the final message of a publish, not the one that came in."""
        del incoming
        return final

    def delivered_document(self, final: Document, incoming: Document) -> Document:
        """What full subscriptions get."""
        del incoming
        return final

    def is_told(self, old: Document | None, new: Document) -> bool:
        """A change is delivered."""
        del old, new
        return True

    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        """What is sent for one copy of a message."""
        del topic_of_subscription
        return (message,)

    def passes_on(self, *, delta: bool) -> bool:
        """A publish to a topic without SOW reaches its subscribers."""
        del delta
        return True

    def takes_topic(self, *, configured: bool) -> bool:
        """A subscription to a topic is accepted."""
        del configured
        return True

    def covers(self, subscription: Subscription, topic: str) -> bool:
        """A subscription is interested in messages of a topic."""
        return subscription.covers(topic)

    def is_pattern(self, topic: str) -> bool:
        """A topic of a query or subscription is a regular expression."""
        return is_pattern(topic)

    def wants(self, subscription: Subscription) -> bool:
        """A subscription gets a message that it matches."""
        del subscription
        return True

    def reached(self, sessions: Sequence[Session]) -> Sequence[Session]:
        """The connections with a matching subscription that get their copies of a message."""
        return sessions

    def wants_oof(self, *, asked: bool) -> bool:
        """A subscription is told of records that leave it."""
        return asked

    def delivered_command(self, *, delta: bool) -> str:
        """The command of a delivered message."""
        del delta
        return "publish"

    def subscription_id(self, sub_id: str | None, cmd_id: str | None, made: str) -> str:
        """The id of a new subscription: given, or that of the command, or one of the server's making."""
        return sub_id or cmd_id or made

    def subscribed(self, subscription: Subscription) -> None:
        """A subscription has been entered."""

    def ended_ids(self, asked: Sequence[str], present: Sequence[str]) -> Sequence[str]:
        """The subscriptions that an unsubscribe ends, of those present."""
        return present if "all" in asked else asked

    def ended_on(self, session: Session) -> Iterable[Session]:
        """The connections on which an unsubscribe of this one ends subscriptions."""
        return (session,)

    # ---- queries -------------------------------------------------------------------------------------------------------------

    def fails_without_sow(self) -> bool:
        """A query of a topic without SOW fails."""
        return True

    def query_filters(self, *, keys: bool) -> bool:
        """A query heeds its filter; `keys`: it has a list of keys too."""
        del keys
        return True

    def checks_filter(self) -> bool:
        """A filter that does not compile fails the command."""
        return True

    def wanted_keys(self, keys: frozenset[str] | None, present: Iterable[str]) -> frozenset[str] | None:
        """The keys that a query or delete is limited to; None: no limit."""
        del present
        return keys

    def topics_in_order(self, topics: Sequence[SowTopic]) -> Sequence[SowTopic]:
        """The topics of a query, in configuration order as given."""
        return topics

    def topic_pattern(self, pattern: str) -> str:
        """The regular expression that a topic with its characters is searched for."""
        return pattern

    def descends(self, *, asked: bool) -> bool:
        """Whether a term of an order runs downwards."""
        return asked

    def terms_heeded(self, count: int) -> int:
        """How many of the terms of an order count."""
        return count

    def as_text(self, *, asked: bool) -> bool:
        """Whether a term of an order compares texts."""
        return asked

    def sorts_whole_result(self) -> bool:
        """The order holds over the whole result (False: only inside of each batch)."""
        return True

    def skipped(self, count: int) -> int:
        """How many matching records are left out at the start."""
        return count

    def limit(self, top_n: int | None) -> int | None:
        """How many records a query returns at most."""
        return top_n

    def limits_before_filter(self) -> bool:
        """top_n and skip_n count records that do not match."""
        return False

    def batch_default(self) -> int:
        """batch_size of a query that names none."""
        return 1

    def batch_max(self) -> int:
        """The greatest batch_size that is accepted."""
        return batch_records_max

    def batch_records(self, size: int) -> int:
        """The most records of one message for this batch_size."""
        return size

    def group(self, begin: Message, inside: Sequence[Message], end: Message) -> Iterable[Message]:
        """One bracketed group of a result."""
        return (begin, *inside, end)

    def completes_after_group(self) -> bool:
        """The completed ack of a query follows group_end."""
        return True

    def result_id(self, query_id: str | None, cmd_id: str | None) -> str | None:
        """`query_id` of the messages of a result."""
        return query_id or cmd_id

    def result_topic(self, topic: str, asked: str) -> str:
        """The topic of a sow message, for records of `topic` in the result of a query of `asked`."""
        del asked
        return topic

    def record_header(self, header: FieldValues) -> Header:
        """The small header of a record in a result."""
        return header

    def rows(self, records: Sequence[SowRecord]) -> Sequence[SowRecord]:
        """The records of a result, in order."""
        return records

    def statistics(self, *, topic_matches: int, matches: int, returned: int) -> FieldValues:
        """The fields of the stats ack of a query."""
        return {"matches": matches, "topic_matches": topic_matches, "records_returned": returned}

    # ---- deletes -------------------------------------------------------------------------------------------------------------

    def delete_filters(self) -> bool:
        """A delete heeds its filter."""
        return True

    def doomed(self, rows: Sequence[tuple[SowTopic, Record]], selector: str) -> Sequence[tuple[SowTopic, Record]]:
        """The records that a delete removes, of those that it selects; by `filter`, `sow_keys` or `data`."""
        del selector
        return rows

    def delete_by_data_keeps(self) -> bool:
        """A delete by data stores nothing where no record has the key."""
        return True

    def delete_statistics(self, *, topic_matches: int, matches: int, deleted: int) -> FieldValues:
        """The fields of the stats ack of a delete."""
        return {"matches": matches, "topic_matches": topic_matches, "records_deleted": deleted}

    # ---- the wire ------------------------------------------------------------------------------------------------------------

    def frames(self, payloads: Sequence[bytes]) -> Sequence[bytes]:
        """The frames that are taken, of those that came together."""
        return payloads

    def waits_for_rest(self) -> bool:
        """A frame that has come in part is waited for."""
        return True

    def survives_empty_frame(self) -> bool:
        """A frame of length 0 leaves the connection open."""
        return True

    def decode(self, payload: bytes) -> Message:
        """The command in a frame. Raises WireError."""
        return decode(payload, sender="client")

    def outgoing(self, messages: Sequence[Message]) -> Sequence[Message]:
        """What is written to one connection at once, in order."""
        return messages

    def stream(self, frames: Sequence[bytes]) -> bytes:
        """The bytes of frames that are written at once."""
        return b"".join(frames)

    def encode(self, message: Message) -> bytes:
        """The frame of a message."""
        return encode_message(message)
