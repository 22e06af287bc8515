"""A training whose loss is no number has failed, whoever trained."""

from __future__ import annotations

from math import isfinite

from compatkit.record import EpochRecord
from compatkit.training.errors import TrainingError


def require_convergence(history: list[EpochRecord]) -> None:
    """Raise `TrainingError` if the last training loss of `history` is NaN or infinite; one that is absent passes."""
    last = history[-1] if history else EpochRecord({})
    loss = last.get("train_loss")
    if isinstance(loss, float) and not isfinite(loss):
        raise TrainingError.diverged(last.get("epoch", len(history)), loss)
