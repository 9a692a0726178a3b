"""The model of today on recordings of yesterday: what a change of it changes is seen here, rule by rule and scenario by scenario.

If a change is meant, `scripts/make-corpus --table` writes the table anew.
"""

import json
from pathlib import Path

import pytest

from conformance.rules import load
from conformance.run.corpus import outcomes
from conformance.server.mutants import MUTANTS

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
TABLE = json.loads((CORPUS / "outcomes.json").read_text("utf-8"))
BYTES_MAX = 1_000_000


@pytest.mark.parametrize("name", TABLE)
def test_the_model_comes_to_what_it_came_to(name):
    """A rule that is judged since is no difference; one that is judged no more, or otherwise, is."""
    now = outcomes(CORPUS / f"{name}.jsonl.gz")
    rules = {rule: now["rules"].get(rule) for rule in TABLE[name]["rules"]}
    assert rules == TABLE[name]["rules"]
    assert (now["broken"], now["lacking"]) == (TABLE[name]["broken"], TABLE[name]["lacking"])


def test_the_table_says_what_is_known_of_the_recordings():
    assert TABLE["good"]["broken"] == {}
    catalogue = load()
    for name, found in TABLE.items():
        assert found["lacking"] == {}
        blamed = {rule for rules in found["broken"].values() for rule in rules}
        if name != "good":
            assert blamed & set(MUTANTS[name].breaks), f"the recordings of {name} show no rule that it breaks"
        assert blamed <= catalogue.keys()
    assert len(TABLE) > 12


def test_the_corpus_is_whole_and_small():
    assert {path.name.partition(".")[0] for path in CORPUS.glob("*.jsonl.gz")} == set(TABLE)
    assert sum(path.stat().st_size for path in CORPUS.iterdir()) < BYTES_MAX
