"""Other libraries treat a record as the v1 dict, once, under v1 keys."""

from __future__ import annotations

import csv
import io
import json
import json.encoder
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
import yaml
from mlflow import MlflowClient
from torch.utils.data import default_collate

from compatkit.record import EpochMetrics, EpochRecord
from compatkit.record.compat_record import rebuild_record
from tests.record.strategies import TO_V1

V2 = EpochMetrics(1, 0.5, 0.6, 0.7, 0.8, 0.1, 0.2, 0.3, 1e-3, 2.0)
V1 = {TO_V1.get(key, key): value for key, value in vars(V2).items()}
RECORD = EpochRecord(V1)


def _pure_python_json(record: object) -> str:
    chunks = json.encoder.JSONEncoder()
    make: Callable[..., Any] = json.encoder._make_iterencode  # type: ignore[attr-defined]
    encode = make({}, None, json.encoder.encode_basestring, None, float.__repr__, ":", ",", False, False, False)
    assert chunks is not None
    return "".join(encode(record, 0))


@pytest.mark.parametrize(
    "written",
    [
        lambda record: json.dumps(record),
        lambda record: json.dumps(record, indent=1),
        lambda record: json.dumps(record, sort_keys=True),
        lambda record: json.dumps([{"nested": record}])[12:-2],
        _pure_python_json,
        orjson.dumps,
        msgspec.json.encode,
    ],
)
def test_json_is_that_of_the_v1_dict(written: Callable[[object], str | bytes]) -> None:
    assert json.loads(written(RECORD)) == V1


def test_message_pack_is_that_of_the_v1_dict() -> None:
    assert msgspec.msgpack.encode(RECORD) == msgspec.msgpack.encode(V1)


def test_csv_rows_are_those_of_the_v1_dict() -> None:
    stream = io.StringIO()
    csv.DictWriter(stream, fieldnames=list(V1)).writerow(RECORD)

    assert stream.getvalue().strip() == ",".join(str(value) for value in V1.values())


@pytest.mark.parametrize(
    "columns",
    [
        lambda history: list(pd.DataFrame(history).columns),
        lambda history: list(pd.DataFrame.from_records(history).columns),
        lambda history: list(pd.json_normalize(history).columns),
        lambda history: pl.DataFrame(history).columns,
        lambda history: pl.from_dicts(history).columns,
        lambda history: pa.Table.from_pylist(history).column_names,
    ],
    ids=["pandas", "from_records", "json_normalize", "polars", "from_dicts", "pyarrow"],
)
def test_a_frame_has_each_metric_once_under_its_v1_key(columns: Callable[[object], list[str]]) -> None:
    assert columns([RECORD, RECORD]) == list(V1)


def test_a_frame_has_the_values_of_every_record() -> None:
    history = [EpochRecord({**V1, "epoch": epoch}) for epoch in range(3)]

    assert pd.DataFrame(history)["epoch"].tolist() == [0, 1, 2]
    assert pl.DataFrame(history)["train_acc"].to_list() == [0.7] * 3
    assert pa.Table.from_pylist(history).column("lr").to_pylist() == [1e-3] * 3


def test_default_collate_batches_each_value() -> None:
    batch = default_collate([RECORD, RECORD])

    assert list(batch) == list(V1)
    assert batch["train_accuracy"].tolist() == [0.7, 0.7]


def test_mlflow_logs_each_value_once(active_store: str, tmp_path: Path) -> None:
    client = MlflowClient(active_store)
    experiment = client.create_experiment("idioms", artifact_location=tmp_path.as_uri())
    run_id = client.create_run(experiment).info.run_id
    metrics = {key: value for key, value in RECORD.items() if isinstance(value, float)}

    import mlflow

    with mlflow.start_run(run_id=run_id):
        mlflow.log_metrics(EpochRecord(metrics), step=1)
        mlflow.log_params(RECORD)
        mlflow.log_dict(RECORD, "epoch.json")

    run = client.get_run(run_id)
    assert run.data.metrics == metrics
    assert run.data.params == {key: str(value) for key, value in V1.items()}
    assert json.loads((tmp_path / run_id / "artifacts" / "epoch.json").read_text()) == V1


def _saved(content: object) -> io.BytesIO:
    stream = io.BytesIO()
    torch.save(content, stream)
    stream.seek(0)
    return stream


def test_torch_saves_and_loads_a_record() -> None:
    (again,) = torch.load(_saved({"history": [RECORD]}), weights_only=False)["history"]

    assert type(again) is EpochRecord
    assert again == V1


def test_the_default_torch_load_takes_a_record_only_once_it_was_told_that_the_class_is_safe() -> None:
    with pytest.raises(Exception, match="Weights only load failed"):
        torch.load(_saved({"history": [RECORD]}))
    with torch.serialization.safe_globals([EpochRecord, rebuild_record]):
        (again,) = torch.load(_saved({"history": [RECORD]}))["history"]

    assert type(again) is EpochRecord
    assert again == V1


def test_the_default_torch_load_takes_plain_dicts() -> None:
    assert torch.load(_saved({"history": [RECORD.to_v1()]}))["history"] == [V1]


def test_yaml_takes_plain_dicts() -> None:
    with pytest.raises(yaml.representer.RepresenterError):
        yaml.safe_dump(RECORD)

    assert yaml.safe_load(yaml.safe_dump(RECORD.to_v1())) == V1
