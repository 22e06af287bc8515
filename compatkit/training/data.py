"""Data sets: scikit-learn's bundled ones, or a caller's arrays; split, standardised and as tensors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch.utils.data import TensorDataset

from compatkit.training.errors import TrainingError

DATASETS = ("breast_cancer", "digits", "iris", "wine")
DatasetSource: TypeAlias = str | tuple[ArrayLike, ArrayLike]
_Arrays: TypeAlias = tuple[NDArray[np.float64], NDArray[np.int64]]
_ARRAYS_NAME = "arrays"


# No generated equality: comparing tensors yields tensors, not a truth value.
@dataclass(frozen=True, slots=True, eq=False)
class DataSplit:
    """Both parts of a data set; each holds features (n, features) float32 and labels (n,) int64.

    Attributes:
        train, validation: the two parts, standardised with the statistics of `train`.
        classes: number of classes; labels count from 0.
        features: number of features of a sample.
        name: the data set's name, or "arrays" for arrays of the caller's.
    """

    train: TensorDataset
    validation: TensorDataset
    classes: int
    features: int
    name: str


def load_dataset(source: DatasetSource, *, validation_fraction: float = 0.2, seed: int = 42) -> DataSplit:
    """Split `source` by class with a generator of its own, and standardise it.

    `source` is one of `DATASETS`, or arrays (X, y) of shapes (samples, features) and (samples,); labels of any
    kind are numbered in their sorted order. Raises `TrainingError` for an unknown name, or data that do not split.

    >>> load_dataset("digits").features
    64
    """
    from sklearn.model_selection import train_test_split

    name, (features, labels) = _read(source)
    try:
        train_x, validation_x, train_y, validation_y = train_test_split(
            features, labels, test_size=validation_fraction, random_state=seed, stratify=labels
        )
    except ValueError as error:
        raise TrainingError.bad_split(validation_fraction, error) from error
    mean, scale = _statistics(train_x)
    return DataSplit(
        train=_to_tensors((train_x - mean) / scale, train_y),
        validation=_to_tensors((validation_x - mean) / scale, validation_y),
        classes=int(labels.max()) + 1,
        features=features.shape[1],
        name=name,
    )


def _read(source: DatasetSource) -> tuple[str, _Arrays]:
    if isinstance(source, str):
        return source, _bundled(source)
    if not (isinstance(source, tuple | list) and len(source) == 2):
        raise TrainingError.bad_arrays(f"expected a name or a pair, got {type(source).__qualname__}")
    return _ARRAYS_NAME, _as_arrays(*source)


@lru_cache(maxsize=len(DATASETS))
def _bundled(name: str) -> _Arrays:
    from sklearn import datasets

    if name not in DATASETS:
        raise TrainingError.unknown("data set", name, DATASETS)
    return _as_arrays(*getattr(datasets, f"load_{name}")(return_X_y=True))


def _as_arrays(features: ArrayLike, labels: ArrayLike) -> _Arrays:
    try:
        x = np.asarray(features, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TrainingError.bad_arrays(str(error)) from error
    y = np.asarray(labels)
    if x.ndim != 2 or y.ndim != 1 or len(x) != len(y) or not x.size:
        raise TrainingError.bad_arrays(f"their shapes are {x.shape} and {y.shape}")
    return x, np.unique(y, return_inverse=True)[1].astype(np.int64)


def _statistics(train: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of each feature, (features,) each."""
    deviation = train.std(axis=0)
    # A constant feature (a corner of the digits) has no deviation: it becomes 0, not NaN.
    return train.mean(axis=0), np.where(deviation > 0, deviation, 1.0)


def _to_tensors(features: NDArray[np.float64], labels: NDArray[np.int64]) -> TensorDataset:
    return TensorDataset(torch.from_numpy(features.astype(np.float32)), torch.from_numpy(labels))
