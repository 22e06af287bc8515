"""A tracking store opened for reading: none is made, and whatever goes wrong is an `EquivalenceError`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from compatkit.equivalence.errors import EquivalenceError

if TYPE_CHECKING:
    from mlflow import MlflowClient


@contextmanager
def opened_store(tracking_uri: str | None) -> Iterator[MlflowClient]:
    """Give a client of the store; `tracking_uri` None is MLflow's own choice. No global MLflow state is changed.

    Raises `EquivalenceError` where the store is not there, or where it fails while it is read: it is locked, its
    server is gone, its database refuses.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    if tracking_uri is not None:
        _require_store(tracking_uri)
    shown = tracking_uri or "MLflow's default store"
    try:
        client = MlflowClient(tracking_uri)
        shown = client.tracking_uri
        yield client
    except (MlflowException, SQLAlchemyError, OSError, ImportError) as error:
        raise EquivalenceError.unreadable_store(without_password(shown), _first_line(error)) from error


def is_missing(error: Exception) -> bool:
    """Tell whether MLflow says by this error that there is no such run, rather than that it could not look."""
    return getattr(error, "error_code", "") in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}


def without_password(uri: str) -> str:
    """Return the URI as it may be shown."""
    parts = urlsplit(uri)
    if parts.password is None:
        return uri
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}:***@{host}").geturl()


def _require_store(uri: str) -> None:
    """Refuse a local store that is not there: MLflow would create an empty one, and find no run in it."""
    parts = urlsplit(uri)
    # sqlite:///relative.db and sqlite:////absolute.db: one slash belongs to the URI.
    path = parts.path[1:] if parts.scheme == "sqlite" else parts.path
    if parts.scheme in {"sqlite", "file", ""} and path and not Path(path).exists():
        raise EquivalenceError.no_store(uri)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
