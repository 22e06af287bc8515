"""What one MLflow run logged, in canonical form: values only, no I/O here.

Left out, because they name the occasion and not the training: ids, timestamps, versions, where a data set was read
from, and the tags below `mlflow.` (user, source, generated run name) other than the description of a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Point(NamedTuple):
    """One value of a metric's history."""

    step: int
    value: float


@dataclass(frozen=True, slots=True)
class File:
    """A file by its content: SHA-256 and size in bytes."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A weight: its dtype as torch names it, and its values. NumPy has no bfloat16, which is widened to float32."""

    dtype: str
    values: NDArray[np.generic]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.values.shape)


@dataclass(frozen=True, slots=True)
class Model:
    """A logged model: weights by name, the operations of its graph, its signature; what is neither, by content.

    `details` is all else that is said about it: the inputs and outputs of the graph, its own params and tags.
    """

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    operations: tuple[str, ...] = ()
    signature: str = ""
    files: Mapping[str, File] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set that a run named as its input, as MLflow describes it; the schema and the profile are JSON."""

    digest: str
    schema: str = ""
    profile: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a run logged. `notes` say what the store may not have kept, or what could be read by digest only.

    A data set is named with the context in which it was used, such as `digits [training]#1`; the number tells apart
    those of one name and context.
    """

    run_id: str
    status: str = "FINISHED"
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, File] = field(default_factory=dict)
    models: Mapping[str, Model] = field(default_factory=dict)
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True where the run logged nothing that can be compared; its status alone is nothing."""
        return not (self.params or self.metrics or self.tags or self.artifacts or self.models or self.datasets)
