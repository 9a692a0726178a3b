"""The ways to write one command that mean the same: names, blanks, order, quotes, `p`, cuts of the frame (wire.md sections 2 to 5)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import Final, Literal

from conformance.wire.errors import WireError
from conformance.wire.framing import LENGTH_BYTES
from conformance.wire.header import Style, header_end, write_header
from conformance.wire.names import ABBREVIATIONS, CLIENT_NAMES, COMMAND_ORDER
from reference_model.messages import NUMBER_FIELDS, Form, Message

_NAMES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"client": CLIENT_NAMES, "short": ABBREVIATIONS, "long": MappingProxyType({})}
)
_BARE_BY_CLIENT: Final = NUMBER_FIELDS - {"expiration"}
"""The official Python client writes the expiration as a quoted string, every other number bare (wire.md section 3)."""


@cache
def _style(form: Form) -> Style:
    bare = frozenset[str]() if form.quoted else _BARE_BY_CLIENT
    return Style(names=_NAMES[form.names], order=COMMAND_ORDER, bare=bare, blanks=form.blanks, reverse=form.reverse)


def command_payload(message: Message, form: Form) -> bytes:
    """Header and body of a command in that form."""
    header = message.header
    if form.p and header.get("cmd") == "publish":
        header = {**header, "cmd": "p"}
    return write_header(header, _style(form)) + message.body


def cut(frame: bytes, pieces: Literal["whole", "bytes", "cuts"]) -> list[bytes]:
    """The pieces in which one frame reaches the socket, none of them empty: whole, byte by byte, or cut inside the length, inside the
    header and inside the body (WIRE-FRAME-04)."""
    if pieces == "whole":
        return [frame] if frame else []
    if pieces == "bytes":
        return [frame[at : at + 1] for at in range(len(frame))]
    try:
        body = header_end(frame, LENGTH_BYTES)
    except WireError:
        body = len(frame)
    places = sorted({0, LENGTH_BYTES // 2, (LENGTH_BYTES + body) // 2, (body + len(frame)) // 2, len(frame)})
    return [frame[start:end] for start, end in pairwise(places) if frame[start:end]]
