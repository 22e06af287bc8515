"""A run id in, a snapshot out, from any tracking store by its URI. No global MLflow state is changed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import count
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
    models = Models()
    _read_models(client, run, models)
    artifacts = _read_artifacts(client, run.info.run_id, models)
    return Snapshot(
        run_id=run.info.run_id,
        status=run.info.status,
        params=params,
        metrics=_read_metrics(client, run),
        tags=tags,
        artifacts=artifacts,
        models=models.found,
        datasets=_read_datasets(run),
        notes=(*models.notes, *cut_notes("param", params, PARAM_LIMIT), *cut_notes("tag", tags, TAG_LIMIT)),
    )


def _read_metrics(client: MlflowClient, run: Run) -> dict[str, tuple[Point, ...]]:
    names = sorted(run.data.metrics)
    return {name: canonical_points(name, client.get_metric_history(run.info.run_id, name)) for name in names}


def _read_datasets(run: Run) -> dict[str, str]:
    inputs = run.inputs.dataset_inputs if run.inputs else []
    rows = sorted((each.dataset.name, each.dataset.digest) for each in inputs)
    return {f"{name}#{number}": digest for number, (name, digest) in enumerate(rows, start=1)}


def _read_artifacts(client: MlflowClient, run_id: str, models: Models) -> dict[str, File]:
    """Digest the run's artifacts, but for folders with an MLmodel: before MLflow 3, models lay there."""
    paths = sorted(_artifact_paths(client, run_id, ""))
    folders = {path.rpartition("/")[0] for path in paths if path.rpartition("/")[2] == "MLmodel"} - {""}
    with tempfile.TemporaryDirectory(prefix="compatkit-") as temporary:
        for folder in sorted(folders):
            models.add(folder, Path(client.download_artifacts(run_id, folder, temporary)))
        files = [path for path in paths if not any(path.startswith(folder + "/") for folder in folders)]
        return {path: digest_file(Path(client.download_artifacts(run_id, path, temporary))) for path in files}


def _artifact_paths(client: MlflowClient, run_id: str, folder: str) -> Iterator[str]:
    for entry in client.list_artifacts(run_id, folder):
        if entry.is_dir:
            yield from _artifact_paths(client, run_id, entry.path)
        else:
            yield entry.path


def _read_models(client: MlflowClient, run: Run, models: Models) -> None:
    """Read the models that the run's outputs point to: since MLflow 3 they lie outside the run's artifacts."""
    from mlflow.artifacts import download_artifacts

    for output in run.outputs.model_outputs if run.outputs else []:
        logged = client.get_logged_model(output.model_id)
        with tempfile.TemporaryDirectory(prefix="compatkit-") as temporary:
            # Not `models:/ID`, which MLflow resolves in its global store, whatever tracking_uri says.
            local = download_artifacts(
                artifact_uri=logged.artifact_location, dst_path=temporary, tracking_uri=client.tracking_uri
            )
            models.add(f"{logged.name}@{output.step}", Path(local))


class Models:
    """The models of one run under names of their own, and notes on what could not be read."""

    def __init__(self) -> None:
        self.found: dict[str, Model] = {}
        self.notes: list[str] = []

    def add(self, name: str, folder: Path) -> None:
        """Read the model in `folder`; a name that is taken gets a number."""
        model, notes = read_model(folder, name)
        numbered = (f"{name}#{number}" for number in count(2))
        free = name if name not in self.found else next(each for each in numbered if each not in self.found)
        self.found[free] = model
        self.notes += notes


def _require_store(uri: str) -> None:
    """Refuse a local store that is not there: MLflow would create an empty one, and find no run in it."""
    parts = urlsplit(uri)
    # sqlite:///relative.db and sqlite:////absolute.db: one slash belongs to the URI.
    path = parts.path[1:] if parts.scheme == "sqlite" else parts.path
    if parts.scheme in {"sqlite", "file", ""} and path and not Path(path).exists():
        raise EquivalenceError.no_store(uri)
