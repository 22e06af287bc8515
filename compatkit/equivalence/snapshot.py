"""A snapshot of one MLflow run, in canonical form: values only, no I/O here.

Left out, because they name the occasion and not the training: ids, timestamps, versions, where a data set was read
from, and the tags below `mlflow.` (user, source, generated run name) other than the description of a run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from compatkit.equivalence.history import Point, same_arrays

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Content", "Dataset", "File", "Layer", "Model", "Point", "Snapshot", "Tensor"]


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A weight or an array: its dtype as torch or NumPy names it, and its values.

    NumPy has no bfloat16, which is widened to float32. Two are equal where dtype, shape and all values are; NaN equals
    NaN, and -0.0 equals 0.0.
    """

    dtype: str
    values: NDArray[np.generic]

    __hash__ = None  # type: ignore[assignment]  # compared by content

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.values.shape)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tensor):
            return NotImplemented
        return self.dtype == other.dtype and same_arrays(self.values, other.values)


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a file of a known kind, whatever its bytes: texts by place, and arrays by name.

    The kind is one of json, yaml, csv, image, array, tensors.
    """

    kind: str
    values: Mapping[str, str] = field(default_factory=dict)
    tensors: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class File:
    """A file: SHA-256 and size in bytes, and what it says where its kind is known and it can be read safely."""

    digest: str
    size: int
    content: Content | None = None


class Layer(NamedTuple):
    """A module of a model where it runs: its path, its class, and how many operations in a row are its own.

    The class is empty for one that is not torch's.
    """

    path: str
    kind: str
    operations: int


# What a run logged for a model: by data set, empty where none was named, and by metric.
ModelMetrics = Mapping[str, Mapping[str, Sequence[Point]]]


@dataclass(frozen=True, slots=True)
class Model:
    """A logged model: weights by name, the operations of its graph, its signature; what is neither, by content.

    `layers` are the modules that the operations belong to, in the order in which they run; empty where that is not
    known. What a layer is set to, such as a stride or a dropout, is in its operations. `details` is all else that is
    said about it: the inputs and outputs of the graph, its own params and tags. `metrics` are those of the run's that
    it logged for this model, None where that is not known.
    """

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    operations: tuple[str, ...] = ()
    signature: str = ""
    files: Mapping[str, File] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    metrics: ModelMetrics | None = field(default_factory=dict)


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
    those of one name and context. A child run is named by its own name and a number, such as `fold 1#1`.
    `trace` is the record of a training that was watched, as it was logged: it explains a verdict, and is not compared.
    `unread` names what the run may have logged and could not be looked at: of that, nothing is known to be equal.
    `own_ids` are the ids and drawn names of the run and its models, by what they are of. They are not compared, but
    what the run logged may name them; nor is `span`, when it began and ended, in seconds. A file has neither.
    """

    run_id: str
    status: str = "FINISHED"
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Sequence[Point]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, File] = field(default_factory=dict)
    models: Mapping[str, Model] = field(default_factory=dict)
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    children: Mapping[str, Snapshot] = field(default_factory=dict)
    trace: str = ""
    unread: tuple[str, ...] = ()
    own_ids: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    span: tuple[float, float] | None = field(default=None, compare=False, repr=False)

    @property
    def is_empty(self) -> bool:
        """True where neither the run nor a child logged anything that can be compared; a status alone is nothing."""
        logged = self.params or self.metrics or self.tags or self.artifacts or self.models or self.datasets
        return not logged and all(child.is_empty for child in self.children.values())
