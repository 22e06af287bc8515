"""The child runs of a run, named so that those of two runs can be paired: never by id.

A child is named by its run name and a number. A name that MLflow made up, such as `gentle-shrike-123`, says nothing:
such children are all called `unnamed`. Those of one name are numbered in the order of their start where they ran one
after the other, else in the order of their params: runs that overlap start in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from compatkit.equivalence.reading.known_names import is_generated
from compatkit.equivalence.reading.store.opened import local_path
from compatkit.equivalence.snapshot import File, Snapshot

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

PARENT = "mlflow.parentRunId"
_UNNAMED = "unnamed"
_PAGE = 1000

Child = tuple["Run", Snapshot]


def child_runs(client: MlflowClient, run: Run, experiments: list[str]) -> Iterator[Run]:
    """Yield the runs that name this one as their parent, in whatever experiment they are, deleted ones also."""
    from mlflow.entities import ViewType

    # A backtick or quote in the filter would need escaping; run ids have neither.
    query = f"tags.`{PARENT}` = '{run.info.run_id}'"
    token: str | None = None
    while True:
        page = client.search_runs(experiments, query, ViewType.ALL, max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def runs_without_tags(client: MlflowClient, experiments: list[str]) -> list[Run]:
    """Return the runs in a store of files whose tags are gone: no search for children by their tag finds them."""
    if urlsplit(client.tracking_uri).scheme not in {"", "file"}:
        return []
    root = Path(local_path(client.tracking_uri))
    folders = [run.parent for experiment in experiments for run in root.glob(f"{experiment}/*/meta.yaml")]
    bare = [folder for folder in folders if not (folder / "tags").is_dir() or not any((folder / "tags").iterdir())]
    return [client.get_run(folder.name) for folder in sorted(bare)]


def may_be_lost_children(run: Run, bare: Iterable[Run]) -> Iterator[str]:
    """Yield a sentence on each run without tags that began while this one ran."""
    for other in (candidate.info for candidate in bare if candidate.info.run_id != run.info.run_id):
        if run.info.start_time <= other.start_time < (run.info.end_time or 0):
            yield f"run {other.run_id}: its tags are gone, and it began while this run went on: is it a child of it?"


def all_experiments(client: MlflowClient) -> list[str]:
    """Return the ids of all experiments, deleted ones also: a run in such a one is deleted itself."""
    from mlflow.entities import ViewType

    found: list[str] = []
    token: str | None = None
    while True:
        page = client.search_experiments(ViewType.ALL, max_results=_PAGE, page_token=token)
        found += [experiment.experiment_id for experiment in page]
        token = page.token
        if not token:
            return found


def named_children(children: Iterable[Child]) -> dict[str, Snapshot]:
    """Return the snapshots of children by name and number; the name is also what they have for an id."""
    groups: dict[str, list[Child]] = {}
    for run, snapshot in children:
        name = run.info.run_name or _UNNAMED
        groups.setdefault(_UNNAMED if is_generated(name) else name, []).append((run, snapshot))
    found = {}
    for name, group in sorted(groups.items()):
        for number, (_, snapshot) in enumerate(_ordered(group), start=1):
            found[f"{name}#{number}"] = replace(snapshot, run_id=f"{name}#{number}")
    return found


def _ordered(group: list[Child]) -> list[Child]:
    by_start = sorted(group, key=lambda child: (child[0].info.start_time, _content(child)))
    if all(one.info.end_time <= other.info.start_time for (one, _), (other, _) in pairwise(by_start)):
        return by_start
    return sorted(by_start, key=_content)


def _content(child: Child) -> str:
    """Return what orders children of which no store keeps an order: their params first, then all else."""
    return _text(child[1])


def _text(said: Snapshot) -> str:
    known = (said.params, said.status, said.metrics, said.tags, said.datasets)
    files = {name: _file_text(file) for name, file in said.artifacts.items()}
    models = {
        name: (model.signature, model.details, {part: _file_text(file) for part, file in model.files.items()})
        for name, model in said.models.items()
    }
    below = {name: _text(child) for name, child in said.children.items()}
    return repr([sorted(part.items()) if isinstance(part, dict) else part for part in (*known, files, models, below)])


def _file_text(file: File) -> str:
    """Return what a file says; of arrays, its digest."""
    return file.digest if file.content is None or file.content.tensors else repr(sorted(file.content.values.items()))
