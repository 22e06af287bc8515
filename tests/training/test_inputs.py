"""The data of a run are its input, the same on both stacks; machine metrics are logged on request."""

from __future__ import annotations

import sys
from inspect import signature

import pytest
from mlflow import MlflowClient
from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

from compatkit.cli.compare import command as compare_command
from compatkit.equivalence import Policy, compare_snapshots, take_snapshot
from compatkit.migration import DEFAULT_MIGRATION
from compatkit.training import (
    OrchestratorConfig,
    TrainingOrchestrator,
    TrainingOrchestratorV2,
    load_dataset,
)
from compatkit.training.data import inputs_of
from compatkit.training.errors import TrackingError
from tests.command_line import command_runner
from tests.training.runs import ORCHESTRATORS, Orchestrator, train


def parts(client: MlflowClient, run_id: str) -> dict[str, tuple[str, str, str]]:
    found = client.get_run(run_id).inputs.dataset_inputs
    return {used.tags[0].value: (used.dataset.name, used.dataset.digest, used.dataset.profile) for used in found}


@ORCHESTRATORS
def test_both_parts_of_the_data_are_inputs(orchestrator: Orchestrator, tracking_uri: str, client: MlflowClient) -> None:
    logged = parts(client, train(orchestrator, None, tracking_uri, seed=7)["run_id"])

    expected = {used.tags[0].value: used.dataset for used in inputs_of(load_dataset("iris", seed=7))}
    assert logged == {context: (part.name, part.digest, part.profile) for context, part in expected.items()}
    assert set(logged) == {"training", "validation"}
    assert '"samples": 120' in logged["training"][2]


def test_another_split_is_another_input(tracking_uri: str) -> None:
    one = train(TrainingOrchestrator, None, tracking_uri, val_split=0.2)["run_id"]
    other = train(TrainingOrchestratorV2, None, tracking_uri, val_split=0.4)["run_id"]

    verdict = compare_snapshots(
        take_snapshot(one, tracking_uri=tracking_uri), take_snapshot(other, tracking_uri=tracking_uri), Policy.exact()
    )

    named = {found.name for found in verdict.deciding if found.kind.category == "dataset"}
    assert named == {"iris [training]#1", "iris [validation]#1"}


@pytest.mark.usefixtures("_quick_samples")
def test_system_metrics_are_logged_on_request_and_not_compared(tracking_uri: str, client: MlflowClient) -> None:
    quick = OrchestratorConfig.from_preset("quick_test", tracking={"uri": tracking_uri})

    with_them = TrainingOrchestratorV2(quick.with_overrides({"tracking.system_metrics": True, "epochs": 200}))
    if "tracking_uri" not in signature(SystemMetricsMonitor).parameters:
        # The lowest MLflow that the extra allows.
        with pytest.raises(TrackingError, match="need a newer MLflow"):
            with_them.train_model("iris")
        return
    sampled = with_them.train_model("iris").run_id
    plain = TrainingOrchestratorV2(quick.with_overrides({"epochs": 200})).train_model("iris").run_id

    assert any(name.startswith("system/") for name in client.get_run(sampled).data.metrics)
    assert not any(name.startswith("system/") for name in client.get_run(plain).data.metrics)
    chosen = ["--tracking-uri", tracking_uri, "--migration", DEFAULT_MIGRATION]
    compared = command_runner().invoke(compare_command, [plain, sampled, *chosen])
    assert compared.exit_code == 0, compared.output
    assert "allowed, MLflow's samples of how busy the machine was: metric extra system/" in compared.output


@pytest.fixture
def _quick_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.1")


def test_system_metrics_without_psutil_are_an_error(tracking_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    quick = OrchestratorConfig.from_preset("quick_test", tracking={"uri": tracking_uri, "system_metrics": True})

    with pytest.raises(TrackingError, match="System metrics need psutil"):
        TrainingOrchestratorV2(quick).train_model("iris")
