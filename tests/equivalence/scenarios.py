"""Define the trainings over which the stacks are compared: the whole matrix, a covering subset, and users' own data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product

import numpy as np
import pandas
import torch
from torch.utils.data import TensorDataset

from compatkit.equivalence.matrix import Scenario
from compatkit.training import DATASETS, MODEL_TYPES, PRESETS, DatasetSource

# What v1 has no argument for: v2's trainer does it on either orchestrator.
BEYOND_V1: Mapping[str, Mapping[str, object]] = {
    "cosine": {"scheduler.name": "cosine", "scheduler.min_factor": 0.1},
    "linear with a warm-up": {"scheduler.name": "linear", "scheduler.warmup_epochs": 1},
    "exponential": {"scheduler.name": "exponential", "scheduler.factor": 0.5},
    "step": {"scheduler.name": "step", "scheduler.step_epochs": 1, "scheduler.factor": 0.5},
    "plateau": {"scheduler.name": "plateau", "scheduler.step_epochs": 1, "optimizer.learning_rate": 0.5},
    "clipping": {"optimizer.clip_norm": 0.05},
    "accumulation": {"optimizer.accumulate": 3},
    "class weights": {"data.class_weights": "balanced"},
    "noise": {"data.noise": 0.2},
    "early stopping": {
        "early_stopping.patience": 1,
        "early_stopping.min_delta": 9.0,
        "early_stopping.restore_best": True,
    },
    "bfloat16": {"runtime.precision": "bfloat16"},
    "repeatable kernels": {"runtime.deterministic": True},
}
# What only v2's orchestrator has, and the trainers do not see.
OF_TRACKING: Mapping[str, Mapping[str, object]] = {
    "v1's names": {"tracking.metric_names": "v1"},
    "both generations' names": {"tracking.metric_names": "both"},
    "sent at once": {"tracking.flush_seconds": 0.0},
}


def sequences() -> DatasetSource:
    """60 sequences of 5 steps and 2 channels."""
    values = np.random.default_rng(0).normal(0, 1, (60, 5, 2))
    return values, values[:, :3, 0].argmax(axis=1)


def images() -> DatasetSource:
    """48 images of 2 channels and 3 x 5 pixels, as tensors."""
    return torch.randn(48, 2, 3, 5, generator=torch.Generator().manual_seed(0)), torch.arange(48) % 4


def imbalanced_frame() -> DatasetSource:
    """A frame of 80 rows, with texts as labels: 60 of a class, 15, and 5."""
    values = np.random.default_rng(0).normal(0, 1, (80, 7))
    frame = pandas.DataFrame(values, columns=[f"x{number}" for number in range(7)])
    return frame.assign(kind=["often"] * 60 + ["seldom"] * 15 + ["rarely"] * 5), "kind"


def imbalanced_tensors() -> DatasetSource:
    """A TensorDataset of 90 samples of a class, and 10 of another."""
    features = torch.randn(100, 6, generator=torch.Generator().manual_seed(0))
    return TensorDataset(features, (torch.arange(100) % 10 == 0).long())


OWN_DATA: Mapping[str, Callable[[], DatasetSource]] = {
    "sequences": sequences,
    "images": images,
    "imbalanced frame": imbalanced_frame,
    "imbalanced tensors": imbalanced_tensors,
}


def whole_matrix(epochs: int) -> Iterator[Scenario]:
    """Yield every preset on every bundled data set with every model, for so many epochs."""
    # The dearest first: several processes then end together.
    for preset, dataset, model in product(reversed(list(PRESETS)), DATASETS, MODEL_TYPES):
        yield Scenario(dataset, preset, {"model.type": model, "epochs": epochs})


def covering_matrix(epochs: int, width: int) -> Iterator[Scenario]:
    """Yield every preset on every data set once, and so that each meets every model; hidden layers of `width`."""
    # In this order the dearest pair, a transformer of 64 tokens on 1,437 samples, comes once, with a cheap preset.
    datasets = sorted(DATASETS, key=lambda name: (name != "digits", name))
    for (row, preset), (column, dataset) in product(enumerate(PRESETS), enumerate(datasets)):
        model = MODEL_TYPES[(row + column) % len(MODEL_TYPES)]
        changes = {"model.type": model, "epochs": epochs, "model.hidden_size": width, "tracking.log_model": False}
        yield Scenario(dataset, preset, changes)


def own_data(epochs: int) -> Iterator[Scenario]:
    """Yield every form of a user's own data with every model."""
    for (name, made), model in product(OWN_DATA.items(), MODEL_TYPES):
        yield Scenario(name, "development", {"model.type": model, "epochs": epochs}, data=made())


def beyond_v1(epochs: int) -> Iterator[Scenario]:
    """Yield everything that only v2 can do, alone, with every model, on data of which one class is rare."""
    for changes, model in product([*BEYOND_V1.values(), *OF_TRACKING.values()], MODEL_TYPES):
        given = {"model.type": model, "epochs": epochs, "model.dropout": 0.1, **changes}
        yield Scenario("imbalanced tensors", "development", given, data=imbalanced_tensors())
