"""The processes that train along with the first: they log nothing, but make a failure known."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from compatkit.addresses import without_password
from compatkit.training.ending import end_run, failure_of, is_consequence
from compatkit.training.termination import pass_over_termination
from compatkit.training.v2.loop.distributed import Processes

_PATIENCE = 10.0  # seconds in which the first process, if it lives, ends the run itself; torchrun kills after 30
_POLL = 0.5  # seconds


@contextmanager
def failure_told(processes: Processes, run_id: str, uri: str | None) -> Iterator[None]:
    """Run the block; where an exception leaves it, the run becomes FAILED with the reason as a tag.

    If only another process was lost, the first one says more, unless it is the one that was lost.
    """
    try:
        yield
    except BaseException as error:
        pass_over_termination()
        try:
            _tell(error, processes, run_id, uri)
        except Exception as store_error:  # noqa: BLE001  # whatever it is, the first error matters more
            error.add_note(without_password(f"MLflow run {run_id} could not be marked as FAILED: {store_error}"))
        raise


def _tell(error: BaseException, processes: Processes, run_id: str, uri: str | None) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    if is_consequence(error):
        deadline = time.monotonic() + _PATIENCE
        while client.get_run(run_id).info.status == "RUNNING":
            if time.monotonic() > deadline:
                end_run(client, run_id, "FAILED", failure=failure_of(error))
                return
            time.sleep(_POLL)
        return
    end_run(client, run_id, "FAILED", failure=f"process {processes.rank} of {processes.size}: {failure_of(error)}")
