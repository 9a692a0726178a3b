"""A recording on its way to a verdict: what is judged, and what was found so far.

How it is judged is said in `slots`, `surplus` and `relations`. A rule counts as exercised only where its breach would have been a
finding about it: the first rule of a `because` whose matter was really seen or really lacking.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Hashable

from conformance.compare.align import Alignment, align
from conformance.compare.explode import Atom
from conformance.compare.masking import Suspect
from conformance.results import Finding, FindingKind
from conformance.rules import Catalogue
from reference_model.client.program import ClientProgram
from reference_model.expectation import Expectation, Slot
from reference_model.losses import losses
from reference_model.observation import Observation
from reference_model.rule import Because, R
from reference_model.scenario import Scenario, Together


def decided_until(scenario: Scenario | ClientProgram, observation: Observation) -> int:
    """Index of the first step that could not be sent: what comes from there on says nothing about the target."""
    unresolved = set(observation.unresolved)
    for index, step in enumerate(scenario.steps):
        labels = {send.label for lane in step.lanes for send in lane} if isinstance(step, Together) else {step.label}
        if labels & unresolved:
            return index
    return len(scenario.steps)


class Case:
    """The inputs of a judgement, the alignment of what came with what was expected, and the ledger of rules kept and broken.

    in_turn  everything that a connection owes comes in turn (one thread of a client handles all): the last fence proves that what has
             not come does not come
    """

    def __init__(
        self,
        scenario: Scenario | ClientProgram,
        observation: Observation,
        expectation: Expectation,
        catalogue: Catalogue,
        atoms: list[Atom],
        disorder: list[Finding],
        *,
        in_turn: bool = False,
    ) -> None:
        self.in_turn = in_turn
        self.scenario = scenario
        self.observation = observation
        self.catalogue = catalogue
        self.expectation = expectation
        self.atoms = atoms
        self.exercised: Counter[str] = Counter()
        self.choices: dict[str, Counter[str]] = defaultdict(Counter)
        self.suspects: list[Suspect] = [Suspect(finding=finding, because=(R(finding.rule),), place=(0, 0)) for finding in disorder]
        self.inconclusive: dict[str, str] = {}
        self.bound: dict[Hashable, str] = {}
        self.binder: dict[Hashable, Because] = {}
        self.places = _places(scenario)
        self.lost = {label for loss in losses(scenario) for label in loss.labels}
        self.limit = decided_until(scenario, observation)
        self.alignment: Alignment = align(expectation, atoms)
        self.closed = {atom.connection: atom.order for atom in self.alignment.surplus if atom.kind == "closed"}
        self.closed |= {event.connection: (index, 0) for index, event in enumerate(observation.events) if event.kind == "garbled"}
        matched = [expectation.slots[slot_id] for slot_id in sorted(self.alignment.matched)]
        self.ended = frozenset(slot.where[0] for slot in matched if slot.step == f"end-{slot.where[0]}")
        self.flushed: dict[str, int] = {}
        for slot in matched:
            if slot.step.startswith(("fence-", "end-")):
                self.flushed[slot.where[0]] = max(self.place(slot), self.flushed.get(slot.where[0], 0))
        self.came = {slot.where for slot in matched}
        self.came_about = {(slot.where, slot.key) for slot in matched}
        self.forbidden = {slot.id for slot, _ in self.alignment.forbidden}
        self._last_of = {slot.where: slot.id for slot in matched}
        self._deliveries: dict[str, list[Slot]] = defaultdict(list)
        for slot in matched:
            if slot.where[1] == "publish":
                self._deliveries[slot.where[0]].append(slot)
        self._begun = [
            (index, self.places.get(event.label, len(scenario.steps)))
            for index, event in enumerate(observation.events)
            if event.label is not None and event.kind in {"sent", "step", "opened"}
        ]

    def place(self, slot: Slot) -> int:
        """Index of the step that the slot answers; the number of steps for what no step of the program sent."""
        return self.places.get(slot.step, len(self.scenario.steps))

    def place_of_event(self, index: int) -> int:
        """The last step that was sent before an event."""
        before = bisect_right(self._begun, index, key=lambda begun: begun[0])
        return self._begun[before - 1][1] if before else 0

    def followed(self, slot: Slot) -> bool:
        """Whether a message that was expected later in the slot's bucket has come."""
        return self._last_of.get(slot.where, -1) > slot.id

    def marked(self, slot: Slot) -> bool:
        """A later delivery to any subscription of the connection is a marker too: one connection gets one order."""
        for later in reversed(self._deliveries.get(slot.where[0], ())):
            if later.id <= slot.id:
                return False
            if later.step != slot.step:
                return True
        return False

    def free(self, rule: str) -> bool:
        """Whether the documentation leaves the matter to the target: such a rule is noted, never broken."""
        entry = self.catalogue.get(rule)
        return entry is None or entry.level in {"may", "undefined"}

    def kept(self, because: Because) -> None:
        """The rule was put to the test and held."""
        if because:
            if self.free(because[0]):
                self.choices[because[0]]["as expected"] += 1
            self.exercised[because[0]] += 1

    def broken(
        self,
        because: Because,
        kind: FindingKind,
        what: str,
        *,
        slot: Slot | None = None,
        atom: Atom | None = None,
        field: str = "",
        expected: str = "",
        seen: str = "",
        place: int | None = None,
        subject: Hashable = None,
    ) -> None:
        """The rule was put to the test and did not hold."""
        if not because:
            return
        self.exercised[because[0]] += 1
        if self.free(because[0]):
            self.choices[because[0]]["otherwise"] += 1
            return
        step = slot.step if slot is not None else ""
        connection = slot.where[0] if slot is not None else atom.connection if atom is not None else ""
        event = atom.event if atom is not None else len(self.observation.events)
        at = place if place is not None else self.place(slot) if slot is not None else len(self.scenario.steps)
        self.suspects.append(
            Suspect(
                finding=Finding(
                    rule=because[0],
                    kind=kind,
                    what=what,
                    field=field,
                    step=step,
                    connection=connection,
                    events=(atom.event,) if atom is not None else (),
                    expected=expected,
                    seen=seen,
                ),
                because=because,
                place=(at, event),
                subject=subject,
                slot=None if slot is None else slot.id,
                atom=None if atom is None else atom.order,
            )
        )


def _places(scenario: Scenario | ClientProgram) -> dict[str, int]:
    places: dict[str, int] = {}
    for index, step in enumerate(scenario.steps):
        labels = [send.label for lane in step.lanes for send in lane] if isinstance(step, Together) else [step.label]
        for label in labels:
            places[label] = index
            places[f"fence-{label}"] = index
    return places


def subject_of(slot: Slot) -> Hashable:
    """What a finding is about, so that its consequences can be told: the records of a topic, the deliveries of a subscription."""
    if slot.where[1] == "sow" and isinstance(slot.key, tuple):
        return ("records", slot.key[0])
    return (slot.where[1], slot.where[0], slot.where[2])
