"""One MLflow run, through a client and its run id: no fluent state is read, or left behind.

Metrics are kept and sent in batches: on SQLite, 100 epochs of 10 metrics cost 3.6 s one by one, 0.06 s in one batch.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from numbers import Real
from typing import TYPE_CHECKING

from torch import Tensor, nn

from compatkit.trace import TRACE_FILE, environment_tags, watch

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

    from compatkit.trace.watch import Watch

METRICS_PER_CALL = 1000  # MLflow's limit for one log_batch
_MODEL_NAME = "model"
_METRIC_NAME = re.compile(r"[\w\-./: ]{1,250}")  # one bad name, and MLflow refuses the whole batch


class RunTracker:
    """An MLflow run that is being written. Get one from `tracked_run`."""

    def __init__(self, client: MlflowClient, run_id: str, experiment_id: str) -> None:
        self.run_id = run_id
        self._client = client
        self._experiment_id = experiment_id
        self._params: dict[str, str] = {}
        self._metrics: list[Metric] = []

    def log_params(self, params: Mapping[str, object]) -> None:
        """Log all `params` in one call, as text."""
        from mlflow.entities import Param

        texts = {name: str(value) for name, value in params.items()}
        self._client.log_batch(self.run_id, params=[Param(name, text) for name, text in texts.items()])
        self._params.update(texts)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set all `tags` in one call."""
        from mlflow.entities import RunTag

        self._client.log_batch(self.run_id, tags=[RunTag(name, text) for name, text in tags.items()])

    def watched(self, model: nn.Module) -> Watch:
        """Record what `model` does, as an artifact of this run, where COMPATKIT_TRACE asks for it; else do nothing."""
        return watch(model, to=lambda text: self._client.log_text(self.run_id, text, TRACE_FILE))

    def log_metrics(self, values: Mapping[str, object], *, step: int = 0) -> None:
        """Keep the numbers among `values` for the next `flush`; what is no number (None, text) is left out."""
        from mlflow.entities import Metric

        now = time.time_ns() // 1_000_000  # ms
        numbers = {name: number for name, value in values.items() if (number := as_number(value)) is not None}
        for name in [name for name in numbers if not _METRIC_NAME.fullmatch(name)]:
            warnings.warn(f"MLflow takes no metric named {name!r}: it is not logged.", stacklevel=2)
            del numbers[name]
        self._metrics += [Metric(name, number, now, int(step)) for name, number in numbers.items()]

    def flush(self) -> None:
        """Send the metrics that were kept."""
        for first in range(0, len(self._metrics), METRICS_PER_CALL):
            self._client.log_batch(self.run_id, metrics=self._metrics[first : first + METRICS_PER_CALL])
        self._metrics = []

    def log_model(self, model: nn.Module, example: Tensor) -> None:
        """Log `model` to this run, exported with `example`, (batch, features).

        A batch of one would be exported as a constant: pass two samples or more for a model that takes any number.
        """
        import mlflow.pytorch

        from compatkit.training._mlflow_state import tracking_uri_set

        self.flush()
        # Created here, with its experiment: without an active run, log_model would take the default experiment.
        logged = self._client.create_logged_model(
            self._experiment_id, name=_MODEL_NAME, source_run_id=self.run_id, params=self._params
        )
        with tracking_uri_set(self._client.tracking_uri):
            mlflow.pytorch.log_model(
                model.eval(),
                name=_MODEL_NAME,
                model_id=logged.model_id,
                run_id=self.run_id,
                # Given, because inferring them starts a Python process: 7 s.
                pip_requirements=["torch"],
                input_example=example.numpy(),
            )


@contextmanager
def tracked_run(
    experiment_name: str, *, tracking_uri: str | None = None, run_name: str | None = None
) -> Iterator[RunTracker]:
    """Start a run, and end it with the block: FINISHED, or FAILED if an exception leaves it.

    `tracking_uri` None is MLflow's own choice: MLFLOW_TRACKING_URI, else a SQLite file in the working directory.
    """
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri)
    experiment_id = _ensure_experiment(client, experiment_name)
    # Where the run is made: no policy compares it, but it may explain why two runs part.
    run_id = client.create_run(experiment_id, run_name=run_name, tags=environment_tags()).info.run_id
    tracker = RunTracker(client, run_id, experiment_id)
    try:
        yield tracker
        tracker.flush()
    except BaseException as error:
        _mark_failed(tracker, client, error)
        raise
    client.set_terminated(run_id, "FINISHED")


def as_number(value: object) -> float | None:
    """Return `value` as a float if it is a number, also one in a 0-dimensional array or tensor; else None."""
    if not isinstance(value, Real) and getattr(value, "ndim", None) == 0:
        value = value.item()  # type: ignore[attr-defined]  # arrays and tensors have it
    return float(value) if isinstance(value, Real) else None


def _ensure_experiment(client: MlflowClient, name: str) -> str:
    from mlflow.exceptions import MlflowException

    if (experiment := client.get_experiment_by_name(name)) is not None:
        return str(experiment.experiment_id)
    try:
        return str(client.create_experiment(name))
    except MlflowException:
        # Another process may have created it in between.
        if (experiment := client.get_experiment_by_name(name)) is None:
            raise
        return str(experiment.experiment_id)


def _mark_failed(tracker: RunTracker, client: MlflowClient, error: BaseException) -> None:
    """End the run as FAILED; a store that fails too must not hide `error`."""
    try:
        client.set_terminated(tracker.run_id, "FAILED")
    except Exception as store_error:  # noqa: BLE001  # whatever it is, the first error matters more
        error.add_note(f"MLflow run {tracker.run_id} could not be marked as FAILED: {store_error}")
