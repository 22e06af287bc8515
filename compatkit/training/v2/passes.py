"""One pass over the data: training or evaluation, and what was measured on the way.

Nothing here waits for a value before the pass ends, so a GPU is not held up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor, nn
from torch.optim import Optimizer

from compatkit.training.metrics import Scores, confusion_matrix, macro_scores
from compatkit.training.v2.batches import Batch
from compatkit.training.v2.precision import Precision

_HELD = 64  # batches; one call for all of them costs less than one for each


@dataclass(slots=True)
class Tally:
    """Losses, predictions and labels of the batches of a pass."""

    losses: list[Tensor] = field(default_factory=list)  # scalars, nats, mean over the batch
    logits: list[Tensor] = field(default_factory=list)  # (batch, classes) each; a few, to be looked at together
    predicted: list[Tensor] = field(default_factory=list)  # (samples,) each
    target: list[Tensor] = field(default_factory=list)  # (batch,) each
    classes: int = 0  # columns of the logits

    def add(self, loss: Tensor, logits: Tensor, target: Tensor) -> None:
        self.losses.append(loss.detach())
        self.logits.append(logits.detach())
        self.target.append(target)
        if len(self.logits) == _HELD:
            self._predict()

    def _predict(self) -> None:
        logits = torch.cat(self.logits)
        self.classes = logits.shape[1]
        self.predicted.append(logits.argmax(dim=1))
        self.logits.clear()

    def measure(self) -> Measured:
        """Return mean loss and scores. Here, once a pass, the device is waited for."""
        if self.logits:
            self._predict()
        total, samples = 0.0, 0
        for loss, target in zip(torch.stack(self.losses).tolist(), self.target, strict=True):
            total += loss * len(target)  # in float64 and in the order of the batches, as v1 adds
            samples += len(target)
        confusion = confusion_matrix(torch.cat(self.predicted), torch.cat(self.target), self.classes)
        return Measured(total / samples, macro_scores(confusion.cpu()))


@dataclass(frozen=True, slots=True)
class Measured:
    """What a pass measured: mean loss over the samples in nats, and scores."""

    loss: float
    scores: Scores


@dataclass(frozen=True, slots=True)
class Stepper:
    """Turns losses into steps of the optimizer: accumulated, scaled and clipped as was asked for."""

    model: nn.Module
    optimizer: Optimizer
    precision: Precision
    batch_size: int
    class_weights: Tensor | None = None  # (classes,)
    clip_norm: float | None = None
    accumulate: int = 1

    def train(self, batches: Iterable[Batch], samples: int) -> Tally:
        """Train on `batches` of `samples` samples in all."""
        self.model.train()
        tally, seen, group = Tally(), 0, 0
        for number, (features, target) in enumerate(batches, start=1):  # (batch, features), (batch,)
            if self.accumulate == 1:
                group = len(target)
            elif seen == 0:
                group = min(self.accumulate * self.batch_size, samples - (number - 1) * self.batch_size)
            if seen == 0:
                self.optimizer.zero_grad(set_to_none=True)
            with self.precision.autocast():
                logits = self.model(features)  # (batch, classes)
                loss = F.cross_entropy(logits, target, self.class_weights)  # scalar, nats, mean over the batch
            # Each sample of the group weighs the same, also in a smaller last batch.
            self.precision.backward(loss if group == len(target) else loss * (len(target) / group))
            seen += len(target)
            if seen == group:
                self._step()
                seen = 0
            tally.add(loss, logits, target)
        return tally

    def _step(self) -> None:
        if self.clip_norm is not None:
            self.precision.unscale(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
        self.precision.step(self.optimizer)


@torch.inference_mode()
def evaluate(model: nn.Module, batches: Iterable[Batch], precision: Precision) -> Tally:
    """Run `model` on `batches` without changing it."""
    model.eval()
    tally = Tally()
    for features, target in batches:
        with precision.autocast():
            logits = model(features)
            loss = F.cross_entropy(logits, target)
        tally.add(loss, logits, target)
    return tally
