"""How a rule was broken, for a reader: the steps with what was seen of each, and the two histories side by side where they part.

Gives the data of a failure in the run file. All text is plain and cut to a length; what a page or a terminal makes of control
characters or mark-up in it is the matter of reports. Pure.
"""

from __future__ import annotations

import heapq
import itertools
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from conformance.compare.describe import step_rows
from conformance.compare.explode import Atom
from conformance.compare.fields import described
from conformance.compare.judge import Examination
from conformance.compare.masking import Suspect
from conformance.compare.texts import VALUE_CHARS_MAX, atom_text, cut, expected_text
from conformance.compare.timeline import timeline
from conformance.results import FindingGroup
from conformance.run_file import failure_of
from reference_model.expectation import Claim, Is, Occurs, Present, Same, Slot

MARK: Final = "\N{MULTIPLICATION SIGN}"

ROWS_MAX: Final = 24
"""Lines side by side: around the first that differs; more of them are alike, or follow from it."""

ROWS_BEFORE_MAX: Final = 8
"""How many of these stand before the first that differs."""

LINE_CHARS_MAX: Final = 2 * VALUE_CHARS_MAX
"""One side of a line: a body and the fields that matter."""

PAIRS_MAX: Final = 20_000
"""Two groups of records with more pairs are not put in order for the reader: only some lines of them are shown."""

_STATISTICS: Final = ("topic_matches", "matches", "records_returned", "records_deleted")
_NO_FIELDS: Final = frozenset({"", "body", "order", "records", "frame", "header", "cmd", "status", "reason", "ack_type"})
"""What a finding may name as its field that is none of a header, or stands in the line anyway."""

_FIRST: Final = ("ack received", "ack processed", "group_begin", "sow", "publish", "oof", "group_end", "ack completed", "ack persisted",
                 "ack stats", "closed", "heartbeat")  # fmt: skip
"""In which order a reader expects what no rule puts in an order."""


def explain(examination: Examination, rule: str, *, group: FindingGroup | None = None) -> dict[str, Any]:
    """The failure record of `rule`, which has a finding in this examination, but for how often, program and replay line.

    The finding is the first unmasked one of the rule, of the kind of the group if there is one; else the first.
    group: the findings of the whole run that this is an example of: it gives the counts, and what the findings are grouped by, even if
    this example (a shrunk program) differs in the field.
    """
    suspect = _suspect(examination, rule, group)
    finding = suspect.finding
    group = group or FindingGroup(first=finding, count=1, scenarios=[examination.scenario.name], in_scenarios=1)
    compare = _compare(examination, suspect)
    rows = step_rows(examination)
    for row in rows:
        if compare and row["label"] == finding.step and len(rows) > 1:
            row["seen"] = ""
    return {
        **failure_of(group),
        "what": cut(finding.what),
        "step": finding.step,
        "expected": cut(finding.expected),
        "seen": cut(finding.seen),
        "steps": rows,
        "compare": compare,
        "timeline": timeline(examination, finding),
    }


def _suspect(examination: Examination, rule: str, group: FindingGroup | None) -> Suspect:
    """The finding to explain, with the atoms that it is about; that of a check names events only."""
    found = [suspect for suspect in examination.suspects if suspect.finding.rule == rule]
    alike = None if group is None else group.first.group
    suspect = min(found, key=lambda one: (one.finding.masked_by is not None, one.finding.group != alike))
    if suspect.slot is not None or suspect.atom is not None or not suspect.finding.events:
        return suspect
    atom = next((atom for atom in examination.atoms if atom.event == suspect.finding.events[0]), None)
    if atom is None:
        return suspect
    slot = next((slot_id for slot_id, other in examination.alignment.matched.items() if other is atom), None)
    step = examination.expectation.slots[slot].step if slot is not None else ""
    finding = replace(suspect.finding, step=suspect.finding.step or step)
    return replace(suspect, finding=finding, slot=slot, atom=atom.order)


# ---- side by side ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    slot: Slot | None = None
    atom: Atom | None = None


def _compare(examination: Examination, suspect: Suspect) -> list[dict[str, str]]:
    slots, atoms = _view(examination, suspect)
    if not slots and not atoms:
        return []
    matched = {slot.id: atom for slot in slots if (atom := examination.alignment.matched.get(slot.id)) is not None}
    rows = _side_by_side(_in_order(examination, slots, matched), atoms, matched)
    return _texts(examination, suspect, rows)


def _view(examination: Examination, suspect: Suspect) -> tuple[list[Slot], list[Atom]]:
    """The part of the two histories that shows it: all answers to one step, or all deliveries to one subscription."""
    expectation, alignment = examination.expectation, examination.alignment
    slot = expectation.slots[suspect.slot] if suspect.slot is not None else None
    atom = next((atom for atom in examination.atoms if atom.order == suspect.atom), None)
    if slot is None and atom is None:
        return [], []
    where = slot.where if slot is not None else atom.where if atom is not None else ("", "", None)
    if where[1] in {"publish", "oof"}:
        slots = [one for one in expectation.slots if one.where == where]
    elif slot is not None:
        slots = [one for one in expectation.slots if one.step == slot.step and one.where[0] == where[0] and one.where[1] != "publish"]
    else:
        slots = []
    shown = [one for one in slots if one.id in alignment.matched or (one.occurs is Occurs.ONCE and one.id not in alignment.dropped)]
    buckets = {one.where for one in slots} | {where}
    orders = {alignment.matched[one.id].order for one in shown if one.id in alignment.matched}
    extra = [*alignment.surplus, *(other for one, other in (*alignment.forbidden, *alignment.repeated) if one.where in buckets)]
    orders |= {other.order for other in extra if other.where in buckets}
    orders |= {atom.order} if atom is not None else set()
    return shown, [one for one in examination.atoms if one.order in orders]


def _in_order(examination: Examination, slots: Sequence[Slot], matched: dict[int, Atom]) -> list[Slot]:
    """As the chains demand, otherwise as it came; what is missing stands as early as it may."""
    after: dict[int, set[int]] = defaultdict(set)
    before: dict[int, int] = defaultdict(int)
    here = {slot.id for slot in slots}
    for chain in examination.expectation.chains:
        groups = [members for group in chain.groups if (members := [member for member in group if member in here])]
        for earlier, later in itertools.pairwise(groups):
            if len(earlier) * len(later) > PAIRS_MAX:
                continue
            for one in earlier:
                for other in later:
                    if other not in after[one]:
                        after[one].add(other)
                        before[other] += 1
    by_id = {slot.id: slot for slot in slots}

    def rank(slot: Slot) -> tuple[tuple[int, int], int, int]:
        atom = matched.get(slot.id)
        name = f"ack {slot.where[2][1]}" if slot.where[1] == "ack" and isinstance(slot.where[2], tuple) else slot.where[1]
        usual = _FIRST.index(name) if name in _FIRST else len(_FIRST)
        return ((-1, 0) if atom is None else atom.order, usual, slot.id)

    ready = [rank(slot) for slot in slots if not before[slot.id]]
    heapq.heapify(ready)
    ordered: list[Slot] = []
    while ready:
        slot = by_id[heapq.heappop(ready)[2]]
        ordered.append(slot)
        for other in after[slot.id]:
            before[other] -= 1
            if not before[other]:
                heapq.heappush(ready, rank(by_id[other]))
    return [*ordered, *(slot for slot in slots if before[slot.id] > 0)]


def _side_by_side(slots: Sequence[Slot], atoms: Sequence[Atom], matched: dict[int, Atom]) -> list[_Row]:
    """Pairs in the longest run that keeps both orders; what stands between two pairs is put side by side as it comes."""
    at = {atom.order: index for index, atom in enumerate(atoms)}
    pairs = [(index, at[matched[slot.id].order]) for index, slot in enumerate(slots) if slot.id in matched]
    rows: list[_Row] = []
    left = right = 0
    for slot_at, atom_at in [*_rising(pairs), (len(slots), len(atoms))]:
        between = range(max(slot_at - left, atom_at - right))
        rows += [
            _Row(
                slot=slots[left + i] if left + i < slot_at else None,
                atom=atoms[right + i] if right + i < atom_at else None,
            )
            for i in between
        ]
        if slot_at < len(slots):
            rows.append(_Row(slot=slots[slot_at], atom=atoms[atom_at]))
        left, right = slot_at + 1, atom_at + 1
    return rows


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence whose second members rise."""
    tails: list[int] = []
    ends: list[int] = []
    previous: list[int | None] = []
    for index, (_, value) in enumerate(pairs):
        at = bisect_left(tails, value)
        previous.append(ends[at - 1] if at else None)
        if at == len(tails):
            tails.append(value)
            ends.append(index)
        else:
            tails[at], ends[at] = value, index
    chosen: list[tuple[int, int]] = []
    last = ends[-1] if ends else None
    while last is not None:
        chosen.append(pairs[last])
        last = previous[last]
    return chosen[::-1]


# ---- lines -------------------------------------------------------------------------------------------------------------------


def _texts(examination: Examination, suspect: Suspect, rows: Sequence[_Row]) -> list[dict[str, str]]:
    """The lines; marked where a finding is about one of the two, with its rule (that which is explained first)."""
    field = suspect.finding.field
    fields = [] if field.startswith("/") or field in _NO_FIELDS else [field]
    suspects = [suspect, *examination.suspects]
    rules = [next((other.finding.rule for other in suspects if _about(other, row)), "") for row in rows]
    at = next((index for index, row in enumerate(rows) if _about(suspect, row)), None)
    lines = [
        {
            "mark": MARK if rule else "",
            "expected": "" if row.slot is None else _expected(row.slot, fields, suspect),
            "seen": "" if row.atom is None else _seen(row.atom, fields, suspect),
            "rule": rule,
        }
        for row, rule in zip(rows, rules, strict=True)
    ]
    if at is None or suspect.finding.field == "records":  # a matter of the whole answer
        whole = {"mark": MARK, "expected": suspect.finding.expected, "seen": suspect.finding.seen, "rule": suspect.finding.rule}
        if suspect.finding.field == "records":
            whole = {**whole, "expected": f"{whole['expected']} of these records", "seen": f"{whole['seen']} of them"}
        at = len(lines)
        lines.append({name: cut(text) for name, text in whole.items()})
    return _window(lines, at)


def _about(suspect: Suspect, row: _Row) -> bool:
    if suspect.finding.field == "records":
        return False
    if suspect.atom is not None and row.atom is not None and suspect.atom == row.atom.order:
        return True
    too_much = suspect.finding.kind in {"unexpected", "repeated"}
    return not too_much and suspect.slot is not None and row.slot is not None and suspect.slot == row.slot.id


def _window(lines: list[dict[str, str]], at: int) -> list[dict[str, str]]:
    if len(lines) <= ROWS_MAX:
        return lines
    start = max(0, min(at - ROWS_BEFORE_MAX, len(lines) - ROWS_MAX))
    end = start + ROWS_MAX
    more = [(start, f"… {start} before"), (len(lines) - end, f"… {len(lines) - end} more")]
    left_out = [{"mark": "", "expected": text if count else "", "seen": "", "rule": ""} for count, text in more]
    return [*left_out[: bool(start)], *lines[start:end], *left_out[1 : 1 + bool(more[1][0])]]


def _expected(slot: Slot, fields: Sequence[str], suspect: Suspect) -> str:
    """The slot, with the statistics that are claimed of it, and the field that the finding is about."""
    shown = []
    for name in dict.fromkeys([*_STATISTICS, *fields]):
        if suspect.slot == slot.id and suspect.finding.field == name:
            shown.append(f"{name}={cut(suspect.finding.expected)}")
        elif (claim := _telling(slot, name)) is not None:
            shown.append(f"{name}={cut(described(claim.matcher, {}))}")
    return cut("  ".join([expected_text(slot), *shown]), LINE_CHARS_MAX)


def _telling(slot: Slot, name: str) -> Claim | None:
    """The claim that says most of a field."""
    claims = [claim for claim in slot.claims if claim.field == name and not isinstance(claim.matcher, Present | Same)]
    return min(claims, key=lambda claim: not isinstance(claim.matcher, Is), default=None)


def _seen(atom: Atom, fields: Sequence[str], suspect: Suspect) -> str:
    shown = []
    for name in dict.fromkeys([*_STATISTICS, *fields]):
        value = atom.text(name)
        if value is not None:
            shown.append(f"{name}={cut(value)}")
        elif suspect.atom == atom.order and suspect.finding.field == name:
            shown.append(f"{name}=absent")
    return cut("  ".join([atom_text(atom), *shown]), LINE_CHARS_MAX)
