"""What Ray says of processes that failed, as the errors that the training would raise in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compatkit.training.ending import is_consequence
from compatkit.training.v2.on_ray.desk import Desk, Lost
from compatkit.training.v2.on_ray.errors import ClusterError, lost_processes

if TYPE_CHECKING:
    from ray.train import UserCallback


def cause_of(error: BaseException) -> BaseException:
    """Return what went wrong: what a process raised first, else that one is gone, else that none could be started."""
    failures: dict[int, Exception] = getattr(error, "worker_failures", {})
    raised = {rank: failure for rank, failure in failures.items() if not _is_rays(failure)}
    for rank, failure in sorted(raised.items()):
        if not is_consequence(failure):
            failure.add_note(f"raised in process {rank} of the training")
            return failure
    if gone := {rank: failure for rank, failure in failures.items() if rank not in raised}:
        return lost_processes(gone)
    if raised:
        return next(iter(raised.values()))
    return ClusterError.refused(getattr(error, "controller_failure", error))


def teller_of_losses(desk: Desk) -> UserCallback:
    """Return what tells the caller, from Ray's controller, of processes that failed."""
    from ray.train import UserCallback

    # Made here, as Ray is imported where it is used.
    class Teller(UserCallback):  # type: ignore[misc]  # to mypy, Ray has no types
        def after_exception(self, run_context: Any, worker_exceptions: dict[int, Exception]) -> None:  # noqa: ARG002
            gone = {rank: error for rank, error in worker_exceptions.items() if _is_rays(error)}
            desk.note(Lost({rank: str(error) for rank, error in (gone or worker_exceptions).items()}))

    return Teller()


def _is_rays(error: BaseException) -> bool:
    """Whether Ray says that a process is gone, rather than a process what went wrong."""
    return type(error).__module__.partition(".")[0] == "ray"
