"""Logging a history to the run: while it grows where the trainer tells of each epoch, else when it is complete."""

from __future__ import annotations

from math import isfinite

from compatkit.record import EpochRecord, read_history
from compatkit.training.tracking import RunTracker, as_number
from compatkit.training.v2.callbacks import Callback, TrainingState


class HistoryLogger(Callback):
    """Logs each record once, at its epoch, under the names that were asked for: "v1", "v2" or "both"."""

    def __init__(self, run: RunTracker, names: str) -> None:
        self.stop = ""  # why the training ended before its last epoch
        self._run = run
        self._names = names
        self._logged = 0  # records

    def on_start(self, state: TrainingState) -> None:
        # After a resumption: what had arrived already is left out by the run.
        self.log_rest(read_history(state.history))

    def on_epoch(self, state: TrainingState) -> None:
        self._log(read_history(state.history[-1:])[0])
        self.stop = state.stop

    def on_end(self, state: TrainingState) -> None:
        self.stop = state.stop

    def log_rest(self, history: list[EpochRecord]) -> None:
        """Log the records that were not logged yet."""
        for record in history[self._logged :]:
            self._log(record)

    def _log(self, record: EpochRecord) -> None:
        self._logged += 1
        metrics = in_names(record, self._names)
        metrics.pop("epoch", None)
        self._run.log_metrics(metrics, step=epoch_of(record, self._logged))


def in_names(record: EpochRecord, names: str) -> dict[str, object]:
    """Return the values of `record` under the names of "v1", of "v2", or of "both" generations."""
    if names == "v1":
        return record.to_v1()
    return record.to_v2() if names == "v2" else {**record.to_v1(), **record.to_v2()}


def epoch_of(record: EpochRecord, index: int) -> int:
    """Return the record's epoch, or its place in the history, from 1, if the trainer named none."""
    epoch = as_number(record.get("epoch"))
    return int(epoch) if epoch is not None and isfinite(epoch) else index
