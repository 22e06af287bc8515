"""Split a batch among processes, and weight the parts so that their mean is that of the whole batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from compatkit.training.v2.loop.batches import Batch
from compatkit.training.v2.loop.distributed import Processes


class Part(NamedTuple):
    """What one process trains on in one step.

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
    """Yield every so manieth batch: whole ones, as their results need not be averaged at each step."""
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
