"""The status page: nothing in it can load, run, or break out of its place."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from compatkit.migrate import Report
from compatkit.migrate.remarks import Overview
from compatkit.migrate.status import Row, Status
from compatkit.report.status_html import status_html
from compatkit.report.status_text import percent
from tests.report.overviews import OVERVIEW, TEXT

_VOID = {"meta", "br"}
_KNOWN = {
    *_VOID,
    *("html", "head", "title", "style", "body", "main", "h1", "h2", "p", "table", "tr", "th", "td", "meter"),
    *("details", "summary", "ul", "li", "code"),
}


class Page(HTMLParser):
    """Reads a page, and holds that its tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page_of(overview: Overview, name: str) -> str:
    row = Row(name, 1, 2)
    return status_html(Status(row, (row,), (row,), (row,), overview.left, overview.report), name)


@given(overview=OVERVIEW, name=TEXT)
def test_whatever_is_shown_adds_no_element_and_no_attribute(overview: Overview, name: str) -> None:
    page = Page(page_of(overview, name))

    assert page.open == []
    assert page.tags <= _KNOWN
    assert page.attributes <= {
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "scope",
        "class",
        "value",
        "aria-label",
    }


@given(overview=OVERVIEW, name=TEXT)
def test_page_loads_nothing(overview: Overview, name: str) -> None:
    assert not re.search(r"<[^>]*\b(?:src|href|action|srcset)=|@import|url\(", page_of(overview, name))


def test_a_script_in_a_name_is_text() -> None:
    row = Row("<script>alert(1)</script>", 1, 0)
    page = status_html(Status(row, (row,), (), (), (), Report(())), "x")

    assert "<script" not in page
    assert "&lt;script&gt;" in page


@given(left=st.integers(1, 10**6), done=st.integers(0, 10**9))
def test_share_is_never_all_while_something_is_left(left: int, done: int) -> None:
    assert not percent(Row("x", left, done)).startswith("100 ")
