"""Every directed program: it is kept in JSON without loss, the reference client conforms, and its rules are put to the test."""

import itertools
import sys

import pytest

from conformance import client_programs
from conformance.client.limits import Limits
from conformance.errors import UsageError
from conformance.rules import load
from conformance.run.client_bench import ClientBench
from conformance.shrink.clients import smaller
from reference_model.client.predict import predict_client
from reference_model.client.program import Await, Call, ClientProgram, Receive
from reference_model.state import ProgramError
from strategies.clients.directed import CLIENT_PROGRAMS
from strategies.clients.drawing import client_programs as drawn

SLOW = {"routing-heartbeats", "texts-large-bodies", "acks-no-limit", "routing-silence"}


@pytest.fixture(scope="module")
def bench():
    with ClientBench(f"{sys.executable} -m conformance.adapters.reference", load(), Limits()) as bench:
        yield bench


@pytest.mark.parametrize("program", [one for one in CLIENT_PROGRAMS if one.name not in SLOW], ids=lambda program: program.name)
def test_the_reference_client_conforms(program, bench):
    verdict = bench.examine(program).verdict
    assert verdict.findings == ()
    assert not verdict.inconclusive
    assert not set(program.exercises) - verdict.exercised.keys()


@pytest.mark.parametrize("program", CLIENT_PROGRAMS, ids=lambda program: program.name)
def test_programs_are_kept_without_loss(program):
    if program.name != "texts-large-bodies":
        assert client_programs.from_json(client_programs.json_text.read(client_programs.dumps(program))) == program


def test_names_are_unique():
    names = [program.name for program in CLIENT_PROGRAMS]
    assert len(names) == len(set(names))


def test_random_programs_are_judged_and_repeatable():
    programs = list(itertools.islice(drawn(7), 60))
    assert programs == list(itertools.islice(drawn(7), 60))
    for program in programs:
        predict_client(program)
        for one in itertools.islice(smaller(program), 20):
            assert len(one.steps) <= len(program.steps)


def call(label, do, **arguments):
    return Call(label=label, client="c", do=do, arguments=arguments)


REFUSED = {
    "there is no client": (call("f", "flush"),),
    "given twice": (call("a", "client", name="n"), call("a", "connect", uri="tcp://{peer}/amps/json")),
    "nothing awaits the end": (call("a", "client", name="n"), call("b", "connect", uri="tcp://{peer}/amps/json"), call("l", "logon")),
    "there is no call": (call("a", "client", name="n"), Receive(label="r", client="c", call="nothing")),
    "waits without limit": (
        call("a", "client", name="n"), call("b", "connect", uri="tcp://{peer}/amps/json"), call("l", "logon"),
        Await(label="w", client="c", call="l"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("why", "steps"), REFUSED.items())
def test_programs_that_leave_open_what_must_come(why, steps):
    with pytest.raises(ProgramError, match=why):
        predict_client(ClientProgram(name="p", steps=steps))


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({}, "the program"),
        ({"schema_version": 1, "side": "client", "name": "n", "steps": [{"call": "c"}]}, r"steps\[0\]"),
        ({"schema_version": 1, "side": "client", "name": "n", "steps": [], "more": 1}, "the program"),
    ],
)
def test_mistakes_in_files_name_the_place(data, place):
    with pytest.raises(UsageError, match=place):
        client_programs.from_json(data)
