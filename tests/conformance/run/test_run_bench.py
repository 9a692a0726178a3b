"""Examining a scenario: what is missing is confirmed, what goes wrong with us is recorded, what a target loses ends the run."""

import json

import pytest

from conformance.client.limits import Limits
from conformance.errors import TargetError, UnreachableError
from conformance.naming import Naming
from conformance.results import Finding, Verdict
from conformance.rules import load
from conformance.run import bench as benches
from conformance.run.bench import PATIENCE, RECORDED_BYTES_MAX, UNREAD_MAX, Bench, Examined
from conformance.run.examples import Examples
from conformance.run_file import RunHeader, RunWriter
from reference_model.config import STANDARD
from reference_model.messages import Message
from reference_model.observation import Event, Observation
from reference_model.rule import R
from reference_model.scenario import Scenario

SCENARIO = Scenario(name="s", steps=())
MISSING = Finding(rule=R("SOW-QRY-05"), kind="missing", what="the record 1 is missing")
WRONG = Finding(rule=R("CMD-ACK-08"), kind="wrong", what="cmd_id is wrong", field="cmd_id")


class FakeTarget:
    spec, config = None, STANDARD

    def __init__(self):
        self.resets = 0

    def reset(self):
        self.resets += 1

    def naming(self):
        return Naming(topics="t_", clients="c_")

    def touch(self, topics):
        pass


@pytest.fixture
def played(monkeypatch):
    """A bench on which executions go as they are listed: (labels of fences that were late, findings), or an exception."""

    def make(*executions, chosen=None):
        todo = list(executions)
        scales = []
        target = FakeTarget()

        def execute(scenario, named, limits, habits, *_):
            scales.append(limits.timeout_scale)
            assert (habits is None) == (limits.timeout_scale > 2.0), "patience knows no habits"
            named.naming()
            now = todo.pop(0)
            if isinstance(now, Exception):
                raise now
            events = (Event(at_s=0, connection="a", kind="unread", detail=now[2]),) if now[2:] else ()
            return Observation(scenario=scenario.name, events=events, late=now[0], resolved={}, unresolved=tuple(map(repr, now[1])))

        def judge(scenario, observation, _config, _catalogue):
            found = [finding for finding in (MISSING, WRONG) if repr(finding) in observation.unresolved]
            return Verdict(scenario=scenario.name, exercised={"SOW-QRY-05": 1, "CMD-ACK-08": 2}, findings=tuple(found))

        monkeypatch.setattr(benches, "execute", execute)
        monkeypatch.setattr(benches, "judge", judge)
        return Bench(target, load(), Limits(timeout_scale=2.0), chosen=chosen), scales, target

    return make


def test_what_comes_with_more_patience_was_slow(played):
    bench, scales, target = played((("end-a",), (MISSING, WRONG)), ((), (WRONG,)))
    examined = bench.examine(SCENARIO)
    assert [finding.slow for finding in examined.verdict.findings] == [True, False]
    assert examined.decisive == (WRONG,)
    assert scales == [2.0, 2.0 * PATIENCE]
    assert target.resets == 2


def test_what_is_still_missing_is_missing_and_not_confirmed_again(played):
    late = ("end-a",)
    bench, scales, _ = played((late, (MISSING,)), (late, (MISSING,)), (late, (MISSING,)))
    assert bench.examine(SCENARIO).decisive == (MISSING,)
    assert bench.examine(SCENARIO).decisive == (MISSING,)
    assert scales == [2.0, 20.0, 2.0]


def test_what_fences_have_proven_missing_needs_no_confirmation(played):
    bench, scales, _ = played(((), (MISSING,)))
    assert bench.examine(SCENARIO).decisive == (MISSING,)
    assert scales == [2.0]


def test_a_mistake_of_ours_belongs_to_its_scenario(played):
    bench, *_ = played(ZeroDivisionError("of\nmany lines"))
    examined = bench.examine(SCENARIO)
    assert examined.verdict is None
    assert examined.error == "execute: ZeroDivisionError: of many lines"
    assert "Traceback" in examined.trace
    assert examined.decisive == ()


def test_a_target_that_is_lost_is_nobodys_verdict(played):
    bench, *_ = played(UnreachableError("gone"))
    with pytest.raises(UnreachableError):
        bench.examine(SCENARIO)


def test_a_target_that_sends_without_end_in_several_scenarios_ends_the_run(played):
    bench, _, _ = played(*[((), (), "more than 2,000 frames came")] * UNREAD_MAX)
    for _ in range(UNREAD_MAX):
        assert bench.examine(SCENARIO).unread == "more than 2,000 frames came"
    with pytest.raises(TargetError, match="after 3 scenarios that went on without end \\(s: more than 2,000 frames came\\)"):
        bench.examine(SCENARIO)


def test_a_long_recording_is_not_kept(tmp_path):
    header = RunHeader(run="r", harness="1", edition="1", started_utc="", uri="u", version=None, features=(), profile="smoke", seed=1)
    for size, kept in ((1000, True), (RECORDED_BYTES_MAX, False)):
        sent = Event(at_s=0, connection="a", kind="sent", label="x", payload=b"{" + b" " * size + b"}", message=Message(header={}))
        observation = Observation(scenario="s", events=(sent,))
        examined = Examined(
            scenario=SCENARIO, verdict=Verdict(scenario="s"), observation=observation, naming=Naming(topics="t_", clients="c_")
        )
        with RunWriter(tmp_path / "run.jsonl", header) as writer:
            examined.record(writer, "smoke")
        record = json.loads((tmp_path / "run.jsonl").read_text("utf-8").splitlines()[1])
        assert (record["observation"] is not None) == kept
        assert record["counts"]["bytes_sent"] == size + 2


def test_only_the_chosen_rules_have_verdicts(played):
    bench, *_ = played(((), (MISSING, WRONG)), chosen=frozenset({"CMD-ACK-08"}))
    verdict = bench.examine(SCENARIO).verdict
    assert (dict(verdict.exercised), verdict.findings) == ({"CMD-ACK-08": 2}, (WRONG,))


def test_the_shortest_example_of_each_kind_is_kept_one_of_each_rule_first():
    def examined(name, commands, *findings):
        steps = tuple(flushes(commands))
        return Examined(scenario=Scenario(name=name, steps=steps), verdict=Verdict(scenario=name, findings=findings))

    other = Finding(rule=R("SOW-QRY-05"), kind="unexpected", what="another record comes")
    slow = Finding(rule=R("SOW-QRY-06"), kind="missing", what="late", slow=True)
    examples = Examples()
    assert examples.take(examined("long", 9, MISSING, MISSING, other, slow)) == [MISSING, other]
    assert examples.take(examined("short", 2, MISSING)) == []
    assert examples.take(examined("longer", 5, MISSING, WRONG)) == [WRONG]
    assert [(one.scenario.name, finding) for one, finding in examples] == [("short", MISSING), ("longer", WRONG), ("long", other)]


def flushes(commands):
    from reference_model.scenario import Command, Send

    return [Send(label=f"f{n}", connection="a", command=Command(header={"cmd": "flush"})) for n in range(commands)]
