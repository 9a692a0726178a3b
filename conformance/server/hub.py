"""What all commands share: the store, the connections, who subscribed to which topic, and the state of the transaction log."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from reference_model.config import InstanceConfig
from reference_model.messages import Message

from .behaviour import Behaviour
from .choices import Choices
from .documents import Document
from .journal import Journal
from .request import Request
from .scene import Scene
from .session import Session
from .store import Record, SowTopic, Store, checksum
from .subscription import Subscription

_reach_entries_max: Final = 10_000
"""Topics whose subscriptions are remembered; publishers may invent any number of topics."""

_NO_FIELDS: Final[Mapping[str, str | int | None]] = MappingProxyType({})

Reach = tuple[tuple[Session, tuple[Subscription, ...]], ...]


class Hub:
    """The instance. `clock`: seconds since the epoch, never running backwards. `waiting`: changes that have not taken effect yet, in
    the order of their arrival, with the time when they do. `delivery_delay_s`: how much later than its change a live message is
    sent."""

    def __init__(
        self,
        config: InstanceConfig,
        *,
        choices: Choices,
        behaviour: Behaviour,
        clock: Callable[[], float],
        delivery_delay_s: float = 0.0,
    ) -> None:
        self.config: Final = config
        self.choices: Final = choices
        self.manners: Final = choices.manners
        self.behaviour: Final = behaviour
        self.clock: Final = clock
        self._delivery_delay_s: Final = delivery_delay_s
        self.store: Final = Store(config)
        self.journal: Final = Journal(config.logged)
        self.sessions: Final[dict[int, Session]] = {}
        self.waiting: Final[deque[tuple[float, Session, Request]]] = deque()
        self._reach: dict[tuple[str, str], Reach] = {}
        self._numbers = 0

    # ---- connections ---------------------------------------------------------------------------------------------------------

    def open(self, message_type: str | None, address: str) -> Session:
        """A new connection on a transport of that message type (None: any)."""
        self._numbers += 1
        session = Session(number=self._numbers, message_type=message_type, address=address)
        self.sessions[session.number] = session
        self.behaviour.opened(session)
        return session

    def close(self, session: Session) -> None:
        """The connection has ended: nothing of it stays but the changes that it sent."""
        self.sessions.pop(session.number, None)
        self.behaviour.closed(session)
        session.subscriptions.clear()
        self.subscriptions_changed()

    # ---- subscriptions -------------------------------------------------------------------------------------------------------

    def subscriptions_changed(self) -> None:
        """A subscription came, went or covers other topics."""
        self._reach.clear()

    def reach(self, topic: str, message_type: str) -> Reach:
        """The subscriptions that cover a topic, by connection."""
        found = self._reach.get((topic, message_type))
        if found is None:
            if len(self._reach) >= _reach_entries_max:
                self._reach.clear()
            found = tuple(
                (session, subscriptions)
                for session in self.sessions.values()
                if session.message_type == message_type
                and (subscriptions := tuple(one for one in session.subscriptions.values() if self.behaviour.covers(one, topic)))
            )
            self._reach[topic, message_type] = found
        return found

    def post(self, session: Session, message: Message) -> None:
        """Deliver a live message, behind all others of the connection. An ack of its publisher says nothing about when (CMD-ORD-19)."""
        if self._delivery_delay_s:
            session.held.append((self.clock() + self._delivery_delay_s, message))
        else:
            session.send(message)

    # ---- records -------------------------------------------------------------------------------------------------------------

    def record_scene(self, topic: SowTopic, record: Record) -> Scene:
        """What a filter of a query or delete sees of a record."""
        return Scene(
            document=record.document,
            topic=topic.name,
            now=self.clock(),
            key=record.key,
            key_hash=checksum(record.key) if topic.explicit else record.key,
            correlation_id=record.correlation_id,
            updated_at=record.updated_at,
            stored=True,
        )

    def message_scene(
        self, topic: str, document: Document, *, key: str | None, correlation_id: str | None, of: Session | None
    ) -> Scene:
        """What the filter of a subscription sees of a message."""
        now = self.clock()
        scene = Scene(document=document, topic=topic, now=now, key=key, key_hash=key, correlation_id=correlation_id, updated_at=now)
        if of is not None:
            scene.client_name, scene.user, scene.address, scene.version = of.client_name, of.user, of.address, of.version
        return scene

    # ---- acks ----------------------------------------------------------------------------------------------------------------

    def acks(
        self, request: Request, kind: str, fields: Mapping[str, str | int | None] = _NO_FIELDS, *, failure: str | None = None
    ) -> list[Message]:
        """The ack of that type for a command, if it asked for one. `fields`: further fields, left out where None; `failure`: the
        reason, None for success."""
        wanted = self.behaviour.acks_wanted(request.acks, request.cmd)
        if kind not in (wanted if failure is None else self.behaviour.failure_acks_wanted(wanted)):
            return []
        header: dict[str, str | int] = {"cmd": "ack"}
        if request.cid is not None:
            header["cmd_id"] = request.cid
        header |= {name: value for name, value in fields.items() if value is not None}
        header["ack_type"] = kind
        header["status"] = "success" if failure is None else self.behaviour.failure_status()
        if failure is not None:
            header["reason"] = failure
        acks = [Message(header=sent) for sent in self.behaviour.ack_headers(header)]
        for other in self.behaviour.also_acknowledged(request.session):
            for ack in acks:
                other.send(ack)
        return acks


def timestamp(seconds: float) -> str:
    """A time as headers write it: `20250909T171919.976304Z` (wire.md §4)."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
