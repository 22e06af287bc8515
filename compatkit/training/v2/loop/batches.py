"""Batches as slices of tensors that lie on the device: nothing is copied one sample at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import torch
from torch import Tensor
from torch.utils.data import TensorDataset

Batch: TypeAlias = tuple[Tensor, Tensor]  # (batch, features) float32, (batch,) int64


def on_device(data: TensorDataset, device: torch.device) -> Batch:
    """Return features (n, features) and labels (n,) on the device."""
    features, target = data.tensors
    return features.to(device), target.to(device)


def shuffled(data: Batch, batch_size: int, seed: int) -> Iterator[Batch]:
    """Yield batches in an order that `seed` alone decides, as v1's sampler does.

    A batch is a copy: as a view it need not lie aligned in memory, and the kernels then add in another order.
    """
    features, target = data
    order = torch.randperm(len(target), generator=torch.Generator().manual_seed(seed)).to(target.device)
    for batch in torch.split(order, batch_size):  # (batch,), indices
        yield features[batch], target[batch]


def in_order(data: Batch, batch_size: int) -> list[Batch]:
    """Return batches as the data lie, copied for the same reason; once, as they are the same in each epoch."""
    features, target = data
    parts = zip(torch.split(features, batch_size), torch.split(target, batch_size), strict=True)
    return [(part.clone(), labels.clone()) for part, labels in parts]


def with_noise(batches: Iterator[Batch], deviation: float, seed: int) -> Iterator[Batch]:
    """Add normal noise of this standard deviation to the features, drawn on the CPU so that all devices agree."""
    generator = torch.Generator().manual_seed(seed)
    for features, target in batches:
        noise = torch.randn(features.shape, generator=generator).to(features.device)  # (batch, features)
        yield features + deviation * noise, target


def balanced_weights(target: Tensor, classes: int) -> Tensor:
    """Return the weight of each class, (classes,): samples / (classes * samples of it), as in scikit-learn."""
    counts = torch.bincount(target, minlength=classes)
    # A class without a sample is never looked up.
    return len(target) / (classes * counts.clamp(min=1)).float()
