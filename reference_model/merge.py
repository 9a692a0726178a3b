"""Merging a delta into a record, member by member, each with the rules that say what it must be afterwards.

Source: delta.md sections 2.2, 2.3 and 6. Where the documentation leaves the result open a member has several allowed values, or any.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from reference_model.expectation import Member, Unknown
from reference_model.rule import Because, R

Members = Mapping[str, Member]

alternatives_max: Final = 4
"""More allowed values than this for one member and it counts as open: the product over members must stay small."""

ADDED: Final[Because] = (R("DELTA-PUB-05"), R("DELTA-PUB-01"))
REPLACED: Final[Because] = (R("DELTA-PUB-04"), R("DELTA-PUB-01"))
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


def is_null(value: object) -> bool:
    """Null, and the zero-length string, which is NULL too (delta.md section 2.2)."""
    return value is None or value == ""


def _is_empty(value: object) -> bool:
    return isinstance(value, dict | list) and not value


def _vague(value: object) -> bool:
    """Whether a value holds something whose merge the documentation leaves open, anywhere below."""
    if isinstance(value, dict):
        return not value or any(_vague(inner) for inner in value.values())
    return is_null(value) or value == []


def _kind(value: object) -> str:
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "scalar"


def _scalar_type(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | Decimal) else "string"


def open_member(rule: R) -> Member:
    """A member of which nothing is said any more; `rule` is the may or undefined rule that leaves it open."""
    return Member(values=Unknown.ANY, because=(rule,))


def _several(values: list[object], rule: R, names: list[str], because: Because) -> Member:
    distinct: list[object] = []
    kept_names: list[str] = []
    for value, name in zip(values, names, strict=True):
        if not any(same(value, other) for other in distinct):
            distinct.append(value)
            kept_names.append(name)
    if len(distinct) > alternatives_max:
        return open_member(rule)
    if len(distinct) == 1:
        return Member(values=(distinct[0],), because=because)
    return Member(values=tuple(distinct), because=because, choice=(rule, tuple(kept_names)))


def same(one: object, other: object) -> bool:
    """Equality of parsed values: 1 is not true; 1 and 1.0 are equal (number formatting is open, DELTA-MRG-11)."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return type(one) is type(other) and one == other if isinstance(one, str) else one == other


def merge(old: Members, delta: Mapping[str, object], *, keys: frozenset[str], deltas: int) -> dict[str, Member]:
    """The members of the record after the delta.

    `keys`: names of the top-level members that hold key fields; `deltas`: how many deltas the record has taken before this one.
    """
    names_nested = any(isinstance(value, dict) for name, value in delta.items() if name not in keys)
    kept = KEPT_BESIDE_NESTED if names_nested else KEPT_LONG if deltas + 1 >= long_deltas_min else KEPT
    out = {name: member if name in keys else _keep(member, kept) for name, member in old.items() if name not in delta}
    for name, new in delta.items():
        before = old.get(name)
        if name in keys:
            if before is None:
                out[name] = Member(values=(new,), because=ADDED)
            elif isinstance(before.values, tuple) and len(before.values) == 1 and same(before.values[0], new):
                out[name] = Member(values=before.values, because=KEY_KEPT)
            else:
                out[name] = open_member(R("DELTA-MRG-03"))  # an object around a key field, with other members beside it
        else:
            out[name] = _merge_member(before, new)
    return out


def _keep(member: Member, because: Because) -> Member:
    if member.values is Unknown.ANY:
        return member
    return Member(values=member.values, because=because, missing=KEPT_MISSING, choice=member.choice)


def _merge_member(before: Member | None, new: object) -> Member:
    if before is None or before.values == (Unknown.ABSENT,):
        return _added(new)
    if is_null(new):
        rule = R("DELTA-MRG-06") if new is None else R("DELTA-MRG-07")
        if isinstance(before.values, Unknown):
            return open_member(rule)
        return _several([*before.values, new], rule, ["ignored"] * len(before.values) + ["applied"], before.because)
    if _is_empty(new):
        return open_member(R("DELTA-MRG-10"))
    if isinstance(before.values, Unknown) or len(before.values) != 1:
        return _over_open(before, new)
    value = before.values[0]
    if isinstance(value, Unknown) or is_null(value):
        return Member(values=(new,), because=REPLACED) if _kind(new) == "scalar" else open_member(R("DELTA-MRG-09"))
    if _kind(value) != _kind(new):
        return open_member(R("DELTA-MRG-09"))
    if isinstance(new, dict) and isinstance(value, dict):
        return _merge_objects(value, new)
    if isinstance(new, list):
        return Member(values=(new,), because=ARRAY)
    return Member(values=(new,), because=REPLACED if _scalar_type(value) == _scalar_type(new) else OTHER_TYPE)


def _added(new: object) -> Member:
    if is_null(new):
        rule = R("DELTA-MRG-06") if new is None else R("DELTA-MRG-07")
        return _several([Unknown.ABSENT, new], rule, ["ignored", "applied"], ADDED)
    if _vague(new):
        return open_member(R("DELTA-MRG-10"))
    return Member(values=(new,), because=ADDED)


def _over_open(before: Member, new: object) -> Member:
    """Over a value that may be one of several: a scalar over scalars replaces whatever it was."""
    values = () if isinstance(before.values, Unknown) else before.values
    if values and _kind(new) == "scalar" and all(isinstance(v, Unknown) or _kind(v) == "scalar" for v in values):
        return Member(values=(new,), because=REPLACED)
    return open_member(R("DELTA-MRG-09"))


def _merge_objects(old: dict[str, object], new: dict[str, object]) -> Member:
    """Deep merge is the reading, replacement of the object the other one (DELTA-MRG-03); where both agree the result is certain."""
    inner: dict[str, Because] = {}
    merged = _deep(old, new, "", inner)
    if merged is None or _vague(new):
        return open_member(R("DELTA-MRG-12"))
    if same(merged, new):
        return Member(values=(merged,), because=NESTED, inner=inner)
    return Member(values=(merged, new), because=NESTED, choice=(R("DELTA-MRG-03"), ("merged", "replaced")), inner=inner)


def _deep(old: dict[str, object], new: dict[str, object], path: str, inner: dict[str, Because]) -> dict[str, object] | None:
    out = dict(old)
    for name, value in new.items():
        here = f"{path}/{name}"
        before = old.get(name)
        if name in old and not is_null(before) and _kind(before) != _kind(value):
            return None
        if isinstance(value, dict) and isinstance(before, dict):
            merged = _deep(before, value, here, inner)
            if merged is None:
                return None
            out[name] = merged
        else:
            out[name] = value
            inner[here] = ARRAY_BELOW if isinstance(value, list) else NESTED
    return out


def fresh_members(tree: Mapping[str, object], because: Because) -> dict[str, Member]:
    """The members of a message that was published whole."""
    return {name: Member(values=(value,), because=because) for name, value in tree.items()}


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
