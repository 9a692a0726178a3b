"""The merge of verdicts into one result per rule, and the outcome of a run."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.results import (
    SCENARIOS_NAMED_MAX,
    Finding,
    Ledger,
    Outcome,
    RuleResult,
    RunOutcome,
    Standing,
    Verdict,
    conclude,
    finding_from_data,
    finding_to_data,
    merge_results,
    settle,
    verdict_from_data,
    verdict_to_data,
)

MUST = Standing(breach=Outcome.FAILED, idle=Outcome.NOT_EXERCISED)
INFERRED = Standing(breach=Outcome.DEVIATES, idle=Outcome.NOT_EXERCISED)
MAY = Standing(breach=Outcome.OBSERVED, idle=Outcome.NOT_EXERCISED)
EXCUSED = Standing(breach=Outcome.FAILED, idle=Outcome.UNCHECKED, reason="not modelled yet")
ABSENT = Standing(breach=Outcome.FAILED, idle=Outcome.NOT_APPLICABLE, reason="needs queue")


def broken(rule="A-B-01", **changes):
    return Finding(**{"rule": rule, "kind": "wrong", "what": "it is wrong", **changes})


MASKED = broken(masked_by="A-B-02")
SLOW = broken(slow=True)


def saw(name="s", **parts):
    return Verdict(scenario=name, **parts)


@pytest.mark.parametrize(
    ("standing", "verdicts", "outcome", "reason"),
    [
        (MUST, [], Outcome.NOT_EXERCISED, None),
        (MUST, [saw()], Outcome.NOT_EXERCISED, None),
        (MUST, [saw(exercised={"A-B-01": 1})], Outcome.PASSED, None),
        (MUST, [saw(exercised={"A-B-01": 1}, findings=(broken(),))], Outcome.FAILED, "it is wrong"),
        (MUST, [saw(findings=(broken(),)), saw(exercised={"A-B-01": 9})], Outcome.FAILED, "it is wrong"),
        (MUST, [saw(findings=(SLOW, broken(what="worse")))], Outcome.FAILED, "worse"),
        (INFERRED, [saw(exercised={"A-B-01": 1}, findings=(broken(),))], Outcome.DEVIATES, "it is wrong"),
        (INFERRED, [saw(exercised={"A-B-01": 1})], Outcome.PASSED, None),
        # slow and undecided recordings
        (MUST, [saw(exercised={"A-B-01": 5}, findings=(SLOW,))], Outcome.INCONCLUSIVE, "slow: it is wrong"),
        (MUST, [saw(exercised={"A-B-01": 5}, inconclusive={"A-B-01": "foreign publishes"})], Outcome.INCONCLUSIVE, "foreign publishes"),
        (MUST, [saw(findings=(broken(),), inconclusive={"A-B-01": "x"})], Outcome.FAILED, "it is wrong"),
        (
            MUST,
            [saw(inconclusive={"A-B-01": "rare"}), saw(inconclusive={"A-B-01": "often"}), saw(inconclusive={"A-B-01": "often"})],
            Outcome.INCONCLUSIVE,
            "often",
        ),
        # a disturbed scenario decides nothing, whatever was found in it
        (MUST, [saw(exercised={"A-B-01": 1}, inconclusive={"*": "foreign"})], Outcome.INCONCLUSIVE, "foreign"),
        (MUST, [saw(findings=(broken(),), inconclusive={"*": "foreign"})], Outcome.INCONCLUSIVE, "foreign"),
        (MUST, [saw(exercised={"A-B-02": 1}, inconclusive={"*": "foreign"}), saw(exercised={"A-B-01": 1})], Outcome.PASSED, None),
        (MUST, [saw(exercised={"A-B-01": 1}, inconclusive={"s5": "no witness"})], Outcome.PASSED, None),
        # masked findings decide nothing, but what is left does
        (MUST, [saw(exercised={"A-B-01": 1}, findings=(MASKED,))], Outcome.INCONCLUSIVE, "masked by A-B-02"),
        (MUST, [saw(findings=(MASKED,))], Outcome.INCONCLUSIVE, "masked by A-B-02"),
        (MUST, [saw(exercised={"A-B-01": 2}, findings=(MASKED,))], Outcome.PASSED, None),
        (MUST, [saw(exercised={"A-B-01": 1}, findings=(MASKED,)), saw(exercised={"A-B-01": 1})], Outcome.PASSED, None),
        (MUST, [saw(exercised={"A-B-01": 1}, findings=(MASKED, MASKED)), saw(exercised={"A-B-01": 1})], Outcome.PASSED, None),
        (MUST, [saw(exercised={"A-B-01": 1}, findings=(MASKED,)), saw(findings=(broken(),))], Outcome.FAILED, "it is wrong"),
        # rules that nothing can break
        (MAY, [], Outcome.NOT_EXERCISED, None),
        (MAY, [saw(exercised={"A-B-01": 1})], Outcome.OBSERVED, None),
        (MAY, [saw(choices={"A-B-01": {"first": 1}})], Outcome.OBSERVED, None),
        (MAY, [saw(exercised={"A-B-01": 1}, findings=(broken(),))], Outcome.OBSERVED, None),
        (MAY, [saw(inconclusive={"A-B-01": "x"})], Outcome.INCONCLUSIVE, "x"),
        # a choice of the target is no evidence for a rule that can be broken
        (MUST, [saw(choices={"A-B-01": {"first": 1}})], Outcome.NOT_EXERCISED, None),
        # excuses give way to evidence, missing features do not
        (EXCUSED, [], Outcome.UNCHECKED, "not modelled yet"),
        (EXCUSED, [saw(exercised={"A-B-01": 1})], Outcome.PASSED, None),
        (EXCUSED, [saw(findings=(broken(),))], Outcome.FAILED, "it is wrong"),
        (ABSENT, [], Outcome.NOT_APPLICABLE, "needs queue"),
        (ABSENT, [saw(exercised={"A-B-01": 1}, findings=(broken(),))], Outcome.NOT_APPLICABLE, "needs queue"),
    ],
)
def test_one_result_from_evidence(standing, verdicts, outcome, reason):
    for order in itertools.permutations(verdicts):
        ledger = Ledger()
        for verdict in order:
            ledger.add(verdict)
        result = settle(ledger, {"A-B-01": standing})["A-B-01"]
        assert (result.outcome, result.reason) == (outcome, reason)


def test_every_rule_has_a_result_with_its_counts():
    ledger = Ledger()
    ledger.add(saw("one", exercised={"A-B-01": 3}, findings=(broken(), broken(), broken(field="/x")), choices={"A-B-02": {"old": 2}}))
    results = settle(ledger, {"A-B-02": MAY, "A-B-01": MUST, "A-B-03": MUST})
    assert list(results) == ["A-B-02", "A-B-01", "A-B-03"]
    assert results["A-B-01"] == RuleResult(outcome=Outcome.FAILED, exercised=3, findings=3, reason="it is wrong")
    assert results["A-B-02"].choices == {"old": 2}


def test_steps_that_could_not_be_judged_are_counted_apart():
    ledger = whole([saw(inconclusive={"s5": "no witness", "s6": "no witness"})] * 2)
    other = whole([saw(inconclusive={"s1": "late", "A-B-01": "foreign"})])
    ledger.merge(other)
    assert ledger.unjudged == {"no witness": 4, "late": 1}
    assert ledger.rules() == {"A-B-01"}


def test_recurrences_are_one_group():
    ledger = Ledger()
    for n in range(40):
        ledger.add(saw(f"s{n}", findings=(broken(), broken(what="otherwise said"))))
    (group,) = ledger.of_rule("A-B-01")
    assert (group.count, group.in_scenarios, group.first.what) == (80, 40, "it is wrong")
    assert group.scenarios == [f"s{n}" for n in range(SCENARIOS_NAMED_MAX)]


def test_groups_differ_by_kind_field_mask_and_slowness_and_the_deciding_come_first():
    ledger = Ledger()
    ledger.add(saw(findings=(MASKED, MASKED, SLOW, broken(kind="order"), broken(field="/x"), broken(field="/x"))))
    groups = ledger.of_rule("A-B-01")
    assert [group.decides for group in groups] == [True, True, False, False]
    assert groups[0].first.field == "/x"
    assert ledger.broken() == {"A-B-01"}


VERDICTS = [
    saw("a", exercised={"A-B-01": 2, "A-B-02": 1}, findings=(broken("A-B-02"), MASKED), choices={"A-B-03": {"x": 1}}),
    saw("b", exercised={"A-B-01": 1}, inconclusive={"A-B-02": "foreign"}, choices={"A-B-03": {"x": 2, "y": 1}}),
    saw("c", findings=(MASKED, SLOW)),
    saw("d", exercised={"A-B-03": 1}, findings=(broken("A-B-02", field="/q"),)),
]
STANDINGS = {"A-B-01": MUST, "A-B-02": INFERRED, "A-B-03": MAY}


def whole(verdicts):
    ledger = Ledger()
    for verdict in verdicts:
        ledger.add(verdict)
    return ledger


@pytest.mark.parametrize("cut", range(len(VERDICTS) + 1))
def test_ledgers_of_shards_merge_to_the_ledger_of_all(cut):
    one, other = whole(VERDICTS[:cut]), whole(VERDICTS[cut:])
    before = settle(other, STANDINGS)
    one.merge(other)
    assert settle(one, STANDINGS) == settle(whole(VERDICTS), STANDINGS)
    assert one.groups == whole(VERDICTS).groups
    assert one.scenarios == len(VERDICTS)
    assert settle(other, STANDINGS) == before  # what was merged in is untouched


IDS = st.sampled_from(["A-B-01", "A-B-02", "A-B-03"])
FINDINGS = st.builds(
    broken,
    IDS,
    kind=st.sampled_from(["wrong", "missing"]),
    field=st.sampled_from(["", "/x"]),
    masked_by=st.none() | IDS,
    slow=st.booleans(),
)
SOME_VERDICTS = st.lists(
    st.builds(
        Verdict,
        scenario=st.sampled_from("abcdefghijklmnop"),
        exercised=st.dictionaries(IDS, st.integers(0, 3)),
        findings=st.lists(FINDINGS, max_size=4).map(tuple),
        choices=st.dictionaries(IDS, st.dictionaries(st.sampled_from("xy"), st.integers(1, 3))),
        inconclusive=st.dictionaries(IDS | st.sampled_from(["*", "s5"]), st.just("foreign publishes")),
    ),
    max_size=8,
)


@given(SOME_VERDICTS, SOME_VERDICTS)
@settings(max_examples=100, deadline=None)
def test_any_two_ledgers_merge_to_the_ledger_of_both_in_either_order(one, other):
    both = settle(whole(one + other), STANDINGS)
    merged, swapped = whole(one), whole(other)
    merged.merge(whole(other))
    swapped.merge(whole(one))
    assert settle(merged, STANDINGS) == both == settle(swapped, STANDINGS)


@given(SOME_VERDICTS, SOME_VERDICTS)
@settings(max_examples=100, deadline=None)
def test_more_evidence_never_hides_a_breach(one, more):
    before, after = settle(whole(one), STANDINGS), settle(whole(one + more), STANDINGS)
    for rule, result in before.items():
        if result.outcome in {Outcome.FAILED, Outcome.DEVIATES}:
            assert after[rule].outcome is result.outcome
        assert after[rule].findings >= result.findings
        assert after[rule].exercised >= result.exercised


def test_merging_does_not_share_state():
    one, other = Ledger(), whole(VERDICTS)
    one.merge(other)
    one.add(VERDICTS[0])
    assert settle(other, STANDINGS) == settle(whole(VERDICTS), STANDINGS)


def test_results_of_variants_merge_by_maximum():
    log, none = (
        {"A-B-01": RuleResult(outcome=Outcome.PASSED, exercised=2)},
        {"A-B-01": RuleResult(outcome=Outcome.NOT_APPLICABLE, reason="needs txlog")},
    )
    for order in ([log, none], [none, log]):
        assert merge_results(order)["A-B-01"] == RuleResult(outcome=Outcome.PASSED, exercised=2)


@pytest.mark.parametrize("verdict", VERDICTS, ids=lambda verdict: verdict.scenario)
def test_verdicts_survive_as_data(verdict):
    assert verdict_from_data(verdict_to_data(verdict)) == verdict


def test_findings_as_data_leave_defaults_out():
    finding = broken(events=(3, 1), expected="x", connection="a", step="s5")
    data = finding_to_data(finding)
    assert data == {
        "rule": "A-B-01",
        "kind": "wrong",
        "what": "it is wrong",
        "events": [3, 1],
        "expected": "x",
        "connection": "a",
        "step": "s5",
    }
    assert finding_from_data(data) == finding


PASSED = RuleResult(outcome=Outcome.PASSED, exercised=1)
FAILED = RuleResult(outcome=Outcome.FAILED, exercised=1)
DEVIATES = RuleResult(outcome=Outcome.DEVIATES, exercised=1)
IDLE = RuleResult(outcome=Outcome.NOT_EXERCISED)
UNDECIDED = RuleResult(outcome=Outcome.INCONCLUSIVE, exercised=1, reason="foreign publishes")
NEEDS = RuleResult(outcome=Outcome.NOT_APPLICABLE)


@pytest.mark.parametrize(
    ("results", "more", "outcome", "code"),
    [
        ([PASSED, IDLE], {}, "conforming", 0),
        ([PASSED, UNDECIDED], {}, "conforming", 0),
        ([PASSED, FAILED], {}, "nonconforming", 1),
        ([PASSED, DEVIATES], {}, "conforming", 0),
        ([PASSED, DEVIATES], {"strict": True}, "nonconforming", 1),
        ([], {}, "not_measured", 4),
        ([IDLE], {}, "not_measured", 4),
        ([UNDECIDED], {}, "not_measured", 4),
        ([PASSED, IDLE], {"required": ["A-B-00"]}, "conforming", 0),
        ([PASSED, IDLE], {"required": ["A-B-01"]}, "not_measured", 4),
        ([PASSED, NEEDS], {"required": ["A-B-01"]}, "conforming", 0),
        ([PASSED, UNDECIDED], {"required": ["A-B-01"]}, "conforming", 0),
        ([PASSED, RuleResult(outcome=Outcome.INCONCLUSIVE)], {"required": ["A-B-01"]}, "not_measured", 4),
        ([PASSED], {"required": ["A-B-77"]}, "not_measured", 4),
        ([PASSED], {"unmeasured": ["nothing listens"]}, "not_measured", 4),
        ([PASSED], {"harness_errors": ["boom"]}, "harness_error", 5),
        ([PASSED], {"interrupted": True}, "interrupted", 130),
        # several apply: 130, 1, 5, 4
        ([FAILED], {"interrupted": True, "harness_errors": ["boom"], "unmeasured": ["x"]}, "interrupted", 130),
        ([FAILED], {"harness_errors": ["boom"], "unmeasured": ["x"]}, "nonconforming", 1),
        ([PASSED], {"harness_errors": ["boom"], "unmeasured": ["x"]}, "harness_error", 5),
    ],
)
def test_the_outcome_of_a_run(results, more, outcome, code):
    conclusion = conclude({f"A-B-{n:02}": result for n, result in enumerate(results)}, **more)
    assert (conclusion.outcome.value, conclusion.exit_code) == (outcome, code)


@pytest.mark.parametrize(
    ("results", "more", "measured"),
    [
        ([PASSED], {"interrupted": True}, RunOutcome.NOT_MEASURED),
        ([FAILED], {"interrupted": True}, RunOutcome.NONCONFORMING),
        ([PASSED], {"interrupted": True, "harness_errors": ["boom"]}, RunOutcome.HARNESS_ERROR),
        ([PASSED], {}, RunOutcome.CONFORMING),
    ],
)
def test_what_an_interrupted_run_has_measured(results, more, measured):
    assert conclude({f"A-B-{n:02}": result for n, result in enumerate(results)}, **more).measured is measured


def test_all_that_applies_is_told():
    conclusion = conclude({"A-B-00": FAILED}, harness_errors=["boom"], required=["A-B-09"])
    assert {outcome.value: reasons for outcome, reasons in conclusion.applies.items()} == {
        "nonconforming": ("A-B-00",),
        "harness_error": ("boom",),
        "not_measured": ("A-B-09 was not exercised",),
    }
