"""Going on with a training: which one it is, and where its last checkpoint stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compatkit.training.data import DataSplit
from compatkit.training.v2.checkpoints import last_checkpoint, load_checkpoint, require_same_training
from compatkit.training.v2.errors import ConfigError
from compatkit.training.v2.settings.config import OrchestratorConfig

_NOT_DECISIVE = ("tracking.", "checkpoints.", "scale.", "runtime.workers")


def about_training(config: OrchestratorConfig, data: DataSplit) -> dict[str, Any]:
    """Return what must be the same for a training to go on: every setting that decides it, and the data."""
    decisive = {path: value for path, value in config.flatten().items() if not path.startswith(_NOT_DECISIVE)}
    # Of a table the digest tells all; of sequences the same values may be cut into other steps.
    shape = {"shape": list(data.shape)} if len(data.shape) > 1 else {}
    return {**decisive, "dataset": data.name, "data": data.digest, **shape}


def saved_training(config: OrchestratorConfig, about: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what the last checkpoint holds, None without one.

    Raises `ConfigError` without a folder for checkpoints, `TrainingError` for a checkpoint of another training.
    """
    folder = config.checkpoints.folder
    if folder is None:
        raise ConfigError.no_checkpoints()
    if (path := last_checkpoint(folder)) is None:
        return None
    saved = load_checkpoint(path)
    require_same_training(path, saved["about"], about)
    return saved
