"""`doctor`: what a target is, in plain words, before a run. It asks; it judges no rule, and writes nothing outside our slots.

A slot in use by another run is not written to, only mentioned.
"""

from __future__ import annotations

import json
import math
import secrets
import time
from collections.abc import Iterator
from typing import Final, Literal

from conformance.client.limits import DEFAULT_LIMITS, Limits
from conformance.client.session import Session
from conformance.errors import SlotError, TargetError
from conformance.known import meets
from conformance.naming import slot_prefix
from conformance.targets.control import Look, look
from conformance.targets.slots import OWNER_TOPIC, Slot, own_topics
from conformance.targets.spec import TargetSpec
from reference_model.config import InstanceConfig, TopicConfig
from reference_model.messages import AckType, Message

Level = Literal["ok", "no", "warn"]
Line = tuple[Level, str]

ROUND_TRIPS_S: Final = 0.2
"""How long round trips are counted."""

ROUND_TRIPS_MAX: Final = 5_000

ROUND_TRIP_EASY_MS: Final = 20.0
"""Up to this long a round trip, the waits of a run suffice as they are; beyond, they should grow in proportion."""

TOPICS_SHOWN_MAX: Final = 20


def diagnose(
    spec: TargetSpec, config: InstanceConfig, slots: range, limits: Limits = DEFAULT_LIMITS, *, versions: str | None = None
) -> list[Line]:
    """(ok, no or warn; one line) for each thing found out. `config` is logical; `versions` a condition on the version, None: any.

    Never raises for what the target is or does.
    """
    run = f"doctor-{secrets.token_hex(3)}"
    try:
        session = Session.open(spec, client_name=f"amct-{run}", limits=limits)
    except TargetError as error:
        return [("no", str(error))]
    lines: list[Line] = [("ok" if session.version else "warn", _greeting(spec, session))]
    if not meets(session.version, versions):
        lines.append(("no", f"the target file wants version {versions}: a run would not measure this server"))
    try:
        for line in _examine(session, config, slots, run):
            lines.append(line)  # noqa: PERF402 (what was found before an error counts)
    except TargetError as error:
        lines.append(("no", str(error)))
    finally:
        session.close()
    return lines


def _greeting(spec: TargetSpec, session: Session) -> str:
    version = f"AMPS {session.version}" if session.version else "no version in the logon ack"
    kind = f"message type {spec.message_type}" if spec.message_type else "no message type named"
    return f"tcp connect {session.connect_s * 1000:.1f} ms, logon {session.logon_s * 1000:.1f} ms, {version}, {kind}"


def _examine(session: Session, config: InstanceConfig, slots: range, run: str) -> Iterator[Line]:
    topics = own_topics(config, session.spec)
    names = {slot_prefix(slot) + topic.name.removeprefix("@"): topic for slot in slots for topic in topics}
    looks = look(session, list(names))
    missing = [name for name, seen in looks.items() if seen.refused is not None]
    for slot in slots:
        yield from _slot(session, topics, slot, run, looks)
    yield from _missing(names, missing)
    for name, seen in looks.items():
        if not seen.complete:
            yield "no", f"{name}: a query was not answered"
    yield _round_trips(session)


def _missing(names: dict[str, TopicConfig], missing: list[str]) -> Iterator[Line]:
    """A line for each topic that is not there, with what it costs."""
    if missing and len(missing) == len(names):
        what = f"none of the {len(names)} SOW topics of the configuration is there ({missing[0]} …)"
        yield "no", f"{what}. Load the configuration that 'amps-conformance config' prints, or name yours with --target-config."
        return
    kept = frozenset(feature for name, topic in names.items() if name not in missing for feature in _features(topic))
    for name in missing[:TOPICS_SHOWN_MAX]:
        yield "no", f"{name}: no such SOW topic; {_cost(names[name], kept)}"
    if len(missing) > TOPICS_SHOWN_MAX:
        yield "no", f"and {len(missing) - TOPICS_SHOWN_MAX} more SOW topics of the configuration are not there"


def _cost(topic: TopicConfig, kept: frozenset[str]) -> str:
    """What the lack of a topic costs, where `kept` are the features that other topics have."""
    if topic.name == OWNER_TOPIC:
        return "the slot cannot be kept from other runs"
    lost = " or ".join(f"'{feature}'" for feature in _features(topic) if feature not in kept)
    return f"rules that need {lost} would not be measured" if lost else "scenarios on it would not be measured"


def _features(topic: TopicConfig) -> tuple[str, ...]:
    """The features that a topic has and not every SOW topic."""
    used = (
        ("explicit-key", not topic.keys),
        ("key-domain", topic.key_domain is not None),
        ("expiration", topic.expiration_s is not None),
    )
    return tuple(name for name, has in used if has)


def _slot(session: Session, topics: tuple[TopicConfig, ...], slot: int, run: str, looks: dict[str, Look]) -> Iterator[Line]:
    """Whether the slot is free, and whether state works in it."""
    prefix = slot_prefix(slot)
    usable = [topic for topic in topics if topic.name != OWNER_TOPIC and topic.keys and topic.message_type == "json"]
    there = [topic for topic in usable if looks[prefix + topic.name.removeprefix("@")].refused is None]
    lease = Slot(slot, run=run)
    owner = looks.get(lease.topic)
    if not there or (owner is not None and owner.refused is not None):
        return
    try:
        if owner is not None:
            lease.take(session)
        yield _state(session, prefix + there[0].name.removeprefix("@"), there[0], run)
    except SlotError as error:
        yield "warn", str(error)
    finally:
        lease.release(session)


def _state(session: Session, name: str, topic: TopicConfig, run: str) -> Line:
    """One record in, seen, and out again."""
    record: dict[str, object] = {}
    for path in topic.keys:
        _put(record, path, run)
    body = json.dumps(record).encode()
    flushed = session.flush([Message(header={"cmd": "publish", "topic": name}, body=body)])
    seen = look(session, [name])[name]
    delete = Message(header={"cmd": "sow_delete", "topic": name, "cmd_id": session.new_id()}, body=body)
    left = look(session, [name], [delete])[name]
    marker = run.encode()
    if not flushed:
        return "no", f"state: a flush after a publish to {name} was not acknowledged"
    if not any(marker in record.data for record in seen.records):
        return "no", f"state: a record published to {name} and flushed is not in the result of a query"
    if any(marker in record.data for record in left.records):
        return "no", f"state: a record of {name} is still there after sow_delete"
    return "ok", f"state: publish, flush, sow and sow_delete on {name}"


def _put(record: dict[str, object], path: str, value: str) -> None:
    *parents, last = path.strip("/").split("/")
    for name in parents:
        inner = record.setdefault(name, {})
        assert isinstance(inner, dict)
        record = inner
    record[last] = value


def _round_trips(session: Session) -> Line:
    """How many flushes are answered one after the other, and what that means for the waits of a run."""
    began = time.monotonic()
    count = 0
    while count < ROUND_TRIPS_MAX and time.monotonic() - began < ROUND_TRIPS_S:
        if not session.flush(ack_type=AckType.PROCESSED):
            return "no", "a flush with ack_type processed was not answered"
        count += 1
    each_ms = (time.monotonic() - began) / count * 1000
    scale = math.ceil(each_ms / ROUND_TRIP_EASY_MS)
    rate = f"{_rounded(1000 / each_ms):,} round trips a second"
    if scale <= 1:
        return "ok", f"{rate}, time-outs scaled by 1 will do"
    return "warn", f"{rate}; use --timeout-scale {scale}"


def _rounded(number: float) -> int:
    """Rounded to hundreds above 1,000, to tens above 100: more would promise a precision that is not there."""
    step = 100 if number >= 1000 else 10 if number >= 100 else 1
    return max(1, round(number / step) * step)
