"""Histories of real frameworks become one record an epoch; an unknown format is claimed by no adapter."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mlflow import MlflowClient

from compatkit.record import EpochRecord, RecordError, formats, read_history
from tests.record.strategies import v1_dicts

HISTORIES = Path(__file__).parents[2] / "fixtures" / "histories"
losses = st.floats(0, 10, allow_nan=False)


def stored(name: str) -> dict[str, Any]:
    """Return a stored history; where the library returns 0-d tensors, tensors."""
    document = json.loads((HISTORIES / f"{name}.json").read_text())
    return _with_tensors(document)  # type: ignore[no-any-return]


def _with_tensors(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"__torch__"}:
            return torch.tensor(value["__torch__"])
        return {key: _with_tensors(item) for key, item in value.items()}
    return [_with_tensors(item) for item in value] if isinstance(value, list) else value


def column(history: list[EpochRecord], name: str) -> list[object]:
    return [record[name] for record in history]


# What must not be claimed.


@given(st.lists(v1_dicts, max_size=4))
def test_v1_records_are_claimed_by_no_adapter(history: list[dict[str, object]]) -> None:
    assert formats.read_known(history) is None


@pytest.mark.parametrize(
    "history",
    [
        [{"epoch": 1, "train_loss": 0.5, "val_loss": 0.6, "train_acc": 0.7, "lr": 0.1, "step": 10}],
        [{"epoch": 1, "loss": 0.5, "step": 10}],
        [{"epoch": 1, "loss": 0.5, "metrics": 3}],
        [{"epoch": 1, "loss": torch.tensor(0.5)}],
        [{"epoch": 1, "metrics": {"confusion": [[1, 0], [0, 1]]}, "iteration": 3}],
        [{"epoch": 1, "dur": 0.5, "loss": 0.1}],
        [{"note": "warm-up", "epoch": "first"}],
        [{}],
        [],
        [[1, 2]],
        [None],
        {"loss": 0.5, "val_loss": 0.6},
        {"loss": "high"},
        {},
        {"train": {"loss": 0.5}},
        {"train": {}},
        {1: [0.5]},
        "history",
        3,
        SimpleNamespace(history=[1, 2]),
        SimpleNamespace(metric_names=["loss"], values=3),
        SimpleNamespace(info=SimpleNamespace(run_id="1")),
        torch.tensor(0.5),
    ],
)
def test_what_no_framework_returns_is_claimed_by_no_adapter(history: object) -> None:
    assert formats.read_known(history) is None


# What each framework returns.


def test_keras_columns_are_read() -> None:
    document = stored("keras_history")

    history = read_history(document["payload"])

    assert column(history, "epoch") == [1, 2, 3]
    assert column(history, "train_loss") == document["payload"]["loss"]
    assert column(history, "train_accuracy") == document["payload"]["accuracy"]
    assert column(history, "val_acc") == document["payload"]["val_accuracy"]
    assert column(history, "lr") == document["payload"]["learning_rate"]


def test_a_keras_history_object_numbers_its_epochs() -> None:
    history = read_history(SimpleNamespace(history={"loss": [0.5, 0.4]}, epoch=[5, 6], params={}))

    assert column(history, "epoch") == [6, 7]


def test_keras_validation_is_placed_in_the_stated_epochs() -> None:
    history = read_history({"loss": [0.5, 0.4, 0.3, 0.2, 0.1], "val_loss": [0.6, 0.7]}, validated=[2, 4])

    assert [record.get("val_loss") for record in history] == [None, 0.6, None, 0.7, None]
    assert "val_loss" not in history[0]


HISTORY = SimpleNamespace(history={"loss": [4.0, 3.0, 2.0, 1.0], "val_loss": [6.0, 5.0]}, epoch=[0, 1, 2, 3])


def test_what_is_stated_of_a_keras_history_object_is_heard() -> None:
    stated = read_history(HISTORY, validated=[1, 4], counts_from=0)
    otherwise = read_history(SimpleNamespace(history={"loss": [2.0, 1.0]}, epoch=[1, 2]), counts_from=1)

    assert [(record["epoch"], record.get("val_loss")) for record in stated] == [
        (1, 6.0),
        (2, None),
        (3, None),
        (4, 5.0),
    ]
    assert column(otherwise, "epoch") == [1, 2]


@pytest.mark.parametrize(
    ("history", "stated"),
    [
        (HISTORY, {"validated": [1, 1]}),
        (HISTORY, {"validated": [4, 1]}),
        (HISTORY, {"validated": [1, 4], "counts_from": 2}),
        # Nobody moves these.
        ([{"epoch": 0, "train_loss": 1.0}], {"counts_from": 0}),
        ([{"epoch": "0", "mine": "1"}], {"counts_from": 0}),
        ({"loss": [2.0, 1.0]}, {"counts_from": 0}),
    ],
)
def test_a_statement_that_contradicts_itself_or_says_nothing_is_an_error(history: Any, stated: dict[str, Any]) -> None:
    with pytest.raises(RecordError, match="The statement"):
        read_history(history, **stated)


@pytest.mark.parametrize("name", ["step", "iter", "global_step", "Epoch"])
def test_a_second_training_in_one_table_is_an_error_whatever_counts_its_rows(name: str, tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text(f"{name},mine\n10,1\n20,2\n10,3\n", encoding="utf-8")

    with pytest.raises(RecordError, match=f"After {name} 20, {name} 10 comes again"):
        read_history(file)
    with pytest.raises(RecordError, match="comes again"):
        read_history(pd.read_csv(file))


def test_two_trainings_in_one_keras_history_are_an_error() -> None:
    with pytest.raises(RecordError, match="comes again"):
        read_history(SimpleNamespace(history={"loss": [2.0, 1.0, 2.0, 1.0]}, epoch=[0, 1, 0, 1]))


@pytest.mark.parametrize(
    "columns",
    [
        {"loss": [1.0, 2.0, 3.0], "val_loss": [1.0]},
        {"loss": [1.0, 2.0], "val_loss": []},
        # Of every second epoch, of the last ones, or of those of a list.
        {"loss": [0.5, 0.4, 0.3, 0.2, 0.1], "val_loss": [0.6, 0.7]},
    ],
)
def test_columns_that_cannot_be_placed_for_certain_are_an_error(columns: dict[str, list[float]]) -> None:
    with pytest.raises(RecordError, match="cannot be placed for certain: loss"):
        read_history(columns)


def test_columns_of_a_hand_written_loop_keep_their_names() -> None:
    history = read_history({"epoch": [3, 4], "train_loss": [0.5, 0.4], "train_acc": [0.1, 0.2]})

    assert history == [
        {"epoch": 3, "train_loss": 0.5, "train_acc": 0.1},
        {"epoch": 4, "train_loss": 0.4, "train_acc": 0.2},
    ]


def test_hugging_face_rows_are_merged_by_epoch() -> None:
    log = stored("hf_log_history")["payload"]

    history = read_history(log)

    assert column(history, "epoch") == [1, 2, 3]
    assert column(history, "train_loss") == [row["loss"] for row in log if "loss" in row]
    assert column(history, "val_loss") == [row["eval_loss"] for row in log if "eval_loss" in row]
    assert column(history, "val_accuracy") == [row["eval_accuracy"] for row in log if "eval_loss" in row]
    assert history[-1]["train_loss_mean"] == log[-1]["train_loss"]
    assert history[-1]["train_runtime"] == log[-1]["train_runtime"]


def test_a_loss_that_hugging_face_logged_within_an_epoch_is_not_taken_for_the_epochs() -> None:
    log = [
        {"loss": 0.9, "learning_rate": 0.1, "epoch": 0.5, "step": 5},
        {"loss": 0.7, "learning_rate": 0.1, "epoch": 1.0, "step": 10},
    ]

    assert read_history(log) == [{"epoch": 1, "loss": 0.7, "lr": 0.1, "step": 10}]


def test_hugging_face_state_trainer_and_checkpoint_file_are_the_same(tmp_path: Path) -> None:
    log = stored("hf_log_history")["payload"]
    state = SimpleNamespace(log_history=log)
    file = tmp_path / "trainer_state.json"
    file.write_text(json.dumps({"log_history": log, "global_step": 69}))

    expected = read_history(log)

    assert read_history(state) == read_history(SimpleNamespace(state=state)) == read_history(file) == expected


def test_lightning_csv_rows_are_merged_by_epoch(tmp_path: Path) -> None:
    document = stored("lightning_csvlogger")
    file = tmp_path / "metrics.csv"
    file.write_text(document["raw_csv"])

    for given_ in (document["payload"], file, str(file)):
        history = read_history(given_)
        assert column(history, "epoch") == [1, 2, 3]
        assert history[0]["train_loss"] == 2.223691701889038
        assert history[0]["train_loss_step"] == 2.1221330165863037
        assert history[0]["val_accuracy"] == 0.5138888955116272


def test_a_lightning_row_without_an_epoch_belongs_to_the_epoch_that_logs_next(tmp_path: Path) -> None:
    file = tmp_path / "metrics.csv"
    file.write_text(
        dedent("""\
            epoch,step,lr-Adam,train_loss
            ,1,0.5,
            0,2,,0.9
            ,3,0.25,
            1,4,,0.8
            ,5,0.125,
            """)
    )

    assert column(read_history(file), "lr-Adam") == [0.5, 0.125]


def test_lightning_callback_metrics_become_numbers() -> None:
    payload = stored("lightning_callback_metrics")["payload"]

    history = read_history(payload)

    assert column(history, "epoch") == [1, 2, 3]
    assert column(history, "train_accuracy") == [row["train_acc"].item() for row in payload]
    assert all(type(value) in {int, float} for record in history for value in record.values())
    assert read_history(payload[0]) == [{key: value.item() for key, value in payload[0].items()}]


def test_skorch_rows_are_read_from_the_history_and_from_the_net() -> None:
    payload = stored("skorch_history")["payload"]
    payload[0]["train_loss"] = np.float64(payload[0]["train_loss"])

    history = read_history(payload)

    assert column(history, "val_loss") == [row["valid_loss"] for row in payload]
    assert column(history, "val_acc") == [row["valid_acc"] for row in payload]
    assert column(history, "epoch_time") == [row["dur"] for row in payload]
    assert type(history[0]["train_loss"]) is float
    assert "batches" not in history[0]
    assert read_history(SimpleNamespace(history=payload)) == history


@pytest.mark.parametrize(
    ("name", "metric"), [("xgboost_evals_result", "mlogloss"), ("lightgbm_record_evaluation", "multi_logloss")]
)
def test_boosting_rounds_are_read(name: str, metric: str) -> None:
    payload = stored(name)["payload"]

    history = read_history(payload)

    assert column(history, "epoch") == [1, 2, 3]
    assert column(history, f"train_{metric}") == payload["train"][metric]
    assert column(history, f"val_{metric}") == payload["val"][metric]
    assert read_history(SimpleNamespace(evals_result_=payload)) == history


def test_the_estimators_of_xgboost_and_lightgbm_are_read() -> None:
    xgboost = stored("xgboost_sklearn_evals_result")["payload"]
    lightgbm = stored("lightgbm_sklearn_evals_result")["payload"]

    by_xgboost = read_history(SimpleNamespace(evals_result=lambda: xgboost))
    by_lightgbm = read_history(SimpleNamespace(evals_result_=lightgbm))

    assert column(by_xgboost, "validation_1_merror") == xgboost["validation_1"]["merror"]
    assert column(by_lightgbm, "train_multi_logloss") == lightgbm["training"]["multi_logloss"]
    assert column(by_lightgbm, "valid_1_multi_error") == lightgbm["valid_1"]["multi_error"]


def test_skorch_without_validation_is_read() -> None:
    history = read_history(stored("skorch_history_without_validation")["payload"])

    assert column(history, "epoch") == [1, 2]
    assert not any(name.startswith("val") for name in history[0])


def test_a_boosting_set_whose_name_does_not_say_what_it_is_keeps_it() -> None:
    assert read_history({"validation_0": {"merror": [0.5]}}) == [{"epoch": 1, "validation_0_merror": 0.5}]


def test_fastai_rows_are_read_from_the_recorder_and_from_the_learner() -> None:
    recorder = SimpleNamespace(**stored("fastai_recorder")["payload"])

    history = read_history(recorder)

    assert column(history, "epoch") == [1, 2, 3]
    assert column(history, "train_loss") == [row[0] for row in recorder.values]
    assert column(history, "val_loss") == [row[1] for row in recorder.values]
    assert column(history, "val_accuracy") == [row[2] for row in recorder.values]
    assert read_history(SimpleNamespace(recorder=recorder)) == history


def test_ignite_states_are_read_as_dicts_and_as_objects() -> None:
    payload = stored("ignite_state")["payload"]

    history = read_history(payload)

    assert column(history, "epoch") == [1, 2, 3]
    assert column(history, "accuracy") == [state["metrics"]["accuracy"] for state in payload]
    assert read_history([SimpleNamespace(**state) for state in payload]) == history


def test_an_ignite_state_without_metrics_is_no_history() -> None:
    with pytest.raises(RecordError, match="a SimpleNamespace of the module types"):
        read_history(SimpleNamespace(**stored("ignite_state")["returned_state"]))


# Files.


def test_a_keras_csv_counts_from_one(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text(stored("keras_history")["csvlogger"])

    history = read_history(file)

    assert column(history, "epoch") == [1, 2, 3]
    assert history[0]["train_accuracy"] == 0.16214334964752197


@given(
    st.lists(
        st.tuples(st.integers(0, 99), losses, st.none() | losses), min_size=1, max_size=5, unique_by=lambda row: row[0]
    ).map(sorted)
)
def test_a_plain_csv_keeps_names_epochs_and_gaps(rows: list[tuple[int, float, float | None]]) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["epoch", "train_loss", "val_acc"])
    writer.writerows([epoch, loss, "" if accuracy is None else accuracy] for epoch, loss, accuracy in rows)
    stream.seek(0)

    history = read_history(list(csv.DictReader(stream)))

    wanted = [{"epoch": e, "train_loss": loss, "val_acc": accuracy} for e, loss, accuracy in rows]
    assert history == [{key: value for key, value in row.items() if value is not None} for row in wanted]


@pytest.mark.parametrize(("name", "join"), [("log.jsonl", "\n"), ("log.ndjson", "\n"), ("log.json", "")])
def test_json_files_are_read(tmp_path: Path, name: str, join: str) -> None:
    rows = [{"epoch": 1, "train_accuracy": 0.5}, {"epoch": 2, "train_acc": 0.75}]
    text = join.join(map(json.dumps, rows)) if join else json.dumps(rows)
    (tmp_path / name).write_text(text)

    assert column(read_history(tmp_path / name), "train_acc") == [0.5, 0.75]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.csv", None),
        ("log.json", b"{"),
        ("log.jsonl", b'{"a": 1}\nx\n'),
        ("log.csv", b"\xff\xfe\x00"),
        ("log.csv", b"a,b\n1\n"),
        ("log.csv", b'#{"t": 1.0, "e": 2}\nr,l\n1,2\n'),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(RecordError, match=name):
        read_history(tmp_path / name)


# MLflow.


def test_an_mlflow_run_and_its_histories_are_read(active_store: str) -> None:
    client = MlflowClient(active_store)
    run_id = client.create_run(client.create_experiment("formats")).info.run_id
    for epoch, loss in ((2, 0.25), (1, 0.5)):
        client.log_metric(run_id, "train_loss", loss, step=epoch)
        client.log_metric(run_id, "train_acc", loss / 2, step=epoch)
    client.log_metric(run_id, "final_val_f1", 0.75)

    history = read_history(client.get_run(run_id))

    assert history == [
        {"epoch": 1, "train_loss": 0.5, "train_acc": 0.25},
        {"epoch": 2, "train_loss": 0.25, "train_acc": 0.125, "final_val_f1": 0.75},
    ]
    points = {name: client.get_metric_history(run_id, name) for name in ("train_loss", "train_acc")}
    assert read_history(points)[1] == {"epoch": 2, "train_loss": 0.25, "train_acc": 0.125}


# What cannot be read.


@pytest.mark.parametrize(
    ("history", "seen"),
    [
        ({"a": 1, "b": 2, "c": 3, "d": 4}, "a dict of 'a', 'b', 'c', … to int"),
        (3, "a int of the module builtins"),
        ("a history", "the str 'a history'"),
    ],
)
def test_an_unknown_shape_is_told_what_was_seen_and_what_is_known(history: object, seen: str) -> None:
    with pytest.raises(RecordError) as caught:
        read_history(history)

    assert seen in str(caught.value)
    for known in formats.KNOWN:
        assert known in str(caught.value)


def test_no_framework_is_imported() -> None:
    import subprocess
    import sys

    heavy = "{'torch', 'mlflow', 'numpy', 'pandas', 'keras'}"
    code = f"import sys; from compatkit.record import formats; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
