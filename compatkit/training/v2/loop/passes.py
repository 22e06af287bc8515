"""Pass over the data once, to train or to evaluate, and score the classifier from its confusion matrix.

Nothing here waits for a value before the pass ends, so a GPU is not held up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor, nn
from torch.optim import Optimizer

from compatkit.training.v2.loop.batches import Batch, contribution, parts, scaled, summed, turns
from compatkit.training.v2.loop.distributed import Processes
from compatkit.training.v2.loop.optimizers import Precision


@dataclass(frozen=True, slots=True)
class Scores:
    """Accuracy, and the macro averages over the classes; each 0 to 1."""

    accuracy: float
    precision: float
    recall: float
    f1: float


def confusion_matrix(predicted: Tensor, target: Tensor, classes: int) -> Tensor:
    """Count the pairs: (n,) and (n,) class indices -> (classes, classes) int64, a row a true class."""
    cells = target * classes + predicted  # (n,)
    return torch.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def macro_scores(confusion: Tensor) -> Scores:
    """Average precision, recall and F1 over the classes, each class weighing the same.

    As in scikit-learn: a class that is neither true nor predicted anywhere is left out of the average, and what
    would be a division by zero (a class that was never predicted) counts as 0.
    """
    counts = confusion.to(torch.float64)  # (classes, classes)
    hits, predicted, actual = counts.diagonal(), counts.sum(dim=0), counts.sum(dim=1)  # (classes,) each
    occurs = (predicted + actual) > 0
    return Scores(
        accuracy=_ratio(int(confusion.diagonal().sum()), int(confusion.sum())),
        precision=_mean(_divide(hits, predicted)[occurs]),
        recall=_mean(_divide(hits, actual)[occurs]),
        f1=_mean(_divide(2 * hits, predicted + actual)[occurs]),
    )


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _divide(part: Tensor, whole: Tensor) -> Tensor:
    return torch.where(whole > 0, part / whole.clamp(min=1), 0.0)


def _mean(values: Tensor) -> float:
    return float(values.mean()) if values.numel() else 0.0


_HELD = 64  # batches; one call for all of them costs less than one for each


@dataclass(slots=True)
class ScoreSums:
    """Losses, predictions and labels of the batches of a pass, or of this process's parts of them."""

    losses: list[Tensor] = field(default_factory=list)  # scalars, nats; over all processes: the mean over the batch
    samples: list[int] = field(default_factory=list)  # of the batch
    logits: list[Tensor] = field(default_factory=list)  # (batch, classes) each; a few, to be looked at together
    predicted: list[Tensor] = field(default_factory=list)  # (samples,) each
    target: list[Tensor] = field(default_factory=list)  # (batch,) each
    classes: int = 0  # columns of the logits

    def add(self, loss: Tensor, samples: int, logits: Tensor, target: Tensor) -> None:
        self.losses.append(loss.detach())
        self.samples.append(samples)
        self.logits.append(logits.detach())
        self.target.append(target)
        if len(self.logits) == _HELD:
            self._predict()

    def _predict(self) -> None:
        self.predicted.append(torch.cat(self.logits).argmax(dim=1))
        self.logits.clear()

    def measure(self, processes: Processes, classes: int = 0) -> Measured:
        """Return mean loss and scores over all processes. Here, once a pass, the device is waited for.

        `classes` says how many there are where this process may have had no batch.
        """
        if self.logits:
            self._predict()
        classes = self.classes or classes
        total = 0.0
        losses = torch.stack(self.losses).tolist() if self.losses else []
        for loss, samples in zip(losses, self.samples, strict=True):
            total += loss * samples  # in float64 and in the order of the batches, as v1 adds
        confusion = torch.zeros(classes, classes, dtype=torch.int64)
        if self.target:
            confusion = confusion_matrix(torch.cat(self.predicted), torch.cat(self.target), classes).cpu()
        total, seen, confusion = summed(processes, total, int(confusion.sum()), confusion)
        return Measured(total / seen, macro_scores(confusion), classes)


@dataclass(frozen=True, slots=True)
class Measured:
    """The measurements of a pass: mean loss over the samples in nats, scores, and the number of classes."""

    loss: float
    scores: Scores
    classes: int


@dataclass(frozen=True, slots=True)
class Stepper:
    """Turns losses into steps of the optimizer: accumulated, scaled and clipped as was asked for."""

    model: nn.Module
    optimizer: Optimizer
    precision: Precision
    processes: Processes
    batch_size: int
    class_weights: Tensor | None = None  # (classes,)
    clip_norm: float | None = None
    accumulate: int = 1

    def train(self, batches: Iterable[Batch], samples: int) -> ScoreSums:
        """Train on `batches` of `samples` samples in all; of each, every process takes its part."""
        self.model.train()
        weights = list(self.model.parameters())
        tally, seen, group, done = ScoreSums(), 0, 0, 0
        for part in parts(batches, self.processes, self.class_weights):  # (part, features), (part,)
            if self.accumulate == 1:
                group = part.samples
            elif seen == 0:
                group = min(self.accumulate * self.batch_size, samples - done)
            if seen == 0:
                for weight in weights:
                    weight.grad = None  # as zero_grad does, which also tells the profiler
            seen += part.samples
            done += part.samples
            with self.processes.averaging(self.model, is_due=seen == group):
                with self.precision.autocast():
                    logits = self.model(part.features)  # (part, classes)
                    loss = F.cross_entropy(logits, part.target, self.class_weights)  # scalar, nats, mean over the part
                self.precision.backward(scaled(loss, part, self.processes, group))
            if seen == group:
                self._step()
                seen = 0
            tally.classes = logits.shape[1]
            if not part.is_empty:
                tally.add(contribution(loss, part), part.samples, logits, part.target)
        return tally

    def _step(self) -> None:
        if self.clip_norm is not None:
            self.precision.unscale(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
        self.precision.step(self.optimizer)


@torch.inference_mode()
def evaluate(model: nn.Module, batches: Iterable[Batch], precision: Precision, processes: Processes) -> ScoreSums:
    """Run `model` on `batches` without changing it; the processes take turns."""
    model.eval()
    tally = ScoreSums()
    for features, target in turns(batches, processes):
        with precision.autocast():
            logits = model(features)
            loss = F.cross_entropy(logits, target)
        tally.classes = logits.shape[1]
        tally.add(loss, len(target), logits, target)
    return tally
