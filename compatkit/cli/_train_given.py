"""Read settings and data from the command line of `compatkit train` and `compatkit sweep`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compatkit.errors import CompatkitError, WrongUse

if TYPE_CHECKING:
    from compatkit.training import OrchestratorConfig


@contextmanager
def from_command_line() -> Iterator[None]:
    """Take an error of the block for wrong use: what it is about was typed, and nothing was looked at yet."""
    try:
        yield
    except WrongUse:
        raise
    except CompatkitError as error:
        raise WrongUse(error.what, where=error.where, hint=error.hint) from error


def base_config(preset: str | None, file: Path | None) -> OrchestratorConfig:
    """Return the configuration that settings change."""
    from compatkit.training import OrchestratorConfig

    if preset:
        return OrchestratorConfig.from_preset(preset)
    return OrchestratorConfig.from_file(file) if file else OrchestratorConfig()


def dataset_source(dataset: str) -> Any:
    """Return the dataset's name, or what `package.module:name` holds."""
    if ":" not in dataset:
        from compatkit.training.data import DATASETS
        from compatkit.training.errors import TrainingError

        if dataset not in DATASETS:
            with from_command_line():
                raise TrainingError.unknown("data set", dataset, DATASETS)
        return dataset
    import sys

    from compatkit.cli._load import load_object

    # The user's own modules are found as `python -m` would find them.
    sys.path.insert(0, str(Path.cwd()))
    found = load_object(dataset)
    if not callable(found):
        return found
    try:
        return found()
    except Exception as error:  # whatever a function of the user's own raises
        raise CompatkitError(
            f"{dataset!r} returned no data set: {type(error).__name__}: {error}",
            hint="call it by itself to see where it fails",
        ) from error
