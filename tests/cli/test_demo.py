"""The demo is the README's first promise: it must show the real crash, and a verdict over real runs."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from mlflow import MlflowClient

from compatkit.cli._demo_runner import DemoRunner
from compatkit.cli.demo import _require_the_crash
from compatkit.errors import CompatkitError
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


def test_a_command_that_ends_otherwise_than_expected_ends_the_demo_with_its_output(tmp_path: Path) -> None:
    runner = DemoRunner(tmp_path, {"SAID": "from the environment"}, steps=1)
    command = """python -c "import os, sys; sys.exit(os.environ['SAID'])" """.strip()

    with pytest.raises(CompatkitError, match="ended with status 1, not 0:\nfrom the environment"):
        runner.run(command)
    with pytest.raises(CompatkitError, match="ended with status 0, not 1"):
        runner.run("python -c pass", expected=1)
    assert runner.run(command, expected=1).stderr == "from the environment\n"


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        (2, None, ["    a", "    b", "    … 1 more lines"]),
        (None, 2, ["    … 1 lines above", "    b", "    c"]),
        (3, None, ["    a", "    b", "    c"]),
        (None, None, ["    a", "    b", "    c"]),
    ],
)
def test_no_line_is_left_out_without_a_word(
    first: int | None, last: int | None, shown: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    DemoRunner(tmp_path, {}, steps=1).show(
        dedent("""\
            a
            b
            c
            """),
        first=first,
        last=last,
    )

    assert capsys.readouterr().out.splitlines() == shown


def test_another_crash_than_the_one_to_be_shown_ends_the_demo() -> None:
    with pytest.raises(CompatkitError, match="not the crash"):
        _require_the_crash("Traceback (most recent call last):\nModuleNotFoundError: No module named 'torch'\n")
