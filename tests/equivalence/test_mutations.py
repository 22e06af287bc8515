"""Any single change of a snapshot is reported, in both directions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from compatkit.equivalence import Dataset, File, Model, Point, Policy, Snapshot, Tensor, compare_snapshots
from compatkit.equivalence.snapshot import Layer
from tests.equivalence.strategies import history, snapshots, weights

EXACT = Policy.exact()
# Of every field: a value to add, and how another value is made of one.
Change = tuple[Any, Callable[[Any], Any]]


def flipped(tensor: Tensor) -> Tensor:
    values = tensor.values.copy()
    values[-1] = 11.0  # beyond what the strategy draws
    return Tensor(tensor.dtype, values)


TEXT: Change = ("new", lambda text: text + "'")
FILE: Change = (File("ffff", 9), lambda file: replace(file, size=file.size + 1))
DATASET = {
    "digest": TEXT,
    "schema": TEXT,
    "profile": TEXT,
    "tags": TEXT,
}
MODEL = {
    "tensors": (weights(0.5), flipped),
    "operations": TEXT,
    "signature": TEXT,
    "files": FILE,
    "details": TEXT,
    "layers": (Layer("new", "torch.nn.Linear", 1), lambda layer: layer._replace(path=layer.path + "'")),
    # By data set and metric; the plant's own model has none, so that here they are only added.
    "metrics": ({"": history(0.5)}, lambda found: {**found, "new": history(0.25)}),
}
SNAPSHOT: dict[str, Change] = {
    "status": TEXT,
    "params": TEXT,
    "metrics": (history(0.5), lambda points: (*points, Point(99, 0.0))),
    "tags": TEXT,
    "artifacts": FILE,
    "models": (Model(signature="new"), lambda model: replace(model, signature=model.signature + "'")),
    "children": (Snapshot("new", params={"a": "1"}), lambda child: replace(child, status=child.status + "'")),
    "datasets": (Dataset("new"), lambda dataset: replace(dataset, digest=dataset.digest + "'")),
}


@st.composite
def changed(draw: st.DrawFn, values: Any, change: Change) -> Any:
    """Return `values` with one of them lost, added, renamed, doubled or changed; a text is changed only."""
    new, other = change
    if isinstance(values, tuple):
        return draw(st.sampled_from([(*values, new), values[:-1], (other(values[0]), *values[1:])]))
    if not isinstance(values, Mapping):
        return other(values)
    if not values:
        return {"new": new}
    name = draw(st.sampled_from(sorted(values)))
    rest = {key: value for key, value in values.items() if key != name}
    renamed = {**rest, "new": values[name]}
    return draw(st.sampled_from([rest, renamed, {**values, **renamed}, {**rest, name: other(values[name])}]))


@st.composite
def mutated(draw: st.DrawFn, whole: Any, changes: Mapping[str, Change]) -> Any:
    field = draw(st.sampled_from(sorted(changes)))
    return replace(whole, **{field: draw(changed(getattr(whole, field), changes[field]))})


@given(snapshots, st.data())
def test_one_change_anywhere_in_a_run_is_reported(snapshot: Snapshot, data: st.DataObject) -> None:
    other = data.draw(mutated(snapshot, SNAPSHOT))

    assert not compare_snapshots(snapshot, other, EXACT).is_equivalent
    assert not compare_snapshots(other, snapshot, EXACT).is_equivalent


@given(snapshots.filter(lambda snapshot: snapshot.models), st.data())
def test_one_change_anywhere_in_a_model_is_reported(snapshot: Snapshot, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(snapshot.models)))
    model = data.draw(mutated(snapshot.models[name], MODEL))
    other = replace(snapshot, models={**snapshot.models, name: model})

    assert not compare_snapshots(snapshot, other, EXACT).is_equivalent
    assert not compare_snapshots(other, snapshot, EXACT).is_equivalent


@given(snapshots.filter(lambda snapshot: snapshot.datasets), st.data())
def test_one_change_anywhere_in_a_dataset_is_reported(snapshot: Snapshot, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(snapshot.datasets)))
    dataset = data.draw(mutated(snapshot.datasets[name], DATASET))

    verdict = compare_snapshots(snapshot, replace(snapshot, datasets={**snapshot.datasets, name: dataset}), EXACT)

    assert {difference.name for difference in verdict.deciding} == {name}


@given(snapshots, st.randoms(use_true_random=False))
def test_the_order_of_names_is_not_reported(snapshot: Snapshot, random: Any) -> None:
    def shuffled(values: Mapping[str, Any]) -> dict[str, Any]:
        names = list(values)
        random.shuffle(names)
        return {name: values[name] for name in names}

    unordered = ("params", "metrics", "tags", "artifacts", "models", "datasets", "children")
    other = replace(snapshot, **{name: shuffled(getattr(snapshot, name)) for name in unordered})

    assert compare_snapshots(snapshot, other, EXACT).is_equivalent


def test_no_field_of_a_snapshot_is_left_out_here() -> None:
    # A trace tells where two runs part, ids and times of a run what is noise, and what is unread gives no verdict:
    # runs are not compared by them.
    beside = {"run_id", "own_ids", "span", "notes", "trace", "unread"}
    assert {field.name for field in fields(Snapshot)} == {*SNAPSHOT, *beside}
    assert {field.name for field in fields(Model)} == {*MODEL}
    assert {field.name for field in fields(Dataset)} == {*DATASET}


integers = st.sampled_from(["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])


@given(integers, st.data())
def test_integers_that_differ_are_reported_whatever_their_size(dtype: str, data: st.DataObject) -> None:
    bounds = np.iinfo(dtype)
    one, other = data.draw(st.lists(st.integers(int(bounds.min), int(bounds.max)), min_size=2, max_size=2, unique=True))

    (difference,) = compare_snapshots(run_of(one, dtype), run_of(other, dtype), EXACT).deciding

    assert difference.distance is not None
    assert difference.distance.ulps == abs(one - other)
    assert compare_snapshots(run_of(one, dtype), run_of(one, dtype), EXACT).is_equivalent


def run_of(value: Any, dtype: str) -> Snapshot:
    tensor = Tensor(dtype, np.array([0, value, 1], dtype=dtype))
    return Snapshot("run", models={"net": Model(tensors={"count": tensor})})
