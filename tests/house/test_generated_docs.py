"""The pages that scripts/generate-docs makes are whole and their links lead somewhere (that they are up to date is checked in CI)."""

import re
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

from conformance.rules import load, load_excuses
from conformance.rules.explain import explain
from conformance.rules.index import scan

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def generator():
    loader = SourceFileLoader("generate_docs", str(ROOT / "scripts" / "generate-docs"))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def told():
    return {one.rule.id: one for one in explain(load(), scan(), load_excuses(), load().values())}


@pytest.fixture(scope="module")
def pages(generator, told):
    return dict(generator.all_pages(told))


def test_every_rule_has_its_section_in_the_page_of_its_area(pages):
    for area in load().areas:
        heads = re.findall(r"^### (\S+)$", pages[f"docs/rules/{area.lower()}.md"], re.MULTILINE)
        assert heads == [rule.id for rule in load().values() if rule.area == area]


def test_the_founding_documents_name_every_rule_of_the_table(pages):
    table = set(re.findall(r"[A-Z]+-[A-Z]+-\d{2}", (ROOT / "docs/spec/seeds.md").read_text("utf-8")))
    assert set(re.findall(r"\[([A-Z]+-[A-Z]+-\d{2})\]", pages["docs/founding-documents.md"])) == table


def test_links_lead_to_a_section(pages):
    for page, anchor in re.findall(r"\]\((rules/\w+\.md)#([a-z0-9-]+)\)", pages["docs/founding-documents.md"]):
        assert f"\n### {anchor.upper()}\n" in pages[f"docs/{page}"]


def test_every_row_has_a_state(pages):
    rows = [line for line in pages["docs/founding-documents.md"].splitlines() if line.startswith("|") and "](rules/" in line]
    assert len(rows) > 100
    for row in rows:
        assert re.search(r"\| (checked|recorded|unchecked: .+) \|$", row), row


@pytest.mark.parametrize(
    ("sentence", "rules", "said"),
    [
        ("one · two", "SOW-TOPN-01 · SOW-TOPN-02, SOW-TOPN-03", ["one", "two", ""]),
        ("head: one · two", "SOW-TOPN-01 · SOW-TOPN-02", ["head: one", "two"]),
        ("head: one · two", "SOW-TOPN-01 · SOW-TOPN-02 · SOW-TOPN-03", ["head", "one", "two"]),
        ("one · two", "SOW-TOPN-01", ["one · two"]),
    ],
)
def test_parts_of_a_sentence_keep_their_rules(generator, told, sentence, rules, said):
    assert [row.split("|")[1].strip() for row in generator.rows(sentence, rules, told)] == said
