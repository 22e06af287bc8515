"""`compatkit compare` says whether two runs of a real store logged the same, and what differs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.cli.test_group import compatkit

PARAMS = {"epochs": "3", "lr": "0.01"}
LOSS = {1: 0.9, 2: 0.5, 3: 0.25}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('compare') / 'mlflow.db'}"


def log(store: str, params: dict[str, str], loss: dict[int, float], *, metric: str = "train_loss") -> str:
    client = MlflowClient(store)
    experiment = client.get_experiment_by_name("compare")
    identity = experiment.experiment_id if experiment else client.create_experiment("compare")
    run_id = str(client.create_run(identity).info.run_id)
    for name, text in params.items():
        client.log_param(run_id, name, text)
    for step, value in loss.items():
        client.log_metric(run_id, metric, value, step=step)
    client.set_terminated(run_id)
    return run_id


def test_equal_runs_are_equivalent_and_exit_0(store: str) -> None:
    done = compatkit("compare", log(store, PARAMS, LOSS), log(store, PARAMS, LOSS), "--tracking-uri", store)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Verdict: equivalent\n")


@pytest.mark.parametrize(
    ("params", "loss", "metric", "named"),
    [
        (PARAMS, LOSS, "loss", "metric missing: train_loss"),
        (PARAMS, {step - 1: value for step, value in LOSS.items()}, "train_loss", "shifted by -1 steps"),
        ({**PARAMS, "lr": "0.0101"}, LOSS, "train_loss", "param value: optimizer.learning_rate, 0.01 | 0.0101"),
        (PARAMS, {1: 0.9, 2: 0.5}, "train_loss", "metric steps: train_loss, from step 3"),
        ({"epochs": "3", "rate": "0.01"}, LOSS, "train_loss", "renamed? 'rate' has the same value"),
    ],
)
def test_a_planted_difference_exits_1_and_is_named(
    store: str, params: dict[str, str], loss: dict[int, float], metric: str, named: str
) -> None:
    before, after = log(store, PARAMS, LOSS), log(store, params, loss, metric=metric)

    done = compatkit("compare", before, after, "--tracking-uri", store)

    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("Verdict: different\n")
    assert named in done.stdout


def test_exact_allows_no_other_spelling(store: str) -> None:
    before = log(store, PARAMS, LOSS)
    after = log(store, {"epochs": "3", "optimizer.learning_rate": "0.01"}, LOSS)

    assert compatkit("compare", before, after, "--tracking-uri", store).returncode == 0
    assert compatkit("compare", before, after, "--tracking-uri", store, "--exact").returncode == 1


def test_json_names_the_difference(store: str) -> None:
    before, after = log(store, PARAMS, LOSS), log(store, PARAMS, {**LOSS, 2: float("nan")})

    done = compatkit("compare", before, after, "--tracking-uri", store, "--format", "json")

    (difference,) = json.loads(done.stdout)["deciding"]
    assert (difference["kind"], difference["name"], difference["first_step"]) == ("metric value", "train_loss", 2)


def test_a_run_that_is_not_there_is_an_error_and_no_verdict(store: str) -> None:
    done = compatkit("compare", log(store, PARAMS, LOSS), "0" * 32, "--tracking-uri", store)

    assert done.returncode == 2
    assert "cannot be read" in done.stderr
    assert "Verdict" not in done.stdout


def test_a_store_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    done = compatkit("compare", "a", "b", "--tracking-uri", "sqlite:///absent.db", cwd=tmp_path)

    assert done.returncode == 2
    assert "no MLflow store" in done.stderr
    assert not (tmp_path / "absent.db").exists()
