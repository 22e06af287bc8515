"""The v1 trainer: a plain loop over a DataLoader, and a list of dicts with v1 keys."""

from __future__ import annotations

import time
from math import isfinite
from typing import TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import nn
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

from compatkit.training.determinism import seeded

V1Record: TypeAlias = dict[str, int | float]


class ModelTrainer:
    """Trains a classifier and returns one dict an epoch, with the keys of v1.

    `history` is what the last training returned, or had measured when an exception ended it.
    """

    def __init__(self) -> None:
        self.history: list[V1Record] = []

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
    ) -> list[V1Record]:
        """Train `model` in place; return a record an epoch, counted from 1.

        Data hold features (n, features) float32 and labels (n,) int64. `momentum` is used by "sgd" only. `seed`
        decides the order of the samples and the dropout; the global random state stays as it was. A training whose
        loss is no number any more ends with that epoch.
        """
        self.history = history = []
        if epochs < 1:
            raise ValueError(f"epochs must be at least 1, got {epochs}")
        opt = make_optimizer(model, optimizer, lr, weight_decay, momentum)
        with seeded(seed):
            for epoch in range(1, epochs + 1):
                start = time.perf_counter()
                train_loss, train_acc = self._train_epoch(
                    model, opt, shuffled_loader(train_data, batch_size, seed + epoch)
                )
                val_loss, val_acc = self._evaluate(model, ordered_loader(val_data, batch_size))
                history.append(
                    {
                        "epoch": epoch,
                        "train_loss": train_loss,  # mean over the samples, nats
                        "val_loss": val_loss,
                        "train_acc": train_acc,  # 0 to 1, of the predictions made while training
                        "val_acc": val_acc,
                        "lr": float(opt.param_groups[0]["lr"]),
                        "epoch_time": time.perf_counter() - start,  # seconds
                    }
                )
                if not isfinite(train_loss):
                    break  # nothing is learned from here on
        return history

    def _train_epoch(
        self, model: nn.Module, opt: torch.optim.Optimizer, loader: DataLoader[tuple[torch.Tensor, ...]]
    ) -> tuple[float, float]:
        model.train()
        loss_sum, correct, seen = 0.0, 0, 0
        for features, target in loader:  # (batch, features), (batch,)
            opt.zero_grad()
            logits = model(features)  # (batch, classes)
            loss = F.cross_entropy(logits, target)  # scalar, nats, mean over the batch
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no annotation here
            opt.step()
            loss_sum += loss.item() * len(target)  # weighs the smaller last batch as it deserves
            correct += (logits.argmax(dim=1) == target).sum().item()
            seen += len(target)
        return loss_sum / seen, correct / seen

    @torch.no_grad()
    def _evaluate(self, model: nn.Module, loader: DataLoader[tuple[torch.Tensor, ...]]) -> tuple[float, float]:
        model.eval()
        loss_sum, correct, seen = 0.0, 0, 0
        for features, target in loader:
            logits = model(features)
            loss_sum += F.cross_entropy(logits, target).item() * len(target)
            correct += (logits.argmax(dim=1) == target).sum().item()
            seen += len(target)
        return loss_sum / seen, correct / seen


def shuffled_loader(data: TensorDataset, batch_size: int, seed: int) -> DataLoader[tuple[torch.Tensor, ...]]:
    """Load `data` in an order that `seed` alone decides."""
    order = RandomSampler(data, generator=torch.Generator().manual_seed(seed))
    return DataLoader(data, batch_size=batch_size, sampler=order, generator=torch.Generator())


def ordered_loader(data: TensorDataset, batch_size: int) -> DataLoader[tuple[torch.Tensor, ...]]:
    """Load `data` as it lies.

    Both loaders have a generator of their own: without one, a DataLoader draws a seed for its workers from the
    global random state each time it is iterated, which would shift every dropout mask after it.
    """
    return DataLoader(data, batch_size=batch_size, generator=torch.Generator())


def make_optimizer(
    model: nn.Module, name: str, lr: float, weight_decay: float, momentum: float
) -> torch.optim.Optimizer:
    """Return the optimizer called `name`, in torch's default implementation."""
    if name == "adam":
        return torch.optim.Adam(model.parameters(), lr=lr, weight_decay=weight_decay)
    if name == "adamw":
        return torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    if name == "sgd":
        return torch.optim.SGD(model.parameters(), lr=lr, weight_decay=weight_decay, momentum=momentum)
    raise ValueError(f"unknown optimizer {name!r}: use adam, adamw or sgd")
