"""The page of what commands logged: a section for each run, also for those that could not be compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import pytest
from mlflow import MlflowClient

from compatkit.cli._verdict_page import deliver_page, deliver_samples, write_matrices, write_results
from compatkit.equivalence import Policy, Snapshot, compare_snapshots
from compatkit.equivalence.commands import Result
from compatkit.equivalence.commands.result import Comparison, RunVerdict
from compatkit.equivalence.matrix import Cell, Matrix, Scenario
from compatkit.equivalence.reading.known_names import FOLDER
from compatkit.equivalence.statistics import SampleVerdict
from compatkit.errors import CompatkitError
from compatkit.migration import Allowance
from compatkit.report.verdict_page import Compared
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


def page_of(after: Snapshot) -> Compared:
    return Compared("", compare_snapshots(RUN, after, POLICY), RUN, after, POLICY)


def test_what_was_asked_for_and_cannot_be_is_said_before_a_page_is_written(tmp_path: Path) -> None:
    verdict = SampleVerdict(("a",), ("b",), 0.95, 0.05)

    with pytest.raises(click.UsageError, match="--log-html needs one RUN_B"):
        deliver_samples(verdict, tmp_path / "page.html", is_logged=True)

    assert not list(tmp_path.iterdir())


def test_a_page_that_cannot_be_logged_is_an_error_of_ours_and_the_file_is_there(
    tmp_path: Path, tracking_uri: str
) -> None:
    with pytest.raises(CompatkitError, match="cannot be logged into run '0000") as caught:
        deliver_page(
            page_of(replace(RUN, run_id="0" * 32)), tmp_path / "page.html", is_logged=True, tracking_uri=tracking_uri
        )

    assert caught.value.where == "--log-html"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_page_is_logged_only_where_that_is_asked_for(
    tmp_path: Path, tracking_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    client = MlflowClient(tracking_uri)
    experiment = client.create_experiment(str(tmp_path), artifact_location=(tmp_path / "kept").as_uri())
    run_id = client.create_run(experiment).info.run_id
    compared = page_of(replace(RUN, run_id=run_id))

    deliver_page(compared, None, is_logged=False, tracking_uri=tracking_uri)
    assert not client.list_artifacts(run_id)
    deliver_page(compared, None, is_logged=True, tracking_uri=tracking_uri)

    assert [item.path for item in client.list_artifacts(run_id)] == [FOLDER]
    assert f"Logged into run {run_id}" in capsys.readouterr().err


def test_a_cell_that_failed_is_said_to_have_and_no_run_is_read_for_it(tmp_path: Path) -> None:
    cells = (Cell("v1", "v1", "", failure="it hung"), Cell("v2", "v1", "", failure="it exited"))
    matrix = Matrix(Scenario("digits", "quick_test"), cells)

    write_matrices(tmp_path / "page.html", [matrix], POLICY, "nosuchstore://nowhere")

    page = (tmp_path / "page.html").read_text()
    assert "it hung" in page
    assert "it exited" in page
    assert "2 failed" in page
