"""Single faults of the reference client by name. Each changes one decision and knows nothing of rules, programs or test data.

They show that the harness finds faults of clients: a run against one of them has to blame one of the rules that it `breaks`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from conformance.client.client import Client
from conformance.client.core import Pending, Route
from conformance.client.failures import AmpsError, CommandError
from conformance.client.store import PublishStore
from conformance.client.stream import Stream
from conformance.client.uri import Uri
from conformance.errors import UsageError
from conformance.wire import encode_command, frame, split
from reference_model.messages import HeaderValue, Message
from reference_model.rule import R


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMutant:
    """A fault of the client. `breaks`: the rules that a run against it has to find broken, the most telling one first."""

    name: str
    breaks: tuple[R, ...]
    text: str
    fault: type[Client]


def _without(message: Message, *names: str) -> Message:
    return Message(header={name: value for name, value in message.header.items() if name not in names}, body=message.body)


# ---- connecting and logging on -------------------------------------------------------------------------------------------------


class TalksFirst(Client):
    def _open(self, uri: Uri) -> None:
        super()._open(uri)
        self._send(Message(header={"cmd": "heartbeat", "opts": "beat"}))


class AnyUri(Client):
    def connect(self, uri: str) -> None:
        super().connect(uri.partition("?")[0])


class Nameless(Client):
    def _logon_command(self, uri: Uri, options: str, correlation_id: str) -> Message:
        return _without(super()._logon_command(uri, options, correlation_id), "client_name")


class NoPassword(Client):
    def _logon_command(self, uri: Uri, options: str, correlation_id: str) -> Message:
        return _without(super()._logon_command(uri, options, correlation_id), "password")


class AlwaysJson(Client):
    def _logon_command(self, uri: Uri, options: str, correlation_id: str) -> Message:
        command = super()._logon_command(uri, options, correlation_id)
        return Message(header={**command.header, "message_type": "json"})


class NoLogonOptions(Client):
    def _logon_command(self, uri: Uri, options: str, correlation_id: str) -> Message:
        return _without(super()._logon_command(uri, options, correlation_id), "opts")


class ReasonIsFailure(Client):
    def _failed(self, ack: Message) -> bool:
        return super()._failed(ack) or ack.text("reason") is not None


class AnyAckCompletes(Client):
    def _completes(self, pending: Pending, ack: Message) -> bool:
        del pending, ack
        return True


# ---- ids and acks --------------------------------------------------------------------------------------------------------------


class SameId(Client):
    def _next_id(self) -> str:
        return "auto1"


class OwnSubscriptionId(Client):
    def request(self, cmd: str, topic: str, handler: Any = None, **more: Any) -> str | Stream:
        more.pop("sub_id", None)
        return super().request(cmd, topic, handler, **more)


class AsksReceived(Client):
    def _acks(self, cmd: str, asked: frozenset[str]) -> list[str]:
        return ["received" if ack_type == "processed" else ack_type for ack_type in super()._acks(cmd, asked)]


class ForgetsAskedAcks(Client):
    def _acks(self, cmd: str, asked: frozenset[str]) -> list[str]:
        del asked
        return super()._acks(cmd, frozenset())


class DoesNotWait(Client):
    def _wait(self, command: Message, ack_type: str, timeout_ms: int, route: Route | None = None) -> Message:
        if route is None:
            return super()._wait(command, ack_type, timeout_ms, route)
        self._enter(command, route)
        self._send(command)
        return Message(header={"cmd": "ack"})


class PublishAsks(Client):
    def _send(self, command: Message) -> None:
        if command.cmd in {"publish", "delta_publish"}:
            command = Message(header={**command.header, "ack_type": "processed", "cmd_id": self._next_id()}, body=command.body)
        super()._send(command)


class Impatient(Client):
    def _waited(self, pending: Pending, timeout_ms: int) -> None:
        super()._waited(pending, timeout_ms // 4)


class WaitsForEver(Client):
    def _waited(self, pending: Pending, timeout_ms: int) -> None:
        del timeout_ms
        super()._waited(pending, 0)


class TellsAllAcks(Client):
    def _take_ack(self, ack: Message) -> None:
        route = self._commands.get(ack.text("cmd_id") or "")
        super()._take_ack(ack)
        if route is not None and ack.text("ack_type") not in route.asked:
            self._deliver(route, ack)


class DeletesByData(Client):
    def sow_delete(self, topic: str, **more: Any) -> Message:
        text = more.pop("filter", "")
        return super().sow_delete(topic, **({"data": text.encode()} if text else more))


class UnsubscribesNothing(Client):
    def unsubscribe(self, sub_id: str = "") -> None:
        super().unsubscribe(sub_id or "none")


# ---- errors --------------------------------------------------------------------------------------------------------------------


class NothingFails(Client):
    def _failed(self, ack: Message) -> bool:
        del ack
        return False


class OneError(Client):
    def _error(self, ack: Message) -> AmpsError:
        return CommandError(ack.text("reason") or "")


class SilentError(Client):
    def _error(self, ack: Message) -> AmpsError:
        error = super()._error(ack)
        return CommandError("the command failed") if type(error) is CommandError else error


class ClosesOnFailure(Client):
    def _error(self, ack: Message) -> AmpsError:
        self._stop()
        return super()._error(ack)


class HandlerErrorsEndIt(Client):
    def _guarded(self, function: Callable[..., object], *arguments: object) -> None:
        try:
            function(*arguments)
        except Exception:  # noqa: BLE001 (the fault itself)
            connection = self._connection
            if connection is not None:
                connection.shutdown()


class ErrorsAreLost(Client):
    def _guarded(self, function: Callable[..., object], *arguments: object) -> None:
        listener, self.listeners.exception = self.listeners.exception, None
        super()._guarded(function, *arguments)
        self.listeners.exception = listener


# ---- routing -------------------------------------------------------------------------------------------------------------------


class FirstSidOnly(Client):
    def _take_delivery(self, message: Message) -> None:
        first = (message.text("sids") or "").partition(",")[0]
        super()._take_delivery(Message(header={**message.header, "sids": first}, body=message.body))


class ShowsAllSids(Client):
    def _deliver(self, route: Route, message: Message) -> None:
        ids = [key for key, other in self._subscriptions.items() if other.command.text("topic") == route.command.text("topic")]
        shown = {**message.header, "sub_id": ",".join(ids)} if message.cmd == "publish" else message.header
        super()._deliver(route, Message(header=shown, body=message.body))


class WrongHandler(Client):
    def _take_delivery(self, message: Message) -> None:
        ids = (message.text("sids") or "").split(",")
        known = list(self._subscriptions)
        if len(known) > 1 and ids == [known[0]]:
            ids = [known[1]]
        super()._take_delivery(Message(header={**message.header, "sids": ",".join(ids)}, body=message.body))


class NoLastChance(Client):
    def _last_chance(self, message: Message) -> None:
        del message


class LatestQuery(Client):
    def _to_query(self, message: Message) -> None:
        if self._queries:
            message = Message(header={**message.header, "query_id": list(self._queries)[-1]}, body=message.body)
        super()._to_query(message)


class NoDelimiters(Client):
    def _to_query(self, message: Message) -> None:
        if message.cmd == "sow":
            super()._to_query(message)


class KeepsHandlers(Client):
    def unsubscribe(self, sub_id: str = "") -> None:
        kept = dict(self._subscriptions)
        super().unsubscribe(sub_id)
        self._subscriptions.update(kept)


class NoKeys(Client):
    def _deliver(self, route: Route, message: Message) -> None:
        super()._deliver(route, _without(message, "sow_key", "bookmark") if message.cmd == "publish" else message)


# ---- queries and streams -------------------------------------------------------------------------------------------------------


class BatchOfOne(Client):
    def request(self, cmd: str, topic: str, handler: Any = None, **more: Any) -> str | Stream:
        if cmd.startswith("sow"):
            more["batch_size"] = 1
        return super().request(cmd, topic, handler, **more)


class NoSecondRecord(Client):
    def _records(self, message: Message) -> Iterator[Message]:
        return (record for index, record in enumerate(super()._records(message)) if index != 1)


class Backwards(Client):
    def _records(self, message: Message) -> Iterator[Message]:
        return reversed(list(super()._records(message)))


class NoOuterFields(Client):
    def _records(self, message: Message) -> Iterator[Message]:
        return (_without(record, "topic") for record in super()._records(message))


class FirstInnerFields(Client):
    def _records(self, message: Message) -> Iterator[Message]:
        first = message.records[0].header.get("correlation_id")
        for record in super()._records(message):
            yield record if first is None else Message(header={**record.header, "correlation_id": first}, body=record.body)


class TrimsRecords(Client):
    def _records(self, message: Message) -> Iterator[Message]:
        return (Message(header=record.header, body=record.body.rstrip(b"}")) for record in super()._records(message))


class EndsAtGroupEnd(Client):
    class Short(Stream):
        def take(self, message: Message) -> None:
            super().take(message)
            if message.cmd == "group_end":
                self.acked("completed")

    stream_kind = Short


class NeverEnds(Client):
    class Long(Stream):
        def acked(self, ack_type: str) -> None:
            del ack_type

    stream_kind = Long


class ClosesSilently(Client):
    class Silent(Stream):
        def close(self) -> None:
            self._closed = True

    stream_kind = Silent


class KeepsOldest(Client):
    class Old(Stream):
        def _replace(self, message: Message) -> bool:
            key = message.text("sow_key")
            return any(key is not None and other.text("sow_key") == key for other in self._messages)

    stream_kind = Old


# ---- bytes ---------------------------------------------------------------------------------------------------------------------


class CountsItself(Client):
    def _encode(self, command: Message) -> bytes:
        data = super()._encode(command)
        return len(data).to_bytes(4, "big") + data[4:]


class LittleEndian(Client):
    def _encode(self, command: Message) -> bytes:
        data = super()._encode(command)
        return len(data[4:]).to_bytes(4, "little") + data[4:]


class NoEscapes(Client):
    def _encode(self, command: Message) -> bytes:
        header, body = split(super()._encode(command)[4:])
        return frame(header.replace(b"\\\\", b"/").replace(b'\\"', b"'") + body)


class AsciiOnly(Client):
    def _encode(self, command: Message) -> bytes:
        header, body = split(super()._encode(command)[4:])
        text = "".join(char if char.isascii() else f"\\u{ord(char):04x}" for char in header.decode())
        return frame(text.encode() + body)


class TextBodies(Client):
    def _encode(self, command: Message) -> bytes:
        return super()._encode(Message(header=command.header, body=command.body.decode("utf-8", "replace").encode()))


class TrimsBodies(Client):
    def _encode(self, command: Message) -> bytes:
        return super()._encode(Message(header=command.header, body=command.body.strip()))


class DeltaAsPublish(Client):
    def delta_publish(self, topic: str, data: bytes, **fields: HeaderValue) -> int:
        return self.publish(topic, data, **fields)


class NoExpiration(Client):
    def _encode(self, command: Message) -> bytes:
        return encode_command(_without(command, "expiration"))


class UnknownCommandsEndIt(Client):
    def _take(self, payload: bytes) -> None:
        super()._take(payload)
        if b'"c":"wibble"' in payload or b'"c": "wibble"' in payload:
            raise AmpsError("an unknown command")


# ---- heartbeats, losses, stores ------------------------------------------------------------------------------------------------


class NoBeats(Client):
    def _take_heartbeat(self, message: Message) -> None:
        del message


class HearsSilence(Client):
    def _silence(self, interval_s: int, timeout_s: int) -> float:
        del interval_s, timeout_s
        return 0.0


class HalfPatient(Client):
    def _silence(self, interval_s: int, timeout_s: int) -> float:
        return float(timeout_s or interval_s)


class NobodyIsTold(Client):
    def _dropped(self) -> None:
        self.listeners.disconnected = None
        super()._dropped()


class ForgetsSubscriptions(Client):
    def _resubscribe(self, routes: list[Route]) -> None:
        del routes


class ForgetsPublishes(Client):
    def _replay(self, store: PublishStore) -> None:
        del store


class NumbersAnew(Client):
    def _replay(self, store: PublishStore) -> None:
        for command in store.stored():
            self._send(Message(header={**command.header, "seq": int(str(command.header["seq"])) + 1000}, body=command.body))


class NumberAsDouble(Client):
    def _encode(self, command: Message) -> bytes:
        seq = command.header.get("seq")
        header = command.header if seq is None else {**command.header, "seq": int(float(seq))}
        return super()._encode(Message(header=header, body=command.body))


class NoFailedWrites(Client):
    def _take_ack(self, ack: Message) -> None:
        self.listeners.failed_write = None
        super()._take_ack(ack)


CLIENT_MUTANTS: Final[Mapping[str, ClientMutant]] = MappingProxyType(
    {
        mutant.name: mutant
        for mutant in (
            ClientMutant(
                name="talks_first",
                breaks=(R("CLI-CONN-01"),),
                text="sends a command before anyone asked for one",
                fault=TalksFirst,
            ),
            ClientMutant(
                name="any_uri",
                breaks=(R("CLI-CONN-03"),),
                text="takes any option in a connection string",
                fault=AnyUri,
            ),
            ClientMutant(
                name="nameless",
                breaks=(R("CLI-LOGON-01"),),
                text="logs on without its name",
                fault=Nameless,
            ),
            ClientMutant(
                name="no_password",
                breaks=(R("CLI-LOGON-04"),),
                text="does not send the password",
                fault=NoPassword,
            ),
            ClientMutant(
                name="always_json",
                breaks=(R("WIRE-CONN-12"),),
                text="names json whatever the connection string names",
                fault=AlwaysJson,
            ),
            ClientMutant(
                name="no_logon_options",
                breaks=(R("CLI-LOGON-15"),),
                text="drops the options of the logon",
                fault=NoLogonOptions,
            ),
            ClientMutant(
                name="reason_is_failure",
                breaks=(R("CLI-LOGON-10"), R("CLI-EXC-22")),
                text="takes a reason for a failure",
                fault=ReasonIsFailure,
            ),
            ClientMutant(
                name="any_ack_completes",
                breaks=(R("CLI-LOGON-11"), R("CLI-ACK-02"), R("CLI-ACK-20")),
                text="takes any ack of the command for the one it waits for",
                fault=AnyAckCompletes,
            ),
            ClientMutant(
                name="same_id",
                breaks=(R("CLI-ID-01"),),
                text="gives every command the same id",
                fault=SameId,
            ),
            ClientMutant(
                name="own_subscription_id",
                breaks=(R("CLI-ID-04"),),
                text="ignores the subscription id of the application",
                fault=OwnSubscriptionId,
            ),
            ClientMutant(
                name="asks_received",
                breaks=(R("CLI-ACK-01"),),
                text="asks for received in the place of processed",
                fault=AsksReceived,
            ),
            ClientMutant(
                name="forgets_asked_acks",
                breaks=(R("CLI-ACK-06"),),
                text="does not ask for the acks that the application wants",
                fault=ForgetsAskedAcks,
            ),
            ClientMutant(
                name="does_not_wait",
                breaks=(R("CLI-ACK-02"),),
                text="returns from a subscription before its ack",
                fault=DoesNotWait,
            ),
            ClientMutant(
                name="publish_asks",
                breaks=(R("CLI-ACK-04"),),
                text="asks for an ack of every publish",
                fault=PublishAsks,
            ),
            ClientMutant(
                name="impatient",
                breaks=(R("CLI-ACK-12"), R("CLI-LOGON-12"), R("CLI-ACK-18")),
                text="gives up after a quarter of the time",
                fault=Impatient,
            ),
            ClientMutant(
                name="waits_for_ever",
                breaks=(R("CLI-ACK-12"), R("CLI-LOGON-12"), R("CLI-ACK-18")),
                text="ignores time-outs",
                fault=WaitsForEver,
            ),
            ClientMutant(
                name="tells_all_acks",
                breaks=(R("CLI-ACK-08"),),
                text="delivers the acks that it asked for itself",
                fault=TellsAllAcks,
            ),
            ClientMutant(
                name="deletes_by_data",
                breaks=(R("CLI-ACK-21"),),
                text="sends the filter of a delete as data",
                fault=DeletesByData,
            ),
            ClientMutant(
                name="unsubscribes_nothing",
                breaks=(R("CLI-ACK-22"),),
                text="gives up no subscription where it should give up all",
                fault=UnsubscribesNothing,
            ),
            ClientMutant(
                name="nothing_fails",
                breaks=(R("CLI-LOGON-13"), R("CLI-EXC-18"), R("CLI-LOGON-14")),
                text="swallows failures",
                fault=NothingFails,
            ),
            ClientMutant(
                name="one_error",
                breaks=(R("CLI-EXC-01"), R("CLI-LOGON-13"), R("CLI-LOGON-14")),
                text="raises the general error for every reason",
                fault=OneError,
            ),
            ClientMutant(
                name="silent_error",
                breaks=(R("CLI-EXC-18"),),
                text="does not say the reason of an unknown failure",
                fault=SilentError,
            ),
            ClientMutant(
                name="closes_on_failure",
                breaks=(R("CLI-EXC-20"),),
                text="closes the connection when a command fails",
                fault=ClosesOnFailure,
            ),
            ClientMutant(
                name="handler_errors_end_it",
                breaks=(R("CLI-EXC-23"), R("CLI-EXC-24")),
                text="ends the connection when a handler raises",
                fault=HandlerErrorsEndIt,
            ),
            ClientMutant(
                name="errors_are_lost",
                breaks=(R("CLI-EXC-24"),),
                text="tells nobody that a handler raised",
                fault=ErrorsAreLost,
            ),
            ClientMutant(
                name="first_sid_only",
                breaks=(R("CLI-ROUTE-01"), R("CLI-ROUTE-05")),
                text="delivers to the first subscription of the list only",
                fault=FirstSidOnly,
            ),
            ClientMutant(
                name="shows_all_sids",
                breaks=(R("CLI-ROUTE-02"),),
                text="shows all subscriptions on a message in the place of one",
                fault=ShowsAllSids,
            ),
            ClientMutant(
                name="wrong_handler",
                breaks=(R("CLI-ROUTE-01"),),
                text="calls the handler of another subscription",
                fault=WrongHandler,
            ),
            ClientMutant(
                name="no_last_chance",
                breaks=(R("CLI-ROUTE-04"), R("CLI-ACK-10")),
                text="drops what belongs to nobody",
                fault=NoLastChance,
            ),
            ClientMutant(
                name="latest_query",
                breaks=(R("CLI-ROUTE-06"), R("CLI-ROUTE-07"), R("CLI-SOW-03")),
                text="gives results to the query that was sent last",
                fault=LatestQuery,
            ),
            ClientMutant(
                name="no_delimiters",
                breaks=(R("CLI-ROUTE-07"), R("CLI-ACK-17")),
                text="does not deliver group_begin and group_end",
                fault=NoDelimiters,
            ),
            ClientMutant(
                name="keeps_handlers",
                breaks=(R("CLI-ROUTE-09"), R("CLI-ROUTE-10")),
                text="goes on delivering after unsubscribe",
                fault=KeepsHandlers,
            ),
            ClientMutant(
                name="no_keys",
                breaks=(R("CLI-ROUTE-12"),),
                text="hides key and bookmark of a delivery",
                fault=NoKeys,
            ),
            ClientMutant(
                name="batch_of_one",
                breaks=(R("CLI-SOW-01"), R("CLI-SOW-02")),
                text="asks for batches of one record",
                fault=BatchOfOne,
            ),
            ClientMutant(
                name="no_second_record",
                breaks=(R("CLI-SOW-03"),),
                text="drops the second record of a batch",
                fault=NoSecondRecord,
            ),
            ClientMutant(
                name="backwards",
                breaks=(R("CLI-ROUTE-03"), R("CLI-SOW-03")),
                text="delivers the records of a batch backwards",
                fault=Backwards,
            ),
            ClientMutant(
                name="no_outer_fields",
                breaks=(R("CLI-SOW-05"),),
                text="does not show the topic on records",
                fault=NoOuterFields,
            ),
            ClientMutant(
                name="first_inner_fields",
                breaks=(R("CLI-SOW-06"),),
                text="shows the correlation id of the first record on all",
                fault=FirstInnerFields,
            ),
            ClientMutant(
                name="trims_records",
                breaks=(R("CLI-SOW-04"),),
                text="cuts braces off the end of records",
                fault=TrimsRecords,
            ),
            ClientMutant(
                name="ends_at_group_end",
                breaks=(R("CLI-STREAM-01"), R("CLI-STREAM-02")),
                text="ends a stream at group_end",
                fault=EndsAtGroupEnd,
            ),
            ClientMutant(
                name="never_ends",
                breaks=(R("CLI-STREAM-01"), R("CLI-STREAM-02")),
                text="never ends a stream",
                fault=NeverEnds,
            ),
            ClientMutant(
                name="closes_silently",
                breaks=(R("CLI-STREAM-04"),),
                text="closes the stream of a subscription without giving it up",
                fault=ClosesSilently,
            ),
            ClientMutant(
                name="keeps_oldest",
                breaks=(R("CLI-STREAM-06"),),
                text="conflates to the oldest message",
                fault=KeepsOldest,
            ),
            ClientMutant(
                name="counts_itself",
                breaks=(R("WIRE-FRAME-02"), R("WIRE-FRAME-01"), R("WIRE-HDR-01"), R("CLI-LOGON-02")),
                text="counts the length of a frame in",
                fault=CountsItself,
            ),
            ClientMutant(
                name="little_endian",
                breaks=(R("WIRE-FRAME-01"), R("CLI-LOGON-02")),
                text="writes lengths little-endian",
                fault=LittleEndian,
            ),
            ClientMutant(
                name="no_escapes",
                breaks=(R("WIRE-HDR-05"), R("CLI-TEXT-05"), R("CLI-LOGON-01")),
                text="replaces quotes and backslashes instead of escaping them",
                fault=NoEscapes,
            ),
            ClientMutant(
                name="ascii_only",
                breaks=(R("WIRE-HDR-07"),),
                text="writes escapes for what is not ASCII",
                fault=AsciiOnly,
            ),
            ClientMutant(
                name="text_bodies",
                breaks=(R("CLI-TEXT-02"),),
                text="takes bodies for text",
                fault=TextBodies,
            ),
            ClientMutant(
                name="trims_bodies",
                breaks=(R("WIRE-FRAME-06"),),
                text="cuts blanks off bodies",
                fault=TrimsBodies,
            ),
            ClientMutant(
                name="delta_as_publish",
                breaks=(R("DELTA-PUB-16"),),
                text="sends a plain publish for delta_publish",
                fault=DeltaAsPublish,
            ),
            ClientMutant(
                name="no_expiration",
                breaks=(R("CLI-TEXT-08"),),
                text="does not send the expiration",
                fault=NoExpiration,
            ),
            ClientMutant(
                name="unknown_commands_end_it",
                breaks=(R("WIRE-CROB-03"),),
                text="ends the connection at an unknown command",
                fault=UnknownCommandsEndIt,
            ),
            ClientMutant(
                name="no_beats",
                breaks=(R("CLI-HB-02"),),
                text="does not answer heartbeats",
                fault=NoBeats,
            ),
            ClientMutant(
                name="hears_silence",
                breaks=(R("CLI-HB-03"),),
                text="never takes silence for a loss",
                fault=HearsSilence,
            ),
            ClientMutant(
                name="half_patient",
                breaks=(R("CLI-HB-05"),),
                text="takes one interval of silence for a loss",
                fault=HalfPatient,
            ),
            ClientMutant(
                name="nobody_is_told",
                breaks=(R("CLI-HA-26"), R("CLI-HB-03"), R("WIRE-CROB-01")),
                text="does not call the disconnect handler",
                fault=NobodyIsTold,
            ),
            ClientMutant(
                name="forgets_subscriptions",
                breaks=(R("CLI-HA-04"),),
                text="does not subscribe again after a loss",
                fault=ForgetsSubscriptions,
            ),
            ClientMutant(
                name="forgets_publishes",
                breaks=(R("CLI-PSTORE-10"), R("CMD-LOGON-34")),
                text="does not send again what was not acknowledged",
                fault=ForgetsPublishes,
            ),
            ClientMutant(
                name="numbers_anew",
                breaks=(R("CLI-PSTORE-10"), R("CMD-LOGON-34")),
                text="sends again with other sequence numbers",
                fault=NumbersAnew,
            ),
            ClientMutant(
                name="number_as_double",
                breaks=(R("CLI-PSTORE-01"),),
                text="handles sequence numbers as floating point",
                fault=NumberAsDouble,
            ),
            ClientMutant(
                name="no_failed_writes",
                breaks=(R("CLI-PSTORE-05"),),
                text="tells nobody of a failed publish",
                fault=NoFailedWrites,
            ),
        )
    }
)


def client_with(name: str) -> type[Client]:
    """The client with that fault. Raises UsageError for an unknown name."""
    if name not in CLIENT_MUTANTS:
        raise UsageError(f"unknown mutant {name!r}; known are {', '.join(CLIENT_MUTANTS)}")
    return CLIENT_MUTANTS[name].fault
