"""What the harness does to topics on its own account: look into them and empty them. Real topic names; no slots, no scenarios.

Everything is pipelined and bounded, and leans on as little of the target's behaviour as possible: a target with a broken rule must
still be measurable. So a query is over with `group_end` or, if that does not come, with `completed`; records are counted, not asked
for; and what a delete by filter leaves behind is deleted by key and by data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.client.session import Session
from conformance.errors import MisconfiguredError
from reference_model.messages import AckType, Message, SowRecord, Status

BATCH: Final = 1000
"""Records a message: below the documented maximum of 10,000."""

PATIENCE: Final = 5
"""Emptying a topic may touch many records: it gets this many times the answer time."""

ATTEMPTS: Final = 3

ANY_ACK: Final = "processed,completed"
"""What a flush of ours asks for: the first that comes will do, since a query afterwards is the proof."""

STRAGGLER_S: Final = 0.05
"""How long to wait for a `group_end` after `completed`, which ought to have come before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a query of one topic showed. `refused`: the reason of a failed `processed` ack, None if there was none."""

    records: tuple[SowRecord, ...] = ()
    refused: str | None = None
    complete: bool = True


class _Queries:
    """Queries under way, by query id."""

    def __init__(self) -> None:
        self.topics: dict[str, str] = {}
        self.records: dict[str, list[SowRecord]] = {}
        self.refused: dict[str, str] = {}
        self.completed: set[str] = set()
        self.ended: set[str] = set()

    def add(self, query_id: str, topic: str) -> Message:
        """The command of a new query."""
        self.topics[query_id] = topic
        self.records[query_id] = []
        header = {"cmd": "sow", "topic": topic, "cmd_id": query_id, "query_id": query_id, "ack_type": "processed,completed"}
        return Message(header={**header, "batch_size": BATCH})

    def take(self, message: Message) -> bool:
        """Take note of a message; True if it is the first sign that a query is over. Records count by their topic if the query id is
        lost."""
        query_id = message.text("query_id") or message.text("cmd_id") or ""
        if message.cmd == "sow" and query_id not in self.topics:
            query_id = next((known for known, topic in self.topics.items() if topic == message.text("topic")), "")
        if query_id not in self.topics:
            return False
        before = query_id in self.ended or query_id in self.completed
        if message.cmd == "sow":
            self.records[query_id].extend(message.records)
        elif message.cmd == "group_end":
            self.ended.add(query_id)
        elif _failed(message):
            self.ended.add(query_id)
            self.refused[query_id] = message.text("reason") or "no reason given"
        elif message.cmd == "ack" and message.text("ack_type") == AckType.COMPLETED:
            self.completed.add(query_id)
        return not before and (query_id in self.ended or query_id in self.completed)

    def take_end(self, message: Message) -> bool:
        """Take note of a message; True if it really ends a query."""
        before = len(self.ended)
        self.take(message)
        return len(self.ended) > before

    def look(self, query_id: str) -> Look:
        return Look(
            records=tuple(self.records[query_id]),
            refused=self.refused.get(query_id),
            complete=query_id in self.ended or query_id in self.completed,
        )


def look(session: Session, topics: Sequence[str], before: Iterable[Message] = (), *, timeout_s: float | None = None) -> dict[str, Look]:
    """Query topics, after the commands in `before`, in one round trip. Raises a TargetError if the connection ends."""
    queries = _Queries()
    commands = [*before, *(queries.add(session.new_id(), topic) for topic in topics)]
    session.ask(commands, queries.take, count=len(topics), timeout_s=timeout_s)
    open_ends = queries.completed - queries.ended
    if open_ends:
        session.ask((), queries.take_end, count=len(open_ends), timeout_s=STRAGGLER_S)
    return {topic: queries.look(query_id) for query_id, topic in queries.topics.items()}


def empty(session: Session, topics: Sequence[str], *, timeout_s: float) -> dict[str, Look]:
    """Empty the topics and look into them: one round trip if all goes well. What still is there is in the result."""
    if not topics:
        return {}
    flush = Message(header={"cmd": "flush", "cmd_id": session.new_id(), "ack_type": "completed"})
    looks = look(session, topics, [*(_delete(session, topic) for topic in topics), flush], timeout_s=timeout_s)
    for _ in range(ATTEMPTS):
        left = {topic: seen.records for topic, seen in looks.items() if seen.records}
        if not left:
            break
        _delete_all_ways(session, left, timeout_s / PATIENCE)
        looks |= look(session, list(left), timeout_s=timeout_s)
    return looks


def missing_topic(topic: str, reason: str) -> MisconfiguredError:
    """The error for a topic of the configuration that the target refuses to query."""
    return MisconfiguredError(
        f"the target has no SOW topic {topic} ({reason}). Load the configuration that 'amps-conformance config' prints, "
        "or name yours with --target-config."
    )


def _delete_all_ways(session: Session, left: Mapping[str, tuple[SowRecord, ...]], timeout_s: float) -> None:
    """Delete by filter, by keys and by data, and wait for a flush."""
    commands: list[Message] = []
    for topic, records in left.items():
        keys = ",".join(str(record.header["sow_key"]) for record in records if "sow_key" in record.header)
        commands.append(_delete(session, topic))
        if keys:
            commands.append(_delete(session, topic, sow_keys=keys))
        commands.extend(_delete(session, topic, body=record.data) for record in records)
    session.flush(commands, ack_type=ANY_ACK, timeout_s=timeout_s)


def _delete(session: Session, topic: str, *, sow_keys: str = "", body: bytes = b"") -> Message:
    """The deletion of what is named, of everything if nothing is."""
    selector = {"sow_keys": sow_keys} if sow_keys else {} if body else {"filter": "1=1"}
    return Message(header={"cmd": "sow_delete", "topic": topic, "cmd_id": session.new_id(), **selector}, body=body)


def _failed(message: Message) -> bool:
    return message.cmd == "ack" and (message.text("status") or "").lower() == Status.FAILURE
