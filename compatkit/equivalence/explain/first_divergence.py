"""The first divergence of two recorded trainings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from compatkit.equivalence.snapshot import Snapshot
from compatkit.trace import TRACE_FILE, Batch, Trace


def read_trace(snapshot: Snapshot) -> Trace | None:
    """Return the record that a run logged, or None where it logged none.

    Raises `TraceError` for a record that is there and cannot be read.
    """
    if not snapshot.trace:
        return None
    return Trace.from_json(snapshot.trace, where=f"{TRACE_FILE} of run {snapshot.run_id}")


What = Literal["mode", "inputs", "weights", "forward", "gradient", "layers", "length"]


@dataclass(frozen=True, slots=True)
class Parting:
    """The first point at which two records part: the batch, counted from 0, the kind, and the layer or parameter."""

    batch: int
    what: What
    name: str = ""
    is_training: bool = True

    def __str__(self) -> str:
        place = f"batch {self.batch} ({'training' if self.is_training else 'evaluation'})"
        match self.what:
            case "mode":
                return f"{place}: one side trains, the other evaluates"
            case "inputs":
                return f"{place}: the data that the module is called with"
            case "weights" if self.batch == 0:
                return f"before {place}: the weights at the start"
            case "weights":
                return f"before {place}: the weights, though all was equal up to the step before: the optimizer's step"
            case "forward":
                return f"{place}: the output of layer {self.name!r}, of equal inputs and weights"
            case "gradient":
                return f"{place}: the gradient of {self.name!r}, after an equal forward pass: the loss or its backward"
            case "layers":
                return f"{place}: {self.name!r} is on one side only"
            case _:
                return f"{place}: one side has no such batch"


def first_parting(before: Trace, after: Trace) -> Parting | None:
    """Return where two records part first, in the order in which things happen; None where they agree throughout."""
    for number, (one, other) in enumerate(zip(before.batches, after.batches, strict=False)):
        if (found := _in_batch(number, one, other)) is not None:
            return found
    if len(before.batches) == len(after.batches):
        return None
    longer = max(before.batches, after.batches, key=len)
    shared = min(len(before.batches), len(after.batches))
    return Parting(shared, "length", is_training=longer[shared].is_training)


def _in_batch(number: int, one: Batch, other: Batch) -> Parting | None:
    if one.is_training != other.is_training:
        return Parting(number, "mode")
    # Weights first: what an optimizer did belongs to the batch before.
    if one.weights != other.weights:
        return Parting(number, "weights", is_training=one.is_training)
    if one.inputs != other.inputs:
        return Parting(number, "inputs", is_training=one.is_training)
    if (found := _in_layers(one.forward, other.forward, "forward")) is None:
        found = _in_layers(one.gradient, other.gradient, "gradient")
    return Parting(number, *found, is_training=one.is_training) if found else None


def _in_layers(one: Mapping[str, str], other: Mapping[str, str], what: What) -> tuple[What, str] | None:
    for name in [*one, *(name for name in other if name not in one)]:
        if name not in one or name not in other:
            return "layers", name
        if one[name] != other[name]:
            return what, name
    return None
