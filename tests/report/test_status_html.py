"""The status page: nothing in it can load, run, or break out of its place."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import sync_playwright

from compatkit.migrate import FileResult, Job, Report
from compatkit.migrate.report import Overview
from compatkit.migrate.status import Status, StatusRow, StatusRun
from compatkit.report.status_html import Scene, status_html
from compatkit.report.status_text import percent
from compatkit.rewrite import Finding, Unchanged
from tests.browser import ARGUMENTS, find_chromium
from tests.report.overviews import OVERVIEW, TEXT

_VOID = {"meta", "br", "input"}
_KNOWN = {
    *_VOID,
    *("html", "head", "title", "style", "body", "main", "header", "footer", "section", "script", "div", "span"),
    *("h1", "h2", "p", "a", "b", "ul", "li", "code", "kbd", "label", "fieldset", "legend", "output", "button"),
    *("table", "thead", "tbody", "tr", "th", "td", "progress", "svg", "path"),
}
_ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "scope", "class", "value", "id", "href", "hidden", "role"),
    *("aria-label", "aria-hidden", "aria-labelledby", "aria-live", "tabindex", "type", "placeholder", "autocomplete"),
    *("spellcheck", "checked", "data-name", "data-state", "data-label", "data-sort"),
    *("viewbox", "d", "cx", "cy", "r"),
}


class Page(HTMLParser):
    """Reads a page, and holds that its tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.scripts = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.scripts += tag == "script"
        self.attributes.update(name for name, _ in attrs)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page_of(overview: Overview, name: str) -> str:
    row = StatusRow(name, 1, 2)
    return status_html(Status(row, (row,), (row,), (row,), overview.left, overview.report), name)


@given(overview=OVERVIEW, name=TEXT)
def test_whatever_is_shown_adds_no_element_and_no_attribute(overview: Overview, name: str) -> None:
    page = Page(page_of(overview, name))

    assert page.open == []
    assert page.tags <= _KNOWN
    assert page.attributes <= _ATTRIBUTES
    assert page.scripts == 1


@given(overview=OVERVIEW, name=TEXT)
def test_page_loads_nothing(overview: Overview, name: str) -> None:
    text = page_of(overview, name)

    assert not re.search(r"<[^>]*\b(?:src|action|srcset)=|<[^>]*\bhref=\"(?!#)|@import|url\(", text)
    # Only the script whose digest the page names may run.
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode() if script else ""
    assert f"script-src 'sha256-{digest}'" in text


def test_a_script_in_a_name_is_text() -> None:
    row = StatusRow("<script>alert(1)</script>", 1, 0)
    page = status_html(Status(row, (row,), (), (), (), Report(())), "x")

    assert page.count("<script") == 1
    assert "&lt;script&gt;" in page


@given(left=st.integers(1, 10**6), done=st.integers(0, 10**9))
def test_share_is_never_all_while_something_is_left(left: int, done: int) -> None:
    assert not percent(StatusRow("x", left, done)).startswith("100 ")


def test_trend_shows_every_run_and_says_it_in_words() -> None:
    row = StatusRow("x", 5, 5)
    history = (
        StatusRun("2026-01-01", "a", 9, 1),
        StatusRun("2026-01-02", "b", 7, 3),
        StatusRun("2026-01-03", "c", 5, 5),
    )

    text = status_html(Status(row, (), (), (), (), Report(())), "x", Scene(history=history))

    assert "Left over 3 runs: from 9 (2026-01-01) to 5 (2026-01-03)." in text
    assert text.count('<path class="dot"') == 3
    assert "<span>9 left</span><span>0</span>" in text
    assert "<span>2026-01-01</span>\n<span>2026-01-03</span>" in text


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_page_fits_filters_and_changes_its_colours_in_a_browser(tmp_path: Path, scheme: str, width: int) -> None:
    finding = Finding("CK101", 1, 1, f"names {'a_long_name.' * 20}")
    report = Report((FileResult("jobs/a.py", Unchanged((finding,)), Job(b"x\n")),))
    overview = Overview.of(report, is_written=False)
    rows = (StatusRow("CK101", 1, 2),)
    status = Status(rows[0], rows, (StatusRow("jobs", 1, 2),), (StatusRow("@me", 1, 2),), overview.left, report)
    page = tmp_path / "status.html"
    page.write_text(status_html(status, "x", Scene({"CK101": "b_long_name." * 20})), encoding="utf-8")

    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        tab = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
        troubles: list[str] = []
        tab.on("console", lambda message: troubles.append(message.text))
        tab.on("pageerror", lambda error: troubles.append(str(error)))
        tab.goto(page.as_uri())
        is_wider = tab.evaluate("document.documentElement.scrollWidth") > width
        cells = tab.evaluate(
            "[...document.querySelectorAll('td, th')].filter(c => c.scrollWidth > c.clientWidth + 1).length"
        )
        tab.fill("#filter", "jobs")
        shown = tab.locator("tr.item:visible").count()
        before = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        tab.click("#theme")
        tab.click("#theme")
        after = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        browser.close()

    assert (is_wider, cells, troubles) == (False, 0, [])
    assert shown == 2
    assert (before == after) == (scheme == "dark")
