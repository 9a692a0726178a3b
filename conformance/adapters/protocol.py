"""The adapter protocol, version 1: JSON lines. Commands go to the adapter, events come from it; both have a JSON Schema.

Here are the names, the schemas and their use. A line that an adapter wrote is hostile: it yields an event or one ProtocolError.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jsonschema import Draft202012Validator

from reference_model.messages import NUMBER_FIELDS, HeaderValue, Message

PROTOCOL_VERSION: Final = 1
SHOWN_CHARS_MAX: Final = 120
"""How much of a line that is wrong is quoted."""

Json = Mapping[str, Any]


class ProtocolError(Exception):
    """A line that is no event of the protocol; the text says in what."""


@cache
def schema(direction: str) -> Json:
    """The JSON Schema of `commands` (to the adapter) or `events` (from it)."""
    text = (files("conformance.schemas") / f"adapter-{direction}.schema.json").read_text("utf-8")
    found: Json = json.loads(text)
    return found


@cache
def _validator(direction: str, name: str) -> Draft202012Validator | None:
    """The validator of one kind of line: quicker than trying them all, and it says what is wrong with this one."""
    whole = schema(direction)
    if name not in whole["$defs"] or name.startswith("_"):
        return None
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": whole["$defs"]})


def problem(direction: str, data: object) -> str:
    """What is wrong with a command or an event, in a few words; empty if nothing is."""
    if not isinstance(data, dict):
        return "it is no JSON object"
    key = "do" if direction == "commands" else "event"
    name = data.get(key)
    validator = _validator(direction, name) if isinstance(name, str) else None
    if validator is None:
        return f"{key!r} is {_short(name)}, which is none of the protocol"
    error = next(iter(validator.iter_errors(data)), None)
    if error is None:
        return ""
    place = ".".join(map(str, error.absolute_path))
    return f"{f'{place}: ' if place else ''}{_short(error.message)}"


def read_event(line: bytes) -> Json:
    """The event of a line. Raises ProtocolError."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        raise ProtocolError(f"a line that is no JSON: {quoted(line)}") from None
    wrong = problem("events", data)
    if wrong:
        raise ProtocolError(f"a line against the protocol ({wrong}): {quoted(line)}")
    found: Json = data
    return found


def write_command(command: Json) -> bytes:
    """The line of a command."""
    assert not (wrong := problem("commands", command)), f"{command}: {wrong}"
    return json.dumps(command, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"


def to_base64(data: bytes) -> str:
    """Bodies are base64 on the line, whatever they hold."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes:
    """Raises ProtocolError."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError(f"data is no base64: {_short(text)}") from None


def message_to_json(message: Message) -> dict[str, object]:
    """A message as adapters write it."""
    return {"header": dict(message.header), "data": to_base64(message.body)}


def message_of(data: Json) -> Message:
    """The message of a `message` member. Numbers may come as text, and text as numbers: languages differ. Raises ProtocolError."""
    header: dict[str, HeaderValue] = {}
    for name, value in data["header"].items():
        text = str(value)
        number = name in NUMBER_FIELDS and text.isascii() and text.isdigit() and len(text) <= len(str(2**64))
        header[name] = int(text) if number else text
    return Message(header=header, body=from_base64(data.get("data", "")))


def quoted(line: bytes) -> str:
    """The beginning of a line, escaped."""
    text = line[:SHOWN_CHARS_MAX].decode("latin-1").encode("unicode_escape").decode("ascii")
    return f"'{text}{'…' if len(line) > SHOWN_CHARS_MAX else ''}'"


def _short(value: object) -> str:
    text = str(value).encode("unicode_escape").decode("ascii")
    return text if len(text) <= SHOWN_CHARS_MAX else text[:SHOWN_CHARS_MAX] + "…"
