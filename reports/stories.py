"""How rules were broken, as values for a page: step tables, both sides with what differs in them, timelines. No mark-up, no layout."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from conformance.run_file import Failure
from reports import terminal
from reports.plain import number, safe
from reports.record import Report

TIMELINES_CHARS_MAX: Final = 12_000_000
"""All timelines of a page together; those that come later are cut to what is around their first divergence."""

FRAMES_AROUND: Final = 100
"""Frames kept on each side of the divergence of a timeline that has to be cut."""

COMPARED_CHARS_MAX: Final = 2_000
"""Longer sides are marked as a whole: comparing takes time that grows with the square of their length."""

_TOKEN: Final = re.compile(r"\w+|\s+|.", re.DOTALL)

_NAME: Final = re.compile(r'\s*"(?:[^"\\]|\\.)*"\s*:')

Part = tuple[str, bool]
"""A piece of a text, and whether it differs from the other side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """id: of the element that holds `json`, the data that the script of the page draws; said: in words."""

    id: str
    said: str
    json: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One failure of a rule.

    line   all of it in a line
    often  `3 of 3 times`
    steps  n, on, text, seen; here: the step that matters
    at     the number of that step, None: not known
    rows   mark, rule, expected and seen in parts
    found  how it was found, in sentences
    """

    rule: str
    line: str
    often: str
    what: str
    field: str
    steps: Sequence[Mapping[str, Any]]
    at: int | None
    rows: Sequence[Mapping[str, Any]]
    found: Sequence[str]
    replay: str
    timeline: Timeline | None


class Stories:
    """Makes the stories of a report; it counts how much the timelines of the page have become."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._left = TIMELINES_CHARS_MAX
        self._number = 0

    def of(self, rule: str) -> list[Story]:
        """The failures that decided about the rule, the best told first, then the frequent."""
        failures = sorted(self._report.failures_of(rule), key=lambda failure: not failure["steps"])
        return [self._story(failure) for failure in failures]

    def _story(self, failure: Failure) -> Story:
        at = next((step["n"] for step in failure["steps"] if failure["step"] and step.get("label") == failure["step"]), None)
        rows = [_row(row["mark"], row["expected"], row["seen"], row["rule"]) for row in failure["compare"]]
        if not rows and (failure["expected"] or failure["seen"]):
            rows = [_row("\N{MULTIPLICATION SIGN}", failure["expected"], failure["seen"], failure["rule"])]
        return Story(
            rule=failure["rule"],
            line=terminal.line(failure),
            often=terminal.how_often(failure),
            what=failure["what"],
            field=failure["field"],
            steps=[{**step, "here": step["n"] == at and bool(rows)} for step in failure["steps"]],
            at=at,
            rows=rows,
            found=list(terminal.found(failure)),
            replay=safe(failure["replay"] or ""),
            timeline=self._timeline(failure.get("timeline")),
        )

    def _timeline(self, data: Mapping[str, Any] | None) -> Timeline | None:
        if not data or not data["frames"]:
            return None
        text = _json(data)
        if len(text) > self._left:
            data = _around(data)
            text = _json(data)
        if len(text) > self._left:
            return None
        self._left -= len(text)
        self._number += 1
        frames, lanes = len(data["frames"]), len({frame["on"] for frame in data["frames"]})
        cut = f", {number(data['before'] + data['after'], 'further frame')} left out" if data["before"] or data["after"] else ""
        said = f"{number(frames, 'event')} on {number(lanes, 'connection')}{cut}"
        return Timeline(id=f"timeline-{self._number}", said=said, json=Markup(text))  # noqa: S704 (no `<` is in it)


def _around(data: Mapping[str, Any]) -> dict[str, Any]:
    """The frames around the first divergence, with the places of others as they are then."""
    first = data["first"] or 0
    start, end = max(0, first - FRAMES_AROUND), min(len(data["frames"]), first + FRAMES_AROUND)
    frames = []
    for frame in data["frames"][start:end]:
        kept = {name: value for name, value in frame.items() if name != "answers"}
        if frame.get("answers", -1) >= start:
            kept["answers"] = frame["answers"] - start
        frames.append(kept)
    return {
        **data,
        "frames": frames,
        "first": None if data["first"] is None else first - start,
        "marked": [index - start for index in data["marked"] if start <= index < end],
        "before": data["before"] + start,
        "after": data["after"] + len(data["frames"]) - end,
    }


def _json(data: Mapping[str, Any]) -> str:
    """JSON for a script element: every text printable, and nothing in it that ends the element or begins a comment."""
    text = json.dumps(_printable(data), separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _printable(value: Any) -> Any:
    match value:
        case str():
            return safe(value)
        case dict():
            return {name: _printable(member) for name, member in value.items()}
        case list():
            return [_printable(item) for item in value]
        case _:
            return value


# ---- both sides --------------------------------------------------------------------------------------------------------------


def _row(mark: str, expected: str, seen: str, rule: str) -> dict[str, Any]:
    left, right = differing(expected, seen) if mark and expected and seen else ([(expected, False)], [(seen, False)])
    return {
        "mark": mark,
        "expected": [part for part in left if part[0]],
        "seen": [part for part in right if part[0]],
        "rule": rule,
    }


def differing(expected: str, seen: str) -> tuple[list[Part], list[Part]]:
    """Both texts in parts, marked where they differ: members of an object by their names, everything else by words and signs."""
    if max(len(expected), len(seen)) > COMPARED_CHARS_MAX:
        return [(expected, True)], [(seen, True)]
    one, other = _object(expected), _object(seen)
    if one is None or other is None:
        return _by_tokens(expected, seen)
    (head, members, tail), (other_head, other_members, other_tail) = one, other
    before, other_before = _by_tokens(head, other_head)
    after, other_after = _by_tokens(tail, other_tail)
    return [*before, *_by_names(members, other_members), *after], [*other_before, *_by_names(other_members, members), *other_after]


def _by_tokens(expected: str, seen: str) -> tuple[list[Part], list[Part]]:
    one, other = _TOKEN.findall(expected), _TOKEN.findall(seen)
    left: list[Part] = []
    right: list[Part] = []
    for kind, start, end, other_start, other_end in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        left.append(("".join(one[start:end]), kind != "equal"))
        right.append(("".join(other[other_start:other_end]), kind != "equal"))
    return left, right


def _object(text: str) -> tuple[str, list[str], str] | None:
    """What stands before the members of the first object, the members as they are written, what stands behind; None: there is none."""
    start = text.find("{") + 1
    depth, at, quoted, members = 0, start, False, []
    skip = False
    for index in range(start, len(text) if start else 0):
        char = text[index]
        if skip or (quoted and char == "\\"):
            skip = not skip
        elif char == '"':
            quoted = not quoted
        elif not quoted and char in "{[":
            depth += 1
        elif not quoted and depth == 0 and char in ",}":
            members.append(text[at:index])
            at = index + 1
            if char == "}":
                return text[:start], members, text[index:]
        elif not quoted and char in "}]":
            depth -= 1
    return None


def _by_names(members: Sequence[str], others: Sequence[str]) -> list[Part]:
    """The members with the commas between them: whole where the other side has no such name, else the value where that differs."""
    values = dict(map(_pair, others))
    parts: list[Part] = []
    for place, member in enumerate(members):
        name, value = _pair(member)
        parts.append(("," if place else "", False))
        parts += [(name, name not in values), (value, values.get(name) != value)]
    return parts


def _pair(member: str) -> tuple[str, str]:
    found = _NAME.match(member)
    return (found[0], member[found.end() :]) if found else (member, "")
