"""Recorded runs are judged again, without a target; what was not recorded whole is counted."""

import gzip
import json

import pytest

FEW = ("run", "--rules", "SOW-TOPN", "--seed", "7")


@pytest.fixture
def edited(tmp_path, records):
    """Write the records of the last run to other.jsonl, each scenario passed through a function; None leaves it as it is."""

    def write(change, *, name="other.jsonl"):
        found = records()
        for record in found:
            if record["record"] == "scenario":
                change(record)
        data = "".join(json.dumps(record) + "\n" for record in found).encode()
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return name

    return write


def test_a_run_is_judged_as_it_was(run, broken, records, summary):
    assert run(*FEW, "--target", broken)[0] == 1
    code, out, err = run("judge", "amps-report/run.jsonl")
    assert (code, err) == (1, [])
    count = sum(record["record"] == "scenario" for record in records())
    assert out[-2:] == [f"Judged again: {count} of {count} scenarios.", "Every rule comes to what it came to then."]
    assert any(line.startswith("FAILED  SOW-TOPN-07") for line in out)
    assert any("replay  amps-conformance replay amps-report/judged/programs/SOW-TOPN-07-" in line for line in out)
    then, now = summary()["rules"], summary("amps-report/judged")["rules"]
    assert {rule: result["outcome"] for rule, result in then.items()} == {rule: result["outcome"] for rule, result in now.items()}
    assert run("judge", "amps-report/judged", "--report-dir", "third")[1][-1] == "Every rule comes to what it came to then."


def test_what_the_model_sees_otherwise_today_is_told(run, healthy, edited):
    assert run(*FEW, "--target", healthy)[0] == 0

    def was_broken(record):
        record["verdict"]["findings"].append({"rule": "SOW-TOPN-01", "kind": "wrong", "what": "x"})

    code, out, _ = run("judge", edited(was_broken, name="other.jsonl.gz"))
    assert code == 0
    assert [line for line in out if line.startswith("  SOW-TOPN-01  ") and line.endswith(": failed then, passed now")]
    assert "Every rule comes to what it came to then." not in out


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda record: record.pop("observation"), "its recording was not kept (--record all keeps every one)"),
        (lambda record: record.update(observation=None, digest=None), "it did not come to a recording"),
        (lambda record: record["observation"]["events"].pop(), "its recording was changed since"),
        (lambda record: record["program"].pop("steps"), "its record cannot be read: UsageError"),
        (
            lambda record: record["program"]["steps"].append({"close": "nobody", "label": "late"}),
            "the model does not judge such a program any more",
        ),
    ],
    ids=["not kept", "none", "changed", "no program", "not judged"],
)
def test_scenarios_that_cannot_be_judged_are_counted_with_the_reason(run, healthy, edited, change, line):
    assert run(*FEW, "--target", healthy)[0] == 0
    code, out, err = run("judge", edited(change))
    assert (code, err) == (4, []), "nothing was measured"
    assert any(text.startswith("Judged again: 0 of ") for text in out)
    assert any(text.startswith("  not judged: ") and line in text for text in out)


def test_a_mistake_of_ours_spoils_its_scenario_only(run, healthy, monkeypatch):
    from conformance.run import again

    judge = again.judge

    def oops(scenario, *rest):
        if scenario.name == "paging-pages":
            raise ZeroDivisionError("oops")
        return judge(scenario, *rest)

    assert run(*FEW, "--target", healthy)[0] == 0
    monkeypatch.setattr(again, "judge", oops)
    code, out, _ = run("judge")
    assert code == 5
    assert any("paging-pages: judge: ZeroDivisionError: oops" in line for line in out)
    assert any(line.startswith("Harness error: 1 error of ours") for line in out)


def test_only_the_rules_of_the_run_are_judged(run, broken, records):
    run("run", "--rules", "SOW-TOPN-01", "--target", broken)
    run("judge")
    found = [record for record in records("amps-report/judged") if record["record"] == "scenario"]
    assert found
    assert {rule for record in found for rule in record["verdict"]["exercised"]} <= {"SOW-TOPN-01"}


def test_the_instance_of_the_run_is_that_of_the_judgement(run, tmp_path, healthy, records):
    """Where two topics should not share a key domain the keys of the server are wrong, and again so without the file."""
    xml = "\n".join(run("config", "--slots", "1")[1])
    (tmp_path / "own.xml").write_text(xml.replace("amct_sku", "other", 1), "utf-8")
    assert run("run", "--rules", "SOW-KEY", "--target", healthy, "--target-config", "own.xml")[0] == 1
    (tmp_path / "own.xml").unlink()
    code, out, _ = run("judge")
    assert (code, out[-1]) == (1, "Every rule comes to what it came to then.")
    domains = {topic["name"]: topic["key_domain"] for topic in records()[0]["instance"]["topics"]}
    assert domains["@stock"] == "other"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["absent.jsonl"], "cannot read absent.jsonl"),
        (["."], ". holds no run.jsonl"),
        (["noise.jsonl"], "noise.jsonl is no run file"),
        (["noise.jsonl.gz"], "cannot read noise.jsonl.gz"),
    ],
)
def test_what_is_no_run_file_is_one_line(run, tmp_path, arguments, line):
    (tmp_path / "noise.jsonl").write_text("{}\n")
    (tmp_path / "noise.jsonl.gz").write_bytes(gzip.compress(b"x" * 1000)[:20])
    code, out, err = run("judge", *arguments)
    assert (code, out, len(err)) == (2, [], 1)
    assert line in err[0]


def test_a_run_is_not_written_over(run, healthy):
    run(*FEW, "--target", healthy)
    code, _, err = run("judge", "amps-report", "--report-dir", "amps-report")
    assert (code, len(err)) == (2, 1)
    assert "would be written over" in err[0]
