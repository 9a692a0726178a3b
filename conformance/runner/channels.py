"""The connections of one execution: what is written, read, recorded and waited for on them. The clock of the runner is here.

Nothing here knows the steps of a program. Every frame becomes one event; what a target does never raises.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from conformance.client.connection import SHOWN_BYTES_MAX, Connection, Ended, Poller
from conformance.client.limits import Allowance, Limits
from conformance.naming import to_logical, to_real
from conformance.runner.awaited import Awaited, Entry, Need
from conformance.runner.faulty import PAUSES_MAX, Doom, pieces
from conformance.runner.habits import Habits, Kind
from conformance.targets.base import Target
from conformance.targets.spec import TargetSpec
from conformance.wire import WireError, cut, decode, encode_command, encode_message
from conformance.wire.framing import LENGTH_BYTES
from reference_model.fault import Fault
from reference_model.messages import Form, HeaderValue, Message
from reference_model.observation import Event, EventKind

MASK: Final = "***"
"""What a recording holds in place of a password."""

SECRET_CHARS_MIN: Final = 4
"""A shorter password is masked in its own field only: it would occur in messages by chance."""

UNSENT_BYTES_MAX: Final = 8 * 1024
"""More than this is written at once: the target works while we encode the rest."""


class Peer:
    """A connection of the scenario. `patient`: it has not been late yet; `doom`: the fault that ends it; `pieces`: the fault that cuts
    what is written into pieces."""

    __slots__ = ("awaited", "connection", "deadlines", "doom", "name", "patient", "pieces", "unsent", "written")

    def __init__(self, name: str, connection: Connection, awaited: Awaited) -> None:
        self.name = name
        self.connection = connection
        self.awaited = awaited
        self.patient = True
        self.unsent = 0
        self.written = 0
        self.deadlines: dict[Need, float] = {}
        self.doom: Doom | None = None
        self.pieces: Fault | None = None

    @property
    def gone(self) -> bool:
        return self.connection.ended is not None


class Channels:
    """All connections of one execution and the record of them.

    events      what happened, in the order in which it was seen
    sent        per label the command as it was sent: logical names, no password
    sent_at     per label the index of its event
    late        labels of waits that were given up
    """

    def __init__(
        self,
        target: Target,
        limits: Limits,
        habits: Habits | None,
        allowance: Allowance,
        route: Callable[[str], TargetSpec] | None = None,
    ) -> None:
        """`route`: the address for each connection, None: that of the target."""
        self._route = route or (lambda _: target.spec)
        self.events: list[Event] = []
        self.sent: dict[str, Message] = {}
        self.sent_at: dict[str, int] = {}
        self.late: list[str] = []
        self.peers: dict[str, Peer] = {}
        self._target = target
        self._limits = limits
        self._habits = habits
        self._awaited: list[Awaited] = []
        self._scale = limits.timeout_scale
        self._naming = target.naming()
        password = target.spec.password or ""
        self._secret = password if len(password) >= SECRET_CHARS_MIN else ""
        escaped = self._secret.replace("\\", "\\\\").replace('"', '\\"')
        self._secret_forms = tuple({text.encode() for text in (self._secret, escaped) if text})
        self._poller = Poller()
        self.opened_utc = datetime.now(UTC).isoformat(timespec="microseconds")
        self._began_s = time.monotonic()
        self._allowance = allowance
        self._until = self._began_s + allowance.seconds

    def open(self, name: str, label: str) -> Peer:
        """Connect. Raises UnreachableError."""
        allowance, timeout_s = self._allowance, self._limits.connect_s * self._scale
        connection = Connection.open(self._route(name), timeout_s=timeout_s, frames_max=allowance.frames, bytes_max=allowance.bytes)
        peer = self.peers[name] = Peer(name, connection, Awaited(self._target.config, self._habits))
        self._awaited.append(peer.awaited)
        self._poller.add(connection)
        self.note(name, "opened", label=label)
        return peer

    def close_one(self, peer: Peer) -> None:
        """Record what has come, then close from our side."""
        if not peer.gone:
            self._receive(peer)
        if not peer.gone:
            self._poller.remove(peer.connection)
        peer.connection.close()
        del self.peers[peer.name]

    def close(self) -> None:
        """Close whatever is open; what was left out is remembered."""
        if self._habits is not None:
            answered = frozenset[Kind]().union(*(awaited.answered for awaited in self._awaited))
            self._habits.learn(frozenset[Kind]().union(*(awaited.missed for awaited in self._awaited)), answered)
        for peer in self.peers.values():
            peer.connection.close()
        self._poller.close()

    def note(self, connection: str, kind: EventKind, *, label: str | None = None, payload: bytes = b"", detail: str = "") -> None:
        """Record an event that is no message."""
        at_s = time.monotonic() - self._began_s
        self.events.append(Event(at_s=at_s, connection=connection, kind=kind, label=label, payload=payload, detail=detail))

    # ---- out -------------------------------------------------------------------------------------------------------------------

    def put_bytes(self, peer: Peer, label: str, data: bytes, detail: str) -> None:
        """Buffer raw bytes."""
        peer.connection.queue(data)
        self.sent_at[label] = len(self.events)
        self.note(peer.name, "sent", label=label, payload=data, detail=detail)

    def put(self, peer: Peer, label: str, logical: Message, form: Form, *, keep: bool = True) -> Entry | None:
        """Encode and buffer a command, record it with logical names and without its password, and await what it asks for."""
        frame = encode_command(to_real(logical, self._naming), form)
        if peer.doom is not None and len(part := peer.doom.part(frame)) < len(frame):
            self._torn(peer, label, part, len(frame))
            return None
        if peer.pieces is not None:
            self._dribble(peer, frame, peer.pieces)
        elif form.pieces == "whole":
            peer.connection.queue(frame)
        else:
            peer.connection.queue_pieces(cut(frame, form.pieces))
        shown = logical
        if logical.header.get("password"):
            shown = replace(logical, header={**logical.header, "password": MASK})
            frame = encode_command(to_real(shown, self._naming), form)
        if keep:
            self.sent[label] = shown
        self.sent_at[label] = len(self.events)
        self.events.append(
            Event(
                at_s=time.monotonic() - self._began_s,
                connection=peer.name,
                kind="sent",
                label=label,
                payload=frame[LENGTH_BYTES:],
                message=shown,
            )
        )
        peer.unsent += len(frame)
        if peer.unsent > UNSENT_BYTES_MAX:
            peer.unsent = 0
            peer.connection.write()
        return peer.awaited.expect(logical)

    def _torn(self, peer: Peer, label: str, part: bytes, of: int) -> None:
        """Only a part of a frame leaves, perhaps none; then the connection is closed."""
        assert peer.doom is not None
        if peer.gone:
            return
        peer.connection.queue(part)
        if part:
            self.note(peer.name, "step", label=label, detail=f"{len(part)} of {of} bytes sent")
        self.shut(peer)

    def _dribble(self, peer: Peer, frame: bytes, fault: Fault) -> None:
        """Write a frame piece by piece, with pauses between the first ones."""
        pause_s = fault.number("pause_ms") / 1000
        for number, piece in enumerate(pieces(frame, fault.number("bytes"))):
            if pause_s and 0 < number <= PAUSES_MAX:
                peer.connection.write()
                self.listen(pause_s)
            peer.connection.queue_pieces([piece])

    def doom(self, peer: Peer, fault: Fault) -> None:
        """The connection is to be lost from here on: nothing on it is waited for any more."""
        peer.doom = Doom(fault)
        peer.awaited.give_up()
        peer.connection.read_left = peer.doom.read_max()
        if peer.doom.deaf and not peer.gone:
            self._poller.remove(peer.connection)

    def shut(self, peer: Peer) -> None:
        """Close a connection as its fault says, after writing what it lets through."""
        assert peer.doom is not None
        if peer.gone:
            return
        peer.connection.write()
        if not peer.doom.deaf:
            self._poller.remove(peer.connection)
        peer.connection.shut("closed by us", reset=peer.doom.reset)
        self.note(peer.name, "step", label=peer.doom.fault.label, detail="reset by us" if peer.doom.reset else "closed by us")

    def lose(self, peer: Peer, seconds: float) -> None:
        """See to it that the connection is lost; whatever has not happened after so many seconds does not."""
        doom = peer.doom
        assert doom is not None
        until = time.monotonic() + seconds
        peer.connection.write()
        if doom.fault.kind == "half_close":
            while peer.connection.unwritten and (left := until - time.monotonic()) > 0:
                self._pump(left)
            peer.connection.half_close()
        waits = doom.fault.kind in {"drop", "half_close"} or doom.fault.proxy
        while not peer.gone and (waits or peer.connection.unwritten) and (left := until - time.monotonic()) > 0:
            if doom.over(peer.connection.read_left):
                break
            self._pump(left)
        if not peer.gone and not doom.deaf and doom.fault.kind != "drop":
            self._receive(peer)
        self.shut(peer)
        del self.peers[peer.name]

    # ---- in --------------------------------------------------------------------------------------------------------------------

    def _receive(self, peer: Peer) -> bool:
        """Read what has come and record it; True if any of it was waited for."""
        connection = peer.connection
        payloads = connection.read()
        at_s = time.monotonic() - self._began_s
        events, naming, secrets, take, name = self.events, self._naming, self._secret_forms, peer.awaited.take, peer.name
        progress = False
        for payload in payloads:
            if not payload:
                continue  # a frame of length 0 is a legal no-op (wire.md section 2)
            try:
                message = to_logical(decode(payload, sender="server"), naming)
            except WireError as error:
                connection.ended = Ended(kind="garbled", detail=error.reason, data=payload[:SHOWN_BYTES_MAX])
                break
            if "password" in message.header or (secrets and any(secret in payload for secret in secrets)):
                message, payload = self._masked(message)  # noqa: PLW2901 (the same frame, as it may be kept)
            events.append(Event(at_s=at_s, connection=name, kind="received", payload=payload, message=message))
            if take(message):
                progress = True
        if peer.doom is not None:
            peer.doom.frames += len(payloads)
            if connection.ended is None and peer.doom.over(connection.read_left) and payloads:
                self.shut(peer)
                return progress
        if connection.ended is not None:
            self._bury(peer, connection.ended)
        return progress

    def _bury(self, peer: Peer, ended: Ended) -> None:
        """Close a connection of which nothing is read any more, and record why."""
        self._poller.remove(peer.connection)
        peer.connection.close()
        offending = b"" if ended.kind == "closed" else self._without_secret_bytes(ended.data)
        self.note(peer.name, ended.kind, payload=offending, detail=self._without_secret(ended.detail))

    def _time_is_up(self) -> None:
        """The scenario has taken all the time that it may take: nothing is read any more."""
        for peer in self.peers.values():
            if not peer.gone:
                peer.connection.ended = Ended(
                    kind="unread", detail=f"the scenario has taken more than {self._allowance.seconds:g} s: not read on"
                )
                self._bury(peer, peer.connection.ended)

    def _masked(self, message: Message) -> tuple[Message, bytes]:
        """A message that shows a password, and its payload, as they may be kept."""
        header: dict[str, HeaderValue] = {}
        for name, value in message.header.items():
            header[name] = MASK if name == "password" else self._without_secret(value) if isinstance(value, str) else value
        records = tuple(replace(record, data=self._without_secret_bytes(record.data)) for record in message.records)
        message = replace(message, header=header, body=self._without_secret_bytes(message.body), records=records)
        return message, encode_message(to_real(message, self._naming))[LENGTH_BYTES:]

    def _without_secret(self, text: str) -> str:
        return text.replace(self._secret, MASK) if self._secret else text

    def _without_secret_bytes(self, data: bytes) -> bytes:
        for secret in self._secret_forms:
            data = data.replace(secret, MASK.encode())
        return data

    # ---- waiting ---------------------------------------------------------------------------------------------------------------

    def wait(self, peers: list[Peer], label: Callable[[Peer], str], need: Callable[[Peer], Need]) -> bool:
        """Write and read until no peer lacks anything; True if all got it.

        A peer is given up at its deadline (noted in `late`), which each sign of progress sets anew, and at once when its connection has
        ended. What later answers have overtaken is given up sooner; what is only unsure too, and silently.
        """
        now = time.monotonic()
        for peer in peers:
            peer.connection.write()
            peer.unsent = 0
            self._set_deadline(peer, now)
        waiting, passed = list(peers), True
        while True:
            if now >= self._until:
                self._time_is_up()
            rest: list[Peer] = []
            until = self._until
            for peer in waiting:
                lack = need(peer)
                if lack is Need.NOTHING:
                    continue
                if peer.gone:
                    passed = False
                elif now >= peer.deadlines[lack]:
                    passed = passed and lack is Need.UNSURE
                    self._give_up(peer, lack, label(peer), everything=need is outstanding)
                else:
                    rest.append(peer)
                    until = min(until, peer.deadlines[lack])
            if not rest:
                return passed
            waiting = rest
            progressed = self._pump(until - now)
            now = time.monotonic()
            for peer in waiting:
                if peer.name in progressed or peer.connection.written != peer.written:
                    self._set_deadline(peer, now)

    def _set_deadline(self, peer: Peer, now: float) -> None:
        limits = self._limits
        patience = limits.answer_s if peer.patient else limits.impatient_s
        peer.deadlines[Need.SURE] = now + patience * self._scale
        peer.deadlines[Need.OVERTAKEN] = now + min(patience, limits.overtaken_s) * self._scale
        peer.deadlines[Need.LEFT_OUT] = now + limits.impatient_s * self._scale
        peer.deadlines[Need.UNSURE] = now + min(patience, limits.unsure_s) * self._scale
        peer.written = peer.connection.written

    def _give_up(self, peer: Peer, lack: Need, label: str, *, everything: bool) -> None:
        """The deadline has passed: note it, and be impatient from now on unless this was to be expected of this target."""
        if everything:
            peer.awaited.give_up(missed=peer.patient and lack is not Need.UNSURE and not peer.connection.unwritten)
        if lack is not Need.UNSURE:
            peer.patient = peer.patient and lack is Need.LEFT_OUT
            if label not in self.late:
                self.late.append(label)

    def _pump(self, timeout_s: float) -> set[str]:
        """Write and read once, after waiting for it at most so long. The names of the peers that got something they waited for."""
        writers = [
            peer.connection
            for peer in self.peers.values()
            if not peer.gone and peer.connection.unwritten and not (peer.doom is not None and peer.doom.deaf)
        ]
        ready = self._poller.wait(timeout_s, writers)
        if not ready:
            return set()
        return {peer.name for peer in self.peers.values() if peer.connection in ready and self._receive(peer)}

    def listen(self, seconds: float) -> None:
        """Read and write for that long."""
        until = min(time.monotonic() + seconds, self._until)
        while (left := until - time.monotonic()) > 0:
            self._pump(left)


def outstanding(peer: Peer) -> Need:
    """What a barrier waits for: our bytes are written, and what they ask for has come."""
    if peer.doom is not None:
        return Need.NOTHING
    return Need.SURE if peer.connection.unwritten else peer.awaited.need
