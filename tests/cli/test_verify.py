"""`compatkit verify` proves the bundled stack, and finds what is wrong with a user's own classes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli import test_group
from tests.cli.here import compatkit

OWN = """
import signal
import sys

from compatkit.training import ModelTrainer, TrainingOrchestrator


class Faithful(ModelTrainer):
    pass


class DropsMetric(ModelTrainer):
    def train(self, *args, **kwargs):
        return [{k: v for k, v in r.items() if k != "val_loss"} for r in super().train(*args, **kwargs)]


class ShiftsSteps(ModelTrainer):
    def train(self, *args, **kwargs):
        return [{**r, "epoch": r["epoch"] - 1} for r in super().train(*args, **kwargs)]


class LosesLastEpoch(ModelTrainer):
    def train(self, *args, **kwargs):
        return super().train(*args, **kwargs)[:-1]


class OtherRate(ModelTrainer):
    def train(self, *args, lr, **kwargs):
        return super().train(*args, lr=lr * 1.01, **kwargs)


class Exits(ModelTrainer):
    def train(self, *args, **kwargs):
        sys.exit(0)


class Interrupts(ModelTrainer):
    def train(self, *args, **kwargs):
        signal.raise_signal(signal.SIGINT)


class ReturnsOldRun(TrainingOrchestrator):
    first = None

    def train_model(self, dataset):
        ReturnsOldRun.first = ReturnsOldRun.first or super().train_model(dataset)
        return ReturnsOldRun.first


class RenamesParam(TrainingOrchestrator):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.config["size_of_batch"] = self.config["batch_size"]

    def _log_setup(self, run, data):
        kept = self.config.pop("batch_size")
        super()._log_setup(run, data)
        self.config["batch_size"] = kept
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the user's classes; one, as a module is imported once."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "own_stack.py").write_text(OWN)
    return folder


def test_the_bundled_stack_is_equivalent(project: Path) -> None:
    done = compatkit("verify", "--dataset", "iris", cwd=project)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("Verdict: equivalent")
    assert done.stdout.count("equivalent") == 4


def test_a_faithful_trainer_in_the_working_directory_is_equivalent(project: Path) -> None:
    done = test_group.compatkit("verify", "--dataset", "iris", "--trainer", "own_stack:Faithful", cwd=project)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("option", "planted", "named"),
    [
        ("--trainer", "DropsMetric", "metric missing: val_loss"),
        ("--trainer", "ShiftsSteps", "shifted by -1 steps"),
        ("--trainer", "LosesLastEpoch", "metric steps: train_loss, from step 5"),
        ("--trainer", "OtherRate", "metric value: train_loss, from step 1"),
        ("--orchestrator", "RenamesParam", "renamed? 'size_of_batch' has the same value"),
    ],
)
def test_a_planted_difference_is_found_and_named(project: Path, option: str, planted: str, named: str) -> None:
    done = compatkit(
        "verify", "--dataset", "iris", option, f"own_stack:{planted}", "--store", f"store-{planted}", cwd=project
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert named in done.stdout
    assert "Verdict: not equivalent" in done.stdout


def test_a_trainer_that_exits_is_a_failure_whatever_status_it_gives(project: Path) -> None:
    done = compatkit("verify", "--dataset", "iris", "--trainer", "own_stack:Exits", cwd=project)

    assert done.returncode == 2, done.stdout + done.stderr
    assert "Exits on TrainingOrchestrator failed: SystemExit: 0" in done.stdout
    assert "Verdict: not equivalent" in done.stdout


def test_a_module_that_exits_when_it_is_imported_is_an_error(project: Path) -> None:
    (project / "leaves.py").write_text("import sys\nsys.exit(0)\n")

    done = test_group.compatkit("verify", "--dataset", "iris", "--trainer", "leaves:Trainer", cwd=project)

    assert done.returncode == 2, done.stdout + done.stderr
    assert "'leaves:Trainer' cannot be loaded" in done.stderr
    assert not done.stdout


def test_an_interrupt_ends_it_without_a_verdict(project: Path) -> None:
    done = test_group.compatkit("verify", "--dataset", "iris", "--trainer", "own_stack:Interrupts", cwd=project)

    assert done.returncode == 2, done.stdout + done.stderr
    assert "Interrupted." in done.stderr
    assert not done.stdout


def test_a_run_of_an_earlier_cell_proves_nothing(project: Path) -> None:
    done = compatkit("verify", "--dataset", "iris", "--orchestrator", "own_stack:ReturnsOldRun", cwd=project)

    assert done.returncode == 2, done.stdout + done.stderr
    assert "ModelTrainerV2 on ReturnsOldRun failed" in done.stdout


def test_json_and_page_hold_every_cell(project: Path) -> None:
    done = compatkit(
        "verify", "--dataset", "iris", "--preset", "quick_test", "--format", "json", "--html", "page.html", cwd=project
    )

    (matrix,) = json.loads(done.stdout)
    assert matrix["equivalent"]
    assert len(matrix["cells"]) == 4
    page = (project / "page.html").read_text()
    assert "Of 4: 3 equivalent, 1 baseline." in page
    assert "quick_test on iris: ModelTrainerV2 on TrainingOrchestratorV2" in page


def test_a_class_that_is_not_there_is_an_error(project: Path) -> None:
    done = compatkit("verify", "--trainer", "own_stack:Absent", cwd=project)

    assert done.returncode == 2
    assert "'own_stack:Absent' cannot be loaded" in done.stderr
