"""Every format holds whatever a file name, a line or a message can hold, and loses no place."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

import click
import pytest
from hypothesis import given

from compatkit.migrate import FileResult, Job, Report, Task, process
from compatkit.migrate.report import Overview
from compatkit.report.migrate_formats import Background, render
from compatkit.report.migrate_text import printable
from compatkit.rewrite import Finding, Unchanged
from tests.report.overviews import OVERVIEW
from tests.shop.moves import MOVE, OLD

# The part of the official schema that a log of ours uses: for each object its keys, those with ! required.
SHAPES: dict[str, dict[str, object]] = {
    "log": {"$schema": str, "version!": str, "runs!": ["run"]},
    "run": {"tool!": "tool", "columnKind": str, "invocations": ["invocation"], "results": ["result"]},
    "tool": {"driver!": "driver"},
    "driver": {"name!": str, "version": str, "rules": ["rule"], "notifications": ["rule"]},
    "rule": {"id!": str, "shortDescription": "text", "help": "text"},
    "text": {"text!": str},
    "invocation": {"executionSuccessful!": bool, "toolExecutionNotifications": ["notification"]},
    "notification": {"message!": "text", "level": str, "descriptor": "descriptor", "locations": ["location"]},
    "descriptor": {"id": str},
    "result": {
        "ruleId": str,
        "ruleIndex": int,
        "level": str,
        "message!": "text",
        "locations": ["location"],
        "partialFingerprints": "texts",
        "properties": "texts",
    },
    "location": {"physicalLocation": "place"},
    "place": {"artifactLocation!": "artifact", "region": "region"},
    "artifact": {"uri": str},
    "region": {"startLine": int, "startColumn": int},
}
URI = re.compile(r"(?:[A-Za-z0-9\-._~/]|%[0-9A-F]{2})+")


def shown(overview: Overview, form: str) -> str:
    text = render(overview, form, Background({}))
    return click.unstyle(text) if form in ("text", "concise") else text


def check_shape(value: object, shape: object) -> None:
    if isinstance(shape, list):
        assert isinstance(value, list)
        for item in value:
            check_shape(item, shape[0])
    elif shape == "texts":
        assert isinstance(value, dict)
        assert all(isinstance(item, str) for item in value.values())
    elif isinstance(shape, str):
        keys = {key.rstrip("!"): inner for key, inner in SHAPES[shape].items()}
        assert isinstance(value, dict)
        assert value.keys() <= keys.keys()
        assert {key.rstrip("!") for key in SHAPES[shape] if key.endswith("!")} <= value.keys()
        for key, inner in value.items():
            check_shape(inner, keys[key])
    else:
        assert isinstance(shape, type)
        assert type(value) is shape


@given(overview=OVERVIEW)
def test_sarif_has_the_shape_of_its_schema(overview: Overview) -> None:
    log = json.loads(shown(overview, "sarif"))

    check_shape(log, "log")


@given(overview=OVERVIEW)
def test_sarif_names_each_place_that_is_left_by_an_address(overview: Overview) -> None:
    (run,) = json.loads(shown(overview, "sarif"))["runs"]

    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert [place["region"]["startLine"] for place in places] == [remark.line for remark in overview.left]
    assert all(URI.fullmatch(place["artifactLocation"]["uri"]) for place in places)
    assert all(place["region"].get("startColumn", 1) >= 1 for place in places)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    troubles = {
        notification["descriptor"]["id"] for notification in run["invocations"][0]["toolExecutionNotifications"]
    }
    assert troubles == {rule["id"] for rule in run["tool"]["driver"]["notifications"]}


@given(overview=OVERVIEW)
def test_sarif_fingerprints_differ_from_each_other(overview: Overview) -> None:
    (run,) = json.loads(shown(overview, "sarif"))["runs"]

    prints = [result["partialFingerprints"]["compatkitPlace/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)


def fingerprints(source: str) -> list[str]:
    job = Job(source.encode())
    report = Report((FileResult("a.py", process(job, Task((MOVE,))), job),))
    return [remark.fingerprint for remark in Overview.of(report, is_written=False).left]


def test_fingerprints_do_not_change_when_lines_move() -> None:
    source = f"{OLD}x = 'shop.core.old_home.Old'\n"

    assert fingerprints("\n# more\n\n" + source) == fingerprints(source)
    assert len(fingerprints(source)) == 2


@given(overview=OVERVIEW)
def test_junit_is_well_formed_and_counts_what_it_holds(overview: Overview) -> None:
    suite = ET.fromstring(shown(overview, "junit"))[0]

    assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
    assert int(suite.get("errors", "")) == len(overview.report.failed)
    assert int(suite.get("skipped", "")) == len(overview.report.skipped)
    assert int(suite.get("failures", "")) == len({remark.path for remark in overview.left})


@given(overview=OVERVIEW)
def test_github_gets_one_command_a_line_and_no_other(overview: Overview) -> None:
    lines = [line for line in shown(overview, "github").split("\n") if line]

    assert len(lines) == len(overview.left) + len(overview.report.failed)
    for line in lines:
        assert re.fullmatch(r"::(?:warning|error) (?:(?:file|line|col|title)=[^,:\r\n]*,?)+::[^\r\n]*", line)


@given(overview=OVERVIEW)
def test_github_messages_are_read_back_as_they_may_be_printed(overview: Overview) -> None:
    findings = [remark for remark in overview.left if not remark.is_rewrite]
    lines = [line for line in shown(overview, "github").split("\n") if line.startswith("::warning")]

    said = [line.split("::", 2)[2].replace("%25", "%") for line in lines]
    assert {printable(remark.message) for remark in findings} <= set(said)


@given(overview=OVERVIEW)
def test_json_holds_every_remark_and_every_file(overview: Overview) -> None:
    document: Mapping[str, list[object]] = json.loads(shown(overview, "json"))

    assert len(document["rewrites"]) + len(document["findings"]) == len(overview.remarks)
    assert len(document["failed"]) == len(overview.report.failed)
    assert len(document["skipped"]) == len(overview.report.skipped)


@given(overview=OVERVIEW)
def test_text_is_one_printable_line_a_remark(overview: Overview) -> None:
    lines = shown(overview, "concise").split("\n") if overview.remarks else []

    assert len(lines) == len(overview.remarks)
    assert all(line.isprintable() for line in lines)


def test_what_looks_like_markup_is_text() -> None:
    finding = Finding("CK101", 1, 1, "dict[str, int] [red]x[/red] <b>&amp;")
    report = Report((FileResult("a.py", Unchanged((finding,)), Job(b"x\n")),))

    assert shown(Overview.of(report, is_written=False), "concise") == f"a.py:1:1 CK101 {finding.message}"


def test_a_plain_name_is_printed_as_it_is() -> None:
    assert printable("src/ü b.py") == "src/ü b.py"


@given(overview=OVERVIEW)
def test_text_shows_each_place_with_its_line_and_nothing_that_steers(overview: Overview) -> None:
    lines = shown(overview, "text").split("\n")

    assert all(line.isprintable() for line in lines)
    heads = [f"{printable(one.path)}:{one.line}:{one.column} {one.code} " for one in overview.remarks]
    again = [place for line in lines if line.startswith("  and ") for place in line.partition(": ")[2].split(", ")]
    assert all(
        any(line.startswith(head) for line in lines) or f"{one.line}:{one.column}" in again
        for one, head in zip(overview.remarks, heads, strict=True)
    )


def test_what_is_said_of_several_places_of_a_file_is_said_once() -> None:
    again = [Finding("CK101", line, 1, "give weights_only") for line in (1, 2, 4)]
    report = Report((FileResult("a.py", Unchanged((*again, Finding("CK101", 3, 1, "x is gone"))), Job(b"x\n" * 4)),))
    overview = Overview.of(report, is_written=False)

    assert shown(overview, "text").splitlines() == [
        "a.py:1:1 CK101 give weights_only", "1 | x", "  | ^", "  and 2 more: 2:1, 4:1",
        "a.py:3:1 CK101 x is gone", "3 | x", "  | ^",
    ]  # fmt: skip
    assert len(json.loads(shown(overview, "json"))["findings"]) == 4


def test_what_only_goes_with_another_change_of_its_call_is_told_by_its_code() -> None:
    half = "not rewritten: {}; another change of this call is left to a person"
    found = [Finding(f"CK10{line}", line, 1, half.format(name)) for line, name in enumerate("abc", start=1)]
    report = Report(
        (FileResult("a.yaml", Unchanged((*found, Finding("CK104", 4, 1, "d is gone"))), Job(b"x: 1\n" * 4)),)
    )
    overview = Overview.of(report, is_written=False)

    assert shown(overview, "text").splitlines() == [
        f"a.yaml:1:1 CK101 {half.format('a')}", "1 | x: 1", "  | ^", "  and 2 more: 2:1 CK102, 3:1 CK103",
        "a.yaml:4:1 CK104 d is gone", "4 | x: 1", "  | ^",
    ]  # fmt: skip
    assert len(json.loads(shown(overview, "json"))["findings"]) == 4


def test_mark_stands_under_the_place_whatever_is_before_it() -> None:
    source = "\tx = '\u5b57' + a.b  # e\u0301\n".encode()
    finding = Finding("CK101", 1, 12, "a.b is gone")
    report = Report((FileResult("a.py", Unchanged((finding,)), Job(source)),))

    head, line, mark = shown(Overview.of(report, is_written=False), "text").splitlines()

    assert head == "a.py:1:12 CK101 a.b is gone"
    assert line == "1 |     x = '\u5b57' + a.b  # e\u0301"
    # The ideograph takes two cells.
    assert mark.index("^") == line.index("a.b") + 1


@given(overview=OVERVIEW)
def test_gitlab_names_every_place_that_is_left(overview: Overview) -> None:
    entries = json.loads(shown(overview, "gitlab"))

    assert len(entries) == len(overview.left) + len(overview.report.failed)
    marks = [entry["fingerprint"] for entry in entries]
    assert len(set(marks)) == len(marks)
    assert all(entry["location"]["lines"]["begin"] >= 1 for entry in entries)
    assert {entry["severity"] for entry in entries} <= {"info", "minor", "major", "critical", "blocker"}


@given(overview=OVERVIEW)
def test_azure_has_one_command_a_place_which_nothing_in_it_can_end(overview: Overview) -> None:
    lines = [line for line in shown(overview, "azure").split("\n") if line]

    assert len(lines) == len(overview.left) + len(overview.report.failed)
    for line in lines:
        assert re.fullmatch(r"##vso\[task\.logissue type=(warning|error);(\w+=[^;\]]*;)*\][^;\]]*", line)


@given(overview=OVERVIEW)
def test_markdown_of_a_run_holds_every_code_and_no_markup_of_the_sources(overview: Overview) -> None:
    text = shown(overview, "markdown")

    assert all(f"| {one.code} |" in text for one in overview.remarks)
    assert "<!--" not in text
    assert "[red]" not in text


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("a -> b; made with --confidence review", "not rewritten without --confidence review: a -> b"),
        (
            "a -> b; not rewritten: an annotation says so; made with --confidence review",
            "not rewritten without --confidence review: a -> b; an annotation says so",
        ),
        (
            "v1's arguments of f are not rewritten here: made with --confidence review",
            "not rewritten without --confidence review: v1's arguments of f",
        ),
        ("a is b; not rewritten: it may be no record", "not rewritten: a is b; it may be no record"),
        ("names a.b; write c.d", "names a.b; write c.d"),
    ],
)
def test_what_was_not_acted_on_says_so_first(message: str, expected: str) -> None:
    report = Report((FileResult("a.py", Unchanged((Finding("CK101", 1, 1, message),)), Job(b"x\n")),))

    (remark,) = Overview.of(report, is_written=False).remarks

    assert remark.message == expected
