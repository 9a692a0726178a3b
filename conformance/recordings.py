"""Observations as JSON-able data for the run file, and back without loss, so that a recording can be judged again without the target.

A frame is stored once, as the bytes that were on the wire; its message is decoded again when it is read. What decoding would not give
(a message that differs, or none although the bytes hold one) is stored beside it. One thing is not kept: the text of passwords.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from conformance.json_text import decode_bytes, encode_bytes
from conformance.naming import Naming, to_logical
from conformance.wire import WireError, decode, raw_fields, split
from reference_model.messages import Message, SowRecord
from reference_model.observation import Event, EventKind, Observation

HIDDEN: Final = "(hidden)"
"""Stands in a recording where a password was sent."""
Json = Mapping[str, Any]

_SENDERS: Final[Mapping[EventKind, Literal["client", "server"]]] = {"sent": "client", "received": "server"}


def observation_to_json(observation: Observation, naming: Naming) -> dict[str, object]:
    """The recording as JSON-able data; `naming` is what its logical names were on the wire, and is stored with it."""
    observation = without_passwords(observation)
    data: dict[str, object] = {
        "scenario": observation.scenario,
        "opened_utc": observation.opened_utc,
        "topics": naming.topics,
        "clients": naming.clients,
        "events": [_event_to_json(event, naming) for event in observation.events],
    }
    sent = _sent(observation.events)
    differing: dict[str, object] = {
        label: _message_to_json(message) for label, message in observation.resolved.items() if sent.get(label) != message
    }
    differing |= dict.fromkeys(label for label in sent if label not in observation.resolved)
    optional: dict[str, object] = {
        "resolved": differing,
        "unresolved": list(observation.unresolved),
        "late": list(observation.late),
        "foreign": observation.foreign,
    }
    return data | {name: value for name, value in optional.items() if value}


def observation_from_json(data: Json) -> Observation:
    """The recording that `observation_to_json` wrote."""
    naming = Naming(topics=data["topics"], clients=data["clients"])
    events = tuple(_event_from_json(event, naming) for event in data["events"])
    resolved = _sent(events)
    for label, message in data.get("resolved", {}).items():
        if message is None:
            resolved.pop(label, None)
        else:
            resolved[label] = _message_from_json(message)
    return Observation(
        scenario=data["scenario"],
        events=events,
        resolved=resolved,
        unresolved=tuple(data.get("unresolved", ())),
        late=tuple(data.get("late", ())),
        opened_utc=data["opened_utc"],
        foreign=data.get("foreign", 0),
    )


def without_passwords(observation: Observation) -> Observation:
    """The observation as a recording keeps it: `HIDDEN` for the text of every password that was sent."""
    return replace(
        observation,
        events=tuple(_event_without_password(event) for event in observation.events),
        resolved={label: _hide(message) for label, message in observation.resolved.items()},
    )


def _event_without_password(event: Event) -> Event:
    if event.message is None or not event.message.header.get("password"):
        return event
    header, body = split(event.payload)
    fields = [(key, f'"{HIDDEN}"'.encode() if key in {b'"pw"', b'"password"'} else value) for key, value in raw_fields(header)]
    payload = b"{" + b",".join(b":".join(field) for field in fields) + b"}" + body
    return replace(event, payload=payload, message=_hide(event.message))


def _hide(message: Message) -> Message:
    return replace(message, header={**message.header, "password": HIDDEN}) if message.header.get("password") else message


def _sent(events: Iterable[Event]) -> dict[str, Message]:
    """By label what was sent for it, the first frame where there are several."""
    messages: dict[str, Message] = {}
    for event in events:
        if event.kind == "sent" and event.label is not None and event.message is not None:
            messages.setdefault(event.label, event.message)
    return messages


# ---- events --------------------------------------------------------------------------------------------------------------------


def _event_to_json(event: Event, naming: Naming) -> dict[str, object]:
    data: dict[str, object] = {"at": event.at_s, "on": event.connection, "kind": event.kind}
    if event.label is not None:
        data["label"] = event.label
    if event.payload:
        data |= encode_bytes("payload", event.payload)
    if event.message != _decoded(event.kind, event.payload, naming):
        data["message"] = None if event.message is None else _message_to_json(event.message)
    if event.detail:
        data["detail"] = event.detail
    return data


def _event_from_json(data: Json, naming: Naming) -> Event:
    kind: EventKind = data["kind"]
    payload = decode_bytes("payload", data) or b""
    if "message" not in data:
        message = _decoded(kind, payload, naming)
    else:
        message = None if data["message"] is None else _message_from_json(data["message"])
    return Event(
        at_s=data["at"],
        connection=data["on"],
        kind=kind,
        label=data.get("label"),
        payload=payload,
        message=message,
        detail=data.get("detail", ""),
    )


def _decoded(kind: EventKind, payload: bytes, naming: Naming) -> Message | None:
    if kind not in _SENDERS:
        return None
    try:
        return to_logical(decode(payload, sender=_SENDERS[kind]), naming)
    except WireError:
        return None


# ---- messages ------------------------------------------------------------------------------------------------------------------


def _message_to_json(message: Message) -> dict[str, object]:
    data: dict[str, object] = {"header": dict(message.header), **encode_bytes("body", message.body)}
    if message.records:
        data["records"] = [{"header": dict(record.header), **encode_bytes("data", record.data)} for record in message.records]
    return data


def _message_from_json(data: Json) -> Message:
    records = tuple(
        SowRecord(header=dict(record["header"]), data=decode_bytes("data", record) or b"") for record in data.get("records", ())
    )
    return Message(header=dict(data["header"]), body=decode_bytes("body", data) or b"", records=records)
