"""The reading of a subscription's deliveries: never worse than any that a search through all of them finds."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.compare.explode import Atom
from conformance.compare.sequence import best_reading, cells_max
from reference_model.expectation import Occurs, Slot
from reference_model.rule import R

OCCURS = {"!": Occurs.ONCE, "?": Occurs.OPTIONAL, "-": Occurs.NEVER}


def slots_of(text: str) -> list[Slot]:
    """`a! b? c-`: deliveries of the bodies a, b and c, the second of which may and the third of which must not come."""
    return [
        Slot(id=number, step="p", where=("a", "publish", "s"), because=(R("CMD-MSG-03"),), key=word[0], occurs=OCCURS[word[1]])
        for number, word in enumerate(text.split())
    ]


def read(expected: str, came: str, *, spare: bool = False) -> list[tuple[int, int]]:
    """Pairs of (slot, place of the message) of the reading."""
    atoms = [
        Atom(event=place, part=0, connection="a", kind="publish", correlation="s", fields={}, body=body.encode())
        for place, body in enumerate(came)
    ]
    pairs = best_reading(slots_of(expected), atoms, lambda slot, atom: slot.key == atom.body.decode(), spare=spare)
    return [(slot.id, atom.event) for slot, atom in pairs]


@pytest.mark.parametrize(
    ("expected", "came", "pairs"),
    [
        ("a! b!", "ab", [(0, 0), (1, 1)]),
        ("a? b! a!", "ba", [(1, 0), (2, 1)]),  # equal bodies: the one that may come has not
        ("a? a!", "a", [(1, 0)]),
        ("a! a?", "a", [(0, 0)]),
        ("a- a!", "a", [(1, 0)]),  # what must not come takes nothing away
        ("a! b! c!", "axc", [(0, 0), (2, 2)]),  # a wrong one in the middle is left over, and its slot
        ("a! b!", "b", [(1, 0)]),
        ("a!", "", []),
    ],
)
def test_reading(expected: str, came: str, pairs: list[tuple[int, int]]) -> None:
    assert read(expected, came) == pairs


def test_tolerated_messages_do_not_take_the_place_of_expected_ones() -> None:
    assert read("b? a? b?", "abab", spare=True) == [(0, 1), (1, 2), (2, 3)]
    assert read("a? b? a?", "bab", spare=True) == [(1, 0), (2, 1)]


def test_beyond_what_is_weighed_only_the_reading_without_fault_is_found() -> None:
    many = int(cells_max**0.5) + 1
    expected, came = "a! " * many, "a" * many
    assert len(read(expected, came)) == many
    assert read(expected, came + "b") == []


def least(expected: list[Slot], came: str, *, spare: bool) -> tuple[int, int]:
    """Faults, and pairs (negative), of the best reading: by trying all of them."""
    slots = [slot for slot in expected if slot.occurs is not Occurs.NEVER]

    @cache
    def best(i: int, j: int) -> tuple[int, int]:
        ways = []
        if i == len(came) and j == len(slots):
            return (0, 0)
        if j < len(slots):
            faults, pairs = best(i, j + 1)
            ways.append((faults + (slots[j].occurs is Occurs.ONCE), pairs))
        if i < len(came):
            faults, pairs = best(i + 1, j)
            ways.append((faults + (not spare), pairs))
        if i < len(came) and j < len(slots) and slots[j].key == came[i]:
            faults, pairs = best(i + 1, j + 1)
            ways.append((faults, pairs - 1))
        return min(ways)

    return best(0, 0)


@given(
    expected=st.lists(st.sampled_from([body + occurs for body in "abc" for occurs in OCCURS]), max_size=8),
    came=st.text("abc", max_size=8),
    spare=st.booleans(),
)
def test_no_reading_has_fewer_faults(expected: list[str], came: str, *, spare: bool) -> None:
    slots = slots_of(" ".join(expected))
    pairs = read(" ".join(expected), came, spare=spare)
    assert pairs == sorted(pairs)
    lacking = sum(slot.occurs is Occurs.ONCE for slot in slots) - sum(slots[slot].occurs is Occurs.ONCE for slot, _ in pairs)
    faults = lacking + (0 if spare else len(came) - len(pairs))
    assert faults == least(slots, came, spare=spare)[0]
