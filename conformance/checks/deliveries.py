"""Deliveries that the model cannot tell by an id: those of a subscription that was given none. Source: subscriptions.md section 3."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.checks.registry import Result, Seen, finding, judges_obligation
from reference_model.rule import R


@judges_obligation("generated_id")
def generated_id(seen: Seen, data: Mapping[str, object]) -> Result:
    """Every message to a subscription without an id carries the one that the server made (SUB-REG-14): the same each time."""
    rule = R("SUB-REG-14")
    first: str | None = None
    for index, event in seen.received:
        message = event.message
        assert message is not None
        if message.cmd != "publish" or event.connection != data["connection"] or message.text("topic") != data["topic"]:
            continue
        yield rule
        sids = message.text("sids")
        first = first or sids
        if not sids or sids != first:
            yield finding(
                rule,
                "a message to a subscription without an id names no identifier of its own",
                index,
                event,
                field="sids",
                expected=first or "an identifier",
                seen=sids or "absent",
                step=str(data["step"]),
            )
            return
