"""Input that cannot be trained on gives a clear error or a defined result, and a run that states the reason."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mlflow import MlflowClient
from torch.utils.data import TensorDataset

from compatkit.cli.train import command as train_command
from compatkit.errors import CompatkitError
from compatkit.training import (
    DatasetSource,
    ModelTrainer,
    ModelTrainerV2,
    Trainer,
    TrainingError,
    TrainingOrchestrator,
    TrainingOrchestratorV2,
    build_model,
)
from compatkit.training.ending import FAILURE_TAG
from compatkit.training.errors import LostProcessError
from tests.command_line import command_runner
from tests.training.runs import ORCHESTRATORS, QUICK, Orchestrator, histories, train
from tests.training.test_data import Dying, Unreadable

ROWS = [[float(index), float(index % 3)] for index in range(40)]
BAD_DATA: dict[str, tuple[DatasetSource, str]] = {
    "one class": ((ROWS, [1] * 40), "All samples have the label 1"),
    "texts as features": (([["a", "b"]] * 40, [0, 1] * 20), "The arrays are not a data set: could not convert"),
    "empty": ((np.zeros((0, 2)), np.zeros(0)), "The arrays are not a data set: their shapes"),
    "a class of one": ((ROWS, [0, 1] + [2] * 38), "The data cannot be split"),
    "not finite": (([[float("inf"), 1.0]] * 40, [0, 1] * 20), "40 values of the features are NaN or infinite"),
    "unreadable": (Unreadable(OSError("gone")), "Sample 13 of the Dataset cannot be read: OSError: gone"),
    "unknown": ("digit", "There is no data set 'digit'"),
}


def ends(client: MlflowClient, experiment: str) -> list[tuple[str, str]]:
    """Return status and reason of each run in `experiment`."""
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    return [(run.info.status, run.data.tags.get(FAILURE_TAG, "")) for run in found]


@ORCHESTRATORS
@pytest.mark.parametrize("name", BAD_DATA)
def test_bad_data_fail_a_run_with_their_reason(
    orchestrator: Orchestrator, name: str, tracking_uri: str, client: MlflowClient
) -> None:
    source, reason = BAD_DATA[name]
    experiment = f"bad-{orchestrator.__name__}-{name}"

    with pytest.raises(TrainingError) as caught:
        orchestrator(tracking_uri=tracking_uri, experiment_name=experiment, **QUICK).train_model(source)

    assert caught.value.what.startswith(reason)
    assert caught.value.hint
    assert ends(client, experiment) == [("FAILED", caught.value.what)]


@ORCHESTRATORS
@pytest.mark.parametrize("fraction", [0.001, 0.999])
def test_a_part_without_samples_fails_a_run(
    orchestrator: Orchestrator, fraction: float, tracking_uri: str, client: MlflowClient
) -> None:
    experiment = f"part-{orchestrator.__name__}-{fraction}"

    with pytest.raises(TrainingError, match="every class needs a sample in both parts"):
        train(orchestrator, None, tracking_uri, val_split=fraction, experiment_name=experiment)

    ((status, reason),) = ends(client, experiment)
    assert status == "FAILED"
    assert reason.startswith(f"The data cannot be split with a validation fraction of {fraction}")


def with_settings(uri: str, experiment: str, **settings: object) -> TrainingOrchestratorV2:
    orchestrator = TrainingOrchestratorV2(tracking_uri=uri, experiment_name=experiment, **QUICK)
    orchestrator.config = orchestrator.config.with_settings(settings)
    return orchestrator


def test_reader_that_is_killed_fails_a_run(tracking_uri: str, client: MlflowClient) -> None:
    orchestrator = with_settings(tracking_uri, "killed reader", runtime={"workers": 2})

    with pytest.raises(TrainingError, match="A process that reads the Dataset ended"):
        orchestrator.train_model(Dying())

    ((status, reason),) = ends(client, "killed reader")
    assert status == "FAILED"
    assert reason.startswith("A process that reads the Dataset ended")


def test_bad_data_are_told_where_no_store_can_be_had() -> None:
    orchestrator = TrainingOrchestratorV2(tracking_uri="http://127.0.0.1:9", **QUICK)

    with pytest.raises(TrainingError, match="All samples have the label") as caught:
        orchestrator.train_model((ROWS, [1] * 40))

    assert any("No MLflow run says so" in note for note in caught.value.__notes__)


def test_bad_data_of_a_resumed_training_leave_its_run_alone(
    tmp_path: Path, tracking_uri: str, client: MlflowClient
) -> None:
    orchestrator = with_settings(tracking_uri, "resumed badly", checkpoints={"folder": str(tmp_path)})
    orchestrator.train_model("iris")

    with pytest.raises(TrainingError, match="All samples have the label"):
        orchestrator.train_model((ROWS, [1] * 40), resume=True)

    assert ends(client, "resumed badly") == [("FINISHED", "")]


@ORCHESTRATORS
def test_labels_need_not_count_from_zero(orchestrator: Orchestrator, tracking_uri: str) -> None:
    counted, named = (
        orchestrator(tracking_uri=tracking_uri, **QUICK).train_model((ROWS, labels))
        for labels in ([0, 1] * 20, [-7, 900] * 20)
    )

    assert counted["history"][-1]["train_loss"] == named["history"][-1]["train_loss"]


@pytest.mark.parametrize("trainer", [ModelTrainer(), ModelTrainerV2()], ids=["v1", "v2"])
@pytest.mark.parametrize("label", [-1, 3])
def test_labels_that_the_model_does_not_know_are_an_error_of_either_trainer(trainer: Trainer, label: int) -> None:
    data = TensorDataset(torch.zeros(9, 4), torch.tensor([0, 1, 2] * 2 + [label] * 3))
    model = build_model("mlp", features=4, classes=3)

    with pytest.raises(IndexError, match=f"Target {label} is out of bounds"):
        trainer.train(model, data, data, epochs=1, batch_size=4, lr=0.1)


class Asked:
    """A user's trainer that is asked to end while it trains, by a signal."""

    def __init__(self, number: int) -> None:
        self._number = number

    def train(self, *_data: object, **_arguments: object) -> list[Any]:
        os.kill(os.getpid(), self._number)
        return []


@ORCHESTRATORS
@pytest.mark.parametrize(
    ("number", "error", "reason"),
    [
        (signal.SIGTERM, LostProcessError, "The training was asked to end (SIGTERM)"),
        (signal.SIGINT, KeyboardInterrupt, "KeyboardInterrupt"),
    ],
)
def test_training_that_is_asked_to_end_fails_with_its_reason(
    orchestrator: Orchestrator,
    number: int,
    error: type[BaseException],
    reason: str,
    tracking_uri: str,
    client: MlflowClient,
) -> None:
    experiment = f"asked-{orchestrator.__name__}-{int(number)}"

    with pytest.raises(error):
        train(orchestrator, Asked(number), tracking_uri, experiment_name=experiment)

    ((status, told),) = ends(client, experiment)
    assert status == "FAILED"
    assert told.startswith(reason)
    assert not told.endswith(": ")
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


class Stopped(ModelTrainer):
    """Is asked to end in an epoch, by a signal."""

    def __init__(self, epoch: int, number: int) -> None:
        super().__init__()
        self._left, self._number = epoch, number

    def _evaluate(self, *given: Any) -> tuple[float, float]:
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), self._number)
        return super()._evaluate(*given)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_epochs_before_the_end_are_kept_on_v1(number: int, tracking_uri: str, client: MlflowClient) -> None:
    experiment = f"kept-{int(number)}"

    with pytest.raises((LostProcessError, KeyboardInterrupt)):
        train(TrainingOrchestrator, Stopped(3, number), tracking_uri, epochs=5, experiment_name=experiment)

    (run,) = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    logged = histories(client, run.info.run_id)
    assert run.info.status == "FAILED"
    assert set(logged) == {"train_loss", "val_loss", "train_acc", "val_acc", "lr"}
    assert {tuple(step for step, _ in points) for points in logged.values()} == {(1, 2)}


def test_epochs_of_an_earlier_training_are_not_those_of_one_that_fails(tracking_uri: str, client: MlflowClient) -> None:
    trainer = ModelTrainer()
    train(TrainingOrchestrator, trainer, tracking_uri)

    with pytest.raises(ValueError, match="at least 1"):
        train(TrainingOrchestrator, trainer, tracking_uri, epochs=0, experiment_name="of another")

    (run,) = client.search_runs([client.get_experiment_by_name("of another").experiment_id])
    assert run.data.metrics == {}


@pytest.mark.parametrize("epochs", [0, -1])
def test_no_epochs_fail_on_v1_with_a_run_and_on_v2_before_one(
    epochs: int, tracking_uri: str, client: MlflowClient
) -> None:
    experiment = f"epochs {epochs}"

    with pytest.raises(ValueError, match="epochs must be at least 1"):
        train(TrainingOrchestrator, None, tracking_uri, epochs=epochs, experiment_name=experiment)
    with pytest.raises(CompatkitError, match=f"epochs is {epochs}; it must be an integer of at least 1"):
        train(TrainingOrchestratorV2, None, tracking_uri, epochs=epochs, experiment_name=experiment)

    assert ends(client, experiment) == [("FAILED", f"ValueError: epochs must be at least 1, got {epochs}")]


@pytest.mark.parametrize("stack", ["v1", "v2"])
def test_what_torch_raises_is_an_error_of_the_command(stack: str, tracking_uri: str, client: MlflowClient) -> None:
    experiment = f"too large {stack}"
    given = ["--dataset", "iris", "--tracking-uri", tracking_uri, "--stack", stack]
    settings = [f"tracking.experiment_name={experiment}", "model.hidden_size=1000000000000"]

    with pytest.raises(CompatkitError, match=r"The training failed: RuntimeError: .*memory"):
        command_runner().invoke(train_command, [*given, *settings], catch_exceptions=False)

    ((status, reason),) = ends(client, experiment)
    assert status == "FAILED"
    assert "memory" in reason
