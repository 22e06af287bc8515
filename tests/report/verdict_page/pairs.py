"""Pairs of snapshots, and what their page says, read back from its elements."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import strategies as st

from compatkit.equivalence import EquivalenceError, Point, Policy, Snapshot, compare_snapshots
from compatkit.report.verdict_page import Compared
from compatkit.report.verdict_page.page import verdict_page
from tests.equivalence.strategies import RUN, snapshots

VOID = {"meta", "br", "input", "wbr"}
# What a metric's name or a param's value may hold, and what would break out of a page or a script.
HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>\"&<!--]]>\x00\u202e\ud800"


def compared(before: Snapshot, after: Snapshot, policy: Policy | None = None) -> Compared:
    policy = policy or Policy.exact()
    return Compared("a pair", compare_snapshots(before, after, policy), before, after, policy)


@st.composite
def pairs(draw: st.DrawFn) -> Compared:
    """Two runs with something in common, else there is no verdict."""
    before, after = draw(snapshots), draw(snapshots)
    shared = draw(st.sampled_from([RUN.metrics, {}]))
    sides = [replace(side, metrics={**side.metrics, **shared}) for side in (before, after)]
    try:
        return compared(*sides)
    except EquivalenceError:
        return compared(RUN, sides[1])


def history(*values: float, first: int = 1) -> tuple[Point, ...]:
    return tuple(Point(step, value) for step, value in enumerate(values, start=first))


class Page(HTMLParser):
    """Reads a page: its tags and attributes, the text of each row, and that what is opened is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.rows: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "tr":
            self.rows.append("")
        if tag not in VOID:
            self.open.append(tag)
        title = dict(attrs).get("title")
        if title and self.rows:
            self.rows[-1] += title + " "

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag in {"td", "th"} and self.rows:
            self.rows[-1] += "\t"

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.texts.append(data)
            if "tr" in self.open:
                self.rows[-1] += data

    @property
    def text(self) -> str:
        return "".join(self.texts)


def page_of(*comparisons: Compared) -> Page:
    return Page(verdict_page(comparisons))
