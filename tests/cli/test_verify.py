"""`compatkit verify` proves the bundled stack, and finds what is wrong with a user's own classes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compatkit.cli import cli
from compatkit.equivalence import EquivalenceError
from tests.cli.test_group import compatkit

OWN = """
import signal
import sys

from compatkit.training import ModelTrainer, TrainingOrchestrator


def rows():
    return [[float(index % 3), float(index % 5)] for index in range(60)], ["a", "b", "c"] * 20


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


Verify = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("project")
    (folder / "own.py").write_text(OWN)
    yield folder
    sys.modules.pop("own", None)


@pytest.fixture
def verify(
    project: Path, tracking_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Verify:
    """Call the command in this process, where torch and MLflow are imported, over the worker's store."""
    monkeypatch.chdir(project)
    monkeypatch.setattr(sys, "path", [*sys.path])
    store = str(Path(tracking_uri.removeprefix("sqlite:///")).parent)

    def called(*arguments: str) -> tuple[int, str]:
        given = [*arguments, "--preset", "quick_test", "--store", store]
        dataset = () if "--dataset" in arguments else ("--dataset", "iris")
        status = cli.main(["verify", *given, *dataset], standalone_mode=False)
        return status, capsys.readouterr().out

    return called


@pytest.mark.slow("trains five presets, four times each")
def test_the_bundled_stack_is_equivalent_and_is_said_not_to_be_the_project(tmp_path: Path, warm_python: str) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.compatkit]\nmigrations = ["torch-2", "mlflow-3"]\n')

    done = compatkit("verify", "--dataset", "iris", cwd=tmp_path, python=warm_python)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing of this project" in done.stderr
    assert done.stdout.rstrip().endswith("Verdict: equivalent")
    assert done.stdout.count("equivalent") == 4


def test_a_faithful_trainer_of_the_users_own_is_equivalent(verify: Verify) -> None:
    status, text = verify("--trainer", "own:Faithful")

    assert status == 0, text


def test_a_data_set_of_the_users_own_is_trained_on(verify: Verify) -> None:
    status, text = verify("--dataset", "own:rows")

    assert status == 0, text
    assert text.startswith("quick_test on own:rows\n")


@pytest.mark.parametrize(
    ("option", "planted", "named"),
    [
        ("--trainer", "DropsMetric", "metric missing: val_loss"),
        ("--trainer", "ShiftsSteps", "shifted by -1 steps"),
        ("--trainer", "LosesLastEpoch", "metric steps: train_loss, from step 2"),
        ("--trainer", "OtherRate", "metric value: train_loss, from step 1"),
        ("--orchestrator", "RenamesParam", "renamed? 'size_of_batch' has the same value"),
    ],
)
def test_a_planted_difference_is_found_and_named(verify: Verify, option: str, planted: str, named: str) -> None:
    status, text = verify(option, f"own:{planted}")

    assert status == 1, text
    assert named in text
    assert "Verdict: not equivalent" in text


def test_a_trainer_that_exits_is_a_failure_whatever_status_it_gives(verify: Verify) -> None:
    status, text = verify("--trainer", "own:Exits")

    assert status == 2, text
    assert "Exits on TrainingOrchestrator failed: SystemExit: 0" in text
    assert "No verdict: 1 of 1 scenarios failed" in text


def test_a_module_that_exits_when_it_is_imported_is_an_error(verify: Verify, project: Path) -> None:
    (project / "leaves.py").write_text("import sys\nsys.exit(0)\n")

    with pytest.raises(EquivalenceError, match="'leaves:Trainer' cannot be loaded"):
        verify("--trainer", "leaves:Trainer")


@pytest.mark.slow("trains until it is interrupted")
def test_an_interrupt_ends_it_without_a_verdict(project: Path, warm_python: str) -> None:
    done = compatkit("verify", "--dataset", "iris", "--trainer", "own:Interrupts", cwd=project, python=warm_python)

    assert done.returncode == 2, done.stdout + done.stderr
    assert "Interrupted." in done.stderr
    assert not done.stdout


def test_a_run_of_an_earlier_cell_proves_nothing(verify: Verify) -> None:
    status, text = verify("--orchestrator", "own:ReturnsOldRun")

    assert status == 2, text
    assert "ModelTrainerV2 on ReturnsOldRun failed" in text


def test_json_and_page_hold_every_cell(verify: Verify, project: Path) -> None:
    _, text = verify("--format", "json", "--html", "page.html")

    (matrix,) = json.loads(text)
    assert matrix["equivalent"]
    assert len(matrix["cells"]) == 4
    page = (project / "page.html").read_text()
    assert "Of 4: 3 equivalent, 1 baseline." in page
    assert "quick_test on iris: ModelTrainerV2 on TrainingOrchestratorV2" in page


def test_a_class_that_is_not_there_is_an_error(verify: Verify) -> None:
    with pytest.raises(EquivalenceError, match="'own:Absent' cannot be loaded"):
        verify("--trainer", "own:Absent")
