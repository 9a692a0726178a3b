"""What a select list leaves of a body, as far as it is documented. Source: expressions.md section 10, sow.md section 7.10."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reference_model.expectation import Body, Member, Unknown
from reference_model.expression.evaluate import apply_select, select_doubts
from reference_model.expression.select import Directive
from reference_model.merge import open_member, same
from reference_model.rule import Because, R

SELECTED: Final[Because] = (R("EXPR-SEL-01"),)

_BESIDE: Final = "\0"
"""A member that no message has: selected, it keeps the rest of a message from being empty (EXPR-SEL-23)."""


def selects_nothing(directives: Sequence[Directive], trees: list[object] | None) -> bool:
    """Whether the list may leave nothing of the body: then an empty message comes, or none (EXPR-SEL-23)."""
    return trees is not None and any(isinstance(tree, dict) and tree and not apply_select(directives, tree) for tree in trees)


def selected(
    body: Body,
    trees: list[object] | None,
    directives: Sequence[Directive],
    because: Because = SELECTED,
    *,
    keys: frozenset[str] = frozenset(),
    shared: bool = False,
) -> Body:
    """The body that is delivered with a select list: compared parsed, since it is serialized anew.

    `keys`: the members that hold key fields, which a server may keep (EXPR-SEL-25). `shared`: the message may be one that serves other
    subscriptions of the connection too, which want more of it.
    """
    if trees is None or len(trees) != 1 or not isinstance(trees[0], dict):
        return Body(exact=None, members={name: Member(values=Unknown.ANY, because=because) for name in body.members}, complete=())
    members: dict[str, Member] = {}
    gone: dict[str, Because] = {}
    for name, value in trees[0].items():
        member = _member(directives, name, value, because, key=name in keys, shared=shared)
        if member.values == (Unknown.ABSENT,):
            gone[name] = because
        else:
            members[name] = member
    return Body(exact=None, members=members, gone=gone, complete=because)


def _member(directives: Sequence[Directive], name: str, value: object, because: Because, *, key: bool, shared: bool) -> Member:
    doubts = select_doubts((*directives, Directive(include=True, path=(_BESIDE,))), {_BESIDE: 1, name: value})
    if doubts:
        return open_member(min(doubts))
    left = apply_select(directives, {name: value})
    assert isinstance(left, dict)
    kept = left.get(name, Unknown.ABSENT)
    if kept is not Unknown.ABSENT and same(kept, value):
        return Member(values=(kept,), because=because)
    if shared:
        return Member(values=(kept, value), because=because, choice=(R("SUB-MULTI-02"), ("of its own", "shared")))
    if key and isinstance(value, dict):
        return open_member(R("EXPR-SEL-25"))
    if key:
        return Member(values=(kept, value), because=because, choice=(R("EXPR-SEL-25"), ("left out", "kept")))
    return Member(values=(kept,), because=because)


def includes(directives: Sequence[Directive], path: tuple[str, ...]) -> bool:
    """Whether the scalar at a path is surely delivered, if the message has one."""
    tree: object = 1
    for name in reversed(path):
        tree = {name: tree}
    return apply_select(directives, tree) == tree and not select_doubts(directives, tree)
