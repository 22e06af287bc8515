"""Snapshots as runs leave them, generated, and one written out by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from compatkit.equivalence import Dataset, File, Model, Point, Snapshot, Tensor
from compatkit.equivalence.reading.canonical import canonical_value
from compatkit.equivalence.snapshot import Layer

names = st.text("abcdefgh_/", min_size=1, max_size=6)
numbers = st.one_of(st.floats(-1e9, 1e9), st.just(float("nan")), st.just(float("inf"))).map(canonical_value)
texts = st.text(max_size=8)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Point, ...]:
    steps = sorted(draw(st.sets(st.integers(0, 50), min_size=1, max_size=6)))
    return tuple(Point(step, draw(numbers)) for step in steps)


files = st.builds(File, st.text("0123456789abcdef", min_size=4, max_size=4), st.integers(0, 9))
tensors = st.lists(st.floats(-10, 10, width=32), min_size=1, max_size=5).map(
    lambda values: Tensor("float32", np.array(values, dtype=np.float32))
)
layers = st.builds(Layer, names, st.sampled_from(["torch.nn.Linear", "torch.nn.ReLU"]), st.integers(1, 3))
models = st.builds(
    Model,
    tensors=st.dictionaries(names, tensors, max_size=3),
    operations=st.tuples(texts, texts),
    signature=texts,
    files=st.dictionaries(names, files, max_size=2),
    details=st.dictionaries(names, texts, max_size=2),
    layers=st.tuples(layers, layers),
)
datasets = st.builds(Dataset, texts, texts, texts, st.dictionaries(names, texts, max_size=2))
snapshots = st.builds(
    Snapshot,
    run_id=st.just("run"),
    status=st.sampled_from(["FINISHED", "FAILED"]),
    params=st.dictionaries(names, texts, max_size=4),
    metrics=st.dictionaries(names, histories(), min_size=1, max_size=4),
    tags=st.dictionaries(names, texts, max_size=3),
    artifacts=st.dictionaries(names, files, max_size=3),
    models=st.dictionaries(names, models, max_size=2),
    datasets=st.dictionaries(names, datasets, max_size=2),
)


def history(*values: float, first: int = 1) -> tuple[Point, ...]:
    return tuple(Point(step, value) for step, value in enumerate(values, start=first))


def weights(*values: float, dtype: str = "float32") -> Tensor:
    return Tensor(dtype, np.array(values, dtype=dtype))


RUN = Snapshot(
    run_id="a",
    params={"epochs": "3", "lr": "0.01", "model_type": "mlp"},
    metrics={
        "train_loss": history(0.9, 0.5, 0.25),
        "train_acc": history(0.5, 0.75, 0.875),
        "final_train_acc": (Point(0, 0.875),),
    },
    tags={"dataset_name": "digits"},
    artifacts={"plots/curve.png": File("aa11", 120)},
    models={
        "model@0": Model(
            tensors={"0.weight": weights(0.5, -0.25, 1.0), "0.bias": weights(0.1)},
            operations=("linear", "relu"),
            signature="in -> out",
            files={"input_example.json": File("bb22", 12)},
            details={"graph.outputs": "relu"},
            layers=(Layer("0", "torch.nn.Linear", 1), Layer("1", "torch.nn.ReLU", 1)),
        )
    },
    datasets={"digits [training]#1": Dataset("cc33", schema="x: long", profile="150 rows")},
)
