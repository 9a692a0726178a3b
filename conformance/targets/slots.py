"""The lease of a slot: an owner record in the slot's own topic, so that two runs never work on the same topics (design of isolation).

The record is `{"slot":3,"run":"7f21","host":"ci-3","process":…,"since":…,"at":…,"fresh_s":120}`; `since` and `at` are UTC, `at` is
when the owner last refreshed it, and `fresh_s` seconds after that it counts for nothing. Clocks of hosts need to agree to a minute or
so. Where `process` shows that the owner ran on this very machine and runs no more, it counts for nothing at once.
"""

from __future__ import annotations

import json
import platform
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from conformance.client.session import Session
from conformance.errors import SlotError
from conformance.naming import SLOTS_MAX, slot_prefix
from conformance.targets.control import ANY_ACK, Look, look, missing_topic
from conformance.targets.processes import has_ended, this_process
from conformance.targets.spec import DEFAULT_MESSAGE_TYPE, TargetSpec
from reference_model.config import InstanceConfig, TopicConfig
from reference_model.messages import Message

OWNER_TOPIC: Final = "@slot"

FRESH_S: Final = 120
"""How long an owner that was killed keeps its slot; also the longest time between two scenarios that a run can survive."""

REFRESH_S: Final = 30
"""An owner record is written anew when it is older than this."""


READ_BACKS_MAX: Final = 5
"""How often our record is looked for: what is published need not be visible at once."""

_BEGINNING: Final = b'{"slot":'
"""How an owner record begins, for a target that frames records wrongly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who an owner record says the slot belongs to."""

    run: str
    host: str
    since: datetime
    at: datetime
    fresh_s: float
    process: str = ""

    def fresh(self, now: datetime) -> bool:
        """Whether the record still counts."""
        return now <= self.at + timedelta(seconds=self.fresh_s) and not has_ended(self.process)


class Slot:
    """A lease. `slots`: all slots of the run, for messages. `take` first, `keep` now and then, `release` at the end."""

    def __init__(self, number: int, *, run: str, slots: range | None = None) -> None:
        self.number = number
        self.run = run
        self.slots = slots if slots is not None and number in slots else range(number, number + 1)
        self.topic = slot_prefix(number) + OWNER_TOPIC.removeprefix("@")
        self._since = datetime.now(UTC)
        self._refreshed_s: float | None = None

    @property
    def taken(self) -> bool:
        return self._refreshed_s is not None

    def take(self, session: Session) -> None:
        """Write our owner record and read it back. Raises SlotError if another run's record is fresh, or comes in between."""
        self._refuse_foreign(self._look(session))
        self.write(session)
        self.verify(session)

    def keep(self, session: Session) -> None:
        """Refresh the record if it is time. Raises SlotError if another run has taken the slot meanwhile."""
        if self._refreshed_s is not None and time.monotonic() - self._refreshed_s > REFRESH_S:
            self._refuse_foreign(self._look(session))
            self.write(session)

    def write(self, session: Session) -> None:
        """Publish our owner record and wait until it can be read."""
        now = datetime.now(UTC)
        record = {
            "slot": self.number,
            "run": self.run,
            "host": platform.node(),
            "process": this_process(),
            "since": _text(self._since),
            "at": _text(now),
            "fresh_s": FRESH_S,
        }
        publish = Message(header={"cmd": "publish", "topic": self.topic}, body=json.dumps(record, separators=(",", ":")).encode())
        session.flush([publish], ack_type=ANY_ACK)
        self._refreshed_s = time.monotonic()

    def verify(self, session: Session) -> None:
        """Raises SlotError unless the slot's owner record is ours."""
        for _ in range(READ_BACKS_MAX):
            seen = self._look(session)
            self._refuse_foreign(seen)
            if any(owner.run == self.run for owner in _owners(seen)):
                return
        raise SlotError(f"slot {self.number}: the owner record that was published to {self.topic} cannot be read back")

    def release(self, session: Session) -> None:
        """Delete our owner record."""
        if self.taken:
            delete = Message(header={"cmd": "sow_delete", "topic": self.topic, "cmd_id": session.new_id(), "filter": "1=1"})
            look(session, [self.topic], [delete])
            self._refreshed_s = None

    def _look(self, session: Session) -> Look:
        seen = look(session, [self.topic])[self.topic]
        if seen.refused is not None:
            raise missing_topic(self.topic, seen.refused)
        if not seen.complete:
            raise SlotError(f"slot {self.number}: a query of {self.topic} was not answered to its end")
        return seen

    def _refuse_foreign(self, seen: Look) -> None:
        now = datetime.now(UTC)
        for owner in _owners(seen):
            if owner.run != self.run and owner.fresh(now):
                self._refreshed_s = None  # not ours to empty or to release
                raise SlotError(self._in_use(owner))

    def _in_use(self, owner: Owner) -> str:
        width = len(self.slots)
        free = range(self.slots.stop, min(self.slots.stop + width, SLOTS_MAX))
        hint = f" Use --slots {_range(free)}." if len(free) == width else ""
        since = f"{owner.since:%H:%M:%S} UTC"
        return f"slot {self.number} is in use by run {owner.run} on host {owner.host} since {since}.{hint}"


def own_topics(config: InstanceConfig, spec: TargetSpec) -> tuple[TopicConfig, ...]:
    """The SOW topics of a logical configuration that belong to a slot and to the message type of the connection. Everything that the
    harness empties or writes to is among these."""
    kind = spec.message_type or DEFAULT_MESSAGE_TYPE
    return tuple(topic for topic in config.topics if topic.name.startswith("@") and topic.message_type == kind)


def _range(slots: range) -> str:
    return f"{slots.start}-{slots.stop - 1}"


def _owners(seen: Look) -> list[Owner]:
    """The owners that the records name; what is no owner record owns nothing."""
    owners: list[Owner] = []
    for record in seen.records:
        try:
            tree = json.loads(record.data[max(0, record.data.find(_BEGINNING)) :].strip())
            owners.append(
                Owner(
                    run=str(tree["run"]),
                    host=str(tree["host"]),
                    since=datetime.fromisoformat(str(tree["since"])).astimezone(UTC),
                    at=datetime.fromisoformat(str(tree["at"])).astimezone(UTC),
                    fresh_s=float(tree["fresh_s"]),
                    process=str(tree.get("process", "")),
                )
            )
        except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
            continue
    return owners


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
