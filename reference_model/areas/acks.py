"""Acknowledgements: which come, which must not, with which status, in which order. Source: commands.md sections 5, 7 and 8."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from reference_model.expectation import Claim, Is, Occurs, OneOf, Present
from reference_model.messages import DOCUMENTED_ACKS, AckType
from reference_model.rule import Because, R
from reference_model.state import ProgramError
from reference_model.turn import Turn, form_rule, id_rules

PRESENCE: Final[Mapping[tuple[str, str], R]] = MappingProxyType(
    {
        ("logon", "received"): R("CMD-LOGON-02"),
        ("logon", "processed"): R("CMD-LOGON-01"),
        ("flush", "received"): R("CMD-FLUSH-04"),
        ("flush", "processed"): R("CMD-FLUSH-01"),
        ("flush", "completed"): R("CMD-FLUSH-02"),
        ("flush", "persisted"): R("CMD-FLUSH-05"),
        ("publish", "received"): R("CMD-PUB-09"),
        ("publish", "processed"): R("CMD-PUB-10"),
        ("publish", "completed"): R("CMD-PUB-11"),
        ("publish", "persisted"): R("CMD-PUB-12"),
        ("delta_publish", "received"): R("CMD-DPUB-11"),
        ("delta_publish", "processed"): R("CMD-DPUB-12"),
        ("delta_publish", "completed"): R("CMD-DPUB-14"),
        ("delta_publish", "persisted"): R("CMD-DPUB-13"),
        ("subscribe", "received"): R("CMD-SUB-08"),
        ("subscribe", "processed"): R("CMD-SUB-09"),
        ("unsubscribe", "received"): R("CMD-UNSUB-07"),
        ("unsubscribe", "processed"): R("CMD-UNSUB-08"),
        ("sow", "received"): R("CMD-SOW-37"),
        ("sow", "processed"): R("CMD-SOW-38"),
        ("sow", "completed"): R("CMD-SOW-39"),
        ("sow", "stats"): R("CMD-SOW-40"),
        ("sow_and_subscribe", "received"): R("CMD-SAS-04"),
        ("sow_and_subscribe", "processed"): R("CMD-SAS-05"),
        ("sow_and_subscribe", "completed"): R("CMD-SAS-06"),
        ("sow_and_subscribe", "stats"): R("CMD-SAS-07"),
        ("sow_delete", "received"): R("CMD-DEL-09"),
        ("sow_delete", "processed"): R("CMD-DEL-10"),
        ("sow_delete", "completed"): R("CMD-DEL-11"),
        ("sow_delete", "persisted"): R("CMD-DEL-13"),
        ("sow_delete", "stats"): R("CMD-DEL-14"),
    }
)
"""Which rule promises an ack of that type to that command."""

UNDOCUMENTED: Final[Mapping[tuple[str, str], R]] = MappingProxyType(
    {
        ("logon", "completed"): R("CMD-LOGON-03"),
        ("logon", "persisted"): R("CMD-LOGON-03"),
        ("logon", "stats"): R("CMD-LOGON-03"),
        ("flush", "stats"): R("CMD-FLUSH-07"),
        ("publish", "stats"): R("CMD-PUB-13"),
        ("delta_publish", "stats"): R("CMD-DPUB-15"),
        ("sow", "persisted"): R("CMD-SOW-41"),
        ("sow_and_subscribe", "persisted"): R("CMD-SAS-08"),
        ("subscribe", "stats"): R("CMD-SUB-39"),
        ("unsubscribe", "completed"): R("CMD-UNSUB-09"),
        ("unsubscribe", "stats"): R("CMD-UNSUB-09"),
        ("unsubscribe", "persisted"): R("CMD-UNSUB-10"),
    }
)
"""Acks that may be asked for and of which nothing is promised; what the target does is recorded."""


CHANGES: Final = frozenset({"publish", "delta_publish", "sow_delete"})
"""Commands whose persisted acks may be conflated where anything is logged: then they carry no cmd_id (CMD-ACK-08)."""


@dataclass(slots=True, kw_only=True)
class Answer:
    """How a command is expected to be answered, decided by its area.

    status     of `processed` and the rest; `either`: the documentation allows both
    because    the rule that says that it succeeds or fails
    reason     the rule that demands a reason with a failure (CMD-ACK-12, may, if none)
    presence   per ack type rules that come before the usual one
    claims     per ack type further claims
    dropped    ack types of which nothing is promised here (completed of a delete by keys), with the rule
    """

    status: Literal["success", "failure", "either"] = "success"
    because: Because = ()
    reason: Because = (R("CMD-ACK-12"),)
    presence: Mapping[str, Because] = field(default_factory=dict)
    claims: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict)
    dropped: Mapping[str, R] = field(default_factory=dict)


def expect_acks(turn: Turn, answer: Answer) -> dict[str, int]:
    """Write down the acks of a command; returns the slot of each expected type.

    Of a command that may fail only `received` and `processed` are sure; if `processed` tells success the others are too.
    """
    no_unrequested(turn, answer.status)
    slots: dict[str, int] = {}
    for ack_type in sorted(turn.acks, key=_order):
        free = _free(turn, answer, ack_type)
        if free is None and (answer.status == "success" or ack_type in {"received", "processed"}):
            slots[ack_type] = _expect_ack(turn, answer, ack_type)
        elif free is None and answer.status == "either" and "processed" in slots:
            slots[ack_type] = _expect_ack(turn, answer, ack_type, accepted=slots["processed"])
        else:
            turn.draft.slot(turn.step, where(turn, ack_type), (free or R("CMD-ACK-27"),), occurs=Occurs.OPTIONAL)
    if {"received", "processed"} <= slots.keys():
        turn.draft.chain(turn.connection, (slots["received"],), (slots["processed"],), because=(R("CMD-ORD-01"),))
    if turn.cmd == "publish" and {"processed", "completed"} <= slots.keys():
        turn.draft.chain(turn.connection, (slots["processed"],), (slots["completed"],), because=(R("CMD-PUB-15"),))
    _count_persisted(turn, slots)
    _remember(turn, answer, slots)
    return slots


def _count_persisted(turn: Turn, slots: Mapping[str, int]) -> None:
    """Without a transaction log every publish has a persisted ack of its own (CMD-CONF-13): those of a connection are counted."""
    if turn.cmd != "publish" or "persisted" not in slots or turn.cmd_id is None:
        return
    turn.instance.persisted.setdefault(turn.connection, []).append(turn.cmd_id)


def _remember(turn: Turn, answer: Answer, slots: Mapping[str, int]) -> None:
    """What the next commands of the connection put to the test after a failure (CMD-FAIL-05, CMD-FAIL-06)."""
    session = turn.session
    if answer.status == "success" and slots:
        session.failed = False
    elif answer.status == "failure":
        session.failed = True
        for subscription in turn.instance.subscriptions:
            if subscription.connection == session.name:
                subscription.failed_before = True


def _free(turn: Turn, answer: Answer, ack_type: str) -> R | None:
    """The rule that says that nothing is promised of this ack, None if it is promised."""
    if ack_type in answer.dropped:
        return answer.dropped[ack_type]
    if ack_type not in DOCUMENTED_ACKS[turn.cmd]:
        return UNDOCUMENTED.get((turn.cmd, ack_type), R("CMD-ACK-15"))
    logged = bool(turn.instance.config.logged)
    if ack_type == AckType.PERSISTED and ((logged and turn.cmd in CHANGES) or (not logged and turn.cmd == "flush")):
        return PRESENCE[turn.cmd, ack_type]
    return None


def where(turn: Turn, ack_type: str) -> tuple[str, str, tuple[str | None, str]]:
    return (turn.connection, "ack", (turn.cmd_id, ack_type))


def _order(ack_type: str) -> int:
    order = ("received", "processed", "completed", "persisted", "stats")
    return order.index(ack_type) if ack_type in order else len(order)


def _expect_ack(turn: Turn, answer: Answer, ack_type: str, *, accepted: int | None = None) -> int:
    """`accepted`: the slot of the processed ack, if this one comes only with a success."""
    usual = R("CMD-ACK-22") if turn.cmd_id is None else PRESENCE[turn.cmd, ack_type]
    counted: Because = (R("CMD-CONF-13"),) if ack_type == AckType.PERSISTED and turn.cmd == "publish" else ()
    presence = (*answer.presence.get(ack_type, ()), *_special(turn, ack_type), usual, *counted)
    claims: list[Claim] = []
    status = answer.status if accepted is None else "success"
    because = answer.because if answer.because and ack_type != "received" else (usual,)
    if status == "success":
        claims.append(Claim("status", Is(status), because))
    elif ack_type == "received" or status == "either":
        # `received` comes before the command is looked at; what status it then has is only inferred (commands.md section 8.1).
        names = ("accepted", "refused")
        claims.append(Claim("status", OneOf(("success", "failure"), () if ack_type == "received" else names), because))
    else:
        claims += [Claim("status", Is(status), because), Claim("reason", Present(), answer.reason)]
    claims.extend(answer.claims.get(ack_type, ()))
    correlated = id_rules(turn.cmd_id, R("CMD-FLUSH-10") if turn.cmd == "flush" else R("CMD-ACK-08"))
    return turn.draft.slot(
        turn.step,
        where(turn, ack_type),
        presence,
        claims=tuple(claims),
        correlated=correlated if turn.cmd_id else (),
        when=None if accepted is None else (accepted, "success"),
    )


def _special(turn: Turn, ack_type: str) -> Because:
    """What is particular about this command and would explain the loss of this ack.

    That a command was not taken at all shows in the ack that says that it was processed, or in the only one that was asked for.
    """
    rules: list[R] = []
    if ack_type == _telling(turn):
        if not turn.draft.loses(turn.connection, "ack"):
            rules.extend(turn.session.notice)
            turn.session.notice = ()
        form = form_rule(turn)
        if form is not None:
            rules.append(form)
        if turn.session.failed:
            rules.append(R("CMD-FAIL-05"))
        if turn.cmd == "flush" and turn.text("client_name"):
            rules.append(R("CMD-FLUSH-09"))
        if turn.cmd == "flush" and any(topic.unfenced - {turn.connection} for topic in turn.instance.topics.values()):
            rules.append(R("CMD-FLUSH-11"))
        if turn.cmd == "subscribe" and turn.burst > 0:
            rules.append(R("SUB-REG-17"))
        if turn.cmd == "sow_delete" and (turn.text("sub_id") or turn.text("query_id")):
            rules.append(R("WIRE-CMD-03"))
    listed = (turn.text("ack_type") or "").split(",")
    if turn.cmd == "publish" and listed != sorted(listed, key=_order):
        rules.append(R("WIRE-CMD-04"))
    return tuple(rules)


def _telling(turn: Turn) -> str:
    return "processed" if "processed" in turn.acks else min(turn.acks, key=_order)


def no_unrequested(turn: Turn, status: Literal["success", "failure", "either"]) -> None:
    """Only what was asked for comes (CMD-ACK-03), and nothing to a command that asked for nothing (CMD-ACK-01)."""
    if turn.cmd_id is None:
        if turn.acks and turn.acks != {"processed"}:
            raise ProgramError(f"step {turn.step}: without cmd_id only the processed ack can be told from others")
        if turn.acks:
            turn.instance.nameless.add(turn.connection)
        else:
            turn.instance.silent.setdefault(turn.connection, turn.step)
        return
    for ack_type in AckType:
        because = _unasked(turn, status, ack_type)
        if ack_type.value not in turn.acks:
            turn.draft.never(turn.step, where(turn, ack_type.value), because)
        # How often the acks of a command come that has failed is not said (CMD-ACK-05, CMD-ACK-27).
        once: Because = (R("CMD-ACK-05"),) if status == "success" else ()
        surplus = because if status == "success" or ack_type.value not in turn.acks else ()
        turn.draft.scope(turn.connection, "ack", (turn.cmd_id, ack_type.value), surplus=surplus, repeated=once)
    if turn.instance.config.logged and turn.cmd in CHANGES and AckType.PERSISTED in turn.acks:
        turn.draft.scope(turn.connection, "ack", (None, AckType.PERSISTED.value))


def _unasked(turn: Turn, status: Literal["success", "failure", "either"], ack_type: str) -> Because:
    """Why an ack that was not asked for must not come."""
    usual = R("CMD-ACK-03") if turn.acks else R("CMD-ACK-01")
    if status == "failure" and (ack_type == AckType.PROCESSED or not turn.acks):
        return (R("CMD-ACK-18"), usual)
    if turn.acks:
        return (usual,)
    raw = turn.command.header.get("ack_type")
    if raw is None:
        return (R("CMD-ACK-01"),)
    return (R("WIRE-HDR-11") if raw == "" else R("CMD-ACK-02"), R("CMD-ACK-01"))
