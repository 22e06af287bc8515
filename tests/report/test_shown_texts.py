"""Whatever a text holds, each report shows it whole, in a form that its reader takes back, in every place of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from tempfile import mkdtemp
from types import MappingProxyType
from xml.etree import ElementTree as ET

import click
import pytest
from hypothesis import HealthCheck, given, settings
from markdown_it import MarkdownIt

from compatkit.cli._outputs import write_and_show
from compatkit.equivalence import Difference, Kind, Policy, Verdict, compare_snapshots
from compatkit.equivalence.commands import Comparison, Result, RunVerdict
from compatkit.equivalence.explain import Aspect, Explanation, State
from compatkit.equivalence.matrix import Cell, Matrix, Scenario
from compatkit.equivalence.statistics import Decision, Evidence, Sample, SampleVerdict
from compatkit.equivalence.verdict import Allowed
from compatkit.migrate import FileResult, Job, Report
from compatkit.migrate.report import Overview
from compatkit.migrate.status import Status, StatusRow, StatusRun
from compatkit.migration import Allowance
from compatkit.report import FORMATS, migrate_formats
from compatkit.report.migrate_text import printable
from compatkit.report.status_html import Scene, status_html
from compatkit.report.status_text import status_json, status_lines
from compatkit.report.verdict_formats import render_matrices, render_results, render_samples, render_verdict
from compatkit.report.verdict_page import Compared, NotCompared, PageTable, Sampled
from compatkit.report.verdict_page.page import verdict_page
from compatkit.rewrite import Failed, Finding, Skipped, Unchanged
from tests.equivalence.strategies import RUN
from tests.hard_texts import HARD, TEXTS

Mark = Callable[[str], str]
_LINES = ("failure", "its output")
_MARKED = re.compile("⟦([^:⟧]+):([^⟦⟧]*)⟧")


def difference(mark: Mark, place: str) -> Difference:
    sides = mark(f"{place} before"), mark(f"{place} after")
    return Difference(
        Kind.TAG_VALUE, mark(f"{place} name"), *sides, rule=mark(f"{place} rule"), child=mark(f"{place} child")
    )


def allowance(mark: Mark, place: str) -> Allowance:
    return Allowance("metric", mark(f"{place} entry"), mark(f"{place} why"))


def explanation(mark: Mark) -> Explanation:
    return Explanation((Aspect("environment", State.DIFFERS, (mark("clue"),)),), mark("began"))


def verdict(mark: Mark) -> Verdict:
    stale = allowance(mark, "stale")
    equal = compare_snapshots(RUN, replace(RUN, run_id="b"), Policy())
    known = replace(difference(mark, "settled"), known="by nature")
    return replace(
        equal,
        deciding=(difference(mark, "deciding"),),
        allowed=(Allowed(known, allowance(mark, "allowed")),),
        unused=(stale,),
        notes=(mark("note"),),
        noise=(difference(mark, "noise"),),
        unread=(mark("unread"),),
        policy=mark("policy"),
    )


def samples(mark: Mark) -> SampleVerdict:
    sample = Sample((1.0, 2.0), 2)
    evidence = Evidence(
        mark("metric"), Decision.DIFFERENT, sample, sample, margin=mark("margin"), reason=mark("reason")
    )
    parts = {"deciding": (difference(mark, "deciding"),), "notes": (mark("note"),), "unread": (mark("unread"),)}
    return SampleVerdict(("a",), ("b",), 0.95, 0.05, (evidence,), policy=mark("policy"), **parts)


def output(mark: Mark) -> str:
    """Return what a program said: its lines stay lines."""
    return "\n".join(mark(place).replace("\n", "") for place in _LINES)


def results(mark: Mark) -> list[Result]:
    runs = (
        RunVerdict(mark("run"), replace(verdict(mark), unread=()), explanation=explanation(mark)),
        RunVerdict(mark("open run"), verdict(mark)),
        RunVerdict(mark("sampled run"), samples(mark)),
    )
    comparison = Comparison(
        mark("base"), mark("tree"), runs, (mark("missing"),), (mark("extra"),), (mark("note of comparison"),)
    )
    failure = output(mark)
    return [
        Result(mark("scenario"), (comparison,), notes=(mark("note of scenario"),), policy=mark("its policy")),
        Result(mark("failed scenario"), failure=failure),
    ]


def matrices(mark: Mark) -> list[Matrix]:
    cells = (
        Cell(mark("orchestrator"), mark("trainer")),
        Cell(mark("orchestrator"), mark("other trainer"), verdict=replace(verdict(mark), unread=())),
        Cell(mark("other orchestrator"), mark("trainer"), failure=output(mark)),
        Cell(mark("other orchestrator"), mark("other trainer"), verdict=verdict(mark)),
    )
    return [Matrix(Scenario(mark("data"), mark("preset")), cells, (mark("left out"),))]


def overview(mark: Mark) -> Overview:
    failed = Failed(mark("reason"), mark("hint"), details=mark("details"), line=1)
    given_ = [
        FileResult("a/b.py", Unchanged((Finding("CK101", 1, 1, mark("message")),)), Job(b"a\n")),
        FileResult("c.py", Skipped(mark("skipped")), Job(b"a\n")),
        FileResult("d.py", failed, Job(b"a\n")),
    ]
    return Overview.of(Report(tuple(given_)), is_written=False)


def status(mark: Mark) -> Status:
    rows = [(StatusRow(mark(name), 1, 2),) for name in ("code", "folder", "owner")]
    seen = overview(mark)
    return Status(StatusRow("all", 1, 2), *rows, seen.left, seen.report)  # type: ignore[arg-type]  # three of them


def status_page(mark: Mark, _: str) -> str:
    history = tuple(StatusRun("2026-01-01", mark("revision then"), 1, 2) for _ in range(2))
    return status_html(status(mark), mark("title"), Scene({"CK101": mark("sentence")}, mark("revision"), "", history))


def verdict_page_text(mark: Mark, _: str) -> str:
    table = PageTable(mark("table"), (mark("column"),), ((mark("cell"),),), mark("note of table"))
    compared = Compared(mark("title"), verdict(mark), RUN, RUN, Policy(), (table,), explanation(mark))
    others = [NotCompared(mark("not compared"), mark("why not")), Sampled("samples", samples(mark))]
    return verdict_page([compared, *others], title=mark("title of page"), made=mark("made"))


def status_text(mark: Mark, form: str) -> str:
    given = status(mark)
    meanings = {given.by_code[0].name: mark("sentence")}
    return status_json(given) if form == "json" else "\n".join(status_lines(given, meanings))


WRITERS: Mapping[str, tuple[Callable[[Mark, str], str], tuple[str, ...]]] = MappingProxyType(
    {
        "run": (
            lambda mark, form: migrate_formats.render(
                overview(mark), form, migrate_formats.Background({"CK101": mark("sentence")})
            ),
            migrate_formats.FORMATS,
        ),
        "verdict": (lambda mark, form: render_verdict(verdict(mark), form, explanation(mark)), FORMATS),
        "samples": (lambda mark, form: render_samples(samples(mark), form), FORMATS),
        "results": (lambda mark, form: render_results(results(mark), form), FORMATS),
        "matrices": (lambda mark, form: render_matrices(matrices(mark), form), FORMATS),
        "status": (status_text, ("text", "json")),
        "status page": (status_page, ("html",)),
        "verdict page": (verdict_page_text, ("html",)),
    }
)
REPORTS = [(name, form) for name, (_, forms) in WRITERS.items() for form in forms]


class Page(HTMLParser):
    """The text of a page, with that of its attributes, as a browser reads it: an end of a line is a newline."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(html.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.text += "".join(value or "" for _, value in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def in_json(text: str) -> str:
    def texts(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            value = [*value, *value.values()]
        if isinstance(value, list):
            for item in value:
                yield from texts(item)
        elif isinstance(value, str):
            yield value

    return "\0".join(texts(json.loads(text)))


def in_lines(text: str) -> str:
    lines = click.unstyle(text).split("\n")
    assert all(line.isprintable() for line in lines)
    return "\n".join(lines)


def in_commands(text: str, escapes: Mapping[str, str]) -> str:
    """Read logging commands as a runner does: a line each, wherever a line may end."""
    lines = re.split("\r\n|\r|\n", text)
    assert all(re.match("::|##vso", line) for line in lines)
    return re.sub("|".join(escapes), lambda found: escapes[found[0]], "\n".join(lines))


def in_xml(text: str) -> str:
    return "\0".join(
        text for element in ET.fromstring(text).iter() for text in (element.text or "", *element.attrib.values())
    )


_GITHUB = {"%25": "%", "%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ","}
_AZURE = {"%AZP25": "%", "%0D": "\r", "%0A": "\n", "%3B": ";", "%5D": "]"}
READERS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "text": in_lines,
        "concise": in_lines,
        **dict.fromkeys(("json", "sarif", "gitlab"), in_json),
        "github": lambda text: in_commands(text, _GITHUB),
        "azure": lambda text: in_commands(text, _AZURE),
        "junit": in_xml,
        "markdown": lambda text: Page(MarkdownIt("commonmark").enable("table").render(text)).text,
        "html": lambda text: Page(text).text,
    }
)


def read_back(name: str, form: str, text: str, folder: Path) -> dict[str, set[str]]:
    """Write a report into a file, with the text in each of its places, and return what is read at each."""
    write, _ = WRITERS[name]
    file = Path(mkdtemp(dir=folder)) / "report"
    write_and_show(lambda _: write(lambda place: f"⟦{place}:{text}⟧", form), form, ((form, file),))
    found: dict[str, set[str]] = {}
    for place, shown in _MARKED.findall(READERS[form](file.read_bytes().decode("utf-8").removesuffix("\n"))):
        found.setdefault(place, set()).add(shown)
    return found


@cache
def places_of(name: str, form: str, folder: Path) -> tuple[str, ...]:
    return tuple(read_back(name, form, "x", folder))


def wrong(name: str, form: str, text: str, folder: Path) -> dict[str, set[str]]:
    """Return the places that do not show the text as it is, or as the one line that stands for it."""
    found = read_back(name, form, text, folder)
    for place in places_of(name, form, folder):
        found.setdefault(place, set())
    return {place: shown for place, shown in found.items() if shown != {expected(place, form, text, shown)}}


def expected(place: str, form: str, text: str, shown: set[str]) -> str:
    if form in {"json", "sarif"}:
        return text.replace("\n", "") if place in _LINES else text
    if form == "junit" and shown == {in_xml_only(text)}:
        return in_xml_only(text)
    return printable(text.replace("\n", "") if place in _LINES else text)


def in_xml_only(text: str) -> str:
    return re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


@pytest.mark.parametrize(("name", "form"), REPORTS)
def test_every_hard_text_is_shown_in_every_place(name: str, form: str, tmp_path: Path) -> None:
    found = {text: places for text in HARD if (places := wrong(name, form, text, tmp_path))}

    assert found == {}


@pytest.mark.parametrize(("name", "form"), REPORTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(text=TEXTS.filter(lambda text: not set(text) & set("⟦⟧")))
def test_any_text_is_shown_in_every_place(name: str, form: str, text: str, tmp_path: Path) -> None:
    assert wrong(name, form, text, tmp_path) == {}


def test_what_is_unknown_without_a_word_is_not_shown() -> None:
    silent, said = Aspect("data order", State.UNKNOWN), Aspect("first layer", State.UNKNOWN, ("no trace",))
    told = Explanation((silent, said), "unknown")
    page = verdict_page([Compared("a", verdict(str), RUN, RUN, Policy(), (), told)], title="title", made="")

    for shown in (*(render_verdict(verdict(str), form, told) for form in ("text", "markdown")), page):
        assert "data order" not in shown
        assert "no trace" in shown
