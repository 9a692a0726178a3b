"""Faults of the reference client: names, rules, and that some of each kind are found. All of them: `tox -e client-mutants`."""

import pytest

from conformance.client.mutants import CLIENT_MUTANTS, client_with
from conformance.errors import UsageError
from conformance.rules import load
from conformance.selftest_clients import detect_client


def test_there_are_enough_and_they_break_rules_for_clients():
    assert len(CLIENT_MUTANTS) >= 25
    catalogue = load()
    for mutant in CLIENT_MUTANTS.values():
        assert mutant.breaks
        assert all(catalogue[rule].side in {"client", "both"} for rule in mutant.breaks), mutant.name


def test_an_unknown_name_is_told():
    with pytest.raises(UsageError, match="unknown mutant 'nobody'; known are talks_first"):
        client_with("nobody")


@pytest.mark.parametrize("name", ["nameless", "same_id", "any_ack_completes", "one_error", "counts_itself"])
def test_a_fault_is_found_and_blamed(name):
    assert detect_client(CLIENT_MUTANTS[name], seed=1, limit_s=60).exact
