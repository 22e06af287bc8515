"""Resolve a user's name for a run: its id or the start of it, `experiment:latest`, `experiment@tag=value`, or a file.

Where many runs are asked for, `experiment:all` too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from compatkit.equivalence.errors import REFERENCES, EquivalenceError
from compatkit.equivalence.reading.reader import take_snapshots
from compatkit.equivalence.reading.store.opened import is_missing, opened_store
from compatkit.equivalence.snapshot import Snapshot
from compatkit.equivalence.snapshots.read import load_snapshot
from compatkit.errors import nearest
from compatkit.safe_text import without_password

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

# How many are done, of how many.
Tell = Callable[[int, int], object]
_LATEST = ":latest"
_ALL = ":all"
# The last @ before the first = after it: a name of an experiment may have an @, a value may have anything.
_TAGGED = re.compile(r"(?P<experiment>.+)@(?P<tag>[^@=]+)=(?P<value>.*)", re.DOTALL)
_PREFIX = re.compile(r"[0-9a-f]{4,31}")
_PARENT = "mlflow.parentRunId"
_PAGE = 1000
# What MLflow's filters cannot be given inside quotes.
_UNQUOTABLE = set("'\"`\\%")


def resolve_snapshot(reference: str, *, tracking_uri: str | None = None) -> Snapshot:
    """Return what `reference` names; the store is not opened for a file.

    `experiment:latest` is the run that was started last and is no child of another. Raises `EquivalenceError` where
    there is no such run or file, more than one run, or where it cannot be read.
    """
    return resolve_each([reference], tracking_uri=tracking_uri)[0]


def resolve_each(references: Sequence[str], *, tracking_uri: str | None = None) -> list[Snapshot]:
    """Return what each reference names, as `resolve_snapshot` does, with the store read through but once."""
    found = [
        load_snapshot(Path(reference))
        if is_snapshot_file(reference)
        else find_run(reference, tracking_uri=tracking_uri)
        for reference in references
    ]
    return _taken(found, tracking_uri)


def resolve_snapshots(
    references: Sequence[str], *, tracking_uri: str | None = None, tell: Tell = lambda _done, _total: None
) -> list[Snapshot]:
    """Return what many references name, in their order, with the store opened once; `tell` hears how far it is.

    `experiment:all` stands for all its runs that are no other's child, in the order in which they began.
    """
    found: list[Snapshot | str] = []
    for reference in references:
        if is_snapshot_file(reference):
            found.append(load_snapshot(Path(reference)))
        else:
            found += find_runs(reference, tracking_uri=tracking_uri)
    return _taken(found, tracking_uri, tell)


def _taken(
    found: Sequence[Snapshot | str], tracking_uri: str | None, tell: Tell = lambda _done, _total: None
) -> list[Snapshot]:
    ids = [run_id for run_id in found if isinstance(run_id, str)]
    taken = take_snapshots(ids, tracking_uri=tracking_uri) if ids else iter(())
    snapshots = []
    tell(0, len(found))
    for number, run in enumerate(found, 1):
        snapshots.append(next(taken) if isinstance(run, str) else run)
        tell(number, len(found))
    # To its end, where the store is asked whether it is still the same.
    for _ in taken:
        pass
    return snapshots


def find_runs(reference: str, *, tracking_uri: str | None = None) -> list[str]:
    """Return the ids of the runs that `reference` names; more than one only for `experiment:all`."""
    if not reference.endswith(_ALL):
        return [find_run(reference, tracking_uri=tracking_uri)]
    name = reference.removesuffix(_ALL)
    with opened_store(tracking_uri) as client:
        runs = _runs(client, [_experiment(client, name)], "", order="attributes.start_time ASC")
        if found := [run.info.run_id for run in runs if _PARENT not in run.data.tags]:
            return found
        raise EquivalenceError.no_run_in(name, "", _shown(client), "")


def is_snapshot_file(reference: str) -> bool:
    """Tell whether a file is meant; raises `EquivalenceError` where it is one by its looks, but not there."""
    path = Path(reference)
    if path.is_file():
        return True
    if reference.endswith((_LATEST, _ALL)) or _TAGGED.fullmatch(reference) or not ("/" in reference or path.suffix):
        return False
    beside = [str(path.parent / file.name) for file in path.parent.glob("*.json")] if path.parent.is_dir() else []
    raise EquivalenceError(
        "There is no such snapshot file.", where=str(path), hint=nearest(reference, beside) or "check the path"
    )


def find_run(reference: str, *, tracking_uri: str | None = None) -> str:
    """Return the id of the run in the store that `reference` names."""
    if reference.endswith(_ALL):
        raise EquivalenceError(
            f"{reference!r} names all runs of an experiment, where one is asked for.",
            where="the command line",
            hint="give it to --before-runs or --after-runs, or name one run",
        )
    with opened_store(tracking_uri) as client:
        if reference.endswith(_LATEST):
            return _latest(client, reference)
        if tagged := _TAGGED.fullmatch(reference):
            return _tagged(client, reference, **tagged.groupdict())
        return _by_id(client, reference)


def _by_id(client: MlflowClient, reference: str) -> str:
    from mlflow.exceptions import MlflowException

    try:
        return str(client.get_run(reference).info.run_id)
    except MlflowException as error:
        if not is_missing(error):
            raise
        missing = error
    everywhere = _experiments(client)
    if _PREFIX.fullmatch(reference):
        query = f"attributes.run_id LIKE '{reference}%'"
        if found := [run.info.run_id for run in _runs(client, list(everywhere.values()), query)]:
            return _only(client, reference, found)
    # One page of the newest runs is enough to guess from.
    newest = client.search_runs(list(everywhere.values()), max_results=_PAGE) if everywhere else []
    known = [run.info.run_id for run in newest] + [f"{name}{_LATEST}" for name in everywhere]
    if reference in known:
        raise EquivalenceError.unreadable_run(reference, _shown(client), str(missing))
    raise EquivalenceError.no_run(reference, _shown(client), nearest(reference, known))


def _latest(client: MlflowClient, reference: str) -> str:
    name = reference.removesuffix(_LATEST)
    identity = _experiment(client, name)
    found: list[Run] = []
    for run in _runs(client, [identity], "", order="attributes.start_time DESC"):
        if found and run.info.start_time != found[0].info.start_time:
            break
        if _PARENT not in run.data.tags:
            found.append(run)
    if not found:
        raise EquivalenceError.no_run_in(name, "", _shown(client), "")
    return _only(client, reference, [run.info.run_id for run in found])


def _tagged(client: MlflowClient, reference: str, *, experiment: str, tag: str, value: str) -> str:
    identity = _experiment(client, experiment)
    quotable = value and _UNQUOTABLE.isdisjoint(tag + value)
    query = f"tags.`{tag}` = '{value}'" if quotable else ""
    # Once more here: a database may compare without regard to case.
    found = [run.info.run_id for run in _runs(client, [identity], query) if run.data.tags.get(tag) == value]
    if not found:
        newest = client.search_runs([identity], max_results=_PAGE)
        known = {f"{experiment}@{tag}={run.data.tags[tag]}" for run in newest if tag in run.data.tags}
        tags = {f"{experiment}@{name}={text}" for run in newest for name, text in run.data.tags.items()}
        similar = nearest(reference, known or tags)
        raise EquivalenceError.no_run_in(experiment, f"with the tag {tag}={value}", _shown(client), similar)
    return _only(client, reference, found)


def _experiment(client: MlflowClient, name: str) -> str:
    everywhere = _experiments(client)
    if name not in everywhere:
        hint = nearest(name, everywhere) or REFERENCES
        raise EquivalenceError(f"There is no experiment {name!r}.", where=_shown(client), hint=hint)
    return everywhere[name]


def _experiments(client: MlflowClient) -> dict[str, str]:
    """Return the ids of the experiments by name, without deleted ones."""
    found: dict[str, str] = {}
    token: str | None = None
    while True:
        page = client.search_experiments(max_results=_PAGE, page_token=token)
        found |= {experiment.name: experiment.experiment_id for experiment in page}
        token = page.token
        if not token:
            return found


def _runs(client: MlflowClient, experiments: list[str], query: str, *, order: str = "") -> Iterator[Run]:
    token: str | None = None
    while experiments:
        order_by = [order] if order else None
        page = client.search_runs(experiments, query, max_results=_PAGE, order_by=order_by, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _only(client: MlflowClient, reference: str, found: list[str]) -> str:
    if len(found) > 1:
        runs = ", ".join([*sorted(found)[:6], *(["…"] if len(found) > 6 else [])])
        what = f"{reference!r} names more than one run: {runs}"
        raise EquivalenceError(what, where=_shown(client), hint="give one of these run ids")
    return found[0]


def _shown(client: MlflowClient) -> str:
    return without_password(client.tracking_uri)
