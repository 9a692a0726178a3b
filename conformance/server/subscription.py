"""One subscription: what it wants, and in which form. Who delivers to it is `delivery`."""

from __future__ import annotations

from dataclasses import dataclass, field

from .filters import Filter
from .scene import Scene
from .selecting import Selection
from .session import Session
from .topics import Matcher


@dataclass(slots=True, eq=False)
class Subscription:
    """`matcher`: None for a literal topic. `keys`: the SOW keys that it is limited to, None: all. `delivered`: (topic, key) of the
    records that were sent for it, which a replace must not send again."""

    id: str
    session: Session
    topic: str
    message_type: str
    matcher: Matcher | None = None
    filter: Filter | None = None
    selection: Selection | None = None
    keys: frozenset[str] | None = None
    delta: bool = False
    oof: bool = False
    no_sowkey: bool = False
    no_empties: bool = False
    send_keys: bool = False
    timestamp: bool = False
    bookmark: bool = False
    delivered: set[tuple[str, str]] = field(default_factory=set)

    def covers(self, topic: str) -> bool:
        """Whether messages of this topic are of interest."""
        return topic == self.topic if self.matcher is None else self.matcher(topic)

    def accepts(self, scene: Scene, key: str | None) -> bool:
        """Whether the message passes the content filter and the list of keys."""
        if self.keys is not None and key not in self.keys:
            return False
        return self.filter is None or self.filter.matches(scene)
