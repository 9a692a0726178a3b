"""Merging a delta into a record, member by member, each with the rules that say what it must be afterwards.

Source: delta.md sections 2.2, 2.3 and 6. Where the documentation leaves the result open a member has several allowed values, or any.
A merged message is serialized anew (DELTA-MRG-11): what is nothing (NULL, a zero-length string, an empty array or object) may then be
written in another way, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from math import inf
from typing import Final

from reference_model.expectation import Member, Unknown
from reference_model.rule import Because, R

Members = Mapping[str, Member]

alternatives_max: Final = 4
"""More allowed values than this for one member and it counts as open: the product over members must stay small."""

ADDED: Final[Because] = (R("DELTA-PUB-05"), R("DELTA-PUB-01"))
REPLACED: Final[Because] = (R("DELTA-PUB-04"), R("DELTA-PUB-01"))
INSERTED: Final[Because] = (R("DELTA-PUB-06"),)
KEPT: Final[Because] = (R("DELTA-PUB-02"), R("DELTA-PUB-01"))
KEPT_MISSING: Final[Because] = (R("DELTA-PUB-03"), R("DELTA-PUB-01"))
KEPT_LONG: Final[Because] = (R("DELTA-MRG-13"), R("DELTA-PUB-02"), R("DELTA-PUB-01"))
KEPT_BESIDE_NESTED: Final[Because] = (R("DELTA-MRG-05"), R("DELTA-PUB-02"), R("DELTA-PUB-01"))
KEY_KEPT: Final[Because] = (R("DELTA-PUB-12"), R("DELTA-PUB-01"))
ARRAY: Final[Because] = (R("DELTA-MRG-01"), R("DELTA-PUB-01"))
ARRAY_BELOW: Final[Because] = (R("DELTA-MRG-02"), R("DELTA-MRG-01"), R("DELTA-PUB-01"))
OTHER_TYPE: Final[Because] = (R("DELTA-MRG-08"), R("DELTA-PUB-04"), R("DELTA-PUB-01"))
NESTED: Final[Because] = (R("DELTA-MRG-04"), R("DELTA-PUB-01"))

long_deltas_min = 3
"""After so many deltas that never name it, a kept member is what DELTA-MRG-13 speaks of."""

long_end: Final = 2**63
exact_integers: Final = range(-long_end, 2 * long_end)
"""Integers that keep their value when a message is serialized anew; longer ones may have been read as floating point numbers."""


def is_null(value: object) -> bool:
    """Null, and the zero-length string, which is NULL too (delta.md section 2.2)."""
    return value is None or value == ""


def is_nothing(value: object) -> bool:
    """What may be left out of a message without changing what it says: NULL, and an array or object without anything in it."""
    return is_null(value) or (isinstance(value, dict | list) and not value)


def _holds_nothing(value: object) -> bool:
    """Whether something below a value (not the value itself) is nothing."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(is_nothing(one) or _holds_nothing(one) for one in inner)


def _kind(value: object) -> str:
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "scalar"


def _scalar_type(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | Decimal) else "string"


def open_member(rule: R) -> Member:
    """A member of which nothing is said any more; `rule` is the may or undefined rule that leaves it open."""
    return Member(values=Unknown.ANY, because=(rule,))


def _several(values: Sequence[object], names: Sequence[str], rule: R, because: Because) -> Member:
    """One of several values, each with a name for what choosing it means; open if there are too many of them."""
    distinct: dict[int, object] = {}
    for index, value in enumerate(values):
        if not any(_same_or_absent(value, other) for other in distinct.values()):
            distinct[index] = value
    if len(distinct) > alternatives_max:
        return open_member(rule)
    if len(distinct) == 1:
        return Member(values=tuple(distinct.values()), because=because)
    return Member(values=tuple(distinct.values()), because=because, choice=(rule, tuple(names[index] for index in distinct)))


def _same_or_absent(one: object, other: object) -> bool:
    return one is other if isinstance(one, Unknown) or isinstance(other, Unknown) else same(one, other)


def same(one: object, other: object) -> bool:
    """Equality of parsed values, however they are written: 1 is neither true nor "1"; 1 and 1.0 are equal, and so are numbers that a
    double cannot tell apart, unless both are 64-bit integers (DELTA-MRG-11)."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, int | Decimal) and isinstance(other, int | Decimal):
        return one == other or (not (_exact(one) and _exact(other)) and _double(one) == _double(other))
    return type(one) is type(other) and one == other


def _exact(number: int | Decimal) -> bool:
    return isinstance(number, int) and number in exact_integers


def _double(number: int | Decimal) -> float:
    try:
        return float(number)
    except OverflowError:
        return inf if number > 0 else -inf


def merge(old: Members, delta: Mapping[str, object], *, keys: frozenset[str], deltas: int) -> dict[str, Member]:
    """The members of the record after the delta.

    `keys`: names of the top-level members that hold key fields; `deltas`: how many deltas the record has taken before this one.
    """
    names_nested = any(isinstance(value, dict) for name, value in delta.items() if name not in keys)
    kept = KEPT_BESIDE_NESTED if names_nested else KEPT_LONG if deltas + 1 >= long_deltas_min else KEPT
    out = {name: member if name in keys else _keep(member, kept) for name, member in old.items() if name not in delta}
    for name, new in delta.items():
        before = old.get(name)
        if name in keys and not isinstance(new, dict):
            # The record was found by this value: nothing can have changed.
            out[name] = Member(values=(new,), because=ADDED if before is None else KEY_KEPT)
        else:
            out[name] = _merge_member(before, new)
    return out


def _keep(member: Member, because: Because) -> Member:
    """A member that the delta does not name."""
    if isinstance(member.values, Unknown):
        return member
    if any(_holds_nothing(value) for value in member.values):
        return open_member(R("DELTA-MRG-11"))
    nothing = any(value is not Unknown.ABSENT and is_nothing(value) for value in member.values)
    if not nothing:
        return Member(values=member.values, because=because, missing=KEPT_MISSING, choice=member.choice)
    forms = (*member.values, None, Unknown.ABSENT)
    names = (*(["as it was"] * len(member.values)), "as NULL", "left out")
    return _several(forms, names, R("DELTA-MRG-11"), because)


def _merge_member(before: Member | None, new: object) -> Member:
    if before is None or before.values == (Unknown.ABSENT,):
        return _inserted(new, ADDED)
    if is_null(new):
        return _nulled(before, new)
    if is_nothing(new):
        return open_member(R("DELTA-MRG-10"))
    if _holds_nothing(new):
        return open_member(R("DELTA-MRG-12") if isinstance(new, list) else R("DELTA-MRG-10"))
    if isinstance(before.values, Unknown):
        return open_member(R("DELTA-MRG-09"))
    known = [value for value in before.values if not isinstance(value, Unknown) and not is_null(value)]
    whole = len(known) == len(before.values)
    if {_kind(value) for value in known} - {_kind(new)} or (not whole and isinstance(new, dict | list)):
        return open_member(R("DELTA-MRG-09"))
    if isinstance(new, dict):
        return _merge_objects(known[0], new) if len(known) == 1 else open_member(R("DELTA-MRG-12"))
    if isinstance(new, list):
        return Member(values=(new,), because=ARRAY)
    other_type = len(known) == 1 and whole and _scalar_type(known[0]) != _scalar_type(new)
    return Member(values=(new,), because=OTHER_TYPE if other_type else REPLACED)


def _inserted(new: object, because: Because) -> Member:
    """A member that was not there before."""
    if is_null(new):
        rule = R("DELTA-MRG-06") if new is None else R("DELTA-MRG-07")
        return _several([Unknown.ABSENT, new, None], ["ignored", "applied", "applied as NULL"], rule, because)
    if is_nothing(new) or _holds_nothing(new):
        return open_member(R("DELTA-MRG-10"))
    return Member(values=(new,), because=because)


def _nulled(before: Member, new: object) -> Member:
    """NULL onto a value: ignored says the Command Reference, applied says the User Guide (DELTA-MRG-06); a NULL may be written in
    several ways, or not at all."""
    rule = R("DELTA-MRG-06") if new is None else R("DELTA-MRG-07")
    if isinstance(before.values, Unknown) or any(_holds_nothing(value) for value in before.values):
        return open_member(rule)
    values = [*before.values, new, None, Unknown.ABSENT]
    names = [*(["ignored"] * len(before.values)), "applied", "applied as NULL", "removed"]
    return _several(values, names, rule, KEPT)


def _merge_objects(old: object, new: dict[str, object]) -> Member:
    """Deep merge is the reading; that an object below some level is replaced instead is the other one (DELTA-MRG-03).

    Where all agree the result is certain.
    """
    assert isinstance(old, dict)
    inner: dict[str, Because] = {}
    merged = [_deep(old, new, levels) for levels in range(_depth(new), 0, -1)]
    if any(one is None for one in merged):
        return open_member(R("DELTA-MRG-09"))
    if _holds_nothing(old):
        return open_member(R("DELTA-MRG-12"))
    _inner_rules(new, "", inner)
    names = ["merged", *(["merged in part"] * (len(merged) - 1)), "replaced"]
    return replace(_several([*merged, new], names, R("DELTA-MRG-03"), NESTED), inner=inner)


def _depth(value: object) -> int:
    """How many objects are inside of one another."""
    return 1 + max(map(_depth, value.values()), default=0) if isinstance(value, dict) else 0


def _deep(old: dict[str, object], new: dict[str, object], levels: int) -> dict[str, object] | None:
    """Objects merged member by member down to that many levels, replaced below them; None where kinds differ (DELTA-MRG-09)."""
    out = dict(old)
    for name, value in new.items():
        before = old.get(name)
        if name in old and _kind(before) != _kind(value):
            return None
        if isinstance(value, dict) and isinstance(before, dict) and levels > 1:
            merged = _deep(before, value, levels - 1)
            if merged is None:
                return None
            out[name] = merged
        else:
            out[name] = value
    return out


def _inner_rules(new: dict[str, object], path: str, rules: dict[str, Because]) -> None:
    """The rules for what the delta names below an object, by path."""
    for name, value in new.items():
        here = f"{path}/{name}"
        if isinstance(value, dict):
            _inner_rules(value, here, rules)
        elif isinstance(value, list):
            rules[here] = ARRAY_BELOW if any(isinstance(item, dict) for item in value) else ARRAY
        else:
            rules[here] = NESTED


def fresh_members(tree: Mapping[str, object], because: Because) -> dict[str, Member]:
    """The members of a message that was published whole."""
    return {name: Member(values=(value,), because=because) for name, value in tree.items()}


def inserted_members(tree: Mapping[str, object]) -> dict[str, Member]:
    """The members of a delta that met no record (DELTA-PUB-06)."""
    return {name: _inserted(value, INSERTED) for name, value in tree.items()}


def possible_trees(members: Members) -> list[dict[str, object]] | None:
    """Every tree that the members allow, or None if one of them is open or there are too many."""
    trees: list[dict[str, object]] = [{}]
    for name, member in members.items():
        if isinstance(member.values, Unknown):
            return None
        if len(trees) * len(member.values) > alternatives_max:
            return None
        trees = [dict(tree) if isinstance(value, Unknown) else {**tree, name: value} for tree in trees for value in member.values]
    return trees
