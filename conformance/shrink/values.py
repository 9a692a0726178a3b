"""Simpler values in the place of odd ones: small numbers, short texts, part of a filter, one term of an order, short ids. Pure.

Values that stand in several places (bodies, filters, keys) are renamed together and keep their order, so that what a filter selects and
how records are sorted stays as it was.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Final

from conformance.shrink.fields import Edit, body_tree, on_command, on_sends, split, with_body, with_field
from conformance.shrink.steps import sends
from reference_model.expression.errors import ExpressionError
from reference_model.expression.parser import parse as parse_filter
from reference_model.expression.render import render
from reference_model.expression.syntax import And, Expr, Like, Not, Number, Or, String
from reference_model.payload.json import PayloadError, parse, write
from reference_model.scenario import Command, KeyOf, Scenario, Send, Value

ID_FIELDS: Final = ("cmd_id", "query_id", "sub_id", "correlation_id")
NUMBER_FIELDS: Final = ("top_n", "batch_size", "expiration")
NUMBER_OPTIONS: Final = frozenset({"top_n", "skip_n"})

id_chars_max: Final = 8
"""An id of at most so many letters and digits is short enough to read."""

_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9-]+", re.ASCII)


def edits(scenario: Scenario) -> list[Edit]:
    """What to try, the most telling first."""
    found: list[Edit] = [*whole_program, *numbers(scenario)]
    for send in reversed(list(sends(scenario))):
        for name, texts in (("filter", _filters), ("orderby", _orders)):
            found += [partial(_with_value, send.label, name, text) for text in texts(send.command.header.get(name))]
        found += [partial(_with_body, send.label, body) for body in _bodies(send.command)]
    return found


def numbers(scenario: Scenario) -> list[Edit]:
    """Smaller limits and sizes, in headers and options."""
    found: list[Edit] = []
    for send in reversed(list(sends(scenario))):
        found += [
            partial(_with_value, send.label, name, value) for name in NUMBER_FIELDS for value in _smaller(send.command.header.get(name))
        ]
        for part in split(str(send.command.header.get("opts", ""))):
            name, equals, value = part.partition("=")
            if equals and name in NUMBER_OPTIONS and value.isascii() and value.isdigit():
                found += [partial(_with_option, send.label, part, f"{name}={smaller}") for smaller in _smaller(int(value))]
    return found


def simple_members(scenario: Scenario) -> list[Edit]:
    """For each member of a body the simplest value of all."""
    return [
        partial(_with_member, send.label, name, simple)
        for send in reversed(list(sends(scenario)))
        for name, value in body_tree(send.command).items()
        for simple in list(_simpler(value))[:1]
    ]


def _smaller(value: object) -> list[int]:
    if not isinstance(value, int):
        return []
    return [number for number in dict.fromkeys((1, 2, value // 2, value - 1)) if 0 < number < value]


def _with_value(label: str, name: str, value: Value, scenario: Scenario) -> Scenario:
    return on_command(scenario, label, lambda command: with_field(command, name, value) if name in command.header else command)


def _with_option(label: str, old: str, new: str, scenario: Scenario) -> Scenario:
    def change(command: Command) -> Command:
        parts = split(str(command.header.get("opts", "")))
        return with_field(command, "opts", ",".join(new if part == old else part for part in parts)) if old in parts else command

    return on_command(scenario, label, change)


# ---- bodies ------------------------------------------------------------------------------------------------------------------


def _simpler(value: object) -> Iterator[object]:
    """Values that are simpler than this one, the simplest first."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, str):
        yield from (text for text in dict.fromkeys(("a", value[:1], value[: len(value) // 2])) if 0 < len(text) < len(value))
    elif isinstance(value, dict):
        yield 1
        yield from ({key: item for key, item in value.items() if key != name} for name in value if len(value) > 1)
        yield from ({**value, name: simple} for name, item in value.items() for simple in _simpler(item))
    elif isinstance(value, list):
        yield 1
        yield from ([item for place, item in enumerate(value) if place != at] for at in range(len(value)) if len(value) > 1)
        yield from ([*value[:at], simple, *value[at + 1 :]] for at, item in enumerate(value) for simple in _simpler(item))
    elif isinstance(value, Decimal) or value not in {0, 1}:
        yield 1


def _bodies(command: Command) -> Iterator[bytes]:
    """Simpler bodies, one value changed."""
    tree = body_tree(command)
    for name, value in tree.items():
        yield from (write({**tree, name: simple}) for simple in list(_simpler(value))[1:])
    if not tree and command.body:
        yield from (
            body for body in dict.fromkeys((b"", command.body[:1], command.body[: len(command.body) // 2])) if body != command.body
        )
    elif tree and write(tree) != command.body:
        yield write(tree)


def _with_body(label: str, body: bytes, scenario: Scenario) -> Scenario:
    return on_command(scenario, label, lambda command: replace(command, body=body))


def _with_member(label: str, name: str, value: object, scenario: Scenario) -> Scenario:
    def change(command: Command) -> Command:
        tree = body_tree(command)
        return with_body(command, {**tree, name: value}) if name in tree else command

    return on_command(scenario, label, change)


# ---- filters and orders ------------------------------------------------------------------------------------------------------


def filter_text(expr: Expr) -> str:
    """The expression as text, without parentheses around the whole of it."""
    text = render(expr)
    if text.startswith("(") and text.endswith(")"):
        try:
            if parse_filter(text[1:-1]) == expr:
                return text[1:-1]
        except ExpressionError:
            pass
    return text


def _parsed(value: object) -> Expr | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        return parse_filter(value)
    except ExpressionError:
        return None


def _filters(value: object) -> list[str]:
    match _parsed(value):
        case And(operands) | Or(operands) as whole:
            less = [type(whole)(operands[:at] + operands[at + 1 :]) for at in range(len(operands)) if len(operands) > 2]
            return [filter_text(one) for one in (*operands, *less)]
        case Not(operand):
            return [filter_text(operand)]
        case _:
            return []


def _orders(value: object) -> list[str]:
    if not isinstance(value, str):
        return []
    terms = split(value)
    plain = ",".join(term.split()[0] for term in terms if term.split())
    less = [",".join(terms[:at] + terms[at + 1 :]) for at in range(len(terms)) if len(terms) > 2]
    single = [term.strip() for term in terms if len(terms) > 1]
    return [text for text in (*single, *less, plain) if text and text != value]


# ---- values of the whole program ---------------------------------------------------------------------------------------------


def with_small_numbers(scenario: Scenario) -> Scenario:
    """All numbers of bodies, keys and filters as 1, 2, 3 … in their order; 0 stays."""
    numbers = sorted(
        {value for value in _scalars(scenario) if isinstance(value, int | Decimal) and not isinstance(value, bool) and value}
    )
    names = {number: place for place, number in enumerate(numbers, start=1)}
    return _renamed(
        scenario, lambda value: names[value] if isinstance(value, int | Decimal) and not isinstance(value, bool) and value else value
    )


def with_short_texts(scenario: Scenario) -> Scenario:
    """All texts of bodies, keys and filters as a, b, c … in their order; the empty one stays."""
    texts = sorted({value for value in _scalars(scenario) if isinstance(value, str) and value})
    letters = 1 if len(texts) <= 26 else 2
    if len(texts) > 26**2:
        return scenario
    names = {text: _letters(place, letters) for place, text in enumerate(texts)}
    return _renamed(scenario, lambda value: names[value] if isinstance(value, str) and value else value)


def _letters(place: int, count: int) -> str:
    return "".join(chr(ord("a") + place // 26**at % 26) for at in reversed(range(count)))


def _scalars(scenario: Scenario) -> Iterator[object]:
    found: list[object] = []

    def note(value: object) -> object:
        found.append(value)
        return value

    _renamed(scenario, note)
    yield from found


def _renamed(scenario: Scenario, name: Callable[[object], object]) -> Scenario:
    """Every scalar of bodies, of keys taken from records and of filters as `name` says."""

    def change(send: Send) -> Send:
        command = send.command
        tree = body_tree(command)
        header: Mapping[str, Value] = {key: _renamed_value(key, value, name) for key, value in command.header.items()}
        changed = replace(command, header=header)
        renamed = _map(tree, name)
        return replace(send, command=changed if renamed == tree else with_body(changed, renamed))

    return on_sends(scenario, change)


def _map(tree: object, name: Callable[[object], object]) -> object:
    if isinstance(tree, dict):
        return {key: _map(value, name) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_map(value, name) for value in tree]
    return name(tree)


def _renamed_value(field: str, value: Value, name: Callable[[object], object]) -> Value:
    if isinstance(value, KeyOf):
        return _renamed_key(value, name)
    if isinstance(value, tuple):
        return tuple(_renamed_key(item, name) if isinstance(item, KeyOf) else item for item in value)
    if field == "filter" and (expr := _parsed(value)) is not None:
        renamed = _renamed_expr(expr, name)
        return value if renamed == expr else filter_text(renamed)
    return value


def _renamed_key(key: KeyOf, name: Callable[[object], object]) -> KeyOf:
    try:
        return replace(key, values=tuple(write(_map(parse(text.encode()), name)).decode() for text in key.values))
    except (PayloadError, UnicodeError):
        return key


def _renamed_expr(expr: Expr, name: Callable[[object], object]) -> Expr:
    """Literals renamed; those whose text has a meaning of its own (patterns) stay."""
    if isinstance(expr, Number):
        value = name(expr.value)
        return Number(str(value), value) if isinstance(value, int | Decimal) else expr
    if isinstance(expr, String):
        text = name(expr.value.decode("utf-8", "surrogateescape"))
        return expr if text == expr.value.decode("utf-8", "surrogateescape") else String(str(text), raw=False, value=str(text).encode())
    if isinstance(expr, Like):
        return replace(expr, operand=_renamed_expr(expr.operand, name))
    changed: dict[str, object] = {}
    for field in dataclasses.fields(expr):
        value = getattr(expr, field.name)
        if isinstance(value, Expr):
            changed[field.name] = _renamed_expr(value, name)
        elif isinstance(value, tuple) and value and all(isinstance(item, Expr) for item in value):
            changed[field.name] = tuple(_renamed_expr(item, name) for item in value)
    return replace(expr, **changed) if changed else expr  # type: ignore[arg-type]  # each field keeps its kind


# ---- ids ---------------------------------------------------------------------------------------------------------------------


def with_short_ids(scenario: Scenario) -> Scenario:
    """Long and odd ids as c1, q1, s1 …, everywhere the same."""
    names: dict[str, str] = {}
    taken = {part for send in sends(scenario) for field in ID_FIELDS for part in str(send.command.header.get(field, "")).split(",")}

    def short(part: str, letter: str) -> str:
        if len(part) <= id_chars_max and (not part or _PLAIN_ID.fullmatch(part)):
            return part
        if part not in names:
            number = 1
            while f"{letter}{number}" in taken:
                number += 1
            names[part] = f"{letter}{number}"
            taken.add(names[part])
        return names[part]

    def change(send: Send) -> Send:
        header = dict(send.command.header)
        for field in ID_FIELDS:
            value = header.get(field)
            if isinstance(value, str):
                several = send.command.cmd == "unsubscribe" and field == "sub_id"
                parts = value.split(",") if several else [value]
                header[field] = value if several and value == "all" else ",".join(short(part, field[0]) for part in parts)
        return replace(send, command=replace(send.command, header=header))

    return on_sends(scenario, change)


whole_program: Final[tuple[Edit, ...]] = (with_small_numbers, with_short_texts, with_short_ids)
