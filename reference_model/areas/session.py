"""Connections: logon, flush, heartbeats, bytes that are no command, closing. Source: commands.md section 10, wire.md section 13."""

from __future__ import annotations

from reference_model.areas.acks import Answer, expect_acks, where
from reference_model.expectation import Claim, Is, Occurs, Present
from reference_model.rule import Because, R
from reference_model.state import Instance
from reference_model.turn import Turn


def logon(turn: Turn) -> None:
    """The first logon succeeds with any name and password (default module); a second one is refused (CMD-LOGON-11)."""
    session = turn.session
    if session.logged_on:
        _second_logon(turn)
        return
    session.logged_on = True
    session.correlation = turn.text("correlation_id")
    name = turn.text("client_name")
    claims: list[Claim] = [Claim("version", Present(), (R("CMD-LOGON-08"),))]
    if name is not None:
        claims.append(Claim("client_name", Is(name), (R("CMD-LOGON-28"), R("CMD-LOGON-04")) if _odd(name) else (R("CMD-LOGON-04"),)))
    expect_acks(turn, Answer(because=_why_accepted(turn), claims={"processed": tuple(claims)}))


def _odd(name: str) -> bool:
    return bool(set(name) & set(" ./:"))


def _why_accepted(turn: Turn) -> Because:
    if turn.text("correlation_id"):
        return (R("CMD-LOGON-27"), R("CMD-LOGON-01"))
    if turn.text("user_id") or turn.text("password"):
        return (R("CMD-LOGON-18"), R("CMD-LOGON-01"))
    if _odd((turn.text("client_name") or "").removeprefix("@")):
        return (R("CMD-LOGON-28"), R("CMD-LOGON-01"))
    if (turn.text("version") or "").startswith("~"):
        return (R("CMD-LOGON-25"), R("CMD-LOGON-01"))
    return (R("CMD-LOGON-01"),)


def _second_logon(turn: Turn) -> None:
    cmd_id = turn.cmd_id
    if cmd_id is None or turn.acks != {"processed"}:
        raise turn.refuse("a second logon must ask for processed, and have a cmd_id")
    turn.draft.slot(
        turn.step,
        where(turn, "processed"),
        (R("CMD-LOGON-11"),),
        occurs=Occurs.OPTIONAL,
        claims=(Claim("status", Is("failure"), (R("CMD-LOGON-11"),)),),
    )
    turn.draft.slot(turn.step, (turn.connection, "closed", None), (R("CMD-LOGON-11"),), occurs=Occurs.OPTIONAL)
    turn.draft.oblige(
        "refused_or_closed", {"rule": R("CMD-LOGON-11"), "connection": turn.connection, "cmd_id": cmd_id, "step": turn.step}
    )
    turn.session.alive = None


def before_logon(turn: Turn) -> None:
    """Another command first: authentication fails, the connection is closed (CMD-LOGON-12); nothing is carried out."""
    for ack_type in sorted(turn.acks):
        turn.draft.slot(
            turn.step,
            where(turn, ack_type),
            (R("CMD-LOGON-12"),),
            occurs=Occurs.OPTIONAL,
            claims=() if ack_type == "received" else (Claim("status", Is("failure"), (R("CMD-LOGON-12"),)),),
        )
    turn.draft.slot(turn.step, (turn.connection, "closed", None), (R("CMD-LOGON-12"),))
    turn.session.alive = False


def flush(turn: Turn) -> None:
    """A flush of the program: its ack is a fence once a barrier has awaited it (CMD-FLUSH-03, -12)."""
    expect_acks(turn, Answer())
    if "completed" in turn.acks:
        turn.session.open_fence = R("CMD-FLUSH-12")
    elif "processed" in turn.acks:
        turn.session.open_fence = R("CMD-FLUSH-03")


def raw_bytes(turn: Turn, data: bytes, meaning: str) -> None:
    """Bytes that are no command: an empty frame is ignored or ends the connection (WIRE-FRAME-11), a malformed one ends it."""
    draft, connection = turn.draft, turn.connection
    if meaning == "noop":
        draft.slot(turn.step, (connection, "closed", None), (R("WIRE-FRAME-11"),), occurs=Occurs.OPTIONAL)
        draft.oblige("answered_or_closed", {"rule": R("WIRE-FRAME-11"), "connection": connection, "step": turn.step})
        turn.session.alive = None
        return
    if data[:4] == b"\xff\xff\xff\xff":
        rule = R("WIRE-ROB-01")
    elif data[4:5] != b"{":
        rule = R("WIRE-ROB-03")
    else:
        rule = R("WIRE-ROB-04")
    draft.slot(turn.step, (connection, "closed", None), (rule,))
    turn.session.alive = False


def closed(instance: Instance, connection: str) -> None:
    """Our side closed: its subscriptions are gone (SUB-UNSUB-15)."""
    instance.subscriptions[:] = [s for s in instance.subscriptions if s.connection != connection]
    instance.sessions.pop(connection, None)
