"""The page, the Markdown and the badge of a history: what they say, and that nothing of a night is read as mark-up."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from conformance.rules import load
from reports.history import changes, nights_in
from reports.nightly import CHARTED_MAX, badge, charts, keep, markdown, page
from tests.reports.made import HOSTILE, rich
from tests.reports.test_history import NIGHT, history


def shown(nights):
    return page(nights, changes(nights), load())


def told(nights):
    return markdown(nights[-1], changes(nights), load())


def test_a_night_is_kept_with_its_reports_and_pages(tmp_path):
    report = rich()
    files = keep(report, tmp_path)
    assert [file.name for file in files] == ["index.html", "nightly.md"]
    (night,), damage = nights_in(tmp_path / "nights")
    assert not damage
    assert {path.name for path in (tmp_path / night.id).iterdir()} >= {
        "index.html",
        "summary.json",
        "junit.xml",
        "ctrf.json",
        "summary.md",
    }
    assert json.loads((tmp_path / "changes.json").read_text())["night"] == night.id
    assert json.loads((tmp_path / "badge.json").read_text()) == badge(night)
    assert f'href="{night.id}/index.html"' in files[0].read_text("utf-8")
    assert keep(report, tmp_path) == files, "the same run again is the same night"
    assert len(nights_in(tmp_path / "nights")[0]) == 1


NEWS = {
    "broken": (["passed", "failed"], "## Newly broken: 1"),
    "still": (["passed", "failed", "failed"], "since 2026-01-02, AMPS 5.3.5.2, 2 nights"),
    "mended": (["failed", "passed"], "## Mended: 1"),
    "nothing": (["passed", "passed"], "Nothing changed, and nothing is broken."),
    "not measured": (["passed", "-"], "Nothing was measured."),
}


@pytest.mark.parametrize(("words", "line"), NEWS.values(), ids=NEWS)
def test_the_news(words, line):
    nights = history(*words)
    assert line in told(nights)
    assert line.removeprefix("## ").partition(":")[0] in shown(nights)


def test_the_badge():
    assert badge(replace(NIGHT, rules={"SOW-TOPN-07": "passed"}))["message"] == "conforming"
    assert badge(replace(NIGHT, outcome="nonconforming", rules={"SOW-TOPN-07": "failed"})) == {
        "schemaVersion": 1,
        "label": "AMPS conformance",
        "message": "1 broken",
        "color": "red",
    }
    assert badge(replace(NIGHT, outcome="not_measured"))["message"] == "not measured"


def test_charts_have_the_last_nights_and_every_area():
    nights = [replace(NIGHT, id=f"n{n:03}", rules={"SOW-TOPN-07": "passed", "CMD-ACK-08": "failed"}) for n in range(CHARTED_MAX + 5)]
    made = charts(nights)
    assert [chart.name for chart in made] == ["all areas", "CMD", "SOW"]
    assert {len(chart.bars) for chart in made} == {CHARTED_MAX}


def test_one_broken_rule_among_hundreds_is_seen():
    many = {f"EXPR-LIT-{n:02}": "passed" for n in range(99)} | {f"EXPR-CMP-{n:02}": "passed" for n in range(99)}
    (whole, _) = charts([replace(NIGHT, rules=many | {"EXPR-IN-01": "failed"})])
    heights = {word: height for word, _, height in whole.bars[0].parts}
    assert heights["failed"] >= whole.high * 0.02
    assert sum(heights.values()) <= whole.high + 0.01


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs).get("onerror"), str(dict(attrs).get("href")).startswith("javascript")))


def test_what_a_night_says_is_text():
    nights = [
        replace(night, target=HOSTILE, version=HOSTILE, profile=HOSTILE, harness=HOSTILE) for night in history("passed", "failed")
    ]
    elements = Elements()
    elements.feed(shown(nights))
    assert not [seen for seen in elements.seen if seen[0] in {"script", "img"} or seen[1] or seen[2]]
    assert "\x1b" not in shown(nights) + told(nights)
    assert not [line for line in told(nights).splitlines() if line.startswith("<")]
