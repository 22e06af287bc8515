"""A tracking store opened for reading: none is made, and whatever goes wrong is an `EquivalenceError`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from compatkit.equivalence.errors import EquivalenceError
from compatkit.safe_text import without_password

if TYPE_CHECKING:
    from mlflow import MlflowClient

_LONGEST = 300  # characters of another's message
# Addresses that MLflow knows by these words alone.
_NO_FOLDERS = {"databricks", "databricks-uc"}
# Where the name to import is not the one to install.
_PACKAGES = {
    "azure": "azure-storage-blob azure-identity",
    "botocore": "boto3",
    "google": "google-cloud-storage",
    "MySQLdb": "mysqlclient",
    "psycopg2": "psycopg2-binary",
}
# Which file was at a place when it was first opened: its device and its number there.
_files: dict[Path, tuple[int, int]] = {}


@contextmanager
def opened_store(tracking_uri: str | None, registry_uri: str | None = None) -> Iterator[MlflowClient]:
    """Give a client of the store; an address that is None is MLflow's own choice. No global MLflow state is changed.

    Raises `EquivalenceError` where the store is not there, or where it fails while it is read: it is locked, its
    server is gone, its database refuses.
    """
    import mlflow
    from mlflow.exceptions import MlflowException

    uri = tracking_uri if tracking_uri is not None else mlflow.get_tracking_uri()
    shown = _require_store(uri)
    errors: tuple[type[Exception], ...] = (MlflowException, *_database_errors(), OSError)
    try:
        _require_own_tables(uri)
        client = mlflow.MlflowClient(uri, registry_uri)
        shown = client.tracking_uri
        require_same_file(shown)
        yield client
        require_same_file(shown)
    except ImportError as error:
        raise not_installed(without_password(shown), error) from error
    except errors as error:
        raise EquivalenceError.unreadable_store(_failed_at(error, shown), _first_line(error)) from error
    except Exception as error:
        if not _raised_in_mlflow(error):
            raise
        reason = f"MLflow {mlflow_version()} fails on what is there: {type(error).__name__}: {_first_line(error)}"
        hint = "a file there is cut short, or another release of MLflow wrote it: open it with that, or mend the file"
        what = f"The tracking store cannot be read: {reason}"
        raise EquivalenceError(what, where=_failed_at(error, uri), hint=hint) from error


def _raised_in_mlflow(error: Exception) -> bool:
    """Tell whether MLflow, or what it calls, raised this: it does not foresee files that are torn, or too new."""
    packages: list[str] = [
        frame.f_globals.get("__name__", "").partition(".")[0] for frame, _ in walk_tb(error.__traceback__)
    ]
    return [name for name in packages if name in {"compatkit", "mlflow"}][-1] == "mlflow"


def _failed_at(error: Exception, uri: str) -> str:
    """Return the place inside a store of files that MLflow was at, which its error does not tell; else the store's."""
    if urlsplit(uri).scheme in {"", "file"}:
        folder = local_path(uri).rstrip("/") + "/"
        known = [value for frame, _ in walk_tb(error.__traceback__) for value in frame.f_locals.values()]
        if inside := [value for value in known if isinstance(value, str) and value.startswith(folder)]:
            return inside[-1]
    return without_password(uri)


def not_installed(where: str, error: ImportError) -> EquivalenceError:
    """Return the error of a store whose driver or client is missing, or does not fit what else is installed."""
    if isinstance(error, ModuleNotFoundError):
        name = (error.name or "").partition(".")[0]
        hint = f"run: pip install {_PACKAGES.get(name, name)}"
        return EquivalenceError(f"What is needed to read it is not installed: {error}.", where=where, hint=hint)
    older = (error.name or "").startswith("sqlalchemy")
    return EquivalenceError(
        f"What is needed to read it does not fit what else is installed: {error}.",
        where=where,
        hint="run: pip install 'sqlalchemy<2.1'" if older else "see: pip check",
    )


def _database_errors() -> tuple[type[Exception], ...]:
    """Return what SQLAlchemy raises; nothing beside MLflow's skinny package, which comes without it."""
    try:
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError:
        return ()
    return (SQLAlchemyError,)


def require_same_file(uri: str) -> None:
    """Raise `EquivalenceError` unless the file of a store is the one that this process first saw at this place.

    MLflow keeps its connection to a file that was removed or replaced, and goes on reading what is no longer there.
    """
    if urlsplit(uri).scheme.partition("+")[0] != "sqlite" or not (path := local_path(uri)):
        return
    try:
        said = Path(path).stat()
    except FileNotFoundError as error:
        raise EquivalenceError.replaced_store(uri) from error
    place = Path(path).absolute()
    if _files.setdefault(place, (said.st_dev, said.st_ino)) != (said.st_dev, said.st_ino):
        raise EquivalenceError.replaced_store(uri)


def is_missing(error: Exception) -> bool:
    """Tell whether MLflow says by this error that there is no such run, rather than that it could not look."""
    return getattr(error, "error_code", "") in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}


def _require_store(uri: str) -> str:
    """Refuse a local store that is not there: MLflow would create an empty one, and find no run in it."""
    path = local_path(uri)
    # Elsewhere than on Windows, MLflow takes C:\\runs for a folder to be made here.
    is_local = urlsplit(uri).scheme in {"sqlite", "file", ""} or len(urlsplit(uri).scheme) == 1
    if is_local and uri not in _NO_FOLDERS and path and not Path(path).exists():
        raise EquivalenceError(
            "There is no MLflow store at this address.", where=uri, hint="check --tracking-uri; nothing was made"
        )
    return uri


def _require_own_tables(uri: str) -> None:
    """Refuse a database that MLflow would change as it opens it.

    It makes its tables in whatever database it is given, and brings those of an older release to its own: then that
    release, which may serve a whole team, cannot open the database any more.
    """
    if not is_database(uri):
        return
    found, own = table_revisions(uri)
    if found is None:
        raise EquivalenceError(
            "There is no MLflow store in this database: it has none of MLflow's tables.",
            where=without_password(uri),
            hint="check --tracking-uri; nothing was made",
        )
    if found != own:
        raise EquivalenceError(
            f"The tables of this database are of another release than MLflow {mlflow_version()}, which is installed "
            f"here: their revision is {found}, not {own}.",
            where=without_password(uri),
            hint="nothing was changed; run compatkit beside the MLflow that writes there, or give the address of its "
            "server; snapshots that `compatkit snapshot` writes there can be compared here",
        )


def is_database(uri: str) -> bool:
    """Tell whether a store is a database that is reached without a server of MLflow's."""
    return urlsplit(uri).scheme.partition("+")[0] in {"sqlite", "postgresql", "mysql", "mssql"}


def table_revisions(uri: str) -> tuple[str | None, str]:
    """Return of which revision the tables of a database are, None where MLflow made none, and that of this MLflow."""
    from sqlalchemy import column, create_engine, inspect, select, table
    from sqlalchemy.pool import NullPool

    engine = create_engine(uri, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            names = set(inspect(connection).get_table_names())
            if not names >= {"alembic_version", "experiments", "runs"}:
                return None, _own_revision()
            revisions = table("alembic_version", column("version_num"))
            return str(connection.execute(select(revisions.c.version_num)).scalar()), _own_revision()
    finally:
        engine.dispose()


@cache
def _own_revision() -> str:
    from mlflow.store.db.utils import _get_latest_schema_revision

    return str(_get_latest_schema_revision())  # type: ignore[no-untyped-call]


def mlflow_version() -> str:
    """Return the release of MLflow that reads."""
    import mlflow

    return str(mlflow.__version__)


def local_path(uri: str) -> str:
    """Return the path in the address of a store; of a database that is no file, it says nothing."""
    parts = urlsplit(uri)
    if len(parts.scheme) == 1:
        return uri
    if parts.scheme == "file":
        return url2pathname(parts.path)
    # sqlite:///relative.db and sqlite:////absolute.db: one slash belongs to the URI.
    return parts.path[1:] if parts.scheme.partition("+")[0] == "sqlite" else parts.path


def _first_line(error: Exception) -> str:
    # MLflow puts whole answers of a server into its messages.
    line = without_password(next(iter(str(error).splitlines()), type(error).__name__))
    # What went wrong at the bottom is said last.
    half = _LONGEST // 2
    return line if len(line) <= _LONGEST else f"{line[:half]} … {line[-half:]}"
