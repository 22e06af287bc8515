"""The demo is the README's first promise: it must show the real crash, and a verdict over real runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.cli.test_group import compatkit


@pytest.mark.slow("trains four times")
def test_the_demo_shows_the_crash_and_ends_with_equivalent_runs(tmp_path: Path, warm_python: str) -> None:
    service = tmp_path / "service"

    done = compatkit("demo", "--folder", str(service), cwd=tmp_path, python=warm_python)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "AttributeError: 'EpochMetrics' object has no attribute 'get'" in done.stdout
    assert "TrainingOrchestratorV2 as TrainingOrchestrator" in done.stdout
    client = MlflowClient(f"sqlite:///{service / 'mlflow.db'}")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    statuses = sorted(run.info.status for run in client.search_runs(experiments))
    assert statuses == ["FAILED", "FINISHED", "FINISHED", "FINISHED"]
    # The warning about places that are left must not look like the verdict.
    assert done.stdout.count("Verdict: equivalent") == 2


def test_a_folder_that_exists_is_refused(tmp_path: Path) -> None:
    done = compatkit("demo", "--folder", str(tmp_path))

    assert done.returncode == 2
    assert "exists" in done.stderr
