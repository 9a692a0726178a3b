"""A real browser for the tests of the page: the one that CHROMIUM names, or that the machine has. Without one they fail."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "reports"))  # `made`: the runs that the tests of all formats tell

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="session")
def chromium():
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    assert path, "no browser: install chromium, or name one with CHROMIUM"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])  # CI runs as root
        yield browser
        browser.close()


class Opened:
    """A page that is open: what it complained of, and what it asked the network for."""

    def __init__(self, page, complaints, requests):
        self.page = page
        self.complaints = complaints
        self.requests = requests

    def __getattr__(self, name):
        return getattr(self.page, name)


@pytest.fixture
def show(chromium, tmp_path):
    """Open a report as the page that a user has: from a file, without network. Whatever the page complains of fails the test."""
    from reports.page import page as html

    opened = []

    def call(report, *, fragment="", **context):
        path = tmp_path / f"index-{len(opened)}.html"
        path.write_text(html(report), "utf-8")
        made = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, "offline": True, **context})
        page = made.new_page()
        complaints, requests = [], []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("request", lambda request: requests.append(request.url))
        page.add_init_script("window.hit = () => { window.wasHit = true; };")
        page.goto(f"{path.as_uri()}{fragment}")
        opened.append(Opened(page, complaints, requests))
        return opened[-1]

    yield call
    for one in opened:
        assert one.complaints == []
        assert [url for url in one.requests if not url.startswith(("file:", "data:"))] == []
        one.context.close()
