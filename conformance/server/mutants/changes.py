"""Faults of publishes, deltas, deletes, and of what is delivered for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from conformance.server.behaviour import Behaviour, FieldValues
from conformance.server.documents import UNPARSED, Document, from_tree
from conformance.server.merging import MergeRules, same
from conformance.server.mutants.mutant import Collection
from conformance.server.store import Record, SowTopic
from reference_model.messages import Message
from reference_model.rule import R

changes: Final = Collection()


Tree = dict[str, object]


@changes(R("SOW-REC-03"), R("DELTA-PUB-34"), name="publish_merges", text="a full publish keeps fields that it lacks")
class _PublishMerges(Behaviour):
    def replacement(self, old: Document | None, new: Document) -> Document:
        if old is None or not isinstance(old.tree, dict) or not isinstance(new.tree, dict):
            return new
        return from_tree({**old.tree, **new.tree}, new.message_type)


@changes(R("DELTA-PUB-02"), R("DELTA-PUB-01"), R("DELTA-PUB-03"), name="delta_replaces", text="a delta replaces the whole record")
class _DeltaReplaces(Behaviour):
    def merged(self, old: Tree, delta: Tree, rules: MergeRules) -> Tree:
        del old, rules
        return delta


@changes(
    R("DELTA-MRG-01"), R("DELTA-MRG-02"), name="delta_appends_arrays", text="an array of a delta is appended to that of the record"
)
class _DeltaAppendsArrays(Behaviour):
    def merged(self, old: Tree, delta: Tree, rules: MergeRules) -> Tree:
        return super().merged(old, _appended(old, delta), rules)


def _appended(old: Tree, delta: Tree) -> Tree:
    longer: Tree = {}
    for name, value in delta.items():
        before = old.get(name)
        if isinstance(value, list) and isinstance(before, list):
            longer[name] = [*before, *value]
        elif isinstance(value, dict) and isinstance(before, dict):
            longer[name] = _appended(before, value)
        else:
            longer[name] = value
    return longer


@changes(R("DELTA-PUB-05"), name="delta_ignores_new_fields", text="a delta adds no field to a record")
class _DeltaIgnoresNewFields(Behaviour):
    def merged(self, old: Tree, delta: Tree, rules: MergeRules) -> Tree:
        return super().merged(old, {name: value for name, value in delta.items() if name in old}, rules)


@changes(R("DELTA-PUB-04"), R("DELTA-MRG-04"), name="delta_only_adds", text="a delta changes no field that the record has")
class _DeltaOnlyAdds(Behaviour):
    def merged(self, old: Tree, delta: Tree, rules: MergeRules) -> Tree:
        return super().merged(old, {name: value for name, value in delta.items() if name not in old}, rules)


@changes(R("DELTA-MRG-08"), name="delta_keeps_types", text="a delta does not change a field to a value of another type")
class _DeltaKeepsTypes(Behaviour):
    def merged(self, old: Tree, delta: Tree, rules: MergeRules) -> Tree:
        kept = {name: value for name, value in delta.items() if name not in old or isinstance(value, type(old[name]))}
        return super().merged(old, kept, rules)


@changes(R("DELTA-PUB-21"), name="delta_loses_correlation_id", text="a delta without correlation id removes that of the record")
class _DeltaLosesCorrelationId(Behaviour):
    def correlation_id(self, given: str | None, kept: str | None, *, delta: bool) -> str | None:
        del kept, delta
        return given


@changes(
    R("DELTA-PUB-20"), name="delta_keeps_old_correlation_id", text="the correlation id of a delta does not replace that of the record"
)
class _DeltaKeepsOldCorrelationId(Behaviour):
    def correlation_id(self, given: str | None, kept: str | None, *, delta: bool) -> str | None:
        return kept if delta and kept is not None else given


@changes(R("DELTA-PUB-06"), name="delta_never_inserts", text="a delta for a record that does not exist is dropped")
class _DeltaNeverInserts(Behaviour):
    def delta_inserts(self) -> bool:
        return False


@changes(
    R("SOW-KEY-04"), R("SOW-KEY-03"), name="key_without_separator", text="the values of a composite key are joined without separator"
)
class _KeyWithoutSeparator(Behaviour):
    def key_material(self, domain: str, values: Sequence[str]) -> str:
        return f"{domain}|{''.join(values)}"


@changes(R("SOW-KEY-08"), name="key_without_domain", text="equal key values give equal keys in different topics")
class _KeyWithoutDomain(Behaviour):
    def key_material(self, domain: str, values: Sequence[str]) -> str:
        del domain
        return super().key_material("", values)


@changes(R("SOW-KEY-03"), R("SOW-KEY-02"), name="key_of_first_field", text="only the first field of a composite key counts")
class _KeyOfFirstField(Behaviour):
    def key_material(self, domain: str, values: Sequence[str]) -> str:
        return super().key_material(domain, values[:1])


@changes(R("SOW-REC-04"), R("CMD-PUB-03"), name="bodies_rewritten", text="bodies are parsed and written anew")
class _BodiesRewritten(Behaviour):
    def stored(self, document: Document) -> Document:
        return document if document.tree is UNPARSED else from_tree(document.tree, document.message_type)


@changes(R("SOW-REC-06"), R("DELTA-PUB-11"), name="equal_update_untold", text="an update that changes nothing is not delivered")
class _EqualUpdateUntold(Behaviour):
    def is_told(self, old: Document | None, new: Document) -> bool:
        return old is None or not same(old.tree, new.tree)


@changes(R("DELTA-PUB-08"), R("SOW-REC-07"), name="delta_delivered_literally", text="subscribers get the delta, not the record")
class _DeltaDeliveredLiterally(Behaviour):
    def delivered_document(self, final: Document, incoming: Document) -> Document:
        del final
        return incoming


@changes(R("DELTA-PUB-10"), name="filter_sees_delta", text="filters of subscriptions look at the delta, not at the record")
class _FilterSeesDelta(Behaviour):
    def matched_document(self, final: Document, incoming: Document) -> Document:
        del final
        return incoming


@changes(R("SUB-MULTI-01"), name="delivered_twice", text="each message is delivered twice")
class _DeliveredTwice(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        del topic_of_subscription
        return (message, message)


@changes(R("SUB-MULTI-01"), R("CMD-MSG-03"), name="first_subscription_only", text="sids names one subscription only")
class _FirstSubscriptionOnly(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        del topic_of_subscription
        sids = str(message.header["sids"]).split(",")[0]
        return (Message(header={**message.header, "sids": sids}, body=message.body),)


@changes(R("CMD-MSG-03"), R("WIRE-KEY-19"), name="sids_missing", text="delivered messages carry sub_id instead of sids")
class _SidsMissing(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        del topic_of_subscription
        header = {name: value for name, value in message.header.items() if name != "sids"}
        return (Message(header={**header, "sub_id": message.header["sids"]}, body=message.body),)


@changes(R("CMD-MSG-02"), name="topic_of_subscription", text="delivered messages carry the topic of the subscription")
class _TopicOfSubscription(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        return (Message(header={**message.header, "topic": topic_of_subscription}, body=message.body),)


def _without(message: Message, name: str) -> tuple[Message, ...]:
    return (Message(header={field: value for field, value in message.header.items() if field != name}, body=message.body),)


@changes(R("CMD-PUB-21"), R("DELTA-PUB-20"), name="correlation_id_not_delivered", text="delivered messages lack the correlation id")
class _CorrelationIdNotDelivered(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        del topic_of_subscription
        return _without(message, "correlation_id")


@changes(R("CMD-OPT-27"), R("SOW-REC-09"), R("SOW-KEY-23"), name="key_not_delivered", text="delivered messages lack the SOW key")
class _KeyNotDelivered(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        del topic_of_subscription
        return _without(message, "sow_key")


@changes(R("CMD-PUB-03"), name="body_with_newline", text="a line break follows each delivered body")
class _BodyWithNewline(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        del topic_of_subscription
        header = {**message.header, "msg_len": len(message.body) + 1} if "msg_len" in message.header else message.header
        return (Message(header=header, body=message.body + b"\n"),)


@changes(R("CMD-WIRE-09"), name="length_one_more", text="msg_len of a delivered message is one too much")
class _LengthOneMore(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        del topic_of_subscription
        return (Message(header={**message.header, "msg_len": len(message.body) + 1}, body=message.body),)


@changes(R("SOW-DEL-01"), R("CMD-STAT-10"), name="delete_filter_ignored", text="a delete removes records that its filter excludes")
class _DeleteFilterIgnored(Behaviour):
    def delete_filters(self) -> bool:
        return False


@changes(R("SOW-DEL-01"), R("SOW-DEL-02"), R("CMD-STAT-10"), name="deletes_one_record_only", text="a delete removes one record at most")
class _DeletesOneRecordOnly(Behaviour):
    def doomed(self, rows: Sequence[tuple[SowTopic, Record]], selector: str) -> Sequence[tuple[SowTopic, Record]]:
        del selector
        return rows[:1]


@changes(
    R("SOW-DEL-03"), R("CMD-DEL-15"), R("SOW-KEY-24"), name="delete_by_keys_without_effect", text="a delete by keys removes nothing"
)
class _DeleteByKeysWithoutEffect(Behaviour):
    def doomed(self, rows: Sequence[tuple[SowTopic, Record]], selector: str) -> Sequence[tuple[SowTopic, Record]]:
        return () if selector == "sow_keys" else rows


@changes(R("SOW-DEL-04"), R("CMD-DEL-15"), name="delete_by_data_without_effect", text="a delete by data removes nothing")
class _DeleteByDataWithoutEffect(Behaviour):
    def doomed(self, rows: Sequence[tuple[SowTopic, Record]], selector: str) -> Sequence[tuple[SowTopic, Record]]:
        return () if selector == "data" else rows


@changes(R("SOW-REC-08"), name="deleted_state_survives", text="a delta for a deleted record is merged into its former state")
class _DeletedStateSurvives(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self._removed: dict[tuple[str, str], Record] = {}

    def forgets(self, topic: SowTopic, record: Record) -> None:
        self._removed[topic.name, record.key] = record
        super().forgets(topic, record)

    def state_before(self, topic: SowTopic, key: str) -> Record | None:
        return super().state_before(topic, key) or self._removed.get((topic.name, key))


@changes(R("SOW-DEL-05"), name="delete_by_data_stores", text="a delete by data that finds no record stores its body")
class _DeleteByDataStores(Behaviour):
    def delete_by_data_keeps(self) -> bool:
        return False


@changes(R("CMD-DEL-15"), R("CMD-STAT-10"), name="deleted_counts_one_more", text="records_deleted is one too many")
class _DeletedCountsOneMore(Behaviour):
    def delete_statistics(self, *, topic_matches: int, matches: int, deleted: int) -> FieldValues:
        return super().delete_statistics(topic_matches=topic_matches, matches=matches, deleted=deleted + 1)


@changes(R("CMD-DEL-14"), R("CMD-STAT-12"), name="delete_matches_missing", text="the stats ack of a delete lacks matches")
class _DeleteMatchesMissing(Behaviour):
    def delete_statistics(self, *, topic_matches: int, matches: int, deleted: int) -> FieldValues:
        fields = super().delete_statistics(topic_matches=topic_matches, matches=matches, deleted=deleted)
        return {name: value for name, value in fields.items() if name != "matches"}


@changes(R("SOW-EXP-02"), R("SOW-EXP-10"), name="expiration_ignored", text="records never expire")
class _ExpirationIgnored(Behaviour):
    def lifetime_s(self, given: int | None, default: float | None) -> None:
        del given, default


@changes(R("SOW-EXP-01"), name="expiration_for_all", text="a publish with expiration expires on topics without")
class _ExpirationForAll(Behaviour):
    def lifetime_s(self, given: int | None, default: float | None) -> float | None:
        return super().lifetime_s(given, default or 0)
