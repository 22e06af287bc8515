"""Read what `compatkit train` and `compatkit sweep` are given, tell how they come along, and sum up what they did."""

from __future__ import annotations

import importlib
import json
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from compatkit.cli._progress import QuietLine
from compatkit.cli._verbosity import is_quiet
from compatkit.errors import CompatkitError, WrongUse
from compatkit.record import EpochRecord
from compatkit.safe_text import without_password
from compatkit.training import OrchestratorConfig
from compatkit.training.data import DATASETS
from compatkit.training.errors import TrainingError
from compatkit.training.v2.loop.callbacks import Callback, CallersCallback, Interruption, Progress
from compatkit.training.v2.sweep import Combination, FailedTraining, Swept, Trained


@contextmanager
def from_command_line() -> Iterator[None]:
    """Take an error of the block for wrong use: what it is about was typed, and nothing was looked at yet."""
    try:
        yield
    except WrongUse:
        raise
    except CompatkitError as error:
        raise WrongUse(error.what, where=error.where, hint=error.hint) from error


def base_config(preset: str | None, file: Path | None) -> OrchestratorConfig:
    """Return the configuration that settings change."""
    if preset:
        return OrchestratorConfig.from_preset(preset)
    return OrchestratorConfig.from_file(file) if file else OrchestratorConfig()


def dataset_source(dataset: str) -> Any:
    """Return the dataset's name, or what `package.module:name` holds."""
    if ":" not in dataset:
        if dataset not in DATASETS:
            with from_command_line():
                raise TrainingError.unknown("data set", dataset, DATASETS)
        return dataset
    # The user's own modules are found as `python -m` would find them.
    sys.path.insert(0, str(Path.cwd()))
    found = load_object(dataset)
    if not callable(found):
        return found
    try:
        return found()
    except Exception as error:  # whatever a function of the user's own raises
        raise CompatkitError(
            f"{dataset!r} returned no data set: {type(error).__name__}: {error}",
            hint="call it by itself to see where it fails",
        ) from error


def load_object(reference: str) -> object:
    """Import `package.module:name`. Raises `CompatkitError` naming what is missing."""
    module, _, name = reference.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:  # whatever a module does when it is imported
        raise CompatkitError(
            f"{reference!r} cannot be loaded: {type(error).__name__}: {error}",
            hint="write package.module:name, as seen from this folder",
        ) from error


def summary_lines(result: Mapping[str, Any], config: OrchestratorConfig, *, is_interrupted: bool) -> Iterator[str]:
    """Yield the run, its final metrics, and the command that opens it."""
    state = "interrupted" if is_interrupted else "finished"
    epochs, best = result["epochs_trained"], result["best_epoch"]
    yield f"Run {result['run_id']} {state} after {epochs} epochs; the best was {best}."
    final = result["final_metrics"]
    values = final.to_v2() if isinstance(final, EpochRecord) else final
    width = max((len(name) for name in values), default=0)
    for name, value in values.items():
        yield f"  {name:<{width}}  {value:.6g}"
    yield f"Open it with: {open_command(config.tracking.uri, result['run_id'])}"


def summary_json(result: Mapping[str, Any]) -> str:
    """Return the result as JSON, without the history."""
    return json.dumps({name: value for name, value in result.items() if name != "history"}, indent=2)


def open_command(uri: str | None, run_id: str) -> str:
    """Return a shell command that shows the run; a password in it is left for the reader to put in."""
    # `presets` shows settings without it.
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    place = client.tracking_uri
    if place.startswith(("http://", "https://")):
        experiment = client.get_run(run_id).info.experiment_id
        page = f"{place.rstrip('/')}/#/experiments/{experiment}/runs/{run_id}"
        return f"python -m webbrowser {shlex.quote(without_password(page))}"
    return f"mlflow ui --backend-store-uri {shlex.quote(without_password(place))}"


class LiveLine(CallersCallback):
    """Overwrites one line on stderr after each epoch; silent where that is no terminal."""

    def __init__(self, quiet: QuietLine) -> None:
        self._quiet = quiet
        self._is_on = sys.stderr.isatty() and not is_quiet()
        self._start = time.monotonic()
        self._first = 0  # epochs that were done before this process

    def on_start(self, state: Progress) -> None:
        self._start, self._first = time.monotonic(), state.epoch

    def on_epoch(self, state: Progress) -> None:
        record, done = state.history[-1], state.epoch - self._first
        left = (time.monotonic() - self._start) / done * (state.epochs - state.epoch)  # seconds
        self._show(
            f"epoch {record.epoch}/{state.epochs}  loss {record.train_loss:.4f}  val loss {record.val_loss:.4f}  "
            f"val accuracy {record.val_accuracy:.4f}  {_clock(left)} left"
        )

    def on_end(self, state: Progress) -> None:  # noqa: ARG002
        self._show("")

    def _show(self, text: str) -> None:
        self._quiet.moved(text)
        if self._is_on:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


class SweepProgress:
    """Counts trainings, and lets Ctrl-C end the one that runs."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._done = 0
        self._interruption = Interruption()

    def callbacks(self, _combination: Combination) -> list[Callback]:
        """Return what is called after each epoch of the next training."""
        told = "Interrupted: the sweep ends with this epoch; press Ctrl-C again to end it at once."
        self._interruption = Interruption(lambda: click.echo(f"\n{told}", err=True))
        return [self._interruption, LiveLine(QuietLine("training"))]

    def show(self, outcome: Swept) -> None:
        """Say what became of a training."""
        self._interruption.close()
        self._done += 1
        match outcome:
            case Trained(result=result, is_interrupted=is_interrupted):
                said = f"{'interrupted' if is_interrupted else 'finished'} after {result.epochs_trained} epochs"
            case FailedTraining(reason=reason):
                said = f"failed: {reason}"
        click.echo(f"{self._done}/{self._count} {outcome.combination.label}: {said}", err=True)
