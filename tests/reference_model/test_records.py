"""Records: worked examples of sow.md section 11 A, B, I and delta.md section 5, keys, correlation ids, deletes, what may be there."""

from dataclasses import replace

import pytest

from reference_model.areas.damage import beyond_repair
from reference_model.config import STANDARD
from reference_model.expectation import Occurs, Unknown
from strategies.build import Program, key_of
from tests.reference_model.view import claims, look, members, why


def after(*steps, topic="@orders"):
    """The view and the label of a query after these publishes (mappings) and deltas (tuples), each with a fence."""
    p = Program("p")
    a = p.open()
    for step in steps:
        if isinstance(step, tuple):
            a.delta(topic, step[0])
        else:
            a.publish(topic, step)
        a.fence()
    label = a.sow(topic)
    return look(p), label


# ---- worked examples -------------------------------------------------------------------------------------------------------------


def test_sow_a_insert_update_whole_replacement():
    """sow.md section 11 A."""
    p = Program("p")
    reader, a = p.open("reader"), p.open("a")
    reader.subscribe("@orders")
    bodies = [
        {"id": "p1", "hub": "BRU", "kg": 3},
        {"id": "p2", "hub": "LYS", "kg": 5},
        {"id": "p2", "hub": "LYS", "kg": 4, "late": True},
        {"id": "p2", "hub": "MAD"},
        {"id": "p2", "hub": "MAD"},
    ]
    labels = [a.publish("@orders", body) for body in bodies]
    a.fence()
    query = a.sow("@orders")
    view = look(p)
    assert view.records(query) == {'"p1"': "once", '"p2"': "once"}
    record = view.record(query, '"p2"')
    assert members(record) == {"id": "p2", "hub": "MAD"}
    assert record.body.exact == b'{"id":"p2","hub":"MAD"}'
    assert [view.delivery(label, "s1.m").body.exact for label in labels] == [
        b'{"id":"p1","hub":"BRU","kg":3}', b'{"id":"p2","hub":"LYS","kg":5}', b'{"id":"p2","hub":"LYS","kg":4,"late":true}',
        b'{"id":"p2","hub":"MAD"}', b'{"id":"p2","hub":"MAD"}',
    ]  # fmt: skip
    assert [why(view.delivery(label, "s1.m")) for label in labels] == ["SOW-REC-07"] * 4 + ["SOW-REC-06"]
    keys = [claim.matcher for label in labels[1:4] for claim in view.delivery(label, "s1.m").claims if claim.because[0] == "SOW-REC-09"]
    assert len({matcher.symbol for matcher in keys}) == 1


def test_fields_that_a_publish_drops_are_gone():
    """SOW-REC-03; of what a delta had added, DELTA-PUB-34."""
    view, label = after({"id": 1, "a": 1, "b": 2}, {"id": 1, "a": 1})
    assert {name: rules[0] for name, rules in view.record(label, "1").body.gone.items()} == {"b": "SOW-REC-03"}
    view, label = after({"id": 1, "a": 1}, ({"id": 1, "z": 2},), {"id": 1, "a": 1})
    assert {name: rules[0] for name, rules in view.record(label, "1").body.gone.items()} == {"z": "DELTA-PUB-34"}


PAIRS = {
    # sow.md section 11 B, SOW-KEY-03 to -05
    "one field differs": ([("AB1", "2"), ("AB1", "3")], 2),
    "swapped": ([("a", "b"), ("b", "a")], 2),
    "equal when joined": ([("AB1", "2"), ("AB", "12")], 2),
    "the same pair": ([("AB1", "2"), ("AB1", "2")], 1),
}


@pytest.mark.parametrize(("pairs", "count"), PAIRS.values(), ids=PAIRS)
def test_sow_b_composite_keys(pairs, count):
    view, label = after(*({"a": one, "b": other} for one, other in pairs), topic="@pairs")
    assert list(view.records(label).values()) == ["once"] * count


def test_sow_b_one_domain_one_key():
    """`stock` and `reorder` share a key domain, `orders` has its own: SOW-KEY-01, SOW-KEY-08, SOW-KEY-09."""
    p = Program("p")
    a = p.open()
    for topic, name in (("@stock", "sku"), ("@reorder", "sku"), ("@orders", "id"), ("@items", "id")):
        a.publish(topic, {name: 9})
    a.fence()
    labels = [a.sow(topic) for topic in ("@stock", "@reorder", "@orders", "@items")]
    view = look(p)
    symbols = [next(c.matcher.symbol for c in view.record(label, "9").claims if c.because[0] in {"SOW-KEY-01", "SOW-KEY-09"})
               for label in labels]  # fmt: skip
    assert symbols[0] == symbols[1]
    assert len(set(symbols)) == 3
    (distinct,) = [one for one in view.expectation.distinct if one.because == ("SOW-KEY-08",)]
    assert set(distinct.symbols) == {symbols[2], symbols[3]}


def test_sow_b_given_keys():
    """`blobs`: k=aGk= data 1, k=aGk= data 2, k=eW8= data 2: two records, keys as given."""
    p = Program("p")
    a = p.open()
    for key, n in (("aGk=", 1), ("aGk=", 2), ("eW8=", 2)):
        a.publish("@own", {"n": n}, sow_key=key)
    a.fence()
    label = a.sow("@own")
    view = look(p)
    assert view.records(label) == {"aGk=": "once", "eW8=": "once"}
    assert members(view.record(label, "aGk=")) == {"n": 2}


DELTAS = {
    # delta.md section 5
    "A nothing is removed by absence": ([{"id": 7, "tree": "oak"}, ({"id": 7},)], {"id": 7, "tree": "oak"}),
    "B an array inside an object": (
        [{"id": 7, "cargo": {"crates": [{"fruit": "figs"}, {"grain": "rye"}]}}, ({"id": 7, "cargo": {"crates": [{"nuts": "pecan"}]}},)],
        {"id": 7, "cargo": {"crates": [{"nuts": "pecan"}]}},
    ),
    "C the same value again": (
        [{"id": "P-9", "state": "ready", "modes": ["fast", "eco"]}, ({"id": "P-9", "state": "ready"},)],
        {"id": "P-9", "state": "ready", "modes": ["fast", "eco"]},
    ),
    "D change and addition": (
        [{"id": 3, "who": "Pia", "st": "new", "qty": 10}, ({"id": 3, "st": "open", "desk": "N"},)],
        {"id": 3, "who": "Pia", "st": "open", "qty": 10, "desk": "N"},
    ),
    "E the first message of a record": ([({"id": 8, "st": "new"},)], {"id": 8, "st": "new"}),
    "A then a full publish": ([{"id": 7, "tree": "oak"}, {"id": 7}], {"id": 7}),
    "DELTA-PUB-33 a fold": (
        [{"id": 1, "a": 1}, ({"id": 1, "b": 2},), {"id": 1, "c": 3}, ({"id": 1, "d": 4},), ({"id": 1, "c": 5},)],
        {"id": 1, "c": 5, "d": 4},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "expected"), DELTAS.values(), ids=DELTAS)
def test_deltas(steps, expected):
    view, label = after(*steps)
    (slot,) = [slot for slot in view.slots("sow", label) if slot.occurs is Occurs.ONCE]
    assert members(slot) == expected
    assert slot.body.complete


def test_delta_l_a_given_key_names_the_record():
    """delta.md section 5 L; DELTA-PUB-13, DELTA-PUB-14."""
    p = Program("p")
    a = p.open()
    a.publish("@own", {"st": "new", "n": 1}, sow_key="ab12")
    a.delta("@own", {"st": "open"}, sow_key="ab12")
    a.delta("@own", {"b": 2}, sow_key="cc")
    a.fence()
    label = a.sow("@own")
    view = look(p)
    assert members(view.record(label, "ab12")) == {"st": "open", "n": 1}
    assert members(view.record(label, "cc")) == {"b": 2}
    assert [why(view.record(label, key)) for key in ("ab12", "cc")] == ["DELTA-PUB-13", "DELTA-PUB-14"]


def test_a_merged_record_is_compared_parsed():
    """DELTA-MRG-11; an insert by a delta too (delta.md section 6, 18)."""
    view, label = after({"id": 1}, ({"id": 1, "n": 1},), ({"id": 2},))
    assert [view.record(label, key).body.exact for key in ("1", "2")] == [None, None]


def test_the_same_delta_twice():
    """DELTA-PUB-38."""
    delta = ({"id": 1, "n": 2},)
    view, label = after({"id": 1, "n": 1}, delta, delta)
    assert {member.because[0] for member in view.record(label, "1").body.members.values()} == {"DELTA-PUB-38"}


# ---- exact bytes, keys that are missing, bodies that do not parse ----------------------------------------------------------------


def test_a_record_is_kept_byte_for_byte():
    """SOW-REC-04."""
    p = Program("p")
    a = p.open()
    body = b'{ "z" : 1.50,\t"id":"a" , "b":1e3, "b":2 }\n'
    a.publish("@orders", body)
    a.fence()
    label = a.sow("@orders")
    record = look(p).record(label, '"a"')
    assert record.body.exact == body
    assert record.body.verbatim[0] == "SOW-REC-04"


def test_without_its_key_a_publish_may_make_a_record_but_changes_none():
    """SOW-KEY-40; of a delta DELTA-PUB-43."""
    p = Program("p")
    a = p.open()
    a.publish("@orders", {"id": 1, "qty": 1})
    a.fence()
    a.sow("@orders")
    a.delta("@orders", {"qty": 99}, acks="processed")
    a.fence()
    label = a.sow("@orders", acks="completed,stats")
    view = look(p)
    assert members(view.record(label, "1")) == {"id": 1, "qty": 1}
    assert view.record(label, "1").body.members["qty"].because[0] == "DELTA-PUB-43"
    assert view.surplus("a", "sow", f"{label}.r") == ()
    assert claims(view.ack(label, "stats"), "topic_matches") == {"CMD-STAT-15": "present", "CMD-STAT-01": "1 to 2"}


BROKEN = {
    # CMD-PUB-37 is certain only where no reader could see a JSON object without its key
    "an object without end": (b"{not json", True),
    "a string without end": (b'{"qty":"}', True),
    "a member without a value": (b'{"qty" 1}', True),
    "a member and nothing": (b'{"qty"}', True),
    "letters": (b"nothing at all", True),
    "bytes": (b"\xff\xfe", True),
    "blanks before letters": (b" \n x", True),
    "a trailing comma": (b'{"qty":1,}', False),
    "something behind": (b'{"qty":1}x', False),
    "a comment": (b'{/* */"qty":1}', False),
    "an array without end": (b"[1,2", False),
    "a literal": (b"null", False),
    "two literals": (b"true false", False),
    "a number": (b"1", False),
    "nothing": (b"", False),
    "blanks": (b" \n", False),
    "an escaped quote": (b'{"a":"\\"}', True),
    "an escaped backslash": (b'{"a":"\\\\"}', False),
}


@pytest.mark.parametrize(("body", "certain"), BROKEN.values(), ids=BROKEN)
def test_beyond_repair(body, certain):
    assert beyond_repair(body) is certain


def test_a_body_that_does_not_parse_makes_no_record_and_is_not_delivered():
    """CMD-PUB-37."""
    p = Program("p")
    reader, a = p.open("reader"), p.open("a")
    reader.subscribe("@orders")
    label = a.publish("@orders", b"{not json", acks="processed")
    a.fence()
    query = a.sow("@orders")
    view = look(p)
    assert view.deliveries(label) == {"s1.m": "never"}
    assert why(view.delivery(label, "s1.m")) == "CMD-PUB-37"
    assert view.surplus("a", "sow", f"{query}.r") == ("SOW-QRY-05",)


def test_a_body_that_does_not_parse_under_a_given_key():
    """sow.md section 12, 33: stored or refused; an old record stays, or is replaced."""
    p = Program("p")
    a = p.open()
    a.publish("@own", {"n": 1}, sow_key="OLD")
    a.publish("@own", b"no json", sow_key="OLD", acks="processed")
    a.publish("@own", b"no json", sow_key="NEW", acks="processed")
    a.fence()
    label = a.sow("@own")
    filtered = a.sow("@own", filter="/n = 1")
    view = look(p)
    assert view.records(label) == {"OLD": "once", "NEW": "perhaps"}
    assert view.record(label, "OLD").body.exact is None
    assert members(view.record(label, "OLD")) == {}
    assert view.record(label, "OLD").body.complete == ()
    assert view.records(filtered) == {"OLD": "perhaps", "NEW": "perhaps"}


# ---- correlation ids -------------------------------------------------------------------------------------------------------------

CORRELATIONS = {
    # per publish (or delta, as a tuple) its correlation id; what the record has then, and the rule
    "given": (["c1"], "c1", "SOW-REC-13"),
    "not given": ([None], "absent", "WIRE-SOW-11"),
    "a new one": (["c1", "c2"], "c2", "SOW-REC-13"),
    "dropped by a publish": (["c1", None], "absent or c1", "SOW-REC-15"),
    "kept by a delta": (["c1", (None,)], "c1", "DELTA-PUB-21"),
    "replaced by a delta": (["c1", ("c2",)], "c2", "DELTA-PUB-20"),
    "none for a delta either": ([None, (None,)], "absent", "WIRE-SOW-11"),
    "open, and a delta": (["c1", None, (None,)], "absent or c1", "DELTA-PUB-21"),
}


@pytest.mark.parametrize(("given", "expected", "rule"), CORRELATIONS.values(), ids=CORRELATIONS)
def test_the_correlation_id_of_a_record(given, expected, rule):
    p = Program("p")
    a = p.open()
    for one in given:
        write, correlation = (a.delta, one[0]) if isinstance(one, tuple) else (a.publish, one)
        write("@orders", {"id": 1}, correlation_id=correlation)
        a.fence()
    label = a.sow("@orders")
    assert claims(look(p).record(label, "1"), "correlation_id") == {rule: expected}


# ---- deletes ---------------------------------------------------------------------------------------------------------------------


def gone(write, *, topic="@orders"):
    """After a delete of record 1 of three: the records with the rules that say whether they come."""
    p = Program("p")
    a = p.open()
    for n in (1, 2, 3):
        a.publish(topic, {"id": n, "n": n})
    a.fence()
    a.sow(topic)
    write(a)
    a.fence()
    label = a.sow(topic)
    view = look(p)
    return {slot.key[1][0]: (view.records(label)[slot.key[1][0]], why(slot)) for slot in view.slots("sow", label)}


DELETED = {
    # SOW-DEL-01 to -05: exactly these go
    "by filter": (lambda a: a.delete("@orders", filter="/n = 1"), ("never", "SOW-DEL-01"), ("once", "SOW-DEL-01")),
    "everything": (lambda a: a.delete("@orders", filter="1=1"), ("never", "SOW-DEL-02"), ("never", "SOW-DEL-02")),
    "by keys": (lambda a: a.delete("@orders", sow_keys=key_of("@orders", 1)), ("never", "SOW-DEL-03"), ("once", "SOW-DEL-03")),
    "by data": (lambda a: a.delete("@orders", body={"id": 1, "n": 99}), ("never", "SOW-DEL-04"), ("once", "SOW-DEL-04")),
    "by a filter that does not compile": (
        lambda a: a.delete("@orders", filter="/n =", acks="processed"), ("once", "EXPR-FLT-10"), ("once", "EXPR-FLT-10"),
    ),
    "by a filter that is open": (
        lambda a: a.delete("@orders", filter="/o = 1 OR /n = 1"), ("perhaps", "SOW-DEL-01"), ("once", "SOW-DEL-01"),
    ),
    "without a selector": (lambda a: a.delete("@orders", acks="processed"), ("perhaps", "CMD-DEL-35"), ("perhaps", "CMD-DEL-35")),
    "over a pattern": (lambda a: a.delete("^@orders$", filter="/n = 1"), ("never", "EXPR-TOP-26"), ("once", "SOW-DEL-01")),
}  # fmt: skip


@pytest.mark.parametrize(("write", "first", "others"), DELETED.values(), ids=DELETED)
def test_deleted(write, first, others):
    assert gone(write) == {"1": first, "2": others, "3": others}


def test_nothing_is_made_by_a_delete():
    """SOW-DEL-05."""
    found = gone(lambda a: a.delete("@orders", body={"id": 9}, acks="processed,stats"))
    assert found["9"] == ("never", "SOW-DEL-05")


def test_a_delete_is_seen_by_others_and_stays():
    """SOW-DEL-27, SOW-DEL-18."""
    p = Program("p")
    a, b = p.open("a"), p.open("b")
    a.publish("@orders", {"id": 1})
    a.fence()
    a.delete("@orders", body={"id": 1})
    a.fence()
    first, second = b.sow("@orders"), b.sow("@orders", batch_size=2)
    view = look(p)
    assert [why(slot) for label in (first, second) for slot in view.slots("sow", label)] == ["SOW-DEL-27", "SOW-DEL-18"]


def test_after_a_delete_a_publish_makes_a_new_record():
    """SOW-REC-08; where the filter of a delete would match it, SOW-DEL-26."""
    p = Program("p")
    a = p.open()
    a.publish("@orders", {"id": 1, "n": 1, "old": 1})
    a.publish("@orders", {"id": 2, "n": 2})
    a.fence()
    a.delete("@orders", filter="/n = 2")
    a.delete("@orders", body={"id": 1})
    a.fence()
    a.publish("@orders", {"id": 1, "n": 1})
    a.publish("@orders", {"id": 2, "n": 2})
    a.fence()
    label = a.sow("@orders")
    view = look(p)
    assert [why(view.record(label, key)) for key in ("1", "2")] == ["SOW-REC-08", "SOW-DEL-26"]
    assert view.record(label, "1").body.complete[0] == "SOW-REC-08"
    assert view.record(label, "1").body.gone == {}


def test_by_keys_of_which_one_is_gone():
    """SOW-DEL-07: the listed ones may stay or go, no other one does."""
    p = Program("p")
    a = p.open()
    for n in (1, 2, 3):
        a.publish("@orders", {"id": n})
    a.fence()
    a.sow("@orders")
    a.delete("@orders", body={"id": 2})
    a.fence()
    delete = a.delete("@orders", sow_keys=(key_of("@orders", 1), key_of("@orders", 2)), acks="processed,stats")
    a.fence()
    label = a.sow("@orders")
    view = look(p)
    assert view.records(label) == {"1": "perhaps", "3": "once", "2": "never"}
    assert why(view.record(label, "3")) == "SOW-DEL-03"
    assert view.acks(delete)["stats"] == "if accepted"
    assert claims(view.ack(delete, "stats"), "records_deleted") == {"CMD-DEL-14": "present", "CMD-DEL-15": "1"}


def test_what_happens_to_a_record_that_may_be_gone():
    p = Program("p")
    a = p.open()
    for n in (1, 2, 3):
        a.publish("@orders", {"id": n, "a": 1})
    a.fence()
    a.delete("@orders", acks="processed")
    a.publish("@orders", {"id": 1, "b": 2})
    a.delta("@orders", {"id": 2, "b": 2})
    a.fence()
    label = a.sow("@orders", acks="completed,stats")
    view = look(p)
    assert view.records(label) == {"1": "once", "2": "once", "3": "perhaps"}
    assert members(view.record(label, "1")) == {"id": 1, "b": 2}
    assert members(view.record(label, "2")) == {"id": 2, "a": "any", "b": 2}
    assert claims(view.ack(label, "stats"), "matches") == {"CMD-STAT-15": "present", "CMD-STAT-03": "2 to 3"}


def test_nobody_is_told_of_a_removal():
    """SOW-REC-20."""
    p = Program("p")
    reader, a = p.open("reader"), p.open("a")
    reader.subscribe("@orders")
    a.publish("@orders", {"id": 1})
    a.fence()
    label = a.delete("@orders", body={"id": 1})
    (slot,) = look(p).slots("oof", label)
    assert (slot.occurs, why(slot)) == (Occurs.NEVER, "SOW-REC-20")


def test_expiration_means_nothing_where_it_is_not_enabled():
    """SOW-EXP-01: 1 s, and a query after 3."""
    p = Program("p")
    a = p.open()
    a.publish("@orders", {"id": 1}, expiration=1)
    a.fence()
    p.advance(3)
    label = a.sow("@orders")
    assert look(p).records(label) == {"1": "once"}


def test_without_patterns_every_topic_is_a_name():
    """EXPR-TOP-27."""
    config = replace(STANDARD, regex_topics=False)
    p = Program("p")
    label = p.open().sow("^@orders$", acks="processed")
    assert claims(look(p, config=config).ack(label, "processed"), "status") == {"SOW-TOPIC-01": "failure"}


def test_open_values_are_told_from_absent_ones():
    assert Unknown.ANY is not Unknown.ABSENT
