"""Select lists: which fields of a message are delivered (expressions.md §10)."""

from __future__ import annotations

from collections.abc import Sequence

from reference_model.expression.errors import ExpressionError
from reference_model.expression.select import parse_select

from .documents import Document, Path, from_tree

Selection = tuple[tuple[Path, bool], ...]
"""Directives by path, those that count, the longest paths first."""


def read_selection(value: str) -> Selection | None:
    """The list of an option value `[…]`; None if it does not parse. Of two directives for one identifier the first counts."""
    if not (value.startswith("[") and value.endswith("]")):
        return None
    try:
        directives = parse_select(value[1:-1])
    except ExpressionError:
        return None
    first: dict[Path, bool] = {}
    for directive in directives:
        first.setdefault(directive.path, directive.include)
    return tuple(sorted(first.items(), key=lambda item: -len(item[0])))


def includes(selection: Selection, leaf: Path) -> bool:
    """The sign of the longest directive that covers the field; a field that none covers is included."""
    return next((sign for path, sign in selection if leaf[: len(path)] == path), True)


def selected(document: Document, selections: Sequence[Selection | None]) -> Document:
    """What is delivered of a message for subscriptions with these lists: each field that one of them includes (None: all fields).

    A message that cannot be parsed goes out whole; an object that loses all its fields goes with them.
    """
    lists = [selection for selection in selections if selection is not None]
    if len(lists) < len(selections) or not isinstance(document.tree, dict):
        return document
    return from_tree(_members(document.tree, (), lists), document.message_type)


def _members(tree: dict[str, object], above: Path, lists: Sequence[Selection]) -> dict[str, object]:
    kept = {}
    for name, value in tree.items():
        part = _part(value, (*above, name), lists)
        if part is not _NOTHING:
            kept[name] = part
    return kept


_NOTHING = object()


def _part(value: object, path: Path, lists: Sequence[Selection]) -> object:
    if isinstance(value, dict) and value:
        return _members(value, path, lists) or _NOTHING
    if isinstance(value, list) and value:
        parts = [part for element in value if (part := _part(element, path, lists)) is not _NOTHING]
        return parts or _NOTHING
    return value if any(includes(selection, path) for selection in lists) else _NOTHING
