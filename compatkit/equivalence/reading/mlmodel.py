"""MLflow's MLmodel file: the signature, the flavours, and whatever else it says about a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from compatkit.budget import Budget
from compatkit.equivalence.reading.contents.yaml_values import load_yaml

# These name the occasion, or repeat what is compared as a file: a path in a stack trace changes the size.
_OCCASION = {
    "artifact_path",
    "mlflow_version",
    "model_id",
    "model_size_bytes",
    "model_uuid",
    "run_id",
    "utc_time_created",
}


def describe_mlmodel(file: Path) -> str | None:
    """Return the content of an MLmodel without ids, times, versions and places, or None where it cannot be read."""
    import yaml

    try:
        (document,) = load_yaml(file.read_bytes(), Budget(size=file.stat().st_size))
        kept = {key: value for key, value in document.items() if key not in _OCCASION}
        kept["flavors"] = {name: _flavour(said) for name, said in (document.get("flavors") or {}).items()}
        return json.dumps(kept, sort_keys=True, default=repr)
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError):
        return None


def _flavour(said: Any) -> Any:
    if not isinstance(said, dict):
        return said
    kept = {key: value for key, value in said.items() if not str(key).endswith("_version")}
    if isinstance(said.get("artifacts"), dict):
        # Where a file was copied from: the copy is compared by its content.
        kept["artifacts"] = {
            name: {key: value for key, value in file.items() if key != "uri"} if isinstance(file, dict) else file
            for name, file in said["artifacts"].items()
        }
    return kept
