"""Cut tensors that lie on the device into batches, and batches into the parts of several processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from compatkit.training.v2.loop.distributed import Processes

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


class Part(NamedTuple):
    """The samples that one process trains on in one step.

    Attributes:
        features, target: its samples, (part, features) and (part,).
        samples: of the whole batch.
        share: of the whole batch's mean loss that the mean over this part makes up, 0 to 1; on the device where it is
            not known without waiting for it.
        is_empty: the batch has fewer samples than there are processes: the sample here is another one's, at share 0,
            so that this process takes part in averaging.
    """

    features: Tensor
    target: Tensor
    samples: int
    share: float | Tensor = 1.0
    is_empty: bool = False


def parts(batches: Iterable[Batch], processes: Processes, class_weights: Tensor | None) -> Iterator[Part]:
    """Yield this process's part of each batch; one alone takes all of it."""
    if processes.size == 1:
        for features, target in batches:
            yield Part(features, target, len(target))
        return
    for features, target in batches:
        yield part_of(features, target, processes, class_weights)


def part_of(features: Tensor, target: Tensor, processes: Processes, class_weights: Tensor | None) -> Part:
    """Return this process's part: contiguous, and of one sample more or less than any other's."""
    samples = len(target)
    first = samples * processes.rank // processes.size
    end = samples * (processes.rank + 1) // processes.size
    if first == end:
        return Part(features[:1], target[:1], samples, 0.0, is_empty=True)
    own = target[first:end]
    share: float | Tensor = (end - first) / samples
    if class_weights is not None:  # the mean is a weighted one, by the weights of all samples
        share = class_weights[own].sum() / class_weights[target].sum()
    return Part(features[first:end], own, samples, share)


def turns(batches: Iterable[Batch], processes: Processes) -> Iterator[Batch]:
    """Yield every n-th batch: whole ones, as their results need not be averaged at each step."""
    for number, batch in enumerate(batches):
        if number % processes.size == processes.rank:
            yield batch


def scaled(loss: Tensor, part: Part, processes: Processes, group: int) -> Tensor:
    """Return `loss`, the mean over a part, so that the average over all processes is the mean over the batch.

    `group` is the number of samples for whose step gradients are added up: each of them weighs the same.
    """
    if isinstance(part.share, Tensor):
        return loss * (part.share * (processes.size * part.samples / group))
    factor = part.share * processes.size * part.samples / group
    return loss if factor == 1.0 else loss * factor


def contribution(loss: Tensor, part: Part) -> Tensor:
    """Return what `loss`, the mean over a part, contributes to the mean over the batch."""
    return loss if isinstance(part.share, float) and part.share == 1.0 else loss * part.share


def summed(processes: Processes, total: float, samples: int, confusion: Tensor) -> tuple[float, int, Tensor]:
    """Return the sums over all processes; counts are exact in float64."""
    if processes.size == 1:
        return total, samples, confusion
    numbers = torch.tensor([total, samples], dtype=torch.float64, device=processes.device)
    sums = processes.add_up(torch.cat([numbers, confusion.flatten().to(numbers)])).cpu()
    return float(sums[0]), int(sums[1]), sums[2:].to(torch.int64).reshape(confusion.shape)
