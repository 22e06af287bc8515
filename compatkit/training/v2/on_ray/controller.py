"""Run in Ray's controller, the process that starts the others: tell of losses, and end with the caller."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from compatkit.training.v2.on_ray.desk import Desk, Lost
from compatkit.training.v2.on_ray.failures import is_rays

if TYPE_CHECKING:
    from ray.train import UserCallback


def callers_callback(desk: Desk) -> UserCallback:
    """Return what tells the caller of processes that failed, and ends the controller once `desk` is closed.

    Else a training that the caller gave up went on asking the cluster for room, and the caller's thread waited for it;
    to disconnect from Ray while a thread waits ends the process by a segmentation fault.
    """
    import ray
    from ray.train import UserCallback

    # Made here, as Ray is imported where it is used.
    class Teller(UserCallback):  # type: ignore[misc]  # to mypy, Ray has no types
        def __init__(self) -> None:
            self._desk = desk
            self._maker = ray.get_runtime_context().get_worker_id()

        def __setstate__(self, state: Mapping[str, Any]) -> None:
            self.__dict__.update(state)
            if ray.get_runtime_context().get_worker_id() != self._maker:
                threading.Thread(target=_end_with, args=[self._desk], name="compatkit-desk", daemon=True).start()

        def after_exception(self, run_context: Any, worker_exceptions: dict[int, Exception]) -> None:  # noqa: ARG002
            gone = {rank: error for rank, error in worker_exceptions.items() if is_rays(error)}
            self._desk.note(Lost({rank: str(error) for rank, error in (gone or worker_exceptions).items()}))

    return Teller()


def _end_with(desk: Desk) -> None:
    desk.wait()
    os._exit(1)
