"""The run in MLflow: the model is in it, MLflow's global state is as before, and large histories arrive whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import mlflow
import mlflow.pytorch
import pytest
import torch
from mlflow import MlflowClient

from compatkit.training import TrainingOrchestrator, TrainingOrchestratorV2, load_dataset
from compatkit.training.sender import POINTS_PER_CALL
from compatkit.training.server import tracking_uri_set
from compatkit.training.tracked_run import tracked_run

ORCHESTRATORS = pytest.mark.parametrize("orchestrator", [TrainingOrchestrator, TrainingOrchestratorV2])
LOGGED = [("mlp", "iris"), ("cnn", "digits")]


@ORCHESTRATORS
@pytest.mark.parametrize(("model_type", "dataset"), LOGGED)
def test_logged_model_predicts_as_the_trained_one(
    orchestrator: type[TrainingOrchestrator], model_type: str, dataset: str, tracking_uri: str, client: MlflowClient
) -> None:
    trained = orchestrator("models", model_type, epochs=1, hidden_size=4, dropout=0.5, tracking_uri=tracking_uri)
    run_id = trained.train_model(dataset)["run_id"]

    outputs = client.get_run(run_id).outputs.model_outputs
    with tracking_uri_set(tracking_uri):
        logged = mlflow.pytorch.load_model(f"models:/{outputs[0].model_id}")
    features = load_dataset(dataset).validation.tensors[0]
    assert torch.equal(logged(features), trained.model(features))


@ORCHESTRATORS
def test_logged_model_is_in_the_runs_experiment(
    orchestrator: type[TrainingOrchestrator], tracking_uri: str, client: MlflowClient
) -> None:
    run_id = orchestrator("its-own", epochs=1, tracking_uri=tracking_uri).train_model("iris")["run_id"]

    run = client.get_run(run_id)
    model = client.get_logged_model(run.outputs.model_outputs[0].model_id)
    assert (model.experiment_id, model.source_run_id) == (run.info.experiment_id, run_id)
    assert (model.name, model.status, model.params) == ("model", "READY", run.data.params)


@ORCHESTRATORS
def test_model_can_be_left_out(
    orchestrator: type[TrainingOrchestrator], tracking_uri: str, client: MlflowClient
) -> None:
    run_id = orchestrator(epochs=1, log_model=False, tracking_uri=tracking_uri).train_model("iris")["run_id"]

    assert client.get_run(run_id).outputs.model_outputs == []


@ORCHESTRATORS
def test_global_tracking_state_is_kept(orchestrator: type[TrainingOrchestrator], tracking_uri: str) -> None:
    before = mlflow.get_tracking_uri()

    orchestrator(epochs=1, tracking_uri=tracking_uri).train_model("iris")

    assert (mlflow.get_tracking_uri(), os.environ.get("MLFLOW_TRACKING_URI")) == (before, None)
    assert mlflow.active_run() is None


def test_tracking_uri_of_the_environment_is_restored(tracking_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///elsewhere.db")

    with tracking_uri_set(tracking_uri):
        assert mlflow.get_tracking_uri() == tracking_uri

    assert (mlflow.get_tracking_uri(), os.environ["MLFLOW_TRACKING_URI"]) == ("sqlite:///elsewhere.db",) * 2


def test_active_run_of_the_caller_stays_active(tracking_uri: str, client: MlflowClient) -> None:
    with tracking_uri_set(tracking_uri), mlflow.start_run() as outer:
        run_id = TrainingOrchestratorV2(epochs=1, tracking_uri=tracking_uri).train_model("iris").run_id

        assert mlflow.active_run().info.run_id == outer.info.run_id

    assert client.get_run(outer.info.run_id).data.metrics == {}
    assert client.get_run(run_id).outputs.model_outputs


def test_history_longer_than_a_batch_arrives_whole(tracking_uri: str, client: MlflowClient) -> None:
    points = POINTS_PER_CALL + 1

    with tracked_run("long", tracking_uri=tracking_uri) as run:
        for step in range(points):
            run.log_metrics({"loss": step}, step=step)

    assert [point.value for point in client.get_metric_history(run.run_id, "loss")] == list(range(points))


def test_interrupted_run_is_failed(tracking_uri: str, client: MlflowClient) -> None:
    with pytest.raises(KeyboardInterrupt), tracked_run("interrupted", tracking_uri=tracking_uri) as run:
        raise KeyboardInterrupt

    assert client.get_run(run.run_id).info.status == "FAILED"


def test_run_has_the_name_that_was_asked(tracking_uri: str, client: MlflowClient) -> None:
    with tracked_run("named", tracking_uri=tracking_uri, run_name="<script>") as run:
        pass

    assert client.get_run(run.run_id).info.run_name == "<script>"


def test_importing_the_stack_does_not_import_mlflow(tmp_path: Path) -> None:
    code = "import sys, compatkit.training; print('mlflow' in sys.modules, 'sklearn' in sys.modules)"

    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)

    assert output.stdout == "False False\n"
