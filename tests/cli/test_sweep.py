"""`compatkit sweep`: its table, and the status with which it ends."""

from __future__ import annotations

import json

import pytest
from click.testing import Result
from mlflow import MlflowClient

from compatkit.cli.sweep import command as sweep_command
from compatkit.errors import CompatkitError
from tests.command_line import command_runner


def sweep(uri: str, *arguments: str) -> Result:
    given = ["--preset", "quick_test", "--tracking-uri", uri, "--dataset", "iris", *arguments]
    return command_runner().invoke(sweep_command, given, catch_exceptions=False)


@pytest.fixture(scope="module")
def swept(tracking_uri: str) -> Result:
    return sweep(tracking_uri, "--seeds", "2", "optimizer.learning_rate=0.01,1e30", "optimizer.name=sgd")


def test_table_has_a_row_a_training(swept: Result) -> None:
    lines = [line.split() for line in swept.stdout.splitlines()]

    assert lines[0][:4] == ["preset", "optimizer.learning_rate", "runtime.seed", "outcome"]
    assert [row[1:4] for row in lines[1:5]] == [
        ["0.01", "42", "finished"],
        ["0.01", "43", "finished"],
        ["1e30", "42", "failed"],
        ["1e30", "43", "failed"],
    ]
    assert swept.stdout.splitlines()[-1].endswith(": 2 trained, 2 failed, 0 not begun.")


def test_spread_over_seeds_is_told_of_what_was_trained(swept: Result) -> None:
    (line,) = [line for line in swept.stdout.splitlines() if line.startswith("Over")]

    assert line.startswith("Over 2 seeds, preset=quick_test optimizer.learning_rate=0.01: val_accuracy ")


def test_failure_is_the_status_and_its_reason_is_reported(swept: Result) -> None:
    assert swept.exit_code == 2
    assert (
        "3/4 preset=quick_test optimizer.learning_rate=1e30 runtime.seed=42: failed: The training loss" in swept.stderr
    )


def test_sweep_that_succeeds_is_done_and_told_as_json(tracking_uri: str) -> None:
    done = sweep(tracking_uri, "--format", "json", "data.batch_size=16,32")

    found = json.loads(done.stdout)
    client = MlflowClient(tracking_uri)
    assert done.exit_code == 0
    assert client.get_run(found["run_id"]).info.status == "FINISHED"
    assert [row["chosen"]["data.batch_size"] for row in found["trainings"]] == ["16", "32"]
    for row in found["trainings"]:
        run = client.get_run(row["run_id"])
        assert run.data.params["data.batch_size"] == row["chosen"]["data.batch_size"]
        assert run.data.tags["preset"] == "quick_test"


def test_wrong_use_is_refused(tracking_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sweep(tracking_uri, "--config", "x.toml").exit_code == 2  # click's own; the group turns it into 64
    with pytest.raises(CompatkitError, match="did you mean 'epochs'"):
        sweep(tracking_uri, "epoch=1,2")
    for name, text in {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, text)
    assert sweep(tracking_uri).exit_code == 2
