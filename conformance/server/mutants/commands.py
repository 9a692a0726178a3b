"""Faults of single commands: what they refuse, which acks they get, what else they cause."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from conformance.server.behaviour import Behaviour
from conformance.server.mutants.mutant import Collection
from conformance.server.request import RefusalError, Request
from conformance.server.session import Session
from reference_model.messages import AckType, Message
from reference_model.rule import R

commands: Final = Collection()


# ---- acks of one command -----------------------------------------------------------------------------------------------------------


def _without_ack(kind: AckType, *commands_: str) -> type[Behaviour]:
    class WithoutAck(Behaviour):
        def acks_wanted(self, asked: frozenset[str], cmd: str) -> frozenset[str]:
            wanted = super().acks_wanted(asked, cmd)
            return wanted - {kind} if cmd in commands_ else wanted

    return WithoutAck


for _rule, _kind, _command in (
    (R("CMD-FLUSH-01"), AckType.PROCESSED, "flush"),
    (R("CMD-FLUSH-04"), AckType.RECEIVED, "flush"),
    (R("CMD-LOGON-02"), AckType.RECEIVED, "logon"),
    (R("CMD-PUB-10"), AckType.PROCESSED, "publish"),
    (R("CMD-PUB-12"), AckType.PERSISTED, "publish"),
    (R("CMD-DPUB-11"), AckType.RECEIVED, "delta_publish"),
    (R("CMD-DPUB-12"), AckType.PROCESSED, "delta_publish"),
    (R("CMD-DPUB-13"), AckType.PERSISTED, "delta_publish"),
    (R("CMD-DPUB-14"), AckType.COMPLETED, "delta_publish"),
    (R("CMD-SUB-08"), AckType.RECEIVED, "subscribe"),
    (R("CMD-SUB-09"), AckType.PROCESSED, "subscribe"),
    (R("CMD-SOW-38"), AckType.PROCESSED, "sow"),
    (R("CMD-SOW-40"), AckType.STATS, "sow"),
    (R("CMD-UNSUB-07"), AckType.RECEIVED, "unsubscribe"),
    (R("CMD-UNSUB-08"), AckType.PROCESSED, "unsubscribe"),
    (R("CMD-DEL-09"), AckType.RECEIVED, "sow_delete"),
    (R("CMD-DEL-10"), AckType.PROCESSED, "sow_delete"),
    (R("CMD-DEL-11"), AckType.COMPLETED, "sow_delete"),
    (R("CMD-DEL-13"), AckType.PERSISTED, "sow_delete"),
    (R("CMD-DEL-14"), AckType.STATS, "sow_delete"),
):
    commands(_rule, name=f"{_command}_without_{_kind}", text=f"{_command} gets no {_kind} ack")(_without_ack(_kind, _command))


@commands(R("CMD-ACK-18"), name="failures_always_told", text="a command that fails is acknowledged unasked")
class _FailuresAlwaysTold(Behaviour):
    def failure_acks_wanted(self, asked: frozenset[str]) -> frozenset[str]:
        return super().failure_acks_wanted(asked) | {AckType.PROCESSED}


@commands(R("CMD-ACK-02"), name="none_is_processed", text="ack_type none requests a processed ack")
class _NoneIsProcessed(Behaviour):
    def taken(self, session: Session, request: Request) -> Request:
        named = request.text("ack_type") == "none"
        return super().taken(session, request.with_header(ack_type="processed") if named else request)


@commands(R("CMD-ACK-04"), R("CMD-ACK-05"), name="first_ack_type_only", text="of several ack types only the first one is heeded")
class _FirstAckTypeOnly(Behaviour):
    def taken(self, session: Session, request: Request) -> Request:
        kinds = request.text("ack_type")
        return super().taken(session, request.with_header(ack_type=kinds.split(",")[0]) if kinds else request)


@commands(R("WIRE-CMD-04"), R("CMD-ACK-04"), name="ack_types_in_order", text="an ack type behind persisted is not heeded")
class _AckTypesInOrder(Behaviour):
    def taken(self, session: Session, request: Request) -> Request:
        kinds = request.text("ack_type")
        if kinds and "persisted," in kinds:
            request = request.with_header(ack_type=kinds[: kinds.index("persisted,")] + "persisted")
        return super().taken(session, request)


# ---- what they refuse --------------------------------------------------------------------------------------------------------------


def _refusing(reason: str, *commands_: str, when: Callable[[Request], bool]) -> type[Behaviour]:
    class Refusing(Behaviour):
        def taken(self, session: Session, request: Request) -> Request:
            if request.cmd in commands_ and when(request):
                raise RefusalError(reason)
            return super().taken(session, request)

    return Refusing


_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*")

commands(
    R("CMD-FLUSH-09"), R("WIRE-CMD-03"), R("CMD-FLUSH-02"), name="flush_with_name_refused", text="a flush with client_name is refused"
)(_refusing("invalid flush", "flush", when=lambda request: request.text("client_name") is not None))
commands(R("CMD-LOGON-18"), name="passwords_refused", text="a logon with a password is refused")(
    _refusing("auth failure", "logon", when=lambda request: request.text("password") is not None)
)
commands(R("CMD-LOGON-18"), name="users_refused", text="a logon with a user is refused")(
    _refusing("auth failure", "logon", when=lambda request: request.text("user_id") is not None)
)
commands(R("CMD-LOGON-25"), name="client_version_checked", text="a logon with a version that is no number is refused")(
    _refusing("bad version", "logon", when=lambda request: not (request.text("version") or "1")[0].isdigit())
)
commands(R("CMD-LOGON-27"), name="logon_id_unpadded", text="a logon whose correlation id has padding is refused")(
    _refusing("bad correlation id", "logon", when=lambda request: not _BASE64.fullmatch(request.text("correlation_id") or ""))
)
commands(R("CMD-LOGON-28"), name="names_are_words", text="a logon with a client name that is no word is refused")(
    _refusing("bad name", "logon", when=lambda request: not re.fullmatch(r"[\w-]*", request.text("client_name") or ""))
)
commands(
    R("WIRE-CMD-03"),
    R("CMD-DEL-10"),
    R("SOW-DEL-01"),
    name="delete_with_ids_refused",
    text="a sow_delete with sub_id or query_id is refused",
)(_refusing("invalid delete", "sow_delete", when=lambda request: {"sub_id", "query_id"} <= request.header.keys()))
commands(R("CMD-SOW-42"), name="query_wants_acks", text="a query without ack_type is not carried out")(
    _refusing("no ack type", "sow", when=lambda request: not request.acks)
)


@commands(
    R("CMD-LOGON-26"), name="correlation_id_of_logon", text="the correlation id of the logon stands for that of publishes without one"
)
class _CorrelationIdOfLogon(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self._ids: dict[int, str] = {}

    def taken(self, session: Session, request: Request) -> Request:
        own = request.text("correlation_id")
        if request.cmd == "logon" and own is not None:
            self._ids[session.number] = own
        elif request.cmd == "publish" and own is None and session.number in self._ids:
            request = request.with_header(correlation_id=self._ids[session.number])
        return super().taken(session, request)


@commands(R("CMD-WIRE-13"), name="option_none_hides_keys", text="the option none means no_sowkey")
class _OptionNoneHidesKeys(Behaviour):
    def taken(self, session: Session, request: Request) -> Request:
        return super().taken(session, request.with_header(opts="no_sowkey") if request.text("opts") == "none" else request)


@commands(R("WIRE-CMD-03"), name="delete_with_ids_unanswered", text="a sow_delete with sub_id and query_id gets no acks")
class _DeleteWithIdsUnanswered(Behaviour):
    def taken(self, session: Session, request: Request) -> Request:
        surplus = request.cmd == "sow_delete" and {"sub_id", "query_id"} <= request.header.keys()
        return super().taken(session, request.with_header(ack_type=None) if surplus else request)


@commands(R("SOW-TOPN-02"), R("SOW-TOPN-01"), name="top_n_header_ignored", text="top_n as a header field limits nothing")
class _TopHeaderIgnored(Behaviour):
    def taken(self, session: Session, request: Request) -> Request:
        return super().taken(session, request.with_header(top_n=None) if "top_n" in request.header else request)


@commands(R("CMD-DEL-17"), name="delete_opens_a_group", text="a delete is answered with an empty group")
class _DeleteOpensGroup(Behaviour):
    def taken(self, session: Session, request: Request) -> Request:
        if request.cmd == "sow_delete":
            query_id = request.text("query_id") or request.cid or ""
            session.send(Message(header={"cmd": "group_begin", "query_id": query_id}))
            session.send(Message(header={"cmd": "group_end", "query_id": query_id}))
        return super().taken(session, request)


@commands(
    R("EXPR-FLT-03"),
    R("SUB-MULTI-01"),
    R("SUB-MULTI-05"),
    R("SUB-REG-10"),
    R("SUB-TOPIC-11"),
    R("SOW-REC-07"),
    name="no_filter_no_subscription",
    text="a subscription without a filter gets nothing",
)
class _NoFilter(Behaviour):
    def taken(self, session: Session, request: Request) -> Request:
        bare = request.cmd == "subscribe" and request.text("filter") is None
        return super().taken(session, request.with_header(filter="1 = 2") if bare else request)
