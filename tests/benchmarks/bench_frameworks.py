"""v2 with MLflow on SQLite, beside frameworks with it: run `python -m tests.benchmarks.bench_frameworks [PAIRS]`.

What they do, and how to install them, is told in `peers`. The last validation losses show that all train the same.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import torch
from mlflow import MlflowClient

from compatkit.training import load_dataset
from tests.benchmarks.peers import EXPERIMENT, PEERS, Task, by_hand, ours, quiet
from tests.benchmarks.side_by_side import compare, report

_MODULES = {"Hugging Face Trainer": "transformers", "Keras on torch": "keras", "Lightning": "lightning"}


def main(pairs: int = 5) -> None:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    quiet()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["COMPATKIT_SPOOL"] = str(folder / "spool")
        task = Task(load_dataset("digits", seed=7), f"sqlite:///{folder / 'mlflow.db'}", folder)
        MlflowClient(task.uri).create_experiment(EXPERIMENT, artifact_location=(folder / "artifacts").as_uri())
        print(
            f"Python {platform.python_version()}, torch {torch.__version__}, digits, {task.epochs} epochs, one thread"
        )
        print(f"last validation loss: ours {ours(task):.6f}, by hand {by_hand(task):.6f}")
        row("minimal loop, nothing logged", by_hand, task, pairs, target="none")
        for name, peer in PEERS.items():
            module = _MODULES.get(name, name)
            if find_spec(module) is None:
                print(f"{name}: not installed, not measured")
                continue
            print(f"last validation loss: {name} {peer(task):.6f}")
            row(f"{name}, with MLflow", peer, task, pairs, target="below 1")


def row(name: str, peer: Callable[[Task], float], task: Task, pairs: int, *, target: str) -> None:
    found = compare(lambda: ours(task), lambda: peer(task), pairs=pairs)
    report(f"v2 with MLflow | {name}", found, target=target, unit=1e-3, name="ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
