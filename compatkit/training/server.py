"""Whether an MLflow tracking server is there: asked with little patience, as MLflow's own retries last minutes."""

from __future__ import annotations

from compatkit.training.errors import TrackingError

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


def is_away(error: Exception) -> bool:
    """Whether `error` is that of a server that is away for a while, not a refusal of what was sent."""
    from mlflow.exceptions import MlflowException

    if isinstance(error, TrackingError):
        return True
    if not isinstance(error, MlflowException):
        return False
    return error.get_http_status_code() in _TEMPORARY  # type: ignore[no-untyped-call]
