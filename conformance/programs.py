"""Program files: a scenario as JSON that a person can write, and back without loss. The schema is `schemas/program.schema.json`.

Here is the form only; whether a program makes sense is the model's business. Every mistake in a file is one UsageError line that names
the place: `steps[3].command: 'cmd' is missing`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, assert_never

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from conformance import client_programs, json_text
from conformance.errors import UsageError
from conformance.json_text import decode_bytes, encode_bytes
from conformance.recordings import observation_from_json, observation_to_json
from conformance.wire.names import CANONICAL
from reference_model.client.program import ClientProgram
from reference_model.fault import Direction, Fault, FaultKind, Mend, wrong_numbers
from reference_model.messages import PLAIN, Form
from reference_model.rule import R
from reference_model.scenario import (
    Advance,
    Close,
    Command,
    Fence,
    KeyOf,
    Open,
    Ref,
    Scenario,
    Send,
    SendBytes,
    Step,
    Together,
    Value,
)
from reference_model.steps import default_logon

__all__ = ["dump", "dumps", "from_json", "load", "loads", "observation_from_json", "observation_to_json", "to_json"]

SCHEMA_VERSION: Final = 1
SHOWN_CHARACTERS_MAX: Final = 60
Json = Mapping[str, Any]

_TYPES: Final = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


# ---- writing -------------------------------------------------------------------------------------------------------------------


def to_json(scenario: Scenario | ClientProgram) -> dict[str, object]:
    """The program as JSON-able data; what is usual is left out: a default logon, a plain form, empty lists."""
    if isinstance(scenario, ClientProgram):
        return client_programs.to_json(scenario)
    data: dict[str, object] = {"schema_version": SCHEMA_VERSION, "name": scenario.name}
    if scenario.needs:
        data["needs"] = sorted(scenario.needs)
    if scenario.exercises:
        data["exercises"] = [str(rule) for rule in scenario.exercises]
    return data | {"steps": [_step_to_json(step) for step in scenario.steps]}


def dumps(scenario: Scenario | ClientProgram) -> str:
    """The text of a program file: one line a step."""
    data = to_json(scenario)
    steps = data.pop("steps")
    assert isinstance(steps, list)
    head = [f" {json_text.one_line(key)}: {json_text.one_line(value)}," for key, value in data.items()]
    lines = ",\n".join(f"  {json_text.one_line(step)}" for step in steps)
    return "\n".join(["{", *head, ' "steps": [' + (f"\n{lines}\n ]" if steps else "]"), "}"]) + "\n"


def dump(scenario: Scenario | ClientProgram, path: Path) -> None:
    """Write a program file (UTF-8)."""
    path.write_text(dumps(scenario), encoding="utf-8")


def _step_to_json(step: Step) -> dict[str, object]:
    match step:
        case Open():
            return {"open": step.connection, "label": step.label} | _logon_to_json(step)
        case Send():
            return _send_to_json(step)
        case SendBytes():
            return {
                "send_bytes": step.connection,
                "label": step.label,
                "meaning": step.meaning,
                **encode_bytes("data", step.data),
            }
        case Together():
            lanes = [[_send_to_json(send) for send in lane] for lane in step.lanes]
            return {"together": lanes, "label": step.label, "witness": step.witness}
        case Fence():
            after = {} if step.after is None else {"after": step.after}
            return {"fence": step.kind, "on": step.connection, "label": step.label, **after}
        case Advance():
            return {"advance": step.seconds, "label": step.label}
        case Close():
            return {"close": step.connection, "label": step.label}
        case Fault():
            return _fault_to_json(step)
        case Mend():
            return {"mend": step.fault, "label": step.label}
        case _:
            assert_never(step)


def _fault_to_json(step: Fault) -> dict[str, object]:
    return {
        "fault": step.kind,
        **({} if step.connection is None else {"on": step.connection}),
        "label": step.label,
        **({"direction": step.direction} if step.direction != "downstream" else {}),
        **({"with": dict(step.numbers)} if step.numbers else {}),
    }


def _logon_to_json(step: Open) -> dict[str, object]:
    if step.logon is None:
        return {"logon": None}
    if step.logon == default_logon(step.connection):
        return {}
    return {"logon": _header_to_json(step.logon), **_body_to_json(step.logon)}


def _send_to_json(step: Send) -> dict[str, object]:
    form = {} if step.form == PLAIN else {"form": _form_to_json(step.form)}
    return {
        "send": step.connection,
        "label": step.label,
        "command": _header_to_json(step.command),
        **_body_to_json(step.command),
        **form,
        **({"about": list(step.about)} if step.about else {}),
    }


def _header_to_json(command: Command) -> dict[str, object]:
    return {name: _value_to_json(value) for name, value in command.header.items()}


def _body_to_json(command: Command) -> dict[str, object]:
    return encode_bytes("body", command.body) if command.body else {}


def _value_to_json(value: Value) -> object:
    match value:
        case Ref():
            return {"ref": {"label": value.label, "field": value.field}}
        case KeyOf():
            return {"key_of": {"topic": value.topic, "values": list(value.values)}}
        case tuple():
            return [_value_to_json(item) for item in value]
        case _:
            return value


def _form_to_json(form: Form) -> dict[str, object]:
    return {field.name: getattr(form, field.name) for field in fields(form) if getattr(form, field.name) != getattr(PLAIN, field.name)}


# ---- reading -------------------------------------------------------------------------------------------------------------------


def load(path: Path) -> Scenario:
    """Read a program file. Raises UsageError: one line with the file and the place."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 at byte {error.start}") from None
    return loads(text, str(path))


def loads(text: str, name: str = "program") -> Scenario:
    """The scenario of a program text; `name` stands before each error."""
    try:
        return from_json(json_text.read(text))
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None
    except RecursionError:
        raise UsageError(f"{name}: nested too deeply") from None


def from_json(data: object) -> Scenario:
    """The scenario that `to_json` (or a person) wrote. Raises UsageError.

    A step without a label is labelled by its place: `s1`, in the second lane of a `together` `s4.2.1`.
    """
    if isinstance(data, dict) and data.get("side") == "client":
        raise UsageError("this is a program for clients; give --client")
    program = _validated(data)
    steps = tuple(_step(step, at) for at, step in enumerate(program["steps"]))
    _labels_unique(steps)
    return Scenario(
        name=program["name"],
        steps=steps,
        needs=frozenset(program.get("needs", ())),
        exercises=tuple(R(rule) for rule in program.get("exercises", ())),
    )


def _step(data: Json, at: int) -> Step:
    label, place = data.get("label", f"s{at + 1}"), f"steps[{at}]"
    match data:
        case {"open": connection}:
            if "logon" not in data:
                _no_bodies(data, place)
                return Open(label=label, connection=connection, logon=default_logon(connection))
            if data["logon"] is None:
                _no_bodies(data, place)
                return Open(label=label, connection=connection, logon=None)
            return Open(label=label, connection=connection, logon=_command(data, "logon", place))
        case {"send": _}:
            return _send(data, label, place)
        case {"send_bytes": connection, "meaning": meaning}:
            return SendBytes(label=label, connection=connection, data=_bytes("data", data, place), meaning=meaning)
        case {"together": lanes, "witness": witness}:
            sends = tuple(
                tuple(
                    _send(send, send.get("label", f"{label}.{lane_at + 1}.{send_at + 1}"), f"{place}.together[{lane_at}][{send_at}]")
                    for send_at, send in enumerate(lane)
                )
                for lane_at, lane in enumerate(lanes)
            )
            return Together(label=label, lanes=sends, witness=witness)
        case {"fence": kind, "on": connection}:
            return Fence(label=label, kind=kind, connection=connection, after=data.get("after"))
        case {"advance": seconds}:
            return Advance(label=label, seconds=float(seconds))
        case {"fault": kind}:
            return _fault(data, kind, label, place)
        case {"mend": fault}:
            return Mend(label=label, fault=fault)
        case _:
            return Close(label=label, connection=data["close"])


def _send(data: Json, label: str, place: str) -> Send:
    form = Form(**data["form"]) if "form" in data else PLAIN
    about = tuple(R(rule) for rule in data.get("about", ()))
    return Send(label=label, connection=data["send"], command=_command(data, "command", place), form=form, about=about)


def _fault(data: Json, kind: FaultKind, label: str, place: str) -> Fault:
    direction: Direction = data.get("direction", "downstream")
    numbers = {name: int(value) for name, value in data.get("with", {}).items()}
    fault = Fault(label=label, kind=kind, connection=data.get("on"), numbers=numbers, direction=direction)
    wrong = wrong_numbers(fault)
    if wrong is not None:
        raise UsageError(f"{place}.with: {wrong}")
    return fault


def _command(data: Json, name: str, place: str) -> Command:
    header: dict[str, Value] = {}
    for field, value in data[name].items():
        if CANONICAL.get(field, field) != field:
            raise UsageError(f"{place}.{name}: write '{CANONICAL[field]}' for '{field}'")
        header[field] = _value(value)
        if isinstance(value, str):
            try:
                value.encode("utf-8", "surrogateescape")
            except UnicodeEncodeError:
                raise UsageError(f"{place}.{name}[{_shown(field)}]: half a surrogate pair is no text") from None
    return Command(header=header, body=_bytes("body", data, place))


def _value(value: Any) -> Value:
    match value:
        case {"ref": {"label": label, "field": field}}:
            return Ref(label=label, field=field)
        case {"key_of": {"topic": topic, "values": values}}:
            return KeyOf(topic=topic, values=tuple(values))
        case list():
            return tuple(
                item if isinstance(item, str) else KeyOf(topic=item["key_of"]["topic"], values=tuple(item["key_of"]["values"]))
                for item in value
            )
        case str():
            return value
        case _:
            return int(value)


def _bytes(name: str, data: Json, place: str) -> bytes:
    given = [key for key in (name, f"{name}_text", f"{name}_base64") if key in data]
    if len(given) > 1:
        raise UsageError(f"{place}: only one of {' and '.join(given)} may stand there")
    try:
        if given == [name]:
            return json_text.compact(data[name]).encode()
        return decode_bytes(name, data) or b""
    except UsageError as error:
        raise UsageError(f"{place}.{error}") from None
    except UnicodeEncodeError:
        raise UsageError(f"{place}.{name}: half a surrogate pair is no text") from None


def _no_bodies(data: Json, place: str) -> None:
    given = [key for key in ("body", "body_text", "body_base64") if key in data]
    if given:
        raise UsageError(f"{place}: {given[0]} goes only with a logon command")


def _labels_unique(steps: tuple[Step, ...]) -> None:
    seen: set[str] = set()
    for label in _labels(steps):
        if label in seen:
            raise UsageError(f"the label {label!r} is given twice")
        seen.add(label)


def _labels(steps: tuple[Step, ...]) -> Iterator[str]:
    for step in steps:
        yield step.label
        if isinstance(step, Together):
            yield from (send.label for lane in step.lanes for send in lane)


# ---- the schema and what it says -----------------------------------------------------------------------------------------------


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(files("conformance").joinpath("schemas/program.schema.json").read_text(encoding="utf-8")))


def _validated(data: object) -> Json:
    if isinstance(data, dict) and data.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
        raise UsageError(f"schema_version {_shown(data['schema_version'])} is not known, only {SCHEMA_VERSION} is")
    error = min(_validator().iter_errors(data), key=_rank, default=None)
    if error is not None:
        place = "".join(f".{part}" if str(part).isidentifier() else f"[{_shown(part)}]" for part in error.absolute_path).lstrip(".")
        raise UsageError(f"{place}: {_says(error)}" if place else _says(error))
    assert isinstance(data, dict)
    return data


def _rank(error: ValidationError) -> tuple[int, ...]:
    """Errors in the order of the file, as far as lists go; at one place what is unknown comes before what is missing."""
    numbers = (part for part in error.absolute_path if isinstance(part, int))
    return (*numbers, 10**9, error.validator == "required")


def _says(error: ValidationError) -> str:
    instance, wanted = error.instance, error.validator_value
    match error.validator:
        case "required":
            return f"'{next(key for key in wanted if key not in instance)}' is missing"
        case "additionalProperties":
            return f"{next(key for key in instance if key not in error.schema['properties'])!r} is not known here"
        case "type":
            return f"{_TYPES[wanted]} expected, not {_shown(instance)}"
        case "enum":
            return f"{' or '.join(map(repr, wanted))} expected, not {_shown(instance)}"
        case "minLength":
            return "must not be empty"
        case "anyOf":
            text = str(error.schema["description"])
            return f"{text}, not {_shown(instance)}" if text.endswith("expected") else text
        case _:
            return str(error.message)


def _shown(value: object) -> str:
    text = json_text.one_line(value)
    return text if len(text) <= SHOWN_CHARACTERS_MAX else text[:SHOWN_CHARACTERS_MAX] + "..."
