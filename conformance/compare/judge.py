"""From a scenario and its recording to findings, rules exercised and choices: the verdict on one execution. Pure.

A rule counts as exercised only where its breach would have been a finding about it: the first rule of a `because` whose matter was
really seen or really lacking. Which findings explain others is `masking`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable
from dataclasses import dataclass

from conformance.checks import CHECKS, OBLIGATIONS, Chosen, Seen
from conformance.compare.adopt import adopt
from conformance.compare.align import Alignment, align
from conformance.compare.bodies import compare_body
from conformance.compare.explode import Atom, explode
from conformance.compare.fields import described, satisfied, value_of
from conformance.compare.masking import Suspect, masked
from conformance.compare.texts import atom_text, correlation_text, cut, expected_text, named
from conformance.results import Finding, FindingKind, Verdict
from conformance.rules import Catalogue, applicable
from reference_model.config import InstanceConfig
from reference_model.expectation import Absent, Body, Expectation, Is, Occurs, OneOf, Same, Scope, Slot
from reference_model.model import predict
from reference_model.observation import Observation
from reference_model.rule import Because, R
from reference_model.scenario import Scenario, Together


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """A verdict and all that led to it: what an explanation is made of. suspects: its findings, each with its place."""

    scenario: Scenario
    observation: Observation
    expectation: Expectation
    alignment: Alignment
    atoms: tuple[Atom, ...]
    suspects: tuple[Suspect, ...]
    verdict: Verdict


def judge(scenario: Scenario, observation: Observation, config: InstanceConfig, catalogue: Catalogue) -> Verdict:
    """The verdict. Raises ProgramError if the model does not judge such a program."""
    return examine(scenario, observation, config, catalogue).verdict


def examine(scenario: Scenario, observation: Observation, config: InstanceConfig, catalogue: Catalogue) -> Examination:
    """The verdict with its grounds. Raises ProgramError if the model does not judge such a program."""
    atoms = explode(observation)
    witness, disorder = adopt(scenario, atoms)
    expectation = predict(scenario, config, witness)
    return _Judge(scenario, observation, expectation, config, catalogue, atoms, disorder).run()


def decided_until(scenario: Scenario, observation: Observation) -> int:
    """Index of the first step that could not be sent: what comes from there on says nothing about the target."""
    unresolved = set(observation.unresolved)
    for index, step in enumerate(scenario.steps):
        labels = {send.label for lane in step.lanes for send in lane} if isinstance(step, Together) else {step.label}
        if labels & unresolved:
            return index
    return len(scenario.steps)


class _Judge:
    def __init__(
        self,
        scenario: Scenario,
        observation: Observation,
        expectation: Expectation,
        config: InstanceConfig,
        catalogue: Catalogue,
        atoms: list[Atom],
        disorder: list[Finding],
    ) -> None:
        self.scenario = scenario
        self.observation = observation
        self.config = config
        self.catalogue = catalogue
        self.expectation = expectation
        self.atoms = atoms
        self.exercised: Counter[str] = Counter()
        self.choices: dict[str, Counter[str]] = defaultdict(Counter)
        self.suspects: list[Suspect] = [Suspect(finding=finding, because=(R(finding.rule),), place=(0, 0)) for finding in disorder]
        self.inconclusive: dict[str, str] = {}
        self.bound: dict[Hashable, str] = {}
        self.binder: dict[Hashable, Because] = {}
        self.places = self._places()
        self.limit = decided_until(scenario, observation)
        self.alignment: Alignment = align(expectation, atoms)
        self.closed = {atom.connection: atom.order for atom in self.alignment.surplus if atom.kind == "closed"}
        self.closed |= {event.connection: (index, 0) for index, event in enumerate(observation.events) if event.kind == "garbled"}
        self.ended = self._ended()

    def _places(self) -> dict[str, int]:
        places: dict[str, int] = {}
        for index, step in enumerate(self.scenario.steps):
            labels = [send.label for lane in step.lanes for send in lane] if isinstance(step, Together) else [step.label]
            for label in labels:
                places[label] = index
                places[f"fence-{label}"] = index
        return places

    def _place(self, slot: Slot) -> int:
        return self.places.get(slot.step, len(self.scenario.steps))

    def _ended(self) -> frozenset[str]:
        """Connections whose last flush was answered."""
        slots = self.expectation.slots
        return frozenset(
            slots[slot_id].where[0] for slot_id in self.alignment.matched if slots[slot_id].step == f"end-{slots[slot_id].where[0]}"
        )

    def run(self) -> Examination:
        for slot in self.expectation.slots:
            if self._place(slot) < self.limit or self.limit == len(self.scenario.steps):
                self._slot(slot)
        self._unexpected()
        self._pools()
        self._chains()
        self._distinct()
        self._scopes()
        self._checks()
        if self.observation.foreign:
            self.inconclusive["*"] = "somebody else published to the slot"
        for step, why in self.expectation.unjudged.items():
            self.inconclusive[step] = why
        applicable_rules = {rule for rule in self.exercised if self._applies(rule)}
        suspects = tuple(suspect for suspect in masked(self.suspects, self.catalogue) if self._applies(suspect.finding.rule))
        return Examination(
            scenario=self.scenario,
            observation=self.observation,
            expectation=self.expectation,
            alignment=self.alignment,
            atoms=tuple(self.atoms),
            suspects=suspects,
            verdict=Verdict(
                scenario=self.scenario.name,
                exercised={rule: count for rule, count in self.exercised.items() if rule in applicable_rules},
                findings=tuple(suspect.finding for suspect in suspects),
                choices={rule: dict(counts) for rule, counts in self.choices.items()},
                inconclusive=self.inconclusive,
            ),
        )

    def _applies(self, rule: str) -> bool:
        entry = self.catalogue.get(rule)
        return entry is not None and applicable(entry, self.config.features)

    # ---- what counts, and what is only recorded ---------------------------------------------------------------------------

    def _free(self, rule: str) -> bool:
        entry = self.catalogue.get(rule)
        return entry is None or entry.level in {"may", "undefined"}

    def _kept(self, because: Because) -> None:
        """The rule was put to the test and held."""
        if because:
            if self._free(because[0]):
                self.choices[because[0]]["as expected"] += 1
            self.exercised[because[0]] += 1

    def _broken(
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
        if not because:
            return
        self.exercised[because[0]] += 1
        if self._free(because[0]):
            self.choices[because[0]]["otherwise"] += 1
            return
        step = slot.step if slot is not None else ""
        connection = slot.where[0] if slot is not None else atom.connection if atom is not None else ""
        event = atom.event if atom is not None else len(self.observation.events)
        at = place if place is not None else self._place(slot) if slot is not None else len(self.scenario.steps)
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

    # ---- slots ---------------------------------------------------------------------------------------------------------------

    def _slot(self, slot: Slot) -> None:
        if slot.id in self.alignment.dropped:
            return
        atom = self.alignment.matched.get(slot.id)
        if atom is not None:
            self._matched(slot, atom)
        elif slot.occurs is Occurs.ONCE:
            self._missing(slot)
        elif slot.occurs is Occurs.OPTIONAL:
            if slot.because and self._free(slot.because[0]):
                self.choices[slot.because[0]]["did not come"] += 1
        elif self._absence_proven(slot):
            self._kept(slot.because)

    def _absence_proven(self, slot: Slot) -> bool:
        """Whether what must not come would have been seen by now."""
        connection, kind, correlation = slot.where
        if any(forbidden.id == slot.id for forbidden, _ in self.alignment.forbidden) or connection not in self.ended:
            return False
        if kind == "sow":
            return any(
                other.where == (connection, "group_end", correlation) and other.id in self.alignment.matched
                for other in self._bucket((connection, "group_end", correlation))
            )
        if kind in {"publish", "oof"}:
            return any(other.id in self.alignment.matched and other.id > slot.id for other in self._bucket(slot.where)) or self._marked(
                connection, slot
            )
        return True

    def _bucket(self, where: tuple[str, str, Hashable]) -> list[Slot]:
        if not hasattr(self, "_buckets"):
            self._buckets: dict[Hashable, list[Slot]] = defaultdict(list)
            for slot in self.expectation.slots:
                self._buckets[slot.where].append(slot)
        return self._buckets[where]

    def _marked(self, connection: str, slot: Slot) -> bool:
        """A later delivery to any subscription of the connection is a marker too: one connection gets one order."""
        return any(
            other.where[:2] == (connection, "publish")
            and other.id > slot.id
            and other.step != slot.step
            and other.id in self.alignment.matched
            for other in self.expectation.slots
        )

    def _missing(self, slot: Slot) -> None:
        connection, kind, _ = slot.where
        if kind == "publish" and not self._overdue(slot):
            self.inconclusive[slot.because[0]] = f"{slot.step}: no fence shows that it does not come"
            return
        closed = self.closed.get(connection)
        what = f"{named(slot)} is missing"
        seen = "nothing"
        if closed is not None:
            seen = "connection closed" if self.observation.events[closed[0]].kind == "closed" else "bytes that are no message"
        # Masked too where ids come back wrong: it may have come under another one.
        self._broken(
            (*slot.because, *slot.correlated) if slot.because else (),
            "closed" if closed is not None else "missing",
            what,
            slot=slot,
            expected=expected_text(slot),
            seen=seen,
            subject=_subject(slot),
        )

    def _overdue(self, slot: Slot) -> bool:
        """A delivery is lacking once a later one of its subscription has come, or a fence on its connection has waited in vain."""
        connection = slot.where[0]
        if connection in self.closed:
            return True
        if any(other.id > slot.id and other.id in self.alignment.matched for other in self._bucket(slot.where)):
            return True
        if self._marked(connection, slot):
            return True
        place = self._place(slot)
        return any(
            step.label in self.observation.late and getattr(step, "connection", None) == connection
            for step in self.scenario.steps[place:]
        )

    def _matched(self, slot: Slot, atom: Atom) -> None:
        if slot.occurs is Occurs.ONCE:
            self._kept(slot.because)
        elif slot.because and self._free(slot.because[0]):
            self.choices[slot.because[0]]["came"] += 1
        if slot.id in self.alignment.renamed:
            field = {"ack": "cmd_id", "publish": "sids", "oof": "sids"}.get(slot.where[1], "query_id")
            if atom.kind == "other":
                claim = next((claim for claim in slot.claims if claim.field == "cmd"), None)
                because = claim.because if claim is not None else (R("CMD-ACK-06"),)
                self._broken(because, "wrong", f"{named(slot)} has another cmd", slot=slot, atom=atom, field="cmd",
                             expected=slot.where[1], seen=atom.text("cmd") or "absent")  # fmt: skip
            else:
                self._broken(slot.correlated, "wrong", f"{named(slot)} has another {field}", slot=slot, atom=atom, field=field,
                             expected=correlation_text(slot.where[2]), seen=correlation_text(atom.correlation))  # fmt: skip
        else:
            self._kept(slot.correlated)
        self._claims(slot, atom)
        if slot.body is not None:
            self._body(slot, slot.body, atom)

    def _claims(self, slot: Slot, atom: Atom) -> None:
        failed_fields: set[str] = set()
        for claim in slot.claims:
            if claim.field in failed_fields or (claim.field == "cmd" and slot.id in self.alignment.renamed):
                continue
            text = atom.kind if claim.field == "cmd" and atom.kind != "other" else value_of(claim, atom.text(claim.field))
            matcher, because = claim.matcher, claim.because
            if claim.field == "status" and text is None:
                continue  # a matter of every ack (CMD-ACK-10)
            if satisfied(matcher, text, self.bound):
                if isinstance(matcher, Same) and text is not None and matcher.symbol not in self.bound:
                    self.bound[matcher.symbol] = text  # the first value could not have been wrong
                    self.binder[matcher.symbol] = because
                elif isinstance(matcher, OneOf) and matcher.names:
                    index = [str(value) for value in matcher.values].index(text or "")
                    self.choices[because[0]][matcher.names[index]] += 1
                    if self._free(because[0]):
                        self.exercised[because[0]] += 1
                elif text is not None or isinstance(matcher, Absent):
                    self._kept(because)
                continue
            if text is None and isinstance(matcher, Is) and not self._free(because[0]) and claim.field in STATISTICS:
                continue  # that the field is absent is the finding of its Present claim
            if isinstance(matcher, Same):
                because = next((b for b in (because, self.binder[matcher.symbol]) if b[0] == R("SOW-REC-09")), because)
            if not self._free(because[0]):
                failed_fields.add(claim.field)
            self._broken(
                because,
                "wrong",
                f"{named(slot)}: {claim.field} is wrong",
                slot=slot,
                atom=atom,
                field=claim.field,
                expected=described(matcher, self.bound),
                seen=cut(text) if text is not None else "absent",
                subject=("statistics", slot.where[0], slot.step) if claim.field in STATISTICS else None,
            )

    def _body(self, slot: Slot, body: Body, atom: Atom) -> None:
        comparison = compare_body(body, atom)
        for rule in comparison.exercised:
            self.exercised[rule] += 1
        for rule, choice in comparison.choices:
            self.choices[rule][choice] += 1
            self.exercised[rule] += 1
        for difference in comparison.differences[:1]:
            self._broken(
                difference.because,
                "wrong",
                f"{named(slot)}: the body is wrong" + (f" at {difference.field}" if difference.field else ""),
                slot=slot,
                atom=atom,
                field=difference.field or "body",
                expected=difference.expected,
                seen=difference.seen,
                subject=_subject(slot),
            )

    # ---- what nobody expected ---------------------------------------------------------------------------------------------

    def _unexpected(self) -> None:
        for slot, atom in self.alignment.forbidden:
            self._broken(
                slot.because,
                "unexpected",
                f"{named(slot)} must not come",
                slot=slot,
                atom=atom,
                expected="nothing",
                seen=atom_text(atom),
                subject=_subject(slot),
            )
        for slot, atom in self.alignment.repeated:
            scope = self._scope(atom, slot.key)
            self._broken(
                scope.repeated if scope is not None else (),
                "repeated",
                f"{named(slot)} comes twice",
                slot=slot,
                atom=atom,
                expected="once",
                seen=atom_text(atom),
                subject=_subject(slot),
            )
        unresolved_from = min(
            (index for index, event in enumerate(self.observation.events) if self.places.get(event.label or "", -1) >= self.limit),
            default=len(self.observation.events),
        )
        untold = (self.expectation.slots[slot_id] for slot_id in self.alignment.dropped)
        open_answers = {
            slot.where
            for slot in untold
            if slot.when and (slot.when[0] not in self.alignment.matched or slot.when[0] in self.alignment.renamed)
        }
        strays = {(atom.connection, atom.correlation) for atom in self.alignment.renamed.values() if atom.kind != "ack"}
        for atom in self.alignment.surplus:
            if atom.where in open_answers:  # whether it had to come was to be told by an ack that did not come
                continue
            if (atom.connection, atom.correlation) in strays:  # that its id is wrong is a finding already
                continue
            if atom.kind in {"closed", "heartbeat"} or (self.limit < len(self.scenario.steps) and atom.event >= unresolved_from):
                continue
            scope = self._scope(atom, None)
            if scope is not None and scope.surplus:
                self._broken(
                    scope.surplus,
                    "unexpected",
                    f"an unexpected {atom.kind} message",
                    atom=atom,
                    expected="nothing",
                    seen=atom_text(atom),
                    place=self._place_of_event(atom.event),
                    subject=("surplus", atom.connection, atom.kind),
                )

    def _place_of_event(self, index: int) -> int:
        """The last step that was sent before an event."""
        for event in reversed(self.observation.events[: index + 1]):
            if event.label is not None and event.kind in {"sent", "step", "opened"}:
                return self.places.get(event.label, len(self.scenario.steps))
        return 0

    def _scope(self, atom: Atom, key: Hashable) -> Scope | None:
        """The narrowest scope that an atom falls into."""
        found: dict[int, Scope] = {}
        for scope in self.expectation.scopes:
            if scope.connection != atom.connection:
                continue
            if scope.kind is None:
                found.setdefault(0, scope)
            elif scope.kind != atom.kind:
                continue
            elif scope.correlation is None:
                found.setdefault(1, scope)
            elif scope.correlation == atom.correlation:
                found.setdefault(2, scope)
            elif key is not None and scope.correlation == (atom.correlation, key):
                found.setdefault(3, scope)
        if not found:
            return None
        return found[max(found)]

    # ---- relations -------------------------------------------------------------------------------------------------------------

    def _pools(self) -> None:
        # Which query a record with a wrong id belongs to is a guess.
        astray = {atom.connection for atom in self.alignment.renamed.values() if atom.kind == "sow"}
        for pool in self.expectation.pools:
            slots = self.expectation.slots
            if not pool.slots or any(slot_id in self.alignment.dropped for slot_id in pool.slots):
                continue
            if slots[pool.slots[0]].where[0] in astray:
                continue
            count = sum(slot_id in self.alignment.matched for slot_id in pool.slots)
            first = slots[pool.slots[0]]
            if self._place(first) >= self.limit != len(self.scenario.steps) or first.where[0] in self.closed:
                continue
            usual = f"{pool.low}" if pool.low == pool.high else f"{pool.low} to {pool.high}"
            if pool.low <= count <= pool.high:
                self._kept(pool.because)
                if pool.low < pool.high:
                    self.choices[R("SOW-TOPN-12")]["exact" if count == pool.low else "rounded up"] += 1
                    self.exercised[R("SOW-TOPN-12")] += 1
            else:
                self._broken(
                    pool.because,
                    "missing" if count < pool.low else "unexpected",
                    "another number of records comes",
                    slot=first,
                    field="records",
                    expected=usual,
                    seen=str(count),
                    subject=_subject(first),
                )

    def _chains(self) -> None:
        for chain in self.expectation.chains:
            latest: Atom | None = None
            latest_slot: Slot | None = None
            groups = 0
            broken = False
            for group in chain.groups:
                atoms = [
                    (self.alignment.matched[slot_id], slot_id)
                    for slot_id in group
                    if slot_id in self.alignment.matched and slot_id not in self.alignment.renamed
                ]
                if not atoms:
                    continue
                groups += 1
                first, first_slot = min(atoms, key=lambda pair: pair[0].order)
                if latest is not None and latest_slot is not None and first.order < latest.order:
                    slot = self.expectation.slots[first_slot]
                    self._broken(
                        chain.because,
                        "order",
                        f"{named(slot)} comes before {named(latest_slot)}",
                        slot=slot,
                        atom=first,
                        field="order",
                        expected=f"after {named(latest_slot)}",
                        seen="before it",
                        subject=("order", slot.where),
                    )
                    broken = True
                    break
                last, last_slot = max(atoms, key=lambda pair: pair[0].order)
                if latest is None or last.order > latest.order:
                    latest, latest_slot = last, self.expectation.slots[last_slot]
            if groups > 1 and not broken:
                self._kept(chain.because)

    def _distinct(self) -> None:
        for distinct in self.expectation.distinct:
            values: dict[str, Hashable] = {}
            for symbol in distinct.symbols:
                value = self.bound.get(symbol)
                if value is None:
                    continue
                if value in values:
                    atom = next((a for a in self.atoms if a.text("sow_key") == value), None)
                    self._broken(
                        distinct.because,
                        "wrong",
                        "two records share one SOW key",
                        atom=atom,
                        field="sow_key",
                        expected="keys that differ",
                        seen=value,
                        place=self._place_of_event(atom.event) if atom is not None else None,
                    )
                    break
                values[value] = symbol
            else:
                if len(values) > 1:
                    self._kept(distinct.because)

    def _scopes(self) -> None:
        """Nothing came twice where something came once: a test of what forbids it. (A surplus that did not come tests nothing: what a
        broken rule would bring along are the NEVER slots.)"""
        for scope in self.expectation.scopes:
            if scope.connection not in self.ended or scope.correlation is None:
                continue
            if scope.kind == "sow" and isinstance(scope.correlation, tuple):
                if scope.repeated and any(
                    slot.id in self.alignment.matched
                    for slot in self._bucket((scope.connection, "sow", scope.correlation[0]))
                    if slot.key == scope.correlation[1]
                ):
                    self._kept(scope.repeated)
                continue
            if (
                scope.repeated
                and scope.kind == "ack"
                and any(slot.id in self.alignment.matched for slot in self._bucket((scope.connection, "ack", scope.correlation)))
            ):
                self._kept(scope.repeated)
        for connection in self.ended:
            sent = {
                event.message.cmd
                for event in self.observation.events
                if event.kind == "sent" and event.connection == connection and event.message is not None
            }
            if sent & {"publish"} and not sent & {"subscribe", "sow"}:
                self._kept((R("CMD-PUB-06"),))

    # ---- checks ----------------------------------------------------------------------------------------------------------------

    def _checks(self) -> None:
        received = tuple(
            (index, event)
            for index, event in enumerate(self.observation.events)
            if event.kind == "received" and event.message is not None
        )
        seen = Seen(scenario=self.scenario, observation=self.observation, atoms=tuple(self.atoms), received=received, ended=self.ended)
        for check in CHECKS.values():
            self._results(check(seen))
        for obligation in self.expectation.obligations:
            self._results(OBLIGATIONS[obligation.check](seen, obligation.data))

    def _results(self, results: object) -> None:
        for result in results:  # type: ignore[attr-defined]  # an iterable of the three kinds below
            if isinstance(result, Finding):
                self.exercised[result.rule] += 1
                if self._free(result.rule):
                    self.choices[result.rule]["otherwise"] += 1
                    continue
                index = result.events[0] if result.events else len(self.observation.events)
                self.suspects.append(
                    Suspect(
                        finding=result,
                        because=(R(result.rule),),
                        place=(self._place_of_check(result), index),
                        subject=("check", result.rule),
                    )
                )
            elif isinstance(result, Chosen):
                self.choices[result.rule][result.choice] += 1
                self.exercised[result.rule] += 1
            else:
                self.exercised[result] += 1

    def _place_of_check(self, finding: Finding) -> int:
        """The step at which what a check found is first felt: unreadable bytes at the first answer that they swallowed."""
        if not finding.events:
            return len(self.scenario.steps)
        index = finding.events[0]
        if self.observation.events[index].kind != "garbled":
            return self._place_of_event(index)
        lost = [self._place(slot) for slot in self.alignment.missing if slot.where[0] == finding.connection]
        return min(lost, default=self._place_of_event(index))


STATISTICS = frozenset({"topic_matches", "matches", "records_returned", "records_deleted"})


def _subject(slot: Slot) -> Hashable:
    """What a finding is about, so that its consequences can be told: the records of a topic, the deliveries of a subscription."""
    if slot.where[1] == "sow" and isinstance(slot.key, tuple):
        return ("records", slot.key[0])
    return (slot.where[1], slot.where[0], slot.where[2])
