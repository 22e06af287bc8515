"""Short trainings, users' trainers, and the reading of what was logged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from compatkit.training import (
    Trainer,
    TrainingOrchestrator,
    TrainingOrchestratorV2,
)

Orchestrator = type[TrainingOrchestrator] | type[TrainingOrchestratorV2]
ReadRun = Callable[[str], Run]
ORCHESTRATORS = pytest.mark.parametrize(
    "orchestrator", [TrainingOrchestrator, TrainingOrchestratorV2], ids=["orchestrator_v1", "orchestrator_v2"]
)
QUICK = {"epochs": 2, "hidden_size": 8, "batch_size": 16, "log_model": False}


class Recorded:
    """A user's trainer, which returns a history that is ready."""

    def __init__(self, history: list[Any]) -> None:
        self.history = history

    def train(self, *_data: object, **_arguments: object) -> list[Any]:
        return self.history


class Failing:
    """A user's trainer that fails."""

    def train(self, *_data: object, **_arguments: object) -> list[Any]:
        raise RuntimeError("out of patience")


def train(orchestrator: Orchestrator, trainer: Trainer | None, uri: str, **arguments: object) -> Any:
    return orchestrator(tracking_uri=uri, trainer=trainer, **{**QUICK, **arguments}).train_model("iris")


def histories(client: MlflowClient, run_id: str) -> dict[str, list[tuple[int, str]]]:
    """Return the points of every metric, but for the time that an epoch took; repr, so that NaN equals NaN."""
    names = client.get_run(run_id).data.metrics
    return {
        name: [(point.step, repr(point.value)) for point in client.get_metric_history(run_id, name)]
        for name in names
        if name != "epoch_time"
    }
