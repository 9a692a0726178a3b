"""Faults of keys and records: what identifies a record, which changes are kept, what queries find of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from conformance.server.behaviour import Behaviour, FieldValues
from conformance.server.documents import Document, Path
from conformance.server.merging import MergeRules
from conformance.server.mutants.mutant import Collection
from conformance.server.request import Request
from conformance.server.session import Session
from conformance.server.store import Record, SowTopic
from reference_model.expression.syntax import Identifier
from reference_model.messages import Message, SowRecord
from reference_model.rule import R

records: Final = Collection()

Tree = dict[str, object]


# ---- keys --------------------------------------------------------------------------------------------------------------------------


@records(R("SOW-KEY-06"), R("SOW-KEY-01"), R("SOW-REC-02"), name="size_identifies", text="the length of a body is a part of the key")
class _SizeIdentifies(Behaviour):
    def key_values(self, document: Document, values: Sequence[str]) -> Sequence[str]:
        return [*super().key_values(document, values), str(len(document.body))]


@records(R("SOW-KEY-05"), R("SOW-KEY-01"), name="composite_keys_never_equal", text="a composite key is a new one each time")
class _CompositeKeysNeverEqual(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def key_values(self, document: Document, values: Sequence[str]) -> Sequence[str]:
        del document
        self._count += 1
        return [*values, str(self._count)] if len(values) > 1 else values


@records(
    R("SOW-KEY-01"),
    R("SOW-REC-05"),
    R("SOW-REC-09"),
    R("SOW-REC-02"),
    R("SOW-KEY-06"),
    R("SOW-REC-03"),
    name="keys_change",
    text="the key of a record is another one every fifth time",
)
class _KeysChange(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def key_values(self, document: Document, values: Sequence[str]) -> Sequence[str]:
        del document
        self._count += 1
        return [*values, "5"] if self._count % 5 == 0 else values


@records(R("SOW-KEY-02"), R("SOW-REC-01"), name="key_of_first_digit", text="of a key value only the first character counts")
class _KeyOfFirstDigit(Behaviour):
    def key_values(self, document: Document, values: Sequence[str]) -> Sequence[str]:
        return [value[:1] for value in super().key_values(document, values)]


@records(
    R("SOW-KEY-29"), R("SOW-REC-01"), name="nested_key_unseen", text="a key field inside of a nested object is looked for at the top"
)
class _NestedKeyUnseen(Behaviour):
    def key_path(self, path: Path) -> Path:
        return path[-1:]


@records(R("SOW-KEY-07"), name="keys_in_hexadecimal", text="generated keys are written in hexadecimal")
class _KeysInHexadecimal(Behaviour):
    def key_text(self, key: str) -> str:
        return f"{int(key):x}"


@records(R("SOW-KEY-07"), name="keys_signed", text="generated keys are signed numbers")
class _KeysSigned(Behaviour):
    def key_text(self, key: str) -> str:
        return str(-int(key))


@records(R("SOW-KEY-13"), name="filter_ignored_with_keys", text="a query with sow_keys ignores its filter")
class _FilterIgnoredWithKeys(Behaviour):
    def query_filters(self, *, keys: bool) -> bool:
        return not keys


@records(
    R("DELTA-PUB-43"), name="keyless_delta_meets_last", text="a message without key values changes the record that was changed last"
)
class _KeylessDeltaMeetsLast(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, str] = {}
        self._domain, self._keyless = "", False

    def key_material(self, domain: str, values: Sequence[str]) -> str:
        self._domain, self._keyless = domain, not any(values)
        return super().key_material(domain, values)

    def key_text(self, key: str) -> str:
        key = super().key_text(key)
        if self._keyless:
            return self._last.get(self._domain, key)
        self._last[self._domain] = key
        return key


@records(R("CMD-PUB-37"), name="unreadable_bodies_stored", text="a body that cannot be parsed is stored")
class _UnreadableBodiesStored(Behaviour):
    def refuses_unreadable(self) -> bool:
        return False


# ---- changes -----------------------------------------------------------------------------------------------------------------------


@records(R("SOW-REC-02"), R("SOW-REC-03"), name="updates_not_stored", text="an update is delivered, but not stored")
class _UpdatesNotStored(Behaviour):
    def stores(self, topic: SowTopic, key: str, *, update: bool) -> bool:
        return super().stores(topic, key, update=update) and not update


@records(R("SOW-REC-01"), R("SOW-TOPIC-07"), name="fourth_record_not_stored", text="a topic keeps three records and no more")
class _FourthRecordNotStored(Behaviour):
    def stores(self, topic: SowTopic, key: str, *, update: bool) -> bool:
        return super().stores(topic, key, update=update) and (update or len(topic.records) < 3)


@records(R("SOW-DEL-26"), R("SOW-REC-08"), name="deleted_keys_are_barred", text="a record that was deleted cannot come back")
class _DeletedKeysAreBarred(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self._barred: set[tuple[str, str]] = set()

    def forgets(self, topic: SowTopic, record: Record) -> None:
        self._barred.add((topic.name, record.key))
        super().forgets(topic, record)

    def stores(self, topic: SowTopic, key: str, *, update: bool) -> bool:
        return super().stores(topic, key, update=update) and (topic.name, key) not in self._barred


@records(
    R("SOW-DEL-27"),
    R("SOW-DEL-18"),
    R("SOW-DEL-01"),
    name="removed_record_stays",
    text="a delete is acknowledged and told, but the record stays",
)
class _RemovedRecordStays(Behaviour):
    def forgets(self, topic: SowTopic, record: Record) -> None:
        """Nothing is removed."""


@records(R("DELTA-PUB-12"), R("DELTA-PUB-38"), name="unchanged_fields_lost", text="fields that a delta repeats are lost")
class _UnchangedFieldsLost(Behaviour):
    def merged(self, old: Tree, delta: Tree, rules: MergeRules) -> Tree:
        merged = super().merged(old, delta, rules)
        return {name: value for name, value in merged.items() if name not in delta or old.get(name) != delta[name]}


@records(
    R("DELTA-MRG-05"),
    R("DELTA-PUB-02"),
    R("DELTA-PUB-03"),
    name="nested_delta_replaces",
    text="a delta with a nested object removes the fields behind it",
)
class _NestedDeltaReplaces(Behaviour):
    def merged(self, old: Tree, delta: Tree, rules: MergeRules) -> Tree:
        merged = super().merged(old, delta, rules)
        nested = any(isinstance(value, dict) for value in delta.values())
        return {name: value for name, value in merged.items() if name in delta or isinstance(value, dict)} if nested else merged


@records(R("DELTA-MRG-05"), R("DELTA-MRG-04"), name="nested_delta_ignored", text="a delta changes nothing inside of a nested object")
class _NestedDeltaIgnored(Behaviour):
    def merged(self, old: Tree, delta: Tree, rules: MergeRules) -> Tree:
        flat = {name: value for name, value in delta.items() if not (isinstance(value, dict) and isinstance(old.get(name), dict))}
        return super().merged(old, flat, rules)


@records(
    R("DELTA-MRG-13"),
    R("DELTA-PUB-02"),
    R("DELTA-PUB-33"),
    R("DELTA-PUB-03"),
    name="third_delta_replaces",
    text="every third delta replaces the record",
)
class _ThirdDeltaReplaces(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def merged(self, old: Tree, delta: Tree, rules: MergeRules) -> Tree:
        self._count += 1
        return super().merged({} if self._count % 3 == 0 else old, delta, rules)


# ---- queries -----------------------------------------------------------------------------------------------------------------------


@records(
    R("SOW-REC-24"),
    R("CMD-FLUSH-12"),
    name="others_see_less",
    text="a connection other than that of the last change misses a record of each message",
)
class _OthersSeeLess(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self._changed_by = self._asked_by = 0

    def taken(self, session: Session, request: Request) -> Request:
        self._asked_by = session.number
        if request.cmd in {"publish", "delta_publish"}:
            self._changed_by = session.number
        return super().taken(session, request)

    def rows(self, records: Sequence[SowRecord]) -> Sequence[SowRecord]:
        return super().rows(records if self._asked_by == self._changed_by else records[:-1])


@records(R("SOW-QRY-38"), R("CMD-FLUSH-12"), name="second_query_sees_less", text="every second query misses a record")
class _SecondQuerySeesLess(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def wanted_keys(self, keys: frozenset[str] | None, present: Iterable[str]) -> frozenset[str] | None:
        self._count += 1
        found = frozenset(present) if keys is None else keys
        return frozenset(sorted(found)[1:]) if self._count % 2 == 0 else keys


@records(R("SOW-REC-05"), name="record_in_next_message", text="the last record of a message stands in the next one again")
class _RecordInNextMessage(Behaviour):
    def group(self, begin: Message, inside: Sequence[Message], end: Message) -> Iterable[Message]:
        return super().group(begin, [*inside, *inside[-1:]], end)


@records(R("CMD-SOW-59"), name="topic_of_query", text="sow messages carry the topic of the query")
class _TopicOfQuery(Behaviour):
    def result_topic(self, topic: str, asked: str) -> str:
        del topic
        return asked


@records(R("CMD-STAT-17"), name="empty_topic_counts_one", text="topic_matches of an empty topic is 1")
class _EmptyTopicCountsOne(Behaviour):
    def statistics(self, *, topic_matches: int, matches: int, returned: int) -> FieldValues:
        return super().statistics(topic_matches=topic_matches or 1, matches=matches, returned=returned)


@records(R("CMD-STAT-09"), R("CMD-STAT-05"), name="returned_counts_messages", text="records_returned leaves out the last record")
class _ReturnedCountsMessages(Behaviour):
    def statistics(self, *, topic_matches: int, matches: int, returned: int) -> FieldValues:
        return super().statistics(topic_matches=topic_matches, matches=matches, returned=max(returned - 1, 0))


@records(R("CMD-STAT-11"), name="delete_compares_one_less", text="topic_matches of a delete leaves out one record")
class _DeleteComparesOneLess(Behaviour):
    def delete_statistics(self, *, topic_matches: int, matches: int, deleted: int) -> FieldValues:
        return super().delete_statistics(topic_matches=max(topic_matches - 1, 0), matches=matches, deleted=deleted)


@records(R("CMD-STAT-12"), R("CMD-STAT-10"), name="delete_matches_one_more", text="matches of a delete is one too many")
class _DeleteMatchesOneMore(Behaviour):
    def delete_statistics(self, *, topic_matches: int, matches: int, deleted: int) -> FieldValues:
        return super().delete_statistics(topic_matches=topic_matches, matches=matches + 1, deleted=deleted)


# ---- order -------------------------------------------------------------------------------------------------------------------------


@records(R("EXPR-ORD-08"), name="texts_sorted_backwards", text="texts are sorted from their last character on")
class _TextsSortedBackwards(Behaviour):
    def sorted_text(self, text: bytes) -> bytes:
        return text[::-1]


@records(R("EXPR-ORD-13"), name="nested_order_unseen", text="orderby does not see nested fields")
class _NestedOrderUnseen(Behaviour):
    def sorted_path(self, identifier: Identifier) -> Path:
        return identifier.steps[:1]
