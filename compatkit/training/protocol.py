"""The one call that an orchestrator makes of a trainer. v1 and v2 trainers differ in what they return only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from torch import nn
from torch.utils.data import TensorDataset


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
