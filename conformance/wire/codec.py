"""Messages to bytes and back, for both sides of a connection. Nothing here knows what a message means."""

from __future__ import annotations

from typing import Final, Literal

from conformance.wire.batch import read_records, write_records
from conformance.wire.form import command_payload
from conformance.wire.framing import frame
from conformance.wire.header import Style, header_end, read_header, read_plain, write_header
from conformance.wire.names import MESSAGE_ORDER, SERVER_NAMES
from reference_model.messages import PLAIN, Form, Message

MESSAGE_STYLE: Final = Style(names=SERVER_NAMES, order=MESSAGE_ORDER)

SHORT_BYTES: Final = 4096
"""Up to this length a payload is decoded whole before its header is read; beyond it only the header is."""


def encode_command(message: Message, form: Form = PLAIN) -> bytes:
    """The whole frame of a command, length included, as the official Python client writes it unless `form` says otherwise."""
    return frame(command_payload(message, form))


def encode_message(message: Message) -> bytes:
    """The whole frame of a server's message: names and order that both official clients understand, compact, numbers bare.

    A `sow` message is written from its records; `bs` is their number unless the header says another.
    """
    header = message.header
    if message.records:
        header = {"batch_size": len(message.records), **header}
    return frame(write_header(header, MESSAGE_STYLE) + write_records(message.records) + message.body)


def decode(payload: bytes, *, sender: Literal["client", "server"]) -> Message:
    """The message that a payload (a frame without its length) holds. Raises WireError, and nothing else whatever the bytes.

    Canonical field names; unknown keys under their own name; `p` reads `publish`. A server's `sow` is split into records.
    """
    short = payload if len(payload) <= SHORT_BYTES else payload[: header_end(payload)]
    header, end = read_plain(short.decode("latin-1"), 0) or read_header(short)
    if header.get("cmd") == "p":
        header["cmd"] = "publish"
    if sender == "server" and header.get("cmd") == "sow":
        return Message(header=header, records=read_records(payload, end))
    return Message(header=header, body=payload[end:])
