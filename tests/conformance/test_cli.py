"""The command line: exit codes, one line for whatever goes wrong, files that are whole, no traceback."""

import json
import re
import socket
import threading
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

from conformance import config_file
from conformance.cli import main
from conformance.config_file import expand
from conformance.results import Outcome
from conformance.rules import load
from conformance.server.embedded import EmbeddedServer
from reference_model.config import STANDARD

FEW = ("--rules", "SOW-TOPN", "--seed", "7")
"""Nine scenarios or so: quick, and enough for every part of a run."""


def schema(name):
    return Draft202012Validator(json.loads(files("conformance").joinpath(f"schemas/{name}.schema.json").read_text("utf-8")))


@pytest.fixture
def healthy():
    with EmbeddedServer(expand(STANDARD, range(2)), seed=5) as server:
        yield f"127.0.0.1:{server.port}"


@pytest.fixture
def broken():
    with EmbeddedServer(expand(STANDARD, range(2)), seed=5, mutants=["skip_n_ignored"]) as server:
        yield f"127.0.0.1:{server.port}"


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    """Call the command line in an empty folder: (exit code, lines on stdout, lines on stderr)."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out.splitlines(), err.splitlines()

    return call


def summary(folder):
    return json.loads((folder / "summary.json").read_text("utf-8"))


def records(folder):
    return [json.loads(line) for line in (folder / "run.jsonl").read_text("utf-8").splitlines()]


# ---- mistakes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--foo"], "No such option"),
        (["walk"], "No such command 'walk'"),
        (["run", "--foo"], "No such option '--foo'"),
        (["run", "--profile", "quick"], "'quick' is not one of"),
        (["run", "--rules", "NO-SUCH-01"], "no rule is named 'NO-SUCH-01'"),
        (["run", "--rules", "AGG"], "nothing to run for AGG"),
        (["run", "--slots", "3-1"], "'3-1' names no slots"),
        (["run", "--slots", "0-100"], "'0-100' names no slots"),
        (["run", "--profile", "pr", "--time-limit", "soon"], "'soon' is no duration"),
        (["run", "--time-limit", "5s"], "--time-limit goes with --profile pr, nightly or faults"),
        (["run", "--seed", "x"], "'x' is not a valid integer"),
        (["run", "--max-failures", "0"], "0 is not in the range"),
        (["run", "--timeout-scale", "0"], "not in the range"),
        (["run", "--target", "somewhere"], "a host and a port are needed"),
        (["run", "--target", "http://h:1"], "the scheme 'http' is not supported"),
        (["run", "--target", "tcp://u:secret@h:1/other"], "the protocol 'other' is not supported"),
        (["run", "--target-config", "absent.xml"], "absent.xml"),
        (["replay"], "Missing argument"),
        (["replay", "absent.json"], "cannot read absent.json"),
        (["rules", "--area", "NOPE"], "no area 'NOPE'"),
        (["rules", "--outcome", "failed"], "there is no run to take outcomes from"),
        (["config", "--slots", "0"], "0 is not in the range"),
        (["serve", "--mutant", "nonesuch"], "unknown mutant 'nonesuch'"),
        (["serve", "--listen", "nowhere:x"], "no address to listen on"),
        (["doctor"], "doctor needs --target"),
        (["run", "--toxiproxy", "here"], "--toxiproxy 'here' is no address; write HOST:PORT"),
        (["run", "--toxiproxy-listen", "h"], "--toxiproxy-upstream and --toxiproxy-listen go with --toxiproxy"),
        (["run", "--toxiproxy", "auto", "--toxiproxy-upstream", "x"], "--toxiproxy-upstream 'x' is no address"),
        (["proxy", "--target", "h:1", "--toxic", "wind"], "no toxic 'wind'; there are latency"),
        (["proxy", "--target", "h:1", "--toxic", "latency:much"], "'much' is no number such as latency_ms=50"),
        (["proxy", "--target", "h:1", "--toxic", "latency:rate_kb_s=1"], "latency has no number 'rate_kb_s'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(run, arguments, line):
    code, out, err = run(*arguments)
    assert (code, out, len(err)) == (2, [], 1)
    assert line in err[0]
    assert "secret" not in err[0]


def test_a_toxiproxy_that_is_not_there_is_not_measured(run):
    code, out, err = run("run", *FEW, "--toxiproxy", "127.0.0.1:9")
    assert code == 4
    assert any("no toxiproxy answers on 127.0.0.1:9" in line for line in (*out, *err))


def test_a_program_with_faults_of_a_proxy_needs_one(run, tmp_path):
    program = {"schema_version": 1, "name": "p", "steps": [{"fault": "latency"}, {"open": "a"}]}
    (tmp_path / "p.json").write_text(json.dumps(program))
    code, out, err = run("replay", "p.json")
    assert (code, out) == (2, [])
    assert err == ["Error: p has faults that only a proxy makes: --toxiproxy"]


def test_a_report_folder_that_is_a_file(run, tmp_path):
    (tmp_path / "taken").write_text("")
    code, out, err = run("run", *FEW, "--report-dir", "taken")
    assert (code, out) == (2, [])
    assert err == ["Error: cannot write to taken: it is no folder"]


def test_a_mistake_of_ours_is_one_line_and_the_rest_in_a_file(run, monkeypatch, tmp_path):
    def oops(*_args, **_options):
        raise ZeroDivisionError("of a kind that nobody foresaw")

    monkeypatch.setattr("conformance.cli.telling.config", oops)
    code, out, err = run("config")
    assert (code, out) == (5, [])
    assert err == [
        "Error: this is a mistake of ours: ZeroDivisionError: of a kind that nobody foresaw; details in amps-report/crash.txt"
    ]
    assert "Traceback" in (tmp_path / "amps-report" / "crash.txt").read_text("utf-8")


# ---- targets that are none ---------------------------------------------------------------------------------------------------


class Peer:
    """Listens and answers whatever comes with the same bytes; None: never answers."""

    def __init__(self, answer):
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._open = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            if self._answer is not None:
                connection.recv(1 << 16)
                connection.sendall(self._answer)
                if self._answer.endswith(b"\r\n\r\n"):
                    connection.close()

    def close(self):
        for connection in (self._listener, *self._open):
            connection.close()


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "answers, but not in the amps protocol (first bytes: 'HTTP/1.1 400"),
        (b"\x00\x00\x00\x05hello", "not in the amps protocol"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "not in the amps protocol"),
        (None, "did not answer the logon"),
    ],
    ids=["http", "no json", "ssh", "silence"],
)
def test_something_else_listens(run, tmp_path, answer, line):
    peer = Peer(answer)
    try:
        code, out, err = run("run", *FEW, "--target", peer.address, "--timeout-scale", "0.1")
    finally:
        peer.close()
    assert (code, out, len(err)) == (4, [], 1)
    assert err[0].startswith(f"Not measured: {peer.address}")
    assert line in err[0]
    assert summary(tmp_path / "amps-report")["outcome"] == "not_measured"


def test_nothing_listens(run, tmp_path):
    code, out, err = run("run", "--target", "127.0.0.1:9")
    assert (code, out) == (4, [])
    assert err == ["Not measured: nothing listens on 127.0.0.1:9 (connection refused)."]
    assert records(tmp_path / "amps-report")[-1]["unmeasured"] == ["nothing listens on 127.0.0.1:9 (connection refused)"]
    assert len(summary(tmp_path / "amps-report")["rules"]) == len(load())


def test_a_server_without_our_topics(run):
    with EmbeddedServer(expand(STANDARD, range(1))) as server:
        code, out, err = run("run", *FEW, "--target", f"127.0.0.1:{server.port}", "--slots", "5")
    assert (code, out, len(err)) == (4, [], 1)
    assert "amct_s05_" in err[0]
    assert "amps-conformance config" in err[0]


# ---- runs --------------------------------------------------------------------------------------------------------------------


def test_a_run_on_a_healthy_server(run, tmp_path, healthy):
    code, out, err = run("run", *FEW, "--target", healthy, "--report-dir", "here")
    assert (code, err) == (0, []), "\n".join(out)
    assert re.match(r"amps-conformance \S+   rules of AMPS 5\.3\.5   profile smoke   seed 7   slots 0$", out[0])
    assert any(line.startswith("Conforming: ") for line in out)
    assert out[-1] == "here/index.html   summary.json   run.jsonl"
    found = summary(tmp_path / "here")
    schema("summary").validate(found)
    validator = schema("run")
    for record in records(tmp_path / "here"):
        validator.validate(record)
    assert found["outcome"] == "conforming"
    assert set(found["rules"]) == set(load())


def test_rules_that_the_run_leaves_out_are_unchecked_and_say_so(run, tmp_path, healthy):
    assert run("run", *FEW, "--exclude", "SOW-TOPN-01", "--target", healthy)[0] == 0
    rules = summary(tmp_path / "amps-report")["rules"]
    outside = [rules[rule.id] for rule in load().values() if rule.topic != "SOW-TOPN" or rule.id == "SOW-TOPN-01"]
    assert not [result for result in outside if result["exercised"]]
    assert rules["SOW-TOPN-01"] == {"outcome": "unchecked", "exercised": 0, "findings": 0, "reason": "excluded"}
    assert rules["SOW-TOPN-07"]["outcome"] == "passed"


def test_a_run_on_a_broken_server_and_the_replay_of_what_it_found(run, tmp_path, broken, healthy):
    code, out, _ = run("run", *FEW, "--target", broken)
    assert code == 1
    assert any(line.startswith("FAILED  SOW-TOPN-07") for line in out)
    found = summary(tmp_path / "amps-report")
    schema("summary").validate(found)
    assert (found["outcome"], found["rules"]["SOW-TOPN-07"]["outcome"]) == ("nonconforming", "failed")
    replay = next(line for line in out if line.strip().startswith("replay  amps-conformance replay amps-report/programs/SOW-TOPN-07-"))
    assert replay.endswith(f"--target tcp://{broken}/amps/json")
    arguments = replay.split()[2:]
    assert run(*arguments)[0] == 1
    code, out, _ = run(*arguments[:2], "--target", healthy)
    assert code == 0
    assert re.fullmatch(r"Nothing is broken: \d+ rules put to the test and held\.", out[-1])
    assert summary(tmp_path / "amps-report") == found, "a replay writes into a folder of its own"
    assert summary(tmp_path / "amps-report" / "replay")["outcome"] == "conforming"


def test_enough_failures_end_a_run(run, tmp_path, broken):
    assert run("run", "--max-failures", "1", "--target", broken, *FEW)[0] == 1
    names = [record["name"] for record in records(tmp_path / "amps-report") if record["record"] == "scenario"]
    assert len(names) < len(run("run", *FEW, "--list")[1]) - 1


def test_strict_turns_a_deviation_red(run, broken):
    assert run("run", "--rules", "SOW-TOPN-14", "--target", broken)[0] == 0
    assert run("run", "--rules", "SOW-TOPN-14", "--target", broken, "--strict")[0] == 1


def test_a_target_that_dies_in_the_middle(run, tmp_path, monkeypatch, healthy):
    from conformance.errors import UnreachableError
    from conformance.run.bench import Bench

    examine, count = Bench.examine, 0

    def dying(bench, scenario):
        nonlocal count
        count += 1
        if count == 4:
            raise UnreachableError("the target is gone")
        return examine(bench, scenario)

    monkeypatch.setattr(Bench, "examine", dying)
    code, out, _ = run("run", *FEW, "--target", healthy)
    assert code == 4
    assert any(line.startswith("Not measured: the target is gone") for line in out)
    kinds = [record["record"] for record in records(tmp_path / "amps-report")]
    assert kinds == ["header", "scenario", "scenario", "scenario", "footer"]


def test_a_mistake_of_ours_in_one_scenario(run, tmp_path, monkeypatch, healthy):
    from conformance.run import bench

    def oops(*_args):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(bench, "judge", oops)
    code, out, _ = run("run", "--rules", "SOW-TOPN-02", "--target", healthy)
    assert code == 5
    assert any("judge: ZeroDivisionError: oops" in line for line in out)
    assert "Traceback" in (tmp_path / "amps-report" / "crash.txt").read_text("utf-8")
    outcomes = {result["outcome"] for result in summary(tmp_path / "amps-report")["rules"].values()}
    assert not outcomes & {Outcome.FAILED.word, Outcome.INCONCLUSIVE.word}


def test_the_list_names_scenarios_with_their_rules_and_runs_nothing(run, tmp_path):
    code, out, err = run("run", *FEW, "--list", "--target", "127.0.0.1:9")
    assert (code, err) == (0, [])
    assert re.fullmatch(r"\d+ scenarios for \d+ rules", out[-1])
    assert all("SOW-TOPN" in line for line in out[:-1])
    assert not (tmp_path / "amps-report").exists()


# ---- programs ----------------------------------------------------------------------------------------------------------------


def test_a_program_that_is_no_program(run, tmp_path):
    (tmp_path / "bad.json").write_text('{"name": "x", "steps": [{"send": "a", "command": {}}]}')
    code, out, err = run("replay", "bad.json")
    assert (code, out) == (2, [])
    assert err == ["Error: bad.json: steps[0].command: 'cmd' is missing"]


def test_a_program_that_the_model_does_not_judge(run, tmp_path):
    program = {
        "schema_version": 1,
        "name": "x",
        "steps": [{"open": "a"}, {"send": "a", "command": {"cmd": "sow", "topic": "@orders", "filter": "/a ="}}],
    }
    (tmp_path / "odd.json").write_text(json.dumps({**program, "steps": [*program["steps"], {"close": "b"}]}))
    code, _, err = run("replay", "odd.json")
    assert (code, len(err)) == (2, 1)
    assert "cannot be judged" in err[0]


def test_a_program_that_needs_what_the_target_lacks(run, tmp_path):
    (tmp_path / "log.json").write_text(json.dumps({"schema_version": 1, "name": "log", "needs": ["txlog"], "steps": [{"open": "a"}]}))
    code, _, err = run("replay", "log.json")
    assert code == 4
    assert err == ["Not measured: log needs txlog, which the target is not declared to have."]


# ---- the other commands ------------------------------------------------------------------------------------------------------


def test_version(run):
    assert re.fullmatch(r"amps-conformance \d+\.\d+\.\d+", run("--version")[1][0])


@pytest.mark.parametrize("command", ["run", "replay", "rules", "config", "serve", "doctor"])
def test_help(run, command):
    code, out, err = run(command, "--help")
    assert (code, err) == (0, [])
    assert out[0].startswith(f"Usage: amps-conformance {command} ")


def test_rules(run):
    code, out, _ = run("rules", "SOW-TOPN-07")
    assert code == 0
    assert out[0] == "SOW-TOPN-07  skip_n skips in the order"
    assert any(line.startswith("Predicted in: reference_model/") for line in out)
    assert json.loads("\n".join(run("rules", "SOW-TOPN-07", "--format", "json")[1]))["id"] == "SOW-TOPN-07"
    listed = run("rules", "--tier", "1")[1]
    assert listed[-1] == f"{sum(rule.core for rule in load().values())} rules"


def test_rules_knows_the_last_run(run, healthy):
    run("run", *FEW, "--target", healthy)
    assert "SOW-TOPN-07" in "\n".join(run("rules", "SOW-TOPN", "--outcome", "passed")[1])
    assert run("rules", "SOW-TOPN", "--outcome", "failed")[1] == ["0 rules"]


def test_the_printed_configuration_is_what_the_server_reads(run):
    code, out, err = run("config", "--slots", "2", "--port", "9100")
    assert (code, err) == (0, [])
    read, warnings = config_file.read("\n".join(out))
    assert warnings == []
    assert read.features == STANDARD.features
    assert read.topics == expand(STANDARD, range(2)).topics
    assert read.transports[0].address == "9100"


def test_a_configuration_of_ones_own(run, tmp_path, healthy):
    (tmp_path / "own.xml").write_text("\n".join(run("config", "--slots", "1")[1]))
    assert run("run", *FEW, "--target", healthy, "--target-config", "own.xml")[0] == 0
    code, _, err = run("run", *FEW, "--target", healthy, "--target-config", "own.xml", "--slots", "1")
    assert (code, len(err)) == (2, 1)
    assert "no topic of slot 1" in err[0]


def test_doctor(run, healthy):
    code, out, err = run("doctor", "--target", healthy)
    assert (code, err) == (0, [])
    assert all(line.startswith(("ok  ", "warn")) for line in out), out
    code, out, err = run("doctor", "--target", "127.0.0.1:9")
    assert (code, err) == (4, [])
    assert out == ["no    nothing listens on 127.0.0.1:9 (connection refused)"]
