"""What a correct server does at the places where a single fault can sit. `mutants` overrides one of these functions at a time.

Each function is consulted where its behaviour stands, is given what a correct server knows there, and returns what happens. None knows
of rules, scenarios or tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from conformance.wire import encode_message
from reference_model.messages import Header, Message, SowRecord

from .documents import Document
from .merging import MergeRules, merge
from .session import Session
from .store import Record, SowTopic, joined

FieldValues = dict[str, str | int]

batch_records_max: Final = 10_000
"""The greatest batch_size that a query may ask for (SOW-BATCH-05)."""


class Behaviour:
    """A server without fault."""

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

    def logged_on(self, session: Session) -> None:
        """A client has logged on."""

    def answered(self, session: Session, sessions: Mapping[int, Session]) -> Session:
        """The connection that the answer to a logon is sent on."""
        del sessions
        return session

    # ---- acks ----------------------------------------------------------------------------------------------------------------

    def acks_wanted(self, asked: frozenset[str]) -> frozenset[str]:
        """The ack types that a command is answered with where they exist for it."""
        return asked

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

    # ---- records -------------------------------------------------------------------------------------------------------------

    def changed(self, session: Session, topic: SowTopic, key: str, old: Record | None) -> None:
        """A publish of that connection made a record, or replaced one (`old`)."""

    def made_safe(self, session: Session) -> None:
        """A flush has been answered: what the connection changed before stays."""

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

    def ends_subscription(self) -> bool:
        """An unsubscribe ends the subscription."""
        return True

    # ---- queries -------------------------------------------------------------------------------------------------------------

    def fails_without_sow(self) -> bool:
        """A query of a topic without SOW fails."""
        return True

    def query_filters(self) -> bool:
        """A query heeds its filter."""
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

    def encode(self, message: Message) -> bytes:
        """The frame of a message."""
        return encode_message(message)
