"""The register of checks, and what a check is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from conformance.compare.explode import Atom
from conformance.results import Finding
from reference_model.client.program import ClientProgram
from reference_model.losses import losses
from reference_model.observation import Event, Observation
from reference_model.rule import R
from reference_model.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the target did where a may or undefined rule, or an either-or, leaves it free."""

    rule: R
    choice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that checks look at.

    received  (index, event) of all frames from the target that decoded
    ended     connections whose last flush was answered, so that everything before it has been seen
    results   per (connection, query id) the `sow` messages among the received
    """

    scenario: Scenario | ClientProgram
    observation: Observation
    atoms: tuple[Atom, ...]
    received: tuple[tuple[int, Event], ...]
    ended: frozenset[str] = field(default_factory=frozenset)
    results: Mapping[tuple[str, str], Sequence[tuple[int, Event]]] = field(init=False)

    def __post_init__(self) -> None:
        results: dict[tuple[str, str], list[tuple[int, Event]]] = {}
        for index, event in self.received:
            if event.message is not None and event.message.cmd == "sow":
                results.setdefault((event.connection, event.message.text("query_id") or ""), []).append((index, event))
        object.__setattr__(self, "results", results)

    def answerable(self) -> Iterator[Event]:
        """The commands that were sent, but for those on connections that may be lost: their answers may be cut off anywhere."""
        lost = {label for loss in losses(self.scenario) for label in loss.labels}
        return (
            event for event in self.observation.events if event.kind == "sent" and event.message is not None and event.label not in lost
        )

    def queries(self) -> frozenset[tuple[str, str]]:
        """(connection, query id) of every query that has to be answered: results with another id are no matter of what stands where in
        them."""
        return frozenset(
            (event.connection, query_id)
            for event in self.answerable()
            if event.message is not None
            and event.message.cmd.startswith("sow")
            and (query_id := event.message.text("query_id") or event.message.text("cmd_id"))
        )


Result = Iterable[R | Chosen | Finding]
"""A bare rule: this recording could have been seen to break it."""
Check = Callable[[Seen], Result]
ObligationCheck = Callable[[Seen, Mapping[str, object]], Result]

CHECKS: dict[str, Check] = {}
OBLIGATIONS: dict[str, ObligationCheck] = {}


def judges(*rules: R) -> Callable[[Check], Check]:
    """Register a check that looks at every recording."""
    assert rules

    def register(check: Check) -> Check:
        CHECKS[check.__name__] = check
        return check

    return register


def judges_obligation(name: str) -> Callable[[ObligationCheck], ObligationCheck]:
    """Register the check of an obligation that the model writes down by that name."""

    def register(check: ObligationCheck) -> ObligationCheck:
        OBLIGATIONS[name] = check
        return check

    return register


def finding(
    rule: R, what: str, index: int, event: Event, *, field: str = "", expected: str = "", seen: str = "", step: str = ""
) -> Finding:
    """A finding of a check about one event."""
    return Finding(
        rule=rule,
        kind="check",
        what=what,
        field=field,
        step=step,
        connection=event.connection,
        events=(index,),
        expected=expected,
        seen=seen,
    )
