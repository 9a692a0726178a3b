"""Which findings of one recording are consequences of others: those are listed beneath, and decide nothing.

A finding is masked by an earlier one (in the order of the program) if the rule of the earlier one is among the foundations of its rule
(`rests_on`, or the more general rules of its `because`), if it is about the same records or the same subscription, or if the connection
was lost.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from conformance.results import Finding
from conformance.rules import Catalogue
from reference_model.rule import Because


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A finding with what masking needs, and where it shows.

    place       (step, event) of its first divergence
    subject     what it is about
    slot, atom  the expected atom and the place of the seen one (see `Atom.order`) that differ; None where there is none
    """

    finding: Finding
    because: Because
    place: tuple[int, int]
    subject: Hashable = None
    slot: int | None = None
    atom: tuple[int, int] | None = None


def masked(suspects: Sequence[Suspect], catalogue: Catalogue) -> list[Suspect]:
    """The suspects in the order of the program; the findings that others explain have `masked_by`."""
    found: list[Suspect] = []
    unmasked: list[Suspect] = []
    records = [suspect for suspect in suspects if _is_about(suspect, "records")]
    for suspect in sorted(suspects, key=lambda s: s.place):
        # The counts of a result come before it is certain that a record lacks.
        by = _explained_by(suspect, [*unmasked, *records] if _is_about(suspect, "statistics") else unmasked, catalogue)
        if by is None:
            unmasked.append(suspect)
            found.append(suspect)
        else:
            found.append(replace(suspect, finding=replace(suspect.finding, masked_by=by.finding.rule)))
    return found


def _is_about(suspect: Suspect, what: str) -> bool:
    return isinstance(suspect.subject, tuple) and suspect.subject[0] == what


def _explained_by(suspect: Suspect, earlier: Sequence[Suspect], catalogue: Catalogue) -> Suspect | None:
    foundations = _foundations(suspect.because, catalogue)
    for other in earlier:
        if other.finding.rule == suspect.finding.rule:
            continue
        if other.finding.rule in foundations:
            return other
        if _ended(other) and other.finding.connection == suspect.finding.connection:
            return other
        if _consequence(suspect, other):
            return other
    return None


def _ended(other: Suspect) -> bool:
    """Nothing that this connection still owed could come: it was closed, or its bytes could not be read any more."""
    return other.finding.kind == "closed" or (other.finding.kind == "check" and other.finding.field == "frame")


def _consequence(suspect: Suspect, other: Suspect) -> bool:
    """The same records again in a later step, or the counts and the order of a result whose records are wrong already."""
    if other.subject is None or other.finding.kind == "check":
        return False
    about_records = isinstance(other.subject, tuple) and other.subject[0] in {"records", "publish"}
    if not about_records:
        return False
    if suspect.subject == other.subject:
        return suspect.place[0] > other.place[0]
    same_step = suspect.finding.step == other.finding.step and suspect.finding.connection == other.finding.connection
    if isinstance(suspect.subject, tuple) and suspect.subject[0] == "statistics":
        return isinstance(other.subject, tuple) and other.subject[0] == "records" and suspect.place[0] >= other.place[0]
    if isinstance(suspect.subject, tuple) and suspect.subject[0] == "surplus":
        return same_step or suspect.place[0] >= other.place[0]
    return False


def _foundations(because: Because, catalogue: Catalogue) -> set[str]:
    todo: list[str] = list(because[1:])
    first = catalogue.get(because[0])
    if first is not None:
        todo += [*first.rests_on]
    done: set[str] = set()
    while todo:
        rule = todo.pop()
        if rule in done:
            continue
        done.add(rule)
        entry = catalogue.get(rule)
        if entry is not None:
            todo += [*entry.rests_on]
    return done - {because[0]}
