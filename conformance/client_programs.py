"""Program files for clients: a `ClientProgram` as JSON that a person can write, and back without loss.

A step is an object whose first member says what it is: `{"call": "c", "do": "subscribe", "arguments": {…}}`, `{"receive": "c", …}`. The
schema is `schemas/client-program.schema.json`; every mistake in a file is one UsageError.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, assert_never

from jsonschema import Draft202012Validator

from conformance import json_text
from conformance.errors import UsageError
from reference_model.client.program import (
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
)
from reference_model.messages import SowRecord
from reference_model.rule import Because, R
from reference_model.scenario import Ref

SCHEMA_VERSION: Final = 1
Json = Mapping[str, Any]


def to_json(program: ClientProgram) -> dict[str, object]:
    """The program as JSON-able data; what is empty is left out."""
    data: dict[str, object] = {"schema_version": SCHEMA_VERSION, "side": "client", "name": program.name}
    if program.needs != frozenset({"client"}):
        data["needs"] = sorted(program.needs)
    if program.exercises:
        data["exercises"] = list(program.exercises)
    return data | {"steps": [_step_to_json(step) for step in program.steps]}


def dumps(program: ClientProgram) -> str:
    """The text of a program file: one line a step."""
    data = to_json(program)
    steps = data.pop("steps")
    assert isinstance(steps, list)
    head = [f" {json_text.one_line(key)}: {json_text.one_line(value)}," for key, value in data.items()]
    lines = ",\n".join(f"  {json_text.one_line(step)}" for step in steps)
    return "\n".join(["{", *head, ' "steps": [' + (f"\n{lines}\n ]" if steps else "]"), "}"]) + "\n"


def _step_to_json(step: ClientStep) -> dict[str, object]:
    rules: Because = () if isinstance(step, Await | Quiet | Fence) else step.about
    about: dict[str, object] = {"about": list(rules)} if rules else {}
    match step:
        case Call():
            given = {"arguments": {name: _value(value) for name, value in step.arguments.items()}} if step.arguments else {}
            return {"call": step.client, "label": step.label, "do": step.do, **given, **about}
        case Receive():
            again = {"again": True} if step.again else {}
            return {"receive": step.client, "label": step.label, "of": step.call, **again, **about}
        case Serve():
            pieces = {"pieces": step.pieces} if step.pieces != "whole" else {}
            return {"serve": step.client, "label": step.label, "answers": [_answer(one) for one in step.answers], **pieces, **about}
        case ServeBytes():
            return {"serve_bytes": step.client, "label": step.label, "data": _value(step.data), "meaning": step.meaning, **about}
        case Hangup():
            return {"hangup": step.client, "label": step.label, **about}
        case Await():
            return {"await": step.client, "label": step.label, "of": step.call}
        case Hear():
            within = {"within_s": step.within_s} if step.within_s else {}
            return {"hear": step.client, "label": step.label, **within, **about}
        case Quiet():
            return {"quiet": step.client, "label": step.label, "seconds": step.seconds}
        case Fence():
            return {"fence": step.client, "label": step.label}
        case _:
            assert_never(step)


def _answer(answer: Answer) -> dict[str, object]:
    data: dict[str, object] = {"header": {name: _value(value) for name, value in answer.header.items()}}
    if answer.body:
        data["body"] = _value(answer.body)
    if answer.records:
        data["records"] = [{"header": dict(record.header), "data": _value(record.data)} for record in answer.records]
    return data


def _value(value: object) -> object:
    match value:
        case Ref():
            return {"ref": {"label": value.label, "field": value.field}}
        case bytes():
            try:
                return {"text": value.decode()}
            except UnicodeDecodeError:
                return {"base64": base64.b64encode(value).decode()}
        case tuple():
            return [_value(one) for one in value]
        case _:
            return value


# ---- reading -------------------------------------------------------------------------------------------------------------------


def load(path: Path) -> ClientProgram:
    """Read a program file. Raises UsageError."""
    try:
        return from_json(json_text.read(path.read_bytes().decode("utf-8-sig")))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: {type(error).__name__}") from None
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def from_json(data: object) -> ClientProgram:
    """The program that `to_json` (or a person) wrote. Raises UsageError."""
    error = next(iter(_validator().iter_errors(data)), None)
    if error is not None:
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
        raise UsageError(f"{place or 'the program'}: {error.message[:160]}")
    assert isinstance(data, dict)
    return ClientProgram(
        name=data["name"],
        steps=tuple(_step(step) for step in data["steps"]),
        needs=frozenset(data.get("needs", ("client",))),
        exercises=_rules(data.get("exercises", ())),
    )


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads((files("conformance.schemas") / "client-program.schema.json").read_text("utf-8")))


def _rules(names: Any) -> Because:
    return tuple(R(name) for name in names)


def _step(data: Json) -> ClientStep:
    kind = next(name for name in _READ if name in data)
    return _READ[kind](data[kind], data)


def _read_call(client: str, data: Json) -> Call:
    given = {name: _read(value) for name, value in data.get("arguments", {}).items()}
    return Call(label=data["label"], client=client, do=data["do"], arguments=given, about=_rules(data.get("about", ())))


def _read_receive(client: str, data: Json) -> Receive:
    about = _rules(data.get("about", ()))
    return Receive(label=data["label"], client=client, call=data["of"], again=data.get("again", False), about=about)


def _read_serve(client: str, data: Json) -> Serve:
    answers = tuple(
        Answer(
            header={name: _read(value) for name, value in one["header"].items()},
            body=_read(one["body"]) if "body" in one else b"",
            records=tuple(SowRecord(header=record["header"], data=_read(record["data"])) for record in one.get("records", ())),
        )
        for one in data["answers"]
    )
    about = _rules(data.get("about", ()))
    return Serve(label=data["label"], client=client, answers=answers, pieces=data.get("pieces", "whole"), about=about)


def _read_bytes(client: str, data: Json) -> ServeBytes:
    about = _rules(data.get("about", ()))
    return ServeBytes(label=data["label"], client=client, data=_read(data["data"]), meaning=data["meaning"], about=about)


_READ: Final[Mapping[str, Callable[[str, Json], ClientStep]]] = {
    "call": _read_call,
    "receive": _read_receive,
    "serve": _read_serve,
    "serve_bytes": _read_bytes,
    "hangup": lambda client, data: Hangup(label=data["label"], client=client, about=_rules(data.get("about", ()))),
    "await": lambda client, data: Await(label=data["label"], client=client, call=data["of"]),
    "hear": lambda client, data: Hear(
        label=data["label"], client=client, within_s=float(data.get("within_s", 0)), about=_rules(data.get("about", ()))
    ),
    "quiet": lambda client, data: Quiet(label=data["label"], client=client, seconds=float(data["seconds"])),
    "fence": lambda client, data: Fence(label=data["label"], client=client),
}


def _read(value: Any) -> Any:
    match value:
        case {"ref": {"label": label, "field": field}}:
            return Ref(label=label, field=field)
        case {"text": text}:
            return text.encode()
        case {"base64": text}:
            try:
                return base64.b64decode(text, validate=True)
            except ValueError:
                raise UsageError("base64 is expected") from None
        case list():
            return tuple(_read(one) for one in value)
        case _:
            return value
