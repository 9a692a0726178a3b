"""Each step of a client program in one readable line. Plain text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, assert_never

from conformance.compare.bodies import shown
from reference_model.client.program import Answer, Await, Call, ClientStep, Fence, Hangup, Hear, Quiet, Receive, Serve, ServeBytes
from reference_model.scenario import Ref

BYTES_SHOWN_MAX: Final = 16


def client_step_text(step: ClientStep) -> str:
    """One step in a line; what the peer does begins with `peer:`."""
    match step:
        case Call():
            return "  ".join([step.do, *(f"{name}={_value(value)}" for name, value in step.arguments.items())])
        case Receive():
            return f"peer: awaits {'what follows for ' if step.again else 'the command of '}{step.call}"
        case Serve():
            cuts = {"whole": "", "bytes": ", byte by byte", "cuts": ", cut in pieces"}[step.pieces]
            return f"peer: sends {' | '.join(map(_answer, step.answers))}{cuts}"
        case ServeBytes():
            more = f" … ({len(step.data)} in all)" if len(step.data) > BYTES_SHOWN_MAX else ""
            return f"peer: sends {step.meaning} bytes {step.data[:BYTES_SHOWN_MAX].hex(' ')}{more}"
        case Hangup():
            return "peer: closes the connection"
        case Await():
            return f"until {step.call} ends"
        case Hear():
            return "until the application hears that the connection is lost"
        case Quiet():
            return f"wait {step.seconds:g} s"
        case Fence():
            return "flush, answered at once"
        case _:
            assert_never(step)


def _answer(answer: Answer) -> str:
    words = [str(answer.header["cmd"]), *_fields(answer), *([shown(answer.body)] if answer.body else [])]
    words += [f"[{record.header.get('sow_key', '')} {shown(record.data)}]" for record in answer.records]
    return " ".join(words)


def _fields(answer: Answer) -> Iterable[str]:
    return (f"{name}={_value(value)}" for name, value in answer.header.items() if name != "cmd")


def _value(value: object) -> str:
    match value:
        case Ref():
            return f"({value.field} of {value.label})"
        case tuple():
            return ",".join(map(_value, value))
        case bytes():
            return shown(value)
        case _:
            return str(value)
