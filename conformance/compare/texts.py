"""What slots and atoms are called for a reader: plain text, cut to a length. What a target wrote is data here, never mark-up."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from conformance.compare.bodies import shown
from conformance.compare.explode import Atom
from reference_model.expectation import Body, Is, OneOf, Slot, Unknown
from reference_model.payload.json import write

VALUE_CHARS_MAX: Final = 200
"""One value of a finding: enough to recognise it; the recording has it whole."""


def cut(text: str, chars_max: int = VALUE_CHARS_MAX) -> str:
    """At most that many characters, with an ellipsis for the rest; half surrogate pairs (bytes that are no UTF-8) as escapes."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= chars_max else text[: chars_max - 1] + "…"


def correlation_text(value: Hashable) -> str:
    """The id of a correlation (that of an ack is a pair)."""
    value = value[0] if isinstance(value, tuple) else value
    return "absent" if value is None else cut(str(value))


def named(slot: Slot) -> str:
    """A slot in a sentence: `the completed ack of q1`, `the record 7 of @orders`."""
    kind = slot.where[1]
    if kind == "ack":
        assert isinstance(slot.where[2], tuple)
        return f"the {slot.where[2][1]} ack of {slot.step}"
    if kind == "sow":
        assert isinstance(slot.key, tuple)
        return f"the record {', '.join(slot.key[1])} of {slot.key[0]}"
    if kind == "publish":
        return f"the delivery of {slot.step} to {slot.where[2]}"
    if kind == "closed":
        return f"the end of connection {slot.where[0]}"
    return f"the {kind} of {slot.step}"


def expected_text(slot: Slot) -> str:
    """What should have come: `sow {"id":2}`, `ack processed success`."""
    kind = slot.where[1]
    if kind == "ack":
        assert isinstance(slot.where[2], tuple)
        return cut(" ".join(["ack", str(slot.where[2][1]), *_statuses(slot)]))
    if slot.body is not None:
        return cut(f"{kind} {body_text(slot.body)}".rstrip())
    if kind == "sow":
        assert isinstance(slot.key, tuple)
        return cut(f"sow record {', '.join(slot.key[1])} of {slot.key[0]}")
    return "connection closed" if kind == "closed" else kind


def _statuses(slot: Slot) -> list[str]:
    for claim in slot.claims:
        if claim.field == "status" and isinstance(claim.matcher, Is):
            return [str(claim.matcher.value)]
        if claim.field == "status" and isinstance(claim.matcher, OneOf):
            return [" or ".join(map(str, claim.matcher.values))]
    return []


def body_text(body: Body) -> str:
    """The body as published, or its members: `{"id":1,"qty":2 or 3,"note":…}`."""
    if body.exact is not None:
        return shown(body.exact)
    parts = []
    for name, member in body.members.items():
        value = "…" if isinstance(member.values, Unknown) else " or ".join(shown(one) for one in member.values)
        if value != "absent":
            parts.append(f"{write(name).decode('utf-8', 'backslashreplace')}:{value}")
    return f"{{{','.join(parts)}}}"


def atom_text(atom: Atom) -> str:
    """What came: `sow {"id":1}`, `ack processed failure bad filter`."""
    if atom.kind == "ack":
        words = (atom.text(name) for name in ("ack_type", "status", "reason"))
        return cut(" ".join(["ack", *(word for word in words if word)]))
    if atom.kind == "closed":
        return "connection closed"
    if atom.kind == "outcome":
        return cut(" ".join(filter(None, [atom.text("result"), atom.text("error"), atom.text("message.command")])))
    if atom.kind == "command":
        return cut(f"sent {atom.text('command')}")
    kind = f"message {atom.text('cmd') or 'without cmd'}" if atom.kind == "other" else atom.kind
    return cut(f"{kind} {shown(atom.body)}") if atom.body else cut(kind)
