"""The data sets that a run named as its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compatkit.equivalence.snapshot import Dataset

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput, Run

_CONTEXT = "mlflow.data.context"


def read_datasets(run: Run) -> dict[str, Dataset]:
    """Return the data sets by name and context; stores keep no order, so those of one name are put in order."""
    found: dict[str, Dataset] = {}
    rows = [(_name(each), _dataset(each)) for each in (run.inputs.dataset_inputs if run.inputs else [])]
    seen: dict[str, int] = {}
    for name, dataset in sorted(rows, key=lambda row: (row[0], repr(row[1]))):
        seen[name] = seen.get(name, 0) + 1
        found[f"{name}#{seen[name]}"] = dataset
    return found


def _name(given: DatasetInput) -> str:
    contexts = sorted(tag.value for tag in given.tags if tag.key == _CONTEXT)
    return " ".join([str(given.dataset.name), *(f"[{context}]" for context in contexts)])


def _dataset(given: DatasetInput) -> Dataset:
    tags = sorted((tag.key, tag.value) for tag in given.tags if not tag.key.startswith("mlflow."))
    said = given.dataset
    return Dataset(said.digest, said.schema or "", said.profile or "", dict(tags))
