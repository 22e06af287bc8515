"""Runs are read back from a real MLflow store, whole or not at all."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

from compatkit.equivalence import EquivalenceError, Point, Policy, compare_snapshots, take_snapshot
from compatkit.training import TrainingOrchestrator


@pytest.fixture
def client(tracking_uri: str) -> MlflowClient:
    return MlflowClient(tracking_uri)


@pytest.fixture
def run_id(client: MlflowClient, tmp_path: Path) -> str:
    experiment = client.create_experiment(str(tmp_path), artifact_location=(tmp_path / "artifacts").as_uri())
    return str(client.create_run(experiment).info.run_id)


def test_metrics_come_back_with_every_point(client: MlflowClient, run_id: str, tracking_uri: str) -> None:
    for step, value in [(2, 0.5), (0, math.nan), (1, math.inf)]:
        client.log_metric(run_id, "loss", value, step=step)
    client.log_metric(run_id, "numpy", 1.0, step=np.int64(4))
    client.set_terminated(run_id)

    metrics = take_snapshot(run_id, tracking_uri=tracking_uri).metrics

    assert [point.step for point in metrics["loss"]] == [0, 1, 2]
    assert math.isnan(metrics["loss"][0].value)
    assert [point.value for point in metrics["loss"]][1:] == [math.inf, 0.5]
    assert metrics["numpy"] == (Point(4, 1.0),)


def test_mlflows_own_tags_and_ids_are_left_out(client: MlflowClient, run_id: str, tracking_uri: str) -> None:
    client.set_tag(run_id, "team", "vision")
    client.set_tag(run_id, "mlflow.user", "somebody")
    client.set_terminated(run_id)

    assert take_snapshot(run_id, tracking_uri=tracking_uri).tags == {"team": "vision"}


def test_artifacts_are_read_at_any_depth(client: MlflowClient, run_id: str, tracking_uri: str) -> None:
    client.log_text(run_id, "hello", "notes/deep/hello.txt")
    client.log_text(run_id, "top", "top.txt")
    client.set_terminated(run_id)

    artifacts = take_snapshot(run_id, tracking_uri=tracking_uri).artifacts

    assert {name: file.size for name, file in artifacts.items()} == {"notes/deep/hello.txt": 5, "top.txt": 3}


def test_a_run_that_has_not_ended_is_refused(run_id: str, tracking_uri: str) -> None:
    with pytest.raises(EquivalenceError, match="RUNNING"):
        take_snapshot(run_id, tracking_uri=tracking_uri)


def test_a_run_that_is_not_there_is_an_error(tracking_uri: str) -> None:
    with pytest.raises(EquivalenceError, match="cannot be read"):
        take_snapshot("0" * 32, tracking_uri=tracking_uri)


def test_a_store_that_is_not_there_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(EquivalenceError, match="no MLflow store"):
        take_snapshot("0" * 32, tracking_uri=f"sqlite:///{tmp_path / 'absent.db'}")

    assert not (tmp_path / "absent.db").exists()


def test_the_weights_of_a_logged_model_are_those_that_were_trained(tracking_uri: str) -> None:
    orchestrator = TrainingOrchestrator("reader-weights", epochs=1, hidden_size=4, tracking_uri=tracking_uri)
    run = orchestrator.train_model("iris")["run_id"]

    (model,) = take_snapshot(run, tracking_uri=tracking_uri).models.values()

    assert orchestrator.model is not None
    trained = {name: weight.numpy() for name, weight in orchestrator.model.state_dict().items()}
    assert model.tensors.keys() == trained.keys()
    for name, tensor in model.tensors.items():
        assert tensor.dtype == "float32"
        np.testing.assert_array_equal(tensor.values, trained[name])
    assert any("linear" in operation for operation in model.operations)


def test_another_seed_is_told_by_its_weights(tracking_uri: str) -> None:
    def train(seed: int) -> str:
        orchestrator = TrainingOrchestrator("reader-seeds", epochs=1, seed=seed, tracking_uri=tracking_uri)
        return str(orchestrator.train_model("iris")["run_id"])

    one, same, other = (take_snapshot(train(seed), tracking_uri=tracking_uri) for seed in (1, 1, 2))

    assert compare_snapshots(one, same, Policy.exact()).is_equivalent
    names = {each.name for each in compare_snapshots(one, other, Policy.exact()).deciding}
    assert "model@0: 0.weight" in names


def test_a_model_among_the_runs_artifacts_is_compared_without_its_ids(
    client: MlflowClient, run_id: str, tracking_uri: str
) -> None:
    client.log_text(run_id, "run_id: 1\nmodel_uuid: 2\nflavors:\n  python_function: {}\n", "net/MLmodel")
    client.log_text(run_id, "weights", "net/data/model.bin")
    client.set_terminated(run_id)

    snapshot = take_snapshot(run_id, tracking_uri=tracking_uri)

    assert not snapshot.artifacts
    assert list(snapshot.models["net"].files) == ["data/model.bin"]
    assert "python_function" in snapshot.models["net"].signature
    assert "digest" in snapshot.notes[0]
