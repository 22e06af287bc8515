"""A training for the tests of crashes: `python -m tests.training.resuming FOLDER URI [--resume]`.

It waits a little after each epoch, so that a kill meets it anywhere, and prints what identifies its result.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time

from compatkit.training import OrchestratorConfig, TrainingOrchestratorV2
from compatkit.training.v2.loop.callbacks import Callback, TrainingState

EPOCHS = 12


class Slow(Callback):
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def on_epoch(self, state: TrainingState) -> None:  # noqa: ARG002
        time.sleep(self._seconds)


def config(folder: str, uri: str) -> OrchestratorConfig:
    return OrchestratorConfig.from_dict(
        {
            "epochs": EPOCHS,
            "model": {"hidden_size": 16, "dropout": 0.3},
            "optimizer": {"name": "adamw", "clip_norm": 1.0},
            "scheduler": {"name": "cosine", "warmup_epochs": 2},
            "data": {"batch_size": 16, "noise": 0.05},
            "early_stopping": {"patience": 9, "restore_best": True},
            "checkpoints": {"folder": folder, "every_epochs": 2},
            "tracking": {"uri": uri, "log_model": False, "flush_seconds": 0.2, "experiment_name": "crashes"},
        }
    )


def run(folder: str, uri: str, *, resume: bool, seconds: float = 0.0) -> tuple[str, str]:
    """Return the run's id, and a digest of the final weights."""
    orchestrator = TrainingOrchestratorV2(config(folder, uri), callbacks=[Slow(seconds)])
    result = orchestrator.train_model("wine", resume=resume)
    assert orchestrator.model is not None
    digest = hashlib.sha256()
    for weight in orchestrator.model.state_dict().values():
        digest.update(weight.numpy().tobytes())
    return result.run_id, digest.hexdigest()


if __name__ == "__main__":
    print(os.getpid(), flush=True)
    print(*run(sys.argv[1], sys.argv[2], resume="--resume" in sys.argv, seconds=0.2))
