"""Faults of connections and acknowledgements."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from conformance.server.behaviour import Behaviour, FieldValues
from conformance.server.mutants.mutant import Collection
from conformance.server.store import SowTopic
from reference_model.messages import AckType
from reference_model.rule import R

answers: Final = Collection()


_lag_s: Final = 0.2
"""How long changes wait under `flush_acked_early`: longer than another connection needs to send a query."""


@answers(R("CMD-LOGON-12"), name="logon_not_required", text="commands are taken before logon")
class _LogonNotRequired(Behaviour):
    def requires_logon(self) -> bool:
        return False


@answers(R("CMD-LOGON-11"), name="second_logon_accepted", text="a second logon succeeds")
class _SecondLogonAccepted(Behaviour):
    def accepts_logon_again(self) -> bool:
        return True


@answers(R("CMD-LOGON-08"), R("WIRE-KEY-30"), name="logon_without_version", text="the logon ack lacks version")
class _LogonWithoutVersion(Behaviour):
    def logon_fields(self, fields: FieldValues) -> FieldValues:
        return {name: value for name, value in fields.items() if name != "version"}


@answers(R("CMD-LOGON-04"), R("WIRE-KEY-31"), name="logon_without_name", text="the logon ack lacks client_name")
class _LogonWithoutName(Behaviour):
    def logon_fields(self, fields: FieldValues) -> FieldValues:
        return {name: value for name, value in fields.items() if name != "client_name"}


@answers(R("WIRE-ROB-06"), name="unknown_command_ignored", text="an unknown command leaves the connection open")
class _UnknownCommandIgnored(Behaviour):
    def survives_unknown_command(self) -> bool:
        return True


@answers(R("CMD-FAIL-05"), name="failure_closes", text="a command that fails ends the connection")
class _FailureCloses(Behaviour):
    def survives_failure(self) -> bool:
        return False


@answers(R("CMD-ACK-01"), R("CMD-ACK-03"), R("CMD-ACK-02"), name="unrequested_acks", text="every command gets a processed ack")
class _UnrequestedAcks(Behaviour):
    def acks_wanted(self, asked: frozenset[str], cmd: str) -> frozenset[str]:
        del cmd
        return asked | {AckType.PROCESSED}


@answers(
    R("CMD-ACK-04"),
    R("CMD-ACK-05"),
    R("CMD-SOW-37"),
    R("CMD-PUB-09"),
    R("CMD-FLUSH-04"),
    R("CMD-LOGON-02"),
    R("CMD-DPUB-11"),
    R("CMD-SUB-08"),
    R("CMD-UNSUB-07"),
    R("CMD-DEL-09"),
    name="received_lost",
    text="no received acks are sent",
)
class _ReceivedLost(Behaviour):
    def acks_wanted(self, asked: frozenset[str], cmd: str) -> frozenset[str]:
        del cmd
        return asked - {AckType.RECEIVED}


@answers(
    R("CMD-SOW-39"),
    R("CMD-FLUSH-02"),
    R("CMD-PUB-11"),
    R("CMD-DEL-11"),
    R("CMD-DPUB-14"),
    name="completed_lost",
    text="no completed acks are sent",
)
class _CompletedLost(Behaviour):
    def acks_wanted(self, asked: frozenset[str], cmd: str) -> frozenset[str]:
        del cmd
        return asked - {AckType.COMPLETED}


@answers(R("CMD-ACK-05"), name="ack_twice", text="completed acks are sent twice")
class _AckTwice(Behaviour):
    def ack_headers(self, header: FieldValues) -> Iterable[FieldValues]:
        return (header, header) if header["ack_type"] == AckType.COMPLETED else (header,)


@answers(R("CMD-ACK-08"), R("CMD-FLUSH-10"), name="ack_without_command_id", text="processed acks lack the command id")
class _AckWithoutCommandId(Behaviour):
    def ack_headers(self, header: FieldValues) -> Iterable[FieldValues]:
        if header["ack_type"] == AckType.PROCESSED and "client_name" not in header:
            return ({name: value for name, value in header.items() if name != "cmd_id"},)
        return (header,)


@answers(
    R("WIRE-CMD-06"),
    R("CMD-ACK-08"),
    R("CMD-FLUSH-10"),
    name="command_id_in_lower_case",
    text="acks carry the command id in lower case",
)
class _CommandIdInLowerCase(Behaviour):
    def ack_headers(self, header: FieldValues) -> Iterable[FieldValues]:
        return ({**header, "cmd_id": str(header["cmd_id"]).lower()},) if "cmd_id" in header else (header,)


@answers(R("CMD-ACK-10"), R("CMD-ACK-11"), name="ack_without_status", text="completed acks lack status")
class _AckWithoutStatus(Behaviour):
    def ack_headers(self, header: FieldValues) -> Iterable[FieldValues]:
        if header["ack_type"] == AckType.COMPLETED:
            return ({name: value for name, value in header.items() if name != "status"},)
        return (header,)


@answers(
    R("SOW-QRY-46"),
    R("CMD-PUB-16"),
    R("SOW-TOPIC-01"),
    R("SOW-BATCH-05"),
    R("CMD-LOGON-11"),
    R("EXPR-FLT-08"),
    name="failure_told_as_success",
    text="the acks of a command that failed say success",
)
class _FailureToldAsSuccess(Behaviour):
    def failure_status(self) -> str:
        return "success"


@answers(
    R("CMD-FLUSH-12"),
    R("CMD-FLUSH-02"),
    R("CMD-FLUSH-03"),
    R("SOW-DEL-18"),
    name="flush_acked_early",
    text="a flush is answered before the changes ahead of it take effect",
)
class _FlushAckedEarly(Behaviour):
    def effect_late_s(self, late_s: float) -> float:
        return late_s + _lag_s

    def flush_waits(self) -> bool:
        return False


@answers(
    R("CMD-PUB-14"),
    R("DELTA-PUB-25"),
    R("CMD-PUB-12"),
    name="persisted_only_of_records",
    text="a publish to a topic without SOW gets no persisted ack",
)
class _PersistedOnlyOfRecords(Behaviour):
    def persists(self, topic: SowTopic | None) -> bool:
        return topic is not None
