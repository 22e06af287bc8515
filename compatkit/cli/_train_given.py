"""Read settings and data from the command line of `compatkit train` and `compatkit sweep`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from compatkit.errors import CompatkitError

if TYPE_CHECKING:
    from compatkit.training import OrchestratorConfig


def base_config(preset: str | None, file: Path | None) -> OrchestratorConfig:
    """Return the configuration that settings change."""
    from compatkit.training import OrchestratorConfig

    if preset:
        return OrchestratorConfig.from_preset(preset)
    return OrchestratorConfig.from_file(file) if file else OrchestratorConfig()


def dataset_source(dataset: str) -> Any:
    """Return the dataset's name, or what `package.module:name` holds."""
    if ":" not in dataset:
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
