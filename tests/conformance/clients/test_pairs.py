"""A client against a server through the relay: both sides are judged, and a finding is on the side that broke the rule."""

import json
import sys

import pytest

from conformance.results import RunOutcome
from conformance.run.events import Silent
from conformance.run.pairs import conversation, run_pair
from conformance.run.settings import Settings
from conformance.targets.embedded import EmbeddedTarget

REFERENCE = f"{sys.executable} -m conformance.adapters.reference"


def outcomes(folder):
    summary = json.loads((folder / "summary.json").read_text())
    return {rule: result["outcome"] for rule, result in summary["rules"].items()}


def pair(tmp_path, client=REFERENCE, mutants=()):
    with EmbeddedTarget.start(seed=1, slots=1, mutants=list(mutants)) as server:
        settings = Settings(target=server.spec, client=client, seed=3, report_dir=tmp_path)
        conclusion = run_pair(settings, {"client": Silent(), "server": Silent()})
    return conclusion, {
        side: {rule for rule, outcome in outcomes(tmp_path / side).items() if outcome in {"failed", "deviates"}}
        for side in ("client", "server")
    }


def test_both_conform(tmp_path):
    conclusion, broken = pair(tmp_path)
    assert conclusion.outcome is RunOutcome.CONFORMING
    assert broken == {"client": set(), "server": set()}
    assert outcomes(tmp_path / "client")["CLI-ROUTE-01"] == "passed"
    assert outcomes(tmp_path / "server")["SOW-QRY-06"] == "passed"


@pytest.mark.parametrize(
    ("client", "mutants", "side", "rule"),
    [
        (f"{REFERENCE} --mutant no_second_record", (), "client", "CLI-SOW-03"),
        (REFERENCE, ("query_filter_ignored",), "server", "SOW-QRY-06"),
    ],
)
def test_a_finding_is_on_the_side_that_broke_the_rule(tmp_path, client, mutants, side, rule):
    conclusion, broken = pair(tmp_path, client, mutants)
    assert conclusion.outcome is RunOutcome.NONCONFORMING
    other = "server" if side == "client" else "client"
    assert rule in broken[side]
    assert not broken[other]


def test_conversations_repeat():
    assert conversation(3, 5) == conversation(3, 5)
    assert conversation(3, 5) != conversation(3, 6)
