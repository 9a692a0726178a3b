"""The command selftest: a fault is found, a mutant without fault is not and turns the exit code red, the table is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance import detection, selftest
from conformance.cli.main import main


def run(folder: Path, *arguments: str) -> int:
    return main(["selftest", "--quick", "--smoke", "--report-dir", str(folder), *arguments])


def test_a_fault_is_found(tmp_path, capsys):
    assert run(tmp_path, "--mutant", "skip_n_ignored", "--mutant", "dot_matches_newline", "--processes", "2") == 0
    rows = detection.from_json((tmp_path / "selftest.json").read_text("utf-8"))
    assert [(row.mutant, row.found, row.exact) for row in rows] == [("skip_n_ignored", True, True), ("dot_matches_newline", True, True)]
    assert "2 of 2 mutants found, 2 blamed exactly" in capsys.readouterr().out


def test_what_breaks_without_any_fault_turns_the_run_red(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        "conformance.cli.selftesting.healthy", lambda _: selftest.Health(broken=frozenset({"SOW-TOPN-07"}), exercised={})
    )
    assert run(tmp_path, "--mutant", "batches_of_ten") == 1
    assert "the server without fault breaks SOW-TOPN-07" in capsys.readouterr().out


def test_the_table_keeps_the_rows_of_other_mutants(tmp_path):
    table = tmp_path / "table.json"
    assert run(tmp_path, "--mutant", "top_n_ignored", "--table", str(table)) == 0
    assert run(tmp_path, "--whole", "--mutant", "skip_n_ignored", "--table", str(table)) == 0
    rows = detection.from_json(table.read_text("utf-8"))
    assert [row.mutant for row in rows] == ["skip_n_ignored", "top_n_ignored"]
    assert "SOW-TOPN-07" in rows[0].killed


@pytest.mark.parametrize(("arguments", "code"), [(("--mutant", "no_such"), 2), (("--mutant", "batches_of_ten", "--table", "TABLE"), 2)])
def test_usage(tmp_path, capsys, arguments, code):
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps([{"mutant": "a"}]), encoding="utf-8")
    assert run(tmp_path, *(str(broken) if one == "TABLE" else one for one in arguments)) == code
    assert capsys.readouterr().err.startswith("Error: ")
