"""Run in Ray's controller, the process that starts the others: report losses, and end with the caller."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from compatkit.training.ending import is_consequence
from compatkit.training.errors import ClusterError, lost_processes
from compatkit.training.v2.on_ray.mailbox_actor import Lost, Mailbox

if TYPE_CHECKING:
    from ray.train import UserCallback


def callers_callback(mailbox: Mailbox) -> UserCallback:
    """Return what tells the caller of processes that failed, and ends the controller once `mailbox` is closed.

    Else a training that the caller gave up went on asking the cluster for room, and the caller's thread waited for it.
    """
    import ray
    from ray.train import UserCallback

    # Made here, as Ray is imported where it is used.
    class Teller(UserCallback):  # type: ignore[misc]  # to mypy, Ray has no types
        def __init__(self) -> None:
            self._mailbox = mailbox
            self._maker = ray.get_runtime_context().get_worker_id()

        def __setstate__(self, state: Mapping[str, Any]) -> None:
            self.__dict__.update(state)
            if ray.get_runtime_context().get_worker_id() != self._maker:
                threading.Thread(target=_end_with, args=[self._mailbox], name="compatkit-mailbox", daemon=True).start()

        def after_exception(self, run_context: Any, worker_exceptions: dict[int, Exception]) -> None:  # noqa: ARG002
            gone = {rank: error for rank, error in worker_exceptions.items() if is_rays(error)}
            self._mailbox.note(Lost({rank: str(error) for rank, error in (gone or worker_exceptions).items()}))

    return Teller()


def _end_with(mailbox: Mailbox) -> None:
    mailbox.wait()
    os._exit(1)


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
    """Tell whether Ray says that a process is gone, rather than a process what went wrong."""
    return type(error).__module__.partition(".")[0] == "ray"
