"""Commands about the connection itself: logon, heartbeat, flush (commands.md §10.1, §10.2, §10 "Fence")."""

from __future__ import annotations

import re
from typing import Final

from reference_model.messages import AckType

from .hub import Hub
from .publishing import send_late
from .request import RefusalError, Request
from .session import Heartbeat, Session

SERVER_VERSION: Final = "5.3.5.0"
"""The version of AMPS whose documentation this server follows."""

_MESSAGE_TYPES: Final = frozenset({"json", "binary"})
"""The types that a connection may have here: one that is parsed, one that never is."""

_beats_per_interval: Final = 2
"""Clients close a connection after two intervals of silence, so at least one beat of ours falls into each."""

_patience_intervals: Final = 2.0
"""How long after its last beat a client is given up; the grace within and after the interval is not documented."""

_INTERVAL: Final = re.compile(r"(\d{1,9})(ns|us|ms|s|m|h|d|w)?", re.IGNORECASE | re.ASCII)
_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


def logon(hub: Hub, session: Session, request: Request) -> None:
    """Identify a connection. Every name and password is accepted."""
    if session.logged_on and not hub.behaviour.accepts_logon_again():
        raise RefusalError("duplicate logon attempt")
    message_type = _message_type(hub, session, request.text("message_type"))
    name, user = request.text("client_name"), request.text("user_id") or ""
    if hub.journal.active and name is not None:
        _take_name(hub, session, name, user)
    interval = request.options.values.get("ack_conflation")
    if interval is not None:
        session.conflation_s = _interval_s(interval)
    session.logged_on = True
    session.message_type = message_type
    session.client_name, session.user, session.version = name or "", user, request.text("version") or ""
    hub.behaviour.logged_on(session)
    hub.subscriptions_changed()
    publisher = hub.journal.publisher(session.client_name)
    fields: dict[str, str | int] = {
        "seq": publisher.last,
        "bookmark": publisher.bookmark(publisher.last),
        "reason": "authentication disabled",
        "version": SERVER_VERSION,
    }
    if name is not None:
        fields["client_name"] = name
    for message in hub.acks(request, AckType.PROCESSED, hub.behaviour.logon_fields(fields)):
        hub.behaviour.answered(session, hub.sessions).send(message)


def _message_type(hub: Hub, session: Session, named: str | None) -> str:
    """The type of the connection: that of its transport, else the one that the client names."""
    fixed = session.message_type
    if named is None and fixed is None:
        if hub.manners.untyped_logon == "refused":
            raise RefusalError("invalid message type", closing=True)
        return "json"
    if fixed is not None and named not in {None, fixed}:
        raise RefusalError("invalid message type", closing=True)
    kind = named or fixed
    if kind not in _MESSAGE_TYPES:
        raise RefusalError("invalid message type", closing=True)
    return kind


def _take_name(hub: Hub, session: Session, name: str, user: str) -> None:
    """With a transaction log a client name belongs to one connection: the older one of the same user gives way."""
    for other in hub.sessions.values():
        if other is not session and other.logged_on and other.client_name == name and other.closing is None:
            if other.user != user:
                raise RefusalError("name in use", closing=True)
            other.closing = "name in use"


def _interval_s(text: str) -> float:
    found = _INTERVAL.fullmatch(text)
    if found is None:
        raise RefusalError("invalid options")
    return int(found[1]) * _SECONDS[(found[2] or "s").lower()]


def heartbeat(hub: Hub, session: Session, request: Request) -> None:
    """Start, refresh or stop the heartbeats of a connection."""
    now = hub.clock()
    flags = request.options.flags
    if "start" in flags:
        interval_s = next((int(flag) for flag in flags if flag.isascii() and flag.isdigit() and len(flag) < 10), 0)
        if interval_s <= 0:
            raise RefusalError("invalid options")
        session.heartbeat = Heartbeat(
            interval_s=interval_s, next_s=now + interval_s / _beats_per_interval, deadline_s=now + _patience_intervals * interval_s
        )
    elif "stop" in flags:
        session.heartbeat = None
    elif session.heartbeat is not None:
        session.heartbeat.deadline_s = now + _patience_intervals * session.heartbeat.interval_s
    for message in hub.acks(request, AckType.PROCESSED):
        session.send(message)


def next_beat(beat: Heartbeat, now: float) -> None:
    """A beat of ours was sent: when the next one is due."""
    beat.next_s = now + beat.interval_s / _beats_per_interval


def flush(hub: Hub, session: Session, request: Request) -> None:
    """Acknowledge that everything before has taken effect: the engine has seen to that. Held back acks go out before persisted."""
    for message in (*hub.acks(request, AckType.PROCESSED), *hub.acks(request, AckType.COMPLETED)):
        session.send(message)
    hub.behaviour.made_safe(session)
    if AckType.PERSISTED in request.acks:
        send_late(session)
    for message in hub.acks(request, AckType.PERSISTED):
        session.send(message)
