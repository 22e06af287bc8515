"""What v2's trainer costs beside a hand-written loop: run `python -m tests.benchmarks.bench_training [PAIRS]`.

Same model, data, batch order, optimizer and epochs, one thread; the loop evaluates too, and logs nothing.
"""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import nn

from compatkit.training import DataSplit, ModelTrainerV2, TrainingOrchestratorV2, build_model, load_dataset
from compatkit.training.tracked_run import tracked_run
from compatkit.training.tracking import Delivery
from tests.benchmarks.side_by_side import compare, report
from tests.equivalence.reading.store.servers import mlflow_server

EPOCHS, BATCH_SIZE, RATE, SEED = 5, 32, 1e-3, 7
MODELS = ("mlp", "cnn")


def main(pairs: int = 7) -> None:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    torch.set_num_threads(1)
    data = load_dataset("digits")
    print(f"Python {platform.python_version()}, torch {torch.__version__}, digits, {EPOCHS} epochs, {pairs} pairs")
    for model_type in MODELS:
        build = builder(model_type, data)
        found = compare(lambda build=build: ours(build(), data), lambda build=build: loop(build(), data), pairs=pairs)
        report(f"{model_type}: v2 trainer | minimal loop", found, target="1.05", unit=1e-3, name="ms")
    with tempfile.TemporaryDirectory() as folder:
        tracked(data, Path(folder), pairs)


def tracked(data: DataSplit, folder: Path, pairs: int) -> None:
    """Time the whole orchestrator with MLflow on SQLite, and the logging of 1,000 epochs of 10 metrics alone."""
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    os.environ["COMPATKIT_SPOOL"] = str(folder / "spool")
    orchestrator = TrainingOrchestratorV2(
        epochs=EPOCHS, batch_size=BATCH_SIZE, lr=RATE, seed=SEED, tracking_uri=uri, log_model=False
    )
    build = builder("mlp", data)
    found = compare(lambda: orchestrator.train_model("digits"), lambda: loop(build(), data), pairs=pairs)
    report("mlp: v2 with MLflow on SQLite | minimal loop", found, target="none", unit=1e-3, name="ms")
    trained = {kind: epoch_of(kind, data) for kind in MODELS}
    share_of_tracking("SQLite", uri, trained)
    with mlflow_server(f"sqlite:///{folder / 'server.db'}", folder) as (address, _):
        share_of_tracking("HTTP", address, trained)


def epoch_of(model_type: str, data: DataSplit) -> float:
    """Return the CPU time of an epoch, in seconds."""
    build = builder(model_type, data)
    return least_cpu(lambda: ours(build(), data)) / EPOCHS


def share_of_tracking(where: str, uri: str, trained: dict[str, float]) -> None:
    """Tell what 1,000 epochs of 10 metrics cost this process, beside the seconds in `trained` of an epoch of training.

    In CPU time, as the sending is a thread's: a server has a core of its own.
    """
    logged = (least_cpu(lambda: log_epochs(uri, 1000)) - least_cpu(lambda: log_epochs(uri, 0))) / 1000
    shares = ", ".join(
        f"{logged / epoch:.1%} of one of the {kind} ({epoch * 1e3:.0f} ms)" for kind, epoch in trained.items()
    )
    print(f"tracking over {where}, an epoch of 10 metrics: {logged * 1e3:.2f} ms of CPU, {shares}   target 2%")


def least_cpu(function: Callable[[], object], *, times: int = 4) -> float:
    """Return the least CPU time of some calls, in seconds."""
    found = []
    for _ in range(times):
        start = time.process_time()
        function()
        found.append(time.process_time() - start)
    return min(found)


def log_epochs(uri: str, epochs: int) -> None:
    with tracked_run("bench", tracking_uri=uri, delivery=Delivery()) as run:
        for step in range(epochs):
            run.log_metrics({f"metric{index}": step / (index + 1) for index in range(10)}, step=step)


def builder(model_type: str, data: DataSplit) -> Callable[[], nn.Module]:
    return lambda: build_model(model_type, features=data.features, classes=data.classes, hidden_size=64, seed=SEED)


def ours(model: nn.Module, data: DataSplit) -> None:
    ModelTrainerV2().train(model, data.train, data.validation, epochs=EPOCHS, batch_size=BATCH_SIZE, lr=RATE, seed=SEED)


def loop(model: nn.Module, data: DataSplit) -> None:
    """Train as somebody would by hand who wants nothing but speed and two numbers an epoch."""
    (features, target), (val_features, val_target) = data.train.tensors, data.validation.tensors
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    for epoch in range(1, EPOCHS + 1):
        model.train()
        order = torch.randperm(len(target), generator=torch.Generator().manual_seed(SEED + epoch))
        for batch in order.split(BATCH_SIZE):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(features[batch]), target[batch])
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.inference_mode():
            for part, labels in zip(val_features.split(BATCH_SIZE), val_target.split(BATCH_SIZE), strict=True):
                logits = model(part)
                F.cross_entropy(logits, labels), (logits.argmax(dim=1) == labels).sum()


if __name__ == "__main__":
    import sys

    main(*map(int, sys.argv[1:2]))
