"""Rows that are v1's, v2's or nobody's are claimed by no adapter, whatever else a trainer adds to them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from compatkit.record import EpochMetrics, formats, read_history
from tests.record.formats.stored import payload

V1 = {"epoch": 1, "train_loss": 0.5, "val_loss": 0.6, "train_acc": 0.7}
V2 = {"epoch": 1, "train_loss": 0.5, "val_loss": 0.6, "train_accuracy": 0.7}

# What trainers add beside the declared fields, with the types that frameworks give to these names.
ADDED: dict[str, st.SearchStrategy[object]] = {
    "step": st.integers(0, 99),
    "loss": st.floats(0, 1),
    "learning_rate": st.floats(0, 1),
    "grad_norm": st.floats(0, 1),
    "eval_loss": st.floats(0, 1),
    "eval_runtime": st.floats(0, 1),
    "train_runtime": st.floats(0, 1),
    "train_samples_per_second": st.floats(0, 1),
    "total_flos": st.floats(0, 1),
    "dur": st.floats(0, 1),
    "batches": st.integers(0, 9) | st.lists(st.fixed_dictionaries({"train_loss": st.floats(0, 1)})),
    "iteration": st.integers(0, 99),
    "metrics": st.fixed_dictionaries({"f1": st.floats(0, 1)}),
    "output": st.floats(0, 1),
    "time": st.floats(0, 1),
    "train_loss_step": st.floats(0, 1),
    "train_loss_epoch": st.floats(0, 1),
    "best_epoch": st.integers(0, 9),
    "history": st.lists(st.floats(0, 1)),
}
added = st.fixed_dictionaries({}, optional=ADDED)
epochs = st.integers(0, 9) | st.floats(0, 9)


@given(st.sampled_from([V1, V2]), st.lists(st.tuples(epochs, added), min_size=1, max_size=4))
def test_rows_with_framework_names_beside_ours_are_claimed_by_no_adapter(
    known: dict[str, object], rows: list[tuple[float, dict[str, object]]]
) -> None:
    history = [{**known, **extra, "epoch": epoch} for epoch, extra in rows]

    assert formats.read_known(history) is None


@given(st.sampled_from([V1, V2]), st.lists(added, min_size=1, max_size=4))
def test_numpy_scalars_and_tensors_in_our_rows_are_claimed_by_no_adapter(
    known: dict[str, object], rows: list[dict[str, object]]
) -> None:
    for convert in (np.float64, torch.tensor):
        history = [{**extra, "epoch": 1, "train_loss": convert(known["train_loss"])} for extra in rows]
        assert formats.read_known(history) is None


@pytest.mark.parametrize(
    "name", ["hf_log_history", "skorch_history", "ignite_state", "lightning_csvlogger", "lightning_callback_metrics"]
)
def test_a_framework_list_with_one_row_of_ours_is_claimed_by_no_adapter(name: str) -> None:
    assert formats.read_known([*payload(name), V1]) is None


@pytest.mark.parametrize(
    "name", ["hf_log_history", "skorch_history", "ignite_state", "lightning_csvlogger", "lightning_callback_metrics"]
)
def test_a_framework_list_with_one_v2_object_is_claimed_by_no_adapter(name: str) -> None:
    metrics = EpochMetrics(9, *[0.5] * 9)

    assert formats.read_known([*payload(name), metrics]) is None


def test_numpy_scalars_without_an_epoch_gain_none() -> None:
    history = [{"train_loss": np.float64(0.5)}, {"train_loss": np.float64(0.4)}]

    assert formats.read_known(history) is None


def test_a_log_of_whole_epochs_and_steps_in_one_own_loop_is_not_hugging_faces() -> None:
    history = [{"epoch": 1, "step": 10, "loss": 0.5, "learning_rate": 0.1}]

    assert formats.read_known(history) is None


def test_a_states_dict_with_a_key_that_no_state_has_is_not_ignites() -> None:
    history = [{"epoch": 1, "iteration": 5, "gpu": "a", "metrics": {"f1": 0.5}}]

    assert formats.read_known(history) is None


@pytest.mark.parametrize(
    "history",
    [
        V1,
        EpochMetrics(1, *[0.5] * 9),
        SimpleNamespace(history=[V1]),
        SimpleNamespace(history=[EpochMetrics(1, *[0.5] * 9)]),
        SimpleNamespace(history={"loss": [0.5]}),
        SimpleNamespace(history={"loss": [0.5]}, epoch=["first"]),
        SimpleNamespace(history={"loss": "high"}, epoch=[0]),
        SimpleNamespace(state=SimpleNamespace(log_history=[3])),
        SimpleNamespace(log_history=[{"loss": 0.5, "epoch": "first"}]),
        SimpleNamespace(metric_names=["train_loss"], values=[[0.5]]),
        SimpleNamespace(evals_result_={"train": 3}),
        {"log_history": 3},
        {"log_history": [[1]]},
        {"loss": [[1.0], [2.0]]},
        (V1,),
    ],
)
def test_one_row_or_an_object_that_only_resembles_a_framework_is_claimed_by_no_adapter(history: object) -> None:
    assert formats.read_known(history) is None


def test_a_generator_of_our_rows_is_not_consumed_by_asking() -> None:
    rows = (row for row in [V1])

    assert formats.read_known(rows) is None
    assert next(rows) is V1


def test_rows_that_nobody_claims_are_read_as_they_are() -> None:
    rows = [{**V1, "epoch": n, "step": n, "train_runtime": 1.0, "eval_auc": 0.5} for n in (1, 2)]

    assert read_history(rows) == rows
