"""Options from pyproject.toml and from a target file, and which of them counts."""

import pytest

FEW = ("--rules", "SOW-TOPN", "--seed", "7")


@pytest.fixture
def project(tmp_path):
    def write(text, folder="."):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "pyproject.toml").write_text(text, "utf-8")

    return write


@pytest.fixture
def target(tmp_path):
    def write(uri, more=""):
        (tmp_path / "amps.toml").write_text(f'uri = "{uri}"\n{more}', "utf-8")

    return write


def opening(out):
    """The words of the first two lines of a run."""
    return " ".join(out[:2])


def test_the_table_of_the_project(run, project, healthy, summary):
    project(f'[tool.amps-conformance]\ntarget = "{healthy}"\nseed = 11\nslots = "1"\n[tool.amps-conformance.run]\nrules = "SOW-TOPN"\n')
    code, out, err = run("run", "--report-dir", "here")
    assert (code, err) == (0, [])
    assert "seed 11   slots 1" in opening(out)
    assert healthy in opening(out)
    assert summary("here")["rules"]["SOW-KEY-01"]["reason"] == "excluded"
    assert "seed 12" in opening(run("run", "--seed", "12")[1]), "the command line counts first"
    assert run("config", "--slots", "1")[0] == 0, "'1' is no range there, and not needed"


def test_the_table_of_a_command_goes_before_the_common_one(run, project, healthy):
    project(f'[tool.amps-conformance]\ntarget = "{healthy}"\nseed = 1\nrules = "SOW-TOPN"\n[tool.amps-conformance.run]\nseed = 2\n')
    assert "seed 2" in opening(run("run")[1])


def test_the_nearest_table_counts_and_paths_are_relative_to_it(run, project, target, healthy, tmp_path, monkeypatch):
    target(healthy)
    project('[tool.amps-conformance]\ntarget-file = "amps.toml"\nrules = "SOW-TOPN"\n')
    project("[tool.other]\n", folder="sub")
    monkeypatch.chdir(tmp_path / "sub")
    code, out, _ = run("run")
    assert code == 0
    assert healthy in opening(out)


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("speed = 3", "there is no option 'speed'"),
        ("[tool.amps-conformance.fly]\nx = 1", "there is no command 'fly'"),
        ("[tool.amps-conformance.rules]\nseed = 1", "rules has no option 'seed'"),
        ('profile = "quick"', "profile: 'quick' is not one of"),
        ("max-failures = 0", "max-failures: 0 is not in the range"),
        ("strict = 1", "strict is true or false"),
        ("seed = [1]", "seed takes one value, no list"),
    ],
)
def test_a_mistake_in_the_table_is_one_line(run, project, table, line):
    project(f"[tool.amps-conformance]\n{table}\n")
    code, out, err = run("run")
    assert (code, out, len(err)) == (2, [], 1)
    assert line in err[0]
    assert err[0].startswith("Error: pyproject.toml: [tool.amps-conformance]: ")


def test_a_project_file_that_is_no_toml(run, project):
    project("= =")
    assert run("run")[::2][0] == 2


# ---- the target file ---------------------------------------------------------------------------------------------------------


def test_a_target_file_says_where_and_how(run, target, healthy, records):
    target(healthy, 'slots = "1"\nversions = ">=5.3.5"\nfeatures = ["sow", "delta", "no-txlog"]\n[limits]\ntimeout-scale = 3\n')
    code, out, err = run("run", *FEW, "--target-file", "amps.toml")
    assert (code, err) == (0, [])
    assert "slots 1" in opening(out)
    head = records()[0]
    assert head["target"]["features"] == ["delta", "no-txlog", "sow"]
    assert head["options"]["timeout_scale"] == 3
    assert head["options"]["target_file"] == "amps.toml"
    assert "slots 0" in opening(run("run", *FEW, "--target-file", "amps.toml", "--slots", "0")[1])
    assert run("doctor", "--target-file", "amps.toml")[0] == 0


def test_a_replay_line_names_the_target_file(run, target, broken):
    target(broken)
    code, out, _ = run("run", *FEW, "--target-file", "amps.toml")
    assert code == 1
    line = next(line for line in out if line.strip().startswith("replay  amps-conformance replay "))
    assert line.endswith(" --target-file amps.toml")
    assert run(*line.split()[2:])[0] == 1


def test_another_version_is_not_measured(run, target, healthy):
    target(healthy, 'versions = "<5"')
    code, out, err = run("run", *FEW, "--target-file", "amps.toml")
    assert (code, out) == (4, [])
    assert err == ["Not measured: the target says that it is version '5.3.5.0', and the target file wants <5."]
    assert run("doctor", "--target-file", "amps.toml")[0] == 4


def test_two_targets(run, target, project, healthy):
    target("127.0.0.1:9")
    code, out, err = run("run", *FEW, "--target", healthy, "--target-file", "amps.toml")
    assert (code, out) == (2, [])
    assert err == ["Error: --target and --target-file name two servers; give one of them"]
    project('[tool.amps-conformance]\ntarget-file = "amps.toml"\n')
    assert run("run", *FEW, "--target", healthy)[0] == 0, "the command line counts first"
    project(f'[tool.amps-conformance]\ntarget = "{healthy}"\n')
    assert run("run", *FEW, "--target-file", "amps.toml")[0] == 4


def test_a_target_file_that_is_wrong(run, target):
    target("127.0.0.1:9", "speed = 3")
    code, out, err = run("run", "--target-file", "amps.toml")
    assert (code, out, len(err)) == (2, [], 1)
    assert err[0].startswith("Error: amps.toml: the file has a 'speed'")
    target("127.0.0.1:9", "[limits]\nmax-rate = -1")
    code, _, err = run("run", "--target-file", "amps.toml")
    assert (code, len(err)) == (2, 1)
