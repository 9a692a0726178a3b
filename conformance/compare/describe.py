"""The step table of a program: each step in one readable line, and what was seen of it. Plain text."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, Final, assert_never

from conformance.compare.bodies import shown
from conformance.compare.describe_client import client_step_text
from conformance.compare.explode import Atom
from conformance.compare.judge import Examination
from conformance.compare.texts import atom_text, cut
from reference_model.client.program import ClientProgram
from reference_model.fault import Fault, Mend
from reference_model.messages import PLAIN, Form
from reference_model.scenario import (
    Advance,
    Close,
    Command,
    Fence,
    KeyOf,
    Open,
    Ref,
    Send,
    SendBytes,
    Step,
    Together,
    Value,
)
from reference_model.steps import default_logon

TEXT_CHARS_MAX: Final = 300
"""A step: a body or a filter longer than this is in the program file."""

BYTES_SHOWN_MAX: Final = 16

_NAMES: Final = {"ack_type": "ack", "batch_size": "batch"}
_HIDDEN: Final = frozenset({"cmd", "topic", "cmd_id", "query_id"})
"""What stands at the beginning of the line, and ids that only tie answers to commands."""

_ID_FIELDS: Final = frozenset({"cmd_id", "query_id", "sub_id", "sids"})


def step_rows(examination: Examination) -> list[dict[str, Any]]:
    """A row for each step, one for each command of concurrent lanes, and one for the flush at the end where a finding is about it."""
    scenario = examination.scenario
    seen = _seen(examination)
    about_ids = any(suspect.finding.field in _ID_FIELDS for suspect in examination.suspects)
    rows: list[tuple[str, str, str]] = []
    for step in () if isinstance(scenario, ClientProgram) else scenario.steps:
        if isinstance(step, Together):
            rows += [
                (send.label, send.connection, f"at once: {command_text(send.command, send.form, ids=about_ids)}")
                for lane in step.lanes
                for send in lane
            ]
        else:
            rows.append((step.label, getattr(step, "connection", ""), step_text(step, ids=about_ids)))
    if isinstance(scenario, ClientProgram):
        rows = [(step.label, step.client, client_step_text(step)) for step in scenario.steps]
    ends = {suspect.finding.step for suspect in examination.suspects if suspect.finding.step.startswith("end-")}
    rows += [(label, label.removeprefix("end-"), "flush  ack=completed") for label in sorted(ends - {row[0] for row in rows})]
    return [
        {
            "n": number,
            "on": connection,
            "text": cut(text, TEXT_CHARS_MAX),
            "seen": cut(seen.get(label, ""), TEXT_CHARS_MAX),
            "label": label,
        }
        for number, (label, connection, text) in enumerate(rows, start=1)
    ]


# ---- steps -------------------------------------------------------------------------------------------------------------------


def step_text(step: Step, *, ids: bool = False) -> str:
    """One step in a line. `ids`: command and query ids are shown as well."""
    match step:
        case Open(logon=None):
            return "connect"
        case Open(logon=logon):
            assert logon is not None
            return "logon" if logon == default_logon(step.connection) else command_text(logon, ids=ids)
        case Send():
            return command_text(step.command, step.form, ids=ids)
        case SendBytes():
            return f"{step.meaning} bytes {step.data[:BYTES_SHOWN_MAX].hex(' ')}" + (
                f" … ({len(step.data)} in all)" if len(step.data) > BYTES_SHOWN_MAX else ""
            )
        case Fence(kind="state"):
            return "flush  ack=completed"
        case Fence(kind="answers"):
            return "await all acks"
        case Fence():
            return f"await the delivery of {step.after}"
        case Advance():
            return f"wait {step.seconds:g} s"
        case Close():
            return "close"
        case Together():
            return f"{sum(map(len, step.lanes))} commands at once"
        case Fault() | Mend():
            return fault_text(step)
        case _:
            assert_never(step)


def fault_text(fault: Fault | Mend) -> str:
    """A fault in words: `fault cut  bytes=12`, `fault latency  latency_ms=50  upstream`."""
    if isinstance(fault, Mend):
        return f"end of fault {fault.fault}"
    words = [f"fault {fault.kind}", *(f"{name}={value}" for name, value in fault.numbers.items())]
    return "  ".join([*words, *([fault.direction] if fault.proxy and fault.kind != "down" else [])])


def command_text(command: Command, form: Form = PLAIN, *, ids: bool = False) -> str:
    """A command: name, topic, body, then the other fields, as in `sow @orders  orderby=/id  opts=top_n=1  ack=stats`."""
    header = command.header
    words = [command.cmd, *([_value(header["topic"])] if "topic" in header else [])]
    if command.body:
        words.append(shown(command.body))
    hidden = _HIDDEN - _ID_FIELDS if ids else _HIDDEN
    fields = [f"{_NAMES.get(name, name)}={_value(value)}" for name, value in header.items() if name not in hidden]
    if "ack_type" in header and "cmd_id" not in header:
        fields.append("(no cmd_id)")
    if form != PLAIN:
        fields.append(f"(written {_form(form)})")
    return "  ".join([" ".join(words), *fields])


def _value(value: Value) -> str:
    match value:
        case Ref():
            return f"({value.field} of {value.label})"
        case KeyOf():
            return f"(key of {value.topic} {', '.join(value.values)})"
        case tuple():
            return ",".join(_value(item) for item in value)
        case _:
            return str(value)


def _form(form: Form) -> str:
    usual = {"blanks": "with blanks", "reverse": "in reverse order", "quoted": "with quoted numbers"}
    words = [text for name, text in usual.items() if getattr(form, name)]
    if form.names != PLAIN.names:
        words.append(f"with {form.names} names")
    if not form.p:
        words.append("as publish")
    if form.pieces != PLAIN.pieces:
        words.append("byte by byte" if form.pieces == "bytes" else "in pieces")
    return ", ".join(words)


# ---- what was seen -----------------------------------------------------------------------------------------------------------


def _seen(examination: Examination) -> dict[str, str]:
    """Per label what came in answer: `ack processed success, 2 records`."""
    observation, alignment, slots = examination.observation, examination.alignment, examination.expectation.slots
    owners: dict[tuple[int, int], str] = {atom.order: slots[slot_id].step for slot_id, atom in alignment.matched.items()}
    for slot, atom in (*alignment.forbidden, *alignment.repeated):
        owners.setdefault(atom.order, slot.step)
    fences = {
        f"fence-{step.label}": step.label for step in examination.scenario.steps if isinstance(step, Fence) and step.kind == "state"
    }
    last = ""
    by_event: list[str] = []
    for event in observation.events:
        last = event.label if event.label is not None and event.kind in {"sent", "opened"} else last
        by_event.append(last)
    by_label: dict[str, list[Atom]] = defaultdict(list)
    for atom in examination.atoms:
        owner = owners.get(atom.order, by_event[atom.event])
        if atom.kind != "served":  # the step itself says what the peer sends
            by_label[fences.get(owner, owner)].append(atom)
    seen = {label: _summary(atoms) for label, atoms in by_label.items()}
    for event, label in zip(observation.events, by_event, strict=True):
        if event.kind == "garbled":
            seen[label] = ", ".join(filter(None, [seen.get(label), "bytes that are no message"]))
    seen |= dict.fromkeys(observation.unresolved, "not sent")
    return seen | {label: "not passed in time" for label in observation.late if label in _labels(examination)}


def _labels(examination: Examination) -> set[str]:
    return {step.label for step in examination.scenario.steps}


def _summary(atoms: list[Atom]) -> str:
    """Acks and ends as they are, records and deliveries by number."""
    words: list[str] = []
    counts: Counter[str] = Counter()
    for atom in atoms:
        if atom.kind == "sow":
            counts["record"] += 1
        elif atom.kind in {"publish", "oof"}:
            counts[f"{'oof' if atom.kind == 'oof' else 'delivered'} to {atom.correlation} on {atom.connection}"] += 1
        elif atom.kind not in {"group_begin", "group_end"}:
            words.append(atom_text(atom))
    for what, count in counts.items():
        if what == "record":
            words.append("1 record" if count == 1 else f"{count} records")
        else:
            words.append(what if count == 1 else f"{what} {count} times")
    if not words and atoms:
        words = ["no record"]
    return ", ".join(words)
