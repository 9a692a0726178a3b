"""A look at an expectation: its slots, claims, bodies and orders in short words, for tables that are typed from the specification."""

from __future__ import annotations

from reference_model.config import STANDARD, InstanceConfig
from reference_model.expectation import Absent, Expectation, Is, Like, Occurs, OneOf, Present, Same, Slot, Unknown, Within
from reference_model.model import predict
from reference_model.scenario import Scenario
from reference_model.witness import NO_WITNESS, Witness
from strategies.build import Program

WORDS = {Occurs.ONCE: "once", Occurs.OPTIONAL: "perhaps", Occurs.NEVER: "never"}


class View:
    """An expectation with short ways to look into it. Slots are named by their kind and the step that they answer."""

    def __init__(self, expectation: Expectation) -> None:
        self.expectation = expectation

    def slots(self, kind: str, step: str, *, on: str | None = None) -> list[Slot]:
        """Every slot of a kind that answers a step, forbidden ones too."""
        return [
            slot
            for slot in self.expectation.slots
            if slot.where[1] == kind and slot.step == step and (on is None or slot.where[0] == on)
        ]

    def acks(self, step: str) -> dict[str, str]:
        """Per ack type of a command `once`, `if accepted`, `perhaps` or `never`."""
        found: dict[str, str] = {}
        for slot in self.slots("ack", step):
            assert isinstance(slot.where[2], tuple)
            found[slot.where[2][1]] = WORDS[slot.occurs] if slot.when is None else "if accepted"
        return found

    def ack(self, step: str, ack_type: str) -> Slot:
        (found,) = [slot for slot in self.slots("ack", step) if slot.where[2][1] == ack_type]
        return found

    def status(self, step: str, ack_type: str = "processed") -> str:
        """The status that an ack must have; `success or failure`."""
        (claim,) = [claim for claim in self.ack(step, ack_type).claims if claim.field == "status"]
        return matched(claim.matcher)

    def records(self, step: str) -> dict[str, str]:
        """Per record of a query's result (its key as JSON texts) `once`, `perhaps` or `never`."""
        return {", ".join(slot.key[1]): WORDS[slot.occurs] for slot in self.slots("sow", step)}

    def record(self, step: str, key: str) -> Slot:
        (found,) = [slot for slot in self.slots("sow", step) if ", ".join(slot.key[1]) == key and slot.occurs is not Occurs.NEVER]
        return found

    def deliveries(self, step: str) -> dict[str, str]:
        """Per subscription that a publish may reach `once`, `perhaps` or `never`; ids that are none (CMD-SUB-19) left out."""
        slots = self.slots("publish", step)
        return {str(slot.where[2]): WORDS[slot.occurs] for slot in slots if slot.because[:1] != ("CMD-SUB-19",)}

    def delivery(self, step: str, subscription: str) -> Slot:
        (found,) = [slot for slot in self.slots("publish", step) if slot.where[2] == subscription]
        return found

    def orders(self, rule: str) -> list[list[list[Slot]]]:
        """The chains that a rule demands, as groups of slots."""
        slots = self.expectation.slots
        return [[[slots[i] for i in group] for group in c.groups] for c in self.expectation.chains if c.because[0] == rule]

    def surplus(self, connection: str, kind: str, correlation: object) -> tuple[str, ...] | None:
        """The rules against what nobody expects in a bucket: the first scope that names it; None if there is none."""
        scopes = self.expectation.scopes
        found = [s for s in scopes if (s.connection, s.kind, s.correlation) == (connection, kind, correlation)]
        return found[0].surplus if found else None


def look(program: Program | Scenario, *, config: InstanceConfig = STANDARD, witness: Witness = NO_WITNESS) -> View:
    """What the model expects of a program."""
    scenario = program.scenario() if isinstance(program, Program) else program
    return View(predict(scenario, config, witness))


def matched(matcher: object) -> str:
    """A matcher in short: `5`, `2 to 4`, `success or failure`, `absent`, `present`, `same`, `like`."""
    match matcher:
        case Is(value=value):
            return str(value)
        case OneOf(values=values):
            return " or ".join(str(value) or "absent" for value in values)
        case Within(low=low, high=high):
            return str(low) if low == high else f"{low} to {high}"
        case Absent():
            return "absent"
        case Present():
            return "present"
        case Same():
            return "same"
        case Like():
            return "like"
    raise AssertionError(matcher)


def claims(slot: Slot, field: str) -> dict[str, str]:
    """What is claimed of a field: per rule to blame the matcher in short."""
    return {str(claim.because[0]): matched(claim.matcher) for claim in slot.claims if claim.field == field}


def members(slot: Slot) -> dict[str, object]:
    """The members of a body: the value, a set of several (as a list), or `any`; absent is None in a list."""
    assert slot.body is not None
    out: dict[str, object] = {}
    for name, member in slot.body.members.items():
        if isinstance(member.values, Unknown):
            out[name] = "any"
        elif len(member.values) == 1:
            out[name] = member.values[0]
        else:
            out[name] = list(member.values)
    return out


def why(slot: Slot) -> str:
    """The rule that is to blame if the slot is not kept."""
    return str(slot.because[0])
