"""Faults of queries: which records, in which order, how many of them, in which messages, with which statistics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from conformance.server.behaviour import Behaviour, FieldValues
from conformance.server.mutants.mutant import Collection
from conformance.server.request import RefusalError
from conformance.server.store import SowTopic
from reference_model.messages import Header, Message, SowRecord
from reference_model.rule import R

queries: Final = Collection()


@queries(R("SOW-TOPN-07"), R("CMD-STAT-07"), R("SOW-TOPN-10"), R("SOW-TOPN-11"), name="skip_n_ignored", text="skip_n skips nothing")
class _SkipIgnored(Behaviour):
    def skipped(self, count: int) -> int:
        return 0 * count


@queries(R("SOW-TOPN-07"), R("CMD-STAT-07"), R("SOW-TOPN-11"), name="skip_n_one_more", text="skip_n skips one record more")
class _SkipOneMore(Behaviour):
    def skipped(self, count: int) -> int:
        return count + 1 if count else 0


@queries(R("SOW-TOPN-01"), R("CMD-STAT-06"), name="top_n_ignored", text="top_n other than 0 limits nothing")
class _TopIgnored(Behaviour):
    def limit(self, top_n: int | None) -> int | None:
        return 0 if top_n == 0 else None


@queries(R("SOW-TOPN-01"), R("CMD-STAT-06"), R("SOW-TOPN-03"), name="top_n_one_more", text="top_n lets one record more through")
class _TopOneMore(Behaviour):
    def limit(self, top_n: int | None) -> int | None:
        return top_n + 1 if top_n else top_n


@queries(R("SOW-TOPN-06"), name="top_n_zero_is_no_limit", text="top_n=0 returns all records")
class _TopZeroIsNoLimit(Behaviour):
    def limit(self, top_n: int | None) -> int | None:
        return top_n or None


@queries(
    R("SOW-TOPN-14"),
    R("SOW-TOPN-01"),
    R("SOW-TOPN-07"),
    R("CMD-STAT-04"),
    R("SOW-ORD-13"),
    name="limits_before_filter",
    text="top_n and skip_n count records that do not match the filter",
)
class _LimitsBeforeFilter(Behaviour):
    def limits_before_filter(self) -> bool:
        return True


@queries(
    R("EXPR-ORD-01"),
    R("EXPR-ORD-03"),
    R("SOW-ORD-11"),
    R("SOW-TOPN-03"),
    R("SOW-TOPN-07"),
    name="order_ignored",
    text="orderby has no effect",
)
class _OrderIgnored(Behaviour):
    def terms_heeded(self, count: int) -> int:
        return 0 * count


@queries(R("EXPR-ORD-04"), name="order_by_first_term_only", text="only the first term of orderby counts")
class _OrderByFirstTermOnly(Behaviour):
    def terms_heeded(self, count: int) -> int:
        return min(count, 1)


@queries(R("EXPR-ORD-03"), R("EXPR-ORD-07"), name="descending_ignored", text="DESC sorts ascending")
class _DescendingIgnored(Behaviour):
    def descends(self, *, asked: bool) -> bool:
        del asked
        return False


@queries(R("EXPR-ORD-06"), R("EXPR-ORD-07"), name="text_order_ignored", text="TEXT sorts by value")
class _TextIgnored(Behaviour):
    def as_text(self, *, asked: bool) -> bool:
        del asked
        return False


@queries(
    R("EXPR-ORD-05"),
    R("EXPR-ORD-01"),
    R("EXPR-ORD-02"),
    R("EXPR-ORD-03"),
    R("EXPR-ORD-08"),
    name="numbers_sorted_as_text",
    text="numbers sort by their text without TEXT",
)
class _NumbersSortedAsText(Behaviour):
    def as_text(self, *, asked: bool) -> bool:
        del asked
        return True


@queries(
    R("SOW-ORD-11"),
    R("SOW-BATCH-04"),
    R("EXPR-ORD-01"),
    R("EXPR-ORD-03"),
    name="order_inside_batches_only",
    text="records are sorted only inside of each sow message",
)
class _OrderInsideBatchesOnly(Behaviour):
    def sorts_whole_result(self) -> bool:
        return False


@queries(
    R("SOW-QRY-06"),
    R("CMD-STAT-03"),
    R("EXPR-FLT-01"),
    R("EXPR-FLT-05"),
    R("SOW-KEY-13"),
    name="query_filter_ignored",
    text="a query returns records that its filter excludes",
)
class _FilterIgnored(Behaviour):
    def query_filters(self, *, keys: bool) -> bool:
        del keys
        return False


@queries(
    R("SOW-QRY-46"),
    R("EXPR-FLT-08"),
    R("EXPR-FLT-09"),
    R("EXPR-FLT-10"),
    name="bad_filter_ignored",
    text="a filter that does not compile counts as no filter",
)
class _BadFilterIgnored(Behaviour):
    def checks_filter(self) -> bool:
        return False


@queries(R("SOW-KEY-11"), R("SOW-DEL-03"), R("CMD-DEL-15"), name="sow_keys_ignored", text="sow_keys limits nothing")
class _KeysIgnored(Behaviour):
    def wanted_keys(self, keys: frozenset[str] | None, present: Iterable[str]) -> frozenset[str] | None:
        del keys, present
        return None


@queries(R("SOW-KEY-12"), name="missing_sow_key_fails", text="a key in sow_keys that no record has fails the command")
class _MissingKeyFails(Behaviour):
    def wanted_keys(self, keys: frozenset[str] | None, present: Iterable[str]) -> frozenset[str] | None:
        if keys is not None and not keys <= set(present):
            raise RefusalError("bad sow key")
        return keys


@queries(
    R("SOW-TOPIC-01"), R("SOW-QRY-46"), name="no_sow_is_empty", text="a query of a topic without SOW succeeds with an empty result"
)
class _NoSowIsEmpty(Behaviour):
    def fails_without_sow(self) -> bool:
        return False


@queries(R("EXPR-TOP-25"), name="topics_reversed", text="a query over several topics returns the last topic first")
class _TopicsReversed(Behaviour):
    def topics_in_order(self, topics: Sequence[SowTopic]) -> Sequence[SowTopic]:
        return topics[::-1]


@queries(R("CMD-SOW-01"), name="last_topic_missing", text="a query over several topics leaves out the last topic")
class _LastTopicMissing(Behaviour):
    def topics_in_order(self, topics: Sequence[SowTopic]) -> Sequence[SowTopic]:
        return super().topics_in_order(topics[:-1] if len(topics) > 1 else topics)


@queries(R("EXPR-TOP-03"), name="patterns_anchored", text="a topic expression matches at the start of a name only")
class _PatternsAnchored(Behaviour):
    def topic_pattern(self, pattern: str) -> str:
        return f"^(?:{pattern})"


@queries(R("SOW-BATCH-01"), name="batches_of_ten", text="without batch_size a message holds up to ten records")
class _BatchesOfTen(Behaviour):
    def batch_default(self) -> int:
        return 10


@queries(R("SOW-BATCH-05"), name="any_batch_size", text="a batch_size over 10,000 is accepted")
class _AnyBatchSize(Behaviour):
    def batch_max(self) -> int:
        return 2**31


@queries(R("SOW-BATCH-06"), name="batch_limit_one_less", text="batch_size 10,000 is refused")
class _BatchLimitOneLess(Behaviour):
    def batch_max(self) -> int:
        return super().batch_max() - 1


@queries(R("SOW-BATCH-02"), R("SOW-BATCH-01"), name="batches_one_larger", text="a message holds up to batch_size + 1 records")
class _BatchesOneLarger(Behaviour):
    def batch_records(self, size: int) -> int:
        return size + 1


@queries(
    R("CMD-STAT-05"),
    R("CMD-STAT-06"),
    R("CMD-STAT-07"),
    name="returned_counts_matches",
    text="records_returned is the number of matches",
)
class _ReturnedCountsMatches(Behaviour):
    def statistics(self, *, topic_matches: int, matches: int, returned: int) -> FieldValues:
        del returned
        return super().statistics(topic_matches=topic_matches, matches=matches, returned=matches)


@queries(R("CMD-STAT-04"), R("CMD-STAT-03"), name="matches_count_returned", text="matches is limited by top_n")
class _MatchesCountReturned(Behaviour):
    def statistics(self, *, topic_matches: int, matches: int, returned: int) -> FieldValues:
        return super().statistics(topic_matches=topic_matches, matches=min(matches, returned), returned=returned)


@queries(
    R("CMD-STAT-01"), R("CMD-STAT-08"), name="topic_matches_count_returned", text="topic_matches is the number of records returned"
)
class _TopicMatchesCountReturned(Behaviour):
    def statistics(self, *, topic_matches: int, matches: int, returned: int) -> FieldValues:
        return super().statistics(topic_matches=min(topic_matches, returned), matches=matches, returned=returned)


@queries(
    R("CMD-STAT-15"),
    R("CMD-STAT-01"),
    R("CMD-SOW-40"),
    name="topic_matches_missing",
    text="the stats ack of a query lacks topic_matches",
)
class _StatisticsWithoutTopicMatches(Behaviour):
    def statistics(self, *, topic_matches: int, matches: int, returned: int) -> FieldValues:
        fields = super().statistics(topic_matches=topic_matches, matches=matches, returned=returned)
        return {name: value for name, value in fields.items() if name != "topic_matches"}


@queries(R("CMD-ORD-15"), R("SOW-QRY-01"), name="empty_group_lost", text="a query without results sends no group")
class _EmptyGroupLost(Behaviour):
    def group(self, begin: Message, inside: Sequence[Message], end: Message) -> Iterable[Message]:
        return super().group(begin, inside, end) if inside else ()


@queries(R("CMD-ORD-14"), R("CMD-ORD-15"), name="empty_group_left_open", text="group_end is missing after a result without records")
class _EmptyGroupLeftOpen(Behaviour):
    def group(self, begin: Message, inside: Sequence[Message], end: Message) -> Iterable[Message]:
        return super().group(begin, inside, end) if inside else (begin,)


@queries(R("SOW-QRY-01"), R("SOW-QRY-21"), name="last_message_outside_group", text="the last sow message of a result follows group_end")
class _LastMessageOutsideGroup(Behaviour):
    def group(self, begin: Message, inside: Sequence[Message], end: Message) -> Iterable[Message]:
        return (begin, *inside[:-1], end, *inside[-1:])


@queries(R("CMD-ORD-08"), name="completed_before_group", text="the completed ack of a query precedes its result")
class _CompletedBeforeGroup(Behaviour):
    def completes_after_group(self) -> bool:
        return False


@queries(R("CMD-SOW-27"), R("CMD-SOW-28"), name="query_id_lost", text="the messages of a result carry no query_id")
class _QueryIdLost(Behaviour):
    def result_id(self, query_id: str | None, cmd_id: str | None) -> None:
        del query_id, cmd_id


@queries(R("CMD-SOW-27"), name="query_id_is_command_id", text="the messages of a result carry the command id instead of the query id")
class _QueryIdIsCommandId(Behaviour):
    def result_id(self, query_id: str | None, cmd_id: str | None) -> str | None:
        return cmd_id or query_id


@queries(R("CMD-SOW-28"), name="query_id_only_if_given", text="without query_id the messages of a result carry no id")
class _QueryIdOnlyIfGiven(Behaviour):
    def result_id(self, query_id: str | None, cmd_id: str | None) -> str | None:
        del cmd_id
        return query_id


@queries(
    R("SOW-QRY-05"),
    R("SOW-BATCH-02"),
    R("SOW-QRY-06"),
    R("SOW-REC-05"),
    R("CMD-STAT-05"),
    name="record_twice",
    text="a message with several records holds one of them twice",
)
class _RecordTwice(Behaviour):
    def rows(self, records: Sequence[SowRecord]) -> Sequence[SowRecord]:
        return (*records, records[0]) if len(records) > 1 else records


@queries(
    R("SOW-QRY-05"),
    R("CMD-STAT-05"),
    R("SOW-BATCH-04"),
    R("SOW-QRY-06"),
    name="last_record_of_batch_lost",
    text="a message with several records lacks its last one",
)
class _LastRecordOfBatchLost(Behaviour):
    def rows(self, records: Sequence[SowRecord]) -> Sequence[SowRecord]:
        return records[:-1] if len(records) > 1 else records


@queries(
    R("SOW-REC-13"),
    R("WIRE-SOW-11"),
    R("DELTA-PUB-20"),
    name="correlation_id_not_in_results",
    text="records of a result lack their correlation id",
)
class _CorrelationIdNotInResults(Behaviour):
    def record_header(self, header: FieldValues) -> Header:
        return {name: value for name, value in header.items() if name != "correlation_id"}


@queries(R("WIRE-SOW-03"), R("SOW-REC-09"), name="key_not_in_results", text="records of a result lack their SOW key")
class _KeyNotInResults(Behaviour):
    def record_header(self, header: FieldValues) -> Header:
        return {name: value for name, value in header.items() if name != "sow_key"}
