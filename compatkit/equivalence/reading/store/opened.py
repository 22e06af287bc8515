"""A tracking store opened for reading: none is made, and whatever goes wrong is an `EquivalenceError`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from compatkit.addresses import without_password
from compatkit.equivalence.errors import EquivalenceError

if TYPE_CHECKING:
    from mlflow import MlflowClient

_LONGEST = 300  # characters of another's message
# Which file was at a place when it was first opened: its device and its number there.
_files: dict[Path, tuple[int, int]] = {}


@contextmanager
def opened_store(tracking_uri: str | None) -> Iterator[MlflowClient]:
    """Give a client of the store; `tracking_uri` None is MLflow's own choice. No global MLflow state is changed.

    Raises `EquivalenceError` where the store is not there, or where it fails while it is read: it is locked, its
    server is gone, its database refuses.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    if tracking_uri is not None:
        _require_store(tracking_uri)
    errors: tuple[type[Exception], ...] = (MlflowException, *_database_errors(), OSError, ImportError)
    shown = tracking_uri or "MLflow's default store"
    try:
        client = MlflowClient(tracking_uri)
        shown = client.tracking_uri
        require_same_file(shown)
        yield client
        require_same_file(shown)
    except errors as error:
        raise EquivalenceError.unreadable_store(without_password(shown), _first_line(error)) from error


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
    if urlsplit(uri).scheme.partition("+")[0] != "sqlite" or not (path := _path(uri)):
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


def _require_store(uri: str) -> None:
    """Refuse a local store that is not there: MLflow would create an empty one, and find no run in it."""
    path = _path(uri)
    if urlsplit(uri).scheme in {"sqlite", "file", ""} and path and not Path(path).exists():
        raise EquivalenceError.no_store(uri)


def _path(uri: str) -> str:
    parts = urlsplit(uri)
    # sqlite:///relative.db and sqlite:////absolute.db: one slash belongs to the URI.
    return parts.path[1:] if parts.scheme.partition("+")[0] == "sqlite" else parts.path


def _first_line(error: Exception) -> str:
    # MLflow puts whole answers of a server into its messages.
    line = without_password(next(iter(str(error).splitlines()), type(error).__name__))
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
