"""The v2 trainer: slices of tensors instead of a DataLoader, and a list of `EpochMetrics`.

Given one seed it agrees with the v1 trainer, history and weights, bit for bit: measured on generated trainings, on one
machine and one number of threads. Four things are done the way they are for that:

- the order of an epoch is drawn from a generator seeded with `seed + epoch`, as v1's sampler draws it;
- a batch is a copy, in validation too: of 400 generated trainings with views, 47 had a validation loss that was off;
- losses are summed as batch mean times batch size in float64, in the order of the batches;
- the optimizers are torch's own, in the form in which a step is the same (optimizers.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from compatkit.record import EpochMetrics
from compatkit.training.determinism import deterministic_kernels, random_state_kept, seeded
from compatkit.training.errors import TrainingError
from compatkit.training.v2.loop.batches import Batch, balanced_weights, in_order, on_device, shuffled, with_noise
from compatkit.training.v2.loop.callbacks import Callback, EarlyStopping, TrainingState
from compatkit.training.v2.loop.distributed import Processes, joined_processes
from compatkit.training.v2.loop.optimizers import Precision, Scheduler, build_optimizer
from compatkit.training.v2.loop.passes import Stepper, evaluate
from compatkit.training.v2.settings.config import OrchestratorConfig


class ModelTrainerV2:
    """Trains a classifier and returns one `EpochMetrics` an epoch.

    Of `config` it reads what `train` has no argument for: scheduler, early stopping, clipping, accumulation, class
    weights, noise and the runtime. `callbacks` are called after each epoch, in their order.

    Started by `torchrun`, each process takes its part of every batch: `batch_size` is that of all of them together. The
    results are those of one process, but for rounding, and for dropout, of which each process draws masks of its own.
    """

    def __init__(self, config: OrchestratorConfig | None = None, *, callbacks: Iterable[Callback] = ()) -> None:
        self.config = OrchestratorConfig() if config is None else config
        self.callbacks = tuple(callbacks)

    def train(
        self,
        model: nn.Module,
        train_data: TensorDataset,
        val_data: TensorDataset,
        *,
        epochs: int,
        batch_size: int,
        lr: float,
        optimizer: str = "adam",
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        seed: int = 0,
        resume_from: Mapping[str, Any] | None = None,
    ) -> list[EpochMetrics]:
        """Train `model` in place; return the metrics of each epoch, counted from 1.

        Data hold features (n, features) float32 and labels (n,) int64. `momentum` is used by "sgd" only. `seed`
        decides the order of the samples and the dropout; the global random state stays as it was. A training whose
        loss is no number any more ends with that epoch. `resume_from` is a state that `capture` returned.
        Raises `TrainingError` for an unknown optimizer.
        """
        if epochs < 1:
            raise TrainingError(f"A training of {epochs} epochs has no history.", hint="epochs must be at least 1")
        runtime = self.config.runtime
        with joined_processes(choose_device(runtime.device)) as processes:
            model.to(processes.device)
            built = build_optimizer(optimizer, model, learning_rate=lr, weight_decay=weight_decay, momentum=momentum)
            callbacks = (EarlyStopping(self.config.early_stopping), *self.callbacks)
            state = TrainingState(
                model=model,
                optimizer=built,
                scheduler=Scheduler(self.config.scheduler, built, epochs=epochs),
                precision=Precision(runtime.precision, processes.device),
                callbacks=tuple(called for called in callbacks if processes.is_first or called.is_everywhere),
                epochs=epochs,
            )
            epoch = _Epoch(self.config, state, train_data, val_data, processes, batch_size=batch_size, seed=seed)
            with seeded(seed, processes.device), deterministic_kernels(runtime.deterministic):
                if resume_from is not None:
                    state.restore(resume_from)
                _run(state, epoch, processes)
        model.to("cpu")
        return state.history


def _run(state: TrainingState, epoch: _Epoch, processes: Processes) -> None:
    _call_back(state, Callback.on_start.__name__)
    state.stop = processes.agree(state.stop)
    while not state.is_done:
        record = epoch.run(state.epoch + 1)
        state.history.append(record)
        state.scheduler.step(record.val_loss)
        if not isfinite(record.train_loss):
            state.has_diverged, state.stop = True, "the training loss is no number"
        _call_back(state, Callback.on_epoch.__name__)
        state.stop = processes.agree(state.stop)
    _call_back(state, Callback.on_end.__name__)


def _call_back(state: TrainingState, call: str) -> None:
    for callback in state.callbacks:
        with random_state_kept():
            getattr(callback, call)(state)


class _Epoch:
    """The parts that every epoch of a training needs, prepared once."""

    def __init__(
        self,
        config: OrchestratorConfig,
        state: TrainingState,
        train_data: TensorDataset,
        val_data: TensorDataset,
        processes: Processes,
        *,
        batch_size: int,
        seed: int,
    ) -> None:
        self._precision, self._processes = state.precision, processes
        self._train = on_device(train_data, processes.device)
        self._validation = in_order(on_device(val_data, processes.device), batch_size)
        self._noise, self._seed, self._batch_size = config.data.noise, seed, batch_size
        self._optimizer = state.optimizer
        self._model = state.model
        if (backend := config.runtime.compile) != "none":
            self._model = cast(nn.Module, torch.compile(state.model, backend=backend))
        self._stepper = Stepper(
            processes.joined(state.model, self._model),
            state.optimizer,
            self._precision,
            processes,
            batch_size,
            class_weights=_class_weights(state.model, self._train) if config.data.class_weights == "balanced" else None,
            clip_norm=config.optimizer.clip_norm,
            accumulate=config.optimizer.accumulate,
        )

    def run(self, number: int) -> EpochMetrics:
        """Train and evaluate once."""
        start = time.perf_counter()
        self._processes.seed_epoch(self._seed, number)
        batches = shuffled(self._train, self._batch_size, self._seed + number)
        if self._noise:
            batches = with_noise(batches, self._noise, self._seed + number)
        learning_rate = float(self._optimizer.param_groups[0]["lr"])
        trained = self._stepper.train(batches, len(self._train[1])).measure(self._processes)
        validated = evaluate(self._model, self._validation, self._precision, self._processes).measure(
            self._processes, trained.classes
        )
        return EpochMetrics(
            epoch=number,
            train_loss=trained.loss,
            val_loss=validated.loss,
            train_accuracy=trained.scores.accuracy,  # of the predictions made while training, as in v1
            val_accuracy=validated.scores.accuracy,
            val_precision=validated.scores.precision,
            val_recall=validated.scores.recall,
            val_f1=validated.scores.f1,
            learning_rate=learning_rate,
            epoch_time=time.perf_counter() - start,  # seconds
        )


def _class_weights(model: nn.Module, data: Batch) -> Tensor:
    features, target = data
    model.eval()
    with torch.inference_mode():
        classes = model(features[:2]).shape[1]  # outputs; a class of them may have no sample
    return balanced_weights(target, classes)


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; "auto" is the GPU where there is one. Raises `TrainingError` without it."""
    has_gpu = torch.cuda.is_available()
    if name == "cuda" and not has_gpu:
        raise TrainingError(f"This machine has no device {name!r}.", hint="set runtime.device to cpu, or to auto")
    return torch.device("cuda" if has_gpu and name != "cpu" else "cpu")
