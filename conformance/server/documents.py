"""Bodies of messages, parsed at most once: the tree of a JSON body and the scalars that stand at a path.

Syntax and path look-up only. What a value means in a filter is in `filters`, what a merge does in `merging`.
"""

from __future__ import annotations

from typing import Final

from reference_model.payload.json import PayloadError, parse, write

UNPARSED: Final = object()
"""The tree of a body that is no message of its type, or of a type that nothing here can parse."""

_PARSED_TYPES: Final = frozenset({"json"})

Path = tuple[str, ...]


def path_of(text: str) -> Path:
    """The steps of an absolute path: `/a/b` is ("a", "b"), `/` alone is no step."""
    return tuple(step for step in text.split("/") if step)


class Document:
    """One body. `tree` is parsed on first use; `values` keeps what `filters` looked up in it."""

    __slots__ = ("_tree", "body", "message_type", "values")

    def __init__(self, body: bytes, message_type: str = "json", *, tree: object = None) -> None:
        self.body: Final = body
        self.message_type: Final = message_type
        self.values: dict[Path, tuple[object, ...]] = {}
        self._tree: object = tree

    @property
    def tree(self) -> object:
        """dict, list or scalar of a JSON body, else UNPARSED. A JSON null is UNPARSED too: it has no member either way."""
        if self._tree is None:
            self._tree = self._parse()
        return self._tree

    @property
    def readable(self) -> bool:
        """Whether the body is a message of its type."""
        return self.tree is not UNPARSED

    def _parse(self) -> object:
        if self.message_type not in _PARSED_TYPES:
            return UNPARSED
        try:
            tree = parse(self.body)
        except PayloadError:
            return UNPARSED
        return UNPARSED if tree is None else tree

    def leaves(self, path: Path) -> tuple[object, ...]:
        """The scalars at a path in document order, members of array elements included (expressions.md §6); empty if there is none."""
        found: list[object] = []
        if self.tree is not UNPARSED:
            _collect(self.tree, path, 0, found)
        return tuple(found)


def from_tree(tree: object, message_type: str = "json") -> Document:
    """A document made by the server: the tree written as shortly as JSON allows."""
    return Document(write(tree), message_type, tree=tree)


def _collect(node: object, path: Path, depth: int, found: list[object]) -> None:
    if isinstance(node, list):
        for element in node:
            _collect(element, path, depth, found)
    elif depth == len(path):
        if not isinstance(node, dict):
            found.append(node)
    elif isinstance(node, dict) and path[depth] in node:
        _collect(node[path[depth]], path, depth + 1, found)
