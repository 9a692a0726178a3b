"""Faults that show only when a connection is torn, lost or slow: what is kept, what stays behind, who gets the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from conformance.server.behaviour import Behaviour
from conformance.server.documents import from_tree
from conformance.server.mutants.mutant import Collection
from conformance.server.session import Session
from conformance.server.store import Record, SowTopic
from conformance.server.subscription import Subscription
from reference_model.rule import R

faults: Final = Collection()


_slow_s: Final = 0.025
"""A frame that takes longer to arrive than this comes from somebody slow."""

Change = tuple[SowTopic, str, Record | None]


class _Undoing(Behaviour):
    """Remembers the last change of each connection that no flush has made safe."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[int, Change] = {}

    def changed(self, session: Session, topic: SowTopic, key: str, old: Record | None) -> None:
        super().changed(session, topic, key, old)
        self._last[session.number] = (topic, key, old)

    def made_safe(self, session: Session) -> None:
        super().made_safe(session)
        self._last.pop(session.number, None)


@faults(
    R("FAULT-KEEP-01"),
    name="acks_before_storing",
    text="a change is acknowledged as persisted before it is stored: a reset of the connection right behind it takes it back",
    lossy=True,
)
class _LosesUnwritten(_Undoing):
    """A reset of the connection takes its last change back, acknowledged or not."""

    def lost(self, session: Session) -> None:
        super().lost(session)
        change = self._last.pop(session.number, None)
        if change is not None:
            topic, key, old = change
            topic.remove(key) if old is None else topic.put(old)


@faults(
    R("FAULT-WHOLE-02"),
    R("FAULT-WHOLE-01"),
    R("FAULT-KEEP-01"),
    name="half_a_delta",
    text="a change of a record is interrupted by a reset of its connection, and stays with half of its members",
    lossy=True,
)
class _HalfApplies(_Undoing):
    """A reset leaves of the last change only the first half of the members that it brought."""

    def lost(self, session: Session) -> None:
        super().lost(session)
        change = self._last.pop(session.number, None)
        if change is None:
            return
        topic, key, old = change
        new = topic.records.get(key)
        if old is None or new is None or not isinstance(old.document.tree, dict) or not isinstance(new.document.tree, dict):
            return
        before, after = old.document.tree, new.document.tree
        brought = [name for name, value in after.items() if before.get(name) != value]
        half = {name: after[name] for name in brought[: len(brought) // 2]}
        topic.put(replace(new, document=from_tree({**before, **half}, new.document.message_type)))


@faults(
    R("SUB-UNSUB-15"),
    name="subscriptions_outlive_a_reset",
    text="after a reset the subscriptions stay, and a client of the same name that connects again gets their messages",
    lossy=True,
)
class _LeavesSubscriptions(Behaviour):
    """After a reset the subscriptions of a connection wait for a client of the same name."""

    def __init__(self) -> None:
        super().__init__()
        self._left: dict[str, dict[str, Subscription]] = {}

    def lost(self, session: Session) -> None:
        super().lost(session)
        if session.client_name and session.subscriptions:
            self._left[session.client_name] = dict(session.subscriptions)

    def logged_on(self, session: Session) -> None:
        super().logged_on(session)
        session.subscriptions.update(self._left.pop(session.client_name, {}))


@faults(
    R("FAULT-SLOW-01"),
    R("CMD-FLUSH-02"),
    R("CMD-ACK-08"),
    name="slow_frames_mixed",
    text="a command that arrives slowly is taken for one of another connection",
    lossy=True,
)
class _MixesSlowFrames(Behaviour):
    """A command that takes long to arrive counts as one of the connection that was opened last."""

    def source(self, session: Session, seconds: float, sessions: Mapping[int, Session]) -> Session:
        others = [other for other in sessions.values() if other is not session and other.logged_on and other.closing is None]
        if seconds > _slow_s and session.logged_on and others:
            return others[-1]
        return super().source(session, seconds, sessions)


@faults(
    R("FAULT-BACK-01"),
    name="wrong_one_answered_after_reset",
    text="the logon of a client that comes back after a reset is answered on another connection",
    lossy=True,
)
class _AnswersTheWrongOne(Behaviour):
    """The answer to the logon of a client that comes back after a reset goes to another connection."""

    def __init__(self) -> None:
        super().__init__()
        self._were_lost: set[str] = set()

    def lost(self, session: Session) -> None:
        super().lost(session)
        self._were_lost.add(session.client_name)

    def answered(self, session: Session, sessions: Mapping[int, Session]) -> Session:
        if session.client_name in self._were_lost:
            self._were_lost.discard(session.client_name)
            others = [other for other in sessions.values() if other is not session and other.logged_on]
            if others:
                return others[0]
        return super().answered(session, sessions)


@faults(
    R("BOOK-SEQ-02"),
    name="resend_taken_twice",
    text="after a reset a client's numbers are forgotten: what it sends again is taken again",
    lossy=True,
    logged=True,
)
class _TakesAgain(Behaviour):
    """The numbers of a client are forgotten when its connection ends in a reset."""

    def __init__(self) -> None:
        super().__init__()
        self._forgotten: dict[str, int] = {}

    def lost(self, session: Session) -> None:
        super().lost(session)
        self._forgotten[session.client_name] = 0

    def is_duplicate(self, session: Session, number: int, last: int) -> bool:
        seen = self._forgotten.get(session.client_name)
        if seen is None:
            return super().is_duplicate(session, number, last)
        self._forgotten[session.client_name] = max(seen, number)
        return number <= seen


@faults(
    R("FAULT-TORN-01"),
    name="half_frames_taken",
    text="a frame that the end of its connection cuts off is carried out as far as it came",
    lossy=True,
)
class _TakesHalfFrames(Behaviour):
    """What has come of a frame when its connection ends is taken for the whole of it."""

    def torn(self, data: bytes) -> bytes:
        payload = data[4:]
        if payload.startswith(b"{") and b"}{" in payload:
            header, _, body = payload.partition(b"}{")
            cut = body.rfind(b",")
            if cut > 0:
                return header + b"}{" + body[:cut] + b"}"
        return super().torn(data)
