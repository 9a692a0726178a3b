"""Faults of publishes, deltas, deletes, and of what is delivered for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from conformance.server.behaviour import Behaviour, FieldValues
from conformance.server.documents import UNPARSED, Document, from_tree
from conformance.server.merging import MergeRules, same
from conformance.server.mutants.mutant import Mutant
from conformance.server.store import Record, SowTopic
from reference_model.messages import Message
from reference_model.rule import R

Tree = dict[str, object]


class _PublishMerges(Behaviour):
    def replacement(self, old: Document | None, new: Document) -> Document:
        if old is None or not isinstance(old.tree, dict) or not isinstance(new.tree, dict):
            return new
        return from_tree({**old.tree, **new.tree}, new.message_type)


class _DeltaReplaces(Behaviour):
    def merged(self, old: Tree, delta: Tree, rules: MergeRules) -> Tree:
        del old, rules
        return delta


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


class _DeltaIgnoresNewFields(Behaviour):
    def merged(self, old: Tree, delta: Tree, rules: MergeRules) -> Tree:
        return super().merged(old, {name: value for name, value in delta.items() if name in old}, rules)


class _DeltaOnlyAdds(Behaviour):
    def merged(self, old: Tree, delta: Tree, rules: MergeRules) -> Tree:
        return super().merged(old, {name: value for name, value in delta.items() if name not in old}, rules)


class _DeltaKeepsTypes(Behaviour):
    def merged(self, old: Tree, delta: Tree, rules: MergeRules) -> Tree:
        kept = {name: value for name, value in delta.items() if name not in old or isinstance(value, type(old[name]))}
        return super().merged(old, kept, rules)


class _DeltaLosesCorrelationId(Behaviour):
    def correlation_id(self, given: str | None, kept: str | None, *, delta: bool) -> str | None:
        del kept, delta
        return given


class _DeltaKeepsOldCorrelationId(Behaviour):
    def correlation_id(self, given: str | None, kept: str | None, *, delta: bool) -> str | None:
        return kept if delta and kept is not None else given


class _DeltaNeverInserts(Behaviour):
    def delta_inserts(self) -> bool:
        return False


class _KeyWithoutSeparator(Behaviour):
    def key_material(self, domain: str, values: Sequence[str]) -> str:
        return f"{domain}|{''.join(values)}"


class _KeyWithoutDomain(Behaviour):
    def key_material(self, domain: str, values: Sequence[str]) -> str:
        del domain
        return super().key_material("", values)


class _KeyOfFirstField(Behaviour):
    def key_material(self, domain: str, values: Sequence[str]) -> str:
        return super().key_material(domain, values[:1])


class _BodiesRewritten(Behaviour):
    def stored(self, document: Document) -> Document:
        return document if document.tree is UNPARSED else from_tree(document.tree, document.message_type)


class _EqualUpdateUntold(Behaviour):
    def is_told(self, old: Document | None, new: Document) -> bool:
        return old is None or not same(old.tree, new.tree)


class _DeltaDeliveredLiterally(Behaviour):
    def delivered_document(self, final: Document, incoming: Document) -> Document:
        del final
        return incoming


class _FilterSeesDelta(Behaviour):
    def matched_document(self, final: Document, incoming: Document) -> Document:
        del final
        return incoming


class _DeliveredTwice(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        del topic_of_subscription
        return (message, message)


class _FirstSubscriptionOnly(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        del topic_of_subscription
        sids = str(message.header["sids"]).split(",")[0]
        return (Message(header={**message.header, "sids": sids}, body=message.body),)


class _SidsMissing(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        del topic_of_subscription
        header = {name: value for name, value in message.header.items() if name != "sids"}
        return (Message(header={**header, "sub_id": message.header["sids"]}, body=message.body),)


class _TopicOfSubscription(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        return (Message(header={**message.header, "topic": topic_of_subscription}, body=message.body),)


def _without(message: Message, name: str) -> tuple[Message, ...]:
    return (Message(header={field: value for field, value in message.header.items() if field != name}, body=message.body),)


class _CorrelationIdNotDelivered(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        del topic_of_subscription
        return _without(message, "correlation_id")


class _KeyNotDelivered(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        del topic_of_subscription
        return _without(message, "sow_key")


class _BodyWithNewline(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        del topic_of_subscription
        header = {**message.header, "msg_len": len(message.body) + 1} if "msg_len" in message.header else message.header
        return (Message(header=header, body=message.body + b"\n"),)


class _LengthOneMore(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        del topic_of_subscription
        return (Message(header={**message.header, "msg_len": len(message.body) + 1}, body=message.body),)


class _DeleteFilterIgnored(Behaviour):
    def delete_filters(self) -> bool:
        return False


class _DeletesOneRecordOnly(Behaviour):
    def doomed(self, rows: Sequence[tuple[SowTopic, Record]], selector: str) -> Sequence[tuple[SowTopic, Record]]:
        del selector
        return rows[:1]


class _DeleteByKeysWithoutEffect(Behaviour):
    def doomed(self, rows: Sequence[tuple[SowTopic, Record]], selector: str) -> Sequence[tuple[SowTopic, Record]]:
        return () if selector == "sow_keys" else rows


class _DeleteByDataWithoutEffect(Behaviour):
    def doomed(self, rows: Sequence[tuple[SowTopic, Record]], selector: str) -> Sequence[tuple[SowTopic, Record]]:
        return () if selector == "data" else rows


class _DeletedStateSurvives(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self._removed: dict[tuple[str, str], Record] = {}

    def forgets(self, topic: SowTopic, record: Record) -> None:
        self._removed[topic.name, record.key] = record
        super().forgets(topic, record)

    def state_before(self, topic: SowTopic, key: str) -> Record | None:
        return super().state_before(topic, key) or self._removed.get((topic.name, key))


class _DeleteByDataStores(Behaviour):
    def delete_by_data_keeps(self) -> bool:
        return False


class _DeletedCountsCompared(Behaviour):
    def delete_statistics(self, *, topic_matches: int, matches: int, deleted: int) -> FieldValues:
        del deleted
        return super().delete_statistics(topic_matches=topic_matches, matches=matches, deleted=topic_matches)


class _DeleteMatchesMissing(Behaviour):
    def delete_statistics(self, *, topic_matches: int, matches: int, deleted: int) -> FieldValues:
        fields = super().delete_statistics(topic_matches=topic_matches, matches=matches, deleted=deleted)
        return {name: value for name, value in fields.items() if name != "matches"}


class _ExpirationIgnored(Behaviour):
    def lifetime_s(self, given: int | None, default: float | None) -> None:
        del given, default


class _ExpirationForAll(Behaviour):
    def lifetime_s(self, given: int | None, default: float | None) -> float | None:
        return super().lifetime_s(given, default or 0)


CHANGE_MUTANTS: Final = (
    Mutant(
        name="publish_merges",
        breaks=(R("SOW-REC-03"), R("DELTA-PUB-34")),
        text="a full publish keeps fields that it lacks",
        fault=_PublishMerges,
    ),
    Mutant(
        name="delta_replaces",
        breaks=(R("DELTA-PUB-02"), R("DELTA-PUB-01"), R("DELTA-PUB-03")),
        text="a delta replaces the whole record",
        fault=_DeltaReplaces,
    ),
    Mutant(
        name="delta_appends_arrays",
        breaks=(R("DELTA-MRG-01"), R("DELTA-MRG-02")),
        text="an array of a delta is appended to that of the record",
        fault=_DeltaAppendsArrays,
    ),
    Mutant(
        name="delta_ignores_new_fields",
        breaks=(R("DELTA-PUB-05"),),
        text="a delta adds no field to a record",
        fault=_DeltaIgnoresNewFields,
    ),
    Mutant(
        name="delta_only_adds",
        breaks=(R("DELTA-PUB-04"), R("DELTA-MRG-04")),
        text="a delta changes no field that the record has",
        fault=_DeltaOnlyAdds,
    ),
    Mutant(
        name="delta_keeps_types",
        breaks=(R("DELTA-MRG-08"),),
        text="a delta does not change a field to a value of another type",
        fault=_DeltaKeepsTypes,
    ),
    Mutant(
        name="delta_loses_correlation_id",
        breaks=(R("DELTA-PUB-21"),),
        text="a delta without correlation id removes that of the record",
        fault=_DeltaLosesCorrelationId,
    ),
    Mutant(
        name="delta_keeps_old_correlation_id",
        breaks=(R("DELTA-PUB-20"),),
        text="the correlation id of a delta does not replace that of the record",
        fault=_DeltaKeepsOldCorrelationId,
    ),
    Mutant(
        name="delta_never_inserts",
        breaks=(R("DELTA-PUB-06"),),
        text="a delta for a record that does not exist is dropped",
        fault=_DeltaNeverInserts,
    ),
    Mutant(
        name="key_without_separator",
        breaks=(R("SOW-KEY-04"), R("SOW-KEY-03")),
        text="the values of a composite key are joined without separator",
        fault=_KeyWithoutSeparator,
    ),
    Mutant(
        name="key_without_domain",
        breaks=(R("SOW-KEY-08"),),
        text="equal key values give equal keys in different topics",
        fault=_KeyWithoutDomain,
    ),
    Mutant(
        name="key_of_first_field",
        breaks=(R("SOW-KEY-03"), R("SOW-KEY-02")),
        text="only the first field of a composite key counts",
        fault=_KeyOfFirstField,
    ),
    Mutant(
        name="bodies_rewritten",
        breaks=(R("SOW-REC-04"), R("CMD-PUB-03")),
        text="bodies are parsed and written anew",
        fault=_BodiesRewritten,
    ),
    Mutant(
        name="equal_update_untold",
        breaks=(R("SOW-REC-06"), R("DELTA-PUB-11")),
        text="an update that changes nothing is not delivered",
        fault=_EqualUpdateUntold,
    ),
    Mutant(
        name="delta_delivered_literally",
        breaks=(R("DELTA-PUB-08"), R("SOW-REC-07")),
        text="subscribers get the delta, not the record",
        fault=_DeltaDeliveredLiterally,
    ),
    Mutant(
        name="filter_sees_delta",
        breaks=(R("DELTA-PUB-10"),),
        text="filters of subscriptions look at the delta, not at the record",
        fault=_FilterSeesDelta,
    ),
    Mutant(name="delivered_twice", breaks=(R("SUB-MULTI-01"),), text="each message is delivered twice", fault=_DeliveredTwice),
    Mutant(
        name="first_subscription_only",
        breaks=(R("SUB-MULTI-01"), R("CMD-MSG-03")),
        text="sids names one subscription only",
        fault=_FirstSubscriptionOnly,
    ),
    Mutant(
        name="sids_missing",
        breaks=(R("CMD-MSG-03"), R("WIRE-KEY-19")),
        text="delivered messages carry sub_id instead of sids",
        fault=_SidsMissing,
    ),
    Mutant(
        name="topic_of_subscription",
        breaks=(R("CMD-MSG-02"),),
        text="delivered messages carry the topic of the subscription",
        fault=_TopicOfSubscription,
    ),
    Mutant(
        name="correlation_id_not_delivered",
        breaks=(R("CMD-PUB-21"), R("DELTA-PUB-20")),
        text="delivered messages lack the correlation id",
        fault=_CorrelationIdNotDelivered,
    ),
    Mutant(
        name="key_not_delivered",
        breaks=(R("CMD-OPT-27"), R("SOW-REC-09"), R("SOW-KEY-23")),
        text="delivered messages lack the SOW key",
        fault=_KeyNotDelivered,
    ),
    Mutant(
        name="body_with_newline", breaks=(R("CMD-PUB-03"),), text="a line break follows each delivered body", fault=_BodyWithNewline
    ),
    Mutant(
        name="length_one_more", breaks=(R("CMD-WIRE-09"),), text="msg_len of a delivered message is one too much", fault=_LengthOneMore
    ),
    Mutant(
        name="delete_filter_ignored",
        breaks=(R("SOW-DEL-01"), R("CMD-STAT-10")),
        text="a delete removes records that its filter excludes",
        fault=_DeleteFilterIgnored,
    ),
    Mutant(
        name="deletes_one_record_only",
        breaks=(R("SOW-DEL-01"), R("SOW-DEL-02"), R("CMD-STAT-10")),
        text="a delete removes one record at most",
        fault=_DeletesOneRecordOnly,
    ),
    Mutant(
        name="delete_by_keys_without_effect",
        breaks=(R("SOW-DEL-03"), R("CMD-DEL-15"), R("SOW-KEY-24")),
        text="a delete by keys removes nothing",
        fault=_DeleteByKeysWithoutEffect,
    ),
    Mutant(
        name="delete_by_data_without_effect",
        breaks=(R("SOW-DEL-04"), R("CMD-DEL-15")),
        text="a delete by data removes nothing",
        fault=_DeleteByDataWithoutEffect,
    ),
    Mutant(
        name="deleted_state_survives",
        breaks=(R("SOW-REC-08"),),
        text="a delta for a deleted record is merged into its former state",
        fault=_DeletedStateSurvives,
    ),
    Mutant(
        name="delete_by_data_stores",
        breaks=(R("SOW-DEL-05"),),
        text="a delete by data that finds no record stores its body",
        fault=_DeleteByDataStores,
    ),
    Mutant(
        name="deleted_counts_compared",
        breaks=(R("CMD-DEL-15"), R("CMD-STAT-10")),
        text="records_deleted is the number of records compared",
        fault=_DeletedCountsCompared,
    ),
    Mutant(
        name="delete_matches_missing",
        breaks=(R("CMD-DEL-14"), R("CMD-STAT-12")),
        text="the stats ack of a delete lacks matches",
        fault=_DeleteMatchesMissing,
    ),
    Mutant(name="expiration_ignored", breaks=(R("SOW-EXP-02"), R("SOW-EXP-10")), text="records never expire", fault=_ExpirationIgnored),
    Mutant(
        name="expiration_for_all",
        breaks=(R("SOW-EXP-01"),),
        text="a publish with expiration expires on topics without",
        fault=_ExpirationForAll,
    ),
)
