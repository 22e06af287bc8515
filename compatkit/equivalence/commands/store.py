"""A private MLflow store for one side, and the runs that the side left in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from compatkit.equivalence.errors import CommandError
from compatkit.equivalence.reading.canonical import DESCRIPTION
from compatkit.equivalence.reading.store.opened import table_revisions

if TYPE_CHECKING:
    from mlflow.entities import Experiment
    from mlflow.entities.model_registry import RegisteredModel
    from mlflow.store.entities import PagedList

Found = TypeVar("Found")
_PARENT = "mlflow.parentRunId"
_PAGE = 1000
# MLflow keeps a connection to each store that it opened: of one that was made anew, it would read the old content.
_made: set[Path] = set()


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """A run, as far as its counterpart is found by it.

    `settings` are what its side set beside the runs, if it is the first run: tags of experiments, and what registered
    models are set to.
    """

    run_id: str
    experiment: str
    name: str
    status: str = "FINISHED"
    params: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{self.experiment} / {self.name or self.run_id}"


@dataclass(frozen=True, slots=True)
class Store:
    """One side's folder: its SQLite store, its artifacts, its output, what it told of its imports.

    MLflow itself makes the store, in the command: then that costs no second more than in a fresh folder.
    """

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "mlflow.db"

    @property
    def uri(self) -> str:
        return f"sqlite:///{self.database}"

    @property
    def output(self) -> Path:
        return self.folder / "output.txt"

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"

    @property
    def imports(self) -> Path:
        return self.folder / "imports"

    @classmethod
    def make(cls, folder: Path) -> Store:
        """Make the folder. Raises `CommandError` where that fails, or this process made it before."""
        store = cls(folder)
        if folder in _made:
            raise CommandError.store_in_use(folder)
        try:
            store.imports.mkdir(parents=True)
            # Made before the first artifact: a run without any then has none, rather than none here.
            store.artifacts.mkdir()
        except OSError as error:
            raise CommandError.unwritable(folder, error.strerror or str(error)) from error
        _made.add(folder)
        return store

    @property
    def environment(self) -> dict[str, str]:
        return {
            "MLFLOW_TRACKING_URI": self.uri,
            # Else the command would register its models where the caller's models are.
            "MLFLOW_REGISTRY_URI": self.uri,
            # Else MLflow puts artifacts below the working directory. It is the variable of its server, which
            # the client reads since MLflow 3; one before that leaves a folder mlruns there.
            "_MLFLOW_SERVER_ARTIFACT_ROOT": self.artifacts.as_uri(),
        }


def bring_up_to_date(side: str, store: Store) -> None:
    """Give a database that an older release of MLflow wrote the tables of this one's, as `mlflow db upgrade` does.

    Raises `CommandError` where that release is the newer one.
    """
    from alembic.util import CommandError as AlembicError
    from mlflow.exceptions import MlflowException
    from mlflow.store.db.utils import _upgrade_db, create_sqlalchemy_engine

    if not store.database.exists() or len(set(table_revisions(store.uri))) == 1:
        return
    engine = create_sqlalchemy_engine(store.uri)  # type: ignore[no-untyped-call]
    try:
        _upgrade_db(engine)  # type: ignore[no-untyped-call]
    except (AlembicError, MlflowException) as error:
        reason = f"{error}; run compatkit with the newer of the two releases"
        raise CommandError.unreadable_store_of(side, store.uri, reason) from error
    finally:
        engine.dispose()


def top_level_runs(side: str, store: Store) -> tuple[LoggedRun, ...]:
    """Return the runs of all experiments that are no other's child, in the order in which they began."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    if not store.database.exists():
        return ()
    try:
        client = MlflowClient(store.uri, store.uri)
        experiments = list(_paged(client.search_experiments))
        names = {experiment.experiment_id: experiment.name for experiment in experiments}
        runs = list(_paged(partial(client.search_runs, list(names)))) if names else []
        settings = dict(_settings(experiments, _paged(client.search_registered_models)))
    except (MlflowException, OSError) as error:
        raise CommandError.unreadable_store_of(side, store.uri, str(error)) from error
    ids = {run.info.run_id for run in runs}
    top = [run for run in runs if run.data.tags.get(_PARENT) not in ids]
    top.sort(key=lambda run: (run.info.start_time or 0, run.info.run_id))
    return tuple(
        LoggedRun(
            run.info.run_id,
            names[run.info.experiment_id],
            run.info.run_name or "",
            run.info.status,
            dict(run.data.params),
            settings if run is top[0] else {},
        )
        for run in top
    )


def _settings(experiments: Iterable[Experiment], models: Iterable[RegisteredModel]) -> Iterator[tuple[str, str]]:
    """Yield what is set beside the runs, each under a name that says of what it is. No run of another side is there."""
    for experiment in experiments:
        yield from (
            (f"experiment {experiment.name!r}: {name}", text) for name, text in experiment.tags.items() if _is_set(name)
        )
    for model in models:
        own = f"registered model {model.name!r}: "
        if model.description:
            yield f"{own}description", model.description
        yield from ((f"{own}tag {name}", text) for name, text in model.tags.items() if _is_set(name))
        yield from ((f"{own}alias {name}", f"version {number}") for name, number in model.aliases.items())


def _is_set(tag: str) -> bool:
    """Tell whether a user set this tag, rather than MLflow itself."""
    return tag == DESCRIPTION or not tag.startswith("mlflow.")


def _paged(search: Callable[..., PagedList[Found]]) -> Iterator[Found]:
    token: str | None = None
    while True:
        page = search(max_results=_PAGE, page_token=token)
        yield from page
        if not (token := page.token):
            return
