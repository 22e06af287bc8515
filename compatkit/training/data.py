"""Load a data set, bundled or the caller's own: split, standardised, as tensors and as inputs of an MLflow run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from traceback import clear_frames
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch.utils.data import DataLoader, Dataset, TensorDataset

from compatkit.training.errors import TrainingError

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput


DATASETS = ("breast_cancer", "digits", "iris", "wine")
# A name; (X, y); (frame, name of the column of labels); or whatever yields (features, label) by index.
DatasetSource: TypeAlias = str | tuple[ArrayLike, ArrayLike] | Dataset[Any]
_Arrays: TypeAlias = tuple[NDArray[np.float64], NDArray[np.int64]]
_ARRAYS_NAME = "arrays"
_CAUGHT = "Caught "  # begins what torch raises here for an exception of a Dataset there


# No generated equality: comparing tensors yields tensors, not a truth value.
@dataclass(frozen=True, slots=True, eq=False)
class DataSplit:
    """Both parts of a data set; each holds features (n, features) float32 and labels (n,) int64.

    Attributes:
        train, validation: the two parts, standardised with the statistics of `train`.
        classes: number of classes; labels count from 0.
        features: number of features of a sample, of all its dimensions together.
        shape: of a sample as it was given, such as (steps, channels) of a sequence.
        name: the data set's name, the class of the caller's Dataset, or "arrays" for the caller's arrays.
    """

    train: TensorDataset
    validation: TensorDataset
    classes: int
    features: int
    name: str
    shape: tuple[int, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of all features and labels."""
        digest = hashlib.sha256()
        for part in (self.train, self.validation):
            for tensor in part.tensors:
                digest.update(tensor.numpy().tobytes())
        return digest.hexdigest()


def load_dataset(
    source: DatasetSource, *, validation_fraction: float = 0.2, seed: int = 42, workers: int = 0
) -> DataSplit:
    """Split `source` by class with a generator of its own, and standardise it.

    `source` is one of `DATASETS`; arrays, tensors or frames (X, y) of shapes (samples, features…) and (samples,); a
    frame and the name of its column of labels; or a map-style `Dataset` of (features, label), which `workers` processes
    read (0: this one). Labels of any kind are numbered in their sorted order; features of several dimensions are
    flattened, and standardised each for itself; models that read sequences go by the `shape`. Raises `TrainingError`
    for an unknown name, and for data that are none or do not split.

    >>> load_dataset("digits").features
    64
    """
    from sklearn.model_selection import train_test_split

    name, (given, labels) = _read(source, workers)
    features = given.reshape(len(given), -1)
    try:
        train_x, validation_x, train_y, validation_y = train_test_split(
            features, labels, test_size=validation_fraction, random_state=seed, stratify=labels
        )
    except ValueError as error:
        raise TrainingError(
            f"The data cannot be split with a validation fraction of {validation_fraction!r}: {error}",
            hint="every class needs a sample in both parts; 0.2 suits the bundled data sets",
        ) from error
    mean, scale = _statistics(train_x)
    return DataSplit(
        train=_to_tensors((train_x - mean) / scale, train_y),
        validation=_to_tensors((validation_x - mean) / scale, validation_y),
        classes=int(labels.max()) + 1,
        features=features.shape[1],
        name=name,
        shape=given.shape[1:],
    )


def _read(source: DatasetSource, workers: int) -> tuple[str, _Arrays]:
    if isinstance(source, str):
        return source, _bundled(source)
    if isinstance(source, TensorDataset):
        return type(source).__name__, _as_arrays(*_pair(source.tensors))
    if isinstance(source, Dataset):
        return type(source).__name__, _as_arrays(*_collected(source, workers))
    if not isinstance(source, tuple | list):
        raise TrainingError.bad_arrays(f"expected a name, a pair or a Dataset, got {type(source).__qualname__}")
    features, labels = _pair(source)
    if isinstance(labels, str):
        features, labels = _columns(features, labels)
    return _ARRAYS_NAME, _as_arrays(features, labels)


def _pair(source: Any) -> tuple[Any, Any]:
    if len(source) != 2:
        raise TrainingError.bad_arrays(f"expected a pair, got {len(source)} parts")
    return source[0], source[1]


def _columns(frame: Any, label: str) -> tuple[Any, Any]:
    columns = list(getattr(frame, "columns", ()))
    if label not in columns:
        raise TrainingError.unknown("column of labels", label, map(str, columns))
    return frame[[column for column in columns if column != label]], frame[label]


def _collected(dataset: Dataset[Any], workers: int) -> tuple[Any, Any]:
    """Read every sample of a map-style Dataset, in its order."""
    if not hasattr(dataset, "__len__"):
        raise TrainingError.bad_arrays("a Dataset without a length cannot be split")
    # A generator of its own: without one, the global random state is drawn from for the workers' seed.
    loader = DataLoader(
        dataset, batch_size=None, num_workers=workers, collate_fn=_plain_sample, generator=torch.Generator()
    )
    samples: list[tuple[Any, Any]] = []
    try:
        for sample in loader:
            samples.append(_pair(sample))  # noqa: PERF401 - how many were read before an error must be known
    except TrainingError:
        raise
    except Exception as error:  # whatever a Dataset of the user's own raises
        if workers:
            # Ends the processes now. In a cycle with its error, the loader would wait 5 s for each of them.
            clear_frames(error.__traceback__)
        if workers and isinstance(error, RuntimeError) and not str(error).startswith(_CAUGHT):
            raise TrainingError(
                f"A process that reads the Dataset ended: {error}",
                hint="set runtime.workers to 0, which reads it in the process of the training",
            ) from error
        raise TrainingError(
            f"Sample {len(samples)} of the Dataset cannot be read: {_reason(error)}",
            hint="samples count from 0; leave it out, or mend what reads it",
        ) from error
    return [features for features, _ in samples], [label for _, label in samples]


def _reason(error: Exception) -> str:
    # Where another process caught it, its own message is the last line of a traceback.
    text = str(error)
    return text.strip().splitlines()[-1] if text.startswith(_CAUGHT) else f"{type(error).__name__}: {text}"


def _plain_sample(sample: Any) -> Any:
    """Return a sample without tensors: these would need the process that made them to be alive when they are read."""
    return [_plain(part) for part in sample] if isinstance(sample, tuple | list) else _plain(sample)


def _plain(value: Any) -> Any:
    return value.numpy() if isinstance(value, torch.Tensor) else value


@lru_cache(maxsize=len(DATASETS))
def _bundled(name: str) -> _Arrays:
    from sklearn import datasets

    if name not in DATASETS:
        raise TrainingError.unknown("data set", name, DATASETS)
    return _as_arrays(*getattr(datasets, f"load_{name}")(return_X_y=True))


def _as_arrays(features: Any, labels: Any) -> _Arrays:
    try:
        x = np.asarray(_plain(features), dtype=np.float64)
        y = np.asarray(_plain(labels))
        classes, numbered = np.unique(y, return_inverse=True)
    except (TypeError, ValueError) as error:
        raise TrainingError.bad_arrays(str(error)) from error
    if x.ndim < 2 or y.ndim != 1 or len(x) != len(y) or not x.size:
        raise TrainingError.bad_arrays(f"their shapes are {x.shape} and {y.shape}")
    if not np.isfinite(x).all():
        raise TrainingError.not_finite("features", int(np.count_nonzero(~np.isfinite(x))))
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise TrainingError.not_finite("labels", int(np.count_nonzero(~np.isfinite(y))))
    if len(classes) < 2:
        label = classes[:1].tolist()[0]
        raise TrainingError(
            f"All samples have the label {label!r}: there is nothing to tell apart.", hint="pass two classes or more"
        )
    return x, numbered.astype(np.int64)


def _statistics(train: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of each feature, (features,) each."""
    deviation = train.std(axis=0)
    # A constant feature (a corner of the digits) has no deviation: it becomes 0, not NaN.
    return train.mean(axis=0), np.where(deviation > 0, deviation, 1.0)


def _to_tensors(features: NDArray[np.float64], labels: NDArray[np.int64]) -> TensorDataset:
    return TensorDataset(torch.from_numpy(features.astype(np.float32)), torch.from_numpy(labels))


_CONTEXT = "mlflow.data.context"  # the tag by which MLflow tells what a data set was used for
_DIGEST_LENGTH = 32  # characters, 128 bits; the store takes 36


def inputs_of(data: DataSplit) -> list[DatasetInput]:
    """Return both parts of `data`, standardised as the trainer gets them, as inputs of an MLflow run."""
    return [_input(data, data.train, "training"), _input(data, data.validation, "validation")]


def _input(data: DataSplit, part: TensorDataset, context: str) -> DatasetInput:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    features, target = part.tensors  # (n, features) float32, (n,) int64
    schema = {"features": [list(data.shape), str(features.dtype)], "target": [[], str(target.dtype)]}
    profile = {"samples": len(target), "features": data.features, "classes": data.classes}
    dataset = Dataset(
        name=data.name,
        digest=_digest(part),
        source_type="code",
        source=json.dumps({"tags": {}}),
        schema=json.dumps(schema),
        profile=json.dumps(profile),
    )
    return DatasetInput(dataset, tags=[InputTag(_CONTEXT, context)])


def _digest(part: TensorDataset) -> str:
    found = hashlib.sha256()
    for tensor in part.tensors:
        found.update(tensor.numpy().tobytes())
    return found.hexdigest()[:_DIGEST_LENGTH]
