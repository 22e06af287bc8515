"""The data sets that a run named as its inputs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from compatkit.equivalence.snapshot import Dataset

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput, Run

# In mlflow.data.digest_utils: rows of a frame, values of an array; and the columns of a frame that are looked at.
_DIGESTED = 10_000
DIGESTED_IN_PART = "the data set"
_NUMBERS = {"double", "float", "integer", "long"}
_SHOWN = 5  # columns
_MD5 = re.compile(r"[0-9a-f]{8}")
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
    """Say of which data sets MLflow's digest does not look at everything, and at what not."""
    return [
        f"{DIGESTED_IN_PART} {name} has {lack}"
        for name, dataset in datasets.items()
        if _MD5.fullmatch(dataset.digest)  # polars counts all of a frame in, and has a number for a digest
        for lack in (*_beyond(dataset.profile), *_left_out(dataset))
    ]


def _beyond(profile: str) -> Iterator[str]:
    said = _object(profile)
    covered = f"of which MLflow's digest covers {_DIGESTED:,}: compared up to there"
    if (rows := _largest(said.get("num_rows"))) > _DIGESTED:
        yield f"{rows:,} rows, {covered}"
    if (size := _largest(said.get("features_size"), said.get("targets_size"))) > _DIGESTED:
        yield f"an array of {size:,} values, {covered}"
    if "approx_count" in said:
        yield "a digest of how Spark makes it, which covers none of its rows"


def _largest(*said: object) -> int:
    """Return the largest of some numbers; arrays by name have a number each."""
    numbers = [number for part in said for number in (part.values() if isinstance(part, dict) else [part])]
    return max((number for number in numbers if isinstance(number, int)), default=0)


def _left_out(dataset: Dataset) -> Iterator[str]:
    """Tell the columns of a frame that are neither numbers nor texts, or texts with gaps."""
    said = _object(dataset.schema).get("mlflow_colspec")
    columns = [column for column in said if isinstance(column, dict)] if isinstance(said, list) else []
    if not columns and "num_rows" in _object(dataset.profile):
        yield "no schema: which columns MLflow's digest leaves out is not known"
    lost = [
        f"{column.get('name')} ({kind}{'' if column.get('required', True) else ' with gaps'})"
        for column in columns
        if (kind := column.get("type")) not in _NUMBERS and not (kind == "string" and column.get("required", True))
    ]
    if lost:
        more = f" and {len(lost) - _SHOWN:,} more" if len(lost) > _SHOWN else ""
        yield f"columns that MLflow's digest leaves out: {', '.join(lost[:_SHOWN])}{more}: not compared"


def _object(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def dataset_rows(profile: str) -> int:
    """Return how many rows a profile tells of: a number for a frame, a shape or shapes by name for an array."""
    said = _object(profile)
    known = [said.get("num_rows"), *_shapes(said.get("features_shape"))]
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
