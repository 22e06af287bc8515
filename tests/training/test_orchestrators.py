"""Either orchestrator runs either trainer, logs what it promises, and returns what both versions' readers read."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from mlflow import MlflowClient

from compatkit.migration import Migration
from compatkit.record import EpochMetrics
from compatkit.training import (
    PRESETS,
    DatasetSource,
    ModelTrainer,
    ModelTrainerV2,
    Trainer,
    TrainingError,
    TrainingOrchestrator,
    TrainingOrchestratorV2,
    TrainingResult,
    load_dataset,
    preset_config,
)
from compatkit.training.ending import FAILURE_TAG
from tests.training.runs import ORCHESTRATORS, QUICK, Orchestrator, ReadRun, Recorded, histories, train
from tests.training.strategies import Setup, setups

TRAINERS = pytest.mark.parametrize("trainer", [ModelTrainer(), ModelTrainerV2()], ids=["trainer_v1", "trainer_v2"])
V1_FINAL = {"train_loss", "val_loss", "train_acc", "val_acc"}


def in_v1(values: dict[str, Any], migration: Migration) -> dict[str, Any]:
    """Return `values`, metrics or params of a v2 run, under v1 names, without what only v2 has."""
    fields = {prefix + row.v2: prefix + row.v1 for row in migration.fields for prefix in ("", "final_")}
    names = fields | {row.v2: row.v1 for row in migration.arguments}
    added = {rule.name for rule in migration.equivalence.added_in_v2}
    return {names.get(name, name): value for name, value in values.items() if name not in added}


# Few: tests/equivalence/test_stack.py has many more. Here the logged values are read by MLflow's client alone.
@settings(max_examples=5)
@given(setup=setups(("iris", "wine")))
def test_all_four_combinations_log_the_same(
    setup: Setup, tracking_uri: str, client: MlflowClient, migration: Migration
) -> None:
    arguments = setup.v1_arguments()

    experiment = f"four-{time.time_ns()}"
    for orchestrator in (TrainingOrchestrator, TrainingOrchestratorV2):
        for trainer in (ModelTrainer(), ModelTrainerV2()):
            # A training that diverges fails, on either stack in the same epoch.
            with contextlib.suppress(TrainingError):
                train(orchestrator, trainer, tracking_uri, **{**arguments, "experiment_name": experiment})
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    runs = [run.info.run_id for run in found]
    failures = [(run.info.status, run.data.tags.get(FAILURE_TAG)) for run in found]

    assert failures.count(failures[0]) == 4
    metrics = [in_v1(histories(client, run), migration) for run in runs]
    params = [in_v1(client.get_run(run).data.params, migration) for run in runs]
    assert metrics.count(metrics[0]) == 4
    assert params.count(params[0]) == 4


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_logs_what_v1_logs_with_its_arguments(
    preset: str, tracking_uri: str, client: MlflowClient, migration: Migration
) -> None:
    changes = {"tracking.uri": tracking_uri, "tracking.log_model": False}
    config = preset_config(preset).with_overrides(changes)
    arguments = {row.v1: config.flatten()[row.v2] for row in migration.arguments}

    v1 = TrainingOrchestrator(**arguments).train_model("iris")["run_id"]
    v2 = TrainingOrchestratorV2(config).train_model("iris").run_id

    assert in_v1(histories(client, v2), migration) == histories(client, v1)
    assert in_v1(client.get_run(v2).data.params, migration) == client.get_run(v1).data.params


@ORCHESTRATORS
@TRAINERS
def test_every_epoch_is_logged_at_its_step(
    orchestrator: Orchestrator, trainer: Trainer, tracking_uri: str, client: MlflowClient
) -> None:
    run_id = train(orchestrator, trainer, tracking_uri, epochs=3)["run_id"]

    assert [step for step, _ in histories(client, run_id)["val_loss"]] == [1, 2, 3]


@ORCHESTRATORS
@TRAINERS
def test_final_metrics_are_the_last_epochs(orchestrator: Orchestrator, trainer: Trainer, tracking_uri: str) -> None:
    result = train(orchestrator, trainer, tracking_uri)

    last = result["history"][-1]
    assert {key: result["final_metrics"][key] for key in V1_FINAL} == {key: last[key] for key in V1_FINAL}


@ORCHESTRATORS
@TRAINERS
def test_run_is_finished_and_tagged(
    orchestrator: Orchestrator, trainer: Trainer, tracking_uri: str, read_run: ReadRun
) -> None:
    run = read_run(train(orchestrator, trainer, tracking_uri)["run_id"])

    assert run.info.status == "FINISHED"
    assert run.data.tags["dataset_name"] == "iris"
    assert run.data.tags["stack.trainer"] == type(trainer).__name__
    assert run.data.tags["stack.orchestrator"] == ("v1" if orchestrator is TrainingOrchestrator else "v2")


@ORCHESTRATORS
@TRAINERS
def test_result_is_read_as_v1_read_it(orchestrator: Orchestrator, trainer: Trainer, tracking_uri: str) -> None:
    result = train(orchestrator, trainer, tracking_uri)

    read_back = json.loads(json.dumps(result))
    assert read_back["history"][-1]["train_acc"] == result["history"][-1].get("train_acc")
    assert set(read_back["final_metrics"]) >= V1_FINAL
    assert read_back["epochs_trained"] == len(read_back["history"]) == 2


def test_v1_result_is_made_of_plain_dicts(tracking_uri: str) -> None:
    result = train(TrainingOrchestrator, ModelTrainerV2(), tracking_uri)

    assert {type(value) for value in (result, result["final_metrics"], *result["history"])} == {dict}


def test_v1_final_metrics_are_v1s(tracking_uri: str) -> None:
    assert set(train(TrainingOrchestrator, ModelTrainerV2(), tracking_uri)["final_metrics"]) == V1_FINAL


def test_v2_result_has_attributes(tracking_uri: str) -> None:
    result = train(TrainingOrchestratorV2, None, tracking_uri, experiment_name="attributes")

    assert (result.experiment_name, result.epochs_trained, result.run_id) == ("attributes", 2, result["run_id"])
    assert result.history[-1].val_accuracy == result.final_metrics.val_accuracy


def test_v2_result_survives_pickle_and_copy(tracking_uri: str) -> None:
    result = train(TrainingOrchestratorV2, None, tracking_uri)

    for other in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
        assert type(other) is TrainingResult
        assert other == result
        assert other.history[0].train_accuracy == result.history[0].train_accuracy


@pytest.mark.parametrize(
    ("orchestrator", "expected"),
    [
        (TrainingOrchestrator, {"train_loss", "val_loss", "train_acc", "val_acc", "lr"}),
        (
            TrainingOrchestratorV2,
            {"train_loss", "val_loss", "train_accuracy", "val_accuracy", "learning_rate", "epoch_time"},
        ),
    ],
)
def test_metrics_have_the_versions_own_names(
    orchestrator: Orchestrator, expected: set[str], tracking_uri: str, read_run: ReadRun
) -> None:
    run = read_run(train(orchestrator, ModelTrainer(), tracking_uri)["run_id"])

    assert {name for name in run.data.metrics if not name.startswith("final_")} == expected


def test_v2_logs_what_only_the_v2_trainer_measures(tracking_uri: str, read_run: ReadRun) -> None:
    run = read_run(train(TrainingOrchestratorV2, ModelTrainerV2(), tracking_uri)["run_id"])

    scores = {"val_precision", "val_recall", "val_f1"}
    assert set(run.data.metrics) >= scores | {f"final_{name}" for name in scores}


def test_preset_is_a_tag(tracking_uri: str, read_run: ReadRun) -> None:
    run = read_run(train(TrainingOrchestratorV2, None, tracking_uri, preset="quick_test")["run_id"])

    assert run.data.tags["preset"] == "quick_test"


def test_without_a_preset_there_is_no_tag(tracking_uri: str, read_run: ReadRun) -> None:
    assert "preset" not in read_run(train(TrainingOrchestratorV2, None, tracking_uri)["run_id"]).data.tags


@ORCHESTRATORS
@pytest.mark.parametrize("trainer", [ModelTrainer(), Recorded([EpochMetrics(1, *[0.5] * 9)])], ids=["own", "user"])
def test_arrays_are_a_data_set(
    orchestrator: Orchestrator, trainer: Trainer, tracking_uri: str, read_run: ReadRun
) -> None:
    arrays: DatasetSource = ([[float(index % 2), 1.0] for index in range(20)], [0, 1] * 10)

    result = orchestrator(tracking_uri=tracking_uri, trainer=trainer, **QUICK).train_model(arrays)

    assert read_run(result["run_id"]).data.params["dataset"] == "arrays"


def sequences() -> DatasetSource:
    """60 sequences of 5 steps and 2 channels; the class is the step at which the first channel rises."""
    generator = np.random.default_rng(0)
    labels = np.arange(60) % 3
    values = generator.normal(0, 0.1, (60, 5, 2))
    values[np.arange(60), labels, 0] += 3
    return values, labels


def test_sequences_train_a_transformer_alike_on_both_stacks(
    tracking_uri: str, client: MlflowClient, migration: Migration
) -> None:
    arguments = {**QUICK, "model_type": "transformer", "epochs": 8, "lr": 0.02, "tracking_uri": tracking_uri}

    v1 = TrainingOrchestrator(**arguments).train_model(sequences())
    v2 = TrainingOrchestratorV2(**arguments).train_model(sequences())

    assert v2.final_metrics.val_accuracy > 0.8  # a guess would be 1 in 3
    assert in_v1(histories(client, v2.run_id), migration) == histories(client, v1["run_id"])


@ORCHESTRATORS
def test_trained_model_stays_with_the_orchestrator(orchestrator: Orchestrator, tracking_uri: str) -> None:
    trained = orchestrator(tracking_uri=tracking_uri, **QUICK)

    trained.train_model("iris")

    assert trained.model(load_dataset("iris").validation.tensors[0]).shape == (30, 3)
