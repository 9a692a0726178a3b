"""Every relative link of README and docs leads to a file, and to a heading in it. What the built site adds is for `mkdocs --strict`."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!\\)\]\(([^()\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`|^    .*?$", re.DOTALL | re.MULTILINE)


def plain(path):
    """The text without code."""
    return CODE.sub("", path.read_text("utf-8"))


@cache
def anchors(path):
    """The ids of a page's headings, as GitHub and MkDocs make them."""
    heads = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for link in LINK.findall(plain(page)):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target), link


def test_what_is_no_link_is_seen():
    assert LINK.findall("[a](b.md#c) ![x](y.svg)") == ["b.md#c", "y.svg"]
    assert "[a](b)" not in CODE.sub("", "see `[a](b)`")
