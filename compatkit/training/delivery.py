"""Send the points that trainings left in the spool, in their order and nothing twice, and then end their runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

from compatkit.training.errors import TrackingError
from compatkit.training.sender import POINTS_PER_CALL, points_of_run, send_points
from compatkit.training.server import require_server
from compatkit.training.spool import MetricPoint, Spool, Spooled, read_spool, remove_blank, spool_files

if TYPE_CHECKING:
    from mlflow import MlflowClient


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
    """Send every spool in `folder`, one after the other; one that cannot be sent is kept."""
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
    """Return what makes a point the same as another one on the server; the store keeps no -0.0 and no infinity."""
    largest = 1.7976931348623157e308
    value = "nan" if isnan(point.value) else repr(min(max(point.value, -largest), largest) + 0.0)
    return point.name, point.step, point.timestamp, value
