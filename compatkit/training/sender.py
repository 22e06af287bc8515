"""Send points of metrics in batches from a thread of its own, so that a server that is away costs no epoch.

What trainings left in the spool is sent in its order and nothing twice, and then their runs end.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING

from compatkit.training.errors import TrackingError
from compatkit.training.server import require_server
from compatkit.training.spool import MetricPoint, Spool, Spooled, read_spool, remove_blank, spool_files

if TYPE_CHECKING:
    from mlflow import MlflowClient


POINTS_PER_CALL = 1000  # MLflow's limit for one log_batch
_RETRY = 1.0  # seconds between two tries while the server is away


class PointSender:
    """Sends points in their order, some seconds after they came; keeps them while the server is away.

    `send` takes up to 1,000 points and raises what MLflow raises; `is_away` tells whether that may pass.
    """

    def __init__(
        self,
        send: Callable[[Sequence[MetricPoint]], None],
        is_away: Callable[[Exception], bool],
        *,
        every: float,
        spool: Spool | None,
    ) -> None:
        self._send, self._is_away, self._every, self._spool = send, is_away, every, spool
        self._points: deque[MetricPoint] = deque()
        self._changed = threading.Condition()
        self._is_urgent = False
        self._is_closed = False
        self._error: Exception | None = None
        self._absence: Exception | None = None
        self._thread: threading.Thread | None = None

    def put(self, points: Sequence[MetricPoint], *, is_spooled: bool = False) -> None:
        """Take `points` to be sent; what is in the spool already is not written there again.

        Raises what the server answered to earlier points, if it refused them.
        """
        with self._changed:
            self._raise_refusal()
            if self._spool is not None and not is_spooled:
                self._spool.append(points)
            self._points.extend(points)
            if self._thread is None and self._points:
                self._thread = threading.Thread(target=self._run, name="compatkit-tracking", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def drain(self, patience: float) -> None:
        """Return when all points have arrived. Raises `TrackingError` if some have not after `patience` seconds."""
        deadline = time.monotonic() + patience
        with self._changed:
            self._is_urgent = True
            self._changed.notify_all()
            while self._points and self._error is None and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
            self._is_urgent = False
            self._raise_refusal()
            if self._points:
                place = None if self._spool is None else self._spool.path
                raise TrackingError(
                    f"{len(self._points)} values of metrics have not reached the tracking server: {self._absence}",
                    where="nowhere else" if place is None else str(place),
                    hint="when it is back, send them with `compatkit tracking flush`" if place is not None else "",
                )

    def close(self) -> bool:
        """Stop sending; return whether all points have arrived."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            return not self._points

    def _raise_refusal(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (batch := self._next_batch()) is not None:
            try:
                self._send(batch)
            except Exception as error:  # noqa: BLE001  # whatever MLflow raises: this is the outermost loop of a thread
                self._note(error)
            else:
                self._forget(len(batch))

    def _next_batch(self) -> list[MetricPoint] | None:
        with self._changed:
            due = time.monotonic() + (_RETRY if self._absence else self._every)
            while not self._is_closed:
                is_due = self._is_urgent and self._absence is None
                if self._points and (is_due or time.monotonic() >= due):
                    return [self._points[index] for index in range(min(len(self._points), POINTS_PER_CALL))]
                self._changed.wait(max(0.0, due - time.monotonic()) if self._points else None)
            return None

    def _note(self, error: Exception) -> None:
        with self._changed:
            if self._is_away(error):
                self._absence = error
            else:
                self._error, self._is_closed = error, True
            self._changed.notify_all()

    def _forget(self, count: int) -> None:
        with self._changed:
            for _ in range(count):
                self._points.popleft()
            if self._spool is not None:
                self._spool.mark_sent(count)
            self._absence = None
            self._changed.notify_all()


def send_points(client: MlflowClient, run_id: str, points: Sequence[MetricPoint]) -> None:
    """Log `points` to the run in one call."""
    from mlflow.entities import Metric

    client.log_batch(run_id, metrics=[Metric(*point) for point in points])


def points_of_run(client: MlflowClient, run_id: str) -> list[MetricPoint]:
    """Return every point of the run that the server has."""
    return [
        MetricPoint(name, point.value, point.timestamp, point.step)
        for name in sorted(client.get_run(run_id).data.metrics)
        for point in client.get_metric_history(run_id, name)
    ]


def as_number(value: object) -> float | None:
    """Return `value` as a float if it is a number, also one in a 0-dimensional array or tensor; else None."""
    if not isinstance(value, Real) and getattr(value, "ndim", None) == 0:
        value = value.item()  # type: ignore[attr-defined]  # arrays and tensors have it
    return float(value) if isinstance(value, Real) else None


@dataclass(frozen=True, slots=True)
class Sent:
    """A spool whose run now has all its points: so many were sent; the others it had already."""

    run_id: str
    points: int
    ending: str


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A spool that is as it was, and why."""

    path: Path
    reason: str


Delivered = Sent | Undelivered


def deliver_spool(folder: Path) -> Iterator[Delivered]:
    """Send every spool in `folder`, one by one, and keep those that cannot be sent."""
    for path in spool_files(folder):
        if remove_blank(path):
            continue
        try:
            yield _deliver(read_spool(path))
        except TrackingError as error:
            yield Undelivered(path, str(error))


def _deliver(spooled: Spooled) -> Sent:
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    # Held from here on: not by a training that runs, nor by another call of this.
    spool = Spool(spooled.path.parent, spooled.run_id, spooled.tracking_uri)
    is_delivered = False
    try:
        require_server(spooled.tracking_uri)
        spooled = spool.read()  # what was sent in between is not sent again
        count = _send(MlflowClient(spooled.tracking_uri), spooled)
        is_delivered = True
    except MlflowException as error:
        raise TrackingError.refused(spooled.path, error) from error
    finally:
        spool.close(is_empty=is_delivered)
    return Sent(spooled.run_id, count, spooled.ending)


def _send(client: MlflowClient, spooled: Spooled) -> int:
    # The last call may have arrived although its answer did not: what the run has is left out.
    there = {_key(point) for point in points_of_run(client, spooled.run_id)}
    points = [point for point in spooled.points if _key(point) not in there]
    for first in range(0, len(points), POINTS_PER_CALL):
        send_points(client, spooled.run_id, points[first : first + POINTS_PER_CALL])
    if spooled.ending:
        client.set_terminated(spooled.run_id, spooled.ending, end_time=spooled.end_time)
    return len(points)


def _key(point: MetricPoint) -> tuple[str, int, int, str]:
    """Return the key by which the server identifies a point; the store keeps no -0.0 and no infinity."""
    largest = 1.7976931348623157e308
    value = "nan" if isnan(point.value) else repr(min(max(point.value, -largest), largest) + 0.0)
    return point.name, point.step, point.timestamp, value
