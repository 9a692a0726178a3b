"""How short shrunk programs are: the commands of each above those of the shortest program that a person would write.

    python benchmarks/shrink.py [--seed 0] [--limit-s 60] [-n 2] [MUTANT ...]

Each fault of the embedded server in `SHORTEST` is looked for by random scenarios alone; the first finding is shrunk there. Prints
per fault the scenarios and seconds until it was found, the rule, commands before and after, and the excess; then the share of
programs with at most one command too many, and what was not found. Exit code 1 if that share is below 95 %.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Final

from conformance.errors import TargetError
from conformance.programs import to_json
from conformance.rules import load
from conformance.run.bench import Bench
from conformance.run.programs import drawn
from conformance.selftest import WAITS
from conformance.shrink import Bounds, shrink
from conformance.targets.embedded import EmbeddedTarget
from conformance.targets.server import ServerTarget
from reference_model.config import STANDARD
from reference_model.scenario import Scenario

SERVERS: Final = 3
"""Servers of different seeds that a fault is looked for on: what one leaves out anyway, its fault cannot show."""

BOUNDS: Final = Bounds(seconds_max=60.0)
"""The usual number of runs; as much time as they may take on a busy machine."""

EXCESS_MAX: Final = 1
SHARE_LEAST: Final = 0.95

SHORTEST: Final[Mapping[str, int]] = {
    # one command and its answer
    "second_logon_accepted": 1, "unrequested_acks": 1, "received_lost": 1, "completed_lost": 1, "ack_twice": 1,
    "ack_without_command_id": 1, "command_id_in_lower_case": 1, "ack_without_status": 1, "failure_told_as_success": 1,
    "persisted_only_of_records": 1, "bad_filter_ignored": 1, "no_sow_is_empty": 1, "any_batch_size": 1, "topic_matches_missing": 1,
    "empty_group_lost": 1, "empty_group_left_open": 1, "query_id_lost": 1, "query_id_is_command_id": 1, "query_id_only_if_given": 1,
    "delete_matches_missing": 1, "missing_sow_key_fails": 1, "blanks_in_headers": 1, "batch_limit_one_less": 1,
    "deleted_counts_one_more": 1,
    # a failure, and a command that must still be answered
    "failure_closes": 2,
    # a record and a query
    "skip_n_ignored": 2, "top_n_zero_is_no_limit": 2, "query_filter_ignored": 2, "sow_keys_ignored": 2, "patterns_anchored": 2,
    "returned_counts_matches": 2, "matches_count_returned": 2, "topic_matches_count_returned": 2, "last_message_outside_group": 2,
    "completed_before_group": 2, "record_twice": 2, "last_record_of_batch_lost": 2, "correlation_id_not_in_results": 2,
    "key_not_in_results": 2, "bodies_rewritten": 2, "delta_never_inserts": 2, "length_in_characters": 2, "record_key_misnamed": 2,
    "batch_size_one_more": 2, "single_record_flat": 2, "expiration_for_all": 2, "delete_by_data_stores": 2,
    # a subscription and a message
    "sids_missing": 2, "topic_of_subscription": 2, "correlation_id_not_delivered": 2, "key_not_delivered": 2, "body_with_newline": 2,
    "length_one_more": 2,
    # two records and a query; a record, a change and a query
    "skip_n_one_more": 3, "top_n_ignored": 3, "top_n_one_more": 3, "limits_before_filter": 3, "order_ignored": 3,
    "order_by_first_term_only": 3, "descending_ignored": 3, "text_order_ignored": 3, "numbers_sorted_as_text": 3,
    "order_inside_batches_only": 3, "topics_reversed": 3, "batches_of_ten": 3, "batches_one_larger": 3, "publish_merges": 3,
    "delta_replaces": 3, "delta_appends_arrays": 3, "delta_ignores_new_fields": 3, "delta_only_adds": 3, "delta_keeps_types": 3,
    "delta_loses_correlation_id": 3, "delta_keeps_old_correlation_id": 3, "key_without_separator": 3, "key_without_domain": 3,
    "key_of_first_field": 3, "delete_filter_ignored": 3, "delete_by_keys_without_effect": 3, "delete_by_data_without_effect": 3,
    "blank_between_records": 3,
    # a subscription, a record and a change; two subscriptions and a message; a subscription, its end and a message
    "equal_update_untold": 3, "delta_delivered_literally": 3, "filter_sees_delta": 3, "delivered_twice": 3,
    "first_subscription_only": 3, "unsubscribe_without_effect": 3,
    # two records or a record and its end, a change and a query
    "deletes_one_record_only": 4, "deleted_state_survives": 4,
}  # fmt: skip
"""Commands of the shortest program that shows the fault, typed by hand; logons, fences and closes do not count."""

OF_RULE: Final[Mapping[tuple[str, str], int]] = {
    ("skip_n_one_more", "SOW-TOPN-11"): 4,  # two records and two pages
    ("sow_keys_ignored", "SOW-TOPN-14"): 3,  # a record that is asked for, one that is not, and a query with limits
}
"""Where the rule that the shrunk program has to break needs more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one fault. `before`, `after`: commands; None of them if it was not found."""

    mutant: str
    scenarios: int
    seconds: float
    rule: str = ""
    before: int = 0
    after: int = 0
    runs: int = 0
    shrink_s: float = 0.0
    program: str = ""

    @property
    def excess(self) -> int:
        return self.after - OF_RULE.get((self.mutant, self.rule), SHORTEST[self.mutant])


def measure(mutant: str, seed: int, limit_s: float) -> Row:
    """Look for the fault, and shrink the program of the first finding."""
    ran, began = 0, time.monotonic()
    for attempt in range(SERVERS):
        with (
            EmbeddedTarget.start(seed=seed + attempt, slots=1, mutants=[mutant]) as server,
            ServerTarget.open(server.spec, STANDARD, slot=0, run="shrink", limits=WAITS) as target,
        ):
            bench = Bench(target, load(), WAITS)
            until = time.monotonic() + limit_s / SERVERS
            try:
                for scenario in drawn(seed + attempt):
                    if time.monotonic() > until:
                        break
                    ran += 1
                    if bench.once(scenario).decisive:
                        return _shrunk(bench, scenario, mutant, ran, time.monotonic() - began)
            except TargetError:
                continue
    return Row(mutant=mutant, scenarios=ran, seconds=time.monotonic() - began)


def _shrunk(bench: Bench, scenario: Scenario, mutant: str, ran: int, seconds: float) -> Row:
    finding = bench.once(scenario).decisive[0]

    def attempt(program: Scenario) -> frozenset[str]:
        return frozenset(other.rule for other in bench.once(program).decisive)

    shrunk = shrink(scenario, finding.rule, attempt, BOUNDS, config=STANDARD, at=finding.step or None)
    return Row(
        mutant=mutant,
        scenarios=ran,
        seconds=seconds,
        rule=finding.rule,
        before=shrunk.before,
        after=shrunk.after,
        runs=shrunk.runs,
        shrink_s=shrunk.seconds,
        program=str(to_json(shrunk.scenario)["steps"]),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("mutants", nargs="*", metavar="MUTANT", help="all of the table, unless named")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit-s", type=float, default=60.0, help="for finding each fault")
    parser.add_argument("-n", type=int, default=1, dest="processes")
    options = parser.parse_args()
    names = options.mutants or list(SHORTEST)
    rows: list[Row] = []
    with ProcessPoolExecutor(options.processes) as pool:
        for row in pool.map(measure, names, [options.seed] * len(names), [options.limit_s] * len(names)):
            rows.append(row)
            found = f"{row.rule:<14} {row.before:>3} -> {row.after:>2} ({row.excess:+d}), {row.runs} runs, {row.shrink_s:.1f} s"
            print(f"{row.mutant:<32} {row.scenarios:>5} {row.seconds:>6.1f} s  {found if row.rule else 'not found'}", flush=True)
            if row.rule and row.excess > EXCESS_MAX:
                print(f"    {row.program}", flush=True)
    found_rows = [row for row in rows if row.rule]
    good = [row for row in found_rows if row.excess <= EXCESS_MAX]
    share = len(good) / len(found_rows) if found_rows else 0.0
    median = statistics.median(row.seconds for row in found_rows) if found_rows else 0.0
    print(f"found {len(found_rows)} of {len(rows)}, median {median:.1f} s; not found: {[row.mutant for row in rows if not row.rule]}")
    print(f"at most {EXCESS_MAX} command too many: {len(good)} of {len(found_rows)}, {100 * share:.1f} %")
    return 0 if share >= SHARE_LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
