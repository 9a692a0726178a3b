"""The server without sockets: connections and their commands in, messages into the outboxes of connections. No bytes, no waiting.

Commands of a connection are taken in order, each to its end. Changes may wait a moment (`Hub.waiting`), in one order for the instance;
every other command of the same connection first makes them take effect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from reference_model.config import InstanceConfig
from reference_model.messages import AckType, Message

from .behaviour import Behaviour
from .choices import Choices
from .connecting import flush, heartbeat, logon, next_beat
from .deleting import removal, sow_delete
from .delivery import deliver
from .hub import Hub
from .publishing import delta_publish, publish, send_late, send_pending
from .querying import sow
from .request import RefusalError, Request
from .session import Session
from .subscribing import sow_and_subscribe, subscribe, unsubscribe

Handler = Callable[[Hub, Session, Request], None]

_HANDLERS: Final[Mapping[str, Handler]] = MappingProxyType(
    {
        "logon": logon,
        "heartbeat": heartbeat,
        "flush": flush,
        "publish": publish,
        "delta_publish": delta_publish,
        "sow": sow,
        "sow_delete": sow_delete,
        "subscribe": subscribe,
        "delta_subscribe": subscribe,
        "sow_and_subscribe": sow_and_subscribe,
        "sow_and_delta_subscribe": sow_and_subscribe,
        "unsubscribe": unsubscribe,
    }
)

_CHANGES: Final = frozenset({"publish", "delta_publish", "sow_delete"})
_PUBLISHES: Final = frozenset({"publish", "delta_publish"})


class Engine:
    """One instance. `clock`: seconds since the epoch, never running backwards; `delivery_delay_s`: how much later than its change a
    live message is sent."""

    def __init__(
        self,
        config: InstanceConfig,
        *,
        seed: int,
        behaviour: Behaviour,
        clock: Callable[[], float],
        delivery_delay_s: float = 0.0,
    ) -> None:
        self.choices: Final = Choices(seed)
        self.behaviour: Final = behaviour
        self._hub: Final = Hub(config, choices=self.choices, behaviour=behaviour, clock=clock, delivery_delay_s=delivery_delay_s)

    @property
    def sessions(self) -> Mapping[int, Session]:
        """The open connections by number."""
        return self._hub.sessions

    def connect(self, message_type: str | None = None, address: str = "") -> Session:
        """A client has connected to a transport of that message type (None: any)."""
        return self._hub.open(message_type, address)

    def disconnect(self, session: Session, *, reset: bool = False) -> None:
        """The connection has ended, however; `reset`: not in the usual way."""
        if reset:
            self.behaviour.lost(session)
        self._hub.close(session)

    def malformed(self, session: Session) -> None:
        """The connection sent bytes that are no command."""
        session.closing = session.closing or "unknown command"

    def receive(self, session: Session, message: Message) -> None:
        """Take one command. What it causes stands in outboxes afterwards; `session.closing` tells if the connection has to end."""
        if session.closing is not None:
            return
        hub, behaviour = self._hub, self.behaviour
        request = Request(message, session)
        handler = _HANDLERS.get(request.cmd)
        if handler is None:
            if not behaviour.survives_unknown_command():
                session.closing = "unknown command"
            return
        for ack in hub.acks(request, AckType.RECEIVED):
            session.send(ack)
        if not session.logged_on and request.cmd != "logon":
            if behaviour.requires_logon():
                self._fail(session, request, RefusalError("logon required", closing=True))
                return
            session.message_type = session.message_type or "json"
        if request.cmd in _CHANGES:
            late_s = behaviour.effect_late_s(self.choices.effect_late_s())
            if late_s or hub.waiting:
                last = hub.waiting[-1][0] if hub.waiting else 0.0
                hub.waiting.append((max(hub.clock() + late_s, last), session, request))
                return
        elif hub.waiting and (request.cmd != "flush" or behaviour.flush_waits()):
            self._take_effect(of=session)
        self._perform(session, request, handler)

    def tick(self) -> None:
        """Do what is due by now: changes that waited, expiry, messages and acks that were held back, heartbeats."""
        hub, now = self._hub, self._hub.clock()
        while hub.waiting and hub.waiting[0][0] <= now:
            self._next_change()
        for topic in hub.store.all_topics():
            for record in topic.overdue(now):
                topic.remove(record.key)
                deliver(hub, removal(topic, record, "expired", now, None))
        for session in tuple(hub.sessions.values()):
            session.release(now)
            if session.late:
                send_late(session, now)
            if session.pending_seq is not None and session.pending_due_s <= now:
                send_pending(session)
            self._beat(session, now)

    def deadline(self) -> float | None:
        """When `tick` has something to do, by the clock; None: only commands bring something."""
        hub = self._hub
        times = [hub.waiting[0][0]] if hub.waiting else []
        times += [due for topic in hub.store.all_topics() if (due := topic.next_expiry()) is not None]
        for session in hub.sessions.values():
            times += [due for due, _ in session.late]
            if session.held:
                times.append(session.held[0][0])
            if session.pending_seq is not None:
                times.append(session.pending_due_s)
            if session.heartbeat is not None and session.closing is None:
                times += [session.heartbeat.next_s, session.heartbeat.deadline_s]
        return min(times, default=None)

    # ---- inside --------------------------------------------------------------------------------------------------------------

    def _perform(self, session: Session, request: Request, handler: Handler) -> None:
        try:
            handler(self._hub, session, self.behaviour.taken(session, request))
        except RefusalError as refusal:
            self._fail(session, request, refusal)

    def _next_change(self) -> None:
        _, session, request = self._hub.waiting.popleft()
        self._perform(session, request, _HANDLERS[request.cmd])

    def _take_effect(self, *, of: Session) -> None:
        """Carry out all waiting changes if one of this connection is among them: the order of the instance stays."""
        if any(session is of for _, session, _ in self._hub.waiting):
            while self._hub.waiting:
                self._next_change()

    def _fail(self, session: Session, request: Request, refusal: RefusalError) -> None:
        """Tell a failure in the acks that the command asked for (commands.md §8.1)."""
        if request.cmd in _PUBLISHES:
            send_pending(session)
        for kind in self._failing_acks(request):
            seq = request.header.get("seq") if kind == AckType.PERSISTED and self._hub.journal.active else None
            for ack in self._hub.acks(request, kind, {"seq": seq}, failure=refusal.reason):
                session.send(ack)
        self.behaviour.after_failure(session, request)
        if request.cmd not in _CHANGES:
            self._hub.subscriptions_changed()
        if refusal.closing or not self.behaviour.survives_failure():
            session.closing = refusal.reason

    def _failing_acks(self, request: Request) -> list[AckType]:
        kinds = [AckType.PROCESSED]
        if request.cmd in _PUBLISHES:
            kinds.append(AckType.PERSISTED)
        elif request.cmd.startswith("sow_and") and AckType.PROCESSED not in request.acks and not self._hub.manners.silent_queries:
            kinds += [kind for kind in (AckType.COMPLETED, AckType.STATS) if kind in request.acks][:1]
            return kinds
        if self._hub.manners.failure_everywhere:
            more = [AckType.COMPLETED, AckType.STATS] if request.cmd.startswith(("sow", "delta_subscribe")) else [AckType.COMPLETED]
            kinds += more if request.cmd != "sow_delete" else [*more, AckType.PERSISTED]
        return kinds

    def _beat(self, session: Session, now: float) -> None:
        beat = session.heartbeat
        if beat is None or session.closing is not None:
            return
        if beat.deadline_s <= now:
            session.closing = "heartbeat"
        elif beat.next_s <= now:
            session.send(Message(header={"cmd": "heartbeat"}))
            next_beat(beat, now)
