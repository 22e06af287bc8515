"""Sample how busy the machine is while a run is made: MLflow's own metrics `system/…`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from compatkit.training.errors import TrackingError


@contextmanager
def system_metrics(run_id: str, uri: str, *, is_on: bool, is_resumed: bool = False) -> Iterator[None]:
    """Run the block, sampled every ten seconds if `is_on`; raise `TrackingError` where psutil is not installed.

    MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL sets other seconds.
    """
    if not is_on:
        yield
        return
    if find_spec("psutil") is None:
        raise TrackingError.no_psutil()
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

    monitor = SystemMetricsMonitor(run_id, resume_logging=is_resumed, tracking_uri=uri)  # type: ignore[no-untyped-call]
    monitor.start()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        monitor.finish()  # type: ignore[no-untyped-call]
