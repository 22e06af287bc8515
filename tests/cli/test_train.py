"""`compatkit train`, `presets` and `tracking flush`: what they say, and with which status they end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import Result
from mlflow import MlflowClient

from compatkit.cli.presets import command as presets_command
from compatkit.cli.tracking import command as tracking_command
from compatkit.cli.train import command as train_command
from compatkit.errors import CompatkitError
from compatkit.training import PRESETS, OrchestratorConfig, preset_config
from compatkit.training.spool import MetricPoint, Spool
from compatkit.training.v2.checkpoints import LAST, load_checkpoint
from tests.command_line import command_runner


def train(uri: str, *arguments: str) -> Result:
    given = ["--preset", "quick_test", "--tracking-uri", uri, "--format", "json", *arguments]
    return command_runner().invoke(train_command, given, catch_exceptions=False)


@pytest.mark.parametrize("stack", ["v1", "v2"])
def test_training_is_logged_with_its_overrides(stack: str, tracking_uri: str) -> None:
    done = train(tracking_uri, "--stack", stack, "--dataset", "iris", "epochs=3", "optimizer.learning_rate=0.02")

    result = json.loads(done.stdout)
    run = MlflowClient(tracking_uri).get_run(result["run_id"])
    name = "lr" if stack == "v1" else "optimizer.learning_rate"
    assert done.exit_code == 0
    assert result["epochs_trained"] == 3
    assert (run.data.tags["stack.orchestrator"], run.data.params[name]) == (stack, "0.02")
    assert run.info.status == "FINISHED"


def test_summary_ends_with_the_command_that_opens_the_run(tracking_uri: str) -> None:
    done = train(tracking_uri, "--format", "text", "--dataset", "iris")

    lines = done.stdout.splitlines()
    assert " finished after 2 epochs; the best was " in lines[0]
    assert [line.split()[0] for line in lines[1:4]] == ["train_loss", "val_loss", "train_accuracy"]
    assert lines[-1] == f"Open it with: mlflow ui --backend-store-uri {tracking_uri}"


def test_own_dataset_is_loaded(tracking_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_dataset.py").write_text("def pairs():\n    return [[float(i)] for i in range(20)], [0, 1] * 10\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    result = json.loads(train(tracking_uri, "--dataset", "own_dataset:pairs").stdout)

    assert MlflowClient(tracking_uri).get_run(result["run_id"]).data.params["dataset"] == "arrays"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "quick_tst"], "did you mean 'quick_test'"),
        (["epoch=3"], "did you mean 'epochs'"),
        (["epochs=0"], "epochs is 0"),
        (["--dataset", "digit"], "did you mean 'digits'"),
        (["--dataset", "absent_module:X"], "cannot be loaded: ModuleNotFoundError"),
        (["--stack", "v1", "scheduler.name=cosine"], r"v1 has no argument for scheduler\.name"),
        (["--resume"], "without checkpoints cannot be resumed"),
    ],
)
def test_what_cannot_be_is_named(arguments: list[str], message: str, tracking_uri: str) -> None:
    with pytest.raises(CompatkitError, match=message):
        train(tracking_uri, *arguments)


@pytest.mark.parametrize("arguments", [["--config", "x.toml"], ["--stack", "v1", "--resume"]])
def test_wrong_use_is_refused(arguments: list[str], tracking_uri: str) -> None:
    assert train(tracking_uri, *arguments).exit_code == 2  # click's own; the group turns it into 64


@pytest.mark.slow("trains until it is interrupted")
def test_ctrl_c_ends_the_epoch_and_the_run_goes_on_when_resumed(
    tracking_uri: str, tmp_path: Path, warm_python: str
) -> None:
    given = ["--preset", "quick_test", "--dataset", "iris", "--tracking-uri", tracking_uri, "--format", "json"]
    settings = ["epochs=100000", f"checkpoints.folder={tmp_path}", "tracking.flush_seconds=0.1"]
    process = subprocess.Popen(
        [warm_python, "-m", "compatkit", "train", *given, *settings], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while not (tmp_path / "best.pt").exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, told = process.communicate()

    result = json.loads(output)
    run = MlflowClient(tracking_uri).get_run(result["run_id"])
    saved = load_checkpoint(tmp_path / LAST)
    assert process.returncode == 2
    assert b"Interrupted: the training ends with this epoch" in told
    assert (run.info.status, run.data.tags["stack.stopped"]) == ("KILLED", "interrupted")
    assert len(saved["state"]["history"]) == result["epochs_trained"] > 0
    assert saved["state"]["stop"] == ""


def presets(*arguments: str) -> str:
    return command_runner().invoke(presets_command, arguments, catch_exceptions=False).stdout


def test_presets_stand_side_by_side() -> None:
    header, *rows = presets().splitlines()

    settings = {row.split()[0]: row.split()[1:] for row in rows}
    assert header.split() == ["setting", *PRESETS]
    assert settings["epochs"] == [str(config.epochs) for config in PRESETS.values()]
    assert "runtime.seed" not in settings


def test_presets_as_json_are_configurations() -> None:
    read = {
        name: OrchestratorConfig.from_dict(settings)
        for name, settings in json.loads(presets("--format", "json")).items()
    }

    assert read == PRESETS


def test_preset_as_toml_is_a_configuration_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(presets("--format", "toml", "production_large"))

    assert OrchestratorConfig.from_file(tmp_path / "config.toml") == preset_config("production_large")


def test_unknown_preset_is_answered_with_the_nearest() -> None:
    with pytest.raises(CompatkitError, match="did you mean 'development'"):
        presets("developmnt")


def flush(folder: Path) -> Result:
    return command_runner().invoke(tracking_command, ["flush", "--spool", str(folder)], catch_exceptions=False)


def test_flush_sends_what_is_there_and_keeps_what_it_cannot_send(tmp_path: Path, tracking_uri: str) -> None:
    client = MlflowClient(tracking_uri)
    run_id = client.create_run(client.create_experiment("flushed")).info.run_id
    for name in (run_id, "0" * 32):
        spool = Spool(tmp_path, name, tracking_uri)
        spool.append([MetricPoint("loss", 0.5, 1, 1)])
        spool.close(is_empty=False)

    done = flush(tmp_path)

    assert done.exit_code == 2
    assert done.stdout == f"{run_id}: 1 values sent\n"
    assert "refused the spool" in done.stderr
    assert [file.stem for file in tmp_path.iterdir()] == ["0" * 32]


def test_flush_of_an_empty_spool_is_done(tmp_path: Path) -> None:
    done = flush(tmp_path)

    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "The spool is empty.\n")
