"""How calls end: slots for what the application gets back, tied to what the peer sent before (clients.md §3, §5, §7)."""

from __future__ import annotations

from typing import Final

from reference_model.client.program import Answer, Call, Serve
from reference_model.client.reasons import ERRORS, error_of
from reference_model.client.state import ClientState, Under
from reference_model.draft import Draft
from reference_model.expectation import Body, Claim, Is, Like, OneOf, Same, Within
from reference_model.messages import Status
from reference_model.rule import Because, R

EARLY: Final = 0.9
"""A time-out may be this much of its length short: clocks and rounding differ."""

LATE_MS: Final = 10**9

SUCCESS: Final = {
    "logon": R("CLI-LOGON-09"),
    "flush": R("CLI-ACK-18"),
    "sow_delete": R("CLI-ACK-20"),
}

ANSWERED: Final = ("matches", "topic_matches")


class Outcomes:
    """Writes the outcomes into a draft."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def _slot(self, state: ClientState, call: Call, because: Because, claims: tuple[Claim, ...], body: Body | None = None) -> int:
        return self.draft.slot(call.label, (state.name, "outcome", call.label), because, claims=claims, body=body)

    def returned(
        self,
        state: ClientState,
        call: Call,
        because: Because,
        *,
        claims: tuple[Claim, ...] = (),
        body: Body | None = None,
        after: str | None = None,
        order: Because = (),
    ) -> None:
        """The call returns; not before the peer has sent what step `after` sends."""
        slot = self._slot(state, call, because, (Claim("result", Is("returned"), because), *claims), body)
        if after is not None:
            self._after(state, after, slot, order or because)

    def raised(
        self, state: ClientState, call: Call, names: tuple[str, ...], because: Because, *, claims: tuple[Claim, ...] = ()
    ) -> int:
        """The call raises one of these errors; `names` empty: any."""
        errors = (Claim("error", OneOf(names), because),) if names else ()
        return self._slot(state, call, because, (Claim("result", Is("raised"), because), *errors, *claims))

    def timed_out(self, state: ClientState, call: Call, timeout_ms: int) -> None:
        """The call gives up after its time."""
        rule = {"logon": R("CLI-LOGON-12"), "flush": R("CLI-ACK-18")}.get(call.do, R("CLI-ACK-12"))
        because = (*call.about, *((rule, R("CLI-ACK-12")) if rule != R("CLI-ACK-12") else (rule,)))
        within = Claim("after_ms", Within(int(timeout_ms * EARLY), LATE_MS), because)
        self.raised(state, call, ("TimedOutException",), because, claims=(within,))

    def succeeded(self, state: ClientState, step: Serve, under: Under, answer: Answer) -> None:
        """The ack that the call waits for has come."""
        call, header = under.call, answer.header
        general = SUCCESS.get(call.do, R("CLI-ACK-02"))
        special: list[R] = []
        if call.do == "logon" and header.get("reason"):
            special.append(R("CLI-LOGON-10"))
        if header.get("status") not in {Status.SUCCESS, Status.FAILURE}:
            special.append(R("CLI-EXC-22"))
        if under.strangers:
            special.append(R("CLI-LOGON-11") if call.do == "logon" else R("CLI-ACK-11"))
        if call.do != "logon" and state.timed_out_before:
            special.append(R("CLI-ACK-23"))
        if call.do != "logon" and state.failed_before:
            special.append(R("CLI-EXC-20"))
        if call.do == "flush" and call.arguments.get("ack_type") == "persisted":
            special.append(R("CLI-ACK-19"))
        because = (*step.about, *call.about, *special, general)
        waits = R("CLI-LOGON-11") if call.do == "logon" and under.strangers else R("CLI-ACK-11") if under.strangers else general
        self.returned(
            state, call, because, claims=tuple(self._value(call, answer)), after=step.label, order=(*call.about, waits, general)
        )

    @staticmethod
    def _value(call: Call, answer: Answer) -> list[Claim]:
        """What is given back: the id of a subscription, the statistics of a delete."""
        if call.do == "sow_delete":
            rule = (R("CLI-ACK-20"),)
            numbers = [Claim(f"message.{name}", Is(int(str(answer.header[name]))), rule) for name in ANSWERED if name in answer.header]
            return [Claim("message.command", Is("ack"), rule), Claim("message.ack_type", Is("stats"), rule), *numbers]
        if call.do.endswith("subscribe") and call.do != "unsubscribe" and "stream" not in call.arguments:
            sub_id = call.arguments.get("sub_id")
            given = Is(sub_id) if isinstance(sub_id, str) else Same(("sub", call.label))
            return [Claim("value", given, (R("CLI-ID-05"),))]
        return []

    def failed(self, state: ClientState, step: Serve, under: Under, reason: str) -> None:
        """A failure ack has come for a call that waits."""
        call = under.call
        if not reason:
            rule = R("CLI-EXC-21")
            claim = Claim("result", OneOf(("raised", "returned"), ("raises", "takes it for success")), (rule,))
            self._after(state, step.label, self._slot(state, call, (rule,), (claim,)), (rule,))
            return
        name, rule = error_of(reason, call.do)
        base = R("CLI-LOGON-13") if call.do == "logon" else R("CLI-STREAM-09") if "stream" in call.arguments else R("CLI-EXC-18")
        because = (*step.about, *call.about, *dict.fromkeys((rule, base)))
        text = (Claim("text", Like(f"(?s).*{_escaped(reason)}.*"), because),) if reason not in ERRORS else ()
        self._after(state, step.label, self.raised(state, call, (name,), because, claims=text), because)

    def _after(self, state: ClientState, step: str, slot: int, because: Because) -> None:
        """What the application sees comes after what the peer sent."""
        served = next(
            (one.id for one in self.draft.slots if one.where == (state.wire, "served", step)),
            None,
        )
        if served is None:
            served = self.draft.slot(step, (state.wire, "served", step), ())
        self.draft.chain(state.name, (served,), (slot,), because=because)


def _escaped(text: str) -> str:
    return "".join(char if char.isalnum() or char == " " else f"\\{char}" for char in text)
