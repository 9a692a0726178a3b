"""What came and was not expected: forbidden, repeated, or unknown to the closed world of its connection."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from conformance.checks.acks import owners_of_acks
from conformance.compare.case import Case, subject_of
from conformance.compare.explode import Atom
from conformance.compare.texts import atom_text, named
from reference_model.expectation import Scope


def judge_unexpected(case: Case) -> None:
    """Each is a finding about the rule that forbids it, where there is one."""
    scopes: dict[tuple[str, str | None, Hashable], Scope] = {}
    for scope in case.expectation.scopes:
        scopes.setdefault((scope.connection, scope.kind, scope.correlation), scope)
    for slot, atom in case.alignment.forbidden:
        case.broken(
            slot.because,
            "unexpected",
            f"{named(slot)} must not come",
            slot=slot,
            atom=atom,
            expected="nothing",
            seen=atom_text(atom),
            subject=subject_of(slot),
        )
    for slot, atom in case.alignment.repeated:
        narrowest = _scope(scopes, atom, slot.key)
        case.broken(
            narrowest.repeated if narrowest is not None else (),
            "repeated",
            f"{named(slot)} comes twice",
            slot=slot,
            atom=atom,
            expected="once",
            seen=atom_text(atom),
            subject=subject_of(slot),
        )
    unresolved_from = min(
        (index for index, event in enumerate(case.observation.events) if case.places.get(event.label or "", -1) >= case.limit),
        default=len(case.observation.events),
    )
    untold = (case.expectation.slots[slot_id] for slot_id in case.alignment.dropped)
    open_answers = {
        slot.where
        for slot in untold
        if slot.when and (slot.when[0] not in case.alignment.matched or slot.when[0] in case.alignment.renamed)
    }
    strays = {(atom.connection, atom.correlation) for atom in case.alignment.renamed.values() if atom.kind != "ack"}
    owners = owners_of_acks(case.observation)
    for atom in case.alignment.surplus:
        if atom.kind == "ack" and atom.connection not in owners.get(atom.text("cmd_id") or "", {atom.connection}):
            continue  # it carries the id of the command that it answers, and came to the wrong connection: CMD-ACK-17 is a check
        if atom.where in open_answers:  # whether it had to come was to be told by an ack that did not come
            continue
        if (atom.connection, atom.correlation) in strays:  # that its id is wrong is a finding already
            continue
        if atom.kind in {"closed", "heartbeat"} or (case.limit < len(case.scenario.steps) and atom.event >= unresolved_from):
            continue
        narrowest = _scope(scopes, atom)
        if narrowest is not None and narrowest.surplus:
            case.broken(
                narrowest.surplus,
                "unexpected",
                f"an unexpected {atom.kind} message",
                atom=atom,
                expected="nothing",
                seen=atom_text(atom),
                place=case.place_of_event(atom.event),
                subject=("surplus", atom.connection, atom.kind),
            )


def _scope(scopes: Mapping[tuple[str, str | None, Hashable], Scope], atom: Atom, key: Hashable = None) -> Scope | None:
    """The narrowest scope that an atom falls into."""
    connection, kind, correlation = atom.where
    narrowing = (
        (connection, kind, (correlation, key)),
        (connection, kind, correlation),
        (connection, kind, None),
        (connection, None, None),
    )
    return next((scopes[where] for where in narrowing if where in scopes), None)
