"""A value stands where its history says, with the reason; where the history does not say it, that is an error."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pytest

from compatkit.record import RecordError, read_history
from tests.record.formats.stored import HISTORIES, payload


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("validated", [None, [1], [1, 9], [1, 2, 3]])
def test_a_list_of_validated_epochs_is_not_taken_for_an_interval(validated: list[int] | None) -> None:
    with pytest.raises(RecordError, match=r"validated=\[2, 4\]"):
        read_history(payload("keras_history_validation_freq_list"), validated=validated)


def test_stated_epochs_place_what_the_history_does_not() -> None:
    found = read_history(payload("keras_history_validation_freq_list"), validated=[1, 4], explain=True)

    assert [record["epoch"] for record in found.records if "val_loss" in record] == [1, 4]
    assert found.reader == "keras"
    assert found.reasons["val_loss"] == found.reasons["val_acc"] == "in the stated epochs, 1, 4"
    assert (
        found.reasons["train_loss" if "train_loss" in found.reasons else "loss"] == "a value for each epoch, in order"
    )


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("pad", ["", "   "])
def test_a_table_is_read_whatever_separates_and_pads_it(tmp_path: Path, separator: str, pad: str) -> None:
    lines = [["epoch", "val_loss", "note"], ["1", "0.5", "a b"], ["2", "0.25", "c"]]
    file = written(tmp_path, "log.csv", "\n".join(separator.join(pad + cell for cell in line) for line in lines))

    assert read_history(file) == [
        {"epoch": 1, "val_loss": 0.5, "note": "a b"},
        {"epoch": 2, "val_loss": 0.25, "note": "c"},
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("epoch;loss\n1;0,5\n", "'0,5', with a comma"),
        ("epoch,a;b\n1,2;3\n", "both"),
        (
            dedent("""\
                epoch,mine
                1,0.5
                2,0.4
                1,0.6
                """),
            "After epoch 2, epoch 1 comes again",
        ),
        (
            dedent("""\
                epoch,mine
                1,0.5
                epoch,mine
                1,0.6
                """),
            "The header comes again",
        ),
        ("epoch mine\n1 0.5\n", "'epoch mine'"),
        (
            dedent("""\
                Epoch,mine
                1,0.5
                1,0.4
                """),
            "Epoch 1 comes twice",
        ),
        (
            dedent("""\
                epoch,step,mine
                1,1,0.5
                1,2,0.4
                """),
            "Epoch 1 comes twice",
        ),
    ],
)
def test_a_table_that_does_not_say_which_epoch_a_value_is_of_is_an_error(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(RecordError, match=reason):
        read_history(written(tmp_path, "log.csv", text))


def test_rows_of_one_epoch_that_have_different_values_are_one(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "log.csv",
        dedent("""\
            epoch,my_loss,my_score
            1,0.5,
            1,,0.1
            2,0.4,
            2,,0.2
            """),
    )

    assert read_history(file) == [
        {"epoch": 1, "my_loss": 0.5, "my_score": 0.1},
        {"epoch": 2, "my_loss": 0.4, "my_score": 0.2},
    ]


def test_a_hand_written_table_may_count_from_zero_and_from_where_it_went_on(tmp_path: Path) -> None:
    for first in (0, 7):
        file = written(tmp_path, "log.csv", f"epoch,my_loss\n{first},0.5\n{first + 1},0.4\n")

        assert [record["epoch"] for record in read_history(file)] == [first, first + 1]


def test_a_keras_table_with_another_separator_is_kerass(tmp_path: Path) -> None:
    found = read_history(written(tmp_path, "k.csv", payload("keras_csvlogger_semicolon")), explain=True)

    assert [record["epoch"] for record in found.records] == [1, 2]
    assert "train_loss" in found.records[0]
    assert found.reasons["epoch"] == "Keras's CSVLogger counts from 0"


def test_a_second_fit_in_one_keras_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="comes again"):
        read_history(written(tmp_path, "k.csv", payload("keras_csvlogger_appended")))


def test_a_resumed_keras_table_is_read_only_with_what_it_counts_from(tmp_path: Path) -> None:
    file = written(tmp_path, "k.csv", payload("keras_csvlogger_resumed"))

    with pytest.raises(RecordError, match="counts_from"):
        read_history(file)
    assert [record["epoch"] for record in read_history(file, counts_from=0)] == [4, 5]
    assert [record["epoch"] for record in read_history(file, counts_from=1)] == [3, 4]


# DataFrames.


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_frame_is_read_as_its_rows(frame: Any) -> None:
    found = read_history(frame({"epoch": [1, 2], "train_accuracy": [0.5, 0.75]}))

    assert found == [{"epoch": 1, "train_acc": 0.5}, {"epoch": 2, "train_acc": 0.75}]
    assert type(found[0]["train_acc"]) is float


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_frame_without_epochs_is_numbered_from_one(frame: Any) -> None:
    # As xgboost.cv returns it.
    found = read_history(frame({"train-rmse-mean": [0.5, 0.25]}), explain=True)

    assert found.records == [{"epoch": 1, "train-rmse-mean": 0.5}, {"epoch": 2, "train-rmse-mean": 0.25}]
    assert "numbered from 1" in found.reasons["epoch"]


def test_a_frame_that_counts_something_else_gets_no_epochs() -> None:
    table = {"training_iteration": [1, 2], "my_loss": [0.5, 0.25]}

    assert read_history(pd.DataFrame(table)) == [dict(zip(table, row, strict=True)) for row in ((1, 0.5), (2, 0.25))]


@pytest.mark.parametrize(
    "history",
    [
        pd.DataFrame({"run_id": ["a", "b"], "metrics.loss": [0.5, 0.4]}),
        pl.DataFrame({"number": [0, 1], "value": [0.5, 0.4], "state": ["COMPLETE", "FAIL"]}),
        pd.DataFrame({"param_C": [0.1, 1.0], "mean_fit_time": [0.5, 0.4], "mean_test_score": [0.5, 0.6]}),
        {"fit_time": [0.5, 0.4], "score_time": [0.1, 0.1], "test_score": [0.5, 0.6]},
    ],
    ids=["runs", "trials", "candidates", "folds"],
)
def test_rows_that_are_no_epochs_are_not_numbered(history: Any) -> None:
    with pytest.raises(RecordError, match=r"runs or trials|search"):
        read_history(history)


def test_a_nan_in_a_frame_stays() -> None:
    (record,) = read_history(pd.DataFrame({"epoch": [1], "my_loss": [np.nan]}))

    assert np.isnan(record["my_loss"])


def test_a_frame_of_a_lightning_table_is_lightnings() -> None:
    table = pd.DataFrame(
        {"epoch": [0, 0, 1, 1], "step": [4, 4, 9, 9], "tl": [0.5, None, 0.4, None], "vl": [None, 1, None, 2]}
    )

    assert read_history(table) == [
        {"epoch": 1, "step": 4, "tl": 0.5, "vl": 1.0},
        {"epoch": 2, "step": 9, "tl": 0.4, "vl": 2.0},
    ]


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"loss": [1.0, 2.0]}, index=[5, 6]),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame({"epoch": [1, 2, 1], "loss": [1.0, 2.0, 3.0]}),
    ],
    ids=["index", "one name twice", "appended"],
)
def test_a_frame_that_does_not_say_its_epochs_is_an_error(table: Any) -> None:
    with pytest.raises(RecordError):
        read_history(table)


def test_a_frame_of_kerass_columns_or_table_is_kerass() -> None:
    columns = {"loss": [0.5, 0.4], "val_loss": [0.6, 0.5]}

    for frame in (pd.DataFrame(columns), pd.DataFrame({"epoch": [0, 1], **columns})):
        assert read_history(frame) == read_history(columns)


def test_a_frame_of_wandb_needs_an_epoch() -> None:
    frame = pd.DataFrame({"_step": [0, 1], "_runtime": [1.5, 2.5], "loss": [0.5, 0.4]})

    with pytest.raises(RecordError, match="count calls of log"):
        read_history(frame)
    assert read_history(frame.assign(epoch=[1, 2])) == [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.4}]


def test_columns_may_be_arrays() -> None:
    columns = {"loss": np.array([0.5, 0.25]), "accuracy": pd.Series([0.1, 0.2])}

    assert [record["train_acc"] for record in read_history(columns)] == [0.1, 0.2]


# Detection.


def test_ultralytics_results_keep_their_names(tmp_path: Path) -> None:
    found = read_history(written(tmp_path, "results.csv", payload("ultralytics_results")), explain=True)

    assert [record["epoch"] for record in found.records] == [1, 2, 3]
    assert [record["train/box_loss"] for record in found.records] == [1, 0.5, 0.333333]
    assert found.reasons["epoch"] == "results.csv counts from 1"


def test_old_padded_results_count_from_zero(tmp_path: Path) -> None:
    text = "       epoch,  train/box_loss,    x/lr0\n           0,   0.5,    0.01\n           1,   0.4,    0.01\n"

    found = read_history(written(tmp_path, "results.csv", text))

    assert found[0] == {"epoch": 1, "train/box_loss": 0.5, "x/lr0": 0.01}
    assert found[1]["epoch"] == 2


def test_mmengine_rows_become_one_an_epoch(tmp_path: Path) -> None:
    found = read_history(written(tmp_path, "scalars.json", payload("mmengine_by_epochs")), explain=True)

    assert [record["epoch"] for record in found.records] == [1, 2, 3]
    assert all(record["toy/accuracy"] == 0.5 for record in found.records)
    assert found.records[0]["loss"] == 0.09939715825021267
    assert found.reader == "mmengine"
    assert found.reasons["loss"] == "in the epoch of its row; of several rows the last counts"


def test_a_training_that_counts_iterations_is_given_no_epochs(tmp_path: Path) -> None:
    found = read_history(written(tmp_path, "scalars.json", payload("mmengine_by_iterations")))

    assert [record["step"] for record in found] == [2, 4, 6, 8]
    assert ["toy/accuracy" in record for record in found] == [False, True, False, True]
    assert "epoch" not in found[0]


def test_an_mmengine_validation_of_another_epoch_is_an_error(tmp_path: Path) -> None:
    text = payload("mmengine_by_epochs").replace(
        '"step": 2}\n{"lr": 0.01, "data_time": 0.004', '"step": 9}\n{"lr": 0.01, "data_time": 0.004'
    )

    with pytest.raises(RecordError, match="A validation is of step 9, and follows epoch 2"):
        read_history(written(tmp_path, "scalars.json", text))


def test_detectron2_rows_have_iterations_and_no_epochs(tmp_path: Path) -> None:
    text = payload("detectron2_metrics")
    found = read_history(written(tmp_path, "metrics.json", text))

    # The last evaluation has a row to itself.
    assert [(record["iteration"], record.get("bbox/AP")) for record in found] == [
        (19, pytest.approx(90)),
        (39, pytest.approx(95)),
        (59, None),
        (60, pytest.approx(95)),
    ]
    assert found[1].learning_rate == pytest.approx(0.01)
    assert "epoch" not in found[0]
    with pytest.raises(RecordError, match="comes again"):
        read_history(written(tmp_path, "metrics.json", text + text))


# W&B.


def wandb_rows(*rows: dict[str, object]) -> list[dict[str, object]]:
    return [{"_step": n, "_runtime": n * 1.5, "_timestamp": 1.7e9 + n, **row} for n, row in enumerate(rows)]


def test_wandb_rows_of_one_epoch_are_one() -> None:
    found = [dict(record) for record in read_history(payload("wandb_offline"))]

    assert [(row["epoch"], row["lr"], row["val/acc"]) for row in found] == [(1, 0.1, 0.6), (2, 0.1, 0.7), (3, 0.1, 0.8)]
    assert all(name[0] != "_" for row in found for name in row)


def test_what_wandb_does_not_have_in_a_row_is_not_in_the_record() -> None:
    rows = wandb_rows({"epoch": 1, "loss": 0.5, "acc": None}, {"epoch": 1, "acc": 0.1}, {"epoch": 2, "loss": 0.4})

    assert [dict(record) for record in read_history(rows)] == [
        {"epoch": 1, "loss": 0.5, "acc": 0.1},
        {"epoch": 2, "loss": 0.4},
    ]


@pytest.mark.parametrize(
    "rows",
    [
        wandb_rows({"loss": 0.5}, {"loss": 0.4}),
        wandb_rows({"epoch": 1, "loss": 0.5}, {"epoch": 1, "loss": 0.4}),
        wandb_rows({"epoch": 1.5, "loss": 0.5}),
    ],
    ids=["no epochs", "steps", "half an epoch"],
)
def test_wandb_steps_are_not_taken_for_epochs(rows: list[dict[str, object]]) -> None:
    with pytest.raises(RecordError):
        read_history(rows)


# TensorBoard.


def events(name: str) -> Any:
    """Return what tensorboard's own reader returned, with its methods."""
    return scalars(**payload(name)["scalars"])


def scalars(**columns: list[tuple[int, float]]) -> Any:
    points = {tag: [SimpleNamespace(step=s, value=v) for s, v in rows] for tag, rows in columns.items()}
    return SimpleNamespace(Tags=lambda: {"scalars": list(points)}, Scalars=points.__getitem__)


def by_epoch(found: Any) -> list[dict[str, object]]:
    return [dict(record) for record in found]


def test_scalars_that_were_written_with_the_epoch_are_one_row_each() -> None:
    found = read_history(events("tensorboard_by_epoch"), explain=True)

    assert [record["epoch"] for record in found.records] == [1, 2, 3]
    assert found.records[1]["val/loss"] == 0.75
    assert found.reasons["val/loss"] == "at the step with which it was written, which counts epochs"


def test_scalars_of_steps_and_of_epochs_are_not_laid_over_each_other() -> None:
    with pytest.raises(RecordError, match="loss 12, val_loss 3 points"):
        read_history(events("tensorboard_by_steps"))


def test_a_logged_epoch_places_the_steps() -> None:
    found = read_history(events("tensorboard_lightning"))

    assert by_epoch(found) == [
        {"epoch": 1, "train_loss": 0.5, "val_loss": 1.0},
        {"epoch": 2, "train_loss": 0.25, "val_loss": 0.5},
        {"epoch": 3, "train_loss": pytest.approx(1 / 6), "val_loss": pytest.approx(1 / 3)},
    ]


def test_a_logged_epoch_that_counts_from_one_is_not_moved() -> None:
    assert [row["epoch"] for row in read_history(scalars(epoch=[(4, 1), (8, 2)], loss=[(4, 0.5), (8, 0.4)]))] == [1, 2]


def test_events_without_scalars_are_an_error() -> None:
    with pytest.raises(RecordError, match="hold no scalars"):
        read_history(scalars())


@pytest.mark.parametrize("name", ["tensorboard_by_epoch", "tensorboard_lightning"])
def test_a_folder_of_events_is_read_by_tensorboard(name: str) -> None:
    pytest.importorskip("tensorboard")

    assert by_epoch(read_history(HISTORIES / name)) == by_epoch(read_history(events(name)))
    assert by_epoch(read_history(str(HISTORIES / name))) == by_epoch(read_history(events(name)))


def test_the_folders_of_kerass_callback_are_one_history() -> None:
    pytest.importorskip("tensorboard")

    found = read_history(HISTORIES / "tensorboard_keras")

    assert [record["epoch"] for record in found] == [1, 2, 3]
    assert [record["val_loss"] for record in found] == [1.5, 0.75, 0.5]


def test_a_list_of_records_is_explained_as_what_it_is() -> None:
    found = read_history([{"epoch": 1, "train_accuracy": 0.5}], explain=True)

    assert found.reader == "records"
    assert set(found.reasons) == {"epoch", "train_acc"}


def test_records_that_are_no_dicts_are_explained() -> None:
    found = read_history([NamedTuple("Row", [("epoch", int), ("train_accuracy", float)])(1, 0.5)], explain=True)

    assert list(found.reasons) == ["epoch", "train_acc"]


# A second training in one history.


def test_two_trainings_in_one_lightning_table_are_an_error(tmp_path: Path) -> None:
    once = dedent("""\
        epoch,step,train_loss,val_loss
        0,4,0.5,
        0,4,,0.6
        1,9,0.4,
        1,9,,0.5
        """)
    file = written(tmp_path, "metrics.csv", once + once.partition("\n")[2])

    with pytest.raises(RecordError, match="After epoch 2, epoch 1 comes again"):
        read_history(file)


@pytest.mark.parametrize("name", ["hf_log_history", "skorch_history"])
def test_two_trainings_in_one_log_are_an_error(name: str) -> None:
    log = payload(name)

    with pytest.raises(RecordError, match="comes again"):
        read_history([*log, *log])
