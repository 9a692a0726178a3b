"""Merging: every row of delta.md sections 2.3 and 6, and the laws of a merge."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_model.expectation import Member, Unknown
from reference_model.merge import (
    alternatives_max,
    exact_integers,
    fresh_members,
    inserted_members,
    is_nothing,
    is_null,
    merge,
    possible_trees,
    same,
)
from reference_model.rule import R

PUBLISHED = (R("SOW-REC-01"),)
KEYS = frozenset({"id"})
ABSENT = Unknown.ABSENT
ANY = Unknown.ANY


def record(tree):
    return fresh_members({"id": 7, **tree}, PUBLISHED)


def merged(before, delta, *, deltas=0, keys=KEYS):
    return merge(record(before), {"id": 7, **delta}, keys=keys, deltas=deltas)


def one(member):
    """The one value of a member."""
    assert isinstance(member.values, tuple)
    assert len(member.values) == 1, member
    return member.values[0]


# ---- what is documented --------------------------------------------------------------------------------------------------------

CERTAIN = [
    # delta.md section 2.3, rules 1 to 5; section 5, A to E
    pytest.param({"b": 1}, {"b": 2}, "b", 2, "DELTA-PUB-04", id="a field that is present replaces"),
    pytest.param({"b": 1}, {"b": 1}, "b", 1, "DELTA-PUB-04", id="whether or not the value differs"),
    pytest.param({"tree": "oak"}, {}, "tree", "oak", "DELTA-PUB-02", id="a field that is absent is unchanged"),
    pytest.param({"a": 1}, {"z": 5}, "z", 5, "DELTA-PUB-05", id="a new field is added"),
    pytest.param({"a": 1}, {}, "id", 7, "DELTA-PUB-12", id="a key field is never changed"),
    pytest.param({"l": [1, 2, 3]}, {"l": [9]}, "l", [9], "DELTA-MRG-01", id="an array is replaced whole"),
    pytest.param({"l": [{"x": 1}, {"y": 2}]}, {"l": [{"z": 3}]}, "l", [{"z": 3}], "DELTA-MRG-01", id="an array of objects too"),
    pytest.param({"a": 1}, {"l": [1, "x"]}, "l", [1, "x"], "DELTA-PUB-05", id="an array is added"),
    pytest.param({"a": 1}, {"a": "one"}, "a", "one", "DELTA-MRG-08", id="a scalar of another type: number to string"),
    pytest.param({"a": True}, {"a": 0}, "a", 0, "DELTA-MRG-08", id="a scalar of another type: boolean to number"),
    pytest.param({"a": "x"}, {"a": False}, "a", False, "DELTA-MRG-08", id="a scalar of another type: string to boolean"),
    pytest.param({"a": 1}, {"a": Decimal("1.5")}, "a", Decimal("1.5"), "DELTA-PUB-04", id="numbers are one type"),
    pytest.param({"a": {"y": 2}}, {"a": {"y": 3}}, "a", {"y": 3}, "DELTA-MRG-04", id="a nested scalar is replaced"),
    pytest.param({"a": {"y": 2}}, {"a": {"y": 2}}, "a", {"y": 2}, "DELTA-MRG-04", id="a nested scalar once more"),
    pytest.param({"a": {"y": 2}, "b": 5}, {"a": {"y": 3}}, "b", 5, "DELTA-MRG-05", id="what stands beside a nested object"),
    pytest.param(
        {"cargo": {"crates": [{"fruit": "figs"}, {"grain": "rye"}]}}, {"cargo": {"crates": [{"nuts": "pecan"}]}},
        "cargo", {"crates": [{"nuts": "pecan"}]}, "DELTA-MRG-04", id="an array inside an object is replaced whole",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("before", "delta", "name", "value", "rule"), CERTAIN)
def test_documented(before, delta, name, value, rule):
    member = merged(before, delta)[name]
    assert one(member) == value
    assert type(one(member)) is type(value)
    assert member.because[0] == rule


def test_a_field_that_is_lost_breaks_another_rule_than_one_that_is_changed():
    member = merged({"tree": "oak"}, {"b": 1})["tree"]
    assert (member.because[0], member.missing[0]) == (R("DELTA-PUB-02"), R("DELTA-PUB-03"))


def test_a_field_that_many_deltas_do_not_name_is_what_that_rule_is_about():
    assert merged({"keep": 1}, {"b": 1}, deltas=1)["keep"].because[0] == R("DELTA-PUB-02")
    assert merged({"keep": 1}, {"b": 1}, deltas=2)["keep"].because[0] == R("DELTA-MRG-13")


def test_an_array_of_objects_below_an_object_has_a_rule_of_its_own():
    member = merged({"c": {"p": [{"x": 1}], "n": 1}}, {"c": {"p": [{"z": 3}], "n": 2}})["c"]
    assert {path: because[0] for path, because in member.inner.items()} == {"/p": R("DELTA-MRG-02"), "/n": R("DELTA-MRG-04")}


# ---- what is left open ---------------------------------------------------------------------------------------------------------

OPEN = [
    # delta.md section 6, 1: objects
    pytest.param({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}}, "a", [{"x": 1, "y": 3}, {"y": 3}], "DELTA-MRG-03", id="one of two members"),
    pytest.param({"a": {"x": 1}}, {"a": {"y": 3}}, "a", [{"x": 1, "y": 3}, {"y": 3}], "DELTA-MRG-03", id="another member"),
    pytest.param(
        {"a": {"b": {"x": 1, "y": 2}, "c": 3}}, {"a": {"b": {"y": 5}}}, "a",
        [{"b": {"x": 1, "y": 5}, "c": 3}, {"b": {"y": 5}, "c": 3}, {"b": {"y": 5}}], "DELTA-MRG-03", id="two levels deep",
    ),
    # section 6, 2: NULL, which is null, a zero-length string, or no member at all (section 2.2)
    pytest.param({"a": 1}, {"a": None}, "a", [1, None, ABSENT], "DELTA-MRG-06", id="null onto a value"),
    pytest.param({"a": "x"}, {"a": ""}, "a", ["x", "", None, ABSENT], "DELTA-MRG-07", id="a zero-length string onto a value"),
    pytest.param({}, {"a": None}, "a", [ABSENT, None], "DELTA-MRG-06", id="null onto nothing"),
    pytest.param({}, {"a": ""}, "a", [ABSENT, "", None], "DELTA-MRG-07", id="a zero-length string onto nothing"),
    # section 6, 17: a merged message is written anew
    pytest.param({"n": None}, {"b": 1}, "n", [None, ABSENT], "DELTA-MRG-11", id="a NULL that is not named"),
    pytest.param({"n": ""}, {"b": 1}, "n", ["", None, ABSENT], "DELTA-MRG-11", id="a zero-length string that is not named"),
    pytest.param({"n": []}, {"b": 1}, "n", [[], None, ABSENT], "DELTA-MRG-11", id="an empty array that is not named"),
    pytest.param({"n": {}}, {"b": 1}, "n", [{}, None, ABSENT], "DELTA-MRG-11", id="an empty object that is not named"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "delta", "name", "values", "rule"), OPEN)
def test_several_values_are_allowed(before, delta, name, values, rule):
    member = merged(before, delta)[name]
    assert list(member.values) == values
    assert member.choice is not None
    assert member.choice[0] == rule
    assert len(member.choice[1]) == len(values)


ANYTHING = [
    # section 6, 3: empty arrays and objects
    pytest.param({"a": [1]}, {"a": []}, "a", "DELTA-MRG-10", id="an empty array onto an array"),
    pytest.param({"a": {"x": 1}}, {"a": {}}, "a", "DELTA-MRG-10", id="an empty object onto an object"),
    pytest.param({}, {"a": []}, "a", "DELTA-MRG-10", id="an empty array onto nothing"),
    pytest.param({}, {"a": {"x": {}}}, "a", "DELTA-MRG-10", id="an empty object inside"),
    # section 6, 4: change of kind
    pytest.param({"a": {"x": 1}}, {"a": 2}, "a", "DELTA-MRG-09", id="a scalar onto an object"),
    pytest.param({"a": [1]}, {"a": 2}, "a", "DELTA-MRG-09", id="a scalar onto an array"),
    pytest.param({"a": 1}, {"a": {"x": 1}}, "a", "DELTA-MRG-09", id="an object onto a scalar"),
    pytest.param({"a": 1}, {"a": [1]}, "a", "DELTA-MRG-09", id="an array onto a scalar"),
    pytest.param({"a": [1]}, {"a": {"x": 1}}, "a", "DELTA-MRG-09", id="an object onto an array"),
    pytest.param({"a": {"x": [1]}}, {"a": {"x": 1}}, "a", "DELTA-MRG-09", id="inside of an object"),
    pytest.param({"a": None}, {"a": {"x": 1}}, "a", "DELTA-MRG-09", id="an object onto NULL"),
    # section 6, 5: arrays that hold nothing in places
    pytest.param({"a": [1]}, {"a": [{"x": 1}, {}]}, "a", "DELTA-MRG-12", id="an array with an empty object"),
    pytest.param({"a": [1]}, {"a": [1, None]}, "a", "DELTA-MRG-12", id="an array with a NULL"),
    # section 6, 17
    pytest.param({"a": {"x": None}}, {"b": 1}, "a", "DELTA-MRG-11", id="a NULL inside of what is not named"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "delta", "name", "rule"), ANYTHING)
def test_nothing_is_said(before, delta, name, rule):
    member = merged(before, delta)[name]
    assert member.values is ANY
    assert member.because == (rule,)


def test_a_scalar_onto_whatever_scalar_it_was_is_certain():
    after_null = merged({"a": 1}, {"a": None})
    assert one(merge(after_null, {"id": 7, "a": 5}, keys=KEYS, deltas=1)["a"]) == 5


def test_an_array_onto_what_may_be_absent_is_open():
    after_null = merged({"a": [1]}, {"a": None})
    assert merge(after_null, {"id": 7, "a": [2]}, keys=KEYS, deltas=1)["a"].values is ANY


def test_too_many_values_are_any_value():
    members = {"id": Member(values=(7,), because=PUBLISHED), "a": Member(values=tuple(range(alternatives_max)), because=PUBLISHED)}
    assert merge(members, {"id": 7, "a": None}, keys=KEYS, deltas=0)["a"].values is ANY


def test_a_nested_key_is_merged_like_any_object():
    members = fresh_members({"ref": {"id": 1, "x": "a"}, "n": 1}, PUBLISHED)
    after = merge(members, {"ref": {"id": 1}, "n": 2}, keys=frozenset({"ref"}), deltas=0)
    assert list(after["ref"].values) == [{"id": 1, "x": "a"}, {"id": 1}]


def test_a_delta_that_met_no_record_is_as_it_was_sent():
    assert {name: one(member) for name, member in inserted_members({"id": 8, "st": "new", "l": [1]}).items()} == {
        "id": 8, "st": "new", "l": [1],
    }  # fmt: skip
    assert all(member.because[0] == R("DELTA-PUB-06") for member in inserted_members({"id": 8}).values())
    assert list(inserted_members({"x": None})["x"].values) == [ABSENT, None]


# ---- equality ------------------------------------------------------------------------------------------------------------------

EQUAL = [
    (1, Decimal("1.0")), (Decimal("1.50"), Decimal("1.5")), (Decimal("1E+3"), 1000), (10**22 + 1, 10**22),
    (Decimal("0.1"), Decimal("0.10")), (Decimal("0.1"), Decimal("0.1000000000000000055")), (Decimal("1E+400"), 10**400),
    ([1, {"a": None}], [Decimal("1.0"), {"a": None}]), ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
]  # fmt: skip
DIFFERENT = [
    (1, True), (0, False), (1, "1"), (None, ""), (None, False), ([1, 2], [2, 1]), ([1], 1), ({"a": 1}, {"a": 1, "b": None}),
    (2**64 - 1, 2**64 - 2), (-(2**63), -(2**63) + 1), (Decimal("0.1"), Decimal("0.1000000000000001")), ("a", "A"),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_equal(left, right):
    assert same(left, right)
    assert same(right, left)


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_different(left, right):
    assert not same(left, right)
    assert not same(right, left)


def test_exact_integers_are_those_of_64_bits():
    assert -(2**63) in exact_integers
    assert 2**64 - 1 in exact_integers
    assert 2**64 not in exact_integers


@pytest.mark.parametrize("value", [None, "", [], {}])
def test_nothing(value):
    assert is_nothing(value)
    assert is_null(value) == (value is None or value == "")


@pytest.mark.parametrize("value", [0, False, " ", [None], {"a": None}])
def test_something(value):
    assert not is_nothing(value)


# ---- laws, over scalars and arrays of scalars that are not nothing (DELTA-PUB-33) ------------------------------------------------

SCALARS = st.one_of(st.integers(-9, 9), st.sampled_from(["a", "b", "c"]), st.booleans(), st.decimals(-9, 9, places=2))
PLAIN = st.dictionaries(st.sampled_from("abcd"), SCALARS)
"""Members that are scalars, and stay scalars."""
LISTS = st.dictionaries(st.sampled_from("lmn"), st.lists(SCALARS, min_size=1, max_size=3))
"""Members that are arrays, and stay arrays."""
TREES = st.builds(lambda plain, lists: {**plain, **lists}, PLAIN, LISTS)


def tree_of(members):
    (tree,) = possible_trees(members)
    return tree


@given(TREES, TREES)
def test_a_merge_takes_the_delta_where_it_has_a_say(before, delta):
    """DELTA-PUB-02, -04, -05; DELTA-MRG-01."""
    assert tree_of(merged(before, delta)) == {"id": 7, **before, **delta}


@given(TREES, TREES)
def test_no_field_disappears(before, delta):
    """DELTA-PUB-03."""
    assert set(merged(before, delta)) >= set(record(before))


@given(TREES, TREES)
def test_a_delta_twice_is_a_delta_once(before, delta):
    """DELTA-PUB-38."""
    once = merged(before, delta)
    assert tree_of(merge(once, {"id": 7, **delta}, keys=KEYS, deltas=1)) == tree_of(once)


@given(TREES, st.lists(TREES, max_size=5))
def test_many_deltas_are_the_fold(before, deltas):
    """DELTA-PUB-33."""
    members = record(before)
    expected = {"id": 7, **before}
    for number, delta in enumerate(deltas):
        members = merge(members, {"id": 7, **delta}, keys=KEYS, deltas=number)
        expected |= delta
    assert tree_of(members) == expected


@given(TREES, TREES)
def test_every_member_has_a_rule_of_deltas_to_blame(before, delta):
    for name, member in merged(before, delta).items():
        assert member.because[0].startswith("DELTA-") or name == "id"


ODD = st.recursive(
    st.one_of(SCALARS, st.none(), st.just("")),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from("xy"), inner, max_size=2)),
    max_leaves=6,
)
ODD_TREES = st.dictionaries(st.sampled_from("abc"), ODD)


@given(ODD_TREES, st.lists(ODD_TREES, max_size=4))
def test_the_plain_reading_is_always_allowed(before, deltas):
    """The reading of delta.md section 2.3 (NULL ignored, objects merged) is among what is allowed, whatever the values."""
    members, expected = record(before), {"id": 7, **before}
    for number, delta in enumerate(deltas):
        members = merge(members, {"id": 7, **delta}, keys=KEYS, deltas=number)
        expected = reading(expected, delta)
    for name, member in members.items():
        assert member.values is ANY or any(same(value, expected.get(name, ABSENT)) or value is expected.get(name, ABSENT)
                                           for value in member.values)  # fmt: skip


def reading(old, new):
    """delta.md section 2.3, as it is written there."""
    out = dict(old)
    for name, value in new.items():
        if value is None or value == "":
            continue
        if isinstance(value, dict) and isinstance(out.get(name), dict):
            out[name] = reading(out[name], value)
        else:
            out[name] = value
    return out


def test_possible_trees_leaves_out_what_may_be_absent():
    members = {"a": Member(values=(1, ABSENT), because=PUBLISHED), "b": Member(values=(2,), because=PUBLISHED)}
    assert possible_trees(members) == [{"a": 1, "b": 2}, {"b": 2}]
    assert possible_trees({"a": Member(values=ANY, because=PUBLISHED)}) is None
