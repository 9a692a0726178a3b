"""From a scenario and its recording to findings, rules exercised and choices: the verdict on one execution. Pure.

Slots, surplus and relations are judged by the modules of these names; which findings explain others is `masking`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from conformance.checks import CHECKS, OBLIGATIONS, Check, Chosen, Seen
from conformance.compare.adopt import adopt
from conformance.compare.align import Alignment
from conformance.compare.case import Case
from conformance.compare.explode import Atom, explode
from conformance.compare.fates import best_fit, told
from conformance.compare.masking import Suspect, masked
from conformance.compare.relations import judge_relations
from conformance.compare.slots import judge_slot
from conformance.compare.surplus import judge_unexpected
from conformance.results import WHOLE_SCENARIO, Finding, Verdict
from conformance.rules import Catalogue, applicable
from reference_model.client.program import ClientProgram
from reference_model.config import InstanceConfig
from reference_model.expectation import Expectation
from reference_model.model import predict
from reference_model.observation import Observation
from reference_model.rule import R
from reference_model.scenario import Scenario
from reference_model.state import ProgramError
from reference_model.witness import Witness


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """A verdict and all that led to it: what an explanation is made of. suspects: its findings, each with its place."""

    scenario: Scenario | ClientProgram
    observation: Observation
    expectation: Expectation
    alignment: Alignment
    atoms: tuple[Atom, ...]
    suspects: tuple[Suspect, ...]
    verdict: Verdict

    @property
    def misfit(self) -> int:
        """How many findings and undecided matters there are."""
        return len(self.suspects) + len(self.verdict.inconclusive)


def judge(scenario: Scenario, observation: Observation, config: InstanceConfig, catalogue: Catalogue) -> Verdict:
    """The verdict. Raises ProgramError if the model does not judge such a program.

    Nothing is judged where the runner stopped reading: what is missing may have come, and what came is too much to look at.
    """
    unread = next((event for event in observation.events if event.kind == "unread"), None)
    if unread is not None:
        why = f"connection {unread.connection}: {unread.detail}"
        return Verdict(scenario=scenario.name, exercised=dict.fromkeys(scenario.exercises, 1), inconclusive={WHOLE_SCENARIO: why})
    return examine(scenario, observation, config, catalogue).verdict


def examine(scenario: Scenario, observation: Observation, config: InstanceConfig, catalogue: Catalogue) -> Examination:
    """The verdict with its grounds. Raises ProgramError if the model does not judge such a program."""
    atoms = explode(observation)
    witness, disorder = adopt(scenario, atoms)

    def examined(witness: Witness) -> Examination:
        try:
            expectation = predict(scenario, config, witness)
        except ProgramError:
            if not witness.orders:
                raise
            # The order that the witness tells leads to something that is not judged.
            expectation = predict(scenario, config, replace(witness, orders={}))
        case = Case(scenario, observation, expectation, catalogue, atoms, disorder)
        return examined_case(case, lambda rule: rule in catalogue and applicable(catalogue[rule], config.features), CHECKS)

    witness, rest = told(scenario, observation, witness)
    if not any(one.sent for one in rest):
        return examined(witness)
    return best_fit(scenario, witness, rest, examined)


def examined_case(case: Case, applies: Callable[[str], bool], checks: Mapping[str, Check]) -> Examination:
    """What comes of a case. `applies`: whether a rule binds the target; `checks`: those that look at the recording."""
    scenario, observation, catalogue = case.scenario, case.observation, case.catalogue
    for slot in case.expectation.slots:
        if case.place(slot) < case.limit or case.limit == len(scenario.steps):
            judge_slot(case, slot)
    judge_unexpected(case)
    judge_relations(case)
    _checks(case, checks)
    if observation.foreign:
        case.inconclusive["*"] = "somebody else published to the slot"
    case.inconclusive |= case.expectation.unjudged

    suspects = tuple(suspect for suspect in masked(case.suspects, catalogue) if applies(suspect.finding.rule))
    return Examination(
        scenario=scenario,
        observation=observation,
        expectation=case.expectation,
        alignment=case.alignment,
        atoms=tuple(case.atoms),
        suspects=suspects,
        verdict=Verdict(
            scenario=scenario.name,
            exercised={rule: count for rule, count in case.exercised.items() if applies(rule)},
            findings=tuple(suspect.finding for suspect in suspects),
            choices={rule: dict(counts) for rule, counts in case.choices.items()},
            inconclusive=case.inconclusive,
        ),
    )


def _checks(case: Case, checks: Mapping[str, Check]) -> None:
    received = tuple(
        (index, event) for index, event in enumerate(case.observation.events) if event.kind == "received" and event.message is not None
    )
    seen = Seen(scenario=case.scenario, observation=case.observation, atoms=tuple(case.atoms), received=received, ended=case.ended)
    for check in checks.values():
        _results(case, check(seen))
    for obligation in case.expectation.obligations:
        _results(case, OBLIGATIONS[obligation.check](seen, obligation.data))


def _results(case: Case, results: Iterable[Finding | Chosen | R]) -> None:
    for result in results:
        if isinstance(result, Finding):
            case.exercised[result.rule] += 1
            if case.free(result.rule):
                case.choices[result.rule]["otherwise"] += 1
                continue
            index = result.events[0] if result.events else len(case.observation.events)
            case.suspects.append(
                Suspect(
                    finding=result,
                    because=(R(result.rule),),
                    place=(_place_of_check(case, result), index),
                    subject=("check", result.rule),
                )
            )
        elif isinstance(result, Chosen):
            case.choices[result.rule][result.choice] += 1
            case.exercised[result.rule] += 1
        else:
            case.exercised[result] += 1


def _place_of_check(case: Case, finding: Finding) -> int:
    """The step at which what a check found is first felt: unreadable bytes at the first answer that they swallowed."""
    if not finding.events:
        return len(case.scenario.steps)
    index = finding.events[0]
    if case.observation.events[index].kind != "garbled":
        return case.place_of_event(index)
    lost = [case.place(slot) for slot in case.alignment.missing if slot.where[0] == finding.connection]
    return min(lost, default=case.place_of_event(index))
