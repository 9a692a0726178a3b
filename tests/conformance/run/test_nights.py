"""What makes a night: the corpus of what failed once, shards, turns between what is drawn, a target that is started again."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from itertools import count, islice

import pytest

from conformance import programs
from conformance.errors import UnreachableError, UsageError
from conformance.results import Outcome
from conformance.rules import load
from conformance.run import conduct
from conformance.run.events import Silent
from conformance.run.regressions import keep, regressions
from conformance.run.restarting import restart
from conformance.run.selection import select, shard_of
from conformance.run.settings import Settings, parse_shard
from conformance.run.turns import EXPLORED_EVERY, FIRST, Turns
from conformance.run_file import RUN_FILE, records
from conformance.targets.embedded import EmbeddedTarget
from conformance.targets.spec import parse_target
from reference_model.config import STANDARD
from reference_model.scenario import Scenario
from reports.record import from_files
from strategies.build import Program
from strategies.directed import ALL


def program(name="again", *, needs=()):
    p = Program(name)
    a = p.open("a")
    a.publish("@orders", {"id": 1})
    a.fence()
    a.sow("@orders", acks="completed")
    return p.scenario(needs=needs)


# ---- the corpus ------------------------------------------------------------------------------------------------------------------


def test_a_corpus_is_read_in_the_order_of_its_names(tmp_path):
    for name in ("b", "a"):
        programs.dump(program(name), tmp_path / f"{name}.json")
    (tmp_path / "notes.txt").write_text("no program")
    found = regressions(tmp_path, STANDARD)
    assert [one.name for one in found.programs] == ["a", "b"]
    assert found.damage == ()


def test_what_the_target_does_not_have_is_passed_over(tmp_path):
    programs.dump(program(needs={"queue"}), tmp_path / "a.json")
    assert regressions(tmp_path, STANDARD) == regressions(tmp_path / "none", STANDARD)


def newer():
    data = programs.to_json(program())
    return json.dumps(data | {"schema_version": 99})


def unjudged():
    p = Program("unfenced")
    a = p.open("a")
    a.publish("@orders", {"id": 1})
    a.sow("@orders")
    return json.dumps(programs.to_json(p.scenario()))


BROKEN = {"cut off": '{"name": "x", "st', "of another version": newer(), "not judged": unjudged(), "empty": ""}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_no_program_is_told_and_the_others_run(tmp_path, text):
    programs.dump(program(), tmp_path / "good.json")
    (tmp_path / "bad.json").write_text(text, "utf-8")
    found = regressions(tmp_path, STANDARD)
    assert [one.name for one in found.programs] == ["again"]
    (line,) = found.damage
    assert line.startswith("corpus: ")
    assert "bad.json" in line
    assert "\n" not in line


def test_a_corpus_that_is_no_folder(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(UsageError, match="is no folder of program files"):
        regressions(file, STANDARD)


def test_failing_programs_are_added_once(tmp_path):
    report, corpus = tmp_path / "report", tmp_path / "corpus"
    (report / "programs").mkdir(parents=True)
    programs.dump(program(), report / "programs" / "SOW-QRY-01-1.json")
    failures = [{"program": "programs/SOW-QRY-01-1.json"}, {"program": None}]
    assert keep(corpus, report, failures) == (corpus / "SOW-QRY-01-1.json",)
    assert keep(corpus, report, failures) == ()
    assert [one.name for one in regressions(corpus, STANDARD).programs] == ["again"]


def test_a_run_adds_what_fails_and_runs_it_first_the_next_time(tmp_path):
    corpus = tmp_path / "corpus"
    with EmbeddedTarget.start(seed=1, mutants=["skip_n_ignored"], slots=1) as server:
        first = Settings(target=server.spec, rules="SOW-TOPN-07", seed=1, report_dir=tmp_path / "first", corpus=corpus)
        assert conduct.run(first, Silent()).exit_code == 1
    names = {path.name for path in corpus.glob("*.json")}
    assert any(name.startswith("SOW-TOPN-07-") for name in names)
    second = Settings(rules="SOW-TOPN-07", seed=1, report_dir=tmp_path / "second", corpus=corpus)
    assert conduct.run(second, Silent()).exit_code == 0
    origins = [record["origin"] for record in records(tmp_path / "second" / RUN_FILE) if record["record"] == "scenario"]
    assert origins[: len(names)] == ["corpus"] * len(names)
    assert {path.name for path in corpus.glob("*.json")} == names, "what is mended stays"


def test_a_damaged_corpus_is_not_green_and_loses_nothing(tmp_path):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "bad.json").write_text("{", "utf-8")
    settings = Settings(rules="SOW-TOPN-07", seed=1, report_dir=tmp_path / "report", corpus=tmp_path / "corpus")
    conclusion = conduct.run(settings, Silent())
    assert conclusion.exit_code == 4
    assert "bad.json" in conclusion.unmeasured[0]
    assert from_files([tmp_path / "report" / RUN_FILE]).results["SOW-TOPN-07"].outcome is Outcome.PASSED


# ---- shards ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [1, 2, 7, 1000])
def test_shards_share_all_scenarios(parts):
    whole = select(ALL, load(), STANDARD.features)
    shards = [shard_of(whole, part, parts) for part in range(1, parts + 1)]
    names = [one.name for shard in shards for one in shard.directed]
    assert sorted(names) == sorted(one.name for one in whole.directed)
    assert all(shard.required == whole.required for shard in shards)


def test_two_shards_are_one_run(tmp_path):
    for part in (1, 2):
        settings = Settings(seed=4, shard=(part, 2), report_dir=tmp_path / str(part))
        assert conduct.run(settings, Silent()).exit_code == 0
    report = from_files([tmp_path / "1" / RUN_FILE, tmp_path / "2" / RUN_FILE])
    assert report.conclusion.exit_code == 0
    assert not report.damage
    assert from_files([tmp_path / "1" / RUN_FILE]).conclusion.exit_code == 4, "one of two is not the whole"


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "1/0", "a/b", "-1/2", "1/2/3", "1/1001", "\N{ARABIC-INDIC DIGIT ONE}/2"])
def test_what_is_no_shard(text):
    with pytest.raises(UsageError, match="is no shard"):
        parse_shard(text)


# ---- turns -----------------------------------------------------------------------------------------------------------------------


def endless(name):
    return (Scenario(name=f"{name}-{number}", steps=()) for number in count())


def drawn(turns, exercises, seconds, times):
    """Names of what is drawn, when each kind exercises and lasts that."""
    names = []
    for scenario in islice(turns, times):
        kind = scenario.name.partition("-")[0]
        names.append(kind)
        turns.took(dict.fromkeys(exercises[kind], 1), seconds[kind])
    return names


def test_the_kind_that_tests_what_was_tested_least_has_its_turn():
    turns = Turns({"a": endless("a"), "b": endless("b")})
    names = drawn(turns, {"a": ["SOW-TOPN-07"], "b": ["SOW-TOPN-07", "FAULT-ACK-01"]}, {"a": 1.0, "b": 1.0}, 100)
    assert names.count("b") > names.count("a") >= FIRST


def test_what_takes_long_is_drawn_less():
    turns = Turns({"a": endless("a"), "b": endless("b")})
    names = drawn(turns, {"a": ["SOW-TOPN-07"], "b": ["SOW-QRY-01"]}, {"a": 0.01, "b": 1.0}, 100)
    assert names.count("a") > 70
    assert names.count("b") >= 100 // EXPLORED_EVERY - FIRST


def test_one_kind_alone():
    turns = Turns({"a": endless("a")})
    assert drawn(turns, {"a": []}, {"a": 0.0}, 20) == ["a"] * 20


# ---- a target that goes away -----------------------------------------------------------------------------------------------------

COMMANDS = {
    "no such program": ("/no/such/program", "cannot be run"),
    "fails": (f"{sys.executable} -c 'raise SystemExit(3)'", "failed with exit code 3"),
    "no command line": ("'", "cannot be run"),
}


@pytest.mark.parametrize(("command", "why"), COMMANDS.values(), ids=COMMANDS)
def test_a_restart_command_that_does_not_help(command, why):
    with pytest.raises(UnreachableError, match=why):
        restart(command)


SERVER = """
import socket, subprocess, sys, time
port = int(sys.argv[1])
process = subprocess.Popen(
    [sys.executable, "-m", "conformance.server", "--listen", f"127.0.0.1:{port}", "--slots", "1"],
    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
)
open(sys.argv[2], "w").write(str(process.pid))
for _ in range(200):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        break
    except OSError:
        time.sleep(0.05)
"""


class Killer(Silent):
    """Kills the target at the end of the third scenario."""

    def __init__(self, pid_file):
        self.pid_file = pid_file
        self.ended_so_far = []

    def ended(self, examined):
        self.ended_so_far.append(examined.scenario.name)
        if len(self.ended_so_far) == 3:
            pid = int(self.pid_file.read_text())
            os.kill(pid, signal.SIGKILL)


def test_a_target_that_goes_away_is_started_again_and_the_run_goes_on(tmp_path):
    script, pid_file = tmp_path / "start.py", tmp_path / "pid"
    script.write_text(SERVER)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(script), str(port), str(pid_file)]
    subprocess.run(command, check=True)
    try:
        settings = Settings(
            target=parse_target(f"127.0.0.1:{port}"),
            rules="SOW-TOPN",
            seed=1,
            report_dir=tmp_path / "report",
            restart=shlex.join(command),
        )
        killer = Killer(pid_file)
        conclusion = conduct.run(settings, killer)
        planned = [one.name for one in conduct.planned(settings).directed]
        assert len(planned) > 3
        assert killer.ended_so_far == planned
        assert conclusion.exit_code == 4
        (line,) = conclusion.unmeasured
        assert f"the target went away in {planned[3]} and was started again" in line
    finally:
        os.kill(int(pid_file.read_text()), signal.SIGKILL)
