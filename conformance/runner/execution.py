"""`execute`: one scenario on one target, from the first connect to the last close.

Sends are buffered and written together. A barrier (waiting for what was sent to be answered as far as it asked) stands only where
the next step is on another connection than the last one sent on, before a step with an opaque value, before concurrent lanes, and
before our own Close. Where nothing was asked for, a barrier only makes sure that the bytes were handed to the socket in order: fences
are the program's. A change and a query that reads it on one connection are kept apart by the program's fence alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, assert_never

from conformance.client.limits import DEFAULT_LIMITS, Allowance, Limits
from conformance.errors import ProxyError, TargetError, UnreachableError
from conformance.faults.proxies import Proxies
from conformance.runner.awaited import Need
from conformance.runner.channels import Channels, Peer, outstanding
from conformance.runner.faulty import LOST_S, SETTLE_LOST_MS_LOOPBACK, SETTLE_LOST_MS_REMOTE, drain_s, pauses_s
from conformance.runner.foreign import count_foreign
from conformance.runner.habits import Habits
from conformance.runner.marker import Marker
from conformance.runner.resolve import Resolver
from conformance.runner.touched import touched_topics
from conformance.targets.base import Target
from conformance.targets.spec import TargetSpec
from reference_model.fault import KINDS, Fault, Mend
from reference_model.messages import PLAIN, Message
from reference_model.observation import Observation
from reference_model.scenario import Advance, Close, Fence, Open, Scenario, Send, SendBytes, Step, Together

BARRIER: Final = "barrier"


def fence_id(label: str) -> str:
    """The command id of the flush of a state fence."""
    return f"fence-{label}"


def end_id(connection: str) -> str:
    """The command id, and the label, of the flush that ends a scenario on a connection."""
    return f"end-{connection}"


def execute(
    scenario: Scenario,
    target: Target,
    limits: Limits = DEFAULT_LIMITS,
    habits: Habits | None = None,
    proxies: Proxies | None = None,
    while_open: Callable[[Observation], None] | None = None,
) -> Observation:
    """Run the scenario. The slot has to be empty: that is the caller's to see to.

    Raises UnreachableError if the first connection of the scenario cannot be made, and nothing else for what a target does; ProxyError
    if the scenario needs `proxies` and there are none, or they do not what they are asked for.
    `while_open` is called with what was observed before the connections are closed.
    `habits`: what the runner remembers of this target from one execution to the next, so that what it leaves out for good does not cost
    a whole wait each time. `late` holds labels of fences, `barrier-<label of the step before which it stood>` and `end-<connection>`.
    """
    target.touch(touched_topics(scenario, target.config))
    if proxies is None and any(isinstance(step, Fault) and step.proxy for step in scenario.steps):
        raise ProxyError(f"{scenario.name} has faults that only a proxy makes: --toxiproxy")
    execution = _Execution(scenario, target, limits, habits, proxies)
    try:
        for step in scenario.steps:
            execution.step(step)
        execution.end()
        if while_open is not None:
            while_open(execution.observation())
    finally:
        execution.close()
        if proxies is not None:
            proxies.rest()
    return execution.observation()


def proxied(scenario: Scenario) -> set[str | None]:
    """The connections that faults of a proxy are made on, None for all."""
    return {step.connection for step in scenario.steps if isinstance(step, Fault) and step.proxy}


class _Execution:
    """The state of one run of one scenario."""

    def __init__(self, scenario: Scenario, target: Target, limits: Limits, habits: Habits | None, proxies: Proxies | None) -> None:
        self._scenario = scenario
        self._target = target
        self._limits = limits
        self._unresolved: list[str] = []
        self._last: Peer | None = None
        self._slow: dict[str, Fault] = {}
        self._waiting: dict[str, Fault] = {}
        self._refused: set[str] = set()
        self._proxies = proxies
        self._through = proxied(scenario)
        self._channels = Channels(target, limits, habits, _allowance(scenario, limits), self._route)
        self._resolver = Resolver(target.config, self._channels.events, self._channels.sent)

    def observation(self) -> Observation:
        channels = self._channels
        return Observation(
            scenario=self._scenario.name,
            events=tuple(channels.events),
            resolved=channels.sent,
            unresolved=tuple(self._unresolved),
            late=tuple(channels.late),
            opened_utc=channels.opened_utc,
            foreign=count_foreign(channels.events),
        )

    # ---- steps -----------------------------------------------------------------------------------------------------------------

    def step(self, step: Step) -> None:
        """Do one step of the program."""
        match step:
            case Send():
                self._turn_to(step.connection, step.label)
                self._send(step)
            case Fence():
                self._turn_to(step.connection, step.label)
                self._fence(step)
            case Open():
                self._turn_to(None, step.label)
                self._open(step)
            case SendBytes():
                self._turn_to(step.connection, step.label)
                self._send_bytes(step)
            case Together():
                self._turn_to(None, step.label)
                self._together(step)
            case Advance():
                self._turn_to(None, step.label)
                self._channels.listen(step.seconds)
                self._channels.note("", "step", label=step.label, detail=f"{step.seconds:g} s passed")
            case Close():
                self._turn_to(None, step.label)
                self._close(step)
            case Fault():
                self._turn_to(None, step.label)
                self._fault(step)
            case Mend():
                self._turn_to(None, step.label)
                self._mend(step)
            case _:
                assert_never(step)

    def _turn_to(self, connection: str | None, label: str) -> None:
        """The barrier before a step on another connection than the last one sent on (None: whatever connection it is on)."""
        if self._last is not None and self._last.name != connection:
            self._barrier_of_last(label)

    def _barrier_of_last(self, label: str) -> None:
        """The barrier on the connection that was sent on last."""
        if self._last is not None:
            self._barrier([self._last], label)
            self._last = None

    def _barrier(self, peers: list[Peer], label: str) -> None:
        """Wait until all is written and answered as far as it asked."""
        self._channels.wait(peers, lambda _: f"{BARRIER}-{label}", outstanding)

    def _open(self, step: Open) -> None:
        channels = self._channels
        waiting = self._waiting.pop(step.connection, None)
        former = channels.peers.get(step.connection)
        assert former is None or former.gone, f"step {step.label}: connection {step.connection} is open"
        try:
            peer = channels.open(step.connection, step.label)
        except TargetError as error:
            if waiting is None and (not channels.events or not isinstance(error, UnreachableError)):
                raise
            channels.note(step.connection, "closed", label=step.label, detail=str(error))
            if waiting is None:
                self._unresolved.append(step.label)
            else:
                self._refused.add(step.connection)
            return
        if waiting is not None:
            channels.doom(peer, waiting)
        for fault in self._slow.values():
            if fault.kind == "pieces" and fault.connection in {None, peer.name}:
                peer.pieces = fault
        if step.logon is not None:
            logon = self._resolver.resolve(step.logon)
            if logon is None:
                self._unresolved.append(step.label)
                return
            channels.put(peer, step.label, self._with_credentials(logon), PLAIN)
            self._barrier([peer], step.label)

    def _with_credentials(self, logon: Message) -> Message:
        """The logon with the user and password of the target's address, if it names no user itself."""
        spec = self._target.spec
        if spec.user is None or "user_id" in logon.header or "password" in logon.header:
            return logon
        own = {"user_id": spec.user} if spec.password is None else {"user_id": spec.user, "password": spec.password}
        return replace(logon, header={**logon.header, **own})

    def _send(self, step: Send) -> None:
        ready = self._ready(step)
        if ready is not None:
            peer, message, _ = ready
            self._channels.put(peer, step.label, message, step.form)
            self._last = peer

    def _resolve(self, step: Send) -> Message | None:
        """The command with its opaque values, after a barrier if it has any; None, and noted, if one is not known."""
        message = self._resolver.resolve(step.command, lambda: self._barrier_of_last(step.label))
        if message is None:
            self._unresolved.append(step.label)
        return message

    def _send_bytes(self, step: SendBytes) -> None:
        peer = self._live(step.connection, step.label)
        if peer is None:
            return
        self._channels.put_bytes(peer, step.label, step.data, step.meaning)
        self._last = peer

    def _together(self, step: Together) -> None:
        """Write the lanes in turns, one frame of each, so that the target takes them in side by side; then wait for all of them."""
        channels = self._channels
        ready = [[found for send in lane if (found := self._ready(send)) is not None] for lane in step.lanes]
        for turn in range(max(map(len, ready), default=0)):
            for lane in ready:
                if turn < len(lane):
                    peer, message, send = lane[turn]
                    channels.put(peer, send.label, message, send.form)
                    peer.connection.write()
        self._barrier(list({peer.name: peer for lane in ready for peer, _, _ in lane}.values()), step.label)

    def _ready(self, send: Send) -> tuple[Peer, Message, Send] | None:
        """What is needed to send it; None, and noted, if it cannot be sent."""
        peer = self._live(send.connection, send.label)
        message = self._resolve(send) if peer is not None else None
        return None if peer is None or message is None else (peer, message, send)

    def _fence(self, step: Fence) -> None:
        """Wait until the fence is passed; noted as a `step` event, unless the deadline or the end of the connection came first. Either
        way a barrier follows: a fence is a place to wait anyway."""
        peer = self._live(step.connection, step.label)
        if peer is None:
            return
        if step.kind == "state":
            flush = Message(header={"cmd": "flush", "cmd_id": fence_id(step.label), "ack_type": "completed"})
            entry = self._channels.put(peer, step.label, flush, PLAIN, keep=False)
            assert entry is not None
            patient = peer.patient
            passed = self._channels.wait([peer], lambda _: step.label, lambda _: entry.need if entry.listed else Need.NOTHING)
            peer.awaited.drop(entry, missed=patient and not peer.gone)
        elif step.kind == "delivery":
            passed = self._delivery(peer, step)
        else:
            passed = self._channels.wait([peer], lambda _: step.label, outstanding)
        if passed:
            self._channels.note(step.connection, "step", label=step.label, detail=f"{step.kind} fence passed")
        if step.kind != "answers":
            self._barrier([peer], step.label)

    def _delivery(self, peer: Peer, step: Fence) -> bool:
        channels, after = self._channels, step.after or ""
        if after not in channels.sent:
            self._unresolved.append(step.label)
            return False
        marker, at, found = Marker(channels.sent[after]), channels.sent_at[after], False

        def need(_: Peer) -> Need:
            nonlocal at, found
            while not found and at < len(channels.events):
                event = channels.events[at]
                at += 1
                if event.kind == "received" and event.connection == peer.name and event.message is not None:
                    found = marker.delivered_by(event.message)
            return Need.NOTHING if found else Need.SURE

        return channels.wait([peer], lambda _: step.label, need)

    def _close(self, step: Close) -> None:
        peer = self._channels.peers.get(step.connection)
        if peer is None:
            if step.connection in self._refused:
                self._restore(step.connection)
            else:
                self._unresolved.append(step.label)
            return
        if peer.doom is not None:
            self._lose(peer)
            return
        self._barrier([peer], step.label)
        self._channels.close_one(peer)
        self._channels.note(step.connection, "step", label=step.label, detail="closed by us")

    def _route(self, connection: str) -> TargetSpec:
        """Where a connection goes: one that a proxy's fault is made on goes through a proxy."""
        spec = self._target.spec
        if self._proxies is None or not {connection, None} & self._through:
            return spec
        return self._proxies.route(connection, spec)

    # ---- faults ----------------------------------------------------------------------------------------------------------------

    def _fault(self, step: Fault) -> None:
        """The fault begins, once what was sent before it has been answered."""
        channels = self._channels
        peers = [peer for peer in channels.peers.values() if step.connection in {None, peer.name} and not peer.gone]
        self._barrier(peers, step.label)
        channels.note(step.connection or "", "step", label=step.label, detail=f"fault {step.kind}")
        if not step.ends:
            self._slow[step.label] = step
        if step.proxy and self._proxies is not None:
            for name in self._concerned(step, peers):
                self._proxies.begin(name, step)
        if step.ends and step.connection is not None and not peers:
            self._waiting[step.connection] = step
        for peer in peers:
            if step.ends and peer.doom is None:
                channels.doom(peer, step)
            elif step.kind == "pieces":
                peer.pieces = step

    def _restore(self, connection: str) -> None:
        """A connection that a fault kept from being made is given up by the program: the fault is over."""
        self._refused.discard(connection)
        if self._proxies is not None:
            for step in self._scenario.steps:
                if isinstance(step, Fault) and step.proxy and step.ends and step.connection == connection:
                    self._proxies.end(connection, step)

    def _mend(self, step: Mend) -> None:
        fault = self._slow.pop(step.fault, None)
        if fault is not None and fault.proxy and self._proxies is not None:
            for name in self._concerned(fault, list(self._channels.peers.values())):
                self._proxies.end(name, fault)
        for peer in self._channels.peers.values():
            if peer.pieces is fault:
                peer.pieces = None
        self._channels.note("", "step", label=step.label, detail=f"end of fault {step.fault}")

    def _concerned(self, fault: Fault, peers: list[Peer]) -> list[str]:
        """The connections on whose proxies a fault is made: of one for all what ends only where there is something to end."""
        if fault.connection is not None:
            return [fault.connection]
        if fault.ends:
            return [peer.name for peer in peers]
        opened = (step.connection for step in self._scenario.steps if isinstance(step, Open))
        return list(dict.fromkeys(opened))

    def _lose(self, peer: Peer) -> None:
        """The connection is lost as its fault says; then the target has time to notice."""
        loopback = self._target.spec.loopback
        scale = self._limits.timeout_scale
        assert peer.doom is not None
        fault = peer.doom.fault
        own_s = fault.number("timeout_ms") / 1000 if "timeout_ms" in KINDS[fault.kind].numbers else 0.0
        slow_s = sum(drain_s(slow) for slow in self._slow.values() if slow.connection in {None, peer.name})
        self._channels.lose(peer, own_s + slow_s + LOST_S * scale)
        if fault.proxy and self._proxies is not None:
            self._proxies.end(peer.name, fault)
        self._channels.listen(slow_s + (SETTLE_LOST_MS_LOOPBACK if loopback else SETTLE_LOST_MS_REMOTE * scale) / 1000)

    def end(self) -> None:
        """Flush every open connection and wait for all that is awaited on it; then listen for what should not come."""
        channels = self._channels
        for peer in [peer for peer in channels.peers.values() if peer.doom is not None]:
            self._lose(peer)
        peers = [peer for peer in channels.peers.values() if not peer.gone]
        for peer in peers:
            flush = Message(header={"cmd": "flush", "cmd_id": end_id(peer.name), "ack_type": "completed"})
            channels.put(peer, end_id(peer.name), flush, PLAIN, keep=False)
        channels.wait(peers, lambda peer: end_id(peer.name), outstanding)
        channels.listen(self._limits.settle_s(loopback=self._target.spec.loopback))

    def close(self) -> None:
        """Close whatever is open."""
        self._channels.close()

    def _live(self, connection: str, label: str) -> Peer | None:
        """The peer if it can still be written to; else the step counts as not sent."""
        peer = self._channels.peers.get(connection)
        if peer is None or peer.gone:
            if connection not in self._refused and (peer is None or peer.doom is None):
                self._unresolved.append(label)
            return None
        return peer


def _allowance(scenario: Scenario, limits: Limits) -> Allowance:
    """What the scenario may take, by its size."""
    sends = [send for step in scenario.steps if isinstance(step, Together) for lane in step.lanes for send in lane]
    sends += [step for step in scenario.steps if isinstance(step, Send)]
    steps = len(scenario.steps) + len(sends)
    slow_s = sum(drain_s(step) + pauses_s(step) for step in scenario.steps if isinstance(step, Fault))
    return limits.allowance(
        steps=steps,
        body_bytes=sum(len(send.command.body) for send in sends),
        seconds=sum(step.seconds for step in scenario.steps if isinstance(step, Advance)) + steps * slow_s,
    )
