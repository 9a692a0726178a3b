"""What became of the commands on connections that were lost: what the recording tells at once, and what it leaves to be tried.

What was acknowledged took effect, and what was not sent whole did not. In between any number of the changes of a connection took
effect, the first ones: each number is a witness, and the one that fits best is taken. Only if none fits it is tried whether some took
effect later than they were sent. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal, Protocol, TypeVar

from reference_model.losses import Loss, losses
from reference_model.messages import Message, Status
from reference_model.observation import Event, Observation
from reference_model.scenario import Scenario, Send
from reference_model.state import ProgramError
from reference_model.witness import Witness

LATE_TRIES_MAX: Final = 60
"""How many later effects are tried for one loss: a shortage of fits is a finding, and a verdict must not take a minute."""

Fates = dict[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a recording tells of one loss. sent: its changes that left whole, in order; sure: how many of them took effect for sure."""

    loss: Loss
    sent: tuple[str, ...]
    sure: int


def told(scenario: Scenario, observation: Observation, witness: Witness) -> tuple[Witness, list[Told]]:
    """The witness with what is known at once, and what is left to be tried."""
    found = losses(scenario)
    if not found:
        return witness, []
    left = {event.label for event in observation.events if event.kind == "sent"}
    torn = {event.label for event in observation.events if event.kind == "step" and event.label is not None}
    acked: dict[str, Literal["persisted", "flushed"]] = {}
    whole: set[str] = set()
    rest: list[Told] = []
    fates: Fates = {}
    for loss in found:
        came = [event.message for event in observation.events if event.connection == loss.connection and _came(event)]
        sure = 0
        sent = tuple(send.label for send in loss.changes if send.label in left)
        for send in loss.sends:
            if send.label not in left:
                fates[send.label] = None
            elif send.command.cmd == "sow":
                if _ended(send, came):
                    whole.add(send.label)
            elif send.label in sent and (_acked(send, "persisted", came) or _covered(send, came)):
                acked[send.label] = "persisted"
                sure = sent.index(send.label) + 1
            elif send.command.cmd == "flush" and _acked(send, "completed", came):
                before = [label for label in sent if _place(loss, label) < _place(loss, send.label)]
                acked |= {label: acked.get(label, "flushed") for label in before}
                sure = max(sure, len(before))
        rest.append(Told(loss=loss, sent=sent, sure=sure))
    labels = {send.label for loss in found for send in loss.sends}
    known = replace(witness, fates=fates, acked=acked, torn=frozenset(torn & labels), whole=frozenset(whole))
    return known, rest


def _came(event: Event) -> bool:
    return event.kind == "received" and event.message is not None


def _place(loss: Loss, label: str) -> int:
    return next(at for at, send in enumerate(loss.sends) if send.label == label)


def _acked(send: Send, ack_type: str, came: Sequence[Message | None]) -> bool:
    cmd_id = send.command.plain().text("cmd_id")
    return bool(cmd_id) and any(
        message is not None
        and message.cmd == "ack"
        and message.text("cmd_id") == cmd_id
        and message.text("ack_type") == ack_type
        and (message.text("status") or "").lower() == Status.SUCCESS
        for message in came
    )


def _covered(send: Send, came: Sequence[Message | None]) -> bool:
    """Whether a conflated persisted ack, which has no id, covers the number of the change (CMD-CONF-04)."""
    number = send.command.plain().text("seq")
    return number is not None and any(
        message is not None
        and message.cmd == "ack"
        and message.text("ack_type") == "persisted"
        and message.text("cmd_id") is None
        and isinstance(covered := message.header.get("seq"), int)
        and covered >= int(number)
        and (message.text("status") or "").lower() == Status.SUCCESS
        for message in came
    )


def _ended(send: Send, came: Sequence[Message | None]) -> bool:
    plain = send.command.plain()
    query_id = plain.text("query_id") or plain.text("cmd_id")
    return any(message is not None and message.cmd == "group_end" and message.text("query_id") == query_id for message in came)


# ---- what is tried -------------------------------------------------------------------------------------------------------------


def at_once(one: Told) -> Iterator[Fates]:
    """Every number of changes that may have taken effect when they were sent, all of them first."""
    for count in range(len(one.sent), one.sure - 1, -1):
        yield {label: label if at < count else None for at, label in enumerate(one.sent)}


def later(scenario: Scenario, one: Told) -> Iterator[Fates]:
    """Some changes at once, and some of the next ones before a later step."""
    steps = [step.label for step in scenario.steps[one.loss.end :]]
    count = 0
    for step in steps:
        for first in range(one.sure, len(one.sent)):
            for last in range(len(one.sent), first, -1):
                if count == LATE_TRIES_MAX:
                    return
                count += 1
                yield {label: label if at < first else step if at < last else None for at, label in enumerate(one.sent)}


class Fit(Protocol):
    """What was found under one witness: an examination. `misfit`: how much of the recording it does not explain."""

    @property
    def misfit(self) -> int: ...


F = TypeVar("F", bound=Fit)


def best_fit(scenario: Scenario, witness: Witness, rest: Sequence[Told], examined: Callable[[Witness], F]) -> F:
    """The examination under the witness with which the least does not fit, loss by loss in the order of the program (twice, since
    what a later loss explains may hide behind an earlier one).

    Raises ProgramError if the model judges what follows from none of them.
    """
    best: F | None = None
    refused: ProgramError | None = None
    for tries in (at_once, at_once, partial(later, scenario)):
        for one in rest:
            start = witness
            for fates in tries(one):
                if best is not None and not best.misfit:
                    return best
                candidate = replace(start, fates={**start.fates, **fates})
                try:
                    result = examined(candidate)
                except ProgramError as error:
                    refused = error
                    continue
                if best is None or result.misfit < best.misfit:
                    best, witness = result, candidate
    if best is None:
        assert refused is not None
        raise refused
    return best
