"""One MLflow run, through a client and its run id: no fluent state is read, or left behind.

Metrics are gathered and sent in batches, from a thread: on SQLite, 100 epochs of 10 metrics cost 3.6 s one by one, and
0.06 s in one batch. Until they have arrived they lie in a spool: neither a crash nor a server that is away loses one.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor, nn

from compatkit.safe_text import is_encodable
from compatkit.trace import TRACE_FILE, watch
from compatkit.training.data import DataSplit, inputs_of
from compatkit.training.ending import FAILURE_TAG, end_run
from compatkit.training.errors import TrackingError
from compatkit.training.sender import PointSender, as_number, points_of_run, send_points
from compatkit.training.server import is_away, require_server, system_metrics, tracking_uri_set
from compatkit.training.spool import MetricPoint, Spool, spool_folder

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from compatkit.trace.watch import Watch

_MODEL_NAME = "model"
LONGEST_PARAM, _LONGEST_TAG = 6000, 8000  # characters: MLflow cuts what is longer, and goes on
_METRIC_NAME = re.compile(r"[\w\-./: ]{1,250}")  # one bad name, and MLflow refuses the whole batch


@dataclass(frozen=True, slots=True)
class Delivery:
    """The way of metrics to the server.

    Attributes:
        every: seconds for which they are gathered before they are sent together.
        patience: seconds that the end of the run waits for a server that is away.
        spool: folder in which they are kept until they have arrived; None is compatkit's own.
    """

    every: float = 5.0
    patience: float = 120.0
    spool: str | None = None


class RunTracker:
    """An MLflow run that is being written. Get one from `tracked_run`."""

    def __init__(
        self, client: MlflowClient, run_id: str, experiment_id: str, *, delivery: Delivery, is_resumed: bool = False
    ) -> None:
        self.run_id = run_id
        self.status = "FINISHED"  # with which the run ends, unless an exception ends it
        self._client = client
        self._experiment_id = experiment_id
        self._params: dict[str, str] = {}
        self._is_resumed = is_resumed
        self._patience = delivery.patience
        self._spool = _open_spool(delivery, run_id, client.tracking_uri)
        self._sender = PointSender(self._send, is_away, every=delivery.every, spool=self._spool)
        # (name, step) of what arrived before a crash: a continuation measures it again, and must not log it twice.
        self._logged: set[tuple[str, int]] = set()
        if is_resumed:
            self._logged = {(point.name, point.step) for point in points_of_run(client, run_id)}
            self._take_over()

    def log_params(self, params: Mapping[str, object]) -> None:
        """Log all `params` in one call, as text. Raises `TrackingError` for a text that MLflow would change."""
        from mlflow.entities import Param

        texts = {name: str(value) for name, value in params.items()}
        _require_kept("param", texts, LONGEST_PARAM)
        self._client.log_batch(self.run_id, params=[Param(name, text) for name, text in texts.items()])
        self._params.update(texts)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set all `tags` in one call. Raises `TrackingError` for a text that MLflow would change."""
        from mlflow.entities import RunTag

        _require_kept("tag", tags, _LONGEST_TAG)
        self._client.log_batch(self.run_id, tags=[RunTag(name, text) for name, text in tags.items()])

    def log_inputs(self, data: DataSplit) -> None:
        """Log both parts of `data` as the inputs of this run."""
        self._client.log_inputs(self.run_id, datasets=inputs_of(data))

    def sampled(self, *, is_on: bool) -> AbstractContextManager[None]:
        """Log system metrics while the block runs, if `is_on`."""
        return system_metrics(self.run_id, self._client.tracking_uri, is_on=is_on, is_resumed=self._is_resumed)

    def watched(self, model: nn.Module) -> Watch:
        """Record what `model` does, as an artifact of this run, where COMPATKIT_TRACE asks for it; else do nothing."""
        return watch(model, to=self.log_trace)

    def log_trace(self, text: str) -> None:
        """Log the recorded trace of a model, as JSON."""
        self._client.log_text(self.run_id, text, TRACE_FILE)

    def log_metrics(self, values: Mapping[str, object], *, step: int = 0) -> None:
        """Send the numbers among `values` soon; other values (None, text) are left out."""
        now = time.time_ns() // 1_000_000  # ms
        numbers = {name: number for name, value in values.items() if (number := as_number(value)) is not None}
        for name in [name for name in numbers if not _METRIC_NAME.fullmatch(name)]:
            warnings.warn(f"MLflow takes no metric named {name!r}: it is not logged.", stacklevel=2)
            del numbers[name]
        self._sender.put(
            [
                MetricPoint(name, number, now, int(step))
                for name, number in numbers.items()
                if (name, int(step)) not in self._logged
            ]
        )

    def flush(self) -> None:
        """Return when all metrics have arrived. Raises `TrackingError` if the server stays away too long."""
        self._sender.drain(self._patience)

    @property
    def has_failure(self) -> bool:
        """Tell whether the run has the reason of a failure already, from another process."""
        return FAILURE_TAG in self._client.get_run(self.run_id).data.tags

    @property
    def has_model(self) -> bool:
        """Tell whether a model was logged to this run already, by the process that is resumed."""
        outputs = self._client.get_run(self.run_id).outputs
        models = [] if outputs is None else outputs.model_outputs
        return any(str(self._client.get_logged_model(model.model_id).status) == "READY" for model in models)

    def log_model(self, model: nn.Module, example: Tensor) -> None:
        """Log `model` to this run, exported with `example`, (batch, features).

        A batch of one would be exported as a constant: pass two samples or more for a model that takes any number.
        """
        import mlflow.pytorch

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

    def end(self, status: str, *, failure: str = "") -> None:
        """End the run. Where the server is away, note in the spool that it is to be ended, and raise what happened."""
        try:
            end_run(self._client, self.run_id, status, failure=failure)
        except Exception:
            self._close(ending=status)
            raise
        self._close()

    def _close(self, ending: str = "") -> None:
        all_sent = self._sender.close()
        if self._spool is None:
            return
        if ending:
            self._spool.mark_ended(ending, time.time_ns() // 1_000_000)
        self._spool.close(is_empty=all_sent and not ending)

    def _send(self, points: Sequence[MetricPoint]) -> None:
        require_server(self._client.tracking_uri)
        send_points(self._client, self.run_id, points)

    def _take_over(self) -> None:
        """Send the points that the resumed process had not sent."""
        if self._spool is None:
            return
        pending = self._spool.read().points
        left = [point for point in pending if (point.name, point.step) not in self._logged]
        self._spool.take_over(left, len(pending))
        self._logged |= {(point.name, point.step) for point in left}
        self._sender.put(left, is_spooled=True)


def _open_spool(delivery: Delivery, run_id: str, uri: str) -> Spool | None:
    """Return the run's spool; without one, aloud, where no file can be written."""
    try:
        return Spool(spool_folder(delivery.spool), run_id, _absolute(uri))
    except OSError as error:
        warnings.warn(f"Metrics are not spooled: a crash may lose some. {error}", stacklevel=2)
        return None


def _require_kept(kind: str, texts: Mapping[str, str], longest: int) -> None:
    for name, text in texts.items():
        if len(text) > longest:
            raise TrackingError.not_kept(kind, name, f"it has {len(text):,} characters, and MLflow keeps {longest:,}")
        if not is_encodable(text):
            raise TrackingError.not_kept(kind, name, f"{text!r} holds a byte or half a character that is not text")


def _absolute(uri: str) -> str:
    """Make a path in `uri` independent of the working directory: the spool may be sent from another one."""
    scheme, separator, place = uri.rpartition("sqlite:///")
    if separator and not scheme:
        return f"sqlite:///{Path(place).resolve()}"
    return uri if ":" in uri else str(Path(uri).resolve())
