"""Every form of a verdict holds whatever a name or a value can hold, says the verdict, and loses no difference."""

from __future__ import annotations

import html
import json
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from compatkit.equivalence import Difference, Kind, Point, Policy, Snapshot, Verdict, compare_snapshots
from compatkit.equivalence.matrix import Cell, Matrix, Scenario
from compatkit.equivalence.statistics import SampleVerdict, compare_samples
from compatkit.migration import Allowance, Margin
from compatkit.report import FORMATS
from compatkit.report.migrate_text import printable
from compatkit.report.verdict_formats import render_matrices, render_samples, render_verdict
from tests.equivalence.strategies import RUN

NASTY = ["a|b", "`x`", "``", "<script>alert(1)</script>", "@team", "#1", "[a](http://b)", "\x1b[31m", "a\nb", "]]>"]
NASTY += [
    "::error::x",
    "%0A",
    "\\|",
    "\\",
    " ",
    "www.example.com",
    "*_x_*",
    "a\r\nb",
    "\x00",
    "\ud800",
    "&lt;",
    "~~a~~",
]
odd = st.one_of(st.sampled_from(NASTY), st.text(max_size=20))
EQUAL = compare_snapshots(RUN, replace(RUN, run_id="b"), Policy())
ENTRY = Allowance("metric", "gap|x", "until <b>then</b>", until=date(2027, 1, 31))
STALE = compare_snapshots(RUN, RUN, Policy(ignore=(ENTRY,), today=date(2026, 1, 1)))


def different(name: str, before: str, after: str) -> Verdict:
    return replace(EQUAL, deciding=(Difference(Kind.TAG_VALUE, name, before, after),), notes=(before,))


class Page(HTMLParser):
    """The text of each cell, and every tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.cells: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.tags.add(tag)
        if tag in {"td", "th"}:
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


def rendered(markdown: str) -> Page:
    return Page(MarkdownIt("commonmark").enable("table").enable("strikethrough").render(markdown))


@given(odd, odd, odd)
def test_markdown_shows_every_text_as_it_is(name: str, before: str, after: str) -> None:
    page = rendered(render_verdict(different(name, before, after), "markdown"))

    assert page.tags <= {"h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "ul", "li"}
    assert [cell.strip() for cell in page.cells[9:13]] == [
        printable(name).strip(),
        "",
        printable(before).strip(),
        printable(after).strip(),
    ]


@given(odd, odd)
def test_junit_is_xml_that_holds_the_difference(name: str, before: str) -> None:
    suite = ET.fromstring(render_verdict(different(name, before, "x"), "junit"))[0]

    (failure,) = suite.findall("testcase/failure")
    assert (suite.get("failures"), suite.get("errors")) == ("1", "0")
    assert printable(name) in (failure.text or "")


@given(odd, odd)
def test_github_is_one_command_a_line(name: str, before: str) -> None:
    lines = render_verdict(different(name, before, "x"), "github").split("\n")

    assert len(lines) == 2
    assert lines[0].startswith("::error title=compatkit::different (policy: none): 1 problem")
    assert lines[1].startswith("::error title=tags::tag value: ")
    assert "\r" not in lines[1]


@given(odd, odd)
def test_text_steers_no_terminal(name: str, before: str) -> None:
    for line in render_verdict(different(name, before, "x"), "text").split("\n"):
        assert line.isprintable()


@given(odd, odd)
def test_json_holds_the_texts_unchanged(name: str, before: str) -> None:
    (found,) = json.loads(render_verdict(different(name, before, "x"), "json"))["deciding"]

    assert (found["name"], found["before"]) == (name, before)


@pytest.mark.parametrize("form", FORMATS)
def test_a_stale_allowance_is_in_every_format(form: str) -> None:
    text = render_verdict(STALE, form)

    assert "2027" in text
    if form == "json":
        assert json.loads(text)["accepted"] is False


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("verdict", [EQUAL, different("team", "a", "b")])
def test_every_format_says_which_policy_decided(form: str, verdict: Verdict) -> None:
    text = render_verdict(replace(verdict, policy="migration my-move"), form)

    assert "policy: migration my-move" in html.unescape(text).replace('"', "").lower()


def test_an_equivalent_verdict_passes_everywhere() -> None:
    suite = ET.fromstring(render_verdict(EQUAL, "junit"))[0]

    assert [suite.get(name) for name in ("failures", "errors", "skipped")] == ["0", "0", "0"]
    assert {case.get("name") for case in suite} >= {"metrics", "params", "models", "policy: none"}
    assert render_verdict(EQUAL, "github") == "::notice title=compatkit::equivalent (policy: none)"
    assert render_verdict(EQUAL, "markdown").startswith("### compatkit compare: equivalent\n")
    assert json.loads(render_verdict(EQUAL, "json"))["accepted"] is True


def test_of_many_differences_the_first_are_shown_and_the_rest_counted() -> None:
    many = replace(EQUAL, deciding=tuple(Difference(Kind.METRIC_EXTRA, f"m{n}") for n in range(70)))

    assert "And 20 more differences." in render_verdict(many, "markdown")
    assert "70 problems; 61 more are in the log" in render_verdict(many, "github").split("\n")[0]


MATRIX = Matrix(
    Scenario("iris", "quick|test"),
    (
        Cell("v1", "a|b"),
        Cell("v1", "same", verdict=EQUAL),
        Cell("v1", "other", verdict=different("<i>", "x", "y")),
        Cell("v1", "broken", failure="RuntimeError: a|b\n<b>"),
        Cell("v1", "lost"),
    ),
)


def test_a_matrix_is_a_case_a_cell_and_what_was_not_compared_is_an_error() -> None:
    suite = ET.fromstring(render_matrices([MATRIX], "junit"))[0]

    assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["6", "1", "2"]


def test_a_matrix_in_markdown_is_a_table_in_which_nothing_is_markup() -> None:
    page = rendered(render_matrices([MATRIX], "markdown"))

    assert page.tags <= {"h3", "h4", "p", "table", "thead", "tbody", "tr", "th", "td", "code"}
    assert [cell.strip() for cell in page.cells[:10]] == [
        *("", "a|b", "same", "other", "broken", "lost"),
        *("v1", "baseline", "equivalent", "different"),
    ]


@pytest.mark.parametrize("form", sorted({*FORMATS} - {"github"}))
def test_a_trainer_that_was_left_out_is_said_to_be(form: str) -> None:
    cells = (Cell("v1", "able"), Cell("v2", "able", verdict=EQUAL))

    text = render_matrices([Matrix(MATRIX.scenario, cells, left_out=("Plain: it knows no scheduler",))], form)

    assert "it knows no scheduler" in text


@pytest.mark.parametrize("form", FORMATS)
def test_no_matrix_at_all_is_no_proof(form: str) -> None:
    text = render_matrices([], form)

    assert "equivalent" not in text
    assert "::notice" not in text


def samples(after: list[float], margin: float | None) -> SampleVerdict:
    sides = [
        [Snapshot(f"{side}{n}", metrics={"loss/x": (Point(1, value),)}) for n, value in enumerate(values)]
        for side, values in (("a", [1.0, 1.1, 0.9]), ("b", after))
    ]
    margins = () if margin is None else (Margin("*", "a|b", absolute=margin),)
    return compare_samples(*sides, Policy(margins=margins))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("after", "margin", "word"),
    [
        ([1.0, 1.1, 0.95], 5.0, "equivalent"),
        ([9.0, 9.1, 8.9], 0.5, "different"),
        ([1.0, 1.2, 0.9], 0.15, "not enough evidence"),
        ([1.0, 1.1, 0.95], None, "not enough evidence"),
    ],
)
def test_each_of_the_three_verdicts_is_reported(form: str, after: list[float], margin: float | None, word: str) -> None:
    verdict = samples(after, margin)
    text = render_samples(verdict, form)

    assert verdict.decision.value == word
    if form == "junit":
        suite = ET.fromstring(text)[0]
        failed, erred = suite.get("failures") != "0", suite.get("errors") != "0"
        assert (failed, erred) == (word == "different", word == "not enough evidence")
    elif form == "json":
        assert json.loads(text)["verdict"] == word
        assert json.loads(text)["equivalent"] is (word == "equivalent")
    elif form == "github":
        assert text.startswith("::notice" if word == "equivalent" else "::error")
    else:
        assert word in "\n".join(text.split("\n")[:2])


def test_a_sample_without_a_finite_value_is_valid_json() -> None:
    verdict = samples([float("nan")] * 3, 0.1)

    assert json.loads(render_samples(verdict, "json"))["metrics"][0]["after"]["mean"] is None
