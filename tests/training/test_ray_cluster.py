"""Trainings on a Ray cluster of two nodes: what they log, and what becomes of a lost process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from mlflow import MlflowClient

from compatkit.cli.compare import command as compare_command
from compatkit.training import TrainingOrchestratorV2
from compatkit.training.ending import FAILURE_TAG
from compatkit.training.errors import ClusterError, LostProcessError
from compatkit.training.v2.checkpoints import LAST, load_checkpoint
from compatkit.training.v2.on_ray.cluster import FIT_THREAD
from compatkit.training.v2.on_ray.controller import cause_of
from tests import once
from tests.command_line import command_runner
from tests.training import on_cluster
from tests.training.on_cluster import KilledOnce, Told, on_ray, set_variables
from tests.training.runs import histories
from tests.training.test_distributed import PROCESSES
from tests.training.together import Both, StopAt, config, orchestrate

pytestmark = pytest.mark.slow("starts a Ray cluster")


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The run's cluster, for this test alone: each of them wants all that it has."""
    set_variables(monkeypatch)
    address = once.service(tmp_path_factory, f"{on_cluster.__name__}:{on_cluster.two_nodes.__name__}")
    with once.once_a_run(tmp_path_factory, "ray"):
        yield address


def test_ray_logs_one_run_through_the_kill_of_a_process(
    cluster: str, both: Both, tmp_path: Path, tracking_uri: str, client: MlflowClient
) -> None:
    told = Told()
    asked = on_ray(config(tmp_path / "ray", tracking_uri), cluster, restarts=1)
    orchestrator = TrainingOrchestratorV2(asked, callbacks=[KilledOnce(1, 3, tmp_path), StopAt(5), told])

    with pytest.warns(UserWarning, match=r"Process 1 of the training ended, or .* All were started again"):
        result = orchestrator.train_model("wine")
    two, _ = both.do(orchestrate, str(tmp_path / "two"), tracking_uri, (StopAt(5),))
    alone = orchestrate(str(tmp_path / "one"), tracking_uri, (StopAt(5),))

    ray_saved, two_saved = (load_checkpoint(tmp_path / name / LAST)["state"] for name in ("ray", "two"))
    assert told.calls == ["start", 1, 2, 3, 4, 5, "end"]
    run = client.get_run(result.run_id)
    assert (run.info.status, run.data.tags["stack.stopped"]) == ("FINISHED", "enough")
    assert run.data.tags["compatkit.env.torch.processes"] == "2 by gloo"
    assert [record.epoch for record in result.history] == [1, 2, 3, 4, 5]
    assert histories(client, result.run_id) == histories(client, two)
    assert orchestrator.model is not None
    for weights in (two_saved["model"], orchestrator.model.state_dict()):
        assert all(torch.equal(weight, weights[name]) for name, weight in ray_saved["model"].items())

    (tmp_path / "migration.toml").write_text(PROCESSES)
    policy = ["--migration", str(tmp_path / "migration.toml"), "--tracking-uri", tracking_uri]
    compared = command_runner().invoke(compare_command, [alone, result.run_id, *policy])
    assert (compared.exit_code, "Verdict: equivalent" in compared.output) == (0, True), compared.output


def test_process_that_is_gone_is_told_before_those_that_missed_it(cluster: str) -> None:
    from ray.exceptions import ActorDiedError
    from ray.train import WorkerGroupError

    failures = {0: LostProcessError.of("Connection closed by peer"), 1: ActorDiedError()}
    cause = cause_of(WorkerGroupError("said by Ray", failures))

    assert isinstance(cause, LostProcessError)
    assert cause.what == "Process 1 of the training ended, or cannot be reached."
    assert "The actor died" in cause.where


def test_cluster_without_room_is_told_after_the_patience(
    cluster: str, tmp_path: Path, tracking_uri: str, client: MlflowClient
) -> None:
    asked = on_ray(config(tmp_path, tracking_uri), cluster, processes=3, patience_seconds=1.0)

    with pytest.raises(ClusterError, match="no room: 3 CPUs are asked for; it has 2 CPUs"):
        TrainingOrchestratorV2(asked.with_overrides({"tracking.experiment_name": "no-room"})).train_model("wine")

    for thread in threading.enumerate():
        if thread.name == FIT_THREAD:  # Ray's part ends too; until then the connection is kept
            thread.join(on_cluster.PATIENCE)
            assert not thread.is_alive()
            import ray  # takes a second of each worker's start

            ray.shutdown()
    experiment = client.get_experiment_by_name("no-room")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FAILED"
    assert "has no room" in run.data.tags[FAILURE_TAG]


def test_callback_that_cannot_be_sent_is_refused(cluster: str, tmp_path: Path, tracking_uri: str) -> None:
    unsendable = KilledOnce(0, 1, tmp_path)
    unsendable.held = threading.Lock()  # type: ignore[attr-defined]

    with pytest.raises(ClusterError, match="cannot be sent to other processes"):
        TrainingOrchestratorV2(on_ray(config(tmp_path, tracking_uri), cluster), callbacks=[unsendable]).train_model(
            "wine"
        )
