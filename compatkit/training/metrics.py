"""Scores of a classifier, all from its confusion matrix."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


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
