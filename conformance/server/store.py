"""The SOW: topics in configuration order, and their records by SOW key. Nothing here knows commands, filters or connections."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from reference_model.config import InstanceConfig, TopicConfig

from .documents import Document, Path, path_of

_key_bytes: Final = 8
"""A generated key is an unsigned 64-bit number (SOW-KEY-07)."""

_stale_factor: Final = 4
"""Expiry entries of former states that may wait for each record before they are thrown out, so that updates do not pile them up."""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """The current state of one record. Times are seconds since the epoch; `expires_at` None: never."""

    key: str
    document: Document
    correlation_id: str | None
    updated_at: float
    expires_at: float | None = None


class SowTopic:
    """One topic that keeps its records."""

    __slots__ = ("_due", "config", "key_paths", "records")

    def __init__(self, config: TopicConfig) -> None:
        self.config: Final = config
        self.key_paths: Final[tuple[Path, ...]] = tuple(path_of(key) for key in config.keys)
        self.records: Final[dict[str, Record]] = {}
        self._due: Final[list[tuple[float, str]]] = []

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def explicit(self) -> bool:
        """Whether publishers give the keys."""
        return not self.config.keys

    def put(self, record: Record) -> None:
        """Insert the record, or put it in the place of the one with its key."""
        self.records[record.key] = record
        if record.expires_at is not None:
            if len(self._due) > _stale_factor * (len(self.records) + 1):
                self._due[:] = [(kept.expires_at, kept.key) for kept in self.records.values() if kept.expires_at is not None]
                heapq.heapify(self._due)
            else:
                heapq.heappush(self._due, (record.expires_at, record.key))

    def remove(self, key: str) -> Record | None:
        """Take a record away; None if there is none."""
        return self.records.pop(key, None)

    def next_expiry(self) -> float | None:
        """When a record expires next. May be early: a record that was updated since is looked at again."""
        return self._due[0][0] if self._due else None

    def overdue(self, now: float) -> Iterator[Record]:
        """The records whose time is over, each once; the caller removes them."""
        while self._due and self._due[0][0] <= now:
            _, key = heapq.heappop(self._due)
            record = self.records.get(key)
            if record is not None and record.expires_at is not None and record.expires_at <= now:
                yield record


class Store:
    """All SOW topics of the instance. Topics of equal names and different message types are different topics (CMD-WIRE-06)."""

    __slots__ = ("_topics",)

    def __init__(self, config: InstanceConfig) -> None:
        self._topics: Final = {(topic.name, topic.message_type): SowTopic(topic) for topic in config.topics}

    def topic(self, name: str, message_type: str) -> SowTopic | None:
        """The SOW topic of that name, None if no SOW keeps it."""
        return self._topics.get((name, message_type))

    def topics(self, message_type: str) -> Iterator[SowTopic]:
        """The SOW topics of a message type in configuration order."""
        return (topic for topic in self._topics.values() if topic.config.message_type == message_type)

    def all_topics(self) -> Iterable[SowTopic]:
        return self._topics.values()


def joined(domain: str, values: Iterable[str]) -> str:
    """What the checksum of a key is computed over. Each part is led by its length, so that no two lists of parts give one text
    (SOW-KEY-04, SOW-KEY-08)."""
    return "".join(f"{len(part)}:{part}" for part in (domain, *values))


def checksum(text: str) -> str:
    """The SOW key made of a text: the decimal digits of its 64-bit checksum (SOW-KEY-07)."""
    digest = blake2b(text.encode(errors="surrogatepass"), digest_size=_key_bytes)
    return str(int.from_bytes(digest.digest(), "big"))
