"""What the command line of `compatkit train` and `compatkit sweep` gives: settings and data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    return found() if callable(found) else found
