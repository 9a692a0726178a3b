"""Failed acks: the error for each reason, and that the client goes on."""

from __future__ import annotations

from typing import Final

from reference_model.client.reasons import ERRORS
from reference_model.rule import R
from strategies.clients.build import ProgramOfClients
from strategies.clients.collection import ClientCollection

errors = ClientCollection("errors")

REASONS: Final = {
    "bad filter": R("CLI-EXC-01"),
    "bad regex topic": R("CLI-EXC-02"),
    "not entitled": R("CLI-EXC-03"),
    "authentication failure": R("CLI-EXC-04"),
    "name in use": R("CLI-EXC-05"),
    "invalid topic": R("CLI-EXC-06"),
    "invalid options": R("CLI-EXC-07"),
    "invalid bookmark": R("CLI-EXC-08"),
    "invalid order by": R("CLI-EXC-09"),
    "invalid subId": R("CLI-EXC-10"),
    "bad sow key": R("CLI-EXC-11"),
    "subid in use": R("CLI-EXC-12"),
    "logon required": R("CLI-EXC-13"),
    "duplicate logon attempt": R("CLI-EXC-14"),
    "no topic": R("CLI-EXC-15"),
    "txn replay failed": R("CLI-EXC-16"),
    "tx store failure": R("CLI-EXC-17"),
}
"""Every reason of which an error is known."""

assert REASONS.keys() == ERRORS.keys()


def _one(reason: str, rule: R) -> None:
    program = ProgramOfClients(f"errors-{reason.replace(' ', '-').lower()}")
    a = program.start()
    call = a.call("subscribe", topic="T", handler="h", timeout_ms=2000)
    got = a.receive(call)
    a.ack(got, status="failure", reason=reason)
    a.ended(call)
    errors.add(program.program(rule))


for _reason, _rule in REASONS.items():
    _one(_reason, _rule)


@errors(R("CLI-EXC-20"))
def usable_after_a_failure(p: ProgramOfClients) -> None:
    a = p.start()
    call = a.call("subscribe", topic="T", handler="h", filter="= =", timeout_ms=2000)
    a.ack(a.receive(call), status="failure", reason="bad filter")
    a.ended(call)
    a.deliver(a.subscribe("T", "good"))


@errors(R("CLI-EXC-18"))
def of_no_known_kind(p: ProgramOfClients) -> None:
    a = p.start()
    for number, do in enumerate(("subscribe", "sow", "sow_and_subscribe")):
        call = a.call(do, topic="T", handler=f"h{number}", timeout_ms=2000)
        got = a.receive(call)
        a.ack(got, status="failure", reason="unknown failure 17")
        a.ended(call)


@errors(R("CLI-EXC-21"))
def without_reason(p: ProgramOfClients) -> None:
    a = p.start()
    call = a.call("subscribe", topic="T", handler="h", timeout_ms=2000)
    got = a.receive(call)
    a.ack(got, status="failure")
    a.ended(call)


@errors(R("CLI-EXC-22"))
def of_another_status(p: ProgramOfClients) -> None:
    a = p.start()
    call = a.call("subscribe", topic="T", handler="h", timeout_ms=2000)
    got = a.receive(call)
    a.ack(got, status="weird", reason="bad filter")
    a.ended(call)
