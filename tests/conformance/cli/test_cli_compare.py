"""Two runs, or two targets, side by side."""

import json
import re

import pytest

FEW = ("--rules", "SOW-TOPN", "--seed", "7")


def test_two_targets_that_differ_in_a_rule(run, tmp_path, healthy, broken):
    code, out, err = run("compare", healthy, broken, *FEW)
    assert code == 1
    assert err == [f"running on tcp://{name}/amps/json, seed 7" for name in (healthy, broken)]
    assert out[0].startswith(f"A  tcp://{healthy}/amps/json   AMPS 5.3.5.0   ")
    assert "  SOW-TOPN-07  skip_n skips in the order: A passed, B failed" in out
    assert any(line.startswith("      B: ") for line in out)
    shortest = next(line for line in out if line.startswith("The shortest program on which they differ: "))
    assert int(re.search(r", (\d+) commands", shortest)[1]) < 6, "it was shrunk on both"
    assert any(re.match(r"  A: SOW-TOPN-\d\d holds", line) for line in out)
    assert any(re.match(r"  B: SOW-TOPN-\d\d broken: ", line) for line in out)
    replays = [line.split()[1:] for line in out if line.startswith("  amps-conformance replay ")]
    assert len(replays) == 2
    assert run(*replays[0], "--report-dir", "again")[0] == 0


def test_two_run_files(run, tmp_path, healthy, broken):
    run("run", *FEW, "--target", healthy, "--report-dir", "good")
    run("run", *FEW, "--target", broken, "--report-dir", "bad")
    code, out, err = run("compare", "good", "bad/run.jsonl")
    assert (code, err) == (1, [])
    assert "  SOW-TOPN-07  skip_n skips in the order: A passed, B failed" in out
    path = out[-1].strip()
    assert json.loads((tmp_path / path).read_text("utf-8"))["name"].startswith("paging-")
    assert run("compare", "good", "good")[0::2] == (0, [])
    assert run("compare", "good", "good")[1][-1] == "No difference."


def test_freedoms_that_are_used_differently(run, tmp_path, healthy):
    """What the documentation leaves open is no failure on either side, and a difference all the same."""
    run("run", *FEW, "--target", healthy, "--report-dir", "one")
    (tmp_path / "two").mkdir()
    with (tmp_path / "two" / "run.jsonl").open("w", encoding="utf-8") as file:
        for line in (tmp_path / "one" / "run.jsonl").read_text("utf-8").splitlines():
            record = json.loads(line)
            for counts in (record.get("verdict") or {}).get("choices", {}).values():
                names = list(counts)
                counts["something else"] = counts.pop(names[0])
            file.write(json.dumps(record) + "\n")
    code, out, _ = run("compare", "one", "two")
    assert code == 1
    assert any(re.match(r"\d+ freedoms are used differently:", line) for line in out)
    assert any("; B something else (" in line for line in out)
    assert not any("different outcomes" in line for line in out)
    assert any(line.startswith("The shortest program on which they differ: ") for line in out)


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["absent.jsonl", "absent.jsonl"], 2, "cannot read absent.jsonl"),
        (["absent.jsonl", "127.0.0.1:9"], 2, "compare two run files, or two targets"),
        (["127.0.0.1:9", "127.0.0.1:9", "--slots", "3-1"], 2, "'3-1' names no slots"),
        (["one"], 2, "Missing argument"),
        (["127.0.0.1:9", "127.0.0.1:9", *FEW], 4, "nothing listens on 127.0.0.1:9"),
    ],
)
def test_what_cannot_be_compared_is_one_line(run, arguments, code, line):
    found, out, err = run("compare", *arguments)
    assert (found, out) == (code, [])
    assert line in err[-1]
