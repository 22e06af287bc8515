"""Checkpoints: whole or not at all, plain, and the continuation of a killed process is bitwise equal."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from mlflow import MlflowClient

from compatkit.errors import CompatkitError
from compatkit.training import DataSplit, ModelTrainerV2, OrchestratorConfig, TrainingError, TrainingOrchestratorV2
from compatkit.training.ending import FAILURE_TAG
from compatkit.training.errors import ConfigError
from compatkit.training.v2.checkpoints import BEST, LAST, Checkpointer, load_checkpoint, save_checkpoint
from compatkit.training.v2.loop.callbacks import Callback, TrainingState
from compatkit.training.v2.settings.sections import CheckpointConfig
from tests.training.full_disk import files_of_at_most
from tests.training.resuming import EPOCHS, run
from tests.training.runs import histories

SMALL: dict[str, Any] = {"epochs": 3, "model": {"hidden_size": 4}, "tracking": {"log_model": False}}


def small(folder: Path, uri: str, **changes: Any) -> OrchestratorConfig:
    settings = {**SMALL, "checkpoints": {"folder": str(folder)}, **changes}
    return OrchestratorConfig.from_dict(settings).with_overrides({"tracking.uri": uri})


def start_and_kill(folder: Path, uri: str, python: str, *, epoch: int) -> None:
    """Train in a process of its own, and kill it once a checkpoint of `epoch` is there."""
    command = [python, "-m", "tests.training.resuming", str(folder), uri, "--resume"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    pid = int(process.stdout.readline())  # that of `process` may be a stand-in's
    try:
        while process.poll() is None and epoch_of_last(folder) < epoch:
            time.sleep(0.05)
        assert process.poll() is None, "the training ended before it could be killed"
    finally:
        os.kill(pid, signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL


def epoch_of_last(folder: Path) -> int:
    if not (folder / LAST).exists():
        return -1
    return len(load_checkpoint(folder / LAST)["state"]["history"])


def test_killed_training_goes_on_bitwise_equal(
    tmp_path: Path, tracking_uri: str, client: MlflowClient, warm_python: str
) -> None:
    start_and_kill(tmp_path / "killed", tracking_uri, warm_python, epoch=4)

    resumed, weights = run(str(tmp_path / "killed"), tracking_uri, resume=True)

    whole, expected = run(str(tmp_path / "whole"), tracking_uri, resume=False)
    assert weights == expected
    assert histories(client, resumed) == histories(client, whole)
    assert client.get_run(resumed).data.params == client.get_run(whole).data.params
    assert client.get_run(resumed).info.status == "FINISHED"
    assert [point.step for point in client.get_metric_history(resumed, "epoch_time")] == list(range(1, EPOCHS + 1))
    best = [load_checkpoint(tmp_path / name / BEST) for name in ("killed", "whole")]
    assert all(torch.equal(best[0]["model"][name], weight) for name, weight in best[1]["model"].items())


def test_finished_training_is_resumed_without_a_trace(tmp_path: Path, tracking_uri: str, client: MlflowClient) -> None:
    config = small(tmp_path, tracking_uri)
    first = TrainingOrchestratorV2(config).train_model("iris")
    before = histories(client, first.run_id)

    again = TrainingOrchestratorV2(config).train_model("iris", resume=True)

    assert again == first
    assert histories(client, first.run_id) == before


def test_without_a_checkpoint_resuming_begins(tmp_path: Path, tracking_uri: str) -> None:
    result = TrainingOrchestratorV2(small(tmp_path / "new", tracking_uri)).train_model("iris", resume=True)

    assert result.epochs_trained == 3


def test_without_a_folder_resuming_is_refused(tracking_uri: str) -> None:
    with pytest.raises(ConfigError, match="without checkpoints cannot be resumed"):
        TrainingOrchestratorV2(tracking_uri=tracking_uri).train_model("iris", resume=True)


def test_checkpoint_of_another_model_is_named(tmp_path: Path, tracking_uri: str) -> None:
    TrainingOrchestratorV2(small(tmp_path, tracking_uri)).train_model("iris")
    other = small(tmp_path, tracking_uri, model={"hidden_size": 5})

    with pytest.raises(TrainingError, match=r"another training: model\.hidden_size was 4 and is 5"):
        TrainingOrchestratorV2(other).train_model("iris", resume=True)


def test_checkpoint_of_other_data_is_named(tmp_path: Path, tracking_uri: str) -> None:
    config = small(tmp_path, tracking_uri)
    rows = [[float(index), float(index % 3)] for index in range(30)]
    TrainingOrchestratorV2(config).train_model((rows, [0, 1, 2] * 10))

    with pytest.raises(TrainingError, match="another training: data was"):
        TrainingOrchestratorV2(config).train_model((rows, [0, 2, 1] * 10), resume=True)


def test_checkpoint_of_other_steps_is_named(tmp_path: Path, tracking_uri: str) -> None:
    config = small(tmp_path, tracking_uri, model={"type": "transformer", "hidden_size": 4})
    rows = torch.arange(30 * 6, dtype=torch.float32).reshape(30, 6) % 7
    labels = [0, 1, 2] * 10
    TrainingOrchestratorV2(config).train_model((rows.reshape(30, 3, 2), labels))

    with pytest.raises(TrainingError, match=r"another training: shape was \[3, 2\] and is \[2, 3\]"):
        TrainingOrchestratorV2(config).train_model((rows.reshape(30, 2, 3), labels), resume=True)


def test_run_that_was_deleted_is_named(tmp_path: Path, tracking_uri: str) -> None:
    config = small(tmp_path, tracking_uri)
    TrainingOrchestratorV2(config).train_model("iris")
    saved = load_checkpoint(tmp_path / LAST)
    save_checkpoint(tmp_path / LAST, {**saved, "about": {**saved["about"], "run_id": "0" * 32}})

    with pytest.raises(CompatkitError, match="no run 0000"):
        TrainingOrchestratorV2(config).train_model("iris", resume=True)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"text"])
def test_broken_checkpoint_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / LAST).write_bytes(content)

    with pytest.raises(TrainingError, match="cannot be used"):
        load_checkpoint(tmp_path / LAST)


def test_checkpoint_of_another_program_is_refused(tmp_path: Path) -> None:
    torch.save({"model": {}}, tmp_path / LAST)

    with pytest.raises(TrainingError, match="not written by compatkit"):
        load_checkpoint(tmp_path / LAST)


def test_checkpoint_executes_nothing(tmp_path: Path) -> None:
    torch.save(Path("a path is an object of a class"), tmp_path / LAST)

    with pytest.raises(TrainingError, match="cannot be used"):
        load_checkpoint(tmp_path / LAST)


def test_full_disk_is_named_and_the_last_checkpoint_stays_whole(tmp_path: Path, iris: DataSplit) -> None:
    path = tmp_path / LAST
    save_checkpoint(path, {"state": {"weights": torch.zeros(10)}})
    before = path.read_bytes()
    with files_of_at_most(20_000), pytest.raises(TrainingError, match="checkpoint was not written"):
        save_checkpoint(path, {"state": {"weights": torch.zeros(100_000)}})

    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [LAST]


class Filling(Callback):
    """Fills the disk in an epoch: no file may have more than so many bytes from then on."""

    def __init__(self, epoch: int, size: int, disk: contextlib.ExitStack) -> None:
        self._epoch, self._size, self._disk = epoch, size, disk

    def on_epoch(self, state: TrainingState) -> None:
        if state.epoch == self._epoch:
            self._disk.enter_context(files_of_at_most(self._size))


def test_training_on_a_full_disk_fails_and_goes_on_where_it_was(
    tmp_path: Path, tracking_uri: str, client: MlflowClient
) -> None:
    # The store must still grow: only checkpoints, some 10 MB each, are too large.
    size = Path(tracking_uri.removeprefix("sqlite:///")).stat().st_size + 2_000_000
    whole, other = (small(tmp_path / name, tracking_uri, model={"hidden_size": 2000 + size // 60}) for name in "ab")
    with contextlib.ExitStack() as disk, pytest.raises(TrainingError, match="checkpoint was not written"):
        TrainingOrchestratorV2(other, callbacks=[Filling(2, size, disk)]).train_model("iris")

    saved = load_checkpoint(tmp_path / "b" / LAST)
    failed = client.get_run(saved["about"]["run_id"])
    resumed = TrainingOrchestratorV2(other).train_model("iris", resume=True)

    assert (failed.info.status, failed.data.tags[FAILURE_TAG][:30]) == ("FAILED", "The checkpoint was not written")
    assert len(saved["state"]["history"]) == 1
    expected = TrainingOrchestratorV2(whole).train_model("iris")
    assert histories(client, resumed.run_id) == histories(client, expected.run_id)
    assert sorted(file.name for file in (tmp_path / "b").iterdir()) == [BEST, LAST]


def test_training_that_diverges_keeps_the_last_good_checkpoint(tmp_path: Path, iris: DataSplit) -> None:
    from compatkit.training import build_model

    model = build_model("mlp", features=4, classes=3, seed=0)
    keeper = Checkpointer(CheckpointConfig(folder=str(tmp_path)), {})

    ModelTrainerV2(callbacks=[keeper]).train(
        model, iris.train, iris.validation, epochs=5, batch_size=16, lr=1e30, optimizer="sgd"
    )

    kept = load_checkpoint(tmp_path / LAST)["state"]["model"]
    assert all(bool(weight.isfinite().all()) for weight in kept.values())


@pytest.mark.parametrize(("every", "kept"), [(1, [0, 1, 2, 3]), (2, [0, 2, 3]), (9, [0, 3])])
def test_last_is_written_every_few_epochs_and_at_the_end(
    every: int, kept: list[int], iris: DataSplit, tmp_path: Path
) -> None:
    from compatkit.training import build_model

    seen: list[int] = []

    class Counting(Checkpointer):
        def _write_last(self, state: Any) -> None:
            super()._write_last(state)
            seen.append(epoch_of_last(tmp_path))

    keeper = Counting(CheckpointConfig(folder=str(tmp_path), every_epochs=every), {})
    model = build_model("mlp", features=4, classes=3, seed=0)
    ModelTrainerV2(callbacks=[keeper]).train(model, iris.train, iris.validation, epochs=3, batch_size=16, lr=0.1)

    assert seen == kept
