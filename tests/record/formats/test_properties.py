"""For every framework: no value is lost, none is invented, epochs ascend from one, numbers are Python's own."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from compatkit.record import RecordError, formats
from compatkit.record.formats._rows import Placing, placed_by
from tests.record.formats.stored import payload

FEW = st.integers(1, 8)  # epochs
NAMES = st.sampled_from(
    ["loss", "accuracy", "acc", "lr", "learning_rate", "train_loss", "train_accuracy", "f1", "a_epoch"]
)
SETS = st.sampled_from(["train", "training", "val", "valid", "validation", "validation_0", "test"])


def rows_of(history: object) -> list[dict[str, Any]]:
    rows = formats.read_known(history)
    assert rows is not None
    return rows


def numbered(names: list[str], count: int) -> dict[str, list[float]]:
    """Return a column for each name; no value comes twice, so that a lost or moved one is seen."""
    return {name: [1000.0 * place + epoch + 0.5 for epoch in range(count)] for place, name in enumerate(names, start=1)}


def in_columns(rows: list[dict[str, Any]]) -> list[list[Any]]:
    return sorted([row[name] for row in rows] for name in rows[0] if name != "epoch")


columns = st.builds(numbered, st.lists(NAMES, min_size=1, unique=True), FEW)


@given(columns)
def test_keras_columns_keep_every_value_at_its_epoch(given_: dict[str, list[float]]) -> None:
    rows = rows_of(given_)

    assert in_columns(rows) == sorted(given_.values())
    assert [row["epoch"] for row in rows] == list(range(1, len(rows) + 1))


@given(columns, st.integers(0, 50))
def test_a_resumed_keras_history_keeps_every_value_at_its_epoch(given_: dict[str, list[float]], first: int) -> None:
    count = len(next(iter(given_.values())))

    rows = rows_of(SimpleNamespace(history=given_, epoch=list(range(first, first + count))))

    assert in_columns(rows) == sorted(given_.values())
    assert [row["epoch"] for row in rows] == list(range(first + 1, first + count + 1))


@given(st.integers(0, 20), st.integers(1, 20), st.integers(2, 9))
def test_keras_validation_is_placed_where_it_is_stated_and_else_nowhere(first: int, count: int, interval: int) -> None:
    epochs = range(first, first + count)
    made = [epoch + 1 for epoch in epochs if (epoch + 1) % interval == 0]  # keras: _should_eval
    history = SimpleNamespace(history={"loss": [0.5] * count, "val_loss": [float(n) for n in made]}, epoch=list(epochs))

    if len(made) < count:
        with pytest.raises(RecordError, match="cannot be placed for certain"):
            rows_of(history)
    with placed_by(Placing(validated=made)):
        rows = rows_of(history)

    assert {row["epoch"]: row["val_loss"] for row in rows if "val_loss" in row} == {n: float(n) for n in made}


@given(st.lists(SETS, min_size=1, unique=True), st.lists(NAMES, min_size=1, max_size=3, unique=True), FEW)
def test_boosting_results_keep_every_value_at_its_round(sets: list[str], metrics: list[str], count: int) -> None:
    flat = numbered([f"{part} {metric}" for part in sets for metric in metrics], count)
    results = {part: {metric: flat[f"{part} {metric}"] for metric in metrics} for part in sets}

    rows = rows_of(results)

    assert in_columns(rows) == sorted(flat.values())
    assert [row["epoch"] for row in rows] == list(range(1, count + 1))


@given(columns)
def test_fastai_values_are_all_kept(given_: dict[str, list[float]]) -> None:
    recorder = SimpleNamespace(metric_names=["epoch", *given_, "time"], values=list(zip(*given_.values(), strict=True)))

    rows = rows_of(recorder)

    assert in_columns(rows) == sorted(given_.values())


@given(columns)
def test_skorch_values_are_all_kept(given_: dict[str, list[float]]) -> None:
    marks = {"batches": [{"train_loss": 0.5}], "train_batch_count": 1}
    names = {"valid_loss": "val_loss", "valid_acc": "val_accuracy", "dur": "epoch_time"}
    count = len(next(iter(given_.values())))
    values = {**given_, **numbered(list(names), count)}

    rows = rows_of([{"epoch": n + 1, **marks, **{k: v[n] for k, v in values.items()}} for n in range(count)])

    expected = {names.get(name, name): column for name, column in values.items()}
    assert {name: [row[name] for row in rows] for name in expected} == expected


@given(columns, st.randoms())
def test_ignite_metrics_are_all_kept_and_in_order(given_: dict[str, list[float]], random: Any) -> None:
    count = len(next(iter(given_.values())))
    states = [
        {"epoch": n + 1, "iteration": n * 10, "metrics": {k: v[n] for k, v in given_.items()}} for n in range(count)
    ]
    random.shuffle(states)

    rows = rows_of(states)

    assert [row["epoch"] for row in rows] == list(range(1, count + 1))
    assert {name: [row[name] for row in rows] for name in given_} == given_


@given(columns)
def test_lightning_callback_metrics_are_all_kept(given_: dict[str, list[float]]) -> None:
    count = len(next(iter(given_.values())))

    rows = rows_of([{k: torch.tensor(v[n]) for k, v in given_.items()} for n in range(count)])

    assert {name: [row[name] for row in rows] for name in given_} == given_


@given(st.lists(NAMES, min_size=2, max_size=4, unique=True), st.integers(2, 6))
def test_lightning_csv_rows_of_one_epoch_become_one_row_that_keeps_all(names: list[str], count: int) -> None:
    values = numbered(names, count)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, ["epoch", "step", *names])
    writer.writeheader()
    for epoch in range(count):
        writer.writerows({"epoch": epoch, "step": epoch, name: values[name][epoch]} for name in names)
    stream.seek(0)

    rows = rows_of(list(csv.DictReader(stream)))

    assert [row["epoch"] for row in rows] == list(range(1, count + 1))
    assert {name: [row[name] for row in rows] for name in names} == values


@given(FEW, st.randoms(), st.booleans(), st.booleans())
def test_hugging_face_rows_in_any_order_of_kinds_lose_no_quantity(
    count: int, random: Any, own_train_loss: bool, evaluates_before: bool
) -> None:
    values = numbered(["loss", "learning_rate", "grad_norm", "eval_loss", "eval_f1", "train_loss"], count)
    log: list[dict[str, Any]] = [{"eval_loss": 9.5, "epoch": 0, "step": 0}] if evaluates_before else []
    for n in range(count):
        stamp = {"epoch": n + 1.0, "step": n}
        kinds = [["loss", "learning_rate", "grad_norm"], ["eval_loss"], ["eval_f1"]]
        kinds += [["train_loss"]] if own_train_loss else []
        random.shuffle(kinds)
        log += [{**{name: values[name][n] for name in kind}, **stamp} for kind in kinds]
    log.append(
        {"train_runtime": 1.5, "train_samples_per_second": 2.5, "train_loss": 3.5, "epoch": float(count), "step": 9}
    )

    rows = rows_of(SimpleNamespace(log_history=log))

    given_ = sorted(value for row in log for name, value in row.items() if name not in {"epoch", "step"})
    assert sorted(value for row in rows for name, value in row.items() if name not in {"epoch", "step"}) == given_
    assert [row["epoch"] for row in rows] == list(range(0 if evaluates_before else 1, count + 1))


@pytest.mark.parametrize(
    "name",
    [
        "hf_log_history",
        "ignite_state",
        "keras_history",
        "lightgbm_record_evaluation",
        "lightgbm_sklearn_evals_result",
        "lightning_callback_metrics",
        "lightning_csvlogger",
        "skorch_history",
        "skorch_history_without_validation",
        "xgboost_evals_result",
        "xgboost_sklearn_evals_result",
    ],
)
def test_every_stored_history_has_whole_epochs_in_order_and_python_numbers(name: str) -> None:
    rows = rows_of(payload(name))

    assert [row["epoch"] for row in rows] == list(range(1, len(rows) + 1))
    assert {type(value) for row in rows for value in row.values()} <= {int, float, bool}


@pytest.mark.parametrize(
    "convert", [np.float32, np.float64, np.array, torch.tensor, lambda x: torch.tensor(x, requires_grad=True)]
)
def test_scalars_of_any_library_become_python_floats(convert: Any) -> None:
    (row,) = rows_of({"train": {"error": [convert(0.5)]}})

    assert row == {"epoch": 1, "train_error": 0.5}
    assert type(row["train_error"]) is float
