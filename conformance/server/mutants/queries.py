"""Faults of queries: which records, in which order, how many of them, in which messages, with which statistics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from conformance.server.behaviour import Behaviour, FieldValues
from conformance.server.mutants.mutant import Mutant
from conformance.server.request import RefusalError
from conformance.server.store import SowTopic
from reference_model.messages import Header, Message, SowRecord
from reference_model.rule import R


class _SkipIgnored(Behaviour):
    def skipped(self, count: int) -> int:
        return 0 * count


class _SkipOneMore(Behaviour):
    def skipped(self, count: int) -> int:
        return count + 1 if count else 0


class _TopIgnored(Behaviour):
    def limit(self, top_n: int | None) -> int | None:
        return 0 if top_n == 0 else None


class _TopOneMore(Behaviour):
    def limit(self, top_n: int | None) -> int | None:
        return top_n + 1 if top_n else top_n


class _TopZeroIsNoLimit(Behaviour):
    def limit(self, top_n: int | None) -> int | None:
        return top_n or None


class _LimitsBeforeFilter(Behaviour):
    def limits_before_filter(self) -> bool:
        return True


class _OrderIgnored(Behaviour):
    def terms_heeded(self, count: int) -> int:
        return 0 * count


class _OrderByFirstTermOnly(Behaviour):
    def terms_heeded(self, count: int) -> int:
        return min(count, 1)


class _DescendingIgnored(Behaviour):
    def descends(self, *, asked: bool) -> bool:
        del asked
        return False


class _TextIgnored(Behaviour):
    def as_text(self, *, asked: bool) -> bool:
        del asked
        return False


class _NumbersSortedAsText(Behaviour):
    def as_text(self, *, asked: bool) -> bool:
        del asked
        return True


class _OrderInsideBatchesOnly(Behaviour):
    def sorts_whole_result(self) -> bool:
        return False


class _FilterIgnored(Behaviour):
    def query_filters(self) -> bool:
        return False


class _BadFilterIgnored(Behaviour):
    def checks_filter(self) -> bool:
        return False


class _KeysIgnored(Behaviour):
    def wanted_keys(self, keys: frozenset[str] | None, present: Iterable[str]) -> frozenset[str] | None:
        del keys, present
        return None


class _MissingKeyFails(Behaviour):
    def wanted_keys(self, keys: frozenset[str] | None, present: Iterable[str]) -> frozenset[str] | None:
        if keys is not None and not keys <= set(present):
            raise RefusalError("bad sow key")
        return keys


class _NoSowIsEmpty(Behaviour):
    def fails_without_sow(self) -> bool:
        return False


class _TopicsReversed(Behaviour):
    def topics_in_order(self, topics: Sequence[SowTopic]) -> Sequence[SowTopic]:
        return topics[::-1]


class _PatternsAnchored(Behaviour):
    def topic_pattern(self, pattern: str) -> str:
        return f"^(?:{pattern})"


class _BatchesOfTen(Behaviour):
    def batch_default(self) -> int:
        return 10


class _AnyBatchSize(Behaviour):
    def batch_max(self) -> int:
        return 2**31


class _BatchLimitOneLess(Behaviour):
    def batch_max(self) -> int:
        return super().batch_max() - 1


class _BatchesOneLarger(Behaviour):
    def batch_records(self, size: int) -> int:
        return size + 1


class _ReturnedCountsMatches(Behaviour):
    def statistics(self, *, topic_matches: int, matches: int, returned: int) -> FieldValues:
        del returned
        return super().statistics(topic_matches=topic_matches, matches=matches, returned=matches)


class _MatchesCountReturned(Behaviour):
    def statistics(self, *, topic_matches: int, matches: int, returned: int) -> FieldValues:
        return super().statistics(topic_matches=topic_matches, matches=min(matches, returned), returned=returned)


class _TopicMatchesCountReturned(Behaviour):
    def statistics(self, *, topic_matches: int, matches: int, returned: int) -> FieldValues:
        return super().statistics(topic_matches=min(topic_matches, returned), matches=matches, returned=returned)


class _StatisticsWithoutTopicMatches(Behaviour):
    def statistics(self, *, topic_matches: int, matches: int, returned: int) -> FieldValues:
        fields = super().statistics(topic_matches=topic_matches, matches=matches, returned=returned)
        return {name: value for name, value in fields.items() if name != "topic_matches"}


class _EmptyGroupLost(Behaviour):
    def group(self, begin: Message, inside: Sequence[Message], end: Message) -> Iterable[Message]:
        return super().group(begin, inside, end) if inside else ()


class _EmptyGroupLeftOpen(Behaviour):
    def group(self, begin: Message, inside: Sequence[Message], end: Message) -> Iterable[Message]:
        return super().group(begin, inside, end) if inside else (begin,)


class _LastMessageOutsideGroup(Behaviour):
    def group(self, begin: Message, inside: Sequence[Message], end: Message) -> Iterable[Message]:
        return (begin, *inside[:-1], end, *inside[-1:])


class _CompletedBeforeGroup(Behaviour):
    def completes_after_group(self) -> bool:
        return False


class _QueryIdLost(Behaviour):
    def result_id(self, query_id: str | None, cmd_id: str | None) -> None:
        del query_id, cmd_id


class _QueryIdIsCommandId(Behaviour):
    def result_id(self, query_id: str | None, cmd_id: str | None) -> str | None:
        return cmd_id or query_id


class _QueryIdOnlyIfGiven(Behaviour):
    def result_id(self, query_id: str | None, cmd_id: str | None) -> str | None:
        del cmd_id
        return query_id


class _RecordTwice(Behaviour):
    def rows(self, records: Sequence[SowRecord]) -> Sequence[SowRecord]:
        return (*records, records[0]) if len(records) > 1 else records


class _LastRecordOfBatchLost(Behaviour):
    def rows(self, records: Sequence[SowRecord]) -> Sequence[SowRecord]:
        return records[:-1] if len(records) > 1 else records


class _CorrelationIdNotInResults(Behaviour):
    def record_header(self, header: FieldValues) -> Header:
        return {name: value for name, value in header.items() if name != "correlation_id"}


class _KeyNotInResults(Behaviour):
    def record_header(self, header: FieldValues) -> Header:
        return {name: value for name, value in header.items() if name != "sow_key"}


QUERY_MUTANTS: Final = (
    Mutant(
        name="skip_n_ignored",
        breaks=(R("SOW-TOPN-07"), R("CMD-STAT-07"), R("SOW-TOPN-10")),
        text="skip_n skips nothing",
        fault=_SkipIgnored,
    ),
    Mutant(
        name="skip_n_one_more", breaks=(R("SOW-TOPN-07"), R("CMD-STAT-07")), text="skip_n skips one record more", fault=_SkipOneMore
    ),
    Mutant(
        name="top_n_ignored", breaks=(R("SOW-TOPN-01"), R("CMD-STAT-06")), text="top_n other than 0 limits nothing", fault=_TopIgnored
    ),
    Mutant(
        name="top_n_one_more",
        breaks=(R("SOW-TOPN-01"), R("CMD-STAT-06"), R("SOW-TOPN-03")),
        text="top_n lets one record more through",
        fault=_TopOneMore,
    ),
    Mutant(name="top_n_zero_is_no_limit", breaks=(R("SOW-TOPN-06"),), text="top_n=0 returns all records", fault=_TopZeroIsNoLimit),
    Mutant(
        name="limits_before_filter",
        breaks=(R("SOW-TOPN-14"), R("SOW-TOPN-01"), R("SOW-TOPN-07")),
        text="top_n and skip_n count records that do not match the filter",
        fault=_LimitsBeforeFilter,
    ),
    Mutant(
        name="order_ignored",
        breaks=(R("EXPR-ORD-01"), R("EXPR-ORD-03"), R("SOW-ORD-11")),
        text="orderby has no effect",
        fault=_OrderIgnored,
    ),
    Mutant(
        name="order_by_first_term_only",
        breaks=(R("EXPR-ORD-04"),),
        text="only the first term of orderby counts",
        fault=_OrderByFirstTermOnly,
    ),
    Mutant(name="descending_ignored", breaks=(R("EXPR-ORD-03"),), text="DESC sorts ascending", fault=_DescendingIgnored),
    Mutant(name="text_order_ignored", breaks=(R("EXPR-ORD-06"),), text="TEXT sorts by value", fault=_TextIgnored),
    Mutant(
        name="numbers_sorted_as_text",
        breaks=(R("EXPR-ORD-05"), R("EXPR-ORD-01"), R("EXPR-ORD-02"), R("EXPR-ORD-03")),
        text="numbers sort by their text without TEXT",
        fault=_NumbersSortedAsText,
    ),
    Mutant(
        name="order_inside_batches_only",
        breaks=(R("SOW-ORD-11"), R("SOW-BATCH-04"), R("EXPR-ORD-01"), R("EXPR-ORD-03")),
        text="records are sorted only inside of each sow message",
        fault=_OrderInsideBatchesOnly,
    ),
    Mutant(
        name="query_filter_ignored",
        breaks=(R("SOW-QRY-06"), R("CMD-STAT-03")),
        text="a query returns records that its filter excludes",
        fault=_FilterIgnored,
    ),
    Mutant(
        name="bad_filter_ignored",
        breaks=(R("SOW-QRY-46"), R("EXPR-FLT-08")),
        text="a filter that does not compile counts as no filter",
        fault=_BadFilterIgnored,
    ),
    Mutant(name="sow_keys_ignored", breaks=(R("SOW-KEY-11"), R("SOW-DEL-03")), text="sow_keys limits nothing", fault=_KeysIgnored),
    Mutant(
        name="missing_sow_key_fails",
        breaks=(R("SOW-KEY-12"),),
        text="a key in sow_keys that no record has fails the command",
        fault=_MissingKeyFails,
    ),
    Mutant(
        name="no_sow_is_empty",
        breaks=(R("SOW-TOPIC-01"), R("SOW-QRY-46")),
        text="a query of a topic without SOW succeeds with an empty result",
        fault=_NoSowIsEmpty,
    ),
    Mutant(
        name="topics_reversed",
        breaks=(R("EXPR-TOP-25"),),
        text="a query over several topics returns the last topic first",
        fault=_TopicsReversed,
    ),
    Mutant(
        name="patterns_anchored",
        breaks=(R("EXPR-TOP-03"),),
        text="a topic expression matches at the start of a name only",
        fault=_PatternsAnchored,
    ),
    Mutant(
        name="batches_of_ten",
        breaks=(R("SOW-BATCH-01"),),
        text="without batch_size a message holds up to ten records",
        fault=_BatchesOfTen,
    ),
    Mutant(name="any_batch_size", breaks=(R("SOW-BATCH-05"),), text="a batch_size over 10,000 is accepted", fault=_AnyBatchSize),
    Mutant(name="batch_limit_one_less", breaks=(R("SOW-BATCH-06"),), text="batch_size 10,000 is refused", fault=_BatchLimitOneLess),
    Mutant(
        name="batches_one_larger",
        breaks=(R("SOW-BATCH-02"), R("SOW-BATCH-01")),
        text="a message holds up to batch_size + 1 records",
        fault=_BatchesOneLarger,
    ),
    Mutant(
        name="returned_counts_matches",
        breaks=(R("CMD-STAT-05"), R("CMD-STAT-06"), R("CMD-STAT-07")),
        text="records_returned is the number of matches",
        fault=_ReturnedCountsMatches,
    ),
    Mutant(
        name="matches_count_returned",
        breaks=(R("CMD-STAT-04"), R("CMD-STAT-03")),
        text="matches is limited by top_n",
        fault=_MatchesCountReturned,
    ),
    Mutant(
        name="topic_matches_count_returned",
        breaks=(R("CMD-STAT-01"), R("CMD-STAT-08")),
        text="topic_matches is the number of records returned",
        fault=_TopicMatchesCountReturned,
    ),
    Mutant(
        name="topic_matches_missing",
        breaks=(R("CMD-STAT-15"), R("CMD-STAT-01"), R("CMD-SOW-40")),
        text="the stats ack of a query lacks topic_matches",
        fault=_StatisticsWithoutTopicMatches,
    ),
    Mutant(
        name="empty_group_lost",
        breaks=(R("CMD-ORD-15"), R("SOW-QRY-01")),
        text="a query without results sends no group",
        fault=_EmptyGroupLost,
    ),
    Mutant(
        name="empty_group_left_open",
        breaks=(R("CMD-ORD-14"), R("CMD-ORD-15")),
        text="group_end is missing after a result without records",
        fault=_EmptyGroupLeftOpen,
    ),
    Mutant(
        name="last_message_outside_group",
        breaks=(R("SOW-QRY-01"), R("SOW-QRY-21")),
        text="the last sow message of a result follows group_end",
        fault=_LastMessageOutsideGroup,
    ),
    Mutant(
        name="completed_before_group",
        breaks=(R("CMD-ORD-08"),),
        text="the completed ack of a query precedes its result",
        fault=_CompletedBeforeGroup,
    ),
    Mutant(
        name="query_id_lost",
        breaks=(R("CMD-SOW-27"), R("CMD-SOW-28")),
        text="the messages of a result carry no query_id",
        fault=_QueryIdLost,
    ),
    Mutant(
        name="query_id_is_command_id",
        breaks=(R("CMD-SOW-27"),),
        text="the messages of a result carry the command id instead of the query id",
        fault=_QueryIdIsCommandId,
    ),
    Mutant(
        name="query_id_only_if_given",
        breaks=(R("CMD-SOW-28"),),
        text="without query_id the messages of a result carry no id",
        fault=_QueryIdOnlyIfGiven,
    ),
    Mutant(
        name="record_twice",
        breaks=(R("SOW-QRY-05"), R("SOW-BATCH-02"), R("SOW-QRY-06")),
        text="a message with several records holds one of them twice",
        fault=_RecordTwice,
    ),
    Mutant(
        name="last_record_of_batch_lost",
        breaks=(R("SOW-QRY-05"), R("CMD-STAT-05"), R("SOW-BATCH-04"), R("SOW-QRY-06")),
        text="a message with several records lacks its last one",
        fault=_LastRecordOfBatchLost,
    ),
    Mutant(
        name="correlation_id_not_in_results",
        breaks=(R("SOW-REC-13"), R("WIRE-SOW-11"), R("DELTA-PUB-20")),
        text="records of a result lack their correlation id",
        fault=_CorrelationIdNotInResults,
    ),
    Mutant(
        name="key_not_in_results",
        breaks=(R("WIRE-SOW-03"), R("SOW-REC-09")),
        text="records of a result lack their SOW key",
        fault=_KeyNotInResults,
    ),
)
