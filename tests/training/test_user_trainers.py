"""Trainers of users' own: mixed and sparse histories, extra values, failures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from mlflow import MlflowClient

from compatkit.migration import Migration
from compatkit.training import (
    OrchestratorConfig,
    Trainer,
    TrainingError,
    TrainingOrchestrator,
    TrainingOrchestratorV2,
)
from compatkit.training.ending import FAILURE_TAG
from compatkit.training.sender import as_number
from tests.training.runs import ORCHESTRATORS, Failing, Orchestrator, ReadRun, Recorded, histories, train
from tests.training.strategies import mixed_histories


@ORCHESTRATORS
def test_failing_trainer_fails_the_run(orchestrator: Orchestrator, tracking_uri: str, client: MlflowClient) -> None:
    name = f"failing-{orchestrator.__name__}"

    with pytest.raises(RuntimeError, match="out of patience"):
        train(orchestrator, Failing(), tracking_uri, experiment_name=name)

    experiment = client.get_experiment_by_name(name)
    assert [run.info.status for run in client.search_runs([experiment.experiment_id])] == ["FAILED"]


@ORCHESTRATORS
@settings(max_examples=15)
@given(history=mixed_histories)
def test_mixed_history_is_logged_whole(
    orchestrator: Orchestrator, history: list[Any], tracking_uri: str, client: MlflowClient
) -> None:
    result = train(orchestrator, Recorded(history), tracking_uri)

    logged = histories(client, result["run_id"])
    accuracies = logged["val_acc"] if orchestrator is TrainingOrchestrator else logged["val_accuracy"]
    assert accuracies == [(epoch, repr(float(row["val_acc"]))) for epoch, row in enumerate(result["history"], 1)]


@ORCHESTRATORS
@settings(max_examples=15)
@given(history=mixed_histories)
def test_best_epoch_is_the_first_of_the_highest(
    orchestrator: Orchestrator, history: list[Any], tracking_uri: str
) -> None:
    result = train(orchestrator, Recorded(history), tracking_uri)

    accuracies = [row["val_acc"] for row in result["history"]]
    assert result["best_epoch"] == 1 + accuracies.index(max(accuracies))


@ORCHESTRATORS
def test_nothing_is_invented_for_a_sparse_history(
    orchestrator: Orchestrator, tracking_uri: str, read_run: ReadRun
) -> None:
    result = train(orchestrator, Recorded([{"train_loss": 1.0, "val_loss": None}]), tracking_uri)

    assert result["history"] == [{"train_loss": 1.0, "val_loss": None}]
    assert set(read_run(result["run_id"]).data.metrics) == {"train_loss", "final_train_loss"}


@ORCHESTRATORS
def test_empty_history_is_accepted(orchestrator: Orchestrator, tracking_uri: str) -> None:
    result = train(orchestrator, Recorded([]), tracking_uri)

    assert (result["best_epoch"], result["epochs_trained"], result["final_metrics"]) == (0, 0, {})


@ORCHESTRATORS
def test_numpy_steps_are_stored_as_numbers(orchestrator: Orchestrator, tracking_uri: str, client: MlflowClient) -> None:
    record = {"epoch": np.int64(4), "train_loss": np.float32(0.5)}

    run_id = train(orchestrator, Recorded([record]), tracking_uri)["run_id"]

    assert histories(client, run_id)["train_loss"] == [(4, "0.5")]


def test_v2_logs_extra_numbers_of_a_users_trainer(tracking_uri: str, client: MlflowClient) -> None:
    record = {"epoch": 1, "val_acc": 0.5, "top5": 0.9, "note": "fine", "confusion": [[1]]}

    run_id = train(TrainingOrchestratorV2, Recorded([record]), tracking_uri)["run_id"]

    assert set(histories(client, run_id)) == {"val_accuracy", "final_val_accuracy", "top5"}


def test_metric_with_an_impossible_name_is_left_out_aloud(tracking_uri: str, client: MlflowClient) -> None:
    record = {"epoch": 1, "train_loss": 1.0, "f1(macro)": 0.5}

    with pytest.warns(UserWarning, match=r"no metric named 'f1\(macro\)'"):
        run_id = train(TrainingOrchestratorV2, Recorded([record]), tracking_uri)["run_id"]

    assert set(histories(client, run_id)) == {"train_loss", "final_train_loss"}


@pytest.mark.parametrize("value", [None, "1.5", [1.0], 1j, np.array([1.0])])
def test_no_number_is_made_of(value: object) -> None:
    assert as_number(value) is None


class Drawing:
    """A user's trainer that draws from the global random state."""

    def train(self, *_data: object, **_arguments: object) -> list[Any]:
        return [{"epoch": 1, "train_loss": torch.rand(()).item()}]


def test_trainer_that_draws_globally_repeats_on_either_orchestrator(tracking_uri: str) -> None:
    drawn = {
        train(orchestrator, Drawing(), tracking_uri)["history"][0]["train_loss"]
        for orchestrator in (TrainingOrchestrator, TrainingOrchestratorV2, TrainingOrchestratorV2)
    }

    assert len(drawn) == 1


@pytest.mark.parametrize("names", ["v1", "v2", "both"])
def test_metrics_have_the_names_that_were_asked_for(
    names: str, tracking_uri: str, client: MlflowClient, migration: Migration
) -> None:
    config = OrchestratorConfig.from_preset("quick_test", tracking={"uri": tracking_uri, "metric_names": names})

    run_id = TrainingOrchestratorV2(config).train_model("iris").run_id

    logged = set(client.get_run(run_id).data.metrics)
    assert {row.v1 for row in migration.fields} <= logged or names == "v2"
    assert {row.v2 for row in migration.fields} <= logged or names == "v1"
    other = {"v1": "v2", "v2": "v1"}.get(names)
    assert not other or not logged & {getattr(row, other) for row in migration.fields}


@ORCHESTRATORS
@pytest.mark.parametrize("trainer", [None, Recorded([{"epoch": 1, "train_loss": float("nan")}])], ids=["own", "user"])
def test_training_that_diverges_fails_with_its_reason_and_keeps_its_history(
    orchestrator: Orchestrator, trainer: Trainer | None, tracking_uri: str, client: MlflowClient
) -> None:
    name = f"diverged-{orchestrator.__name__}-{trainer is None}"
    arguments = {"experiment_name": name, "lr": 1e30, "optimizer": "sgd"}

    with pytest.raises(TrainingError, match="The training loss became"):
        train(orchestrator, trainer, tracking_uri, **arguments)

    (run,) = client.search_runs([client.get_experiment_by_name(name).experiment_id])
    assert run.info.status == "FAILED"
    assert run.data.tags[FAILURE_TAG].startswith("The training loss became")
    assert histories(client, run.info.run_id)["train_loss"]


@ORCHESTRATORS
def test_failure_has_its_reason_as_a_tag(orchestrator: Orchestrator, tracking_uri: str, client: MlflowClient) -> None:
    name = f"reason-{orchestrator.__name__}"

    with pytest.raises(RuntimeError):
        train(orchestrator, Failing(), tracking_uri, experiment_name=name)

    (run,) = client.search_runs([client.get_experiment_by_name(name).experiment_id])
    assert run.data.tags[FAILURE_TAG] == "RuntimeError: out of patience"


@ORCHESTRATORS
def test_environment_is_logged(orchestrator: Orchestrator, tracking_uri: str, client: MlflowClient) -> None:
    tags = client.get_run(train(orchestrator, None, tracking_uri, num_threads=1)["run_id"]).data.tags

    assert f"torch=={torch.__version__}" in tags["compatkit.env.packages"].split()
    assert tags["compatkit.env.torch.threads"] == "1"


@ORCHESTRATORS
def test_batch_may_be_larger_than_the_data(orchestrator: Orchestrator, tracking_uri: str) -> None:
    assert train(orchestrator, None, tracking_uri, batch_size=10_000)["epochs_trained"] == 2
