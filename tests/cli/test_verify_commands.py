"""`compatkit verify` on commands that really log to MLflow, and its refusal of contradictory options."""

from __future__ import annotations

import html
import json
import sys
from pathlib import Path

import pytest

from tests.cli.here import compatkit

TRAIN = """
import os, random, sys
import mlflow
random.seed(int(os.environ["COMPATKIT_SEED"]))
mlflow.set_experiment("digits")
with mlflow.start_run(run_name="nightly"):
    mlflow.log_param("lr", 0.1)
    for step in range(3):
        mlflow.log_metric("loss", random.random() * float(sys.argv[1]), step=step)
    mlflow.log_text("a report", "report.txt")
"""
# The weights are those of both; the second layer is another function on one side.
WATCHED = """
import sys
import mlflow, torch
from compatkit.trace import watch
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.LeakyReLU(float(sys.argv[1])), torch.nn.Linear(2, 1))
with mlflow.start_run(run_name="nightly"):
    watch(net)
    mlflow.log_metric("loss", float(net(-torch.ones(4, 2)).sum()))
"""
FAILS = """
[[tool.compatkit.verify.scenarios]]
name = "fails"
before = "python -c 'raise SystemExit(3)'"
after = "python -c pass"

[[tool.compatkit.verify.scenarios]]
name = "logs nothing"
before = "python -c pass"
after = "python -c pass"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(TRAIN)
    return tmp_path


@pytest.fixture
def _quick_start(warm_commands: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the `python` of commands be one that has imported MLflow already."""
    monkeypatch.setattr(sys, "executable", str(warm_commands / "python"))


@pytest.mark.usefixtures("_quick_start")
def test_what_cannot_be_read_is_said_and_the_rest_decides_where_that_is_accepted(project: Path) -> None:
    away = "import shutil, mlflow; e = mlflow.create_experiment('away', artifact_location='away/art'); "
    logs = "r = mlflow.start_run(experiment_id=e); mlflow.log_text('a', 'a.txt'); mlflow.log_metric('loss', 1)"
    (project / "train.py").write_text(f"{away}{logs}; mlflow.end_run(); shutil.rmtree('away')")
    sides = ("--before", "python train.py", "--after", "python train.py")

    done = compatkit("verify", *sides, "--once", "--jobs", "1", "--accept-unread", cwd=project)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "its artifacts, if it logged any" in done.stdout


@pytest.mark.usefixtures("_quick_start")
def test_two_trainings_are_compared_and_the_folder_stays_clean(project: Path) -> None:
    done = compatkit(
        "verify",
        *("--before", "python train.py 1", "--after", "python train.py 1.001"),
        *("--store", "store", "--format", "json"),
        cwd=project,
    )

    assert done.returncode == 1, done.stdout + done.stderr
    (scenario,) = json.loads(done.stdout)
    (run,) = scenario["comparisons"][0]["runs"]
    assert run["run"] == "digits / nightly"
    assert run["verdict"]["compared"]["artifacts"] == 1
    assert {one["name"] for one in run["verdict"]["deciding"]} == {"loss"}
    assert sorted(entry.name for entry in project.iterdir()) == ["store", "train.py"]


@pytest.mark.usefixtures("_quick_start")
def test_explain_names_the_layer_in_which_two_commands_part(project: Path) -> None:
    (project / "watched.py").write_text(WATCHED)
    given = (
        "--before",
        "python watched.py 0.1",
        "--after",
        "python watched.py 0.2",
        "--explain",
        "--html",
        "page.html",
    )

    done = compatkit("verify", *given, "--output", "markdown=summary.md", "--format", "json", cwd=project)

    assert done.returncode == 1, done.stdout + done.stderr
    (run,) = json.loads(done.stdout)[0]["comparisons"][0]["runs"]
    began = run["explanation"]["began"]
    assert began == "batch 0 (training): the output of layer '1', of equal inputs and weights"
    assert began in html.unescape((project / "page.html").read_text())
    assert "Where they part: batch 0" in (project / "summary.md").read_text()


def test_every_scenario_is_run_and_its_failure_told(project: Path) -> None:
    (project / "pyproject.toml").write_text(FAILS)

    done = compatkit("verify", cwd=project)

    assert done.returncode == 2, done.stdout + done.stderr
    assert "ended with status 3" in done.stdout
    assert "logged no run" in done.stdout
    assert done.stdout.rstrip().endswith("No verdict: nothing was compared")
    assert "Verdict: " not in done.stdout


def test_a_shard_and_a_scenario_choose(project: Path) -> None:
    (project / "pyproject.toml").write_text(FAILS)

    second = compatkit("verify", "--shard", "2/2", cwd=project)
    empty = compatkit("verify", "--shard", "2/2", "--scenario", "fails", cwd=project)

    assert "ended with status 3" not in second.stdout
    assert "logged no run" in second.stdout
    assert empty.returncode == 0
    assert empty.stdout == "No verdict: nothing was compared\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--before", "a"], "--before and --after go together"),
        (["--before", "a", "--after", "b", "--base", "HEAD"], "leave out --before"),
        (["--base", "HEAD"], "--base needs a command"),
        (["python", "train.py"], "'python' is none of verify's"),
        (["--shim", "--before", "a", "--after", "b"], "go with --base"),
        (["--before", "a 'b", "--after", "b"], "--before cannot be read"),
        (["--before", " ", "--after", "b"], "--before is empty"),
        (["--before", "a", "--after", "b", "--dataset", "iris"], "--dataset is of the reference stack"),
        (["--before", "a", "--after", "b", "--shard", "1/2"], "declares"),
        (["--dataset", "iris", "--seed", "0"], "--seed needs commands"),
        (["--shard", "3/2"], "not of the form i/n"),
        (["--shard", "0/2"], "not of the form i/n"),
        (["--scenario", "absent"], "There is no scenario 'absent'"),
    ],
)
def test_options_that_make_no_sense_are_wrong_use(project: Path, arguments: list[str], said: str) -> None:
    done = compatkit("verify", *arguments, cwd=project)

    assert done.returncode == 64, done.stdout + done.stderr
    assert said in done.stderr
