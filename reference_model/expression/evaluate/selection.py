"""Select lists (expressions.md §10): what of a document is delivered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reference_model.expression.select import Directive
from reference_model.rule import R

_Signs = Mapping[tuple[str, ...], bool]


def apply_select(directives: Sequence[Directive], tree: object) -> object:
    """The document that is delivered; the one given is left alone. A document that is no object comes as it is.

    The most specific directive decides (EXPR-SEL-05), of equal ones the first (EXPR-SEL-07), none means include (EXPR-SEL-03). Where
    the documentation is silent (`select_doubts`) objects that the list has emptied are left out, and arrays count as leaves.
    """
    if not isinstance(tree, dict):
        return tree
    return _selected(_signs(directives), tree, (), include=True)


def select_doubts(directives: Sequence[Directive], tree: object) -> frozenset[R]:
    """The rules that leave the outcome open: directives below an array (EXPR-SEL-24), nothing selected of an object (EXPR-SEL-23)."""
    signs = _signs(directives)
    return frozenset(_doubts(signs, tree, (), include=True)) if isinstance(tree, dict) else frozenset()


def _signs(directives: Sequence[Directive]) -> dict[tuple[str, ...], bool]:
    signs: dict[tuple[str, ...], bool] = {}
    for directive in directives:
        signs.setdefault(directive.path, directive.include)
    return signs


def _selected(signs: _Signs, tree: Mapping[str, object], path: tuple[str, ...], *, include: bool) -> dict[str, object]:
    include = signs.get(path, include)
    result: dict[str, object] = {}
    for name, value in tree.items():
        here = (*path, name)
        included = signs.get(here, include)
        if isinstance(value, dict) and value:
            inner = _selected(signs, value, here, include=include)
            if inner:
                result[name] = inner
        elif included:
            result[name] = value
    return result


def _doubts(signs: _Signs, tree: Mapping[str, object], path: tuple[str, ...], *, include: bool) -> Iterator[R]:
    if tree and not _selected(signs, tree, path, include=include):
        yield R("EXPR-SEL-23")
    include = signs.get(path, include)
    for name, value in tree.items():
        here = (*path, name)
        below = any(len(other) > len(here) and other[: len(here)] == here for other in signs)
        if isinstance(value, list) and below:
            yield R("EXPR-SEL-24")
        if isinstance(value, dict) and below:
            yield from _doubts(signs, value, here, include=include)
