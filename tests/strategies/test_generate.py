"""Random scenarios: reproducible, accepted by the model, cheap."""

import time

import pytest
from hypothesis.errors import InvalidArgument

from reference_model.config import STANDARD, InstanceConfig
from reference_model.model import predict
from reference_model.scenario import Send, Together
from strategies import generate
from strategies.profiles import Shape

SAMPLE = 400
REFUSED_MAX = 0.001
DRAW_MS_MAX = 20.0


@pytest.fixture(scope="module")
def sample():
    refusals = generate.Refusals()
    return list(generate.scenarios(17, SAMPLE, refusals=refusals)), refusals


def test_accepted(sample):
    scenarios, refusals = sample
    assert len(scenarios) == SAMPLE
    assert refusals.count <= SAMPLE * REFUSED_MAX, refusals.first
    for scenario in scenarios[:20]:
        predict(scenario, STANDARD)


def test_named_by_seed_and_number(sample):
    assert [scenario.name for scenario in sample[0]] == [f"random-17-{number}" for number in range(SAMPLE)]


def test_all_differ(sample):
    assert len({repr(scenario.steps) for scenario in sample[0]}) == SAMPLE


def test_the_same_again_and_from_the_middle(sample):
    scenarios, _ = sample
    assert list(generate.scenarios(17, 3)) == scenarios[:3]
    assert list(generate.scenarios(17, 3, start=40)) == scenarios[40:43]
    assert generate.scenario(17, 41) == scenarios[41]


def test_without_end():
    endless = generate.scenarios(3)
    assert [next(endless).name for _ in range(3)] == ["random-3-0", "random-3-1", "random-3-2"]


def test_other_seed_other_scenarios(sample):
    assert next(generate.scenarios(18)).steps != sample[0][0].steps


def test_cheap_to_draw():
    began = time.process_time()
    list(generate.scenarios(5, 100))
    assert (time.process_time() - began) * 10 < 2 * DRAW_MS_MAX, "ms a scenario, the check by the model included"


def test_labels_and_ids_are_unique(sample):
    for scenario in sample[0]:
        sends = [send for step in scenario.steps for send in sends_of(step)]
        labels = [step.label for step in scenario.steps] + [send.label for step in scenario.steps for send in lanes_of(step)]
        assert len(labels) == len(set(labels)), scenario.name
        for field in ("cmd_id", "query_id"):
            ids = [send.command.header[field] for send in sends if field in send.command.header]
            assert len(ids) == len(set(ids)), scenario.name


def lanes_of(step):
    return [send for lane in step.lanes for send in lane] if isinstance(step, Together) else []


def sends_of(step):
    return [step] if isinstance(step, Send) else lanes_of(step)


@pytest.mark.parametrize("commands", [5, 20, 40])
def test_length(commands):
    shape = Shape(commands=commands)
    lengths = [scenario.commands for scenario in generate.scenarios(1, 60, shape=shape)]
    assert commands * 0.6 < sum(lengths) / len(lengths) < commands * 1.8 + 4


def test_one_connection():
    for scenario in generate.scenarios(1, 30, shape=Shape(connections=1)):
        assert len({step.connection for step in scenario.steps if hasattr(step, "connection")}) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda: next(generate.scenarios(-1)),
        lambda: next(generate.scenarios(1, -1)),
        lambda: next(generate.scenarios(1, start=-1)),
        lambda: next(generate.scenarios(1, config=InstanceConfig(topics=STANDARD.topics[:1]))),
        lambda: Shape(commands=0),
        lambda: Shape(connections=0),
        lambda: Shape(connections=99),
        lambda: Shape(weights={"fly": 1}),
        lambda: Shape(weights={"publish": 0}),
        lambda: Shape(weights={"publish": -1, "query": 1}),
    ],
)
def test_wrong_arguments(call):
    with pytest.raises(InvalidArgument):
        call()
