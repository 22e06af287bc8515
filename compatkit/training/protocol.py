"""Define the one call that an orchestrator makes of a trainer, and check that the training converged."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import Protocol, runtime_checkable

from torch import nn
from torch.utils.data import TensorDataset

from compatkit.record import EpochRecord
from compatkit.training.errors import TrainingError


@runtime_checkable
class Trainer(Protocol):
    """Whatever trains a model in place and returns its history, one record an epoch.

    A record may be a v1 dict, a v2 `EpochMetrics`, or anything else that `compatkit.record.read_history` reads.
    """

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
    ) -> Iterable[object]: ...


def require_convergence(history: list[EpochRecord]) -> None:
    """Raise `TrainingError` if the last training loss of `history` is NaN or infinite; one that is absent passes."""
    last = history[-1] if history else EpochRecord({})
    loss = last.get("train_loss")
    if isinstance(loss, float) and not isfinite(loss):
        epoch = last.get("epoch", len(history))
        raise TrainingError(
            f"The training loss became {loss} in epoch {epoch}; the training ended there.",
            hint="use a lower learning rate, or clip the gradients",
        )
