"""What a delta does to a record, and which part of a changed record a delta subscription gets (delta.md §2, §3).

Both work on the trees of messages. Values of trees are compared as values: `1.0` and `1` are equal, `1` and `true` are not.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from .documents import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRules:
    """What the documentation leaves to a server: `nested`: the members of a nested object are merged (else the object is replaced,
    DELTA-MRG-03); `null` and `empty`: a null or an empty string in a delta is applied (else ignored, DELTA-MRG-06, -07)."""

    nested: bool = True
    null: bool = False
    empty: bool = False


def merge(old: dict[str, object], delta: dict[str, object], rules: MergeRules) -> dict[str, object]:
    """The record after the delta. Arrays and scalars are replaced whole; members that the delta lacks stay."""
    merged = dict(old)
    for name, value in delta.items():
        if (value is None and not rules.null) or (value == "" and not rules.empty):
            continue
        before = merged.get(name)
        if rules.nested and isinstance(value, dict) and isinstance(before, dict):
            merged[name] = merge(before, value, rules)
        else:
            merged[name] = value
    return merged


def difference(old: dict[str, object], new: dict[str, object], keep: Collection[Path], above: Path = ()) -> dict[str, object]:
    """The members of `new` that `old` lacks or has with another value, and those at the paths `keep` (the key fields)."""
    changes: dict[str, object] = {}
    for name, value in new.items():
        path = (*above, name)
        if path in keep:
            changes[name] = value
            continue
        before = old.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            inner = difference(before, value, keep, path)
            if inner:
                changes[name] = inner
        elif name not in old or not same(before, value):
            changes[name] = value
    return changes


def same(left: object, right: object) -> bool:
    """Whether two trees are equal, booleans and numbers kept apart."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right
