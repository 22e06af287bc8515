"""The data sets that a run named as its inputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from compatkit.equivalence.snapshot import Dataset

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput, Run

_DIGESTED = 10_000  # rows, in mlflow.data.digest_utils
_CONTEXT = "mlflow.data.context"


def read_datasets(run: Run) -> dict[str, Dataset]:
    """Return the data sets by name and context; stores keep no order, so those of one name are put in order."""
    found: dict[str, Dataset] = {}
    rows = [(_name(given), _dataset(given)) for given in (run.inputs.dataset_inputs if run.inputs else [])]
    seen: dict[str, int] = {}
    for name, dataset in sorted(rows, key=lambda row: (row[0], repr(row[1]))):
        seen[name] = seen.get(name, 0) + 1
        found[f"{name}#{seen[name]}"] = dataset
    return found


def digest_notes(datasets: Mapping[str, Dataset]) -> list[str]:
    """Say which data sets are longer than what MLflow's digest of a frame or an array looks at."""
    rows = {name: dataset_rows(dataset.profile) for name, dataset in datasets.items()}
    return [
        f"the data set {name} has {count:,} rows, of which MLflow's digest covers {_DIGESTED:,}: compared up to there"
        for name, count in rows.items()
        if count > _DIGESTED
    ]


def dataset_rows(profile: str) -> int:
    """Return how many rows a profile tells of: a number for a frame, a shape or shapes by name for an array."""
    try:
        said = json.loads(profile)
        known = [said.get("num_rows"), *_shapes(said.get("features_shape"))]
    except (ValueError, AttributeError):
        return 0
    return max((number for number in known if isinstance(number, int)), default=0)


def _shapes(said: object) -> Iterator[object]:
    for shape in said.values() if isinstance(said, dict) else [said]:
        yield from shape[:1] if isinstance(shape, list) else []


def _name(given: DatasetInput) -> str:
    contexts = sorted(tag.value for tag in given.tags if tag.key == _CONTEXT)
    return " ".join([str(given.dataset.name), *(f"[{context}]" for context in contexts)])


def _dataset(given: DatasetInput) -> Dataset:
    tags = sorted((tag.key, tag.value) for tag in given.tags if not tag.key.startswith("mlflow."))
    said = given.dataset
    return Dataset(said.digest, said.schema or "", said.profile or "", dict(tags))
