"""`compatkit compare --html` and `--log-html`: the page beside the verdict."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.cli.here import compatkit
from tests.cli.test_compare import LOSS, PARAMS, log
from tests.conftest import NewStore


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, new_store: NewStore) -> str:
    return new_store(tmp_path_factory.mktemp("html"))


@pytest.fixture(scope="module")
def runs(store: str) -> tuple[str, str]:
    return log(store, PARAMS, LOSS), log(store, PARAMS, {**LOSS, 2: 0.75})


def test_page_is_written_beside_the_verdict(store: str, runs: tuple[str, str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"

    done = compatkit("compare", *runs, "--tracking-uri", store, "--html", str(page))

    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("policy: none\nVerdict: different\n")
    text = page.read_text()
    assert all(run in text for run in runs)
    assert "It begins at step 2: train_loss." in text


def test_logged_page_changes_no_later_verdict(store: str, tmp_path: Path) -> None:
    one, other = log(store, PARAMS, LOSS), log(store, PARAMS, LOSS)

    done = compatkit("compare", one, other, "--tracking-uri", store, "--log-html", cwd=tmp_path)
    again = compatkit("compare", one, other, "--tracking-uri", store, cwd=tmp_path)

    (page,) = MlflowClient(store).list_artifacts(other, "compatkit")
    assert page.path == f"compatkit/verdict-{one}.html"
    assert page.path in done.stderr
    assert (done.returncode, again.returncode) == (0, 0)
    assert "artifact" not in again.stdout.partition("note:")[0]


def test_a_folder_that_is_not_there_is_told_before_anything_is_read(store: str, tmp_path: Path) -> None:
    done = compatkit("compare", "a", "b", "--tracking-uri", store, "--html", str(tmp_path / "no" / "page.html"))

    assert done.returncode == 2
    assert "There is no folder" in done.stderr
    assert "hint:" in done.stderr
