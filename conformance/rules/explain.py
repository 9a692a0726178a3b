"""A rule for a reader: its text, where the code predicts, judges, breaks and exercises it, what it last came to; and lists of rules.

Texts, JSON and Markdown are made here from values; nothing here prints.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from conformance.errors import UsageError
from conformance.rules.catalogue import Catalogue
from conformance.rules.index import Index, Place, Role
from conformance.rules.rule import Level, Rule
from conformance.rules.standing import CLIENT_REASON, Excuse, excuses_by_rule

State = Literal["checked", "recorded", "unchecked"]
"""checked: something predicts or judges it and it can fail; recorded: the same, but nothing is a breach of it; unchecked: neither."""

Format = Literal["text", "json", "markdown"]

NO_REASON: Final = "nothing predicts or judges it"
_SAID: Final[Mapping[Role, str]] = {
    "predicts": "Predicted in",
    "judges": "Judged in",
    "breaks": "Broken by",
    "exercises": "Exercised by",
    "mentions": "Mentioned in",
}
PLACES_SHOWN_MAX: Final = 6
"""Places of one kind that the text shows; a rule of the acks has dozens. JSON has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The results of the last run as `summary.json` has them.

    results   per rule its outcome word, counts and reason
    folder    where it was found; age_s: how old the file is
    """

    results: Mapping[str, Mapping[str, Any]]
    folder: str
    age_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A rule with all that is known of it. `reason`: why it is unchecked; `carries`: the rules that rest on it."""

    rule: Rule
    state: State
    reason: str | None
    places: tuple[Place, ...] = ()
    carries: tuple[str, ...] = ()
    last: Mapping[str, Any] = field(default_factory=dict)

    def at(self, *roles: Role) -> tuple[Place, ...]:
        return tuple(place for place in self.places if place.role in roles)


def read_last(folder: Path) -> LastRun | None:
    """The last run of a report folder, None if there is none. UsageError: its summary cannot be read."""
    path = folder / "summary.json"
    try:
        age_s = max(0.0, time.time() - path.stat().st_mtime)
        results = json.loads(path.read_text("utf-8"))["rules"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    return LastRun(results=results, folder=str(folder), age_s=age_s)


def explain(
    catalogue: Catalogue, index: Index, excuses: Iterable[Excuse], rules: Iterable[Rule], last: LastRun | None = None
) -> tuple[Explained, ...]:
    """The rules with all that is known of each, in their order."""
    excused = excuses_by_rule(catalogue, excuses)
    carries: dict[str, list[str]] = {}
    for rule in catalogue.values():
        for below in rule.rests_on:
            carries.setdefault(below, []).append(rule.id)
    results = last.results if last else {}
    found = []
    for rule in rules:
        places = index.get(rule.id, ())
        state, reason = state_of(rule, places, excused.get(rule.id))
        found.append(
            Explained(
                rule=rule,
                state=state,
                reason=reason,
                places=places,
                carries=tuple(carries.get(rule.id, ())),
                last=results.get(rule.id, {}),
            )
        )
    return tuple(found)


def state_of(rule: Rule, places: Sequence[Place], excuse: Excuse | None) -> tuple[State, str | None]:
    """Whether the code checks the rule, and if not why."""
    if any(place.role in {"predicts", "judges"} for place in places):
        return ("recorded" if rule.level in {"may", "undefined"} else "checked"), None
    if rule.side == "client":
        return "unchecked", CLIENT_REASON
    return "unchecked", excuse.reason if excuse else NO_REASON


def choose(
    catalogue: Catalogue,
    *,
    globs: str | None = None,
    exclude: str | None = None,
    area: str | None = None,
    tier: int | None = None,
    level: Level | None = None,
    outcome: str | None = None,
    last: LastRun | None = None,
) -> tuple[Rule, ...]:
    """The rules that all the given filters let through, in the order of the catalogue.

    `outcome` is a word of `summary.json` and needs a last run. UsageError: a glob or area names nothing, or there was no run.
    """
    rules = catalogue.match(globs) if globs else tuple(catalogue.values())
    if exclude:
        left_out = {rule.id for rule in catalogue.match(exclude)}
        rules = tuple(rule for rule in rules if rule.id not in left_out)
    if area is not None:
        if area.upper() not in catalogue.areas:
            raise UsageError(f"no area {area!r}; there are {', '.join(catalogue.areas)}")
        rules = tuple(rule for rule in rules if rule.area == area.upper())
    if outcome is not None and last is None:
        raise UsageError("there is no run to take outcomes from; run first, or name its folder with --report-dir")
    return tuple(
        rule
        for rule in rules
        if (tier is None or rule.tier == tier)
        and (level is None or rule.level == level)
        and (outcome is None or (last is not None and last.results.get(rule.id, {}).get("outcome") == outcome))
    )


# ---- texts -------------------------------------------------------------------------------------------------------------------


def facts(rule: Rule) -> str:
    """`must, documented, tier 1, server, needs sow`."""
    needs = f", needs {', '.join(sorted(rule.needs))}" if rule.needs else ""
    versions = "".join(f", {word} {value}" for word, value in (("since", rule.since), ("until", rule.until)) if value)
    return f"{rule.level}, {rule.basis}, tier {rule.tier}, {rule.side}{needs}{versions}"


def text_of(explained: Explained, last: LastRun | None = None) -> str:
    """The rule in lines for a terminal."""
    rule = explained.rule
    lines = [f"{rule.id}  {rule.title}", f"  {facts(rule)}", "", rule.text, f"How it shows: {rule.observe}", f"Source: {rule.source}"]
    if rule.rests_on:
        lines.append(f"Rests on: {', '.join(rule.rests_on)}")
    if explained.carries:
        lines.append(f"Carries: {_some(explained.carries)}")
    lines.append("")
    lines += [f"{said}: {_some(_said(explained.at(role)))}" for role, said in _SAID.items() if explained.at(role)]
    if explained.reason is not None:
        lines.append(f"Unchecked: {explained.reason}")
    if last is not None and explained.last:
        lines.append(f"Last outcome: {_last(explained.last)} ({last.folder}, {ago(last.age_s)})")
    return "\n".join(lines).rstrip() + "\n"


def _said(places: Sequence[Place]) -> list[str]:
    """Mutants and scenarios by their names, everything else by its line; each once."""
    named = [place.within if place.role in {"breaks", "exercises"} and place.within else str(place) for place in places]
    return list(dict.fromkeys(named))


def _some(names: Sequence[str]) -> str:
    more = len(names) - PLACES_SHOWN_MAX
    return ", ".join(names[:PLACES_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


def _last(result: Mapping[str, Any]) -> str:
    reason = f": {result['reason']}" if result.get("reason") else ""
    known = result.get("known")
    said = f"; {str(known['view']).replace('_', ' ')}: {known['reason']}" if known else ""
    return f"{str(result.get('outcome')).replace('_', ' ')}, exercised {result.get('exercised', 0)} times{reason}{said}"


def ago(age_s: float) -> str:
    """`2 minutes ago`, in the largest whole unit."""
    for unit, length_s in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        count = int(age_s // length_s)
        if count:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def data_of(explained: Explained) -> dict[str, Any]:
    """The rule as JSON-able data."""
    rule = explained.rule
    places = {
        role: [{"file": place.file, "line": place.line, "within": place.within} for place in explained.at(role)]
        for role in _SAID
        if explained.at(role)
    }
    return {
        "id": rule.id,
        "title": rule.title,
        "area": rule.area,
        "topic": rule.topic,
        "tier": rule.tier,
        "level": rule.level,
        "basis": rule.basis,
        "side": rule.side,
        "breach": rule.breach.word,
        "needs": sorted(rule.needs),
        "text": rule.text,
        "observe": rule.observe,
        "source": rule.source,
        "rests_on": list(rule.rests_on),
        "carries": list(explained.carries),
        "since": rule.since,
        "until": rule.until,
        "state": explained.state,
        "reason": explained.reason,
        "places": places,
        "last": dict(explained.last) or None,
    }


def markdown_of(explained: Explained, *, heading: int = 3) -> str:
    """The rule as a section of a page: files without lines, so that a page changes only when the code takes a rule up or drops it."""
    rule = explained.rule
    lines = [f"{'#' * heading} {rule.id}", "", f"**{cell(rule.title)}** ({facts(rule)})", "", escape(rule.text), ""]
    lines += [f"- How it shows: {escape(rule.observe)}", f"- Source: {escape(rule.source)}"]
    if rule.rests_on:
        lines.append(f"- Rests on: {', '.join(rule.rests_on)}")
    for role in ("predicts", "judges"):
        named = sorted({f"`{place.file}`" for place in explained.at(role)})
        if named:
            lines.append(f"- {_SAID[role]}: {', '.join(named)}")
    broken_by = sorted({f"`{place.within or place.file}`" for place in explained.at("breaks")})
    if broken_by:
        lines.append(f"- Broken by mutants: {', '.join(broken_by)}")
    if explained.reason is not None:
        lines.append(f"- Not checked: {escape(explained.reason)}")
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Text of the catalogue as Markdown shows it: what would be mark-up stands for itself."""
    return "".join(f"\\{char}" if char in r"\`*_<>[]#|~" else char for char in text)


def cell(text: str) -> str:
    """Text for one line or one cell of a table."""
    return escape(" ".join(text.split()))


def listing(explained: Sequence[Explained], form: Format = "text") -> str:
    """Many rules, one line each; in JSON all that is known of each."""
    if form == "json":
        return json.dumps([data_of(one) for one in explained], indent=1, ensure_ascii=False) + "\n"
    if form == "markdown":
        rows = ["| Rule | Title | Level, basis | Tier | State |", "|---|---|---|---|---|"]
        rows += [
            f"| {e.rule.id} | {cell(e.rule.title)} | {e.rule.level}, {e.rule.basis} | {e.rule.tier} | {_short(e)} |" for e in explained
        ]
        return "\n".join(rows) + "\n"
    wide = max((len(e.rule.id) for e in explained), default=0)
    lines = [
        f"{e.rule.id:<{wide}}  {e.rule.title}  ({e.rule.level}, {e.rule.basis}, tier {e.rule.tier}; {_short(e)})" for e in explained
    ]
    return "".join(f"{line}\n" for line in [*lines, f"{len(explained)} rules"])


def _short(explained: Explained) -> str:
    if explained.last:
        return str(explained.last.get("outcome")).replace("_", " ")
    return explained.state if explained.reason is None else f"unchecked: {explained.reason}"


def render(explained: Sequence[Explained], form: Format = "text", last: LastRun | None = None) -> str:
    """Rules told in full, one after the other, in the form asked for."""
    if form == "json":
        data = [data_of(one) for one in explained]
        return json.dumps(data[0] if len(data) == 1 else data, indent=1, ensure_ascii=False) + "\n"
    if form == "markdown":
        return "\n".join(markdown_of(one) for one in explained)
    return "\n".join(text_of(one, last) for one in explained)
