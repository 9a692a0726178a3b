"""A tool that holds `unchecked.toml` against the sources: `python -m conformance.rules.unchecked [--check | --suggest | --fix]`.

Every rule for servers must be predicted or judged somewhere, or have an entry with the reason why it is not; an entry for a rule that
is predicted or judged is wrong. Nothing here is used by a run.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from conformance.rules.catalogue import Catalogue, load
from conformance.rules.index import Index, checked, scan
from conformance.rules.standing import Excuse, load_excuses

_HEAD: Final = """\
# Rules for servers that nothing predicts or judges yet, with the reason. A glob names an id or all of a topic.
# `python -m conformance.rules.unchecked --check` holds this file against the sources, `--suggest` prints what is missing,
# `--fix` takes out what has come to be checked. Rules for clients need no entry: they need a client target.
"""


def problems(catalogue: Catalogue, index: Index, excuses: Sequence[Excuse]) -> list[str]:
    """What is wrong with the excuses, one line each; empty if nothing is."""
    done = checked(index)
    found: list[str] = []
    seen: dict[str, Excuse] = {}
    for excuse in excuses:
        covered = [rule_id for rule_id in catalogue if excuse.covers(rule_id)]
        if not covered:
            found.append(f"{excuse.rules} names no rule")
        if not excuse.reason.strip():
            found.append(f"{excuse.rules} has no reason")
        for rule_id in covered:
            if rule_id in done:
                found.append(f"{excuse.rules} excuses {rule_id}, which is checked in {_where(index, rule_id)}")
            if rule_id in seen:
                found.append(f"{rule_id} is excused twice: by {seen[rule_id].rules} and by {excuse.rules}")
            seen[rule_id] = excuse
    gone = missing(catalogue, index, excuses)
    return found + [f"{rule_id} is neither predicted nor judged and has no entry" for rule_id in gone]


def missing(catalogue: Catalogue, index: Index, excuses: Sequence[Excuse]) -> list[str]:
    """Rules for servers that are neither checked nor excused."""
    done = checked(index)
    return [
        rule.id
        for rule in catalogue.values()
        if rule.side != "client" and rule.id not in done and not any(excuse.covers(rule.id) for excuse in excuses)
    ]


def globs(catalogue: Catalogue, rule_ids: Iterable[str]) -> list[str]:
    """The ids as short as they can be said: a whole topic (all its rules for servers) as `SOW-HIST-*`, others one by one."""
    wanted = set(rule_ids)
    topics: dict[str, list[str]] = {}
    for rule in catalogue.values():
        if rule.side != "client":
            topics.setdefault(rule.topic, []).append(rule.id)
    found: list[str] = []
    for topic, ids in topics.items():
        mine = [rule_id for rule_id in ids if rule_id in wanted]
        found += [f"{topic}-*"] if mine == ids and len(ids) > 1 else mine
    return found


def fixed(catalogue: Catalogue, index: Index, excuses: Sequence[Excuse]) -> list[Excuse]:
    """The excuses without the rules that are checked, in globs as short as they can be."""
    done = checked(index)
    by_reason: dict[str, list[str]] = {}
    for excuse in excuses:
        ids = (rule.id for rule in catalogue.values() if rule.side != "client" and excuse.covers(rule.id) and rule.id not in done)
        by_reason.setdefault(excuse.reason, []).extend(ids)
    return [Excuse(rules=glob, reason=reason) for reason, ids in by_reason.items() for glob in globs(catalogue, ids)]


def written(excuses: Iterable[Excuse]) -> str:
    """The text of `unchecked.toml` for the excuses, those of one reason together."""
    by_reason: dict[str, list[str]] = {}
    for excuse in excuses:
        by_reason.setdefault(excuse.reason, []).append(excuse.rules)
    return _HEAD + "".join(_table(names, reason) for reason, names in by_reason.items())


def _table(names: Sequence[str], reason: str) -> str:
    lines = textwrap.wrap(json.dumps(names)[1:-1], width=120, break_on_hyphens=False)
    rules = "[" + lines[0] + "]" if len(lines) == 1 else "[\n" + "".join(f"  {line}\n" for line in lines) + "]"
    return f"\n[[unchecked]]\nreason = {json.dumps(reason, ensure_ascii=False)}\nrules = {rules}\n"


def suggestion(catalogue: Catalogue, rule_ids: Iterable[str]) -> str:
    """An entry for each topic of the ids, its reason to be filled in, each rule with its level and title as a comment."""
    topics: dict[str, list[str]] = {}
    for rule_id in rule_ids:
        topics.setdefault(catalogue[rule_id].topic, []).append(rule_id)
    text = ""
    for ids in topics.values():
        rules = [catalogue[rule_id] for rule_id in ids]
        text += "".join(f"\n# {rule.id}  tier {rule.tier}, {rule.level}: {rule.title}" for rule in rules) + _table(
            globs(catalogue, ids), "…"
        )
    return text


def _where(index: Index, rule_id: str) -> str:
    return str(next(place for place in index[rule_id] if place.role in {"predicts", "judges"}))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tool; 0 if the file is right (or was put right), else 1."""
    parser = argparse.ArgumentParser(prog="python -m conformance.rules.unchecked", description=(__doc__ or "").partition("\n")[0])
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--check", action="store_true", help="say what is wrong with unchecked.toml (the default)")
    action.add_argument("--suggest", action="store_true", help="print the rules that have no entry, ready to be pasted")
    action.add_argument("--fix", action="store_true", help="take the rules that are checked out of unchecked.toml")
    options = parser.parse_args(arguments)
    catalogue, found, excuses = load(), scan(), load_excuses()
    if options.suggest:
        sys.stdout.write(suggestion(catalogue, missing(catalogue, found, excuses)) or "nothing is missing\n")
        return 0
    if options.fix:
        excuses = tuple(fixed(catalogue, found, excuses))
        Path(str(files("conformance.rules") / "unchecked.toml")).write_text(written(excuses), "utf-8")
    wrong = problems(catalogue, found, excuses)
    sys.stdout.write("".join(f"{line}\n" for line in wrong) or "unchecked.toml is right\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
