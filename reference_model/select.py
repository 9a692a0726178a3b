"""What a select list leaves of a body. Source: expressions.md section 10, sow.md section 7.10."""

from __future__ import annotations

from reference_model.expectation import Body, Member, Unknown
from reference_model.expression.evaluate import apply_select, select_doubts
from reference_model.expression.select import Directive
from reference_model.merge import fresh_members
from reference_model.rule import Because, R

SELECTED: Because = (R("EXPR-SEL-01"),)


def selected(body: Body, trees: list[object] | None, directives: tuple[Directive, ...], because: Because = SELECTED) -> Body:
    """The body that is delivered with a select list: compared parsed, since it is serialized anew."""
    if trees is None or len(trees) != 1 or not isinstance(trees[0], dict) or select_doubts(directives, trees[0]):
        names = body.members
        return Body(exact=None, members={name: Member(values=Unknown.ANY, because=because) for name in names}, complete=())
    left = apply_select(directives, trees[0])
    members = fresh_members(left if isinstance(left, dict) else {}, because)
    return Body(
        exact=None,
        members=members,
        gone={name: because for name in trees[0] if name not in members},
        complete=because,
    )
