"""The shrinker: over pure functions that say which programs fail, and on the embedded server with a fault in it."""

import itertools
import re

import pytest
from hypothesis import HealthCheck, given, settings

from conformance.client.limits import Limits
from conformance.compare.judge import judge
from conformance.config_file import expand
from conformance.errors import UnreachableError
from conformance.rules import load
from conformance.runner import execute
from conformance.server.embedded import EmbeddedServer
from conformance.shrink import Bounds, candidates, shrink, weight
from conformance.shrink.candidates import is_judged
from conformance.shrink.steps import cut_after, flattened, joined, labels, with_fences, without
from conformance.shrink.values import filter_text, with_short_ids, with_short_texts, with_small_numbers
from conformance.targets.server import ServerTarget
from conformance.targets.spec import TargetSpec
from reference_model.config import STANDARD
from reference_model.expression.parser import parse as parse_filter
from reference_model.messages import Form
from reference_model.rule import R
from reference_model.scenario import Close, Command, Fence, KeyOf, Open, Ref, Scenario, Send, Together
from reference_model.state import ProgramError
from reference_model.steps import default_logon
from strategies.profiles import Shape
from strategies.scenarios import scenarios

FEW = settings(max_examples=15, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

RULE = R("SOW-TOPN-07")
WRONG, RIGHT = frozenset({RULE}), frozenset({R("SOW-QRY-05")})


def connect(name):
    return Open(label=f"open-{name}", connection=name, logon=default_logon(name))


def send(label, cmd, *, on="a", body=b"", form=None, **header):
    command = Command(header={"cmd": cmd, **header}, body=body)
    return Send(label=label, connection=on, command=command, form=form or Form())


def publish(label, body, *, topic="@orders", **more):
    return send(label, "publish", topic=topic, body=body, **more)


def query(label, *, topic="@orders", acks="processed,completed", **more):
    return send(label, "sow", topic=topic, cmd_id=label, query_id=f"{label}.r", ack_type=acks, **more)


def fence(label, on="a"):
    return Fence(label=label, kind="state", connection=on)


def scenario(*steps):
    return Scenario(name="long", steps=tuple(steps), exercises=(RULE,))


def long_program():
    """Thirty-four commands on three connections, of which two are needed to see that skip_n skips nothing."""
    orders = [
        publish(f"p{n}", b'{"id":%d,"qty":%d,"note":"%s","deep":{"a":[1,2]}}' % (100 + n, 50 - n, b"x" * n), correlation_id=f"c{n}")
        for n in range(12)
    ]
    items = [
        publish(f"i{n}", b'{"id":%d,"side":"%s"}' % (n, side), topic="@items", on="b", cmd_id=f"i{n}", ack_type="processed,persisted")
        for n, side in enumerate([b"buy", b"sell"] * 4)
    ]
    chat = [publish(f"c{n}", b"hello", topic="@chat", on="b") for n in range(4)]
    return scenario(
        connect("a"),
        connect("b"),
        connect("c"),
        send("s", "subscribe", on="c", topic="@chat", cmd_id="s", sub_id="s", ack_type="processed", filter="1=1"),
        *orders,
        *items,
        fence("f1"),
        fence("f2", "b"),
        query("q1", topic="@items", on="b", acks="completed,stats", batch_size=10, filter="/side = 'buy'"),
        *chat,
        query("q2"),
        send("x", "sow_delete", on="b", topic="@items", filter="/id > 3", cmd_id="x", ack_type="stats"),
        fence("f3", "b"),
        query("q3", topic="@items", on="b", orderby="/id"),
        send("u", "unsubscribe", on="c", sub_id="s", cmd_id="u", ack_type="processed"),
        query(
            "q4",
            acks="completed,stats,processed",
            orderby="/qty DESC, /id",
            opts="top_n=4,skip_n=3,timestamp",
            batch_size=100,
            form=Form(blanks=True),
        ),
        query("q5"),
        publish("p98", b'{"id":98}'),
        publish("p99", b'{"id":99}'),
    )


class Counted:
    """`attempt` of a pure function of the program; keeps what it was asked."""

    def __init__(self, fails):
        self.fails = fails
        self.asked = []

    def __call__(self, program):
        self.asked.append(program)
        return WRONG if self.fails(program) else RIGHT


def commands(program, cmd):
    lanes = (step.lanes for step in program.steps if isinstance(step, Together))
    inner = [one for lane in itertools.chain.from_iterable(lanes) for one in lane]
    return [step for step in (*program.steps, *inner) if isinstance(step, Send) and step.command.cmd == cmd]


def pages(program):
    """A page of the orders is asked for, after at least two orders."""
    seen = 0
    for step in program.steps:
        if isinstance(step, Send):
            seen += step.command.cmd == "publish" and step.command.header.get("topic") == "@orders"
            if "skip_n" in str(step.command.header.get("opts")) and seen >= 2:
                return True
    return False


def run(program, fails, *, at=None, bounds=None, **more):
    counted = Counted(fails)
    shrunk = shrink(program, RULE, counted, bounds or Bounds(), config=STANDARD, at=at, **more)
    return shrunk, counted


# ---- the search ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["q4", None])
def test_a_long_program_comes_down_to_what_is_needed(at):
    shrunk, counted = run(long_program(), pages, at=at)
    assert long_program().commands == 34
    assert [step.command.cmd for step in shrunk.scenario.steps if isinstance(step, Send)] == ["publish", "publish", "sow"]
    assert (shrunk.before, shrunk.after, shrunk.complete) == (34, 3, True)
    assert shrunk.runs == len(counted.asked) <= 60
    bodies = [one.command.body for one in commands(shrunk.scenario, "publish")]
    assert bodies == [b'{"id":1}', b'{"id":1}']
    (page,) = commands(shrunk.scenario, "sow")
    assert page.form == Form()
    assert page.command.header["opts"] == "top_n=1,skip_n=1"
    assert set(page.command.header) <= {"cmd", "topic", "cmd_id", "query_id", "opts", "orderby"}


def test_it_is_deterministic():
    first, second = (run(long_program(), pages, at="q4") for _ in range(2))
    assert first[0].scenario == second[0].scenario
    assert [program.steps for program in first[1].asked] == [program.steps for program in second[1].asked]


def test_nothing_is_run_twice_but_the_last_steps_and_nothing_that_the_model_refuses():
    shrunk, counted = run(long_program(), pages)
    asked = [repr(program.steps) for program in counted.asked]
    assert len(asked) - len(set(asked)) <= len(labels(shrunk.scenario))
    assert all(is_judged(program, STANDARD) for program in counted.asked)


def test_what_is_found_is_smaller_and_fails():
    shrunk, counted = run(long_program(), pages)
    assert pages(shrunk.scenario)
    assert weight(shrunk.scenario) < weight(long_program())
    assert shrunk.scenario.exercises == ()
    assert shrunk.scenario.steps in [program.steps for program in counted.asked]


def test_a_program_that_fails_no_more_stays_as_it_is():
    shrunk, _ = run(long_program(), lambda _: False, bounds=Bounds(runs_max=40))
    assert shrunk.scenario.steps == long_program().steps
    assert (shrunk.before, shrunk.after) == (34, 34)


def test_another_rule_is_no_success():
    shrunk = shrink(long_program(), R("SOW-TOPN-03"), lambda _: WRONG, Bounds(runs_max=40), config=STANDARD)
    assert shrunk.scenario.steps == long_program().steps


def test_a_failure_that_needs_nothing_ends_with_nothing():
    shrunk, counted = run(long_program(), lambda _: True)
    assert shrunk.after == 0
    assert len(counted.asked) < 10


@pytest.mark.parametrize("runs_max", [0, 1, 7, 20])
def test_it_stops_at_a_number_of_runs_with_what_it_has(runs_max):
    shrunk, counted = run(long_program(), pages, bounds=Bounds(runs_max=runs_max))
    assert len(counted.asked) == runs_max
    assert not shrunk.complete
    assert pages(shrunk.scenario)


def test_it_stops_after_a_time():
    ticks = itertools.count()
    shrunk, counted = run(long_program(), pages, bounds=Bounds(seconds_max=5), clock=lambda: float(next(ticks)))
    assert len(counted.asked) <= 5
    assert not shrunk.complete


def test_a_program_error_is_a_no():
    def attempt(program):
        if len(commands(program, "publish")) < 3:
            raise ProgramError("not judged")
        return WRONG

    shrunk = shrink(long_program(), RULE, attempt, config=STANDARD)
    assert len(commands(shrunk.scenario, "publish")) == 3
    assert shrunk.complete


def test_a_target_that_goes_away_ends_it_with_what_there_is():
    calls = itertools.count()

    def attempt(program):
        if next(calls) == 6:
            raise UnreachableError("gone")
        return WRONG if pages(program) else RIGHT

    shrunk = shrink(long_program(), RULE, attempt, config=STANDARD, confirm=3)
    assert (shrunk.lost, shrunk.complete, shrunk.of) == ("gone", False, 0)
    assert shrunk.times() is None
    assert pages(shrunk.scenario)


def test_the_final_program_is_repeated():
    calls = itertools.count()
    counted = Counted(pages)
    last = shrink(long_program(), RULE, counted, config=STANDARD)
    flaky = shrink(
        last.scenario, RULE, lambda program: WRONG if pages(program) and next(calls) % 2 else RIGHT, config=STANDARD, confirm=4
    )
    assert flaky.times() == {"broken": flaky.broken, "of": 4}
    assert 0 < flaky.broken < 4
    assert flaky.to_data()["runs"] == flaky.runs


def test_two_things_that_make_up_for_each_other_go_together():
    """As many records as the limits say: neither a record nor a limit can go alone."""

    def fails(program):
        limits = ",".join(str(one.command.header.get("opts")) for one in commands(program, "sow"))
        pages = [int(digits) for digits in re.findall(r"_n=(\d+)", limits)]
        return len(commands(program, "publish")) == sum(pages) > 0

    program = scenario(
        connect("a"),
        *(publish(f"p{n}", b'{"id":%d}' % n) for n in range(3)),
        fence("f"),
        query("q", opts="top_n=2,skip_n=1", orderby="/id"),
    )
    shrunk, _ = run(program, fails)
    assert [one.command.header.get("opts") for one in commands(shrunk.scenario, "sow")] == ["top_n=1"]
    assert len(commands(shrunk.scenario, "publish")) == 1


def test_a_marker_goes_where_an_earlier_message_can_be_awaited():
    """What matters is that the first message is proven to be missing; the second one was there for the proof alone."""

    def fails(program):
        told = [step.label for step in program.steps]
        proven = any(isinstance(step, Fence) and step.kind == "delivery" for step in program.steps) or "m" in told
        return proven and len({step.connection for step in program.steps if step.label in {"s", "p"}}) == 2

    program = scenario(
        connect("a"),
        connect("b"),
        send("s", "subscribe", topic="@orders", cmd_id="s", sub_id="s", ack_type="processed"),
        send("t", "subscribe", topic="@items", cmd_id="t", sub_id="t", ack_type="processed"),
        publish("p", b'{"id":1}', on="b"),
        publish("m", b'{"id":2}', topic="@items", on="b"),
    )
    shrunk, _ = run(program, fails)
    assert [type(step).__name__ for step in shrunk.scenario.steps] == ["Open", "Open", "Send", "Send", "Fence"]
    assert shrunk.scenario.steps[-1].after == "p"


def test_keys_go_one_by_one_and_then_for_one_that_nobody_has():
    keys = tuple(KeyOf(topic="@orders", values=(str(n),)) for n in range(3))
    program = scenario(
        connect("a"), *(publish(f"p{n}", b'{"id":%d}' % n) for n in range(3)), fence("f"), query("q"), query("r", sow_keys=keys)
    )
    shrunk, _ = run(program, lambda program: any("sow_keys" in one.command.header for one in commands(program, "sow")))
    assert [one.command.header["sow_keys"] for one in commands(shrunk.scenario, "sow")] == [("1",)]
    needs_keys, _ = run(
        program,
        lambda program: any(
            isinstance(key, KeyOf) for one in commands(program, "sow") for key in one.command.header.get("sow_keys", ())
        ),
    )
    assert [len(one.command.header.get("sow_keys", ())) for one in commands(needs_keys.scenario, "sow")] == [0, 1]


def test_a_step_that_seemed_to_be_needed_is_tried_once_more():
    """A target that does not always fail: without the second item it does so every other time."""
    calls = itertools.count()

    def fails(program):
        items = [one for one in commands(program, "publish") if one.command.header["topic"] == "@items"]
        return (len(commands(program, "sow")) == 1 and len(items) >= 2) or (len(items) == 1 and next(calls) % 2 == 1)

    program = scenario(
        connect("a"), *(publish(f"i{n}", b'{"id":%d}' % n, topic="@items") for n in range(2)), fence("f"), query("q", topic="@items")
    )
    shrunk, _ = run(program, fails)
    assert shrunk.after < 3


def test_where_the_failure_comes_and_goes_each_program_is_run_several_times():
    """Every third run fails; single trials would mostly say that nothing can be left out."""
    calls = itertools.count()
    program = scenario(connect("a"), *(publish(f"p{n}", b'{"id":%d}' % n) for n in range(4)), fence("f"), query("q"))
    shrunk, _ = run(program, lambda program: bool(commands(program, "sow")) and next(calls) % 3 == 2)
    assert shrunk.after == 1


# ---- candidates ----------------------------------------------------------------------------------------------------------------


def test_every_candidate_is_smaller_and_judged():
    program = without(long_program(), {*(f"p{n}" for n in range(3, 12)), *(f"i{n}" for n in range(2, 8))})
    found = list(candidates(program, STANDARD))
    assert len(found) > 60
    assert all(weight(candidate) < weight(program) for candidate in found)
    assert all(is_judged(candidate, STANDARD) for candidate in found)
    assert [c.steps for c in found] == [c.steps for c in candidates(program, STANDARD)]


def test_a_smallest_program_has_no_candidates_but_less():
    tiny = scenario(connect("a"), send("q", "sow", topic="@orders", cmd_id="q"))
    assert [len(candidate.steps) for candidate in candidates(tiny, STANDARD)] == [1, 0]


@FEW
@given(scenarios(shape=Shape(commands=5)))
def test_candidates_of_any_program_are_smaller_and_judged(program):
    for candidate in itertools.islice(candidates(program, STANDARD), 40):
        assert weight(candidate) < weight(program)
        assert is_judged(candidate, STANDARD)


@FEW
@given(scenarios(shape=Shape(commands=8)))
def test_any_program_comes_down_to_the_one_command_that_matters(program):
    if is_judged(program, STANDARD) and commands(program, "publish"):
        shrunk, _ = run(program, lambda smaller: bool(commands(smaller, "publish")))
        assert shrunk.after == 1
        assert shrunk.complete


# ---- steps ---------------------------------------------------------------------------------------------------------------------

WIDE = scenario(
    connect("a"),
    connect("b"),
    connect("w"),
    send("s", "subscribe", on="w", topic="@chat", cmd_id="s", sub_id="s", ack_type="processed"),
    send("t", "subscribe", on="w", topic="@chat", cmd_id="t", ack_type="processed"),
    Together(
        label="all",
        witness="s",
        lanes=((publish("a1", b"1", topic="@chat"), publish("a2", b"2", topic="@chat")), (publish("b1", b"3", topic="@chat", on="b"),)),
    ),
    publish("m", b'{"mark":"x"}', topic="@chat", on="b"),
    Fence(label="d", kind="delivery", connection="w", after="m"),
    send("u", "unsubscribe", on="w", sub_id="s,t", cmd_id="u", ack_type="processed"),
    query("q", bookmark=Ref(label="t", field="bookmark")),
    Close(label="c", connection="b"),
)

DROPPED = [
    ({"m"}, {"m", "d"}),
    ({"s"}, {"s", "all", "a1", "a2", "b1"}),
    ({"t"}, {"t", "q"}),
    ({"s", "t"}, {"s", "t", "all", "a1", "a2", "b1", "u", "q"}),
    ({"b1"}, {"b1"}),
    ({"a1", "a2", "b1"}, {"a1", "a2", "b1", "all"}),
    ({"open-b"}, {"open-b", "b1", "m", "d", "c"}),
    ({"c"}, {"c"}),
    (set(), set()),
]


def everything(program):
    return set(labels(program)) | {step.label for step in program.steps}


@pytest.mark.parametrize(("dropped", "gone"), DROPPED, ids=[",".join(sorted(dropped)) or "-" for dropped, _ in DROPPED])
def test_what_depends_on_a_step_goes_with_it(dropped, gone):
    assert everything(WIDE) - everything(without(WIDE, dropped)) == gone


def test_an_unsubscribe_keeps_the_ids_that_are_left():
    (left,) = commands(without(WIDE, {"s"}), "unsubscribe")
    assert left.command.header["sub_id"] == "t"


def test_an_unsubscribe_of_what_never_was_stays():
    odd = scenario(connect("a"), publish("p", b"{}", topic="@chat"), send("u", "unsubscribe", sub_id="zz", cmd_id="u"))
    assert len(commands(without(odd, {"p"}), "unsubscribe")) == 1


def test_cutting_keeps_the_lanes_of_the_step():
    assert everything(cut_after(WIDE, "a2")) == everything(WIDE) - {"m", "d", "u", "q", "c"}
    assert cut_after(WIDE, "no such step") is WIDE


def test_lanes_one_after_the_other():
    flat = flattened(WIDE, "all")
    assert [step.label for step in flat.steps[5:8]] == ["a1", "a2", "b1"]


def test_connections_are_joined_unless_lanes_need_them():
    assert joined(WIDE, "a", "b") is WIDE
    one = joined(flattened(WIDE, "all"), "a", "b")
    assert {step.connection for step in one.steps if isinstance(step, Send)} == {"a", "w"}
    assert not [step for step in one.steps if isinstance(step, Close)]


def test_fences_are_put_where_a_query_reads_a_change():
    bare = scenario(
        connect("a"), connect("b"), publish("p", b'{"id":1}', on="b"), publish("r", b'{"id":1}', topic="@items"), query("q"),
        query("o", topic="@items"),
    )  # fmt: skip
    assert not is_judged(bare, STANDARD)
    fenced = with_fences(bare)
    assert is_judged(fenced, STANDARD)
    assert [type(step).__name__ for step in fenced.steps[4:]] == ["Fence", "Send", "Fence", "Send"]
    assert [step.connection for step in fenced.steps if isinstance(step, Fence)] == ["b", "a"]
    assert with_fences(fenced) is fenced


# ---- values --------------------------------------------------------------------------------------------------------------------


def test_numbers_and_texts_are_renamed_together_and_keep_their_order():
    program = scenario(
        connect("a"),
        publish("p1", b'{"id":700,"qty":2.50,"side":"sell"}'),
        publish("p2", b'{"id":31,"qty":0,"side":"buy"}'),
        query("q", filter="/qty >= 2.5 AND /side = 'sell'", sow_keys=(KeyOf(topic="@orders", values=("700",)),)),
    )
    small = with_short_texts(with_small_numbers(program))
    assert [one.command.body for one in commands(small, "publish")] == [
        b'{"id":3,"qty":1,"side":"b"}',
        b'{"id":2,"qty":0,"side":"a"}',
    ]
    (asked,) = commands(small, "sow")
    assert parse_filter(asked.command.header["filter"]) == parse_filter("/qty >= 1 AND /side = 'b'")
    assert asked.command.header["sow_keys"] == (KeyOf(topic="@orders", values=("3",)),)


def test_patterns_keep_their_text():
    program = scenario(connect("a"), publish("p", b'{"id":1,"side":"sell"}'), query("q", filter="/side LIKE '^s.l'"))
    assert commands(with_short_texts(program), "sow")[0].command.header["filter"] == "/side LIKE '^s.l'"


def test_ids_are_shortened_everywhere_alike():
    long = "x" * 200
    program = scenario(
        connect("a"),
        send("s", "subscribe", topic="@chat", cmd_id='odd "id"', sub_id=long, ack_type="processed"),
        send("u", "unsubscribe", sub_id=long, cmd_id="u"),
    )
    (made,), (ended,) = (commands(with_short_ids(program), cmd) for cmd in ("subscribe", "unsubscribe"))
    assert made.command.header["sub_id"] == ended.command.header["sub_id"] == "s1"
    assert made.command.header["cmd_id"] == "c1"
    assert ended.command.header["cmd_id"] == "u"


@pytest.mark.parametrize("text", ["/a = 1", "/a = 1 AND /b = 2", "(/a = 1 OR /b = 2) AND NOT /c IS NULL", "'x' = /a"])
def test_a_filter_is_written_so_that_it_reads_the_same(text):
    assert parse_filter(filter_text(parse_filter(text))) == parse_filter(text)


def test_part_of_a_filter_and_one_term_of_an_order_are_candidates():
    program = scenario(connect("a"), query("q", filter="/a = 1 AND /b = 2", orderby="/a DESC,/b"))
    headers = [one.command.header for candidate in candidates(program, STANDARD) for one in commands(candidate, "sow")]
    assert {"/a = 1", "/b = 2"} <= {header.get("filter") for header in headers}
    assert {"/a DESC", "/b", "/a,/b", None} <= {header.get("orderby") for header in headers}


# ---- on a server ---------------------------------------------------------------------------------------------------------------

WAITS = Limits(answer_s=0.3, impatient_s=0.05, unsure_s=0.1)

MUTANTS = [
    ("skip_n_ignored", R("SOW-TOPN-07"), ["publish", "sow"]),
    ("skip_n_one_more", R("SOW-TOPN-07"), ["publish", "publish", "sow"]),
    ("query_filter_ignored", R("SOW-QRY-06"), ["publish", "sow"]),
    ("returned_counts_matches", R("CMD-STAT-07"), ["publish", "sow"]),
    ("topic_matches_missing", R("CMD-STAT-15"), ["sow"]),
]


@pytest.mark.parametrize(("mutant", "rule", "left"), MUTANTS, ids=[mutant for mutant, _, _ in MUTANTS])
def test_on_a_server_with_a_fault(mutant, rule, left):
    catalogue = load()
    with EmbeddedServer(expand(STANDARD, range(1)), seed=1, mutants=[mutant]) as server:
        spec = TargetSpec(host="127.0.0.1", port=server.port)
        with ServerTarget.open(spec, STANDARD, slot=0, run="shrink", limits=WAITS) as target:

            def attempt(program):
                target.reset()
                verdict = judge(program, execute(program, target, WAITS), STANDARD, catalogue)
                return frozenset(finding.rule for finding in verdict.findings if finding.masked_by is None)

            assert rule in attempt(long_program())
            shrunk = shrink(long_program(), rule, attempt, config=STANDARD, confirm=3)
            assert rule in attempt(shrunk.scenario)
    assert [step.command.cmd for step in shrunk.scenario.steps if isinstance(step, Send)] == left
    assert shrunk.complete
    assert shrunk.times() == {"broken": 3, "of": 3}
    assert shrunk.runs <= 110
