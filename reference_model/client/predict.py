"""From a client program to what the application must get and the client must send: an `Expectation` like that for servers.

Atoms are of two kinds of connections: those of a client's name hold what its application saw (outcome, publish, oof, sow, group_begin,
group_end, ack, last_chance, failed_write, disconnected, exception), those named by `wire` what the peer saw (command) and sent
(served). A program that leaves open what must come is refused with ProgramError.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from reference_model.client import frames
from reference_model.client.deliver import Deliveries
from reference_model.client.outcomes import Outcomes
from reference_model.client.program import (
    REQUESTS,
    WAITING,
    Answer,
    Await,
    Call,
    ClientProgram,
    ClientStep,
    Fence,
    Hangup,
    Hear,
    Quiet,
    Receive,
    Serve,
    ServeBytes,
    end_label,
)
from reference_model.client.state import ClientState, Stream, Symbol, Under
from reference_model.client.uris import read_uri
from reference_model.draft import Draft
from reference_model.expectation import Claim, Expectation, Is, Occurs, Same
from reference_model.rule import Because, R
from reference_model.scenario import Ref
from reference_model.state import ProgramError

SERVER_VERSION: Final = "5.3.5.0"
"""What the peer says at logon that it is."""


def predict_client(program: ClientProgram) -> Expectation:
    """The expectation. Raises ProgramError if the program leaves open what must come, or makes no sense."""
    return _Predictor(program).run()


class _Predictor:
    def __init__(self, program: ClientProgram) -> None:
        self.program = program
        self.draft = Draft(program.name)
        self.clients: dict[str, ClientState] = {}
        self.received: dict[str, str] = {}
        self.awaited: set[str] = set()
        self.out = Outcomes(self.draft)
        self.deliveries = Deliveries(self.draft, self.out)

    def run(self) -> Expectation:
        labels: set[str] = set()
        for step in self.program.steps:
            if step.label in labels:
                raise ProgramError(f"the label {step.label!r} is given twice")
            labels.add(step.label)
            self._step(step)
        for state in self.clients.values():
            for under in state.calls.values():
                if under.call.do in WAITING - {"close"} and under.call.label not in self.awaited:
                    raise ProgramError(f"nothing awaits the end of call {under.call.label}")
            self.draft.chain(state.name, *state.order, because=(R("CLI-ROUTE-03"),))
            if state.connected and state.beating and state.connections == 1:
                beat = next(under.call for under in state.calls.values() if under.call.do == "heartbeat")
                kept = R("CLI-HB-04") if beat.arguments.get("timeout_s") else R("CLI-HB-05")
                self.draft.never(beat.label, (state.name, "disconnected", None), (kept,))
            self._nothing_more(state)
        return self.draft.finish()

    def _nothing_more(self, state: ClientState) -> None:
        """What a client must not do by itself: send more than it was asked for, connect again where it should not."""
        if state.connections > 1:
            queries = any(under.call.do == "sow" for under in state.calls.values())
            rules = ((state.store, R("CLI-PSTORE-03")), (state.removed_once, R("CLI-HA-06")), (queries, R("CLI-HA-07")))
            because = (*(rule for holds, rule in rules if holds), R("CLI-HA-04"))
            self.draft.never("", (state.name, "unasked", None), because)
        elif not state.tolerant:
            self.draft.scope(state.wire, "command", surplus=(R("CLI-TEXT-10"),))
        if state.connections and not state.connected and (state.closed or not state.reconnect):
            rule = R("CLI-HA-21") if state.reconnect else R("CLI-HA-26")
            self.draft.never(f"end-{state.name}", (state.name, "connected", None), (rule,))

    def _state(self, step: ClientStep) -> ClientState:
        state = self.clients.get(step.client)
        if state is None:
            raise ProgramError(f"step {step.label}: there is no client {step.client!r} yet")
        return state

    def _step(self, step: ClientStep) -> None:
        match step:
            case Call(do="client"):
                self._client(step)
            case Call():
                self._call(self._state(step), step)
            case Receive():
                self._receive(self._state(step), step)
            case Serve():
                self._serve(self._state(step), step)
            case ServeBytes():
                self._serve_bytes(self._state(step), step)
            case Hangup():
                self._lost(self._state(step), step.label, step.about)
            case Await():
                self._await(self._state(step), step)
            case Hear():
                self._hear(self._state(step), step)
            case Quiet():
                state = self._state(step)
                for under in state.calls.values():
                    under.waited = under.waited or under.open
                if step.label == end_label(state.name):
                    self.draft.slot(step.label, (state.name, "passed", step.label), ())
            case Fence():
                self._fence(self._state(step), step)

    # ---- calls -----------------------------------------------------------------------------------------------------------------

    def _client(self, call: Call) -> None:
        given = call.arguments
        raise_in = given.get("raise_in", ())
        self.clients[call.client] = ClientState(
            name=call.client,
            client_name=str(given["name"]),
            store=bool(given.get("store", False)),
            reconnect=bool(given.get("reconnect", False)),
            raises_in=frozenset(str(name) for name in raise_in) if isinstance(raise_in, tuple) else frozenset(),
        )
        self.out.returned(self.clients[call.client], call, ())

    def _call(self, state: ClientState, call: Call) -> None:
        if call.do == "connect":
            self._connect(state, call)
            return
        state.calls[call.label] = under = Under(call=call)
        if call.do in {"close", "version", "stream", "next", "close_stream"}:
            self._local(state, call, under)
            return
        if not state.connected and not (state.reconnect and state.connections):
            under.open = False
            self.out.raised(state, call, ("DisconnectedException",), (*call.about, R("CLI-CONN-05")))
            return
        if call.do in REQUESTS:
            self._request(state, call)
        elif call.do == "heartbeat":
            self._heartbeat(state, call, under)
        elif call.do not in WAITING:
            under.open = False
            if state.store and call.do in {"publish", "delta_publish"}:
                state.stored.append(call.label)
            self.out.returned(state, call, (*call.about, *_IMMEDIATE.get(call.do, ())))
            if call.do == "unsubscribe":
                self._unsubscribe(state, call)

    def _connect(self, state: ClientState, call: Call) -> None:
        reading = read_uri(str(call.arguments["uri"]))
        if reading.error:
            self.out.raised(state, call, (reading.error,), (*call.about, *reading.because))
            return
        if state.connected:
            raise ProgramError(f"call {call.label}: what a second connect does is left open (CLI-CONN-08)")
        state.reading, state.connected = reading, True
        state.connections += 1
        state.closed = False
        self.draft.slot(call.label, (state.name, "connected", None), ())
        self.out.returned(state, call, call.about)
        self.draft.never(call.label, (state.name, "early", None), (R("CLI-CONN-01"),))

    def _heartbeat(self, state: ClientState, call: Call, under: Under) -> None:
        under.open = False
        timeout, interval = call.arguments.get("timeout_s", 0), call.arguments["interval_s"]
        assert isinstance(timeout, int)
        assert isinstance(interval, int)
        if timeout and timeout < interval:
            self.out.raised(state, call, (), (*call.about, R("CLI-HB-06")))
            return
        state.beating = state.tolerant = True
        self.out.returned(state, call, (*call.about, R("CLI-HB-01")))

    def _request(self, state: ClientState, call: Call) -> None:
        given = call.arguments
        handler, stream = given.get("handler"), given.get("stream")
        if isinstance(stream, str):
            state.streams[stream] = Stream(call=call)
        owner = f"/{stream}" if isinstance(stream, str) else str(handler or call.label)
        if call.do.endswith("subscribe"):
            symbol = self._sub(state, call)
            known = state.subscriptions.get(symbol)
            replacing = "replace" in str(given.get("options", "")).split(",")
            state.subscriptions[symbol] = known if known is not None and replacing else owner
            state.removed.pop(symbol, None)
        if call.do.startswith("sow"):
            state.queries["cid", call.label] = owner
        state.handlers[call.label] = owner
        raise_on = given.get("raise_on", ())
        assert isinstance(raise_on, tuple)
        state.raises[owner] = frozenset(int(n) for n in raise_on)

    @staticmethod
    def _sub(state: ClientState, call: Call) -> Symbol:
        del state
        sub_id = call.arguments.get("sub_id")
        return ("is", sub_id) if isinstance(sub_id, str) else ("sub", call.label)

    def _unsubscribe(self, state: ClientState, call: Call) -> None:
        if state.on_its_way:
            raise ProgramError(f"call {call.label}: messages are on their way, and whether they come first is open")
        sub_id = call.arguments.get("sub_id", "all")
        gone: Iterable[Symbol]
        if sub_id == "all":
            gone = list(state.subscriptions)
        elif isinstance(sub_id, Ref):
            gone = [self._sub(state, state.calls[sub_id.label].call)]
        else:
            gone = [("is", str(sub_id))]
        for symbol in gone:
            handler = state.subscriptions.pop(symbol, None)
            if handler is not None:
                state.removed[symbol] = handler
                state.removed_once = True

    def _local(self, state: ClientState, call: Call, under: Under) -> None:
        """Calls that concern the client alone."""
        if call.do == "next":
            self.deliveries.next(state, call, under)
            return
        under.open = False
        if call.do == "close":
            state.tolerant = True
            for other in state.calls.values():
                other.open = False
            state.connected = state.logged_on = False
            state.closed = True
            self.out.returned(state, call, (*call.about, R("CLI-CONN-06")))
        elif call.do == "version":
            self.out.returned(
                state, call, (*call.about, R("CLI-LOGON-17")), claims=(Claim("value", Is("5.3.5.0"), (R("CLI-LOGON-17"),)),)
            )
        elif call.do == "stream":
            stream = state.streams[str(call.arguments["stream"])]
            stream.conflate = stream.conflate or bool(call.arguments.get("conflate", False))
            self.out.returned(state, call, call.about, claims=self.deliveries.depth(stream, call))
        else:
            stream = state.streams[str(call.arguments["stream"])]
            self.out.returned(state, call, (*call.about, R("CLI-STREAM-04")))
            if stream.call.do.endswith("subscribe"):
                symbol = self._sub(state, stream.call)
                handler = state.subscriptions.pop(symbol, None)
                if handler is not None:
                    state.removed[symbol] = handler

    # ---- what the peer sees ------------------------------------------------------------------------------------------------------

    def _receive(self, state: ClientState, step: Receive) -> None:
        if step.call == "heartbeat":
            self.draft.slot(step.label, (state.wire, "command", step.label), (*step.about, R("CLI-HB-02")), claims=tuple(frames.beat()))
            return
        under = state.calls.get(step.call)
        if under is None:
            raise ProgramError(f"step {step.label}: there is no call {step.call!r}")
        self.received[step.label] = step.call
        call = under.call
        if step.again:
            self._again(state, step, call)
            return
        if call.do == "close_stream":
            self._closing(state, step, state.streams[str(call.arguments["stream"])].call)
            return
        if under.call.do in REQUESTS and not under.open and state.timed_out_before:
            self._given_up(state, step, call)
            return
        self._command(state, step, call)

    def _command(self, state: ClientState, step: Receive, call: Call) -> None:
        shown = replace(call, arguments={**call.arguments, "client_name": state.client_name}) if call.do == "logon" else call
        about = step.about
        claims = frames.claims(shown, about, reading=state.reading, store=state.store)
        first = next(claim for claim in claims if claim.field == "command").because
        if call.do not in {"publish", "delta_publish", "ack", "heartbeat", "unsubscribe"}:
            claims.insert(0, Claim("cmd_id", Same(("cid", call.label)), (R("CLI-ID-01"),)))
            self.draft.distinct(R("CLI-ID-01"), ("cid", state.name), ("cid", call.label))
        if state.store and call.do in {"publish", "delta_publish"}:
            self.draft.distinct(R("CLI-PSTORE-01"), ("seq", state.name), ("seq", call.label))
        self.draft.slot(step.label, (state.wire, "command", step.label), first, claims=tuple(claims), body=frames.body(call, about))

    def _closing(self, state: ClientState, step: Receive, subscription: Call) -> None:
        because = (*step.about, R("CLI-STREAM-04"))
        sub_id = subscription.arguments.get("sub_id")
        matcher = Is(sub_id) if isinstance(sub_id, str) else Same(("sub", subscription.label))
        claims = (Claim("command", Is("unsubscribe"), because), Claim("sub_id", matcher, because))
        self.draft.slot(step.label, (state.wire, "command", step.label), because, claims=claims)

    def _given_up(self, state: ClientState, step: Receive, call: Call) -> None:
        """What a client sends for a subscription that nobody waits for any more."""
        del call
        rule = (R("CLI-ACK-15"),)
        claims = (Claim("command", Is("unsubscribe"), rule),)
        self.draft.slot(step.label, (state.wire, "command", step.label), rule, claims=claims, occurs=Occurs.OPTIONAL)

    def _again(self, state: ClientState, step: Receive, call: Call) -> None:
        """What a client sends by itself on its new connection: the logon, stored publishes, its subscriptions (clients.md §11)."""
        if call.do == "logon":
            state.connections += 1
            state.connected = True
            because = (*step.about, R("CLI-HA-01"))
            self.draft.slot(step.label, (state.name, "connected", None), because)
            shown = replace(call, arguments={**call.arguments, "client_name": state.client_name})
            claims = [
                Claim("command", Is("logon"), (R("CLI-HA-03"), R("CLI-HA-01"))),
                *(
                    replace(claim, because=(R("CLI-HA-02"),)) if claim.field == "client_name" else claim
                    for claim in frames.claims(shown, (), reading=state.reading, store=state.store)
                    if claim.field != "command"
                ),
            ]
        elif call.do == "heartbeat":
            because = (*step.about, R("CLI-HB-07"))
            claims = [replace(claim, because=because) for claim in frames.claims(call, (), reading=state.reading, store=state.store)]
        elif call.do in REQUESTS:
            because = (*step.about, R("CLI-HA-04"), R("CLI-HA-01"))
            claims = [
                replace(claim, because=because)
                for claim in frames.claims(call, (), reading=state.reading, store=state.store)
                if claim.field not in {"cmd_id", "query_id", "unknown"}
            ]
        else:
            because = (*step.about, R("CLI-PSTORE-10"), R("CLI-HA-01"))
            claims = [
                replace(claim, because=because)
                for claim in frames.claims(call, (), reading=state.reading, store=state.store)
                if claim.field in {"command", "topic"}
            ]
            claims.append(Claim("seq", Same(("seq", call.label)), because))
        body = frames.body(call, because)
        self.draft.slot(step.label, (state.wire, "command", step.label), because, claims=tuple(claims), body=body)

    def _fence(self, state: ClientState, fence: Fence) -> None:
        state.on_its_way = False
        if not state.logged_on or state.stored:
            raise ProgramError(f"fence {fence.label}: the client is not logged on, or what it stores is not persisted")
        call = Call(label=fence.label, client=fence.client, do="flush")
        claims = frames.claims(call, (), reading=state.reading, store=state.store)
        after = (R("CLI-EXC-20"),) if state.failed_before else (R("CLI-ACK-23"),) if state.timed_out_before else ()
        because = (*after, R("CLI-ACK-18"))
        self.draft.slot(fence.label, (state.wire, "command", fence.label), because, claims=tuple(claims))
        self.out.returned(state, call, because, after=fence.label)

    # ---- what the peer sends -----------------------------------------------------------------------------------------------------

    def _serve(self, state: ClientState, step: Serve) -> None:
        for answer in step.answers:
            match answer.header["cmd"]:
                case "ack":
                    self._ack(state, step, answer)
                case "publish" | "p" | "oof":
                    self.deliveries.publish(state, step, answer, self._symbols(state, answer.header.get("sids")))
                case "sow" | "group_begin" | "group_end":
                    symbol = self._symbol(state, answer.header.get("query_id"))
                    self.deliveries.of_query(state, step, answer, symbol)
                case "heartbeat":
                    for handler in dict.fromkeys(state.subscriptions.values()):
                        self.draft.never(step.label, (state.name, "other", handler), (R("CLI-HB-08"),))
                case _:
                    pass  # an unknown command means nothing (WIRE-CROB-03)

    def _symbols(self, state: ClientState, value: object) -> list[Symbol]:
        values = value if isinstance(value, tuple) else str(value).split(",") if isinstance(value, str) else (value,)
        return [self._symbol(state, one) for one in values]

    def _symbol(self, state: ClientState, value: object) -> Symbol:
        """The id that a value of the peer's means."""
        if not isinstance(value, Ref):
            return ("is", str(value))
        owner = self.received.get(value.label)
        if owner is None:
            raise ProgramError(f"nothing was received at {value.label!r}")
        call = state.calls[owner].call
        if value.field == "sub_id":
            return self._sub(state, call)
        return ("cid", owner)

    def _ack(self, state: ClientState, step: Serve, answer: Answer) -> None:
        header = answer.header
        ack_type, status = str(header.get("ack_type", "")), str(header.get("status", ""))
        cmd_id = header.get("cmd_id")
        owner = self.received.get(cmd_id.label) if isinstance(cmd_id, Ref) else None
        if cmd_id is None and ack_type == "persisted" and "seq" in header:
            self.deliveries.persisted(state, step, answer)
            self._persisted(state, step, header["seq"])
            return
        if owner is None:
            for under in state.calls.values():
                under.strangers = under.strangers or (under.open and under.call.do != "next")
            self.deliveries.stray_ack(state, step)
            return
        under = state.calls[owner]
        if under.call.do == "logon" and state.reconnect and state.connections > 1:
            state.logged_on = status != "failure"
            state.connected = state.logged_on
            self._persisted(state, step, header.get("seq"))
            return
        wanted = self._wanted(under.call)
        self.deliveries.ack(state, step, answer, under)
        failed = status == "failure" and ack_type in {"processed", wanted}
        if not under.open or not (failed or ack_type == wanted):
            under.strangers = under.strangers or under.open
            return
        under.open = False
        if failed:
            self._failed(state, step, under, str(header.get("reason", "")))
            return
        if under.call.do == "flush" and state.stored:
            under.open, state.flushing = True, under.call.label  # until the store is empty (CLI-PSTORE-13)
            return
        self.out.succeeded(state, step, under, answer)
        if under.call.do == "logon":
            state.logged_on = True
            if isinstance(header.get("seq"), Ref):
                self._persisted(state, step, header["seq"])

    def _persisted(self, state: ClientState, step: Serve, seq: object) -> None:
        """Everything up to that number is no longer in the store; a flush that waits for it may end."""
        owner = self.received.get(seq.label) if isinstance(seq, Ref) else None
        if owner in state.stored:
            state.stored = state.stored[state.stored.index(owner) + 1 :]
        if state.flushing and not state.stored:
            under, state.flushing = state.calls[state.flushing], ""
            under.open = False
            self.out.returned(state, under.call, (*under.call.about, R("CLI-PSTORE-13")), after=step.label, order=(R("CLI-PSTORE-13"),))

    @staticmethod
    def _wanted(call: Call) -> str:
        return (
            str(call.arguments.get("ack_type", "processed"))
            if call.do == "flush"
            else "stats"
            if call.do == "sow_delete"
            else "processed"
        )

    def _failed(self, state: ClientState, step: Serve, under: Under, reason: str) -> None:
        self.out.failed(state, step, under, reason)
        state.failed_before = True
        symbol = self._sub(state, under.call)
        owner = state.handlers.get(under.call.label)
        if owner is not None and state.subscriptions.get(symbol) == owner:
            del state.subscriptions[symbol]
        state.queries.pop(("cid", under.call.label), None)

    def _serve_bytes(self, state: ClientState, step: ServeBytes) -> None:
        if step.meaning == "broken":
            self._lost(state, step.label, (*step.about, R("WIRE-CROB-01")))

    # ---- the end of a connection, and of calls -----------------------------------------------------------------------------------

    def _lost(self, state: ClientState, label: str, about: Because) -> None:
        if not state.connected:
            raise ProgramError(f"step {label}: client {state.name} is not connected")
        state.connected = state.logged_on = False
        if not state.reconnect:
            self.draft.slot(label, (state.name, "disconnected", None), (*about, R("CLI-HA-26")))
        for under in state.calls.values():
            if under.open and under.call.do != "next":
                under.open = False
                self.out.raised(state, under.call, ("DisconnectedException",), (R("CLI-ACK-16"),))
        for stream in state.streams.values():
            self.deliveries.lose(state, stream)

    def _hear(self, state: ClientState, step: Hear) -> None:
        if state.connected and state.beating:
            self._lost(state, step.label, (*step.about, R("CLI-HB-03")))

    def _await(self, state: ClientState, step: Await) -> None:
        self.awaited.add(step.call)
        state.on_its_way = False
        under = state.calls.get(step.call)
        if under is None:
            return  # of a call that has its outcome already, and that nothing else is known of
        if not under.open:
            return
        call = under.call
        timeout_ms = call.arguments.get("timeout_ms", 0)
        if not isinstance(timeout_ms, int) or not timeout_ms:
            raise ProgramError(f"step {step.label}: {call.label} waits without limit for what does not come")
        under.open = False
        if call.do == "next":
            self.deliveries.nothing(state, call)
            return
        if state.flushing == call.label:
            state.flushing = ""
            self.out.raised(state, call, ("TimedOutException",), (*call.about, R("CLI-PSTORE-13")))
            return
        state.timed_out_before = state.tolerant = True
        self.out.timed_out(state, call, timeout_ms)
        symbol = self._sub(state, call)
        owner = state.handlers.get(call.label)
        if owner is not None and state.subscriptions.get(symbol) == owner:
            del state.subscriptions[symbol]


_IMMEDIATE: Final = {
    "publish": (R("CLI-ACK-03"),),
    "delta_publish": (R("CMD-DPUB-26"), R("CLI-ACK-03")),
    "unsubscribe": (R("CLI-ACK-22"),),
    "ack": (R("CLI-Q-02"),),
}
"""Calls that end by themselves, and the rule that says so."""
