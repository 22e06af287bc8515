"""A run id in, a snapshot out, from any tracking store by its URI. No global MLflow state is changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from compatkit.equivalence.artifact_folder import artifact_folder, files_in, local_folder
from compatkit.equivalence.canonical import PARAM_LIMIT, TAG_LIMIT, canonical_points, cut_notes
from compatkit.equivalence.datasets import read_datasets
from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.logged_models import Models, read_logged_models
from compatkit.equivalence.own_pages import own_pages
from compatkit.equivalence.snapshot import File, Point, Snapshot
from compatkit.equivalence.weights import digest_file

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_ENDED = {"FINISHED", "FAILED", "KILLED"}
# MLflow's own tags name the occasion, but for what the user wrote with `start_run(description=...)`.
_DESCRIPTION = "mlflow.note.content"


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
    except (MlflowException, OSError) as error:
        raise EquivalenceError.unreadable_run(run_id, client.tracking_uri, str(error)) from error


def _snapshot(client: MlflowClient, run: Run) -> Snapshot:
    params = dict(run.data.params)
    tags = {name: text for name, text in run.data.tags.items() if not name.startswith("mlflow.")}
    tags |= {name: text for name, text in run.data.tags.items() if name == _DESCRIPTION}
    models = Models()
    read_logged_models(client, run, models)
    artifacts = _read_artifacts(client, run, models)
    notes = [*models.notes, *_notes_on_children(client, run)]
    return Snapshot(
        run_id=run.info.run_id,
        status=run.info.status,
        params=params,
        metrics=_read_metrics(client, run),
        tags=tags,
        artifacts=artifacts,
        models=models.found,
        datasets=read_datasets(run),
        notes=(*notes, *cut_notes("param", params, PARAM_LIMIT), *cut_notes("tag", tags, TAG_LIMIT)),
    )


def _read_metrics(client: MlflowClient, run: Run) -> dict[str, tuple[Point, ...]]:
    names = sorted(run.data.metrics)
    return {name: canonical_points(name, client.get_metric_history(run.info.run_id, name)) for name in names}


def _read_artifacts(client: MlflowClient, run: Run, models: Models) -> dict[str, File]:
    """Digest the run's artifacts, but for folders with an MLmodel: before MLflow 3, models lay there."""
    with artifact_folder(run.info.artifact_uri, client.tracking_uri) as root:
        if root is None:
            models.notes += _notes_without_artifacts(run)
            return {}
        paths = files_in(root)
        own = own_pages(paths)
        models.notes += [f"{name} is a page that compatkit logged: it is not compared" for name in sorted(own)]
        folders = {path.rpartition("/")[0] for path in paths if path.rpartition("/")[2] == "MLmodel"} - {""}
        outermost = [each for each in sorted(folders) if not any(each.startswith(f"{other}/") for other in folders)]
        for folder in outermost:
            models.add(folder, root / folder, {})
        inside = tuple(f"{folder}/" for folder in outermost)
        return {
            name: digest_file(path) for name, path in paths.items() if name not in own and not name.startswith(inside)
        }


def _notes_without_artifacts(run: Run) -> list[str]:
    """Say so where not even the folder of the experiment is here, as for a store that was copied without its files."""
    folder = local_folder(run.info.artifact_uri)
    if folder is None or folder.parent.parent.is_dir():
        return []
    return [f"no artifacts of run {run.info.run_id} are on this machine: if it has any, they are not compared"]


def _notes_on_children(client: MlflowClient, run: Run) -> list[str]:
    # A backtick or quote in the filter would need escaping; run ids have neither.
    query = f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"
    children = client.search_runs([run.info.experiment_id], query, max_results=1)
    return [f"run {run.info.run_id} has child runs: they are not compared"] if children else []


def _require_store(uri: str) -> None:
    """Refuse a local store that is not there: MLflow would create an empty one, and find no run in it."""
    parts = urlsplit(uri)
    # sqlite:///relative.db and sqlite:////absolute.db: one slash belongs to the URI.
    path = parts.path[1:] if parts.scheme == "sqlite" else parts.path
    if parts.scheme in {"sqlite", "file", ""} and path and not Path(path).exists():
        raise EquivalenceError.no_store(uri)
