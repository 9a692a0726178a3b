"""Looking closer: only what failed, a pause at a failure, every frame; help with examples, completion in shells."""

import io
import re
import shlex

import click
import pytest
from rich.console import Console

from conformance.cli.commands import program
from conformance.cli.display import Display
from conformance.cli.examples import LINES

FEW = ("--rules", "SOW-TOPN", "--seed", "7")


def ran(records):
    return [record["name"] for record in records() if record["record"] == "scenario"]


def broke(records):
    return [
        record["name"]
        for record in records()
        if record["record"] == "scenario" and any("masked_by" not in finding for finding in record["verdict"]["findings"])
    ]


# ---- only what failed --------------------------------------------------------------------------------------------------------


def test_only_the_scenarios_that_failed_run_again(run, broken, healthy, records):
    assert run("run", *FEW, "--target", broken)[0] == 1
    failed = broke(records)
    assert 0 < len(failed) < len(ran(records))
    assert run("run", "--only-failed", "--target", broken)[0] == 1
    assert ran(records) == failed
    code, out, _ = run("run", "--only-failed", "--target", healthy)
    assert code == 0, "\n".join(out)
    assert ran(records) == failed
    code, _, err = run("run", "--only-failed", "--target", healthy)
    assert (code, len(err)) == (2, 1)
    assert "no scenario of amps-report/run.jsonl broke a rule" in err[0]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ([], "cannot read amps-report/run.jsonl"),
        (["--profile", "pr"], "--only-failed runs no random scenarios"),
    ],
)
def test_there_is_nothing_to_run_again(run, options, line):
    code, out, err = run("run", "--only-failed", *options)
    assert (code, out, len(err)) == (2, [], 1)
    assert line in err[0]


# ---- a pause -----------------------------------------------------------------------------------------------------------------


def test_a_pause_keeps_connections_and_records(run, broken, monkeypatch):
    from conformance.client.session import Session
    from conformance.targets.control import look
    from conformance.targets.spec import parse_target

    seen = []

    def enter():
        session = Session.open(parse_target(broken), client_name="somebody")
        seen.append(len(look(session, ["amct_s00_orders"])["amct_s00_orders"].records))
        session.close()
        return "\n"

    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdin.readline", enter)
    code, out, _ = run("run", *FEW, "--target", broken, "--pause-on-failure")
    assert code == 1
    assert seen
    assert all(records > 0 for records in seen)
    assert out.count("Press Enter to close them and go on, Ctrl-C to end the run.") == len(seen)
    at = next(n for n, line in enumerate(out) if line.startswith("FAILED  SOW-TOPN-07  skip_n skips in the order: "))
    assert re.fullmatch(r"  scenario paging-\S+; its records are in the topics amct_s00_\*", out[at + 1])
    assert re.fullmatch(r"  open connections: a \(client name amct-\w+-s00-\d+-a\).*", out[at + 2])


def test_a_pause_needs_a_terminal(run, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    code, out, err = run("run", *FEW, "--pause-on-failure")
    assert (code, out) == (2, [])
    assert err == ["Error: --pause-on-failure waits for Enter; it needs a terminal"]


def test_nothing_is_waited_for_without_a_failure(run, healthy, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdin.readline", lambda: pytest.fail("nobody asked for this"))
    assert run("run", *FEW, "--target", healthy, "--pause-on-failure")[0] == 0


# ---- every frame -------------------------------------------------------------------------------------------------------------


def test_every_frame_in_a_line(run, healthy, records):
    code, out, _ = run("run", "--rules", "SOW-TOPN-07", "--target", healthy, "-v")
    assert code == 0
    frames = [line for line in out if re.match(r"  +\d+\.\d{4}  \S+ +[<>] \{", line)]
    counts = [record["counts"] for record in records() if record["record"] == "scenario"]
    assert len(frames) == sum(count["frames_sent"] + count["frames_received"] for count in counts)
    assert any('> {"c":"logon"' in line for line in frames)
    assert any('< {"c":"ack"' in line for line in frames)


def test_no_password_in_a_frame(run, healthy, monkeypatch):
    code, out, _ = run("run", "--rules", "SOW-TOPN-07", "--target", f"tcp://joe:s3cret-pw@{healthy}", "-v")
    assert code == 0
    assert not [line for line in out if "s3cret-pw" in line]
    assert [line for line in out if "(hidden)" in line]


# ---- progress ----------------------------------------------------------------------------------------------------------------


def progress(display):
    return display._said().split("   ")


def test_progress_has_counts_rate_and_time_left(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("conformance.cli.display.time.monotonic", lambda: now[0])
    display = Display(Console(file=io.StringIO()), Console(file=io.StringIO()))
    display.began("smoke", total=10, limit_s=None)
    display._scenarios, display._commands = 4, 200
    display._exercised = {"SOW-TOPN-01", "SOW-TOPN-07"}
    from conformance.results import Outcome

    display._broken = {"SOW-TOPN-07": Outcome.FAILED}
    now[0] += 8
    assert progress(display) == ["4 of 10 scenarios", "200 commands", "1 rule failed", "1 held", "25 commands/s", "0:12 left"]
    display._scenarios = 10
    assert progress(display)[-1] == "8.0 s"
    display.began("random", total=None, limit_s=90.0)
    now[0] += 25
    assert progress(display)[-1] == "1:05 left"


# ---- help and completion -----------------------------------------------------------------------------------------------------


def commands():
    for name, command in program.commands.items():
        if isinstance(command, click.Group):
            yield from ((f"{name} {sub}", one) for sub, one in command.commands.items())
        else:
            yield name, command


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_the_help_of_each_command_has_examples(run, name):
    code, out, err = run(*name.split(), "--help")
    assert (code, err) == (0, [])
    assert [line for line in out if line.strip().startswith((f"amps-conformance {name}", 'eval "$(amps-conformance'))]


@pytest.mark.parametrize("line", [line for lines in LINES.values() for line in lines if line.startswith("amps-conformance ")])
def test_an_example_is_a_command_line_that_exists(line):
    words = shlex.split(re.sub(r"\s{3,}.*| > \S+$", "", line))[1:]
    command = program
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    command.make_context(command.name, words, resilient_parsing=True)


@pytest.mark.parametrize(("shell", "line"), [("bash", "complete -o nosort -F"), ("zsh", "compdef"), ("fish", "complete --no-files")])
def test_completion(run, shell, line):
    code, out, err = run("completion", shell)
    assert (code, err) == (0, [])
    assert any(line in text and "amps-conformance" in text for text in out)


def test_a_shell_is_answered(run, monkeypatch, tmp_path):
    """Whatever is wrong with the files of the folder."""
    (tmp_path / "pyproject.toml").write_text("= =", "utf-8")
    monkeypatch.setenv("_AMPS_CONFORMANCE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "amps-conformance run --prof")
    monkeypatch.setenv("COMP_CWORD", "2")
    assert "plain,--profile" in run()[1]
