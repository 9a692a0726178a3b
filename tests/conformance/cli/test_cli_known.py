"""Known failures on the command line: a defect is found, excused with a reason and a last day, and the excuse turns stale."""

import datetime as dt
import json
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

FEW = ("run", "--rules", "SOW-TOPN", "--seed", "7")
TOMORROW = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)).isoformat()


def excuse(folder, **more):
    lines = [f"{name} = {value!r}" for name, value in {"rule": "SOW-TOPN-07", "reason": "skip_n is ignored", **more}.items()]
    (folder / "known.toml").write_text("\n".join(["[[known-failing]]", *lines]), "utf-8")


def test_from_the_defect_to_the_stale_excuse(run, tmp_path, broken, healthy, records, summary):
    assert run(*FEW, "--target", broken)[0] == 1
    code, out, err = run("known-failing", "update", "known.toml")
    assert (code, out) == (2, [])
    assert err == ["Error: SOW-TOPN-07 fails and no entry says why; give --reason 'TEXT'"]
    assert not (tmp_path / "known.toml").exists()
    code, out, err = run("known-failing", "update", "known.toml", "--reason", "skip_n is ignored", "--expires", TOMORROW)
    assert (code, err) == (0, [])
    assert out == ["added    SOW-TOPN-07  skip_n skips in the order", "known.toml: 1 entry"]

    code, out, _ = run(*FEW, "--target", broken, "--known-failing", "known.toml")
    assert code == 0
    assert f"KNOWN FAILING  SOW-TOPN-07  skip_n skips in the order: skip_n is ignored (until {TOMORROW})" in out
    assert any(line.startswith("Conforming: ") and line.endswith("0 failed, 1 deviate, 1 known failing.") for line in out)
    assert not [line for line in out if line.startswith("FAILED")]
    result = summary()["rules"]["SOW-TOPN-07"]
    assert result["outcome"] == "failed", "an excuse changes no verdict"
    assert result["known"] == {"view": "known_failing", "reason": "skip_n is ignored"}
    for name, data in (("summary", [summary()]), ("run", records())):
        schema = Draft202012Validator(json.loads(files("conformance").joinpath(f"schemas/{name}.schema.json").read_text("utf-8")))
        for one in data:
            schema.validate(one)

    code, out, _ = run(*FEW, "--target", healthy, "--known-failing", "known.toml")
    assert code == 1, "the excuse is stale"
    assert [line for line in out if line.startswith("UNEXPECTED PASS  SOW-TOPN-07") and line.endswith("take its entry out")]
    assert summary()["outcome"] == "nonconforming"
    assert run("known-failing", "update", "known.toml")[1] == ["dropped  SOW-TOPN-07: not needed any more", "known.toml: 0 entries"]
    assert run(*FEW, "--target", healthy, "--known-failing", "known.toml")[0] == 0


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"expires": "2020-01-01"}, "known.toml: the entry for SOW-TOPN-07 has expired on 2020-01-01"),
        ({"rule": "QUEUE"}, "known.toml: QUEUE matches nothing that is checked on this target"),
        ({"rule": "SOW-NOPE-01"}, "no rule is named 'SOW-NOPE-01'"),
        ({"reason": ""}, "its reason is no text"),
    ],
)
def test_an_entry_that_cannot_count_ends_the_run_before_it_begins(run, tmp_path, more, line):
    excuse(tmp_path, **more)
    code, out, err = run(*FEW, "--known-failing", "known.toml")
    assert (code, out, len(err)) == (2, [], 1)
    assert line in err[0]
    assert not (tmp_path / "amps-report").exists()


def test_a_file_that_is_not_there(run):
    assert run(*FEW, "--known-failing", "absent.toml")[::2] == (2, ["Error: cannot read absent.toml: No such file or directory"])


def test_an_unreachable_server_is_never_excused(run, tmp_path):
    excuse(tmp_path, rule="*")
    assert run(*FEW, "--known-failing", "known.toml", "--target", "127.0.0.1:9")[0] == 4
    code, _, err = run("known-failing", "update", "known.toml")
    assert (code, err) == (2, ["Error: the run is not measured: it cannot say what is known to fail"])


def test_an_excused_failure_does_not_count_as_one_of_those_that_end_a_run(run, tmp_path, broken, records):
    excuse(tmp_path)
    assert run(*FEW, "--target", broken, "--known-failing", "known.toml", "--max-failures", "1")[0] == 0
    ran = sum(record["record"] == "scenario" for record in records())
    assert ran == len(run(*FEW, "--list")[1]) - 1


def test_a_condition_on_the_version_is_held_against_what_the_target_says(run, tmp_path, broken):
    excuse(tmp_path, version=">=5.3.5")
    assert run(*FEW, "--target", broken, "--known-failing", "known.toml")[0] == 0
    excuse(tmp_path, version=">=5.3.6")
    assert run(*FEW, "--target", broken, "--known-failing", "known.toml")[0] == 1


def test_the_run_file_carries_the_excuses(run, tmp_path, broken, records):
    from reports.record import from_files

    excuse(tmp_path)
    run(*FEW, "--target", broken, "--known-failing", "known.toml")
    assert records()[0]["known"] == [{"rule": "SOW-TOPN-07", "covers": ["SOW-TOPN-07"], "reason": "skip_n is ignored"}]
    (tmp_path / "known.toml").unlink()
    report = from_files([tmp_path / "amps-report" / "run.jsonl"])
    assert report.conclusion.exit_code == 0
    assert [how.view for how in report.excused.values()] == ["known_failing"]
