"""Whatever keeps a result from being equivalent stands in each form of it, and no name in it is markup."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from compatkit.equivalence import Policy, Snapshot, compare_snapshots
from compatkit.equivalence.commands import Comparison, Result, RunVerdict
from compatkit.equivalence.snapshot import Point
from compatkit.equivalence.statistics import compare_samples
from compatkit.migration import Allowance
from compatkit.report import FORMATS
from compatkit.report.verdict_formats import render_results

RUN = Snapshot("a", metrics={"loss": (Point(1, 0.5),)})
OTHER = Snapshot("b", metrics={"loss": (Point(1, 0.25),)})
STALE = replace(Policy.exact(), ignore=(Allowance("metric", "duration", "wall-clock time"),))
SEEDS = [[Snapshot(f"{side}{n}", metrics={"loss": (Point(1, n / 7),)}) for n in range(3)] for side in "ab"]


def result(other: Snapshot, policy: Policy = STALE, **given: tuple[str, ...]) -> Result:
    runs = (RunVerdict("trials / <b>|one", compare_snapshots(RUN, other, policy)),)
    return Result("digits", (Comparison("base", "working tree", runs, **given),))


EQUAL = result(replace(RUN, run_id="b"), Policy.exact())
BROKEN = {
    "different": (result(OTHER, Policy.exact()), "loss"),
    "missing": (result(replace(RUN, run_id="b"), Policy.exact(), missing=("trials / lost",)), "lost"),
    "extra": (result(replace(RUN, run_id="b"), Policy.exact(), extra=("trials / found",)), "found"),
    "stale": (result(replace(RUN, run_id="b")), "duration"),
    "failed": (Result("digits", failure="before: it ended with status 3."), "status"),
    "undecided": (
        Result("digits", (Comparison("a", "b", (RunVerdict("run", compare_samples(*SEEDS, Policy.exact())),)),)),
        "not enough evidence",
    ),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("case", BROKEN)
def test_no_form_hides_why_a_result_is_not_equivalent(case: str, form: str) -> None:
    broken, said = BROKEN[case]
    assert not broken.is_equivalent

    text = render_results([EQUAL, broken], form)

    assert said in text
    if form != "json" and form != "junit":
        # An error is never a verdict.
        assert ("not equivalent" in text) == (not broken.failure)
        assert ("no verdict" in text.lower()) == bool(broken.failure)


@pytest.mark.parametrize("case", BROKEN)
def test_junit_and_json_count_it(case: str) -> None:
    broken, _ = BROKEN[case]

    suite = ET.fromstring(render_results([EQUAL, broken], "junit"))[0]
    first, second = json.loads(render_results([EQUAL, broken], "json"))

    assert int(suite.attrib["failures"]) + int(suite.attrib["errors"]) == 1
    assert (first["equivalent"], second["equivalent"]) == (True, False)


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_compared_is_not_called_equivalent(form: str) -> None:
    text = render_results([], form)

    assert "equivalent" not in text


def test_an_equivalent_result_says_so() -> None:
    assert render_results([EQUAL], "text").endswith("Verdict: equivalent")


def test_a_name_is_no_markup_in_a_summary() -> None:
    text = render_results([result(OTHER)], "markdown")

    assert "<b>" not in text
    assert "|one" not in text
