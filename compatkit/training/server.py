"""Ask whether an MLflow tracking server is there, with little patience: MLflow's own retries last minutes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from compatkit.platforms import only_one
from compatkit.training.errors import TrackingError

if TYPE_CHECKING:
    from mlflow import MlflowClient

_SECONDS = 5.0
_TEMPORARY = frozenset({408, 429, 500, 502, 503, 504})


def require_server(uri: str) -> None:
    """Raise `TrackingError` unless somebody answers at `uri`; a store that is no HTTP server passes."""
    if not uri.startswith(("http://", "https://")):
        return
    import requests

    try:
        # Whatever is answered: somebody is there, and MLflow's own calls tell what is wrong.
        requests.get(uri.rstrip("/") + "/health", timeout=_SECONDS)
    except requests.RequestException as error:
        raise TrackingError.no_server(uri, error) from error


def opened_client(tracking_uri: str | None) -> MlflowClient:
    """Return a client; None is MLflow's own choice. Raises `TrackingError` for a server that does not answer.

    A SQLite store is opened while nobody else opens it: MLflow makes its tables then, and two at once leave it half
    made (mlflow/mlflow#19299, #19943). The lock is to be removed when MLflow holds one of its own.
    """
    import mlflow

    uri = tracking_uri or mlflow.get_tracking_uri()
    require_server(uri)
    if not uri.startswith("sqlite:"):
        return mlflow.MlflowClient(tracking_uri)
    place = Path(uri.removeprefix("sqlite:///").partition("?")[0])
    with only_one(f"store {place.resolve()}"):
        client = mlflow.MlflowClient(tracking_uri)
        client.search_experiments(max_results=1)
        return client


def is_away(error: Exception) -> bool:
    """Whether `error` is that of a server that is away for a while, not a refusal of what was sent."""
    from mlflow.exceptions import MlflowException

    if isinstance(error, TrackingError):
        return True
    if not isinstance(error, MlflowException):
        return False
    return error.get_http_status_code() in _TEMPORARY  # type: ignore[no-untyped-call]
