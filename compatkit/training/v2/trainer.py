"""The v2 trainer: slices of tensors instead of a DataLoader, and a list of `EpochMetrics`.

Given one seed it agrees with the v1 trainer, history and weights, bit for bit: measured on generated trainings, on one
machine and one number of threads. Four things are done the way they are for that:

- the order of an epoch is drawn from a generator seeded with `seed + epoch`, as v1's sampler draws it;
- a batch is a copy, in validation too: as a view it need not lie aligned in memory, the kernels then add in another
  order: of 400 generated trainings, 47 had a validation loss that was off, by up to 1e-6 of it;
- losses are summed as batch mean times batch size in float64, in the order of the batches;
- the optimizers are torch's default ones. Fused Adam is faster, and 2e-7 off in a weight after a few epochs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.data import TensorDataset

from compatkit.record import EpochMetrics
from compatkit.training.determinism import seeded
from compatkit.training.errors import TrainingError
from compatkit.training.metrics import confusion_matrix, macro_scores

OPTIMIZERS = ("adam", "adamw", "sgd")


class ModelTrainerV2:
    """Trains a classifier and returns one `EpochMetrics` an epoch."""

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
    ) -> list[EpochMetrics]:
        """Train `model` in place; return the metrics of each epoch, counted from 1.

        Data hold features (n, features) float32 and labels (n,) int64. `momentum` is used by "sgd" only. `seed`
        decides the order of the samples and the dropout; the global random state stays as it was.
        Raises `TrainingError` for an unknown optimizer.
        """
        if epochs < 1:
            raise TrainingError(f"A training of {epochs} epochs has no history.", hint="epochs must be at least 1")
        stepper = build_optimizer(optimizer, model, learning_rate=lr, weight_decay=weight_decay, momentum=momentum)
        with seeded(seed):
            return [
                self._run_epoch(epoch, model, stepper, train_data, val_data, batch_size=batch_size, seed=seed)
                for epoch in range(1, epochs + 1)
            ]

    def _run_epoch(
        self,
        epoch: int,
        model: nn.Module,
        optimizer: Optimizer,
        train_data: TensorDataset,
        val_data: TensorDataset,
        *,
        batch_size: int,
        seed: int,
    ) -> EpochMetrics:
        start = time.perf_counter()
        trained = _train(model, optimizer, _shuffled(train_data, batch_size, seed + epoch))
        validated = _evaluate(model, _in_order(val_data, batch_size))
        train_scores, val_scores = macro_scores(trained.confusion), macro_scores(validated.confusion)
        return EpochMetrics(
            epoch=epoch,
            train_loss=trained.mean_loss,
            val_loss=validated.mean_loss,
            train_accuracy=train_scores.accuracy,  # of the predictions made while training, as in v1
            val_accuracy=val_scores.accuracy,
            val_precision=val_scores.precision,
            val_recall=val_scores.recall,
            val_f1=val_scores.f1,
            learning_rate=float(optimizer.param_groups[0]["lr"]),
            epoch_time=time.perf_counter() - start,  # seconds
        )


@dataclass(slots=True)
class _Tally:
    """Sums over the batches of a pass, kept as tensors: nothing waits for a value before the pass ends."""

    loss: Tensor  # scalar, float64, nats, summed over the samples
    confusion: Tensor  # (classes, classes), int64

    def add(self, loss: Tensor, logits: Tensor, target: Tensor) -> None:
        # Not add_(alpha=...): that may round once where v1 rounds twice.
        self.loss = self.loss + loss.detach().double() * len(target)
        self.confusion = self.confusion + confusion_matrix(logits.argmax(dim=1), target, logits.shape[1])

    @property
    def mean_loss(self) -> float:
        return self.loss.item() / int(self.confusion.sum())


def _new_tally() -> _Tally:
    return _Tally(torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.int64))


def _train(model: nn.Module, optimizer: Optimizer, batches: Iterable[tuple[Tensor, Tensor]]) -> _Tally:
    model.train()
    tally = _new_tally()
    for features, target in batches:  # (batch, features), (batch,)
        logits = model(features)  # (batch, classes)
        loss = F.cross_entropy(logits, target)  # scalar, nats, mean over the batch
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no annotation here
        optimizer.step()
        tally.add(loss, logits, target)
    return tally


@torch.inference_mode()
def _evaluate(model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> _Tally:
    model.eval()
    tally = _new_tally()
    for features, target in batches:
        logits = model(features)
        tally.add(F.cross_entropy(logits, target), logits, target)
    return tally


def _shuffled(data: TensorDataset, batch_size: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    return _batches(data, torch.randperm(len(data), generator=torch.Generator().manual_seed(seed)), batch_size)


def _in_order(data: TensorDataset, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
    return _batches(data, torch.arange(len(data)), batch_size)


def _batches(data: TensorDataset, order: Tensor, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
    features, target = data.tensors
    for batch in torch.split(order, batch_size):  # (batch,), indices
        yield features[batch], target[batch]  # copies: (batch, features), (batch,)


def build_optimizer(
    name: str, model: nn.Module, *, learning_rate: float, weight_decay: float, momentum: float
) -> Optimizer:
    """Return the optimizer called `name`, one of `OPTIMIZERS`; raises `TrainingError` for another."""
    weights = list(model.parameters())
    builders: dict[str, Callable[[], Optimizer]] = {
        "adam": lambda: torch.optim.Adam(weights, lr=learning_rate, weight_decay=weight_decay),
        "adamw": lambda: torch.optim.AdamW(weights, lr=learning_rate, weight_decay=weight_decay),
        "sgd": lambda: torch.optim.SGD(weights, lr=learning_rate, weight_decay=weight_decay, momentum=momentum),
    }
    if name not in builders:
        raise TrainingError.unknown("optimizer", name, OPTIMIZERS)
    return builders[name]()
