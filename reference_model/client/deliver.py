"""What reaches the application's handlers and streams, and what must not (clients.md §6, §8, §9, §10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reference_model.client.outcomes import Outcomes
from reference_model.client.program import Answer, Call, Serve
from reference_model.client.state import ClientState, Given, Stream, Symbol, Under
from reference_model.draft import Draft
from reference_model.expectation import Absent, Body, Claim, Is, Matcher, Occurs, OneOf, Same
from reference_model.messages import SowRecord
from reference_model.rule import Because, R

SHOWN: Final = (
    "topic", "sow_key", "bookmark", "timestamp", "correlation_id", "user_id", "leaseperiod", "reason", "status", "matches",
    "topic_matches", "records_returned",
)  # fmt: skip
"""Fields that an application must be able to read (CLI-ROUTE-12)."""


class Deliveries:
    """Writes deliveries into a draft."""

    def __init__(self, draft: Draft, out: Outcomes) -> None:
        self.draft = draft
        self.out = out

    # ---- from the peer -----------------------------------------------------------------------------------------------------------

    def publish(self, state: ClientState, step: Serve, answer: Answer, symbols: Sequence[Symbol]) -> None:
        """One delivery for each id that is known; nothing for one that is not, or not any more."""
        group: list[int] = []
        several = len(symbols) > 1
        for symbol in symbols:
            handler = state.subscriptions.get(symbol)
            if handler is None:
                self._stray(state, step, answer, symbol, several=several)
                continue
            general: Because = (
                (R("CLI-ROUTE-05"),) if several and len(symbols) != sum(s in state.subscriptions for s in symbols) else ()
            )
            oof = answer.header["cmd"] == "oof"
            claims = [
                Claim("command", Is("oof") if oof else OneOf(("publish", "p")), (R("CLI-ROUTE-14") if oof else R("CLI-ROUTE-13"),)),
                Claim("sub_id", _id(symbol), (R("CLI-ROUTE-02"),)),
                *_fields(answer),
            ]
            because = (*step.about, *general, *((R("CLI-ROUTE-14"),) if oof else ()), R("CLI-ROUTE-01"))
            slot = self._give(
                state, step, answer, handler, kind="publish", because=because, claims=claims, body=_body(answer.body, because)
            )
            group += [] if slot is None else [slot]
        state.order.append(tuple(group))
        state.on_its_way = True

    def stray_ack(self, state: ClientState, step: Serve) -> None:
        """An ack of a command that is not known may be shown to the last-chance handler."""
        self.draft.slot(step.label, (state.name, "last_chance", "ack"), (), occurs=Occurs.OPTIONAL)

    def _stray(self, state: ClientState, step: Serve, answer: Answer, symbol: Symbol, *, several: bool) -> None:
        old = state.removed.get(symbol)
        if old is not None and not old.startswith("/"):
            rule = (
                R("CLI-ROUTE-09") if any(key != symbol for key in state.subscriptions) or len(state.removed) == 1 else R("CLI-ROUTE-10")
            )
            because = (*step.about, rule)
            self.draft.never(step.label, (state.name, "publish", old), because, body=_body(answer.body, because))
        because = () if old is not None or several else (*step.about, R("CLI-ROUTE-04"))
        if "last_chance" in state.raises_in:
            self.draft.slot(step.label, (state.name, "exception", None), (), occurs=Occurs.OPTIONAL)
        occurs = Occurs.ONCE if because else Occurs.OPTIONAL
        self.draft.slot(step.label, (state.name, "last_chance", "publish"), because, body=_body(answer.body, because), occurs=occurs)

    def of_query(self, state: ClientState, step: Serve, answer: Answer, symbol: Symbol) -> None:
        """group_begin, group_end, and each record of a batch."""
        handler = state.queries.get(symbol)
        if handler is None:
            return
        kind = str(answer.header["cmd"])
        both = self._both(state, handler)
        if kind != "sow":
            because = (*step.about, *both, R("CLI-ROUTE-07"), R("CLI-ROUTE-06"))
            claims = [Claim("query_id", Same(symbol), (R("CLI-ROUTE-06"),))]
            slot = self._give(state, step, answer, handler, kind=kind, because=because, claims=claims, body=None)
            state.order.append(() if slot is None else (slot,))
            return
        for record in answer.records:
            because = (*step.about, *both, R("CLI-SOW-03"), R("CLI-ROUTE-06"))
            slot = self._give(
                state, step, _record(answer, record), handler, kind="sow", because=because,
                claims=self._of_record(symbol, answer, record), body=_body(record.data, (*step.about, R("CLI-SOW-04"))),
            )  # fmt: skip
            state.order.append(() if slot is None else (slot,))

    @staticmethod
    def _both(state: ClientState, handler: str) -> Because:
        return (R("CLI-ROUTE-08"),) if handler in state.subscriptions.values() else ()

    @staticmethod
    def _of_record(symbol: Symbol, answer: Answer, record: SowRecord) -> list[Claim]:
        claims = [
            Claim("sow_key", Is(record.header.get("sow_key", "")), (R("CLI-SOW-06"), R("CLI-SOW-03"))),
            Claim("topic", Is(str(answer.header.get("topic", ""))), (R("CLI-SOW-05"),)),
            Claim("query_id", Same(symbol), (R("CLI-SOW-05"),)),
        ]
        for name in ("timestamp", "correlation_id"):
            value = record.header.get(name)
            first = answer.records[0].header.get(name)
            if value is not None:
                claims.append(Claim(name, Is(value), (R("CLI-SOW-06"),)))
            elif first is not None:
                claims.append(Claim(name, Absent(), (R("CLI-SOW-07"),)))
        return claims

    def ack(self, state: ClientState, step: Serve, answer: Answer, under: Under) -> None:
        """An ack of a command: to its handler if the application asked for it, and a step towards the end of its stream."""
        call = under.call
        asked = call.arguments.get("acks", ())
        assert isinstance(asked, tuple)
        ack_type = str(answer.header["ack_type"])
        owner = state.handlers.get(call.label)
        failed = str(answer.header.get("status")) == "failure"
        if owner is None:
            return
        stream = state.streams.get(owner.removeprefix("/")) if owner.startswith("/") else None
        if ack_type in asked and not failed:
            because = (*step.about, R("CLI-ACK-09") if ack_type == "processed" else R("CLI-ACK-07"))
            claims = [Claim("status", Is(str(answer.header.get("status", ""))), (R("CLI-ROUTE-12"),)), *_fields(answer)]
            slot = self._give(state, step, answer, owner, kind="ack", because=because, claims=claims, body=None)
            state.order.append(() if slot is None else (slot,))
        elif stream is None and not failed:
            self.draft.never(step.label, (state.name, "ack", (owner, ack_type)), (R("CLI-ACK-08"),))
        if stream is not None:
            self._towards_end(state, stream, ack_type, stats="stats" in asked)

    def persisted(self, state: ClientState, step: Serve, answer: Answer) -> None:
        """A conflated ack of publishes."""
        failed = str(answer.header.get("status")) == "failure"
        if not state.store:
            self.draft.slot(step.label, (state.name, "last_chance", "ack"), (*step.about, R("CLI-ACK-10")))
        elif failed:
            because = (*step.about, R("CLI-PSTORE-05"))
            reason = Claim("reason", Is(str(answer.header.get("reason", ""))), because)
            self.draft.slot(step.label, (state.name, "failed_write", None), because, claims=(reason,))

    # ---- to handlers and streams -------------------------------------------------------------------------------------------------

    def _give(
        self,
        state: ClientState,
        step: Serve,
        answer: Answer,
        owner: str,
        *,
        kind: str,
        because: Because,
        claims: list[Claim],
        body: Body | None,
    ) -> int | None:
        """The slot of a delivery to a handler; for a stream it is kept until the application asks for it."""
        if owner.startswith("/"):
            stream = state.streams[owner.removeprefix("/")]
            given = Given(answer=answer, header={}, body=answer.body, step=step.label, about=step.about)
            stream.group_ended = stream.group_ended or kind == "group_end"
            self._buffer(state, stream, given)
            return None
        key = (str(answer.header.get("topic", "")), (str(answer.header.get("sow_key", "")),)) if kind == "sow" else None
        correlation = (owner, str(answer.header["ack_type"])) if kind == "ack" else owner
        where = (state.name, kind, correlation)
        slot = self.draft.slot(step.label, where, because, key=key, key_of="sow_key" if key else None, claims=tuple(claims), body=body)
        general = R("CLI-SOW-03") if kind == "sow" else R("CLI-ROUTE-07") if kind.startswith("group") else R("CLI-ROUTE-01")
        if not any(scope.kind == kind and scope.correlation == correlation for scope in self.draft.scopes):
            self.draft.scope(state.name, kind, correlation, surplus=(general,), repeated=(general,))
        state.handled[owner] = state.handled.get(owner, 0) + 1
        if state.handled[owner] in state.raises.get(owner, frozenset()):
            self.draft.slot(step.label, (state.name, "exception", None), (R("CLI-EXC-24"),))
        return slot

    def _buffer(self, state: ClientState, stream: Stream, given: Given) -> None:
        if stream.conflate:
            key = given.answer.header.get("sow_key")
            for index, other in enumerate(stream.waiting):
                if key is not None and other.answer.header.get("sow_key") == key:
                    stream.waiting[index] = given
                    return
        stream.waiting.append(given)
        self._satisfy(state, stream)

    def _towards_end(self, state: ClientState, stream: Stream, ack_type: str, *, stats: bool) -> None:
        if stream.call.do != "sow":
            return
        stream.completed = stream.completed or (ack_type == "completed" and stream.group_ended)
        stream.ended = stream.ended or (stream.completed and ack_type == ("stats" if stats else "completed"))
        self._satisfy(state, stream)

    def lose(self, state: ClientState, stream: Stream) -> None:
        """The connection of a stream is gone."""
        stream.lost = not stream.ended
        self._satisfy(state, stream)

    # ---- reading a stream --------------------------------------------------------------------------------------------------------

    def next(self, state: ClientState, call: Call, under: Under) -> None:
        """The application asks for the next message: it gets it now, when it comes, or nothing when its time is over."""
        under.open = True
        self._satisfy(state, state.streams[str(call.arguments["stream"])])

    def _satisfy(self, state: ClientState, stream: Stream) -> None:
        """Give what there is to a call that waits for it."""
        for under in state.calls.values():
            if not under.open or under.call.do != "next" or state.streams[str(under.call.arguments["stream"])] is not stream:
                continue
            call = under.call
            if stream.waiting:
                under.open = False
                self._taken(state, call, stream, stream.waiting.popleft())
            elif stream.ended:
                under.open = False
                stats = R("CLI-STREAM-02") if "stats" in str(stream.call.arguments.get("acks", "")) else R("CLI-STREAM-01")
                because = (*call.about, stats)
                self.out.returned(state, call, because, claims=(Claim("end", Is("yes"), because),))
            elif stream.lost:
                under.open = False
                self.out.raised(state, call, ("DisconnectedException",), (*call.about, R("CLI-STREAM-07")))

    def _taken(self, state: ClientState, call: Call, stream: Stream, given: Given) -> None:
        header = given.answer.header
        cmd = str(header["cmd"])
        rule = {"sow": R("CLI-SOW-03"), "publish": R("CLI-ROUTE-01"), "ack": R("CLI-ACK-07")}.get(cmd, R("CLI-ROUTE-07"))
        because = (*call.about, *given.about, *((R("CLI-STREAM-06"),) if stream.conflate else ()), rule)
        command = OneOf(("publish", "p")) if cmd in {"publish", "p"} else Is(cmd)
        claims = [Claim("message.command", command, because)]
        if header.get("sow_key"):
            claims.append(Claim("message.sow_key", Is(str(header["sow_key"])), because))
        self.out.returned(state, call, because, claims=tuple(claims), body=_body(given.body, because))

    def nothing(self, state: ClientState, call: Call) -> None:
        """Nothing came in the time that the application gave."""
        because = (*call.about, R("CLI-STREAM-03"))
        self.out.returned(state, call, because, claims=(Claim("message.command", Absent(), because), Claim("end", Absent(), because)))

    @staticmethod
    def depth(stream: Stream, call: Call) -> tuple[Claim, ...]:
        """How many messages are buffered, where the application asked for conflation before they came."""
        if stream.conflate and stream.waiting:
            return (Claim("depth", Is(len(stream.waiting)), (*call.about, R("CLI-STREAM-06"))),)
        return ()


def _record(answer: Answer, record: SowRecord) -> Answer:
    outer = {name: value for name, value in answer.header.items() if name not in {"batch_size", "msg_len"}}
    return Answer(header={**outer, **record.header}, body=record.data)


def _id(symbol: Symbol) -> Matcher:
    return Is(symbol[1]) if symbol[0] == "is" else Same(symbol)


def _fields(answer: Answer) -> list[Claim]:
    skipped = {"status"} if answer.header["cmd"] == "ack" else set()
    rule = (R("CLI-ROUTE-12"),)
    return [
        Claim(name, Is(value), (R("CLI-TEXT-07"), *rule) if name == "correlation_id" else rule)
        for name in SHOWN
        if name not in skipped and isinstance(value := answer.header.get(name), str | int)
    ]


def _body(data: bytes, because: Because) -> Body:
    return Body(exact=data, members={}, complete=(), verbatim=because)
