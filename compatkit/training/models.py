"""The models that both stacks train: a perceptron, and a convolutional network for square images."""

from __future__ import annotations

from itertools import pairwise
from math import isqrt

from torch import nn

from compatkit.training.determinism import seeded
from compatkit.training.errors import TrainingError

MODEL_TYPES = ("cnn", "mlp")


def build_model(
    model_type: str,
    *,
    features: int,
    classes: int,
    hidden_size: int = 64,
    layers: int = 1,
    dropout: float = 0.0,
    seed: int = 42,
) -> nn.Module:
    """Build a classifier from (batch, features) to logits (batch, classes); equal seeds give equal weights.

    `hidden_size` is the width of each of the hidden `layers`: units of "mlp", channels of "cnn". The global random
    state stays as it was. Raises `TrainingError` for an unknown type, and for a "cnn" without square images.
    """
    with seeded(seed):
        if model_type == "mlp":
            return _build_mlp(features, classes, [hidden_size] * layers, dropout)
        if model_type == "cnn":
            return _build_cnn(features, classes, [hidden_size] * layers, dropout)
    raise TrainingError.unknown("model type", model_type, MODEL_TYPES)


def _build_mlp(features: int, classes: int, widths: list[int], dropout: float) -> nn.Module:
    steps: list[nn.Module] = []
    for width_in, width_out in pairwise([features, *widths]):
        steps += [nn.Linear(width_in, width_out), nn.ReLU(), nn.Dropout(dropout)]  # (batch, width_out)
    steps.append(nn.Linear([features, *widths][-1], classes))  # (batch, classes)
    return nn.Sequential(*steps)


def _build_cnn(features: int, classes: int, channels: list[int], dropout: float) -> nn.Module:
    side = isqrt(features)
    if side * side != features:
        raise TrainingError.no_square(features)
    steps: list[nn.Module] = [nn.Unflatten(1, (1, side, side))]  # (batch, 1, side, side)
    for depth_in, depth_out in pairwise([1, *channels]):
        steps += [nn.Conv2d(depth_in, depth_out, kernel_size=3, padding=1), nn.ReLU(), nn.Dropout(dropout)]
    pooled = -(-side // 2)
    steps += [nn.MaxPool2d(2, ceil_mode=True), nn.Flatten()]  # (batch, channels * pooled * pooled)
    steps.append(nn.Linear([1, *channels][-1] * pooled * pooled, classes))  # (batch, classes)
    return nn.Sequential(*steps)
