"""A run id in, a snapshot out, from any tracking store by its URI. No global MLflow state is changed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from compatkit.equivalence.canonical import PARAM_LIMIT, TAG_LIMIT, canonical_points, cut_notes
from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.snapshot import File, Model, Point, Snapshot
from compatkit.equivalence.weights import digest_file, read_model

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_ENDED = {"FINISHED", "FAILED", "KILLED"}


def take_snapshot(run_id: str, *, tracking_uri: str | None = None) -> Snapshot:
    """Read all that a run logged; `tracking_uri` None is MLflow's own choice.

    Raises `EquivalenceError` where the store or the run is not there, or the run has not ended.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    if tracking_uri is not None:
        _require_store(tracking_uri)
    client = MlflowClient(tracking_uri)
    try:
        run = client.get_run(run_id)
        if run.info.status not in _ENDED:
            raise EquivalenceError.still_running(run_id, run.info.status, client.tracking_uri)
        return _snapshot(client, run)
    except MlflowException as error:
        raise EquivalenceError.unreadable_run(run_id, client.tracking_uri, str(error)) from error


def _snapshot(client: MlflowClient, run: Run) -> Snapshot:
    params = dict(run.data.params)
    tags = {name: value for name, value in run.data.tags.items() if not name.startswith("mlflow.")}
    models, notes = _read_models(client, run)
    return Snapshot(
        run_id=run.info.run_id,
        status=run.info.status,
        params=params,
        metrics=_read_metrics(client, run),
        tags=tags,
        artifacts=_read_artifacts(client, run),
        models=models,
        datasets=_read_datasets(run),
        notes=(*notes, *cut_notes("param", params, PARAM_LIMIT), *cut_notes("tag", tags, TAG_LIMIT)),
    )


def _read_metrics(client: MlflowClient, run: Run) -> dict[str, tuple[Point, ...]]:
    names = sorted(run.data.metrics)
    return {name: canonical_points(name, client.get_metric_history(run.info.run_id, name)) for name in names}


def _read_datasets(run: Run) -> dict[str, str]:
    inputs = run.inputs.dataset_inputs if run.inputs else []
    rows = sorted((each.dataset.name, each.dataset.digest) for each in inputs)
    return {f"{name}#{number}": digest for number, (name, digest) in enumerate(rows, start=1)}


def _read_artifacts(client: MlflowClient, run: Run) -> dict[str, File]:
    paths = sorted(_artifact_paths(client, run.info.run_id, ""))
    with tempfile.TemporaryDirectory(prefix="compatkit-") as folder:
        return {path: digest_file(Path(client.download_artifacts(run.info.run_id, path, folder))) for path in paths}


def _artifact_paths(client: MlflowClient, run_id: str, folder: str) -> Iterator[str]:
    for entry in client.list_artifacts(run_id, folder):
        if entry.is_dir:
            yield from _artifact_paths(client, run_id, entry.path)
        else:
            yield entry.path


def _read_models(client: MlflowClient, run: Run) -> tuple[dict[str, Model], list[str]]:
    """Read the models that the run's outputs point to: since MLflow 3 they lie outside the run's artifacts."""
    from mlflow.artifacts import download_artifacts

    outputs = run.outputs.model_outputs if run.outputs else []
    models: dict[str, Model] = {}
    notes: list[str] = []
    for output in outputs:
        logged = client.get_logged_model(output.model_id)
        with tempfile.TemporaryDirectory(prefix="compatkit-") as folder:
            # Not `models:/ID`, which MLflow resolves in its global store, whatever tracking_uri says.
            local = download_artifacts(
                artifact_uri=logged.artifact_location, dst_path=folder, tracking_uri=client.tracking_uri
            )
            model, unread = read_model(Path(local))
        models[_free_name(f"{logged.name}@{output.step}", models)] = model
        notes += unread
    return models, notes


def _free_name(name: str, taken: dict[str, Model]) -> str:
    number = 1
    free = name
    while free in taken:
        number += 1
        free = f"{name}#{number}"
    return free


def _require_store(uri: str) -> None:
    """Refuse a local store that is not there: MLflow would create an empty one, and find no run in it."""
    parts = urlsplit(uri)
    # sqlite:///relative.db and sqlite:////absolute.db: one slash belongs to the URI.
    path = parts.path[1:] if parts.scheme == "sqlite" else parts.path
    if parts.scheme in {"sqlite", "file", ""} and path and not Path(path).exists():
        raise EquivalenceError.no_store(uri)
