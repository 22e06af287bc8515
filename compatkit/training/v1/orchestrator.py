"""The v1 orchestrator, with the hotfix of v2.0.1: it accepts the history of either trainer.

All three places that touch the records (MLflow logging, final metrics, history) see v1 keys, because the history is
read once, where it arrives.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any

from torch import nn

from compatkit.record import EpochRecord, read_history
from compatkit.trace import environment_tags
from compatkit.training.data import DatasetSource, DataSplit, load_dataset
from compatkit.training.determinism import seeded, torch_threads
from compatkit.training.ending import termination_raised
from compatkit.training.models import build_model
from compatkit.training.protocol import Trainer, require_convergence
from compatkit.training.sender import as_number
from compatkit.training.tracked_run import tracked_run
from compatkit.training.tracking import RunTracker
from compatkit.training.v1.trainer import ModelTrainer

FINAL_METRICS = ("train_loss", "val_loss", "train_acc", "val_acc")
EPOCH_METRICS = (*FINAL_METRICS, "lr")
NOT_LOGGED = ("experiment_name", "tracking_uri", "run_name", "log_model")


class TrainingOrchestrator:
    """Trains a model on a data set and logs the run to MLflow, configured by flat arguments."""

    def __init__(
        self,
        experiment_name: str = "default",
        model_type: str = "mlp",
        epochs: int = 10,
        batch_size: int = 32,  # samples
        lr: float = 1e-3,
        hidden_size: int = 64,
        num_layers: int = 1,
        dropout: float = 0.0,
        optimizer: str = "adam",
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        val_split: float = 0.2,
        seed: int = 42,
        num_threads: int = 1,
        tracking_uri: str | None = None,
        run_name: str | None = None,
        log_model: bool = True,
        trainer: Trainer | None = None,
    ) -> None:
        self.config: dict[str, Any] = {
            "experiment_name": experiment_name,
            "model_type": model_type,
            "epochs": epochs,
            "batch_size": batch_size,
            "lr": lr,
            "hidden_size": hidden_size,
            "num_layers": num_layers,
            "dropout": dropout,
            "optimizer": optimizer,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "val_split": val_split,
            "seed": seed,
            "num_threads": num_threads,
            "tracking_uri": tracking_uri,
            "run_name": run_name,
            "log_model": log_model,
        }
        self.trainer: Trainer = trainer if trainer is not None else ModelTrainer()
        self.model: nn.Module | None = None

    def train_model(self, dataset: DatasetSource = "digits") -> dict[str, Any]:
        """Train on `dataset`, which `load_dataset` reads, and return run id, final metrics and history.

        An exception ends the run as FAILED, with the reason as a tag and the epochs before it, and goes on; data that
        are none are one, and so is SIGTERM. A training whose loss is no number any more fails, after its history was
        logged.
        """
        config = self.config
        own_run = tracked_run(
            config["experiment_name"], tracking_uri=config["tracking_uri"], run_name=config["run_name"]
        )
        with termination_raised(), own_run as run:
            data = load_dataset(dataset, validation_fraction=config["val_split"], seed=config["seed"])
            self._log_setup(run, data)
            history = self._train(data, run)
            self._log_history(run, history)
            require_convergence(history)
            if config["log_model"]:
                assert self.model is not None
                run.log_model(self.model, data.validation.tensors[0][:2])
        return self._result(run.run_id, history)

    def _log_setup(self, run: RunTracker, data: DataSplit) -> None:
        params = {name: value for name, value in self.config.items() if name not in NOT_LOGGED}
        run.log_params({**params, "dataset": data.name})
        run.log_inputs(data)
        with torch_threads(self.config["num_threads"]):
            environment = environment_tags()
        run.set_tags(
            {
                "dataset_name": data.name,
                "stack.orchestrator": "v1",
                "stack.trainer": type(self.trainer).__name__,
                **environment,
            }
        )

    def _train(self, data: DataSplit, run: RunTracker) -> list[EpochRecord]:
        config = self.config
        with torch_threads(config["num_threads"]), seeded(config["seed"]):
            self.model = build_model(
                config["model_type"],
                features=data.features,
                classes=data.classes,
                hidden_size=config["hidden_size"],
                layers=config["num_layers"],
                dropout=config["dropout"],
                seed=config["seed"],
                shape=data.shape,
            )
            with run.watched(self.model), self._kept_so_far(run):
                history = self.trainer.train(
                    self.model,
                    data.train,
                    data.validation,
                    epochs=config["epochs"],
                    batch_size=config["batch_size"],
                    lr=config["lr"],
                    optimizer=config["optimizer"],
                    weight_decay=config["weight_decay"],
                    momentum=config["momentum"],
                    seed=config["seed"],
                )
        return read_history(history)

    @contextmanager
    def _kept_so_far(self, run: RunTracker) -> Iterator[None]:
        """Log the epochs of a training that an exception ends; a trainer of the user's own tells of none."""
        try:
            yield
        except BaseException:
            if isinstance(self.trainer, ModelTrainer) and type(self.trainer).train is ModelTrainer.train:
                self._log_epochs(run, read_history(self.trainer.history))
            raise

    def _log_epochs(self, run: RunTracker, history: list[EpochRecord]) -> None:
        for index, record in enumerate(history, start=1):
            run.log_metrics({key: record.get(key) for key in EPOCH_METRICS}, step=_epoch(record, index))

    def _log_history(self, run: RunTracker, history: list[EpochRecord]) -> None:
        self._log_epochs(run, history)
        run.log_metrics({f"final_{key}": value for key, value in _final_metrics(history).items()})

    def _result(self, run_id: str, history: list[EpochRecord]) -> dict[str, Any]:
        return {
            "run_id": run_id,
            "experiment_name": self.config["experiment_name"],
            "final_metrics": _final_metrics(history),
            "history": [record.to_v1() for record in history],
            "best_epoch": _best_epoch(history),
            "epochs_trained": len(history),
        }


def _epoch(record: EpochRecord, index: int) -> int:
    """Return the record's epoch, or its place in the history, from 1, if the trainer named none."""
    epoch = as_number(record.get("epoch"))
    return int(epoch) if epoch is not None and isfinite(epoch) else index


def _final_metrics(history: list[EpochRecord]) -> dict[str, Any]:
    return {key: history[-1][key] for key in FINAL_METRICS if key in history[-1]} if history else {}


def _best_epoch(history: list[EpochRecord]) -> int:
    """Return the epoch of the highest validation accuracy, the first of equals; 0 without any."""
    best, best_acc = 0, -1.0
    for index, record in enumerate(history, start=1):
        acc = as_number(record.get("val_acc"))
        if acc is not None and acc > best_acc:
            best, best_acc = _epoch(record, index), acc
    return best
