"""What is still promised when a connection is slowed down, torn or lost: the rules of the area FAULT.

On a connection that may be lost nothing need come any more, but nothing else may come either. What becomes of a change that was sent on
it is told by the witness: it was taken in at once, later, or never; what was acknowledged was taken in. A change takes effect whole or
not at all, and none without those before it. A fate is data: `compare.fates` looks for the ones that fit what was seen.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from reference_model.areas.acks import no_unrequested, where
from reference_model.areas.marks import Handler, carried_out, untouched
from reference_model.draft import Draft
from reference_model.expectation import Occurs, Slot
from reference_model.fault import KINDS, Fault, Mend, wrong_numbers
from reference_model.losses import CHANGES
from reference_model.rule import Because, R
from reference_model.state import Instance, ProgramError, Session
from reference_model.turn import Turn
from reference_model.witness import Witness

ALLOWED: Final = CHANGES | {"logon", "flush", "sow", "subscribe"}
"""Commands whose part in a loss is modelled."""

RESULT: Final = frozenset({"group_begin", "sow", "group_end"})
"""What a query whose group_end came must have brought."""

UNTOLD: Final[Mapping[str, R]] = MappingProxyType(
    {"publish": R("FAULT-WHOLE-01"), "delta_publish": R("FAULT-WHOLE-02"), "sow_delete": R("FAULT-WHOLE-03")}
)
"""The rule about a change of which nothing acknowledged whether it was taken in."""


class Faults:
    """The faults of one program while it is predicted."""

    def __init__(self, instance: Instance, draft: Draft, witness: Witness) -> None:
        self._instance = instance
        self._draft = draft
        self._witness = witness
        self._waiting: dict[str, Fault] = {}
        self._slow: dict[str, Fault] = {}
        self._late: dict[str, list[tuple[Turn, Handler]]] = {}
        self._were_lost: set[str] = set()

    # ---- steps -----------------------------------------------------------------------------------------------------------------

    def begin(self, step: Fault) -> None:
        """A fault, which begins here. Raises ProgramError."""
        wrong = wrong_numbers(step)
        if wrong is not None:
            raise ProgramError(f"step {step.label}: {wrong}")
        if not step.ends:
            self._slow[step.label] = step
            for name, session in self._instance.sessions.items():
                if step.connection in {None, name}:
                    session.notice = (R("FAULT-SLOW-01"),)
            return
        sessions = self._instance.sessions
        for name in list(sessions) if step.connection is None else [step.connection]:
            present = sessions.get(name)
            if present is None:
                if not step.proxy:
                    raise ProgramError(f"step {step.label}: connection {name} is not open")
                self._waiting[name] = step
            elif present.lost is not None or present.alive is not True or KINDS[step.kind].before:
                raise ProgramError(f"step {step.label}: connection {name} may be lost already, or is open")
            else:
                self._lose_from(present, step)

    def mend(self, step: Mend) -> None:
        """What slows down is over. Raises ProgramError."""
        if self._slow.pop(step.fault, None) is None:
            raise ProgramError(f"step {step.label}: {step.fault} is no fault that only slows down, or it is over")
        for session in self._instance.sessions.values():
            session.notice = tuple(rule for rule in session.notice if rule != R("FAULT-SLOW-01"))

    def opened(self, session: Session) -> None:
        """A connection is made."""
        fault = self._waiting.pop(session.name, None)
        if fault is not None:
            self._lose_from(session, fault)
        elif any(slow.connection in {None, session.name} for slow in self._slow.values()):
            session.notice = (R("FAULT-SLOW-01"),)
        elif session.name in self._were_lost:
            session.notice = (R("FAULT-BACK-01"),)

    def _lose_from(self, session: Session, fault: Fault) -> None:
        session.lost = fault.label
        session.alive = None
        session.notice = ()
        self._draft.lossy[session.name] = frozenset()
        self._draft.slot(fault.label, (session.name, "closed", None), (R("FAULT-END-01"),), occurs=Occurs.OPTIONAL)

    def closed(self, session: Session) -> None:
        """The program gives up a connection that may be lost: its subscriptions are gone, what it changed is certain from here on."""
        for subscription in self._instance.subscriptions:
            if subscription.connection == session.name and not subscription.ended:
                subscription.ended = (R("SUB-UNSUB-15"),)
        for topic in self._instance.topics.values():
            topic.unfenced.discard(session.name)
        self._instance.phase += 1
        del self._instance.sessions[session.name]
        del self._draft.lossy[session.name]
        self._were_lost.add(session.name)
        for other in self._instance.sessions.values():
            if other.lost is None:
                other.notice = (R("FAULT-OTHER-01"), *other.notice)

    # ---- commands --------------------------------------------------------------------------------------------------------------

    def command(self, turn: Turn, handler: Handler) -> None:
        """A command on a connection that may be lost. Raises ProgramError."""
        if turn.cmd not in ALLOWED:
            raise turn.refuse(f"{turn.cmd} on a connection that may be lost is not modelled")
        if any(not isinstance(value, str | int) for value in turn.program.header.values()):
            raise turn.refuse("a value that only the target can make is not to be had on a connection that may be lost")
        if turn.cmd == "sow":
            self._query(turn, handler)
        elif turn.cmd in CHANGES:
            self._change(turn, handler)
        else:
            handler(turn)

    def _query(self, turn: Turn, handler: Handler) -> None:
        """A result that ended is whole (FAULT-GROUP-01); one that did not shows nothing, so that the state stays as it was."""
        connection = turn.connection
        if turn.step not in self._witness.whole:
            aside = copy.deepcopy(self._instance)
            handler(_with(turn, aside))
            return
        self._draft.lossy[connection] = RESULT
        before = len(self._draft.slots)
        handler(turn)
        self._draft.lossy[connection] = frozenset()
        for at in range(before, len(self._draft.slots)):
            slot = self._draft.slots[at]
            if slot.where[1] in {"sow", "group_begin"} and slot.occurs is Occurs.ONCE:
                self._draft.slots[at] = _blaming(slot, R("FAULT-GROUP-01"))

    def _change(self, turn: Turn, handler: Handler) -> None:
        fate = self._witness.fates.get(turn.step, turn.step)
        rule = self._rule(turn)
        if fate == turn.step:
            carried_out(turn, handler, rule)
            return
        no_unrequested(turn, "either")
        for ack_type in sorted(turn.acks):
            self._draft.slot(turn.step, where(turn, ack_type), (R("FAULT-END-01"),), occurs=Occurs.OPTIONAL)
        if fate is not None:
            self._late.setdefault(fate, []).append((turn, handler))
        untouched(turn, rule)

    def _rule(self, turn: Turn) -> R:
        acked = self._witness.acked.get(turn.step)
        if acked is not None:
            return R("FAULT-KEEP-01") if acked == "persisted" else R("FAULT-KEEP-02")
        return R("FAULT-TORN-01") if turn.step in self._witness.torn else UNTOLD[turn.cmd]

    def due(self, step: str) -> None:
        """Changes of lost connections that take effect only now, before this step. Raises ProgramError."""
        for turn, handler in self._late.pop(step, ()):
            sessions, name = self._instance.sessions, turn.connection
            present = sessions.get(name)
            sessions[name] = turn.session
            lossy = self._draft.lossy.get(name)
            self._draft.lossy[name] = frozenset()
            carried_out(turn, handler, UNTOLD[turn.cmd])
            for topic in self._instance.topics.values():
                topic.unfenced.discard(name)
            if present is None:
                del sessions[name]
            else:
                sessions[name] = present
            if lossy is None:
                del self._draft.lossy[name]


def _with(turn: Turn, instance: Instance) -> Turn:
    """The same command on a copy of the instance."""
    return replace(turn, instance=instance, session=instance.sessions[turn.connection])


def _blaming(slot: Slot, rule: R) -> Slot:
    return replace(slot, because=(rule, *slot.because))


def never_was(because: Because) -> bool:
    """Whether a record is absent since it was never made, and not since it was deleted."""
    return because[0] == R("SOW-DEL-05") or because[0].startswith(("FAULT-", "BOOK-SEQ-"))
