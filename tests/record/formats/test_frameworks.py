"""Each value of a framework maps to one of our fields, or is reported if the mapping is unknown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from compatkit.record import RecordError, formats
from tests.record.formats.stored import payload


def column(rows: Any, name: str) -> list[Any]:
    return [row.get(name, "absent") for row in rows]


# Keras.


def test_two_keras_spellings_of_one_name_both_stay() -> None:
    rows = formats.read_known({"loss": [0.5], "acc": [0.1], "accuracy": [0.2]})

    assert rows == [{"epoch": 1, "train_loss": 0.5, "acc": 0.1, "accuracy": 0.2}]


def test_a_keras_metric_that_is_an_array_stays_one() -> None:
    scores = np.array([0.5, 0.25])

    rows = formats.read_known(SimpleNamespace(history={"loss": [0.5], "f1_score": [scores]}, epoch=[0]))

    assert rows is not None
    assert rows[0]["f1_score"] is scores


def test_a_keras_history_without_epochs_is_empty() -> None:
    assert formats.read_known(SimpleNamespace(history={}, epoch=[])) == []


@pytest.mark.parametrize(
    "history",
    [
        SimpleNamespace(history={"loss": [0.5, 0.4, 0.3]}, epoch=[0]),
        SimpleNamespace(history={"loss": [0.5] * 4, "val_loss": [0.6, 0.7]}, epoch=[5, 6, 7, 8]),
        {"epoch": [3, 4], "loss": [0.5, 0.4, 0.3]},
        {"epoch": [0, 1, 2, 3], "loss": [0.5] * 4, "val_loss": [0.6, 0.7]},
        {"train_loss": [0.5] * 4, "val_loss": [0.6, 0.7]},
        {"loss": [0.5] * 4, "lr": [0.1, 0.01]},
        {"loss": [0.5, 0.4], "val_loss": [0.6, 0.7, 0.8, 0.9]},
        {"train": {"error": [0.5] * 4}, "val": {"error": [0.6, 0.7]}},
    ],
    ids=[
        "fewer epochs than values",
        "every second and every third epoch both explain it",
        "own epochs, one too few",
        "own epochs, which may have been counted from 0",
        "own names",
        "not validation",
        "validation longer than training",
        "boosting sets",
    ],
)
def test_columns_whose_places_are_not_certain_are_an_error(history: object) -> None:
    with pytest.raises(RecordError, match="cannot be placed for certain"):
        formats.read_known(history)


def test_a_keras_csv_has_no_values_where_nothing_was_validated() -> None:
    rows = formats.read_known(payload("keras_csvlogger_validation_freq_2"))

    assert column(rows, "epoch") == [1, 2, 3, 4]
    assert [value == "absent" for value in column(rows, "val_loss")] == [True, False, True, False]


# Hugging Face.


def test_a_loss_over_two_epochs_is_not_the_train_loss_of_the_second() -> None:
    log = payload("hf_log_history_every_second_epoch")

    rows = formats.read_known(log)

    assert column(rows, "epoch") == [2, 4]
    assert column(rows, "loss") == [row["loss"] for row in log if "loss" in row]
    assert column(rows, "train_loss") == ["absent", "absent"]


def test_a_loss_that_is_logged_when_an_update_less_than_an_epoch_is_done_is_its_train_loss() -> None:
    log = [{"loss": 1.0 - at / 10, "learning_rate": 0.1, "epoch": at, "step": 1} for at in (0.99, 1.98, 2.97)]

    assert column(formats.read_known(log), "train_loss") == [row["loss"] for row in log]


def test_of_losses_within_an_epoch_the_last_counts() -> None:
    log = payload("hf_log_history_by_steps")

    rows = formats.read_known(log)

    assert column(rows, "loss") == ["absent", *(row["loss"] for row in log if "loss" in row and row["epoch"] in {1, 2})]


def test_an_evaluation_before_the_training_is_epoch_zero() -> None:
    log = payload("hf_log_history_by_steps")

    rows = formats.read_known(log)

    assert column(rows, "epoch") == [0, 1, 2]
    assert column(rows, "val_loss") == [row["eval_loss"] for row in log if "eval_loss" in row]


def test_what_is_logged_after_the_summary_joins_the_last_epoch() -> None:
    log = payload("hf_log_history_by_steps")

    rows = formats.read_known(log)

    assert rows is not None
    assert rows[-1]["custom"] == 1.5
    assert rows[-1]["test_loss"] == next(row["test_loss"] for row in log if "test_loss" in row)


def test_a_train_loss_of_the_users_own_is_not_written_over() -> None:
    log = [
        {"loss": 0.5, "learning_rate": 0.1, "epoch": 1.0, "step": 4},
        {"train_loss": 0.25, "epoch": 1.0, "step": 4},
    ]

    rows = formats.read_known({"log_history": log})

    assert rows == [{"epoch": 1, "loss": 0.5, "learning_rate": 0.1, "step": 4, "train_loss": 0.25}]


def test_a_trainer_that_was_never_trained_has_an_empty_history() -> None:
    assert formats.read_known(SimpleNamespace(state=SimpleNamespace(log_history=[]))) == []


# Lightning.


def test_a_lightning_test_joins_the_last_trained_epoch() -> None:
    rows = formats.read_known(payload("lightning_csvlogger_with_test"))

    assert column(rows, "epoch") == [1, 2]
    assert column(rows, "step") == [3, 7]
    assert column(rows, "test_loss") == ["absent", float(payload("lightning_csvlogger_with_test")[-1]["test_loss"])]


def test_a_name_that_only_ends_like_lightnings_means_keeps_its_end() -> None:
    assert column(formats.read_known(payload("lightning_csvlogger_with_test")), "best_epoch") == [0.0, 1.0]
    assert formats.read_known([{"best_epoch": torch.tensor(3.0)}]) == [{"epoch": 1, "best_epoch": 3.0}]


def test_a_mean_that_lightning_keeps_under_both_names_keeps_both() -> None:
    rows = formats.read_known(payload("lightning_callback_metrics"))

    assert column(rows, "train_loss_epoch") == column(rows, "train_loss")


def test_a_resumed_lightning_csv_goes_on_from_its_epoch() -> None:
    assert column(formats.read_known(payload("lightning_csvlogger_resumed")), "epoch") == [3, 4]


def test_a_lightning_csv_of_training_only_counts_from_one() -> None:
    given = payload("lightning_csvlogger_train_only")

    rows = formats.read_known(given)

    assert column(rows, "epoch") == [1, 2]
    assert column(rows, "train_loss") == [float(row["train_loss"]) for row in given]


@pytest.mark.parametrize(
    "rows",
    [
        [{"epoch": "1", "step": "5", "loss": "0.5"}, {"epoch": "2", "step": "10", "loss": "0.4"}],
        [{"epoch": "0", "step": "5", "loss": "0.5"}, {"epoch": "1", "step": "10", "loss": "0.4"}],
        [{"epoch": "0", "step": "0", "x": "0.5"}, {"epoch": "1", "step": "1", "x": "0.4"}],
        [{"epoch": "0.5", "step": "1", "a": "1", "b": ""}, {"epoch": "1", "step": "2", "a": "", "b": "2"}],
        [{"epoch": "0", "loss": "0.5", "accuracy": "0.1"}, {"epoch": "1", "loss": "0.4", "accuracy": "0.2"}],
    ],
)
def test_the_rows_of_somebodys_own_csv_keep_their_epochs(rows: list[dict[str, str]]) -> None:
    assert column(formats.read_known(rows), "epoch") == [float(row["epoch"]) for row in rows]


# Boosting.


def test_two_sets_that_would_get_one_name_keep_their_own() -> None:
    rows = formats.read_known({"training": {"error": [0.5]}, "train": {"error": [0.25]}})

    assert rows == [{"epoch": 1, "training_error": 0.5, "train_error": 0.25}]


def test_columns_that_would_get_one_name_are_an_error() -> None:
    with pytest.raises(RecordError, match="'a_b_c'"):
        formats.read_known({"a": {"b_c": [0.5]}, "a_b": {"c": [0.25]}})


# fastai.


def test_without_a_validation_set_fastais_metrics_are_not_validations() -> None:
    recorder = SimpleNamespace(metric_names=["epoch", "train_loss", "accuracy", "time"], values=[[0.5, 0.75]])

    assert formats.read_known(recorder) == [{"epoch": 1, "train_loss": 0.5, "accuracy": 0.75}]


def test_what_fastai_could_not_measure_is_absent() -> None:
    recorder = SimpleNamespace(metric_names=["epoch", "train_loss", "valid_loss", "time"], values=[[0.5, None]])

    assert formats.read_known(recorder) == [{"epoch": 1, "train_loss": 0.5}]


def test_fastais_metrics_of_both_sets_are_told_apart() -> None:
    names = ["epoch", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "time"]

    rows = formats.read_known(SimpleNamespace(metric_names=names, values=[[0.5, 0.25, 0.75, 0.125]]))

    assert rows == [{"epoch": 1, "train_loss": 0.5, "train_accuracy": 0.25, "val_loss": 0.75, "val_accuracy": 0.125}]


def test_a_fastai_epoch_that_was_cut_short_is_an_error() -> None:
    recorder = SimpleNamespace(metric_names=["epoch", "train_loss", "valid_loss"], values=[[0.5, 0.4], [0.3]])

    with pytest.raises(RecordError, match="the values of epoch 2"):
        formats.read_known(recorder)


# ignite.


def test_one_ignite_state_that_was_kept_several_times_is_an_error() -> None:
    state = SimpleNamespace(epoch=3, iteration=9, output=0.5, metrics={"accuracy": 0.5})

    with pytest.raises(RecordError, match="Epoch 3 comes twice"):
        formats.read_known([state, state])


def test_an_ignite_metric_called_as_one_of_the_states_own_values_is_an_error() -> None:
    with pytest.raises(RecordError, match="'output'"):
        formats.read_known([{"epoch": 1, "iteration": 9, "output": 0.5, "metrics": {"output": 0.25}}])
