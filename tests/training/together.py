"""Two processes that train together, and do what the tests send them: `both.do(JOB, …)`.

Under torchrun, `-m tests.training.together FOLDER URI`: the last process kills itself once, and is started again.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from torch import nn

from compatkit.training import ModelTrainerV2, OrchestratorConfig, TrainingOrchestratorV2, build_model, load_dataset
from compatkit.training.v2.loop.callbacks import Callback, CallersCallback, Progress, TrainingState

Settings = dict[str, Any]
Weights = dict[str, Any]
KILLED_AFTER = 3  # epochs


@dataclass(frozen=True)
class Both:
    """The two processes, by the ends of their pipes."""

    ends: list[Connection]

    def do(self, job: Callable[..., Any], *arguments: Any) -> list[Any]:
        """Let both do `job`, and return what each returned, or the exception that it raised."""
        for end in self.ends:
            end.send(partial(job, *arguments))
        return [_received(end) for end in self.ends]


def _received(end: Connection) -> Any:
    try:
        return pickle.loads(end.recv_bytes())
    except (EOFError, ConnectionResetError):
        return None  # it was killed


@contextmanager
def two_processes(python: str) -> Iterator[Both]:
    """Start two processes of one group with the interpreter `python`, and end them with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ends, processes = [], []
    with Listener(family="AF_UNIX") as listener:
        for rank in range(2):
            command = [python, "-m", "tests.training.together", "serve", str(rank), str(port), str(listener.address)]
            processes.append(subprocess.Popen(command, env=root))
            ends.append(listener.accept())
    try:
        yield Both(ends)
    finally:
        for process in processes:
            process.kill()
            process.wait()
        for end in ends:
            end.close()


def _serve(rank: int, port: int, address: str) -> None:
    import torch

    from compatkit.training.v2.loop.distributed import joined_processes

    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    with Client(address) as end, joined_processes(torch.device("cpu")):
        while True:
            job = end.recv()
            try:
                done = job()
            except Exception as error:  # noqa: BLE001  # sent to the test, which asserts it
                done = error
            # By value: `send` would hand tensors down by descriptors, to a process that knows this one's key.
            end.send_bytes(pickle.dumps(done))


def fit(settings: Settings, model: Settings, dataset: str, run: Settings) -> tuple[list[Any], Weights]:
    """Train a model; return the records and the weights. In one process alone, and as a job of two."""
    return _fit(_built(model, dataset), ModelTrainerV2(OrchestratorConfig.from_dict(settings)), dataset, run)


def fit_stopped(epoch: int, model: Settings, dataset: str, run: Settings) -> tuple[list[Any], Weights]:
    return _fit(_built(model, dataset), ModelTrainerV2(callbacks=[StopAt(epoch)]), dataset, run)


def fit_normalised(dataset: str, run: Settings) -> tuple[list[Any], Weights]:
    return _fit(nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)), ModelTrainerV2(), dataset, run)


def _built(model: Settings, dataset: str) -> nn.Module:
    data = load_dataset(dataset, seed=3)
    settings = {name: value for name, value in model.items() if name != "type"}
    return build_model(model["type"], features=data.features, classes=data.classes, seed=3, **settings)


def _fit(built: nn.Module, trainer: ModelTrainerV2, dataset: str, run: Settings) -> tuple[list[Any], Weights]:
    data = load_dataset(dataset, seed=3)
    history = trainer.train(built, data.train, data.validation, **run)
    return history, {name: weight.clone() for name, weight in built.state_dict().items()}


class StopAt(CallersCallback):
    """Ends the training after an epoch; the caller, or the first process alone, is told so."""

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch

    def on_epoch(self, state: Progress) -> None:
        if state.epoch == self._epoch:
            state.stop = "enough"


class Killed(Callback):
    """Kills the process of a rank after some epochs."""

    is_everywhere = True

    def __init__(self, rank: int) -> None:
        self._rank = rank

    def on_epoch(self, state: TrainingState) -> None:
        if state.epoch == KILLED_AFTER and int(os.environ["RANK"]) == self._rank:
            os.kill(os.getpid(), signal.SIGKILL)


def config(folder: Path | str, uri: str) -> OrchestratorConfig:
    settings: dict[str, Any] = {
        "epochs": 6,
        "model": {"hidden_size": 16},
        "data": {"batch_size": 33, "noise": 0.05},
        "scheduler": {"name": "cosine"},
        "checkpoints": {"folder": str(folder)},
        "tracking": {"uri": uri, "log_model": False, "flush_seconds": 0.0, "experiment_name": "together"},
    }
    return OrchestratorConfig.from_dict(settings)


def orchestrate(folder: str, uri: str, callbacks: tuple[Callback, ...] = ()) -> str:
    """Train by the orchestrator, resuming if there is a checkpoint; return the run's id."""
    return TrainingOrchestratorV2(config(folder, uri), callbacks=callbacks).train_model("wine", resume=True).run_id


def orchestrate_differing(folder: str, uri: str) -> str:
    """Train by the orchestrator, for another number of epochs in each process."""
    differing = config(folder, uri).with_overrides({"epochs": 2 + int(os.environ["RANK"])})
    return TrainingOrchestratorV2(differing).train_model("wine").run_id


def main(folder: str, uri: str) -> None:
    from mlflow import MlflowClient

    from compatkit.training.v2.checkpoints import last_checkpoint, load_checkpoint

    is_first_try = os.environ["TORCHELASTIC_RESTART_COUNT"] == "0"
    if not is_first_try and os.environ["RANK"] == "0":
        saved = last_checkpoint(folder)
        assert saved is not None
        run = MlflowClient(uri).get_run(load_checkpoint(saved)["about"]["run_id"])
        (Path(folder) / "seen.json").write_text(json.dumps([run.info.status, run.data.tags]))
    orchestrate(folder, uri, (Killed(1),) if is_first_try else ())


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        # The jobs that are sent name what is defined here by the module's own name, not as `__main__`.
        from tests.training import together

        together._serve(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    else:
        main(*sys.argv[1:])
