"""The installed MLflow keeps things differently by store, as was measured; a snapshot is the same from each."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput, Metric, Param, RunTag

from compatkit.equivalence import EquivalenceError, Point, Policy, Snapshot, compare_snapshots, take_snapshot
from compatkit.equivalence.reading.canonical import is_same_tag
from compatkit.equivalence.reading.store.models_of_three import ModelMetric, ModelsOfThree, ServedModel
from tests.equivalence.reading.store.proxy import proxied
from tests.equivalence.reading.store.servers import mlflow_server, stop

EXACT = Policy.exact()
METRICS = {
    "inf": (Point(0, math.inf), Point(1, -math.inf)),
    "zero": (Point(0, 0.0),),
    "nan": (Point(0, 1.0), Point(1, math.nan)),
    "unordered": (Point(0, 0.25), Point(1, 0.125), Point(2, 0.5)),
    "twice": (Point(3, 0.5),),
    "moment": (Point(3, 0.5), Point(3, 0.25)),  # as the store has them
    "again": (Point(3, 0.5), Point(3, 0.25)),
    "a": (Point(0, 1.0),),
    "A": (Point(0, 2.0),),
    "numpy": (Point(4, 1.0),),
    "exact": (Point(0, 0.1), Point(1, 5e-324), Point(2, 1 / 3)),
    "größe": (Point(0, 1.0),),
}
LOGGED = [
    *(Metric("inf", value, 1, step) for step, value in enumerate([math.inf, -math.inf])),
    Metric("zero", -0.0, 1, 0),
    *(Metric("nan", value, 1, step) for step, value in enumerate([1.0, math.nan])),
    *(Metric("unordered", value, 9 - step, step) for step, value in [(2, 0.5), (0, 0.25), (1, 0.125)]),
    *(Metric("twice", 0.5, 7, 3) for _ in range(2)),
    *(Metric("moment", value, 7, 3) for value in (0.5, 0.25)),
    *(Metric("again", value, time, 3) for value, time in [(0.25, 8), (0.5, 7)]),
    Metric("a", 1.0, 1, 0),
    Metric("A", 2.0, 1, 0),
    *(Metric("exact", value, 1, step) for step, value in enumerate([0.1, 5e-324, 1 / 3])),
    Metric("größe", 1.0, 1, 0),
]
PARAMS = [Param("lr", "0.1"), Param("long", "p" * 7000)]
TAGS = [RunTag("team", "vision")]


def log(uri: str, folder: Path, *, loss: float = 0.5) -> str:
    """Log one training, as whoever writes to this store would."""
    client = MlflowClient(uri)
    place = None if uri.startswith("http") else (folder / "artifacts").as_uri()
    named = client.get_experiment_by_name("stores")
    experiment = named.experiment_id if named else client.create_experiment("stores", artifact_location=place)
    run = str(client.create_run(experiment, run_name="parent").info.run_id)
    client.log_batch(run, metrics=[*LOGGED, Metric("loss", loss, 1, 0)], params=PARAMS, tags=TAGS)
    # A file store cuts the tags of a batch, but not this one.
    client.set_tag(run, "long", "t" * 9000)
    client.log_metric(run, "numpy", 1.0, step=np.int64(4))
    client.log_dict(run, {"b": 1, "a": [0.1]}, "deep/a b.json")
    client.log_inputs(run, [DatasetInput(Dataset("iris", "d1", "local", "{}"), [InputTag("mlflow.data.context", "t")])])
    child = client.create_run(experiment, run_name="fold", tags={"mlflow.parentRunId": run})
    client.log_param(child.info.run_id, "fold", 1)
    for run_id in (child.info.run_id, run):
        client.set_terminated(run_id)
    return run


@pytest.fixture(scope="module")
def from_sqlite(tmp_path_factory: pytest.TempPathFactory, tracking_uri: str) -> Snapshot:
    run = log(tracking_uri, tmp_path_factory.mktemp("sqlite"))
    return take_snapshot(run, tracking_uri=tracking_uri)


@pytest.fixture
def file_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    return (tmp_path / "mlruns").as_uri()


def test_the_canonical_form_is_what_was_logged(from_sqlite: Snapshot) -> None:
    metrics = {name: points for name, points in from_sqlite.metrics.items() if name != "loss"}

    assert repr(dict(sorted(metrics.items()))) == repr(dict(sorted(METRICS.items())))
    assert from_sqlite.params == {"lr": "0.1", "long": "p" * 6000}
    assert from_sqlite.children["fold#1"].params == {"fold": "1"}
    assert [what.split()[0] for what in from_sqlite.notes] == ["param", "tag"]


def test_sqlite_keeps_what_was_measured(tracking_uri: str, from_sqlite: Snapshot) -> None:
    client = MlflowClient(tracking_uri)

    def history(name: str) -> list[Metric]:
        return list(client.get_metric_history(from_sqlite.run_id, name))

    assert [row.value for row in history("inf")] == [sys.float_info.max, -sys.float_info.max]
    assert math.copysign(1, history("zero")[0].value) == 1
    assert history("numpy")[0].step == np.int64(4).tobytes()
    # By time, which here runs against the steps.
    assert [row.step for row in history("unordered")] == [2, 1, 0]
    assert len(history("twice")) == 1
    data = client.get_run(from_sqlite.run_id).data
    assert (len(data.params["long"]), len(data.tags["long"])) == (6000, 8000)


def test_files_keep_what_was_measured_and_are_equivalent(
    file_store: str, from_sqlite: Snapshot, tmp_path: Path
) -> None:
    Path(tmp_path / "mlruns").mkdir()
    run = log(file_store, tmp_path)
    client = MlflowClient(file_store)

    assert [row.value for row in client.get_metric_history(run, "inf")] == [math.inf, -math.inf]
    assert math.copysign(1, client.get_metric_history(run, "zero")[0].value) == -1
    assert [row.step for row in client.get_metric_history(run, "unordered")] == [2, 0, 1]
    assert len(client.get_metric_history(run, "twice")) == 2
    assert len(client.get_run(run).data.tags["long"]) == 9000
    snapshot = take_snapshot(run, tracking_uri=file_store)
    verdict = compare_snapshots(from_sqlite, snapshot, EXACT)
    assert verdict.is_equivalent, verdict.deciding
    assert any("compared up to there" in note for note in verdict.notes)


@pytest.mark.slow("starts a database and a server")
def test_a_server_and_the_database_behind_it_are_equivalent_until_it_dies_in_the_middle(
    from_sqlite: Snapshot,
    tmp_path: Path,
    warm_python: str,
    new_database: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # PostgreSQL where it is installed; the last line that pytest prints says which. The server is killed: its own.
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    database = new_database()
    direct = log(database, tmp_path)
    with mlflow_server(database, tmp_path, warm_python) as (address, process):
        served, other = log(address, tmp_path), log(address, tmp_path, loss=math.nextafter(0.5, 1))

        snapshots = [
            from_sqlite,
            take_snapshot(direct, tracking_uri=database),
            # Written by the server and read by the client, and the other way round.
            take_snapshot(direct, tracking_uri=address),
            take_snapshot(served, tracking_uri=address),
        ]
        different = take_snapshot(other, tracking_uri=address)
        require_models_alike(MlflowClient(address), served)
        with proxied(address) as proxy:
            # The first history still arrives.
            proxy.fault = lambda path, answer: (stop(process) if "get-history" in path else None, answer)[1]
            with pytest.raises(EquivalenceError, match="tracking store cannot be read"):
                take_snapshot(served, tracking_uri=proxy.address)

    for snapshot in snapshots[1:]:
        verdict = compare_snapshots(from_sqlite, snapshot, EXACT)
        assert verdict.is_equivalent, verdict.deciding
        assert [difference.name for difference in compare_snapshots(snapshot, different, EXACT).deciding] == ["loss"]


def require_models_alike(client: MlflowClient, other: str) -> None:
    """Log a model, and hold what is asked for a client of MLflow 2 to what the client of MLflow 3 says."""
    experiment = client.get_run(other).info.experiment_id
    run = client.create_run(experiment).info.run_id
    given = {"params": {"layers": "3"}, "tags": {"team": "vision"}, "model_type": "mlp"}
    model = client.create_logged_model(experiment, name="net", source_run_id=run, **given)
    client.log_outputs(run, [LoggedModelOutput(model.model_id, 7)])
    client.log_metric(run, "acc", math.nan, step=3, model_id=model.model_id, dataset_name="iris", dataset_digest="d1")
    client.finalize_logged_model(model.model_id, "FAILED")
    asked = ModelsOfThree(client)

    said, known = asked.get_logged_model(model.model_id), client.get_logged_model(model.model_id)

    assert asked.pointed(run) == ([(model.model_id, 7)], [])
    assert [model.model_id for model in asked.made_by(run, [experiment])] == [model.model_id]
    assert not [*asked.made_by(other, [experiment])]
    for field in (field.name for field in fields(ServedModel) if field.name not in {"metrics", "status"}):
        assert getattr(said, field) == getattr(known, field), field
    assert (said.status, str(known.status)) == ("FAILED", "FAILED")
    ((metric,), (logged,)) = said.metrics, known.metrics
    for field in (field.name for field in fields(ModelMetric)):
        assert repr(getattr(metric, field)) == repr(getattr(logged, field)), field


def test_a_tag_that_was_cut_agrees_up_to_there_only() -> None:
    assert is_same_tag("t" * 8000, "t" * 9000)
    assert not is_same_tag("t" * 8000, "t" * 7999)
    assert not is_same_tag("t" * 8000, "t" * 7999 + "u" * 1001)
    assert not is_same_tag("t" * 8001, "t" * 9000)
