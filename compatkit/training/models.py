"""The models that both stacks train: a perceptron, a convolutional network, and a transformer."""

from __future__ import annotations

from itertools import pairwise
from math import isqrt, prod

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor, nn

from compatkit.training.determinism import seeded
from compatkit.training.errors import TrainingError

MODEL_TYPES = ("cnn", "mlp", "transformer")
_HEADS = (4, 2, 1)


def build_model(
    model_type: str,
    *,
    features: int,
    classes: int,
    hidden_size: int = 64,
    layers: int = 1,
    dropout: float = 0.0,
    seed: int = 42,
    shape: tuple[int, ...] = (),
) -> nn.Module:
    """Build a classifier from (batch, features) to logits (batch, classes); equal seeds give equal weights.

    `hidden_size` is the width of each of the hidden `layers`: units of "mlp", channels of "cnn", of a token of
    "transformer", which has 4 heads where that divides it, else 2 or 1. Its tokens are the features, or, where the
    `shape` of a sample has two dimensions, the steps of a sequence. "cnn" reads images of that shape, (height, width)
    or (channels, height, width); features without one are an image where they make a square, else a row. The global
    random state stays as it was. Raises `TrainingError` for an unknown type, and for a "cnn" on more dimensions.
    """
    with seeded(seed):
        if model_type == "mlp":
            return _build_mlp(features, classes, [hidden_size] * layers, dropout)
        if model_type == "cnn":
            return _build_cnn(_image(features, shape), classes, [hidden_size] * layers, dropout)
        if model_type == "transformer":
            return _build_transformer(features, classes, hidden_size, layers, dropout, shape)
    raise TrainingError.unknown("model type", model_type, MODEL_TYPES)


def _build_mlp(features: int, classes: int, widths: list[int], dropout: float) -> nn.Module:
    steps: list[nn.Module] = []
    for width_in, width_out in pairwise([features, *widths]):
        steps += [nn.Linear(width_in, width_out), nn.ReLU(), nn.Dropout(dropout)]  # (batch, width_out)
    steps.append(nn.Linear([features, *widths][-1], classes))  # (batch, classes)
    return nn.Sequential(*steps)


def _image(features: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return (channels, height, width), or (1, features) for a row."""
    if len(shape) > 3:
        raise TrainingError(
            f"A 'cnn' reads rows and images, and a sample has the shape {shape}.",
            hint="use the model 'mlp', or samples of shape (channels, height, width)",
        )
    if len(shape) > 1:
        return (1, *shape)[-3:]
    side = isqrt(features)
    return (1, side, side) if side * side == features else (1, features)


def _build_cnn(image: tuple[int, ...], classes: int, channels: list[int], dropout: float) -> nn.Module:
    depth, *sides = image
    is_row = len(sides) == 1
    convolution, pool = (nn.Conv1d, nn.MaxPool1d) if is_row else (nn.Conv2d, nn.MaxPool2d)
    steps: list[nn.Module] = [nn.Unflatten(1, image)]  # (batch, depth, *sides)
    for depth_in, depth_out in pairwise([depth, *channels]):
        steps += [convolution(depth_in, depth_out, kernel_size=3, padding=1), nn.ReLU(), nn.Dropout(dropout)]
    pooled = prod(-(-side // 2) for side in sides)
    steps += [pool(2, ceil_mode=True), nn.Flatten()]  # (batch, channels * pooled)
    steps.append(nn.Linear([depth, *channels][-1] * pooled, classes))  # (batch, classes)
    return nn.Sequential(*steps)


class FeatureTokens(nn.Module):
    """Makes a token of each feature: its value times a learned direction, plus a learned place."""

    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        bound = width**-0.5
        self.direction = nn.Parameter(torch.empty(features, width).uniform_(-bound, bound))
        self.place = nn.Parameter(torch.empty(features, width).uniform_(-bound, bound))

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, features) to tokens (batch, features, width)."""
        return features.unsqueeze(-1) * self.direction + self.place


class TokenMean(nn.Module):
    """Averages the tokens of a sample."""

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (batch, tokens, width) to (batch, width)."""
        return tokens.mean(dim=1)


class StepTokens(nn.Module):
    """Makes a token of each step of a sequence: its channels mapped linearly, plus a learned place."""

    def __init__(self, steps: int, channels: int, width: int) -> None:
        super().__init__()
        self.shape = (steps, channels)
        self.channels = nn.Linear(channels, width)
        self.place = nn.Parameter(torch.empty(steps, width).uniform_(-(width**-0.5), width**-0.5))

    def forward(self, features: Tensor) -> Tensor:
        """Map (batch, steps * channels) to tokens (batch, steps, width)."""
        tokens: Tensor = self.channels(features.reshape(-1, *self.shape))
        return tokens + self.place


def _build_transformer(
    features: int, classes: int, width: int, layers: int, dropout: float, shape: tuple[int, ...]
) -> nn.Module:
    heads = next(count for count in _HEADS if width % count == 0)
    tokens = StepTokens(*shape, width) if len(shape) == 2 else FeatureTokens(features, width)
    steps: list[nn.Module] = [tokens]  # (batch, tokens, width)
    # Not ReLU or GELU: with them torch takes a fused path, 1e-6 off, wherever no gradient is asked for.
    steps += [
        nn.TransformerEncoderLayer(width, heads, 2 * width, dropout, F.silu, batch_first=True, norm_first=True)
        for _ in range(layers)
    ]
    steps += [TokenMean(), nn.LayerNorm(width), nn.Linear(width, classes)]  # (batch, classes)
    return nn.Sequential(*steps)
