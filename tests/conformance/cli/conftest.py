"""The command line called in an empty folder, and servers to call it on."""

import json

import pytest

from conformance.cli import main
from conformance.config_file import expand
from conformance.server.embedded import EmbeddedServer
from reference_model.config import STANDARD

MUTANT = "skip_n_ignored"
"""Breaks SOW-TOPN-07."""


@pytest.fixture
def healthy():
    with EmbeddedServer(expand(STANDARD, range(2)), seed=5) as server:
        yield f"127.0.0.1:{server.port}"


@pytest.fixture
def broken():
    with EmbeddedServer(expand(STANDARD, range(2)), seed=5, mutants=[MUTANT]) as server:
        yield f"127.0.0.1:{server.port}"


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    """(exit code, lines on stdout, lines on stderr) of a call."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)  # the workers of xdist have one

    def call(*arguments):
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out.splitlines(), err.splitlines()

    return call


@pytest.fixture
def records(tmp_path):
    """The records of a run file."""

    def read(folder="amps-report"):
        return [json.loads(line) for line in (tmp_path / folder / "run.jsonl").read_text("utf-8").splitlines()]

    return read


@pytest.fixture
def summary(tmp_path):
    """The summary of a run."""

    def read(folder="amps-report"):
        return json.loads((tmp_path / folder / "summary.json").read_text("utf-8"))

    return read
