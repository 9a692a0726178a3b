"""Matching what was seen with what was expected: slots to atoms, each at most once.

First by identity, so that a wrong payload does not turn into 'missing' and 'surplus'; then what is left over is paired within its
bucket, or across correlations where an id came back changed. Pure. What a mismatch means is `judge`'s matter.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Final

from conformance.compare.bodies import agrees
from conformance.compare.explode import Atom
from conformance.compare.sequence import best_reading
from reference_model.expectation import Expectation, Is, Occurs, Same, Slot, Where
from reference_model.payload.json import write
from reference_model.state import at_path

near_slots_max: Final = 100
"""Among so many open slots one is looked for by its body: a great result that is wrong throughout must not cost quadratic time."""


@dataclass(slots=True, kw_only=True)
class Alignment:
    """matched: slot id -> atom. forbidden: atoms of NEVER slots. repeated: atoms of slots that were taken already. renamed: slots whose
    atom came with another correlation. surplus: atoms that nothing takes. missing: ONCE slots without an atom. dropped: slots that do
    not exist since their condition is not met."""

    matched: dict[int, Atom] = field(default_factory=dict)
    forbidden: list[tuple[Slot, Atom]] = field(default_factory=list)
    repeated: list[tuple[Slot, Atom]] = field(default_factory=list)
    renamed: dict[int, Atom] = field(default_factory=dict)
    surplus: list[Atom] = field(default_factory=list)
    missing: list[Slot] = field(default_factory=list)
    dropped: set[int] = field(default_factory=set)


def align(expectation: Expectation, atoms: Iterable[Atom]) -> Alignment:
    """The alignment of one observation's atoms with an expectation; linear but for what is wrong."""
    return _Aligner(expectation).run(list(atoms))


class _Aligner:
    def __init__(self, expectation: Expectation) -> None:
        self.slots = expectation.slots
        self.pools = expectation.pools
        self.spare = {(scope.connection, scope.kind, scope.correlation) for scope in expectation.scopes if not scope.surplus}
        self.by_where: dict[Where, list[Slot]] = defaultdict(list)
        self.by_key: dict[tuple[Where, Hashable], Slot] = {}
        self.key_of: dict[Where, dict[tuple[str, ...] | str, set[str]]] = defaultdict(dict)
        self.out = Alignment()
        self.next_free: dict[Where, int] = defaultdict(int)
        self.keys_shown: dict[Hashable, Hashable] = {}
        self.taken: dict[tuple[int, int], Slot] = {}
        self.nameless: dict[tuple[int, int], Slot] = {}

    def run(self, atoms: list[Atom]) -> Alignment:
        self._index(lambda slot: slot.where[1] == "ack")
        acks = [atom for atom in atoms if atom.kind == "ack"]
        self._give_way(acks)
        left = self._take(acks)
        self._conditions()
        self._index(lambda slot: slot.where[1] != "ack")
        left += self._take(self._in_order([atom for atom in atoms if atom.kind != "ack"]))
        left.sort(key=lambda atom: atom.order)
        left = self._pair_in_bucket(left)
        left = self._pair_renamed(left)
        # What equals an earlier message is a repetition only if nothing was missing that it may have been meant to be.
        self.out.repeated += [(self.taken[atom.order], atom) for atom in left if atom.order in self.taken]
        self.out.forbidden += [(self.nameless[atom.order], atom) for atom in left if atom.order in self.nameless]
        self.out.surplus += [atom for atom in left if atom.order not in self.taken and atom.order not in self.nameless]
        self.out.missing = [slot for slot in self._unmatched() if slot.occurs is Occurs.ONCE]
        return self.out

    def _index(self, wanted: object) -> None:
        assert callable(wanted)
        for slot in self.slots:
            if not wanted(slot) or slot.id in self.out.dropped:
                continue
            self.by_where[slot.where].append(slot)
            if slot.key_of is not None and slot.where[1] == "sow":
                # A later slot of the same record (a record that is expected) replaces a ghost of it.
                where_key = (slot.where, slot.key)
                if where_key not in self.by_key or self.by_key[where_key].occurs is Occurs.NEVER:
                    self.by_key[where_key] = slot
                assert isinstance(slot.key, tuple)
                self.key_of[slot.where].setdefault(slot.key_of, set()).add(slot.key[0])

    def _give_way(self, acks: list[Atom]) -> None:
        """Of acks with one id, as those of a logon that is sent again after a loss, those that may come give way to those that must."""
        came = Counter(atom.where for atom in acks)
        for where, slots in self.by_where.items():
            few = len(slots) - came[where]
            if few > 0 and len(slots) > 1 and came[where]:
                may = [slot for slot in slots if slot.occurs is Occurs.OPTIONAL][:few]
                self.by_where[where] = [slot for slot in slots if slot not in may]

    def _in_order(self, atoms: list[Atom]) -> list[Atom]:
        """Match the deliveries of each subscription as they are read best in their order; what that leaves over is returned."""
        deliveries: dict[Where, list[Atom]] = defaultdict(list)
        for atom in atoms:
            if atom.kind in {"publish", "oof"} and atom.where in self.by_where:
                deliveries[atom.where].append(atom)
        read: set[tuple[int, int]] = set()
        for where, came in deliveries.items():
            slots, spare = self.by_where[where], where in self.spare
            for slot, atom in best_reading(slots, came, self._is, spare=spare):
                self._match(slot, atom)
                read.add(atom.order)
            if spare and all(slot.id in self.out.matched for slot in slots if slot.occurs is Occurs.ONCE):
                self.out.surplus += [atom for atom in came if atom.order not in read]
                read |= {atom.order for atom in came}
        return [atom for atom in atoms if atom.order not in read]

    def _is(self, slot: Slot, atom: Atom) -> bool:
        return self._fits(slot, atom) and _told(slot, atom)

    def _conditions(self) -> None:
        for slot in self.slots:
            if slot.when is None:
                continue
            atom = self.out.matched.get(slot.when[0])
            if atom is None or (atom.text("status") or "").lower() != slot.when[1]:
                self.out.dropped.add(slot.id)

    def _unmatched(self) -> list[Slot]:
        taken = self.out.matched
        return [slot for slot in self.slots if slot.id not in taken and slot.id not in self.out.dropped]

    def _take(self, atoms: Iterable[Atom]) -> list[Atom]:
        left: list[Atom] = []
        for atom in atoms:
            slot = self._slot_for(atom)
            if slot is None:
                left.append(atom)
            elif slot.occurs is Occurs.NEVER and atom.kind == "ack" and atom.text("cmd_id") is None:
                self.nameless[atom.order] = slot  # if an ack is missing, this may be it without its id
                left.append(atom)
            elif slot.occurs is Occurs.NEVER:
                self.out.forbidden.append((slot, atom))
            elif slot.id in self.out.matched:
                self.taken[atom.order] = slot
                left.append(atom)
            else:
                self._match(slot, atom)
        return left

    def _match(self, slot: Slot, atom: Atom) -> None:
        self.out.matched[slot.id] = atom
        sow_key = atom.text("sow_key")
        if sow_key is not None and slot.key is not None:
            self.keys_shown.setdefault((slot.where, sow_key), slot.key)
            for claim in slot.claims:
                if isinstance(claim.matcher, Same):
                    self.keys_shown.setdefault(sow_key, claim.matcher.symbol)

    def _slot_for(self, atom: Atom) -> Slot | None:
        slots = self.by_where.get(atom.where)
        if not slots:
            return None
        if atom.where in self.key_of:
            return self._by_record(atom, slots)
        if atom.kind in {"publish", "oof"}:
            return self._by_body(atom, slots)
        last: Slot | None = None
        for slot in slots:
            if slot.occurs is Occurs.NEVER or slot.id not in self.out.matched:
                return slot
            last = slot
        return last

    def _by_record(self, atom: Atom, slots: list[Slot]) -> Slot | None:
        """By the key fields in the body; where a select list took them away, by a SOW key that was shown before."""
        seen_topic = atom.text("topic") or ""
        for key_of, topics in self.key_of[atom.where].items():
            values = self._values(atom, key_of)
            if values is None:
                continue
            for topic in (seen_topic, *topics) if seen_topic in topics else topics:
                slot = self.by_key.get((atom.where, (topic, values)))
                if slot is not None:
                    return slot
        sow_key = atom.text("sow_key")
        symbol = self.keys_shown.get(sow_key) if sow_key else None
        if symbol is not None:
            for slot in slots:
                if any(isinstance(claim.matcher, Same) and claim.matcher.symbol == symbol for claim in slot.claims):
                    return slot
        return None

    @staticmethod
    def _values(atom: Atom, key_of: tuple[str, ...] | str) -> tuple[str, ...] | None:
        if isinstance(key_of, str):
            key = atom.text("sow_key")
            return None if key is None else (key,)
        values = [at_path(atom.tree, path) for path in key_of]
        if any(value is None or isinstance(value, dict | list) for value in values):
            return None
        return tuple(write(value).decode() for value in values)

    def _by_body(self, atom: Atom, slots: list[Slot]) -> Slot | None:
        """The next expected delivery if its body fits, else any that fits, else a forbidden one that fits, else one taken already.

        Of several with such a body the one that names the message's key and correlation id: the others only if it cannot be told.
        """
        start = self.next_free[atom.where]
        never: Slot | None = None
        taken: Slot | None = None
        other: Slot | None = None
        for index in range(start, len(slots)):
            slot = slots[index]
            if not self._fits(slot, atom):
                continue
            if slot.occurs is Occurs.NEVER:
                never = never or slot
            elif slot.id in self.out.matched:
                taken = taken or slot
            elif not _told(slot, atom):
                other = other or slot
            else:
                if index == start:
                    self.next_free[atom.where] = start + 1
                return slot
        if other is None and never is not None:
            return never
        before = [slot for slot in slots[:start] if self._fits(slot, atom)]
        if other is not None:
            return next((slot for slot in [*before, *([taken] if taken else [])] if _told(slot, atom)), other)
        return taken if taken is not None else before[0] if before else None

    def _fits(self, slot: Slot, atom: Atom) -> bool:
        """Whether a delivery has this body, and is not plainly about another record."""
        if slot.body is None or not agrees(slot.body, atom):
            return False
        if slot.key_of is None or not isinstance(slot.key, tuple):
            return True
        return self._values(atom, slot.key_of) in {None, slot.key[1]}

    def _pair_in_bucket(self, left: list[Atom]) -> list[Atom]:
        """What is left in a bucket is paired: by its body (it has a wrong header), else in order (it has a wrong body), else with what
        may come of the same record."""
        must: dict[Where, list[Slot]] = defaultdict(list)
        may: dict[Where, list[Slot]] = defaultdict(list)
        for slot in self._unmatched():
            if slot.occurs is Occurs.ONCE and slot.where[1] in {"sow", "publish", "oof"}:
                must[slot.where].append(slot)
            elif slot.occurs is Occurs.OPTIONAL and slot.where[1] == "publish" and slot.key_of is not None:
                may[slot.where].append(slot)
        rest: list[Atom] = []
        for atom in left:
            slots = must[atom.where] if must.get(atom.where) else may.get(atom.where, [])
            near = slots[:near_slots_max]
            found = next((slot for slot in near if slot.body is not None and agrees(slot.body, atom)), None)
            found = found or next((slot for slot in slots if slot.occurs is Occurs.ONCE or self._same_record(slot, atom)), None)
            if found is None or (atom.order in self.taken and found.occurs is not Occurs.ONCE):
                rest.append(atom)
                continue
            (must if found.occurs is Occurs.ONCE else may)[atom.where].remove(found)
            self._match(found, atom)
        return rest

    def _same_record(self, slot: Slot, atom: Atom) -> bool:
        return slot.key_of is not None and isinstance(slot.key, tuple) and self._values(atom, slot.key_of) == slot.key[1]

    def _pair_renamed(self, left: list[Atom]) -> list[Atom]:
        """An ack, bracket, record or delivery whose id is none that was ever used stands for the missing one with the right id."""
        pooled = {slot_id for pool in self.pools for slot_id in pool.slots}
        missing = [slot for slot in self._unmatched() if slot.correlated and (slot.occurs is Occurs.ONCE or slot.id in pooled)]
        known = {self._id(slot.where) for slot in self.slots}
        rest: list[Atom] = []
        for atom in left:
            found = None
            if atom.kind == "other" or self._id(atom.where) not in known or atom.order in self.nameless:
                found = next((slot for slot in missing if self._renames(slot, atom)), None)
            if found is None:
                rest.append(atom)
            else:
                missing.remove(found)
                self.out.matched[found.id] = atom
                self.out.renamed[found.id] = atom
        return rest

    @staticmethod
    def _id(where: Where) -> tuple[str, str, Hashable]:
        """Connection, kind of id (command, query or subscription), id."""
        connection, kind, correlation = where
        if kind == "ack":
            return (connection, "command", correlation[0] if isinstance(correlation, tuple) else correlation)
        return (connection, "query" if kind in {"group_begin", "sow", "group_end"} else "subscription", correlation)

    def _renames(self, slot: Slot, atom: Atom) -> bool:
        if slot.where[0] != atom.connection:
            return False
        if atom.kind == "other":
            if slot.where[1] == "ack" and isinstance(slot.where[2], tuple):
                return bool(slot.where[2] == (atom.text("cmd_id"), atom.text("ack_type")))
            return bool(slot.where[1] == "publish" and slot.body is not None and agrees(slot.body, atom))
        if slot.where[1] != atom.kind:
            return False
        if atom.kind == "ack":
            assert isinstance(slot.where[2], tuple)
            assert isinstance(atom.correlation, tuple)
            return bool(slot.where[2][1] == atom.correlation[1])
        if slot.where[1] == "sow" and slot.key_of is not None:
            assert isinstance(slot.key, tuple)
            return bool(self._values(atom, slot.key_of) == slot.key[1])
        return slot.body is None or self._fits(slot, atom)


def _told(slot: Slot, atom: Atom) -> bool:
    """Whether the message carries what tells this one from others with the same body."""
    return all(
        atom.text(claim.field) == str(claim.matcher.value)
        for claim in slot.claims
        if claim.field in {"sow_key", "correlation_id"} and isinstance(claim.matcher, Is)
    )
