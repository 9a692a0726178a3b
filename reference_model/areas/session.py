"""Connections: logon, flush, heartbeats, bytes that are no command, closing. Source: commands.md section 10, wire.md section 13."""

from __future__ import annotations

from typing import Final

from reference_model.areas.acks import Answer, expect_acks, no_unrequested, where
from reference_model.expectation import Body, Claim, Is, Occurs, Present
from reference_model.messages import CLIENT_COMMANDS, AckType
from reference_model.payload.json import PayloadError, parse
from reference_model.rule import Because, R
from reference_model.state import Flushed
from reference_model.turn import Turn


def logon(turn: Turn) -> None:
    """The first logon succeeds with any name and password (default module); a second one is refused (CMD-LOGON-11)."""
    session = turn.session
    if session.logged_on:
        _second_logon(turn)
        return
    named = turn.text("message_type")
    if named != "json" and not (named is None and "fixed-type" in turn.instance.config.features):
        raise turn.refuse("only connections of message type json, named at logon, are modelled (CMD-LOGON-22)")
    session.logged_on = True
    session.correlation = turn.text("correlation_id")
    name = session.client_name = turn.text("client_name")
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
    may_be_closed(turn, R("CMD-LOGON-11"))
    turn.draft.oblige(
        "refused_or_closed", {"rule": R("CMD-LOGON-11"), "connection": turn.connection, "cmd_id": cmd_id, "step": turn.step}
    )


def may_be_closed(turn: Turn, rule: R) -> None:
    """After this command the connection may be closed, says the rule: nothing that is sent on it later has a certain answer."""
    turn.draft.slot(turn.step, (turn.connection, "closed", None), (rule,), occurs=Occurs.OPTIONAL)
    turn.session.alive = None


def before_logon(turn: Turn) -> None:
    """Another command first: authentication fails, the connection is closed (CMD-LOGON-12); nothing is carried out."""
    because: Because = (R("CMD-LOGON-12"),)
    no_unrequested(turn, "failure")
    for ack_type in sorted(turn.acks):
        turn.draft.slot(
            turn.step,
            where(turn, ack_type),
            because,
            occurs=Occurs.OPTIONAL,
            claims=() if ack_type == "received" else (Claim("status", Is("failure"), because),),
        )
    topic = turn.text("topic")
    if turn.cmd in {"publish", "delta_publish"} and topic is not None:
        body = Body(exact=turn.program.body, members={}, complete=())
        for subscription in turn.instance.subscriptions_to(topic):
            turn.draft.never(turn.step, (subscription.connection, "publish", subscription.sub_id), because, body=body)
    turn.draft.slot(turn.step, (turn.connection, "closed", None), because)
    turn.session.alive = False


def flush(turn: Turn) -> None:
    """A flush of the program: its ack is a fence once a barrier has awaited it (CMD-FLUSH-03, -12)."""
    expect_acks(turn, Answer())
    if turn.cmd_id is None or turn.acks.isdisjoint({"completed", "processed"}):
        return
    changed = {name for name, topic in turn.instance.topics.items() if turn.connection in topic.unfenced}
    rule = R("CMD-FLUSH-12") if "completed" in turn.acks else R("CMD-FLUSH-03")
    turn.session.flushed = Flushed(rule=rule, topics=changed)


def raw_bytes(turn: Turn, data: bytes, meaning: str) -> None:
    """Bytes that are no command: an empty frame is ignored or ends the connection (WIRE-FRAME-11), a malformed one ends it."""
    draft, connection = turn.draft, turn.connection
    if turn.session.alive is not True:
        raise turn.refuse(f"whether connection {connection} is still open is not certain")
    if meaning == "noop":
        if not data or data.strip(b"\0") or len(data) % 4:
            raise turn.refuse("not frames of length 0")
        may_be_closed(turn, R("WIRE-FRAME-11"))
        draft.oblige("answered_or_closed", {"rule": R("WIRE-FRAME-11"), "connection": connection, "step": turn.step})
        return
    rule, cmd_id = malformed(data)
    if rule is None:
        raise turn.refuse("that these bytes end the connection is not documented")
    for ack_type in AckType:
        # An ack before the close is right too (wire.md section 16, 10).
        for answered in (None, cmd_id):
            draft.scope(connection, "ack", (answered, ack_type.value))
    if rule in FREE_ENDS:
        may_be_closed(turn, rule)
        return
    draft.slot(turn.step, (connection, "closed", None), (rule,))
    turn.session.alive = False


FREE_ENDS: Final = frozenset({R("WIRE-ROB-01"), R("WIRE-ROB-08")})
"""Rules (may) that let a server end the connection or go on."""

SERVER_COMMANDS: Final = frozenset({"ack", "group_begin", "group_end", "oof"})
length_bytes = 4


def malformed(data: bytes) -> tuple[R | None, str | None]:
    """Which rule says what a server does with one frame that is no command, and the cmd_id that an answer to it may carry.

    None: what it does is not documented, or the frame is a command.
    """
    length, payload = int.from_bytes(data[:length_bytes]), data[length_bytes:]
    if data[:length_bytes] == b"\xff" * length_bytes:
        return R("WIRE-ROB-01"), None
    if len(data) < length_bytes or length != len(payload) or not payload:
        return None, None
    if payload[:1] != b"{":
        return R("WIRE-ROB-03"), None
    header, ended_in_string = _header(payload)
    if header is None:
        return R("WIRE-ROB-05") if ended_in_string else R("WIRE-ROB-04"), None
    try:
        fields = parse(header)
    except PayloadError:
        return None, None
    if not isinstance(fields, dict) or any(isinstance(value, dict | list) for value in fields.values()):
        return None, None
    name, cmd_id = fields.get("c", fields.get("cmd")), fields.get("cid", fields.get("cmd_id"))
    answer = None if cmd_id is None else str(cmd_id)
    if name is None:
        return R("WIRE-ROB-07"), answer
    if name in SERVER_COMMANDS:
        return R("WIRE-ROB-08"), answer
    return (None if name in CLIENT_COMMANDS or name == "p" else R("WIRE-ROB-06")), answer


def _header(payload: bytes) -> tuple[bytes | None, bool]:
    """The header of a payload, None if no brace ends it; and whether it ends inside a string (wire.md section 2)."""
    in_string = escaped = False
    for at, char in enumerate(payload):
        if in_string:
            in_string, escaped = char != ord('"') or escaped, char == ord("\\") and not escaped
        elif char == ord('"'):
            in_string = True
        elif char == ord("}"):
            return payload[: at + 1], False
    return None, in_string
