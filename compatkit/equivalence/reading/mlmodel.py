"""MLflow's MLmodel file: the signature, the flavours, and whatever else it says about a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from compatkit.budget import Budget, load_yaml

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
# Not set unless it is true.
_OFF = {"is_signature_from_type_hint", "streamable", "type_hint_from_example"}


def describe_mlmodel(file: Path) -> str | None:
    """Return the content of an MLmodel without ids, times, versions and places, or None where it cannot be read."""
    import yaml

    try:
        (document,) = load_yaml(file.read_bytes(), Budget(size=file.stat().st_size))
        kept = {key: value for key, value in document.items() if key not in _OCCASION and _is_said(key, value)}
        if isinstance(example := kept.get("saved_input_example_info"), dict):
            # Written beside the example since 2.12, and made of it.
            kept["saved_input_example_info"] = {k: v for k, v in example.items() if k != "serving_input_path"}
        if isinstance(signature := kept.get("signature"), dict):
            kept["signature"] = {key: _columns(said) for key, said in signature.items() if said is not None}
        kept["flavors"] = {name: _flavour(said) for name, said in (document.get("flavors") or {}).items()}
        return json.dumps(kept, sort_keys=True, default=repr)
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError):
        return None


def _columns(said: Any) -> Any:
    """Return the columns of a signature; that one is required is said since 2.10, and was so before."""
    columns = json.loads(said) if isinstance(said, str) else said
    if not isinstance(columns, list):
        return columns
    return [
        {key: value for key, value in each.items() if (key, value) != ("required", True)}
        if isinstance(each, dict)
        else each
        for each in columns
    ]


def _is_said(key: str, value: Any) -> bool:
    """Tell whether a value says more than its absence: older releases leave out what newer ones write as not set."""
    return value is not None and not (key in _OFF and value is False)


def _flavour(said: Any) -> Any:
    if not isinstance(said, dict):
        return said
    kept = {key: value for key, value in said.items() if not str(key).endswith("_version") and _is_said(key, value)}
    if isinstance(said.get("artifacts"), dict):
        # Where a file was copied from: the copy is compared by its content.
        kept["artifacts"] = {
            name: {key: value for key, value in file.items() if key != "uri"} if isinstance(file, dict) else file
            for name, file in said["artifacts"].items()
        }
    return kept
