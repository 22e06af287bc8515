"""The page of what commands logged: a section for each run, also for those that could not be compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from compatkit.cli._verdict_page import write_results
from compatkit.equivalence import Policy, Snapshot, compare_snapshots
from compatkit.equivalence.commands import Result
from compatkit.equivalence.commands.result import Comparison, RunVerdict
from compatkit.migration import Allowance
from tests.equivalence.strategies import RUN

POLICY = replace(Policy.exact(), ignore=(Allowance("metric", "gone", "it was there once"),))


def run(label: str, after: Snapshot) -> RunVerdict:
    return RunVerdict(label, compare_snapshots(RUN, after, POLICY), (RUN, after))


def test_every_run_and_every_failure_has_a_section(tmp_path: Path) -> None:
    runs = (run("equal", replace(RUN, run_id="b")), run("other", replace(RUN, params={})))
    done = Result("first", (Comparison("base", "here", runs, missing=("lost",)),))

    write_results(tmp_path / "page.html", [done, Result("second", failure="it hung")], [POLICY, POLICY])

    page = (tmp_path / "page.html").read_text()
    assert "first: base against here, equal" in page
    assert "Only base logged this run." in page
    assert "it hung" in page
    assert "Of 4: 1 equivalent, but the policy is stale, 2 different, 1 failed." in page


def test_an_entry_that_one_run_needs_is_stale_in_none(tmp_path: Path) -> None:
    gone = replace(RUN, metrics={**RUN.metrics, "gone": RUN.metrics["train_loss"]})
    runs = (run("equal", replace(RUN, run_id="b")), run("needs it", gone))

    write_results(tmp_path / "page.html", [Result("first", (Comparison("base", "here", runs),))], [POLICY])

    assert "Of 2: 2 equivalent." in (tmp_path / "page.html").read_text()


def test_no_page_is_written_unasked(tmp_path: Path) -> None:
    write_results(None, [], [])

    assert not list(tmp_path.iterdir())
