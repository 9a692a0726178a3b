"""The TOML file of known failures: read against the catalogue and the target, and written again as small as a run allows.

    [[known-failing]]
    rule = "SOW-TOPN-07"                id, topic, area or glob
    reason = "skip_n is ignored"
    url = "https://…"                   optional
    expires = 2027-01-31                optional: the last day on which it counts
    version = ">=5.3.4, <5.4"           optional: only for a target of such a version
    feature = "expiration"              optional: only for a target with this feature

    [[flaky]]                           the same members; a pass is no surprise

Everything that is wrong with a file raises UsageError in one line: it is found before a run begins.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from conformance.errors import HarnessError, UsageError
from conformance.known import BROKEN, KnownFailure
from conformance.results import Outcome, RuleResult, Standing
from conformance.rules import VOCABULARY, Catalogue, implied

TABLES: Final = {"known-failing": False, "flaky": True}
"""The tables of a file, and whether their entries are flaky."""

_TEXTS: Final = ("rule", "reason", "url", "version", "feature")
_NEEDED: Final = ("rule", "reason")
_IDLE: Final = frozenset({Outcome.NOT_APPLICABLE, Outcome.UNCHECKED})


def today() -> dt.date:
    """The day by which entries expire (UTC, so that every machine of a CI agrees)."""
    return dt.datetime.now(dt.UTC).date()


def read(
    path: Path,
    catalogue: Catalogue,
    standings: Mapping[str, Standing],
    features: Iterable[str],
    *,
    on: dt.date | None = None,
) -> tuple[KnownFailure, ...]:
    """The entries of a file that is fit for a run against a target with these features.

    standings  what the rules can come to there, whatever this run leaves out on purpose
    on         the day of the run, None: today

    UsageError: it cannot be read, an entry is wrong, has expired, or matches no rule that a run can break.
    """
    entries = parse(path, catalogue)
    day, declared = on or today(), implied(features)
    for entry in entries:
        if expired(entry, day):
            raise UsageError(f"{path}: the entry for {entry.rule} has expired on {entry.expires}; mend it, or give it a later day")
        if entry.feature is not None and entry.feature not in declared:
            continue
        if all(standings[rule].idle in _IDLE for rule in entry.covers):
            reasons = {standings[rule].reason for rule in entry.covers}
            raise UsageError(
                f"{path}: {entry.rule} matches nothing that is checked on this target ({'; '.join(sorted(map(str, reasons)))})"
            )
    return entries


def expired(entry: KnownFailure, on: dt.date) -> bool:
    """Whether the entry's last day is over."""
    return entry.expires is not None and dt.date.fromisoformat(entry.expires) < on


def parse(path: Path, catalogue: Catalogue) -> tuple[KnownFailure, ...]:
    """The entries of a file, whatever the target and the day. UsageError: it cannot be read, or an entry is wrong."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no TOML file: {error}") from error
    unknown = sorted(data.keys() - TABLES.keys())
    if unknown:
        raise UsageError(f"{path}: there is no table '{unknown[0]}'; there are [[known-failing]] and [[flaky]]")
    found = []
    for table, flaky in TABLES.items():
        entries = data.get(table, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise UsageError(f"{path}: write [[{table}]] above each entry")
        for number, entry in enumerate(entries, start=1):
            try:
                found.append(_entry(entry, catalogue, flaky=flaky))
            except UsageError as error:
                raise UsageError(f"{path}: {table} entry {number}{_named(entry)}: {error}") from error
    return tuple(found)


def _named(entry: Mapping[str, Any]) -> str:
    return f" ({entry['rule']})" if isinstance(entry.get("rule"), str) else ""


def _entry(data: Mapping[str, Any], catalogue: Catalogue, *, flaky: bool) -> KnownFailure:
    unknown = sorted(data.keys() - {*_TEXTS, "expires"})
    if unknown:
        raise UsageError(f"there is no '{unknown[0]}'; there are {', '.join((*_TEXTS, 'expires'))}")
    for name in _TEXTS:
        value = data.get(name)
        if value is None and name in _NEEDED:
            raise UsageError(f"it needs a {name}")
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise UsageError(f"its {name} is no text")
    return KnownFailure(
        covers=_covered(str(data["rule"]), catalogue),
        expires=_day(data.get("expires")),
        flaky=flaky,
        **_conditions({name: data[name].strip() for name in _TEXTS if name in data}),
    )


def _covered(globs: str, catalogue: Catalogue) -> tuple[str, ...]:
    """The rules that can be broken and that the globs name."""
    found = tuple(rule.id for rule in catalogue.match(globs) if rule.breach in BROKEN)
    if not found:
        raise UsageError("it matches nothing that can fail: the documentation leaves these rules open")
    return found


def _conditions(texts: dict[str, str]) -> dict[str, str]:
    if "version" in texts:
        try:
            SpecifierSet(texts["version"])
        except InvalidSpecifier:
            raise UsageError(f"'{texts['version']}' is no condition on a version; write '>=5.3.4, <5.4'") from None
    if "feature" in texts and texts["feature"] not in VOCABULARY:
        raise UsageError(f"'{texts['feature']}' is no feature; there are {', '.join(sorted(VOCABULARY))}")
    return texts


def _day(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    try:
        return dt.date.fromisoformat(value if isinstance(value, str) else "").isoformat()
    except ValueError:
        raise UsageError(f"'{value}' is no day; write expires = 2027-01-31") from None


# ---- writing -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """What the entries say that a run makes necessary. `expires` is a day as a user writes it; it is also that of renewed entries."""

    reason: str | None = None
    url: str | None = None
    expires: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A file made new for a run, and what changed. Texts are the `rule` of entries, or ids."""

    entries: tuple[KnownFailure, ...]
    added: tuple[str, ...]
    dropped: tuple[str, ...]


def update(
    entries: Sequence[KnownFailure],
    results: Mapping[str, RuleResult],
    *,
    features: Iterable[str],
    version: str | None,
    broken: Iterable[str],
    new: New,
    on: dt.date | None = None,
) -> Update:
    """The smallest entries that excuse the run.

    broken   the rules that make it red; new: what the entries say that have to be added

    An entry whose rules all fail stays as it is; where some pass, the others are named one by one with its reason; where all pass, it
    goes. What the run cannot say (not exercised, another version, flaky) stays.

    UsageError: an entry needs a reason, or a later day, and none is given.
    """
    day, declared, seen = on or today(), implied(features), set[str]()
    kept: list[KnownFailure] = []
    dropped: list[str] = []
    for entry in entries:
        left = _left(entry, results, seen) if entry.holds(declared, version) else [entry]
        if not left:
            dropped.append(entry.rule)
        kept += [_fresh(one, new, day) for one in left]
        seen.update(rule for one in left for rule in one.covers if entry.holds(declared, version))
    added = [rule for rule in broken if rule not in seen]
    if added and new.reason is None:
        raise UsageError(f"{_some(added)} {'fails' if len(added) == 1 else 'fail'} and no entry says why; give --reason 'TEXT'")
    kept += [
        KnownFailure(rule=rule, covers=(rule,), reason=new.reason or "", url=new.url, expires=new.expires and _day(new.expires))
        for rule in added
    ]
    return Update(entries=tuple(kept), added=tuple(added), dropped=tuple(dropped))


def _left(entry: KnownFailure, results: Mapping[str, RuleResult], seen: set[str]) -> list[KnownFailure]:
    """What is left of an entry whose conditions hold, after a run."""
    rules = [rule for rule in entry.covers if rule not in seen]
    passed = [rule for rule in rules if results[rule].outcome is Outcome.PASSED]
    if not rules or (not entry.flaky and len(passed) == len(rules)):
        return []
    if entry.flaky or not passed:
        return [entry]
    failing = [rule for rule in rules if results[rule].outcome in BROKEN]
    return [replace(entry, rule=rule, covers=(rule,)) for rule in failing]


def _fresh(entry: KnownFailure, new: New, day: dt.date) -> KnownFailure:
    if not expired(entry, day):
        return entry
    if new.expires is None:
        raise UsageError(f"the entry for {entry.rule} has expired on {entry.expires}, and it still fails; give --expires DAY")
    return replace(entry, expires=_day(new.expires))


def _some(rules: Sequence[str], most: int = 5) -> str:
    return ", ".join(rules[:most]) + (f" and {len(rules) - most} more" if len(rules) > most else "")


def write(path: Path, entries: Iterable[KnownFailure]) -> None:
    """Write the file. HarnessError: it cannot be written."""
    import tomli_w  # noqa: PLC0415 (needed by one command)

    data: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        table = next(name for name, flaky in TABLES.items() if flaky == entry.flaky)
        values = {name: getattr(entry, name) for name in _TEXTS if getattr(entry, name) is not None}
        day = {} if entry.expires is None else {"expires": dt.date.fromisoformat(entry.expires)}
        data.setdefault(table, []).append(values | day)
    blocks = [f"[[{table}]]\n{tomli_w.dumps(entry)}" for table, found in data.items() for entry in found]
    try:
        path.write_text("\n".join(blocks), "utf-8")
    except OSError as error:
        raise HarnessError(f"cannot write {path}: {error.strerror or error}") from error
