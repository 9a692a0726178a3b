"""Which core rules the profiles never put to the test: just those of never_exercised.toml, each with a reason."""

from itertools import islice

import pytest
from click.testing import CliRunner

from conformance.cli.commands import program
from conformance.client.limits import DEFAULT_LIMITS
from conformance.results import Outcome
from conformance.rules import load, standings
from conformance.rules.never import PROFILES, Never, load_never, never_exercised, read_never
from conformance.run.bench import Bench
from conformance.run.programs import drawn
from conformance.targets.embedded import EmbeddedTarget
from conformance.targets.server import ServerTarget
from reference_model.config import STANDARD
from strategies import directed
from tests.strategies.conftest import run_scenarios

RANDOM_SCENARIOS = 300
SPARING_SEED = 1
"""A server with this seed leaves out what it need not write."""


def touched(verdict):
    return {*verdict.exercised, *verdict.choices}


@pytest.fixture(scope="module")
def live():
    """The core rules that a run can say something of."""
    catalogue = load()
    return {
        rule
        for rule, standing in standings(catalogue, STANDARD.features).items()
        if standing.idle is Outcome.NOT_EXERCISED and catalogue[rule].core
    }


@pytest.fixture(scope="module")
def by_smoke():
    """What the directed scenarios exercise on a sparing server."""
    runs = run_scenarios(directed.smoke(STANDARD), seed=SPARING_SEED)
    return set().union(*(touched(verdict) for verdict, _ in runs.values()))


@pytest.fixture(scope="module")
def by_random():
    found = set()
    with (
        EmbeddedTarget.start(seed=SPARING_SEED, slots=1) as server,
        ServerTarget.open(server.spec, STANDARD, slot=0, run="never") as target,
    ):
        bench = Bench(target, load(), DEFAULT_LIMITS)
        for scenario in islice(drawn(SPARING_SEED), RANDOM_SCENARIOS):
            examined = bench.examine(scenario)
            assert examined.verdict is not None
            found |= touched(examined.verdict)
    return found


def entries(profile):
    return {never.rule for never in load_never() if profile in never.profiles}


def test_smoke_exercises_every_core_rule_but_these(live, by_smoke):
    assert live - by_smoke == entries("smoke")


def test_pr_exercises_every_core_rule_but_these(live, by_smoke, by_random):
    assert live - by_smoke - by_random == entries("pr")


def test_another_server_makes_up_for_what_a_sparing_one_leaves_out(live, directed_runs):
    seen = set().union(*(touched(verdict) for verdict, _ in directed_runs.values()))
    assert live - seen == set()


def test_every_entry_says_why():
    assert all(len(never.reason.split()) > 5 and {*never.profiles} <= {*PROFILES} for never in load_never())
    assert len({never.rule for never in load_never()}) == len(load_never())


def test_an_entry_for_each_rule_of_a_table():
    text = '[[never]]\nprofiles = ["smoke"]\nreason = "why"\nrules = ["A-B-01", "A-B-02"]\n'
    assert read_never(text) == tuple(Never(rule=rule, profiles=("smoke",), reason="why") for rule in ("A-B-01", "A-B-02"))


def test_what_does_not_apply_and_what_is_unchecked_is_told_too():
    catalogue = load()
    told = {never.rule: never.reason for never in never_exercised(catalogue, STANDARD.features)}
    assert told["CMD-ABBR-16"] == "needs auth"
    assert told["CMD-WIRE-09"].startswith("the field msg_len")
    assert all(catalogue[rule].core and reason for rule, reason in told.items())
    assert set(told) == {
        rule for rule, standing in standings(catalogue, STANDARD.features).items()
        if catalogue[rule].core and (standing.idle is not Outcome.NOT_EXERCISED or rule in entries("smoke"))
    }  # fmt: skip


def test_the_command_prints_them():
    result = CliRunner().invoke(program, ["rules", "--never-exercised"])
    assert result.exit_code == 0
    *lines, total = result.output.splitlines()
    assert [line.split()[0] for line in lines] == [never.rule for never in never_exercised(load(), STANDARD.features)]
    assert total == f"{len(lines)} of {sum(rule.core for rule in load().values())} core rules"
