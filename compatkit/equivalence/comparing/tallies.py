"""Count what was compared, and which values are equal only within a tolerance: how many, how far, which way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compatkit.equivalence.comparing.tensors import agreeing, distance_between
from compatkit.equivalence.history import as_history
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.snapshot import File, Model, Point, Snapshot, Tensor
from compatkit.equivalence.tolerance import Tolerance


def count_compared(before: Snapshot, after: Snapshot, policy: Policy) -> dict[str, int]:
    """Count by what it is. A name of one side alone is a difference, or allowed; neither compares anything."""

    def common(kind: str, left: Iterable[str], right: Iterable[str]) -> list[str]:
        return [name for name in sorted({*left} & {*right}) if not policy.ignores(kind, name)]

    left, right = _points(before, policy), _points(after, policy)
    metrics = common("metric", left, right)
    tensors = _tensor_names(before.models)
    params = common("param", map(policy.param_name, before.params), map(policy.param_name, after.params))
    parts = [part for part in _common_parts(before.models, after.models) if not policy.ignores("model", part[1])]
    own = {
        "params": len(params),
        "metrics": len(metrics),
        "points": sum(max(left[name], right[name]) for name in metrics),
        "tags": len(common("tag", before.tags, after.tags)),
        "artifacts": len(common("artifact", before.artifacts, after.artifacts)),
        "models": len({model for model, _ in parts}),
        "tensors": sum(part in tensors for _, part in parts),
        "datasets": len(common("dataset", before.datasets, after.datasets)),
    }
    children = before.children.keys() & after.children.keys()
    below = [count_compared(before.children[name], after.children[name], policy) for name in children]
    total = {what: count + sum(child[what] for child in below) for what, count in own.items()}
    # A child in which nothing is compared proves nothing.
    counted = [sum(child.values()) > 0 for child in below]
    return {**total, "child runs": sum(counted) + sum(child["child runs"] for child in below)}


def _points(snapshot: Snapshot, policy: Policy) -> dict[str, int]:
    return {policy.metric_name(name): len(points) for name, points in snapshot.metrics.items()}


def _tensor_names(models: Mapping[str, Model]) -> set[str]:
    return {f"{name}: {tensor}" for name, model in models.items() for tensor in model.tensors}


def _common_parts(before: Mapping[str, Model], after: Mapping[str, Model]) -> list[tuple[str, str]]:
    """Return model and part for all that both sides have, under the name that a difference in it would bear."""
    names = sorted(before.keys() & after.keys())
    return [(name, part) for name in names for part in sorted(_parts(name, before[name]) & _parts(name, after[name]))]


def _parts(name: str, model: Model) -> set[str]:
    named = {f"{name}: {part}" for part in (*model.tensors, *model.files, *model.details)}
    operations = {f"{name}: operation {place}" for place in range(len(model.operations))}
    return named | operations | ({name} if model.signature else set())


_Values = NDArray[Any]


def notes_on_near_values(before: Snapshot, after: Snapshot, policy: Policy) -> Iterator[str]:
    """Yield a line for the metrics, each model and each file in which a tolerance decides that values agree."""
    yield from _of_metrics(before, after, policy)
    for name in sorted(before.models.keys() & after.models.keys()):
        yield from _of_model(name, before.models[name], after.models[name], policy)
    yield from _of_files(before.artifacts, after.artifacts, policy)
    for name in sorted(before.children.keys() & after.children.keys()):
        below = notes_on_near_values(before.children[name], after.children[name], policy)
        yield from (f"child {name}: {said}" for said in below)


@dataclass(slots=True)
class _Tally:
    """The count of values so far, for one thing."""

    compared: int = 0
    near: int = 0
    largest: float = 0.0
    ulps: int = 0
    up: int = 0
    down: int = 0
    grown: int = 0
    shrunk: int = 0

    def add(self, left: _Values, right: _Values, dtype: str, tolerance: Tolerance) -> None:
        """Count the values that are not equal and agree within the tolerance."""
        self.compared += left.size
        equal, agree = agreeing(left, right, tolerance)
        places = np.flatnonzero(agree & ~equal)
        if not places.size:
            return
        one, other = left[places], right[places]
        apart = np.abs(other.astype(np.complex128) - one.astype(np.complex128))
        far = distance_between(one[int(np.argmax(apart))], other[int(np.argmax(apart))], dtype)
        self.near += places.size
        if far is not None and far.absolute >= self.largest:
            self.largest, self.ulps = far.absolute, far.ulps
        if not np.iscomplexobj(left):
            self.up += int(np.sum(other > one))
            self.down += int(np.sum(other < one))
            self.grown += int(np.sum(np.abs(other) > np.abs(one)))
            self.shrunk += int(np.sum(np.abs(other) < np.abs(one)))

    def notes(self, what: str) -> Iterator[str]:
        """Yield the line, if a value is equal only within the tolerance."""
        if self.near:
            how = f"{self.near:,} of {self.compared:,} {what} are not equal, but within the tolerance"
            yield f"{how}, by up to {self.largest:.3g} ({self.ulps:,} ulps){self._direction()}"

    def _direction(self) -> str:
        """Return the direction in which all values moved, if there are several: rounding errs in both."""
        moved = {"up": self.up, "down": self.down, "away from zero": self.grown, "towards zero": self.shrunk}
        return next((f", all of them {way}" for way, count in moved.items() if count == self.near > 1), "")


def _of_metrics(before: Snapshot, after: Snapshot, policy: Policy) -> Iterator[str]:
    left, right = _in_v2(before, policy), _in_v2(after, policy)
    tally, named = _Tally(), list[str]()
    for name in sorted(left.keys() & right.keys()):
        tolerance = policy.metric_tolerance(name)
        if not tolerance.is_exact and len(left[name]) == len(right[name]) and not policy.ignores("metric", name):
            near = tally.near
            tally.add(as_history(left[name]).values, as_history(right[name]).values, "float64", tolerance)
            named += [name] if tally.near > near else []
    shown = ", ".join(named[:3]) + (f" and {len(named) - 3} more" if len(named) > 3 else "")
    yield from tally.notes(f"points of metrics ({shown})")


def _in_v2(run: Snapshot, policy: Policy) -> dict[str, Sequence[Point]]:
    return {policy.metric_name(name): points for name, points in run.metrics.items()}


def _of_model(name: str, before: Model, after: Model, policy: Policy) -> Iterator[str]:
    tally = _Tally()
    for tensor in before.tensors.keys() & after.tensors.keys():
        _add(tally, before.tensors[tensor], after.tensors[tensor], policy.weights)
    yield from tally.notes(f"weights of model {name}")
    left, right = ({f"{name}: {file}": said for file, said in model.files.items()} for model in (before, after))
    yield from _of_files(left, right, policy)


def _of_files(before: Mapping[str, File], after: Mapping[str, File], policy: Policy) -> Iterator[str]:
    for name in sorted(before.keys() & after.keys()):
        left, right = before[name].content, after[name].content
        if left is None or right is None or before[name].digest == after[name].digest:
            continue
        tally = _Tally()
        for tensor in left.tensors.keys() & right.tensors.keys():
            tolerances = policy.tensor_tolerances(name, left.kind, tensor)
            _add(tally, left.tensors[tensor], right.tensors[tensor], tolerances)
        yield from tally.notes(f"{'weights' if left.kind == 'tensors' else 'values'} in {name}")


def _add(tally: _Tally, before: Tensor, after: Tensor, tolerances: Mapping[str, Tolerance]) -> None:
    if before.dtype == after.dtype and before.shape == after.shape and before.dtype in tolerances:
        tally.add(before.values.ravel(), after.values.ravel(), before.dtype, tolerances[before.dtype])
