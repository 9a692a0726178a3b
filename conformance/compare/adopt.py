"""What the model takes from a recording: the order in which the target took concurrent commands in, from a witness subscription.

The witness is adopted only if it is complete and keeps each publisher's own order; a breach of that order is a finding of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.compare.explode import Atom
from conformance.results import Finding
from reference_model.payload.json import PayloadError, parse
from reference_model.rule import R
from reference_model.scenario import Scenario, Send, Together
from reference_model.witness import Witness


def adopt(scenario: Scenario, atoms: Sequence[Atom]) -> tuple[Witness, list[Finding]]:
    """The witness, and findings about the order of a single publisher."""
    orders: dict[str, tuple[str, ...]] = {}
    findings: list[Finding] = []
    connections = {step.label: step.connection for step in scenario.steps if isinstance(step, Send)}
    ids = {
        step.label: str(step.command.header.get("sub_id") or step.command.header.get("cmd_id"))
        for step in scenario.steps
        if isinstance(step, Send)
    }
    for step in scenario.steps:
        if not isinstance(step, Together):
            continue
        where = (connections.get(step.witness, ""), "publish", ids.get(step.witness, ""))
        deliveries = [atom for atom in atoms if atom.where == where]
        order = _order(step, deliveries)
        if order is None:
            continue
        broken = _lane_broken(step, order)
        if broken is not None:
            findings.append(broken)
        else:
            orders[step.label] = order
    return Witness(orders=orders), findings


def _order(step: Together, deliveries: Sequence[Atom]) -> tuple[str, ...] | None:
    """The labels of the sends in the order of their deliveries, a repetition passed over; None unless each came."""
    sends = [send for lane in step.lanes for send in lane]
    bodies = {send.label: (send.command.body, _members(send.command.body)) for send in sends}
    order: list[str] = []
    for atom in deliveries:
        if len(order) == len(sends):
            break  # what comes later may show the members of a delta again
        found = [
            label
            for label, (body, members) in bodies.items()
            if label not in order and (atom.body == body or _within(members, atom.tree))
        ]
        if len(found) == 1:
            order.append(found[0])
        elif found:
            exact = [label for label in found if atom.body == bodies[label][0]]
            order.extend(exact[:1])
    return tuple(order) if len(order) == len(sends) and len(set(order)) == len(sends) else None


def _members(body: bytes) -> dict[str, object] | None:
    try:
        tree = parse(body)
    except PayloadError:
        return None
    return tree if isinstance(tree, dict) else None


def _within(members: dict[str, object] | None, tree: object) -> bool:
    """A merged message shows every member of the delta that made it."""
    return bool(members) and isinstance(tree, dict) and all(tree.get(name) == value for name, value in (members or {}).items())


def _lane_broken(step: Together, order: Sequence[str]) -> Finding | None:
    for lane in step.lanes:
        labels = [send.label for send in lane]
        seen = [label for label in order if label in labels]
        if seen != labels:
            return Finding(
                rule=R("SUB-ORDER-01"),
                kind="order",
                what="messages of one publisher are delivered in another order than they were published in",
                field="order",
                step=step.label,
                expected=", ".join(labels),
                seen=", ".join(seen),
            )
    return None
