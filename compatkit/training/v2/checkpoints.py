"""Write and read checkpoints: last.pt, from which a training goes on bitwise equal, and best.pt, its best weights.

Plain tensors and values only, so that the default `torch.load` reads them; replaced as a whole or not at all.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import torch

from compatkit.training.data import DataSplit
from compatkit.training.errors import ConfigError, TrainingError
from compatkit.training.v2.loop.callbacks import Callback, TrainingState
from compatkit.training.v2.settings.config import OrchestratorConfig
from compatkit.training.v2.settings.sections import CheckpointConfig, is_better

LAST, BEST = "last.pt", "best.pt"
_FORMAT = 1
Save: TypeAlias = Callable[[Path, Mapping[str, Any]], None]


class Checkpointer(Callback):
    """Writes last.pt before the first epoch, every few epochs, and at the end; best.pt after each better epoch.

    `about` is kept with them: plain values that say which training it is.
    """

    def __init__(self, config: CheckpointConfig, about: Mapping[str, Any], *, save: Save | None = None) -> None:
        assert config.folder is not None
        self._save = save or save_checkpoint
        self._folder = Path(config.folder)
        self._config = config
        self._about = dict(about)
        self._best: float | None = None

    def on_start(self, state: TrainingState) -> None:
        if not state.history:
            self._write_last(state)

    def on_epoch(self, state: TrainingState) -> None:
        if state.has_diverged:
            return  # what is kept is the last epoch that can go on
        record = state.history[-1]
        value = float(getattr(record, self._config.metric))
        if is_better(self._config.metric, value, self._best):
            self._best = value
            best = {"model": state.model.state_dict(), "record": record.to_dict()}
            self._save(self._folder / BEST, {**best, "about": self._about})
        if state.is_done or state.epoch % self._config.every_epochs == 0:
            self._write_last(state)

    def saving_by(self, save: Save) -> Checkpointer:
        """Return one that hands what it keeps to `save`."""
        return Checkpointer(self._config, self._about, save=save)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self._best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._best = state["best"]

    def _write_last(self, state: TrainingState) -> None:
        self._save(self._folder / LAST, {"state": state.capture(), "about": self._about})


def save_checkpoint(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` to `path`, whole or not at all. Raises `TrainingError` if the disk does not take it."""
    write_checkpoint(path, checkpoint_bytes(content))


def checkpoint_bytes(content: Mapping[str, Any]) -> bytes:
    """Return the bytes of a checkpoint file."""
    buffer = io.BytesIO()
    torch.save({"format": _FORMAT, **content}, buffer)
    return buffer.getvalue()


def write_checkpoint(path: Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all. Raises `TrainingError` if the disk does not take it."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
        raise TrainingError(
            f"The checkpoint was not written: {error}",
            where=str(path),
            hint="one that was there before is still whole",
        ) from error


def load_checkpoint(path: Path | io.BytesIO) -> dict[str, Any]:
    """Return what `save_checkpoint` wrote, from a file or its bytes; nothing in it is executed.

    Raises `TrainingError` for anything else.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises what it likes for a file that is cut or not its own
        raise TrainingError.bad_checkpoint(path, "torch does not load it as plain tensors and values") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise TrainingError.bad_checkpoint(path, "it was not written by compatkit, or by another release")
    return content


def last_checkpoint(folder: str | Path) -> Path | None:
    """Return the checkpoint in `folder` from which a training can go on, if there is one."""
    path = Path(folder) / LAST
    return path if path.exists() else None


def require_same_training(path: Path, saved: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Raise `TrainingError` if two `about`s name different settings or data; what differs is named."""
    differences = [
        f"{name} was {saved.get(name)!r} and is {value!r}" for name, value in given.items() if saved.get(name) != value
    ]
    if differences:
        raise TrainingError(
            f"The checkpoint is of another training: {'; '.join(differences)}.",
            where=str(path),
            hint="resume with the same settings and data, or train into another folder",
        )


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power failure, where the system can."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
        raise ConfigError(
            "A training without checkpoints cannot be resumed.",
            where="OrchestratorConfig, at checkpoints.folder",
            hint="set checkpoints.folder",
        )
    if (path := last_checkpoint(folder)) is None:
        return None
    saved = load_checkpoint(path)
    require_same_training(path, saved["about"], about)
    return saved
