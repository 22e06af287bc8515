"""`compatkit snapshot` stores a run in a file, which `compatkit compare` accepts in place of the run."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.cli.here import compatkit
from tests.cli.test_compare import LOSS, PARAMS, log
from tests.conftest import NewStore


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, new_store: NewStore) -> str:
    return new_store(tmp_path_factory.mktemp("snapshot"))


def test_files_and_runs_are_compared_in_any_mix(store: str, tmp_path: Path) -> None:
    one, same, other = (log(store, {**PARAMS, "lr": lr}, LOSS) for lr in ("0.01", "0.01", "0.02"))
    files = [tmp_path / "one.json", tmp_path / "again.json", tmp_path / "same.json"]
    for run, file in zip((one, one[:10], same), files, strict=True):
        done = compatkit("snapshot", run, "-o", str(file), "--tracking-uri", store)
        assert done.returncode == 0, done.stderr
        assert "2 params, 1 metrics with 3 points" in done.stdout

    assert files[0].read_bytes() == files[1].read_bytes()
    named = files[2].read_text().replace(same, one).splitlines()[:-2]
    assert named == files[0].read_text().splitlines()[:-2]
    mixes = [(str(files[0]), str(files[2]), 0), (one[:8], str(files[2]), 0), (str(files[0]), other, 1)]
    for before, after, status in mixes:
        done = compatkit("compare", before, after, "--tracking-uri", store)
        assert done.returncode == status, done.stderr


def test_a_run_and_its_file_are_said_to_be_one_run(store: str, tmp_path: Path) -> None:
    run, file = log(store, PARAMS, LOSS), tmp_path / "one.json"
    compatkit("snapshot", run, "-o", str(file), "--tracking-uri", store)

    done = compatkit("compare", str(file), run, "--tracking-uri", store)
    twice = compatkit("compare", run[:9], run, "--tracking-uri", store)

    assert "two records of one run" in done.stdout
    assert twice.returncode == 2
    assert "with itself" in twice.stderr


def test_a_broken_file_is_an_error_and_no_verdict(store: str, tmp_path: Path) -> None:
    run, file = log(store, PARAMS, LOSS), tmp_path / "one.json"
    compatkit("snapshot", run, "-o", str(file), "--tracking-uri", store)
    file.write_bytes(file.read_bytes()[:-90])

    done = compatkit("compare", str(file), log(store, PARAMS, LOSS), "--tracking-uri", store)

    assert done.returncode == 2
    assert "is cut" in done.stderr
    assert "Verdict" not in done.stdout


def test_a_run_that_cannot_be_read_leaves_the_file_alone(store: str, tmp_path: Path) -> None:
    client, file = MlflowClient(store), tmp_path / "one.json"
    file.write_text("as it was")
    log(store, PARAMS, LOSS)
    running = client.create_run(client.get_experiment_by_name("compare").experiment_id).info.run_id

    for reference in (running, "ffffffff", "absent:latest"):
        done = compatkit("snapshot", reference, "-o", str(file), "--tracking-uri", store)

        assert done.returncode == 2
        assert "error:" in done.stderr
    assert file.read_text() == "as it was"


def test_a_folder_that_is_not_there_is_an_error(store: str, tmp_path: Path) -> None:
    done = compatkit("snapshot", log(store, PARAMS, LOSS), "-o", str(tmp_path / "no/a.json"), "--tracking-uri", store)

    assert done.returncode == 2
    assert "not written" in done.stderr
