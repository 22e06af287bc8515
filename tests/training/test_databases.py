"""A training logs the same wherever its runs are: SQLite, PostgreSQL, and an HTTP server over that."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from compatkit.equivalence import Policy, Snapshot, compare_snapshots, take_snapshot
from compatkit.migration import find_migration
from compatkit.training import OrchestratorConfig, TrainingOrchestrator, TrainingOrchestratorV2
from compatkit.training.ending import FAILURE_TAG
from compatkit.training.errors import TrainingError
from compatkit.training.v2.sweep import combinations, run_sweep

pytestmark = pytest.mark.slow("starts a database and a server")


@pytest.fixture(scope="module")
def server(tracking_server: tuple[str, str]) -> str:
    return tracking_server[0]


@pytest.fixture(scope="module")
def database(tracking_server: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What the server is over: PostgreSQL where it is installed; the last line that pytest prints says which."""
    # MLflow puts artifacts beside the working directory of the moment when it opens the store.
    with contextlib.chdir(tmp_path_factory.mktemp("database")):
        MlflowClient(tracking_server[1])
        yield tracking_server[1]


def config(uri: str, experiment: str, **changes: object) -> OrchestratorConfig:
    # An experiment for each way in: its artifacts lie where it was created from.
    tracking = {"uri": uri, "experiment_name": experiment, "metric_names": "both", "log_model": True}
    return OrchestratorConfig.from_preset("quick_test", tracking=tracking, **changes)


def trained(uri: str, experiment: str, folder: Path) -> Snapshot:
    """Train, resume what is finished, and read the run: nothing may be there twice."""
    keeping = {"folder": str(folder / experiment)}
    whole = config(uri, experiment, checkpoints=keeping)
    TrainingOrchestratorV2(whole).train_model("iris")
    resumed = TrainingOrchestratorV2(whole).train_model("iris", resume=True)
    return take_snapshot(resumed.run_id, tracking_uri=uri)


def test_training_logs_the_same_to_each(tracking_uri: str, database: str, server: str, tmp_path: Path) -> None:
    expected = trained(tracking_uri, "on-sqlite", tmp_path)
    direct, served = trained(database, "direct", tmp_path), trained(server, "served", tmp_path)

    assert {"train_acc", "train_accuracy"} <= set(expected.metrics)
    assert expected.models
    assert len(expected.datasets) == 2
    policy = Policy.from_migration(find_migration())
    for snapshot in (direct, served):
        verdict = compare_snapshots(expected, snapshot, policy)
        assert verdict.is_equivalent, verdict.deciding


def test_v1_and_v2_log_the_same_to_the_server(server: str) -> None:
    flat = config(server, "stacks").flatten()
    arguments = {row.v1: flat[row.v2] for row in find_migration().arguments}

    v1 = TrainingOrchestrator(**{**arguments, "experiment_name": "stacks"}).train_model("iris")["run_id"]
    v2 = TrainingOrchestratorV2(config(server, "stacks")).train_model("iris").run_id

    before, after = (take_snapshot(run, tracking_uri=server) for run in (v1, v2))
    verdict = compare_snapshots(before, after, Policy.from_migration(find_migration()))
    assert verdict.is_equivalent, verdict.deciding


def test_failure_and_sweep_reach_the_database(database: str) -> None:
    failing = {"name": "sgd", "learning_rate": 1e30}
    with pytest.raises(TrainingError, match="The training loss became"):
        TrainingOrchestratorV2(config(database, "failing", optimizer=failing)).train_model("iris")
    base = config(database, "swept").with_overrides({"tracking.log_model": False})
    parent, outcomes = run_sweep(combinations([], seeds=2, base=base), "iris")

    client = MlflowClient(database)
    (failed,) = client.search_runs([client.get_experiment_by_name("failing").experiment_id])
    children = client.search_runs(
        [client.get_experiment_by_name("swept").experiment_id], f"tags.mlflow.parentRunId = '{parent}'"
    )
    assert (failed.info.status, FAILURE_TAG in failed.data.tags) == ("FAILED", True)
    assert len(children) == len(outcomes) == 2
