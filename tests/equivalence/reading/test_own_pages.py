"""A page that compatkit logged is not compared; whatever else lies where it lies is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient

from compatkit.equivalence import take_snapshot
from compatkit.equivalence.reading.known_names import FOLDER, own_pages, page_name
from compatkit.report.verdict_page import write_verdict_page
from tests.equivalence.strategies import RUN
from tests.report.verdict_page.pairs import compared


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / page_name("a1")
    write_verdict_page(path, [compared(RUN, replace(RUN, run_id="b"))])
    return path


def test_page_of_compatkit_is_told_by_name_and_content(page: Path) -> None:
    assert own_pages({f"{FOLDER}/{page.name}": page}) == {f"{FOLDER}/{page.name}"}


@pytest.mark.parametrize(
    "name", ["verdict-a1.html", "other/verdict-a1.html", "compatkit/sub/verdict-a1.html", "compatkit/a"]
)
def test_page_elsewhere_is_compared(page: Path, name: str) -> None:
    assert own_pages({name: page}) == set()


@pytest.mark.parametrize(
    "content", [b"", b"<!DOCTYPE html>\n<p>ours</p>", b"x<!DOCTYPE html>\n<!-- compatkit verdict page -->"]
)
def test_what_the_training_logged_under_that_name_is_compared(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "own.html"
    file.write_bytes(content)

    assert own_pages({"compatkit/verdict-own.html": file}) == set()


def test_page_name_holds_no_slash_whatever_the_run_is_called() -> None:
    assert page_name("../a b/c:latest") == "verdict----a-b-c-latest.html"


def test_a_logged_page_is_left_out_of_the_snapshot_and_said_to_be(tracking_uri: str, page: Path) -> None:
    client = MlflowClient(tracking_uri)
    experiment = client.create_experiment("own pages")
    run_id = client.create_run(experiment).info.run_id
    client.log_text(run_id, "kept", "compatkit/other.txt")
    client.log_artifact(run_id, str(page), FOLDER)
    client.set_terminated(run_id)

    snapshot = take_snapshot(run_id, tracking_uri=tracking_uri)

    assert list(snapshot.artifacts) == ["compatkit/other.txt"]
    assert any("not compared" in note for note in snapshot.notes)
