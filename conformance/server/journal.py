"""The transaction log as far as its effects on acks go: which topics are logged, and the last number of each publisher.

Nothing is kept of the messages themselves: there is no replay here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reference_model.config import LoggedTopic

from .store import checksum
from .topics import BadPatternError, Matcher, is_pattern, searcher


@dataclass(slots=True, eq=False)
class Publisher:
    """One client name: its number in bookmarks, and the last sequence number taken from it."""

    hash: str
    last: int = 0

    def bookmark(self, number: int) -> str:
        return f"{self.hash}|{number}|"


class Journal:
    """The log of one instance."""

    __slots__ = ("_matchers", "_publishers", "active")

    def __init__(self, logged: Sequence[LoggedTopic]) -> None:
        self._matchers: Final[list[tuple[str, Matcher]]] = [(topic.message_type, _matcher(topic.name)) for topic in logged]
        self._publishers: Final[dict[str, Publisher]] = {}
        self.active: Final = bool(logged)

    def covers(self, topic: str, message_type: str) -> bool:
        """Whether messages of the topic are logged."""
        return any(kind == message_type and matches(topic) for kind, matches in self._matchers)

    def publisher(self, client_name: str) -> Publisher:
        """What is known of a client name."""
        known = self._publishers.get(client_name)
        if known is None:
            known = Publisher(checksum(f"client {client_name}"))
            if self.active:
                self._publishers[client_name] = known
        return known


def _matcher(name: str) -> Matcher:
    if is_pattern(name):
        try:
            return searcher(name)
        except BadPatternError:
            pass
    return lambda topic: topic == name
