"""Faults in how the bytes of commands are read: frames, headers, names of fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from conformance.server.behaviour import Behaviour
from conformance.server.mutants.mutant import Collection
from conformance.wire import WireError, raw_fields, split
from reference_model.messages import Message
from reference_model.rule import R

received: Final = Collection()


# ---- frames ------------------------------------------------------------------------------------------------------------------------


@received(R("WIRE-FRAME-04"), name="pieces_refused", text="a frame that comes in pieces ends the connection")
class _PiecesRefused(Behaviour):
    def waits_for_rest(self) -> bool:
        return False


@received(R("WIRE-FRAME-05"), name="publish_of_segment_lost", text="of publishes that come in one segment the last of several is lost")
class _PublishOfSegmentLost(Behaviour):
    def frames(self, payloads: Sequence[bytes]) -> Sequence[bytes]:
        publishes = [payload for payload in payloads if b'"c":"p' in payload]
        return [payload for payload in payloads if payload is not publishes[-1]] if len(publishes) > 1 else payloads


@received(R("SUB-REG-17"), name="subscribe_of_segment_lost", text="of subscribes that come in one segment the last of several is lost")
class _SubscribeOfSegmentLost(Behaviour):
    def frames(self, payloads: Sequence[bytes]) -> Sequence[bytes]:
        several = [payload for payload in payloads if b'"c":"subscribe"' in payload]
        return [payload for payload in payloads if payload is not several[-1]] if len(several) > 1 else payloads


# ---- names -------------------------------------------------------------------------------------------------------------------------


def _renamed(payload: bytes, change: Callable[[bytes, bytes], tuple[bytes, bytes]]) -> bytes:
    _, rest = split(payload)
    return b"{" + b",".join(b":".join(change(key, value)) for key, value in raw_fields(payload)) + b"}" + rest


def _name_unknown(short: str, of: bytes) -> type[Behaviour]:
    """A short name that is not understood in commands which hold these bytes; without it no command at all could be carried out."""
    key = f'"{short}"'.encode()

    class NameUnknown(Behaviour):
        def decode(self, payload: bytes) -> Message:
            if of not in payload:
                return super().decode(payload)
            return super().decode(_renamed(payload, lambda name, value: (b'"unknown"' if name == key else name, value)))

    return NameUnknown


for _rule, _short, _long, _of in (
    (R("CMD-ABBR-01"), "c", "cmd", b'"unsubscribe"'),
    (R("CMD-ABBR-02"), "t", "topic", b'"subscribe"'),
    (R("CMD-ABBR-03"), "cid", "cmd_id", b'"unsubscribe"'),
    (R("CMD-ABBR-04"), "a", "ack_type", b'"subscribe"'),
    (R("CMD-ABBR-05"), "f", "filter", b""),
    (R("CMD-ABBR-06"), "o", "opts", b""),
    (R("CMD-ABBR-11"), "x", "correlation_id", b""),
):
    received(
        _rule,
        name=f"short_{_long}_unknown",
        text=f"{_of.decode() or 'commands'} with {_short} is read as if it had no {_long}".replace('"', ""),
    )(_name_unknown(_short, _of))


@received(R("CMD-ABBR-07"), name="short_batch_size_refused", text="commands with bs are refused as if it was 0")
class _ShortBatchSizeRefused(Behaviour):
    def decode(self, payload: bytes) -> Message:
        return super().decode(_renamed(payload, lambda name, value: (name, b"0" if name == b'"bs"' else value)))


@received(R("WIRE-CMD-01"), R("SOW-REC-03"), name="short_publish_is_delta", text="p is a delta_publish")
class _ShortPublishIsDelta(Behaviour):
    def decode(self, payload: bytes) -> Message:
        return super().decode(
            _renamed(
                payload, lambda name, value: (name, b'"delta_publish"' if value == b'"p"' and name in {b'"c"', b'"cmd"'} else value)
            )
        )


# ---- values ------------------------------------------------------------------------------------------------------------------------


def _texts_changed(change: Callable[[str, str], str]) -> type[Behaviour]:
    class TextsChanged(Behaviour):
        def decode(self, payload: bytes) -> Message:
            message = super().decode(payload)
            header = {name: change(name, value) if isinstance(value, str) else value for name, value in message.header.items()}
            return Message(header=header, body=message.body)

    return TextsChanged


received(R("WIRE-HDR-05"), name="escapes_kept", text="the backslash before a quote stays in the texts of a command")(
    _texts_changed(lambda _, text: text.replace('"', '\\"'))
)
received(R("CMD-PUB-40"), R("CMD-PUB-21"), name="correlation_ids_unpadded", text="correlation ids lose their padding")(
    _texts_changed(lambda name, text: text.rstrip("=") if name == "correlation_id" else text)
)
received(R("WIRE-HDR-09"), name="texts_end_at_brace", text="a text of a command ends at its first brace")(
    _texts_changed(lambda _, text: text.split("{")[0].split("}")[0])
)
received(R("WIRE-HDR-07"), R("CMD-ACK-08"), name="texts_in_seven_bits", text="texts of commands lose characters outside of ASCII")(
    _texts_changed(lambda _, text: text.encode("ascii", "ignore").decode())
)
received(R("WIRE-HDR-06"), name="texts_end_at_line", text="a text of a command ends at its first line break")(
    _texts_changed(lambda _, text: text.split("\n")[0])
)
received(R("WIRE-HDR-11"), R("CMD-ACK-01"), name="empty_ack_type_is_processed", text="an empty ack_type requests a processed ack")(
    _texts_changed(lambda name, text: text or "processed" if name == "ack_type" else text)
)
received(
    R("WIRE-CMD-06"), R("CMD-ACK-08"), R("CMD-FLUSH-10"), name="long_command_ids_cut", text="command ids are cut after 20 characters"
)(_texts_changed(lambda name, text: text[:20] if name == "cmd_id" else text))


@received(R("WIRE-HDR-10"), name="quoted_numbers_refused", text="a command with a quoted number ends the connection")
class _QuotedNumbersRefused(Behaviour):
    def decode(self, payload: bytes) -> Message:
        for name, value in raw_fields(payload):
            if name in {b'"e"', b'"expiration"', b'"bs"', b'"batch_size"', b'"top_n"', b'"s"'} and value.startswith(b'"'):
                raise WireError("quoted number")
        return super().decode(payload)


@received(R("WIRE-HDR-03"), name="blanks_refused", text="a header with blanks between its members ends the connection")
class _BlanksRefused(Behaviour):
    def decode(self, payload: bytes) -> Message:
        if _renamed(payload, lambda name, value: (name, value)) != payload:
            raise WireError("blank")
        return super().decode(payload)


@received(R("WIRE-HDR-04"), name="command_has_to_be_first", text="a header that does not begin with the command ends the connection")
class _CommandFirst(Behaviour):
    def decode(self, payload: bytes) -> Message:
        if raw_fields(payload)[:1] and raw_fields(payload)[0][0] not in {b'"c"', b'"cmd"'}:
            raise WireError("no command")
        return super().decode(payload)
