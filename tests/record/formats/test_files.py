"""Files and runs of stores: nothing in them is dropped, and what is broken is reported with its place."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow import MlflowClient
from mlflow.entities import Metric

from compatkit.record import RecordError, formats, read_history
from compatkit.training.server import tracking_uri_set

# Lone surrogates are no text that a file in UTF-8 can hold.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
rows_of_json = st.lists(
    st.fixed_dictionaries({"epoch": st.integers(1, 99), "train_loss": st.floats(0, 9), "note": texts}), min_size=1
)


@given(rows_of_json.map(lambda rows: [{**row, "epoch": number} for number, row in enumerate(rows)]))
def test_json_lines_hold_any_text(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]) -> None:
    file = tmp_path_factory.mktemp("lines") / "log.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")

    assert formats.read_known(file) == rows


@pytest.mark.parametrize("name", ["log.json", "log.jsonl", "log.csv"])
def test_a_byte_order_mark_is_no_part_of_the_content(tmp_path: Path, name: str) -> None:
    row = {"epoch": 1, "train_loss": 0.5}
    text = {"log.json": json.dumps([row]), "log.jsonl": json.dumps(row), "log.csv": "epoch,train_loss\n1,0.5\n"}[name]
    (tmp_path / name).write_text(text, encoding="utf-8-sig")

    assert formats.read_known(tmp_path / name) == [row]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("epoch,a,a\n1,2,3\n", "the column 'a' comes twice"),
        ('epoch,a\n1,"x"y\n', "line 1"),
        (
            dedent("""\
                epoch,a
                1,2
                2,3,4
                """),
            "line 3 has another number of cells",
        ),
    ],
)
def test_a_table_that_would_lose_a_cell_is_an_error(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "log.csv").write_text(content)

    with pytest.raises(RecordError, match=reason):
        formats.read_known(tmp_path / "log.csv")


@pytest.mark.parametrize(("content", "seen"), [('{"a": 1}', "a dict of 'a' to int"), ("3", "a int")])
def test_a_file_of_an_unknown_shape_is_told_what_it_holds(tmp_path: Path, content: str, seen: str) -> None:
    (tmp_path / "log.json").write_text(content)

    with pytest.raises(RecordError, match=f"it holds {seen}"):
        formats.read_known(tmp_path / "log.json")


def test_a_path_within_a_file_is_not_followed(tmp_path: Path) -> None:
    file = tmp_path / "log.json"
    file.write_text(json.dumps(str(file)))

    with pytest.raises(RecordError, match="it holds the str"):
        formats.read_known(file)


def test_a_tab_separated_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "log.tsv").write_text("epoch\ttrain_loss\n1\t0.5\n")

    assert formats.read_known(tmp_path / "log.tsv") == [{"epoch": 1, "train_loss": 0.5}]


def test_a_dict_reader_is_read_as_its_rows() -> None:
    reader = csv.DictReader(io.StringIO("epoch,train_loss\n1,0.5\n"))

    assert formats.read_known(reader) == [{"epoch": 1, "train_loss": 0.5}]


def test_a_dict_reader_that_would_lose_a_cell_is_an_error() -> None:
    with pytest.raises(RecordError, match="another number of cells"):
        formats.read_known(csv.DictReader(io.StringIO("epoch,train_loss\n1\n")))


def test_an_epoch_that_pandas_wrote_as_a_float_is_whole() -> None:
    rows = formats.read_known([{"epoch": "1.0", "train_loss": "2.0"}])

    assert rows == [{"epoch": 1, "train_loss": 2.0}]
    assert type(rows[0]["epoch"]) is int
    assert type(rows[0]["train_loss"]) is float


def test_a_path_of_no_known_kind_is_shown_as_one(tmp_path: Path) -> None:
    assert formats.phrase_for(Path("a") / "model.pt") == "the path 'a/model.pt'"


def test_run_of_another_store_is_not_read_as_empty(tracking_uri: str, tmp_path: Path) -> None:
    client = MlflowClient(tracking_uri)
    run_id = client.create_run(client.create_experiment("elsewhere")).info.run_id
    client.log_metric(run_id, "train_loss", 0.5, step=1)

    with tracking_uri_set(f"sqlite:///{tmp_path / 'other.db'}"), pytest.raises(RecordError, match="active store"):
        formats.read_known(client.get_run(run_id))


def test_samples_of_the_machine_are_no_epochs(active_store: str) -> None:
    client = MlflowClient(active_store)
    run_id = client.create_run(client.create_experiment("samples")).info.run_id
    client.log_metric(run_id, "train_loss", 0.5, step=1)
    for sample in range(4):
        client.log_metric(run_id, "system/cpu_utilization_percentage", 50.0, step=sample)

    assert formats.read_known(client.get_run(run_id)) == [{"epoch": 1, "train_loss": 0.5}]


def points_of(columns: dict[str, list[tuple[int, float]]]) -> dict[str, list[Metric]]:
    return {
        name: [Metric(name, value=value, timestamp=time, step=step) for time, (step, value) in enumerate(column)]
        for name, column in columns.items()
    }


def test_an_epoch_that_lightning_logs_places_its_steps() -> None:
    found = read_history(
        points_of({"tl": [(2, 0.5), (5, 0.4)], "vl": [(2, 0.6)], "epoch": [(2, 0), (5, 1), (6, 2)], "test": [(6, 0.7)]})
    )

    assert found == [{"epoch": 1, "tl": 0.5, "vl": 0.6}, {"epoch": 2, "tl": 0.4, "test": 0.7}]


def test_an_epoch_that_hugging_face_logs_is_a_part_of_one() -> None:
    found = read_history(
        points_of({"loss": [(2, 0.5), (3, 0.4), (6, 0.3)], "epoch": [(2, 0.67), (3, 1.0), (6, 2.0000001)]})
    )

    assert found == [{"epoch": 1, "loss": 0.4}, {"epoch": 2, "loss": 0.3}]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"loss": [(0, 0.5), (0, 0.4), (0, 0.3)]}, "without a step"),
        ({"batch_loss": [(n, 0.5) for n in range(40)], "val_loss": [(0, 0.6), (1, 0.5)]}, "'val_loss' ends at step 1"),
        ({"loss": [(3, 0.5), (6, 0.4)], "epoch": [(3, 3), (6, 4)]}, "counts_from"),
        ({"loss": [(3, 0.5), (6, 0.4)], "epoch": [(3, 1), (6, 0)]}, "comes again"),
        ({"loss": [(3, 0.5), (6, 0.4)], "epoch": [(3, 0), (9, 1)]}, "one number to each step"),
        ({"loss": [(3, 0.5), (3, 0.4)], "epoch": [(3, 0), (3, 1)]}, "one number to each step"),
    ],
    ids=["no steps", "batches and epochs", "resumed", "appended", "some", "two at one step"],
)
def test_metrics_whose_epochs_are_not_certain_are_an_error(columns: Any, reason: str) -> None:
    with pytest.raises(RecordError, match=reason):
        read_history(points_of(columns))


def test_a_training_that_stopped_before_its_last_validation_is_read() -> None:
    found = read_history(points_of({"tl": [(1, 0.5), (2, 0.4), (3, 0.3)], "vl": [(1, 0.6), (2, 0.5)]}))

    assert [(row["epoch"], "vl" in row) for row in found] == [(1, True), (2, True), (3, False)]


# All metrics reach the last step, 10.
STEPS = st.lists(st.integers(1, 9), unique=True).map(lambda steps: [*steps, 10])


@given(st.dictionaries(st.sampled_from(["a", "b"]), STEPS, min_size=1))
def test_every_point_of_a_metric_is_kept_at_its_step(steps: dict[str, list[int]]) -> None:
    points = {
        name: [Metric(name, value=step / 2, timestamp=1, step=step) for step in taken] for name, taken in steps.items()
    }

    rows = formats.read_known(points)

    assert rows is not None
    assert [row["epoch"] for row in rows] == sorted({step for taken in steps.values() for step in taken})
    for name, taken in steps.items():
        assert {row["epoch"]: row[name] for row in rows if name in row} == {step: step / 2 for step in taken}
