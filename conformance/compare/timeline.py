"""Every frame of an execution in a line for a reader, and where the history parts from what was expected: the timeline of a failure.

Gives data of the run file: texts that are plain and cut to a length, raw bytes as text with escapes. What a page makes of it is the
matter of reports. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from conformance.compare.bodies import shown
from conformance.compare.judge import Examination
from conformance.compare.texts import cut
from conformance.recordings import without_passwords
from conformance.results import Finding
from reference_model.messages import Message
from reference_model.observation import Event

FRAMES_MAX: Final = 10_000
"""Frames of one timeline, around the first divergence: a page with several of them still opens at once."""

RAW_CHARS_MAX: Final = 4_000
RAW_CHARS_MIN: Final = 120
RAW_CHARS_TOTAL: Final = 1_000_000
"""Raw bytes of one timeline: the more frames there are, the less is shown of each. The recording of the scenario has them whole."""

TEXT_CHARS_MAX: Final = 300
MARKED_MAX: Final = 200

_BEFORE_PARTS: Final = 3
"""A timeline that is too long keeps a third of its frames before the first divergence."""

_HIDDEN: Final = frozenset({"cmd", "topic", "cmd_id", "query_id", "sub_id", "sids", "client_name", "version", "msg_len", "bookmark",
                            "timestamp", "ack_type", "status", "reason", "password", "message_type"})  # fmt: skip
"""What stands at the beginning of the line or only ties answers to commands; the raw bytes have it all."""

_REQUEST_IDS: Final = ("cmd_id", "query_id", "sub_id")


def timeline(examination: Examination, finding: Finding) -> dict[str, Any]:
    """The timeline of an execution as `timeline` in run.schema.json has it; the divergence is that of `finding`."""
    events = without_passwords(examination.observation).events
    marked = [index for index in finding.events if index < len(events)]
    missing = not marked
    first = marked[0] if marked else _asked(events, finding.step)
    start, end = _window(len(events), first)
    answers = _answers(events)
    raw_chars = max(RAW_CHARS_MIN, min(RAW_CHARS_MAX, RAW_CHARS_TOTAL // max(1, end - start)))
    frames = []
    for index in range(start, end):
        frame = _frame(events[index], raw_chars)
        asked = answers.get(index)
        if asked is not None and asked >= start:
            frame["answers"] = asked - start
        frames.append(frame)
    return {
        "frames": frames,
        "first": None if first is None else first - start,
        "missing": missing,
        "marked": [index - start for index in marked[:MARKED_MAX] if start <= index < end],
        "before": start,
        "after": len(events) - end,
    }


def _asked(events: Sequence[Event], step: str) -> int | None:
    """What is missing has no frame: it is shown where the step was sent, or at the last frame."""
    sent = [index for index, event in enumerate(events) if event.label == step and event.kind == "sent"]
    return sent[0] if sent else len(events) - 1 if events else None


def _window(count: int, first: int | None) -> tuple[int, int]:
    if count <= FRAMES_MAX:
        return 0, count
    start = max(0, min((first or 0) - FRAMES_MAX // _BEFORE_PARTS, count - FRAMES_MAX))
    return start, start + FRAMES_MAX


def _answers(events: Iterable[Event]) -> dict[int, int]:
    """Per received frame the frame of the command that it answers, as its ids say: on the same connection, the last with that id."""
    sent: dict[tuple[str, str], int] = {}
    found: dict[int, int] = {}
    for index, event in enumerate(events):
        if event.message is None:
            continue
        header = event.message.header
        if event.kind == "sent":
            sent |= {(event.connection, str(header[name])): index for name in _REQUEST_IDS if name in header}
        elif event.kind == "received":
            names = ("cmd_id",) if event.message.cmd == "ack" else ("query_id", "sub_id", "cmd_id")
            ids = [str(header[name]) for name in names if name in header]
            ids += str(header.get("sids", "")).split(",")
            asked = next((sent[event.connection, one] for one in ids if (event.connection, one) in sent), None)
            if asked is not None:
                found[index] = asked
    return found


def _frame(event: Event, raw_chars: int) -> dict[str, Any]:
    frame: dict[str, Any] = {"at": round(event.at_s, 6), "on": cut(event.connection), "kind": event.kind, "text": _text(event)}
    if event.label is not None:
        frame["label"] = cut(event.label)
    if event.payload:
        frame["size"] = len(event.payload)
        frame["raw"] = cut(event.payload[: raw_chars + 1].decode("utf-8", "backslashreplace"), raw_chars)
    return frame


def _text(event: Event) -> str:
    match event.kind:
        case "opened":
            return "connected"
        case "closed":
            return cut(" ".join(filter(None, ["connection closed", event.detail])), TEXT_CHARS_MAX)
        case "garbled":
            return cut(f"bytes that are no message: {event.detail}", TEXT_CHARS_MAX)
        case "unread":
            return cut(event.detail, TEXT_CHARS_MAX)
        case "step":
            return cut(event.detail or "step", TEXT_CHARS_MAX)
        case "sent" | "received":
            return "bytes that are no message" if event.message is None else cut(message_text(event.message), TEXT_CHARS_MAX)


def message_text(message: Message) -> str:
    """A message in a line: name, topic, what it carries, then its fields, as in `ack completed success  matches=2`."""
    header = message.header
    words = [message.cmd or "(no command)"]
    if message.cmd == "ack":
        words += [str(header[name]) for name in ("ack_type", "status", "reason") if name in header]
    if "topic" in header:
        words.append(str(header["topic"]))
    if message.records:
        words.append(" ".join(shown(record.data) for record in message.records))
    elif message.body:
        words.append(shown(message.body))
    asked = [f"ack={header['ack_type']}"] if message.cmd != "ack" and "ack_type" in header else []
    fields = [f"{name}={value}" for name, value in header.items() if name not in _HIDDEN]
    return "  ".join([" ".join(words), *fields, *asked])
