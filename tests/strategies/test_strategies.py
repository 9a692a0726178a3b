"""The strategies one by one: what they draw is what they say, wrong arguments are named, and Hypothesis can shrink them."""

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from reference_model.config import STANDARD
from reference_model.expression.evaluate import accept, matches
from reference_model.expression.order import parse_order_by
from reference_model.expression.select import parse_select
from reference_model.messages import PLAIN
from reference_model.model import predict
from reference_model.payload.json import PayloadError, parse, write
from reference_model.state import key_of_tree
from strategies import atoms, commands, expressions, payloads
from strategies.atoms import RandomDraws
from strategies.profiles import Shape
from strategies.scenarios import scenarios

KEYED = [topic for topic in STANDARD.topics if topic.keys]
FEW = settings(max_examples=60, database=None, deadline=None, derandomize=True)
SHRINKING = settings(
    max_examples=100, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)  # fmt: skip


@pytest.mark.parametrize("topic", KEYED, ids=lambda topic: topic.name)
@pytest.mark.parametrize("kind", ["numbers", "texts"])
def test_documents_and_deltas_have_their_key(topic, kind):
    @FEW
    @given(st.one_of(payloads.documents(topic=topic, kind=kind), payloads.deltas(topic=topic, kind=kind)))
    def check(tree):
        assert key_of_tree(tree, topic.keys) is not None
        assert parse(write(tree)) == tree

    check()


@FEW
@given(payloads.explicit_documents())
def test_explicit_documents(pair):
    key, tree = pair
    assert set(key) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
    assert parse(write(tree)) == tree


@pytest.mark.parametrize("body", payloads.MALFORMED)
def test_malformed_bodies_do_not_parse_and_name_no_key(body):
    with pytest.raises(PayloadError):
        parse(body)
    assert not any(f'"{name}"'.encode() in body for name in ("id", "a", "b", "ref", "sku"))


@pytest.mark.parametrize("seed", range(20))
def test_written_bodies_are_the_document(seed):
    draws = RandomDraws(str(seed))
    tree = payloads.document(draws, {"id": 1})
    assert parse(payloads.written(draws, tree, odd_percent=80)) == tree


def test_filters_compile_and_match_about_half():
    counts = {True: 0, False: 0, None: 0}
    for seed in range(300):
        draws = RandomDraws(f"filter {seed}")
        documents = [payloads.document(draws, {"id": number}, regular=seed % 2 == 0) for number in range(4)]
        text = expressions.filter_text(draws, documents)
        acceptance = accept(text)
        assert acceptance.refused is False, text
        for tree in documents:
            counts[matches(acceptance.expr, tree)] += 1
    total = sum(counts.values())
    assert 0.3 < counts[True] / total < 0.7
    assert 0.2 < counts[False] / total < 0.7
    assert counts[None] / total < 0.15


@pytest.mark.parametrize("text", expressions.BAD_FILTERS)
def test_bad_filters_do_not_compile(text):
    assert accept(text).refused is True


@FEW
@given(expressions.orders(keys=("/a", "/b")))
def test_orders_parse(text):
    assert parse_order_by(text)


@FEW
@given(expressions.select_lists(keys=("/ref/id",)))
def test_select_lists_parse_and_keep_the_key(text):
    directives = parse_select(text.removeprefix("[").removesuffix("]"))
    assert directives
    assert "-/," not in text or "+/ref/id" in text


@FEW
@given(commands.limit_options(expected=3, ordered=False))
def test_no_skip_without_an_order(limits):
    assert limits.skip_n is None


@FEW
@given(commands.limit_options(expected=3))
def test_skip_has_top(limits):
    assert limits.skip_n is None or limits.top_n is not None


def test_forms_can_all_be_drawn():
    assert {
        find(atoms.forms(plain_percent=0), lambda form, want=want: form == want, settings=SHRINKING) for want in atoms.FORMS
    } == set(atoms.FORMS)


@pytest.mark.parametrize(
    ("strategy", "least"),
    [
        (atoms.numbers(), 0),
        (atoms.texts(), "buy"),
        (atoms.scalars(), 0),
        (atoms.key_values(kind="texts"), "k1"),
        (atoms.explicit_keys(), "AA"),
        (atoms.correlation_ids(), "abc1"),
        (atoms.forms(), PLAIN),
        (expressions.bad_filters(), expressions.BAD_FILTERS[0]),
        (expressions.orders(), "/qty"),
        (payloads.malformed_bodies(), payloads.MALFORMED[0]),
        (commands.limit_options(expected=2), commands.Limits()),
    ],
    ids=str,
)
def test_shrinks_to_the_simplest(strategy, least):
    assert find(strategy, lambda _: True, settings=SHRINKING) == least


def test_a_scenario_shrinks():
    """To one connection, no unusual form, and little beside the query that was asked for."""
    smallest = find(
        scenarios(shape=Shape(commands=6)), lambda scenario: any("sow" in str(step) for step in scenario.steps), settings=SHRINKING
    )
    assert smallest.commands <= 8
    assert len({step.connection for step in smallest.steps}) == 1
    predict(smallest, STANDARD)


@pytest.mark.parametrize(
    "call",
    [
        lambda: atoms.key_values(kind="colours"),
        lambda: atoms.forms(plain_percent=101),
        lambda: payloads.documents(topic=STANDARD.topic("@own")),
        lambda: payloads.deltas(topic=STANDARD.topic("@own")),
        lambda: expressions.filters(documents=[7]),
        lambda: commands.limit_options(expected=-1),
    ],
)
def test_wrong_arguments(call):
    with pytest.raises(InvalidArgument):
        call()
