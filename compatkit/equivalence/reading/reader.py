"""Read a run as a snapshot, by its id, from any tracking store by its URI. No global MLflow state is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from compatkit.budget import BYTES, MIB
from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.reading.artifact_folder import artifact_folder, files_in, unread_artifacts
from compatkit.equivalence.reading.calls import read_calls
from compatkit.equivalence.reading.canonical import DESCRIPTION, PARAM_LIMIT, TAG_LIMIT, cut_notes
from compatkit.equivalence.reading.datasets import digest_notes, read_datasets
from compatkit.equivalence.reading.known_names import is_generated, names_of_loggers, own_pages, with_images_of_tables
from compatkit.equivalence.reading.logged_models import Models, read_logged_models, read_registered
from compatkit.equivalence.reading.model_folder import weights_alone_note
from compatkit.equivalence.reading.store.children import (
    all_experiments,
    child_runs,
    may_be_lost_children,
    named_children,
    runs_without_tags,
)
from compatkit.equivalence.reading.store.metrics import read_metrics
from compatkit.equivalence.reading.store.opened import is_missing, opened_store
from compatkit.equivalence.snapshot import File, Snapshot
from compatkit.safe_text import without_password
from compatkit.trace import TRACE_FILE

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_ENDED = {"FINISHED", "FAILED", "KILLED"}


def take_snapshot(run_id: str, *, tracking_uri: str | None = None) -> Snapshot:
    """Read all that a run logged; `tracking_uri` None is MLflow's own choice.

    Raises `EquivalenceError` where the store or the run is not there, the run has not ended or is deleted, or where
    the store fails on the way.
    """
    (snapshot,) = take_snapshots([run_id], tracking_uri=tracking_uri)
    return snapshot


def take_snapshots(
    run_ids: Sequence[str], *, tracking_uri: str | None = None, registry_uri: str | None = None
) -> Iterator[Snapshot]:
    """Read runs as `take_snapshot` does, one after the other: the time for each is the same, however many there are.

    `registry_uri` None is MLflow's own choice: MLFLOW_REGISTRY_URI, or else the tracking store.
    """
    with opened_store(tracking_uri, registry_uri) as client:
        experiments = all_experiments(client)
        if not experiments:
            # An answer that is cut to nothing reads as an empty list; at least those of the runs must be there.
            raise EquivalenceError.unreadable_store(_shown(client), "it lists no experiments")
        bare = runs_without_tags(client, experiments)
        for run_id in run_ids:
            run = _run(client, run_id)
            snapshot = _snapshot(client, run, experiments, frozenset())
            yield replace(snapshot, unread=(*snapshot.unread, *may_be_lost_children(run, bare)))


def _run(client: MlflowClient, run_id: str) -> Run:
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if is_missing(error):
            raise EquivalenceError.unreadable_run(run_id, _shown(client), str(error)) from error
        raise
    if run.info.run_id != run_id:
        raise EquivalenceError.unreadable_run(run_id, _shown(client), "the store answers with another run.")
    return run


def _snapshot(client: MlflowClient, run: Run, experiments: list[str], above: frozenset[str]) -> Snapshot:
    """Read a run and, in turn, its children; a run above that names itself as its own child is not read again."""
    _require_end(run, client)
    line = above | {run.info.run_id}
    below = [child for child in child_runs(client, run, experiments) if child.info.run_id not in line]
    kept = [child for child in below if child.info.lifecycle_stage != "deleted"]
    children = [(child, _snapshot(client, child, experiments, line)) for child in kept]
    params = dict(run.data.params)
    tags = {name: text for name, text in run.data.tags.items() if not name.startswith("mlflow.")}
    tags |= {name: text for name, text in run.data.tags.items() if name == DESCRIPTION}
    models = Models()
    if not run.data.tags:
        models.unread.append("its tags: MLflow gives each run some of its own, and there are none")
    names = read_logged_models(client, run, experiments, models)
    read_registered(client, run, models, names)
    artifacts, trace = _read_artifacts(client, run, models)
    artifacts |= read_calls(client, run, models.unread)
    models.notes += weights_alone_note(models.found, artifacts)
    metrics, datasets = read_metrics(client, run), read_datasets(run)
    _require_unchanged(client, run)
    named = named_children(children)
    said = [(name, note) for name, child in named.items() for note in child.notes if note not in models.notes]
    lost = len(below) - len(kept)
    words = "is deleted: it is" if lost == 1 else "are deleted: they are"
    deleted = [f"{lost} of the child runs {words} not compared"] if lost else []
    notes = [*models.notes, *deleted, *(f"child {name}: {note}" for name, note in said)]
    return Snapshot(
        run_id=run.info.run_id,
        status=run.info.status,
        params=params,
        metrics=metrics,
        tags=tags,
        artifacts=artifacts,
        models=models.found,
        datasets=datasets,
        notes=(
            *notes,
            *digest_notes(datasets),
            *cut_notes("param", params, PARAM_LIMIT),
            *cut_notes("tag", tags, TAG_LIMIT),
        ),
        children=named,
        trace=trace,
        unread=tuple(models.unread),
        own_ids=_own_ids(run, names),
        span=(run.info.start_time / 1000, run.info.end_time / 1000) if run.info.end_time else None,
    )


def _own_ids(run: Run, models: Mapping[str, str]) -> dict[str, str]:
    name = run.info.run_name or ""
    drawn = {"name": name} if is_generated(name) else {}
    return {"run": run.info.run_id, **drawn, **{f"model {name}": model_id for model_id, name in models.items()}}


def _read_artifacts(client: MlflowClient, run: Run, models: Models) -> tuple[dict[str, File], str]:
    """Read the run's artifacts and its trace, but for folders with an MLmodel: before MLflow 3, models lay there."""
    with artifact_folder(run.info.artifact_uri, client.tracking_uri) as root:
        if root is None:
            unread, note = unread_artifacts(run, client.tracking_uri)
            models.unread += [unread] if unread else []
            models.notes += [note] if note else []
            return {}, ""
        paths = files_in(root)
        own = own_pages(paths)
        models.notes += [f"{name} is a page that compatkit logged: it is not compared" for name in sorted(own)]
        folders = {path.rpartition("/")[0] for path in paths if path.rpartition("/")[2] == "MLmodel"} - {""}
        outermost = [
            folder for folder in sorted(folders) if not any(folder.startswith(f"{other}/") for other in folders)
        ]
        for folder in outermost:
            models.add(folder, root / folder, {})
        inside = tuple(f"{folder}/" for folder in outermost)
        kept = {name: path for name, path in paths.items() if name not in own and not name.startswith(inside)}
        trace = _read_trace(paths[TRACE_FILE], models) if TRACE_FILE in paths else ""
        named = names_of_loggers(kept)
        found = {named.get(name, name): models.file(path, named.get(name, name)) for name, path in kept.items()}
        return with_images_of_tables(found), trace


def _read_trace(path: Path, models: Models) -> str:
    if path.stat().st_size > BYTES:
        models.notes.append(f"{TRACE_FILE} is larger than {BYTES // MIB} MiB: it explains nothing")
        return ""
    return path.read_text(encoding="utf-8", errors="replace")


def _require_end(run: Run, client: MlflowClient) -> None:
    if run.info.lifecycle_stage == "deleted":
        raise EquivalenceError(
            f"Run {run.info.run_id!r} is deleted.",
            where=_shown(client),
            hint=f"bring it back: mlflow runs restore --run-id {run.info.run_id}",
        )
    if run.info.status not in _ENDED:
        raise EquivalenceError(
            f"Run {run.info.run_id!r} is {run.info.status}: what it logs may still change.",
            where=_shown(client),
            hint="wait for its end",
        )


def _require_unchanged(client: MlflowClient, run: Run) -> None:
    """Raise `EquivalenceError` where the run is no more what it was at the beginning: it was read in many parts."""
    if _state(client.get_run(run.info.run_id)) != _state(run):
        raise EquivalenceError(
            f"Run {run.info.run_id!r} was changed while it was read: what was read is of no one moment.",
            where=_shown(client),
            hint="wait until nothing logs to it any more, then compare again",
        )


def _state(run: Run) -> str:
    # As text, in which NaN equals NaN.
    data = (sorted(run.data.params.items()), sorted(run.data.metrics.items()), sorted(run.data.tags.items()))
    return repr((run.info.status, run.info.lifecycle_stage, run.info.end_time, *data))


def _shown(client: MlflowClient) -> str:
    return without_password(client.tracking_uri)
