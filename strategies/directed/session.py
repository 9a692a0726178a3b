"""Logging on, and what is not allowed before and after it."""

from __future__ import annotations

from reference_model.rule import R
from strategies.build import Program
from strategies.directed.collection import Collection

session = Collection("session")


@session(
    R("CMD-LOGON-01"), R("CMD-LOGON-02"), R("CMD-LOGON-03"), R("CMD-LOGON-04"), R("CMD-LOGON-08"), R("WIRE-KEY-30"), R("WIRE-KEY-31")
)
def acks(p: Program) -> None:
    """A logon asks for every ack type; the processed ack tells version and client name."""
    a = p.open(logon=False)
    a.logon(acks="received,processed,completed,persisted,stats")
    a.answered()


@session(R("CMD-LOGON-28"))
def odd_name(p: Program) -> None:
    """Blanks, dots, slashes and colons in a client name, beside a connection with a plain one."""
    p.open("plain")
    p.open("odd", client_name="@desk 4/b: a.c")


@session(R("CMD-LOGON-18"))
def any_password(p: Program) -> None:
    """The default module takes whatever name and password."""
    p.open(user_id="nobody in particular", password='wrong: "{}"')  # noqa: S106 - not a secret: any password must do


@session(R("CMD-LOGON-25"))
def any_version(p: Program) -> None:
    """A version that no client has is recorded and changes nothing."""
    a = p.open(version="~0.0.0-none.such")
    a.flush()


@session(R("CMD-LOGON-26"), R("CMD-LOGON-27"))
def correlation(p: Program) -> None:
    """The correlation id of a logon is not that of what the connection publishes."""
    reader = p.open("reader")
    reader.subscribe("@chat")
    writer = p.open("writer", correlation_id="Az09+/==")
    writer.publish("@chat", {"n": 1})
    marker = writer.publish("@chat", {"n": "marker"}, correlation_id="own")
    reader.delivered(marker)


@session(R("CMD-LOGON-11"))
def logon_twice(p: Program) -> None:
    """A second logon is refused, or ends the connection."""
    a = p.open()
    a.flush(acks="processed")
    a.logon(client_name="@other")


@session(R("CMD-LOGON-12"), R("WIRE-CONN-01"))
def publish_first(p: Program) -> None:
    """Nothing is said on a connection at first; a publish before the logon ends it and reaches nobody; the same with a logon does."""
    stranger = p.open("stranger", logon=False)
    reader = p.open("reader")
    reader.subscribe("@chat")
    stranger.publish("@chat", {"from": "stranger"}, acks="processed")
    writer = p.open("writer")
    reader.delivered(writer.publish("@chat", {"from": "writer"}))


@session(R("WIRE-FRAME-11"))
def empty_frame(p: Program) -> None:
    """A frame of length 0 is passed over or ends its own connection; another one goes on."""
    other = p.open("other")
    a = p.open()
    a.raw(b"\x00\x00\x00\x00", noop=True)
    other.flush()
