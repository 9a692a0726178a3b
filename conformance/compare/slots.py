"""What was expected, slot by slot: did it come, with the right fields and body; did it have to; is its absence proven."""

from __future__ import annotations

from conformance.compare.bodies import compare_body
from conformance.compare.case import Case, subject_of
from conformance.compare.explode import Atom
from conformance.compare.fields import described, satisfied, value_of
from conformance.compare.texts import correlation_text, cut, expected_text, named
from reference_model.expectation import Absent, Body, Is, Occurs, OneOf, Same, Slot
from reference_model.rule import R

ANSWERS = frozenset({"group_begin", "sow", "group_end"})
"""What answers a query besides its acks."""

STATISTICS = frozenset({"topic_matches", "matches", "records_returned", "records_deleted"})


def judge_slot(case: Case, slot: Slot) -> None:
    """What came for it, or that nothing did."""
    if slot.id in case.alignment.dropped:
        return
    atom = case.alignment.matched.get(slot.id)
    if atom is not None:
        _matched(case, slot, atom)
    elif slot.occurs is Occurs.ONCE:
        _missing(case, slot)
    elif slot.occurs is Occurs.OPTIONAL:
        if slot.because and case.free(slot.because[0]):
            case.choices[slot.because[0]]["did not come"] += 1
    elif slot.step not in case.lost and _absence_proven(case, slot):
        case.kept(slot.because)


def _matched(case: Case, slot: Slot, atom: Atom) -> None:
    if slot.occurs is Occurs.ONCE:
        case.kept(slot.because)
    elif slot.because and case.free(slot.because[0]):
        case.choices[slot.because[0]]["came"] += 1
    if slot.id in case.alignment.renamed:
        field = {"ack": "cmd_id", "publish": "sids", "oof": "sids"}.get(slot.where[1], "query_id")
        if atom.kind == "other":
            claim = next((claim for claim in slot.claims if claim.field == "cmd"), None)
            because = claim.because if claim is not None else (R("CMD-ACK-06"),)
            case.broken(because, "wrong", f"{named(slot)} has another cmd", slot=slot, atom=atom, field="cmd",
                         expected=slot.where[1], seen=atom.text("cmd") or "absent")  # fmt: skip
        else:
            case.broken(slot.correlated, "wrong", f"{named(slot)} has another {field}", slot=slot, atom=atom, field=field,
                         expected=correlation_text(slot.where[2]), seen=correlation_text(atom.correlation))  # fmt: skip
    else:
        case.kept(slot.correlated)
    _claims(case, slot, atom)
    if slot.body is not None:
        _body(case, slot, slot.body, atom)


def _claims(case: Case, slot: Slot, atom: Atom) -> None:
    failed_fields: set[str] = set()
    for claim in slot.claims:
        if claim.field in failed_fields or (claim.field == "cmd" and slot.id in case.alignment.renamed):
            continue
        text = atom.kind if claim.field == "cmd" and atom.kind != "other" else value_of(claim, atom.text(claim.field))
        matcher, because = claim.matcher, claim.because
        if claim.field == "status" and text is None:
            continue  # a matter of every ack (CMD-ACK-10)
        if satisfied(matcher, text, case.bound):
            if isinstance(matcher, Same) and text is not None and matcher.symbol not in case.bound:
                case.bound[matcher.symbol] = text  # the first value could not have been wrong
                case.binder[matcher.symbol] = because
            elif isinstance(matcher, OneOf) and matcher.names:
                index = [str(value) for value in matcher.values].index(text or "")
                case.choices[because[0]][matcher.names[index]] += 1
                if case.free(because[0]):
                    case.exercised[because[0]] += 1
            elif text is not None or isinstance(matcher, Absent):
                case.kept(because)
            continue
        if text is None and isinstance(matcher, Is) and not case.free(because[0]) and claim.field in STATISTICS:
            continue  # that the field is absent is the finding of its Present claim
        if isinstance(matcher, Same):
            because = next((b for b in (because, case.binder[matcher.symbol]) if b[0] == R("SOW-REC-09")), because)
        if not case.free(because[0]):
            failed_fields.add(claim.field)
        case.broken(
            because,
            "wrong",
            f"{named(slot)}: {claim.field} is wrong",
            slot=slot,
            atom=atom,
            field=claim.field,
            expected=described(matcher, case.bound),
            seen=cut(text) if text is not None else "absent",
            subject=("statistics", slot.where[0], slot.step) if claim.field in STATISTICS else None,
        )


def _body(case: Case, slot: Slot, body: Body, atom: Atom) -> None:
    comparison = compare_body(body, atom)
    for rule in comparison.exercised:
        case.exercised[rule] += 1
    for rule, choice in comparison.choices:
        case.choices[rule][choice] += 1
        case.exercised[rule] += 1
    for difference in comparison.differences[:1]:
        case.broken(
            difference.because,
            "wrong",
            f"{named(slot)}: the body is wrong" + (f" at {difference.field}" if difference.field else ""),
            slot=slot,
            atom=atom,
            field=difference.field or "body",
            expected=difference.expected,
            seen=difference.seen,
            subject=subject_of(slot),
        )


def _missing(case: Case, slot: Slot) -> None:
    connection, kind, _ = slot.where
    if kind in {"publish", *ANSWERS} and not _overdue(case, slot):
        case.inconclusive[slot.because[0]] = f"{slot.step}: no fence shows that it does not come"
        return
    closed = case.closed.get(connection)
    what = f"{named(slot)} is missing"
    seen = "nothing"
    if closed is not None:
        seen = "connection closed" if case.observation.events[closed[0]].kind == "closed" else "bytes that are no message"
    # Masked too where ids come back wrong: it may have come under another one.
    case.broken(
        (*slot.because, *slot.correlated) if slot.because else (),
        "closed" if closed is not None else "missing",
        what,
        slot=slot,
        expected=expected_text(slot),
        seen=seen,
        subject=subject_of(slot),
    )


def _overdue(case: Case, slot: Slot) -> bool:
    """A delivery is lacking once a later one of its subscription has come, what answers a query once a later flush was answered; either
    once a fence on its connection has waited in vain."""
    connection, kind, correlation = slot.where
    if case.in_turn or connection in case.closed or case.followed(slot) or case.marked(slot):
        return True
    if slot.step in case.lost and (connection, "group_end", correlation) in case.came:
        return True  # no flush is answered on a lost connection, and this result ended
    place = case.place(slot)
    if kind in ANSWERS and case.flushed.get(connection, -1) >= place:
        return True
    return any(
        step.label in case.observation.late and getattr(step, "connection", None) == connection for step in case.scenario.steps[place:]
    )


def _absence_proven(case: Case, slot: Slot) -> bool:
    """Whether what must not come would have been seen by now."""
    connection, kind, correlation = slot.where
    if slot.id in case.forbidden or connection not in case.ended:
        return False
    if case.in_turn:
        return True
    if kind == "sow":
        return (connection, "group_end", correlation) in case.came
    if kind in {"publish", "oof"}:
        return case.followed(slot) or case.marked(slot)
    return True
