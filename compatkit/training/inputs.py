"""The data of a training as inputs of its run: what was trained on and validated on, by digest, size and shape."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from torch.utils.data import TensorDataset

from compatkit.training.data import DataSplit

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

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
