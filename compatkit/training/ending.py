"""The end of a run: its status, and why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compatkit.addresses import without_password
from compatkit.training.errors import LostProcessError
from compatkit.training.server import require_server
from compatkit.utf8 import made_encodable

if TYPE_CHECKING:
    from mlflow import MlflowClient

FAILURE_TAG = "stack.failure"
_LONGEST_TAG = 5000  # characters; SQLite's store cuts at 8,000, others earlier


def end_run(client: MlflowClient, run_id: str, status: str, *, failure: str = "") -> None:
    """Give the run its last status, and the reason of a failure as a tag. Raises what the server answers."""
    require_server(client.tracking_uri)
    if failure:
        client.set_tag(run_id, *failure_tag(failure))
    client.set_terminated(run_id, status)


def failure_tag(failure: str) -> tuple[str, str]:
    """Return the tag that says why a run failed, in a text that every store takes: what failed may name any file."""
    return FAILURE_TAG, made_encodable(failure)[:_LONGEST_TAG]


def failure_of(error: BaseException) -> str:
    """Return why a training failed, in a sentence, without the password of a store."""
    return without_password(getattr(error, "what", "") or f"{type(error).__name__}: {error}".removesuffix(": "))


def is_consequence(error: BaseException) -> bool:
    """Whether `error` only follows from what another process may have told already."""
    return isinstance(error, LostProcessError)
