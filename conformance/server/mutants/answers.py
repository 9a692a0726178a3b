"""Faults of connections and acknowledgements."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from conformance.server.behaviour import Behaviour, FieldValues
from conformance.server.mutants.mutant import Mutant
from conformance.server.store import SowTopic
from reference_model.messages import AckType
from reference_model.rule import R

_lag_s: Final = 0.2
"""How long changes wait under `flush_acked_early`: longer than another connection needs to send a query."""


class _LogonNotRequired(Behaviour):
    def requires_logon(self) -> bool:
        return False


class _SecondLogonAccepted(Behaviour):
    def accepts_logon_again(self) -> bool:
        return True


class _LogonWithoutVersion(Behaviour):
    def logon_fields(self, fields: FieldValues) -> FieldValues:
        return {name: value for name, value in fields.items() if name != "version"}


class _LogonWithoutName(Behaviour):
    def logon_fields(self, fields: FieldValues) -> FieldValues:
        return {name: value for name, value in fields.items() if name != "client_name"}


class _UnknownCommandIgnored(Behaviour):
    def survives_unknown_command(self) -> bool:
        return True


class _FailureCloses(Behaviour):
    def survives_failure(self) -> bool:
        return False


class _UnrequestedAcks(Behaviour):
    def acks_wanted(self, asked: frozenset[str]) -> frozenset[str]:
        return asked | {AckType.PROCESSED}


class _ReceivedLost(Behaviour):
    def acks_wanted(self, asked: frozenset[str]) -> frozenset[str]:
        return asked - {AckType.RECEIVED}


class _CompletedLost(Behaviour):
    def acks_wanted(self, asked: frozenset[str]) -> frozenset[str]:
        return asked - {AckType.COMPLETED}


class _AckTwice(Behaviour):
    def ack_headers(self, header: FieldValues) -> Iterable[FieldValues]:
        return (header, header) if header["ack_type"] == AckType.COMPLETED else (header,)


class _AckWithoutCommandId(Behaviour):
    def ack_headers(self, header: FieldValues) -> Iterable[FieldValues]:
        if header["ack_type"] == AckType.PROCESSED and "client_name" not in header:
            return ({name: value for name, value in header.items() if name != "cmd_id"},)
        return (header,)


class _CommandIdInLowerCase(Behaviour):
    def ack_headers(self, header: FieldValues) -> Iterable[FieldValues]:
        return ({**header, "cmd_id": str(header["cmd_id"]).lower()},) if "cmd_id" in header else (header,)


class _AckWithoutStatus(Behaviour):
    def ack_headers(self, header: FieldValues) -> Iterable[FieldValues]:
        if header["ack_type"] == AckType.COMPLETED:
            return ({name: value for name, value in header.items() if name != "status"},)
        return (header,)


class _FailureToldAsSuccess(Behaviour):
    def failure_status(self) -> str:
        return "success"


class _FlushAckedEarly(Behaviour):
    def effect_late_s(self, late_s: float) -> float:
        return late_s + _lag_s

    def flush_waits(self) -> bool:
        return False


class _PersistedOnlyOfRecords(Behaviour):
    def persists(self, topic: SowTopic | None) -> bool:
        return topic is not None


class _UnsubscribeWithoutEffect(Behaviour):
    def ends_subscription(self) -> bool:
        return False


ANSWER_MUTANTS: Final = (
    Mutant(name="logon_not_required", breaks=(R("CMD-LOGON-12"),), text="commands are taken before logon", fault=_LogonNotRequired),
    Mutant(name="second_logon_accepted", breaks=(R("CMD-LOGON-11"),), text="a second logon succeeds", fault=_SecondLogonAccepted),
    Mutant(
        name="logon_without_version",
        breaks=(R("CMD-LOGON-08"), R("WIRE-KEY-30")),
        text="the logon ack lacks version",
        fault=_LogonWithoutVersion,
    ),
    Mutant(
        name="logon_without_name",
        breaks=(R("CMD-LOGON-04"), R("WIRE-KEY-31")),
        text="the logon ack lacks client_name",
        fault=_LogonWithoutName,
    ),
    Mutant(
        name="unknown_command_ignored",
        breaks=(R("WIRE-ROB-06"),),
        text="an unknown command leaves the connection open",
        fault=_UnknownCommandIgnored,
    ),
    Mutant(name="failure_closes", breaks=(R("CMD-FAIL-05"),), text="a command that fails ends the connection", fault=_FailureCloses),
    Mutant(
        name="unrequested_acks",
        breaks=(R("CMD-ACK-01"), R("CMD-ACK-03"), R("CMD-ACK-02")),
        text="every command gets a processed ack",
        fault=_UnrequestedAcks,
    ),
    Mutant(
        name="received_lost",
        breaks=(R("CMD-ACK-04"), R("CMD-ACK-05"), R("CMD-SOW-37"), R("CMD-PUB-09")),
        text="no received acks are sent",
        fault=_ReceivedLost,
    ),
    Mutant(
        name="completed_lost",
        breaks=(R("CMD-SOW-39"), R("CMD-FLUSH-02"), R("CMD-PUB-11"), R("CMD-DEL-11")),
        text="no completed acks are sent",
        fault=_CompletedLost,
    ),
    Mutant(name="ack_twice", breaks=(R("CMD-ACK-05"),), text="completed acks are sent twice", fault=_AckTwice),
    Mutant(
        name="ack_without_command_id", breaks=(R("CMD-ACK-08"),), text="processed acks lack the command id", fault=_AckWithoutCommandId
    ),
    Mutant(
        name="command_id_in_lower_case",
        breaks=(R("WIRE-CMD-06"), R("CMD-ACK-08")),
        text="acks carry the command id in lower case",
        fault=_CommandIdInLowerCase,
    ),
    Mutant(
        name="ack_without_status", breaks=(R("CMD-ACK-10"), R("CMD-ACK-11")), text="completed acks lack status", fault=_AckWithoutStatus
    ),
    Mutant(
        name="failure_told_as_success",
        breaks=(R("SOW-QRY-46"), R("CMD-PUB-16"), R("SOW-TOPIC-01"), R("SOW-BATCH-05")),
        text="the acks of a command that failed say success",
        fault=_FailureToldAsSuccess,
    ),
    Mutant(
        name="flush_acked_early",
        breaks=(R("CMD-FLUSH-12"), R("CMD-FLUSH-02"), R("CMD-FLUSH-03"), R("SOW-DEL-18")),
        text="a flush is answered before the changes ahead of it take effect",
        fault=_FlushAckedEarly,
    ),
    Mutant(
        name="persisted_only_of_records",
        breaks=(R("CMD-PUB-14"), R("DELTA-PUB-25"), R("CMD-PUB-12")),
        text="a publish to a topic without SOW gets no persisted ack",
        fault=_PersistedOnlyOfRecords,
    ),
    Mutant(
        name="unsubscribe_without_effect",
        breaks=(R("SUB-UNSUB-03"), R("SUB-UNSUB-01")),
        text="messages are delivered after an unsubscribe",
        fault=_UnsubscribeWithoutEffect,
    ),
)
