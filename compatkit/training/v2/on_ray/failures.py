"""Turn Ray's reports of failed processes into the errors that one process would raise."""

from __future__ import annotations

from compatkit.training.ending import is_consequence
from compatkit.training.v2.on_ray.errors import ClusterError, lost_processes


def cause_of(error: BaseException) -> BaseException:
    """Return what went wrong: what a process raised first, else that one is gone, else that none could be started."""
    failures: dict[int, Exception] = getattr(error, "worker_failures", {})
    raised = {rank: failure for rank, failure in failures.items() if not is_rays(failure)}
    for rank, failure in sorted(raised.items()):
        if not is_consequence(failure):
            failure.add_note(f"raised in process {rank} of the training")
            return failure
    if gone := {rank: failure for rank, failure in failures.items() if rank not in raised}:
        return lost_processes(gone)
    if raised:
        return next(iter(raised.values()))
    return ClusterError.refused(getattr(error, "controller_failure", error))


def is_rays(error: BaseException) -> bool:
    """Whether Ray says that a process is gone, rather than a process what went wrong."""
    return type(error).__module__.partition(".")[0] == "ray"
