"""What a program may ask at all: labels, header fields, values, concurrent lanes. What depends on the records is refused in `areas`.

A ProgramError is a bug of the program, never of the target. Refused is what the model does not describe, and what the documentation
leaves so open that nothing after it could be judged.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from reference_model.expression.topics import PatternError, check_topic, is_regex, topic_matches
from reference_model.messages import PLAIN, AckType, Form
from reference_model.scenario import Command, KeyOf, Ref, Scenario, Send, Together
from reference_model.state import Instance, ProgramError, Subscription

_IDS: Final = ("cmd", "topic", "cmd_id", "sub_id", "query_id", "sow_key", "sow_keys", "correlation_id", "seq")
_REQUESTS: Final = ("ack_type", "batch_size", "top_n", "orderby", "filter", "bookmark", "opts", "expiration")
_IDENTITY: Final = ("client_name", "user_id", "password", "version", "message_type")
FIELDS: Final = frozenset((*_IDS, *_REQUESTS, *_IDENTITY))
"""Header fields whose meaning is modelled, or of which it is said that a command that does not use them ignores them (WIRE-CMD-03)."""

MAY_BE_EMPTY: Final = frozenset({"filter", "ack_type", "user_id"})
"""An empty string in these counts as no field (WIRE-HDR-11); of others that is not said."""

BASE64: Final = re.compile(r"[A-Za-z0-9+/=]+")
IN_BASE64: Final = ("correlation_id", "sow_key")
"""Of other characters in these neither acceptance nor refusal is promised (CMD-PUB-40, SOW-KEY-26)."""

OWNER_TOPIC: Final = "@slot"
"""Holds the owner record of the slot: programs keep away from it."""

EVENT_TOPICS: Final = "/AMPS/"
"""Names that the server keeps for itself (CMD-PUB-34)."""

RUNNER_IDS: Final = ("fence-", "end-")
"""Beginnings of the command ids that the runner gives its own flushes."""

WITH_BODY: Final = frozenset({"publish", "delta_publish", "sow_delete"})
WITH_OPTIONS: Final = frozenset({"sow", "sow_and_subscribe", "subscribe"})
ACK_TYPES: Final = frozenset(AckType) | {"none"}

unsigned_32_max: Final = 2**32 - 1
"""A limit of this size may be read in other ways (WIRE-ROB-16)."""

NUMBERS: Final = MappingProxyType(
    {"batch_size": unsigned_32_max, "top_n": unsigned_32_max, "expiration": unsigned_32_max, "seq": 2**64}
)
"""Number fields, and what their values are below: what else means is not documented (WIRE-ROB-15, sow.md section 12, 17)."""


def check_labels(scenario: Scenario) -> None:
    """Each label once, none that the runner uses."""
    for label, count in Counter(_labels(scenario)).items():
        if count > 1:
            raise ProgramError(f"step {label}: the label stands for {count} steps")
        if label.startswith(RUNNER_IDS):
            raise ProgramError(f"step {label}: labels that begin like this are the runner's own")


def _labels(scenario: Scenario) -> Iterator[str]:
    for step in scenario.steps:
        yield step.label
        if isinstance(step, Together):
            yield from (send.label for lane in step.lanes for send in lane)


# ---- one command -----------------------------------------------------------------------------------------------------------------


class _Refused(Exception):  # noqa: N818 - never leaves this module
    pass


def check_command(label: str, command: Command, form: Form = PLAIN) -> None:
    """Everything about one command that does not depend on what was before it. Raises ProgramError."""
    try:
        _fields(command)
        _ids(command)
        _ack_type(command)
        _options(command)
        _numbers(command)
        _topic(command)
        _form(form)
    except _Refused as refused:
        raise ProgramError(f"step {label}: {refused}") from None


def _fields(command: Command) -> None:
    if not isinstance(command.header.get("cmd"), str):
        raise _Refused("a command needs a cmd")
    for name, value in command.header.items():
        if name not in FIELDS:
            raise _Refused(f"the header field {name} is not modelled")
        if isinstance(value, Ref):
            raise _Refused(f"{name}: values taken from answers are not modelled")
        if isinstance(value, KeyOf | tuple) and name != "sow_keys":
            raise _Refused(f"{name}: only sow_keys takes keys of records")
        if value == "" and name not in MAY_BE_EMPTY:
            raise _Refused(f"what an empty {name} means is not documented (WIRE-HDR-11)")
        if name in IN_BASE64 and BASE64.fullmatch(str(value)) is None:
            raise _Refused(f"{name} has characters that are none of Base64 (CMD-PUB-40, SOW-KEY-26)")
    if command.body and command.cmd not in WITH_BODY:
        raise _Refused(f"what {command.cmd} does with a body is not promised (WIRE-CMD-07)")


def _ids(command: Command) -> None:
    cmd_id = str(command.header.get("cmd_id", ""))
    if cmd_id.startswith(RUNNER_IDS):
        raise _Refused(f"the cmd_id {cmd_id!r} begins like one of the runner's own")
    for name in ("sub_id", "query_id"):
        text = str(command.header.get(name, ""))
        if command.cmd != "unsubscribe" and ("," in text or text == "all"):
            raise _Refused(f"the {name} {text!r} has a meaning of its own (WIRE-CMD-06)")


def _ack_type(command: Command) -> None:
    parts = str(command.header.get("ack_type") or "none").split(",")
    if not set(parts) <= ACK_TYPES or len(set(parts)) < len(parts) or ("none" in parts and len(parts) > 1):
        raise _Refused("ack_type takes different known types, or none (commands.md section 14, 31)")


def _options(command: Command) -> None:
    text = command.header.get("opts")
    if text is None:
        return
    if command.cmd not in WITH_OPTIONS:
        raise _Refused(f"options of {command.cmd} are not modelled")
    parts = re.split(r",(?![^\[]*\])", str(text))
    names = [part.partition("=")[0] for part in parts]
    if any(part != part.strip() or not part for part in parts) or len(set(names)) < len(names) or ("none" in names and len(names) > 1):
        raise _Refused("options are written once each, without blanks (commands.md section 14, 47)")


def _numbers(command: Command) -> None:
    for name, end in NUMBERS.items():
        value = command.header.get(name)
        if value is not None and decimal(str(value), end) is None:
            raise _Refused(f"{name} must be a number from 0 to {end - 1}")


def decimal(text: str, end: int = unsigned_32_max) -> int | None:
    """The number that plain decimal digits stand for, if it is below `end`."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(end)):
        return None
    return int(text) if int(text) < end else None


def _topic(command: Command) -> None:
    topic = str(command.header.get("topic", ""))
    if topic == OWNER_TOPIC or topic.startswith(EVENT_TOPICS):
        raise _Refused(f"the topic {topic} is not the program's")


def _form(form: Form) -> None:
    if form.names == "long":
        raise _Refused("whether a target reads the long names of header fields is not promised (WIRE-KEY-01)")


def check_pattern(label: str, topic: str) -> None:
    """The topic of a query, subscription or delete, which may be a regular expression: that its meaning is certain, and the same for
    logical and real names. Raises ProgramError."""
    if not is_regex(topic):
        if not set(topic).isdisjoint("+|"):
            raise ProgramError(f"step {label}: whether {topic!r} is a pattern is not documented (EXPR-TOP-13)")
        return
    try:
        check_topic(topic)
    except PatternError as error:
        # What such a command gives is not stated (EXPR-TOP-28).
        raise ProgramError(f"step {label}: the topic {topic!r} is no valid pattern: {error}") from None
    if "@" not in topic or re.search(r"@[*+?{]|\[[^\]]*@", topic):
        raise ProgramError(f"step {label}: the pattern {topic!r} must name the slot, by an @ that stands for itself")
    if topic_matches(topic, OWNER_TOPIC):
        raise ProgramError(f"step {label}: the pattern {topic!r} covers {OWNER_TOPIC}, which is not the program's")


# ---- concurrent lanes ------------------------------------------------------------------------------------------------------------


def topic_of(send: Send) -> str:
    """The topic that a command names, empty if it names none."""
    return send.command.plain().text("topic") or ""


def check_lanes(step: Together, scenario: Scenario, instance: Instance) -> None:
    """That the witness can tell the order of the lanes, and that nothing else is under way. Raises ProgramError."""
    sends = [send for lane in step.lanes for send in lane]
    publishers = {send.connection for send in sends}

    def refuse(why: str) -> ProgramError:
        return ProgramError(f"step {step.label}: {why}")

    if (
        not all(step.lanes)
        or len(publishers) < len(step.lanes)
        or any(len({send.connection for send in lane}) > 1 for lane in step.lanes)
    ):
        raise refuse("each lane has a connection of its own")
    if any(send.command.header.get("cmd") not in {"publish", "delta_publish"} for send in sends):
        raise refuse("only publishes can be concurrent")
    if len({send.command.body for send in sends}) < len(sends):
        raise refuse("concurrent publishes have different bodies")
    witness = _witness(step, scenario, instance)
    covered = witness is not None and all(witness.covers(topic_of(send), regex_topics=instance.config.regex_topics) for send in sends)
    if witness is None or witness.connection in publishers or not covered:
        raise refuse(f"the witness {step.witness} is no plain live subscription to all of it on another connection")
    topics = [instance.topics[topic_of(send)] for send in sends if topic_of(send) in instance.topics]
    if any(session.unsettled for session in instance.sessions.values()) or any(topic.unfenced for topic in topics):
        raise refuse("earlier publishes are under way: their place among the concurrent ones would be open")


def _witness(step: Together, scenario: Scenario, instance: Instance) -> Subscription | None:
    for send in scenario.steps:
        if not isinstance(send, Send) or send.label != step.witness:
            continue
        plain = send.command.plain()
        sub_id = plain.text("sub_id") or plain.text("cmd_id")
        for subscription in instance.subscriptions:
            if (subscription.connection, subscription.sub_id) == (send.connection, sub_id):
                whole = subscription.expr is None and subscription.select is None
                return subscription if whole and subscription.known and not (subscription.ending or subscription.ended) else None
    return None
