"""Queries: worked examples of sow.md section 11 and commands.md section 11, limits, orders, patterns, statistics, select lists."""

from decimal import Decimal

import pytest

from reference_model.expectation import Occurs
from strategies.build import Program, key_of
from tests.reference_model.view import claims, look, members, why


def stored(*bodies, topic="@orders"):
    """A program and its connection, with these records made visible."""
    p = Program("p")
    a = p.open()
    for body in bodies:
        a.publish(topic, body)
    a.fence()
    return p, a


SIX = [{"id": n, "n": n} for n in (4, 1, 6, 3, 5, 2)]
PARTS = [{"id": n, "kg": kg} for n, kg in ((1, 10), (2, 40), (3, 25), (4, 70), (5, 55), (6, 33))]


def counts(view, label, ack="stats"):
    """The statistics as (topic_matches, matches, records_returned), without what is only expected (SOW-STAT-03)."""
    slot = view.ack(label, ack)
    found = []
    for name in ("topic_matches", "matches", "records_returned"):
        values = {value for rule, value in claims(slot, name).items() if rule not in {"CMD-STAT-15", "SOW-STAT-03"}}
        found.append(" and ".join(sorted(values)))
    return tuple(found)


def order(view, rule):
    """The keys of records in the groups of the one chain that a rule demands."""
    (chain,) = view.orders(rule)
    return [{slot.key[1][0] for slot in group} for group in chain]


# ---- worked examples -------------------------------------------------------------------------------------------------------------


def test_sow_f_a_window_over_an_ordered_filtered_result():
    """sow.md section 11 F: 5, 4; statistics 6 (or 4 to 5 by an index), 4, 2."""
    p, a = stored(*SIX)
    label = a.sow("@orders", filter="/n > 2", orderby="/n DESC", opts="top_n=2,skip_n=1", acks="completed,stats")
    view = look(p)
    assert view.records(label) == {"1": "never", "2": "never", "3": "never", "6": "never", "5": "once", "4": "once"}
    assert [keys for keys in order(view, "EXPR-ORD-03") if keys & {"5", "4"}] == [{"5"}, {"4"}]
    assert counts(view, label) == ("4 to 6", "4", "2")


def test_sow_f_pages_tile():
    """Page p of size z: top_n=z, skip_n=(p-1)*z (SOW-TOPN-11)."""
    p, a = stored(*SIX)
    labels = [a.sow("@orders", orderby="/n", opts=f"top_n=2,skip_n={skip}") for skip in (0, 2, 4, 6)]
    view = look(p)
    pages = [[key for key, occurs in view.records(label).items() if occurs == "once"] for label in labels]
    assert pages == [["1", "2"], ["3", "4"], ["5", "6"], []]
    assert why(view.record(labels[1], "3")) == "SOW-TOPN-11"


def test_commands_a_limits_and_statistics():
    """commands.md section 11 A: ids 4, 5, 2, 6; topic_matches 6 (5 if an index answers), matches 5, records_returned 4."""
    p, a = stored(*PARTS)
    label = a.sow("@orders", filter="/kg > 20", orderby="/kg DESC", top_n=4, batch_size=2, acks="received,processed,completed,stats")
    view = look(p)
    assert [key for keys in order(view, "EXPR-ORD-03") for key in keys if view.records(label)[key] == "once"] == ["4", "5", "2", "6"]
    assert view.records(label) == {"1": "never", "3": "never", "4": "once", "5": "once", "2": "once", "6": "once"}
    assert counts(view, label) == ("5 to 6", "5", "4")


def test_commands_a_counts_only():
    """`top_n=0` instead: empty group, 6 / 5 / 0."""
    p, a = stored(*PARTS)
    label = a.sow("@orders", filter="/kg > 20", opts="top_n=0", acks="completed,stats")
    view = look(p)
    assert set(view.records(label).values()) == {"never"}
    assert why(next(slot for slot in view.slots("sow", label) if slot.key[1] == ("4",))) == "SOW-TOPN-06"
    assert counts(view, label) == ("5 to 6", "5", "0")


def test_commands_b_a_topic_without_sow():
    """commands.md section 11 B: a failure and nothing else; of sow_and_subscribe an empty group, then the subscription."""
    p = Program("p")
    a = p.open()
    query = a.sow("@chat", acks="processed,completed")
    both = a.sow_and_subscribe("@chat", acks="processed,completed,stats")
    view = look(p)
    assert claims(view.ack(query, "processed"), "status") == {"SOW-TOPIC-01": "failure"}
    assert {why(slot) for slot in view.slots("group_begin", query)} == {"CMD-ORD-13"}
    assert claims(view.ack(both, "processed"), "status") == {"SOW-TOPIC-02": "success"}
    (begin,), (end,) = view.slots("group_begin", both), view.slots("group_end", both)
    assert (begin.occurs, end.occurs) == (Occurs.ONCE, Occurs.ONCE)
    assert view.surplus("a", "sow", f"{both}.r") == ("SOW-TOPIC-02", "SOW-QRY-01")
    assert view.acks(both)["stats"] == "perhaps"  # CMD-STAT-18


def test_commands_d_a_delete_with_statistics():
    """commands.md section 11 D: topic_matches 6, matches 2 of the five kg below 30 but one, records_deleted 2."""
    p, a = stored(*PARTS)
    label = a.delete("@orders", filter="/kg < 30", acks="processed,completed,stats")
    a.fence()
    query = a.sow("@orders")
    view = look(p)
    assert claims(view.ack(label, "stats"), "matches") == {"CMD-DEL-14": "present", "CMD-STAT-12": "2"}
    assert claims(view.ack(label, "stats"), "topic_matches") == {"CMD-DEL-14": "present", "CMD-STAT-11": "2 to 6"}
    assert claims(view.ack(label, "stats"), "records_deleted") == {"CMD-DEL-14": "present", "CMD-DEL-15": "2"}
    assert view.records(query) == {"1": "never", "2": "once", "3": "never", "4": "once", "5": "once", "6": "once"}


def test_sow_h_topics_in_the_order_of_the_configuration():
    """sow.md section 11 H: all of one topic's matches, then the next one's (EXPR-TOP-25)."""
    p = Program("p")
    a = p.open()
    for topic, number, name in (("@items", 1, "eve"), ("@orders", 1, "eve"), ("@items", 2, "bob"), ("@orders", 2, "eve")):
        a.publish(topic, {"id": number, "who": name})
    a.fence()
    label = a.sow("^@(items|orders)$", filter="/who = 'eve'", acks="completed,stats")
    view = look(p)
    (chain,) = view.orders("EXPR-TOP-25")
    came = [{slot.key for slot in group if slot.occurs is Occurs.ONCE} for group in chain]
    assert came == [{("@orders", ("1",)), ("@orders", ("2",))}, {("@items", ("1",))}]
    assert [slot.key for slot in view.slots("sow", label) if slot.occurs is Occurs.NEVER] == [("@items", ("2",))]
    assert counts(view, label) == ("3 to 4", "3", "3")


def test_a_pattern_may_give_one_pair_of_brackets_or_several():
    """sow.md section 12, 6; CMD-SOW-61."""
    p, a = stored({"id": 1})
    several = a.sow("^@(items|orders)$")
    single = a.sow("^@orders$")
    view = look(p)
    assert view.surplus("a", "group_begin", f"{several}.r") == ()
    assert view.surplus("a", "group_begin", f"{single}.r") == ("CMD-ORD-14",)


def test_sow_i_deletes():
    """sow.md section 11 I, with a fence before each look."""
    p, a = stored(*({"id": f"p{n}", "st": "closed" if n < 3 else "open"} for n in range(1, 8)))
    a.sow("@orders")
    closed = a.delete("@orders", filter="/st = 'closed'", acks="processed,completed,stats")
    a.fence()
    by_key = a.delete("@orders", sow_keys=key_of("@orders", "p3"), acks="processed,stats")
    a.fence()
    again = a.delete("@orders", sow_keys=key_of("@orders", "p3"), acks="processed,stats")
    a.fence()
    by_data = a.delete("@orders", body={"id": "p7", "whatever": 1}, acks="processed,stats")
    a.fence()
    look_1 = a.sow("@orders")
    rest = a.delete("@orders", filter="1=1", acks="stats")
    a.fence()
    look_2 = a.sow("@orders")
    view = look(p)
    deleted = {label: claims(view.ack(label, "stats"), "records_deleted") for label in (closed, by_key, again, by_data, rest)}
    assert [values["CMD-DEL-15"] for values in deleted.values()] == ["2", "1", "0", "1", "3"]
    assert view.status(again) == "success or failure"  # SOW-DEL-07
    left = {key for key, occurs in view.records(look_1).items() if occurs == "once"}
    assert left == {'"p4"', '"p5"', '"p6"'}
    assert set(view.records(look_2).values()) == {"never"}
    assert {slot.because[0] for slot in view.slots("sow", look_1) if slot.key[1] == ('"p7"',)} == {"SOW-DEL-04"}


def test_sow_o_select_lists():
    """sow.md section 11 O."""
    whole = {"id": 5, "who": "Uma", "note": "late", "bag": {"top": "pen", "side": "key"}}
    p, a = stored(whole)
    a.sow("@orders")
    some = a.sow("@orders", opts="select=[-/,+/id,+/note]")
    nested = a.sow("@orders", opts="select=[-/,+/id,+/who,+/bag/top]")
    without = a.sow("@orders", opts="select=[-/bag]")
    view = look(p)
    assert members(view.record(some, "5")) == {"id": 5, "note": "late"}
    assert set(view.record(some, "5").body.gone) == {"who", "bag"}
    assert members(view.record(nested, "5")) == {"id": 5, "who": "Uma", "bag": {"top": "pen"}}
    assert members(view.record(without, "5")) == {"id": 5, "who": "Uma", "note": "late"}
    assert view.record(some, "5").body.complete[0] == "EXPR-SEL-12"


# ---- limits ----------------------------------------------------------------------------------------------------------------------

LIMITS = {
    # SOW-TOPN-01: min(n, matches) records; which of them is not defined (SOW-TOPN-04)
    "fewer": ({"top_n": 2}, "perhaps", (2, 2), "2"),
    "as many": ({"top_n": 6}, "once", None, "6"),
    "more": ({"top_n": 7}, "once", None, "6"),
    "none": ({"top_n": 0}, "never", None, "0"),
    # SOW-TOPN-12: rounded up to full batches is tolerated
    "a batch that divides it": ({"top_n": 4, "batch_size": 2}, "perhaps", (4, 4), "4"),
    "a batch that does not": ({"top_n": 3, "batch_size": 2}, "perhaps", (3, 4), "3 to 4"),
    "a batch beyond all": ({"top_n": 5, "batch_size": 100}, "perhaps", (5, 6), "5 to 6"),
    "nothing of a batch": ({"top_n": 0, "batch_size": 100}, "never", None, "0"),
}


@pytest.mark.parametrize(("limits", "occurs", "pool", "returned"), LIMITS.values(), ids=LIMITS)
def test_top_n_without_an_order(limits, occurs, pool, returned):
    p, a = stored(*SIX)
    label = a.sow("@orders", acks="completed,stats", **limits)
    view = look(p)
    assert set(view.records(label).values()) == {occurs}
    assert [(one.low, one.high) for one in view.expectation.pools] == ([] if pool is None else [pool])
    assert counts(view, label) == ("6", "6", returned)


WINDOWS = {
    # SOW-TOPN-07: positions skip_n+1 to skip_n+top_n; ties across an edge are undefined (SOW-TOPN-04, EXPR-ORD-12)
    "the first": ("/n", "top_n=2,skip_n=0", {1: "once", 2: "once"}, None),
    "the middle": ("/n", "top_n=2,skip_n=3", {4: "once", 5: "once"}, None),
    "past the end": ("/n", "top_n=5,skip_n=4", {5: "once", 6: "once"}, None),
    "beyond the end": ("/n", "top_n=5,skip_n=100", {}, None),
    "ties across the end": ("/half", "top_n=3,skip_n=0", {1: "once", 2: "once", 3: "perhaps", 4: "perhaps"}, (1, 1)),
    "ties across the beginning": ("/half", "top_n=3,skip_n=1", {1: "perhaps", 2: "perhaps", 3: "once", 4: "once"}, (1, 1)),
    "ties inside": ("/half", "top_n=2,skip_n=2", {3: "once", 4: "once"}, None),
}


@pytest.mark.parametrize(("orderby", "opts", "expected", "pool"), WINDOWS.values(), ids=WINDOWS)
def test_windows(orderby, opts, expected, pool):
    p, a = stored(*({"id": n, "n": n, "half": (n + 1) // 2} for n in (4, 1, 6, 3, 5, 2)))
    label = a.sow("@orders", orderby=orderby, opts=opts)
    view = look(p)
    assert {int(key): occurs for key, occurs in view.records(label).items() if occurs != "never"} == expected
    assert [(one.low, one.high) for one in view.expectation.pools] == ([] if pool is None else [pool])


def test_a_window_beyond_the_end_is_no_error():
    """SOW-TOPN-10."""
    p, a = stored(*SIX)
    label = a.sow("@orders", orderby="/n", opts="top_n=5,skip_n=100", acks="processed")
    assert claims(look(p).ack(label, "processed"), "status") == {"SOW-TOPN-10": "success"}


def test_records_of_unknown_key_take_places():
    """SOW-KEY-40: a publish without its key may have made a record."""
    p, a = stored({"id": 1}, {"id": 2}, {"id": 3})
    a.publish("@orders", {"qty": 1}, acks="processed")
    a.fence()
    limited = a.sow("@orders", top_n=2, acks="completed,stats")
    whole = a.sow("@orders", acks="completed,stats")
    view = look(p)
    assert [(one.low, one.high) for one in view.expectation.pools] == [(1, 2)]
    assert counts(view, limited) == ("3 to 4", "3 to 4", "2")
    assert counts(view, whole) == ("3 to 4", "3 to 4", "3 to 4")
    assert view.surplus("a", "sow", f"{whole}.r") == ()


def test_a_slice_without_an_order():
    """SOW-TOPN-09: refused, or min(top_n, max(0, matches - skip_n)) records."""
    p, a = stored(*SIX)
    label = a.sow("@orders", opts="top_n=4,skip_n=3", acks="processed,completed,stats")
    view = look(p)
    assert set(view.records(label).values()) == {"perhaps"}
    (pool,) = view.expectation.pools
    assert (pool.low, pool.high, pool.because[0]) == (3, 3, "SOW-TOPN-09")
    accepted = (view.ack(label, "processed").id, "success")
    assert {slot.when for kind in ("group_begin", "sow", "group_end") for slot in view.slots(kind, label)} == {accepted}
    assert view.acks(label)["stats"] == "if accepted"


def test_a_slice_without_a_limit():
    """SOW-TOPN-08: nothing is said of what comes if it succeeds."""
    p, a = stored(*SIX)
    label = a.sow("@orders", orderby="/n", opts="skip_n=2", acks="processed,stats")
    view = look(p)
    assert set(view.records(label).values()) == {"perhaps"}
    assert view.expectation.pools == ()
    assert counts(view, label) == ("6", "6", "0 to 6")


# ---- orders ----------------------------------------------------------------------------------------------------------------------

ORDERS = {
    # sow.md section 7.4, expressions.md section 11: groups of values, None where the order is open
    "numbers": ([3, 1, 2], "/v", [[1], [2], [3]]),
    "numbers, descending": ([3, 1, 2], "/v DESC", [[3], [2], [1]]),
    "by value, not by text": ([10, 9, 100], "/v", [[9], [10], [100]]),
    "by text": ([10, 9, 100], "/v TEXT", [[10], [100], [9]]),
    "by text, descending": ([10, 9, 100], "/v DESC TEXT", [[9], [100], [10]]),
    "strings in byte order": (["b", "A", "a", "B"], "/v", [["A"], ["B"], ["a"], ["b"]]),
    "a number with and without a point": ([Decimal("1.0"), 1, 2], "/v", [[Decimal("1.0"), 1], [2]]),
    "ties": ([1, 2, 1], "/v", [[1, 1], [2]]),
    "numbers and strings": ([5, "x", 40], "/v", None),
    "a string of digits": (["5", "40"], "/v", None),
    "a string of digits, by text": (["5", "40"], "/v TEXT", [["40"], ["5"]]),
    "without the field": ([1, None], "/v", None),
    "a boolean": ([True, False], "/v", None),
    "an array": ([[1], [2]], "/v", None),
    "an object": ([{"x": 1}, {"x": 2}], "/v", None),
    "inside of an object": ([{"x": 2}, {"x": 1}], "/v/x", [[{"x": 1}], [{"x": 2}]]),
    "an element of an array": ([[2], [1]], "/v[0]", None),
}


@pytest.mark.parametrize(("values", "orderby", "expected"), ORDERS.values(), ids=ORDERS)
def test_orders(values, orderby, expected):
    p, a = stored(*({"id": n, "v": value} if value is not None else {"id": n} for n, value in enumerate(values)))
    label = a.sow("@orders", orderby=orderby)
    view = look(p)
    chains = [chain for rule in ("EXPR-ORD-01", "EXPR-ORD-03", "EXPR-ORD-06", "EXPR-ORD-07", "EXPR-ORD-08", "EXPR-ORD-13")
              for chain in view.orders(rule)]  # fmt: skip
    found = [[values[int(slot.key[1][0])] for slot in group] for chain in chains for group in chain]
    assert found == (expected or [])
    assert set(view.records(label).values()) == {"once"}


def test_ties_are_broken_by_the_next_term():
    """EXPR-ORD-04, beside the order by the first term alone."""
    p, a = stored(*({"id": n, "day": day, "name": name} for n, day, name in ((1, 2, "b"), (2, 1, "a"), (3, 2, "a"), (4, 1, "b"))))
    a.sow("@orders", orderby="/day DESC, /name ASC")
    view = look(p)
    assert order(view, "EXPR-ORD-03") == [{"1", "3"}, {"2", "4"}]
    assert order(view, "EXPR-ORD-04") == [{"3"}, {"1"}, {"2"}, {"4"}]


def test_an_order_over_several_topics_holds_within_each():
    p = Program("p")
    a = p.open()
    for topic in ("@items", "@orders"):
        for n in (2, 1):
            a.publish(topic, {"id": n})
    a.fence()
    a.sow("^@(items|orders)$", orderby="/id")
    view = look(p)
    chains = view.orders("EXPR-ORD-01")
    assert [[[slot.key for slot in group] for group in chain] for chain in chains] == [
        [[("@orders", ("1",))], [("@orders", ("2",))]],
        [[("@items", ("1",))], [("@items", ("2",))]],
    ]
    assert view.orders("EXPR-TOP-25") == []


# ---- what a query is about ---------------------------------------------------------------------------------------------------------

ABOUT = {
    # because[0] of a record that must come, of an ordinary query on the connection that published it
    "a new record": (lambda a: a.sow("@orders"), "SOW-REC-01"),
    "the same query again": (lambda a: (a.sow("@orders"), a.sow("@orders"))[1], "SOW-QRY-38"),
    "in other batches": (lambda a: (a.sow("@orders"), a.sow("@orders", batch_size=2))[1], "SOW-BATCH-04"),
    "after a filter": (lambda a: (a.sow("@orders", filter="/n > 0"), a.sow("@orders"))[1], "SOW-TOPIC-07"),
    "by a filter": (lambda a: (a.sow("@orders"), a.sow("@orders", filter="/n > 0"))[1], "SOW-QRY-06"),
    "by a filter of a subscription": (
        lambda a: (a.sow("@orders"), a.subscribe("@orders", filter="/n > 0"), a.sow("@orders", filter="/n > 0"))[2], "EXPR-FLT-05",
    ),
    "by keys": (lambda a: (a.sow("@orders"), a.sow("@orders", sow_keys=key_of("@orders", 1)))[1], "SOW-KEY-11"),
    "by keys and a filter": (
        lambda a: (a.sow("@orders"), a.sow("@orders", sow_keys=key_of("@orders", 1), filter="/n > 0"))[1], "SOW-KEY-13",
    ),
    "with option none": (lambda a: (a.sow("@orders", filter="/n > 0"), a.sow("@orders", opts="none"))[1], "CMD-WIRE-13"),
    "with options of subscriptions": (
        lambda a: (a.sow("@orders"), a.sow("@orders", opts="oof", acks="processed"))[1], "CMD-SOW-53",
    ),
    "with a bookmark": (
        lambda a: (a.sow("@orders", filter="/n > 0"), a.sow("@orders", bookmark="20200101T000000Z"))[1], "BOOK-HIST-10",
    ),
    "with a limit and an order": (lambda a: a.sow("@orders", orderby="/n", top_n=1), "SOW-TOPN-03"),
    "over a pattern": (lambda a: (a.sow("@orders"), a.sow("^@orders$", filter="/n > 0"))[1], "SOW-QRY-06"),
}  # fmt: skip


@pytest.mark.parametrize(("write", "rule"), ABOUT.values(), ids=ABOUT)
def test_about(write, rule):
    p, a = stored({"id": 1, "n": 1}, {"id": 2, "n": 2})
    label = write(a)
    assert why(look(p).record(label, "1")) == rule


def test_the_same_query_on_another_connection():
    """SOW-REC-24."""
    p, a = stored({"id": 1})
    b = p.open("b")
    a.sow("@orders")
    label = b.sow("@orders")
    assert why(look(p).record(label, "1")) == "SOW-REC-24"


def test_what_keys_name():
    """SOW-KEY-11, SOW-KEY-12: a key that no record has contributes nothing."""
    p, a = stored(*({"id": n} for n in range(1, 6)))
    a.sow("@orders")
    a.delete("@orders", body={"id": 2})
    a.fence()
    label = a.sow("@orders", sow_keys=(key_of("@orders", 2), key_of("@orders", 5)), acks="processed,stats")
    view = look(p)
    assert view.records(label) == {"1": "never", "3": "never", "4": "never", "5": "once", "2": "never"}
    assert claims(view.ack(label, "processed"), "status") == {"SOW-KEY-12": "success"}
    assert claims(view.ack(label, "stats"), "topic_matches") == {"CMD-STAT-15": "present", "CMD-STAT-21": "1 to 4"}


def test_a_key_of_another_topic_of_the_domain():
    """SOW-KEY-09: one takes the key that the other showed."""
    p = Program("p")
    a = p.open()
    for topic in ("@stock", "@reorder"):
        a.publish(topic, {"sku": 9})
        a.publish(topic, {"sku": 8})
    a.fence()
    a.sow("@stock")
    label = a.sow("@reorder", sow_keys=key_of("@stock", 9))
    assert look(p).records(label) == {"9": "once", "8": "never"}


def test_an_empty_topic():
    """CMD-ORD-15, CMD-STAT-17."""
    p = Program("p")
    label = p.open().sow("@orders", acks="completed,stats")
    view = look(p)
    (begin,) = view.slots("group_begin", label)
    assert why(begin) == "CMD-ORD-15"
    assert counts(view, label) == ("0", "0", "0")
    assert claims(view.ack(label, "stats"), "matches")["CMD-STAT-17"] == "0"


def test_results_of_one_connection_follow_each_other():
    """CMD-ORD-11."""
    p, a = stored({"id": 1})
    first, second = a.sow("@orders"), a.sow("@orders", batch_size=2)
    (chain,) = look(p).orders("CMD-ORD-11")
    assert [{(slot.where[1], slot.step) for slot in group} for group in chain] == [
        {("sow", first), ("group_end", first)}, {("group_begin", second)},
    ]  # fmt: skip


# ---- headers of records ------------------------------------------------------------------------------------------------------------

HEADERS = {
    "by default": (None, "sow_key", {"WIRE-SOW-03": "present", "SOW-KEY-07": f"0 to {2**64 - 1}", "SOW-KEY-01": "same"}),
    "no_sowkey": ("no_sowkey", "sow_key", {"CMD-SOW-56": "absent"}),
    "without timestamp": (None, "timestamp", {"CMD-OPT-29": "absent"}),
    "timestamp": ("timestamp", "timestamp", {"CMD-SOW-57": "present", "WIRE-HDR-18": "like"}),
    "topic": (None, "topic", {"CMD-SOW-59": "@orders"}),
}


@pytest.mark.parametrize(("opts", "field", "expected"), HEADERS.values(), ids=HEADERS)
def test_headers_of_records(opts, field, expected):
    p, a = stored({"id": 1})
    label = a.sow("@orders", opts=opts)
    assert claims(look(p).record(label, "1"), field) == expected


def test_given_keys_come_back_as_they_were_given():
    """SOW-KEY-22, CMD-PUB-41."""
    p = Program("p")
    a = p.open()
    a.publish("@own", {}, sow_key="aGk=")
    a.publish("@own", {}, sow_key="Az09+/")
    a.fence()
    label = a.sow("@own")
    view = look(p)
    assert claims(view.record(label, "aGk="), "sow_key") == {"SOW-KEY-22": "aGk="}
    assert claims(view.record(label, "Az09+/"), "sow_key") == {"CMD-PUB-41": "Az09+/"}


def test_send_keys_brings_the_key_fields():
    """CMD-SOW-55."""
    p, a = stored({"id": 1, "n": 2})
    label = a.sow("@orders", opts="send_keys")
    body = look(p).record(label, "1").body
    assert body.members["id"].missing[0] == "CMD-SOW-55"
    assert body.members["n"].missing == ()


def test_key_fields_that_a_select_list_leaves_out_may_stay():
    """EXPR-SEL-25."""
    p, a = stored({"id": 1, "n": 2})
    a.sow("@orders")
    label = a.sow("@orders", opts="select=[-/,+/n]")
    member = look(p).record(label, "1").body.members["id"]
    assert member.choice == ("EXPR-SEL-25", ("left out", "kept"))


SELECT_DOUBTS = {
    "a directive below an array": ({"l": [{"x": 1, "y": 2}]}, "-/l/x", "l"),
    "an object that is emptied": ({"bag": {"left": 1}}, "-/bag/left", "bag"),
}


@pytest.mark.parametrize(("body", "directive", "name"), SELECT_DOUBTS.values(), ids=SELECT_DOUBTS)
def test_what_a_select_list_makes_of_it_is_open(body, directive, name):
    """EXPR-SEL-23, EXPR-SEL-24: but the rest of the message is certain."""
    p, a = stored({"id": 1, "n": 2, **body})
    label = a.sow("@orders", opts=f"select=[{directive}]")
    assert members(look(p).record(label, "1")) == {"id": 1, "n": 2, name: "any"}
