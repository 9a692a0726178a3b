"""Known failures: how they show in merged results, what their file may say, and how it is made to fit a run."""

import datetime as dt
import tomllib

import pytest

from conformance import known_file
from conformance.errors import UsageError
from conformance.known import Excused, KnownFailure, Measured, View, excused, holding
from conformance.known_file import New
from conformance.results import Outcome, RuleResult, RunOutcome, conclude
from conformance.rules import load, standings
from reference_model.config import STANDARD

DAY = dt.date(2026, 11, 24)
TOPN = "SOW-TOPN-07"
OTHER = "SOW-TOPN-02"


def entry(rule=TOPN, **more):
    return KnownFailure(**{"rule": rule, "covers": (rule,), "reason": "known", **more})


def measured(outcome, *known, features=(), version="5.3.5.0", rule=TOPN):
    return Measured(results={rule: RuleResult(outcome=outcome)}, features=frozenset(features), version=version, known=known)


def views(*parts):
    merged = {}
    for part in parts:
        for rule, result in part.results.items():
            merged[rule] = max(merged.get(rule, result), result, key=lambda one: one.outcome)
    return {rule: how.view for rule, how in excused(merged, parts).items()}


# ---- views -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "known", "view"),
    [
        (Outcome.FAILED, entry(), View.KNOWN_FAILING),
        (Outcome.DEVIATES, entry(), View.KNOWN_FAILING),
        (Outcome.PASSED, entry(), View.UNEXPECTED_PASS),
        (Outcome.FAILED, entry(flaky=True), View.FLAKY),
        (Outcome.PASSED, entry(flaky=True), None),
        # nothing that a run cannot say
        (Outcome.INCONCLUSIVE, entry(), None),
        (Outcome.NOT_EXERCISED, entry(), None),
        (Outcome.UNCHECKED, entry(), None),
        (Outcome.NOT_APPLICABLE, entry(), None),
        # another rule
        (Outcome.FAILED, entry(OTHER), None),
        # conditions
        (Outcome.FAILED, entry(version=">=5.3.4, <5.4"), View.KNOWN_FAILING),
        (Outcome.FAILED, entry(version="<5.3.5"), None),
        (Outcome.PASSED, entry(version="<5.3.5"), None),
        (Outcome.FAILED, entry(feature="sow"), View.KNOWN_FAILING),
        (Outcome.FAILED, entry(feature="queue"), None),
    ],
)
def test_how_an_entry_shows(outcome, known, view):
    assert views(measured(outcome, known, features=["sow"])) == ({} if view is None else {TOPN: view})


@pytest.mark.parametrize("version", [None, "", "unknown", "5.3.5 (debug)"])
def test_a_version_that_is_none_meets_no_condition(version):
    assert not entry(version=">=1").holds((), version)
    assert entry().holds((), version)


def test_an_entry_counts_where_the_rule_is_broken_and_not_elsewhere():
    here, there = entry(version="==5.3.4"), measured(Outcome.FAILED, version="5.3.5")
    assert views(measured(Outcome.FAILED, here, version="5.3.4")) == {TOPN: View.KNOWN_FAILING}
    assert views(measured(Outcome.FAILED, here, version="5.3.4"), there) == {}, "broken where nobody excused it"
    assert views(measured(Outcome.FAILED, here, version="5.3.4"), measured(Outcome.PASSED, here)) == {TOPN: View.KNOWN_FAILING}
    assert views(measured(Outcome.PASSED, here, version="5.3.4"), there) == {}, "broken, though not where it was expected"


def test_a_flaky_entry_goes_before_one_that_is_not():
    assert views(measured(Outcome.FAILED, entry(), entry(flaky=True))) == {TOPN: View.FLAKY}
    assert views(measured(Outcome.PASSED, entry(), entry(flaky=True))) == {}


def test_the_outcome_of_a_run_with_excuses():
    red = {TOPN: RuleResult(outcome=Outcome.FAILED, exercised=1), OTHER: RuleResult(outcome=Outcome.PASSED, exercised=1)}
    assert conclude(red, excused=[TOPN]).outcome is RunOutcome.CONFORMING
    assert conclude(red, excused=[TOPN], surprising=[OTHER]).applies == {RunOutcome.NONCONFORMING: (OTHER,)}
    assert conclude(red, surprising=[OTHER]).applies == {RunOutcome.NONCONFORMING: (TOPN, OTHER)}
    unreachable = conclude(red, excused=[TOPN], unmeasured=["nothing listens"])
    assert unreachable.outcome is RunOutcome.NOT_MEASURED, "an unreachable server is never excused"
    assert conclude(red, excused=[TOPN], required=["SOW-KEY-01"]).outcome is RunOutcome.NOT_MEASURED
    assert conclude(red, excused=[TOPN], harness_errors=["oops"]).outcome is RunOutcome.HARNESS_ERROR


def test_an_entry_in_a_run_file():
    one = entry(url="https://x", version=">1", feature="sow", expires="2027-01-31", flaky=True)
    assert KnownFailure.from_data(one.to_data()) == one
    assert entry().to_data() == {"rule": TOPN, "covers": [TOPN], "reason": "known"}
    assert holding([entry(), entry(OTHER, feature="queue")], ["sow"], None) == {TOPN}
    assert Excused(view=View.FLAKY, by=one).by is one


# ---- the file ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def read(tmp_path):
    def call(text, on=DAY):
        path = tmp_path / "known.toml"
        path.write_text(text, "utf-8")
        catalogue = load()
        return known_file.read(path, catalogue, standings(catalogue, STANDARD.features), STANDARD.features, on=on)

    return call


def test_a_whole_file(read):
    found = read(
        """
        [[known-failing]]
        rule = "SOW-TOPN-0*"
        reason = "limits are not done yet"
        url = "https://example.com/7"
        version = ">=5.3.4, <5.4"
        feature = "sow"
        expires = 2026-11-24
        [[flaky]]
        rule = "SOW-KEY"
        reason = "the key comes late under load"
        expires = "2027-01-31"
        """
    )
    assert [one.flaky for one in found] == [False, True]
    assert {TOPN, OTHER} <= set(found[0].covers)
    assert all(rule.startswith("SOW-TOPN-0") for rule in found[0].covers)
    assert found[0].expires == "2026-11-24", "its last day counts"
    assert set(found[1].covers) <= {rule.id for rule in load().match("SOW-KEY")}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("rule = 3 =", "is no TOML file"),
        ("[excused]", "there is no table 'excused'"),
        ("[known-failing]\nrule = 'SOW'", "write [[known-failing]] above each entry"),
        ("[[known-failing]]\nreason = 'x'", "known-failing entry 1: it needs a rule"),
        (f"[[known-failing]]\nrule = '{TOPN}'", f"known-failing entry 1 ({TOPN}): it needs a reason"),
        (f"[[flaky]]\nrule = '{TOPN}'\nreason = ' '", f"flaky entry 1 ({TOPN}): its reason is no text"),
        (f"[[flaky]]\nrule = '{TOPN}'\nreason = 'x'\nuntil = 3", "there is no 'until'"),
        (f"[[flaky]]\nrule = '{TOPN}'\nreason = 'x'\nexpires = 'soon'", "'soon' is no day"),
        (f"[[flaky]]\nrule = '{TOPN}'\nreason = 'x'\nexpires = 2026-11-24T10:00:00Z", "is no day"),
        (f"[[flaky]]\nrule = '{TOPN}'\nreason = 'x'\nversion = 'new'", "'new' is no condition on a version"),
        (f"[[flaky]]\nrule = '{TOPN}'\nreason = 'x'\nfeature = 'speed'", "'speed' is no feature"),
        ("[[known-failing]]\nrule = 'NO-SUCH-01'\nreason = 'x'", "no rule is named 'NO-SUCH-01'"),
        (
            f"[[known-failing]]\nrule = '{TOPN}'\nreason = 'x'\nexpires = 2026-11-23",
            f": the entry for {TOPN} has expired on 2026-11-23",
        ),
        ("[[known-failing]]\nrule = 'QUEUE'\nreason = 'x'", ": QUEUE matches nothing that is checked on this target"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(read, text, line):
    with pytest.raises(UsageError) as caught:
        read(text)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_entry_for_another_target_may_match_nothing_on_this_one(read):
    assert len(read("[[known-failing]]\nrule = 'QUEUE'\nreason = 'x'\nfeature = 'queue'")) == 1


def test_a_rule_that_cannot_fail_is_no_match(read):
    catalogue = load()
    free = next(rule.id for rule in catalogue.values() if rule.breach is Outcome.OBSERVED)
    with pytest.raises(UsageError, match="it matches nothing that can fail"):
        read(f"[[known-failing]]\nrule = '{free}'\nreason = 'x'")


# ---- update ------------------------------------------------------------------------------------------------------------------


def update(entries, found, *, broken=(), version="5.3.5", **new):
    return known_file.update(entries, found, features=["sow"], version=version, broken=broken, new=New(**new), on=DAY)


def glob(*covers, **more):
    return entry("SOW-TOPN", **{"covers": covers, **more})


@pytest.mark.parametrize(
    ("entries", "found", "kept"),
    [
        ([entry()], {TOPN: Outcome.FAILED}, [TOPN]),
        ([entry()], {TOPN: Outcome.PASSED}, []),
        ([entry()], {TOPN: Outcome.NOT_EXERCISED}, [TOPN]),
        ([entry()], {TOPN: Outcome.INCONCLUSIVE}, [TOPN]),
        ([entry(flaky=True)], {TOPN: Outcome.PASSED}, [TOPN]),
        ([entry(version="<5")], {TOPN: Outcome.PASSED}, [TOPN]),
        ([glob(TOPN, OTHER)], {TOPN: Outcome.FAILED, OTHER: Outcome.FAILED}, ["SOW-TOPN"]),
        ([glob(TOPN, OTHER)], {TOPN: Outcome.FAILED, OTHER: Outcome.NOT_EXERCISED}, ["SOW-TOPN"]),
        ([glob(TOPN, OTHER)], {TOPN: Outcome.FAILED, OTHER: Outcome.PASSED}, [TOPN]),
        ([glob(TOPN, OTHER)], {TOPN: Outcome.PASSED, OTHER: Outcome.PASSED}, []),
        ([entry(), entry()], {TOPN: Outcome.FAILED}, [TOPN]),
        ([glob(TOPN, OTHER), entry()], {TOPN: Outcome.FAILED, OTHER: Outcome.FAILED}, ["SOW-TOPN"]),
    ],
)
def test_what_is_left_of_entries(entries, found, kept):
    made = update(entries, {rule: RuleResult(outcome=outcome) for rule, outcome in found.items()})
    assert [one.rule for one in made.entries] == kept
    assert all(one.reason == "known" for one in made.entries), "reasons are kept"


def test_new_failures_need_a_reason():
    found = {TOPN: RuleResult(outcome=Outcome.FAILED)}
    with pytest.raises(UsageError, match="SOW-TOPN-07 fails and no entry says why; give --reason"):
        update([], found, broken=[TOPN])
    made = update([], found, broken=[TOPN], reason="new", expires="2027-01-31")
    assert (made.added, made.entries[0].reason, made.entries[0].expires) == ((TOPN,), "new", "2027-01-31")
    assert update([entry()], found, broken=[TOPN]).added == ()


def test_an_expired_entry_that_still_fails_needs_a_new_day():
    found, old = {TOPN: RuleResult(outcome=Outcome.FAILED)}, entry(expires="2026-01-01")
    with pytest.raises(UsageError, match="has expired on 2026-01-01, and it still fails; give --expires"):
        update([old], found, broken=[TOPN])
    assert update([old], found, broken=[TOPN], expires="2027-01-31").entries[0].expires == "2027-01-31"
    assert update([old], {TOPN: RuleResult(outcome=Outcome.PASSED)}).entries == ()


def test_a_file_is_written_as_it_is_read(tmp_path, read):
    whole = (
        entry(reason='says "no" \\ and\nmore\x7f\u2028é', url="https://x", expires="2027-01-31", version=">1", feature="sow"),
        entry(OTHER, flaky=True),
    )
    path = tmp_path / "written.toml"
    known_file.write(path, whole)
    assert read(path.read_text("utf-8")) == whole
    assert set(tomllib.loads(path.read_text("utf-8"))) == {"known-failing", "flaky"}
