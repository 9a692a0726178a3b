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
    beside: Sequence[Sequence[Directive]] = (),
) -> Body:
    """The body that is delivered with a select list: compared parsed, since it is serialized anew.

    `keys`: the members that hold key fields, which a server may keep (EXPR-SEL-25). `beside`: the lists of other subscriptions of the
    connection, any of which the message may serve too, with all that they want of it (SUB-MULTI-02).
    """
    if trees is None or len(trees) != 1 or not isinstance(trees[0], dict):
        return Body(exact=None, members={name: Member(values=Unknown.ANY, because=because) for name in body.members}, complete=())
    members: dict[str, Member] = {}
    gone: dict[str, Because] = {}
    for name, value in trees[0].items():
        member = _member(directives, name, value, because, key=name in keys, beside=beside)
        if member.values == (Unknown.ABSENT,):
            gone[name] = because
        else:
            members[name] = member
    return Body(exact=None, members=members, gone=gone, complete=because)


def _member(
    directives: Sequence[Directive], name: str, value: object, because: Because, *, key: bool, beside: Sequence[Sequence[Directive]]
) -> Member:
    for one in (directives, *beside):
        doubts = select_doubts((*one, Directive(include=True, path=(_BESIDE,))), {_BESIDE: 1, name: value})
        if doubts:
            return open_member(min(doubts))
    kept = _left(directives, name, value)
    if kept is not Unknown.ABSENT and same(kept, value):
        return Member(values=(kept,), because=because)
    if beside:
        ways: list[object] = [kept]
        for one in beside:
            more = (_union(way, _left(one, name, value)) for way in tuple(ways))
            ways += [way for way in more if not any(same(way, known) for known in ways)]
        if len(ways) > 1:
            return Member(
                values=tuple(ways), because=because, choice=(R("SUB-MULTI-02"), ("of its own", *["shared"] * (len(ways) - 1)))
            )
    if key and isinstance(value, dict):
        return open_member(R("EXPR-SEL-25"))
    if key:
        return Member(values=(kept, value), because=because, choice=(R("EXPR-SEL-25"), ("left out", "kept")))
    return Member(values=(kept,), because=because)


def _left(directives: Sequence[Directive], name: str, value: object) -> object:
    """What a list leaves of one member."""
    left = apply_select(directives, {name: value})
    assert isinstance(left, dict)
    return left.get(name, Unknown.ABSENT)


def _union(one: object, other: object) -> object:
    """What is left of a member by either of two lists."""
    if one is Unknown.ABSENT or other is Unknown.ABSENT:
        return other if one is Unknown.ABSENT else one
    if isinstance(one, dict) and isinstance(other, dict):
        names = dict.fromkeys([*one, *other])
        return {name: _union(one.get(name, Unknown.ABSENT), other.get(name, Unknown.ABSENT)) for name in names}
    return one


def includes(directives: Sequence[Directive], path: tuple[str, ...]) -> bool:
    """Whether the scalar at a path is surely delivered, if the message has one."""
    tree: object = 1
    for name in reversed(path):
        tree = {name: tree}
    return apply_select(directives, tree) == tree and not select_doubts(directives, tree)
