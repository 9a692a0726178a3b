"""The scan for rule ids, and the tool that holds `unchecked.toml` against it."""

import subprocess
import sys

import pytest

from conformance.rules import Excuse, load
from conformance.rules.index import Place, checked, index, of_role, places, role_of, scan
from conformance.rules.standing import read_excuses
from conformance.rules.unchecked import fixed, globs, missing, problems, suggestion, written

SOURCES = [
    ("reference_model/areas/sow.py", 'def query():\n    return (R("SOW-TOPN-01"),\n            R("SOW-TOPN-02"))\n'),
    ("conformance/checks/keys.py", 'class Keys:\n    rule = rule_module.R("SOW-KEY-01")\n'),
    ("conformance/server/mutants.py", 'M = [Mutant(name="one_more", breaks=(R("SOW-TOPN-01"),))]\n'),
    ("strategies/directed.py", 'def smoke():\n    yield Scenario(name="paging-1", exercises=(R("SOW-TOPN-02"),))\n'),
    ("conformance/wire/header.py", 'X = R("WIRE-HDR-01")\n"""R("WIRE-HDR-02") in a text"""\n# R("WIRE-HDR-03")\n'),
    ("conformance/programs.py", "R(name)\nr = R\n"),
]


def test_a_decorated_function_is_the_scenario_that_it_writes():
    text = '@paging(R("SOW-TOPN-02"), needs=("sow",))\ndef by_option(p):\n    p.open()\n'
    assert [place.within for _, place in places("strategies/directed/paging.py", text)] == ["paging-by-option"]


def test_places():
    found = index(SOURCES)
    assert found == {
        "SOW-TOPN-01": (
            Place(file="conformance/server/mutants.py", line=1, role="breaks", within="one_more"),
            Place(file="reference_model/areas/sow.py", line=2, role="predicts", within="query"),
        ),
        "SOW-TOPN-02": (
            Place(file="reference_model/areas/sow.py", line=3, role="predicts", within="query"),
            Place(file="strategies/directed.py", line=2, role="exercises", within="paging-1"),
        ),
        "SOW-KEY-01": (Place(file="conformance/checks/keys.py", line=2, role="judges", within="Keys"),),
        "WIRE-HDR-01": (Place(file="conformance/wire/header.py", line=1, role="mentions"),),
    }
    assert of_role(found, "breaks") == {"SOW-TOPN-01"}
    assert checked(found) == {"SOW-TOPN-01", "SOW-TOPN-02", "SOW-KEY-01"}


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("reference_model/model.py", "predicts"),
        ("conformance/compare/align.py", "judges"),
        ("conformance/compare.py", "judges"),
        ("conformance/checks/__init__.py", "judges"),
        ("conformance/server/mutants/keys.py", "breaks"),
        ("conformance/server/store.py", "mentions"),
        ("conformance/suites/test_sow.py", "exercises"),
        ("strategies/commands.py", "exercises"),
        ("reports/summary.py", "mentions"),
    ],
)
def test_roles_by_place(path, role):
    assert role_of(path) == role


def test_the_installed_packages_are_scanned_without_importing_them():
    program = (
        "import sys; from conformance.rules.index import scan, sources; "
        "assert any(path == 'reference_model/rule.py' for path, _ in sources()); scan(); "
        "print(sorted(m for m in sys.modules if m.startswith(('reference_model', 'strategies'))))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert scan() is scan()


INDEX = index(SOURCES)
BOTH = Excuse(rules="SOW-TOPN-*", reason="not yet")


@pytest.mark.parametrize(
    ("excuses", "said"),
    [
        ([BOTH], "SOW-TOPN-* excuses SOW-TOPN-01, which is checked in reference_model/areas/sow.py:2"),
        ([Excuse(rules="SOW-NONE-*", reason="r")], "SOW-NONE-* names no rule"),
        ([Excuse(rules="SOW-ORD-*", reason=" ")], "SOW-ORD-* has no reason"),
        ([Excuse(rules="OOF-PAGE-*", reason="r"), Excuse(rules="OOF-PAGE-04", reason="r")], "OOF-PAGE-04 is excused twice"),
        ([], "SOW-TOPN-04 is neither predicted nor judged and has no entry"),
    ],
)
def test_what_is_wrong_with_excuses(excuses, said):
    assert any(said in line for line in problems(load(), INDEX, excuses))


def test_client_rules_and_checked_rules_need_no_entry():
    gone = missing(load(), INDEX, [])
    assert "CLI-LOGON-07" not in gone
    assert "SOW-TOPN-01" not in gone
    assert "SOW-TOPN-04" in gone


def test_fix_takes_out_what_is_checked_and_writes_what_it_reads():
    excuses = fixed(load(), INDEX, [BOTH, Excuse(rules="SOW-ORD-*", reason="not yet"), Excuse(rules="SOW-STAT-*", reason='says "so"')])
    assert not any("excuses" in line for line in problems(load(), INDEX, excuses))
    assert [excuse.rules for excuse in excuses if excuse.reason == "not yet"][-1] == "SOW-ORD-*"
    assert len(excuses) == 12 - 2 + 1 + 1
    assert list(read_excuses(written(excuses))) == excuses


def test_globs_are_short_for_whole_topics_only():
    catalogue = load()
    whole = [rule.id for rule in catalogue.values() if rule.topic == "SOW-ORD"]
    assert globs(catalogue, whole) == ["SOW-ORD-*"]
    assert globs(catalogue, whole[:1]) == whole[:1]
    servers = [rule.id for rule in catalogue.values() if rule.topic == "CMD-LOGON" and rule.side != "client"]
    assert globs(catalogue, servers) == ["CMD-LOGON-*"]


def test_suggestions_are_grouped_by_topic_and_can_be_pasted():
    catalogue = load()
    topic = [rule.id for rule in catalogue.values() if rule.topic == "SOW-ORD"]
    text = suggestion(catalogue, [*topic, "SOW-TOPN-01", "SOW-TOPN-07"])
    assert "# SOW-TOPN-07  tier 1, must: skip_n skips in the order" in text
    assert [(excuse.rules, excuse.reason) for excuse in read_excuses(text)] == [
        ("SOW-ORD-*", "…"),
        ("SOW-TOPN-01", "…"),
        ("SOW-TOPN-07", "…"),
    ]
