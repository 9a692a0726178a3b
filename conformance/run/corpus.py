"""What the model makes of a recorded run, in a form that is compared with a table: outcomes of rules, and what each scenario breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.results import Ledger, Outcome, settle
from conformance.rules import load, standings
from conformance.run.again import judged
from conformance.run_file import read


def outcomes(path: Path) -> dict[str, Any]:
    """`rules`: per rule with evidence its outcome. Per scenario: `broken`, the rules that it breaks; `lacking`, why it is not judged.

    UsageError: the file cannot be read.
    """
    run, catalogue, ledger = read(path), load(), Ledger()
    broken: dict[str, list[str]] = {}
    lacking: dict[str, str] = {}
    for again in judged(path, run.header, catalogue):
        if again.examined is None or again.examined.verdict is None:
            lacking[again.name] = again.lacking or (again.examined.error if again.examined is not None and again.examined.error else "")
            continue
        ledger.add(again.examined.verdict)
        rules = sorted({finding.rule for finding in again.examined.decisive})
        if rules:
            broken[again.name] = rules
    results = settle(ledger, standings(catalogue, run.header.features))
    idle = {Outcome.NOT_APPLICABLE, Outcome.UNCHECKED, Outcome.NOT_EXERCISED}
    return {
        "rules": {rule: result.outcome.word for rule, result in results.items() if result.outcome not in idle},
        "broken": broken,
        "lacking": lacking,
    }
