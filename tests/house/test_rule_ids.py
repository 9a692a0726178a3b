"""Rule ids in the sources: written as R("…"), in the catalogue, and every rule is checked or excused."""

import ast
import re
from pathlib import Path

from conformance.rules import load, load_excuses
from conformance.rules.catalogue import RULE_ID
from conformance.rules.index import index, scan, sources
from conformance.rules.unchecked import missing, problems

ROOT = Path(__file__).parents[2]
TOPIC_OR_ID = re.compile(r"[A-Z]+-[A-Z]+-(\d{2,3}|\*)")


def test_every_id_in_the_sources_is_in_the_catalogue():
    orphans = [f"{place}: {rule_id}" for rule_id, places in scan().items() if rule_id not in load() for place in places]
    assert not orphans, "no such rule; `amps-conformance rules` lists them"


def test_every_id_in_the_tests_is_in_the_catalogue():
    known_wrong = {"tests/conformance/rules/test_rule_index.py", "tests/house/test_rule_ids.py"}
    files = ((file.relative_to(ROOT).as_posix(), file.read_text("utf-8")) for file in (ROOT / "tests").rglob("*.py"))
    found = index((name, text) for name, text in files if name not in known_wrong)
    assert not [f"{places[0]}: {rule_id}" for rule_id, places in found.items() if rule_id not in load()]


def bare_ids(text):
    """Lines with a rule id that stands in a text of its own without R(…)."""
    written = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "R":
            written |= {id(argument) for argument in node.args}
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and RULE_ID.fullmatch(node.value) and id(node) not in written:
            yield node.lineno


def test_ids_are_never_bare_strings():
    found = [f"{path}:{line}" for path, text in sources() for line in bare_ids(text)]
    assert not found, 'write R("…"), so that the scan finds it'


def test_the_search_for_bare_ids_finds_them():
    assert list(bare_ids('x = R("SOW-TOPN-02")\ny = ["SOW-TOPN-02"]\n"""SOW-TOPN-02: a text"""')) == [2]


def test_excuses_name_a_topic_or_a_rule_once_with_a_reason():
    assert not [excuse.rules for excuse in load_excuses() if not TOPIC_OR_ID.fullmatch(excuse.rules)]
    assert not [excuse.rules for excuse in load_excuses() if not excuse.reason[:1].islower() or excuse.reason.endswith(".")]
    assert problems(load(), dict.fromkeys(load(), ()), load_excuses()) == [
        f"{rule_id} is neither predicted nor judged and has no entry" for rule_id in missing(load(), {}, load_excuses())
    ]


def test_every_rule_is_checked_or_excused_and_none_is_both():
    wrong = problems(load(), scan(), load_excuses())
    assert not wrong, "`python -m conformance.rules.unchecked` says more; --fix and --suggest help"
