"""The proof on the reference stack: every trainer on every orchestrator, each run compared to v1 on v1."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import Any

from compatkit.addresses import without_password
from compatkit.equivalence.comparing.compare import compare_snapshots
from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.matrix import Cell, Matrix, Scenario
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.reading.reader import take_snapshot
from compatkit.errors import CompatkitError
from compatkit.migration import Migration, find_migration
from compatkit.training import (
    ModelTrainer,
    ModelTrainerV2,
    TrainingOrchestrator,
    TrainingOrchestratorV2,
    preset_config,
)

_EXPERIMENT = "compatkit verify"
_Factory = Callable[..., Any]


def load_class(reference: str) -> type:
    """Import `package.module:Class`. Raises `EquivalenceError` naming what is missing."""
    module, _, name = reference.partition(":")
    try:
        found = getattr(importlib.import_module(module), name or "?")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a module does when it is imported, sys.exit(0) included
        raise EquivalenceError.bad_reference(reference, _reason(error)) from error
    if not isinstance(found, type):
        raise EquivalenceError.bad_reference(reference, f"it is a {type(found).__name__}, not a class")
    return found


def verify_stack(
    scenario: Scenario,
    migration: Migration,
    *,
    store: Path,
    trainers: Iterable[type] = (),
    orchestrators: Iterable[type] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Matrix:
    """Train every combination into a SQLite store in `store`, and compare each with v1 on v1.

    `trainers` and `orchestrators` are the user's own; each adds a row or a column. An orchestrator is called with
    v1's flat arguments and `trainer=`, and its `train_model(dataset)` returns a mapping with `run_id`.
    """
    uri = _prepare(store)
    policy = Policy.from_migration(migration)
    cells: list[Cell] = []
    columns = _labelled(ModelTrainer, ModelTrainerV2, *trainers)
    for row, orchestrator in _labelled(TrainingOrchestrator, TrainingOrchestratorV2, *orchestrators).items():
        arguments = _arguments(orchestrator, scenario, uri)
        for column, trainer in columns.items():
            progress(f"{scenario}: {column} on {row}")
            begun = time.time_ns() // 1_000_000  # ms, as MLflow counts
            cell = _run(Cell(row, column), scenario, orchestrator, trainer, arguments)
            cells.append(_judged(cell, cells, policy, uri, begun))
    return Matrix(scenario, tuple(cells))


def _labelled(*classes: type) -> dict[str, type]:
    """Return classes by name, in order; one whose name is taken is named with its module, and numbered after that."""
    labelled: dict[str, type] = {}
    for each in classes:
        full = f"{each.__module__}.{each.__qualname__}"
        names = chain([each.__name__, full], (f"{full}#{number}" for number in count(2)))
        labelled[next(name for name in names if name not in labelled)] = each
    return labelled


def _prepare(store: Path) -> str:
    """Open the store, with its artifacts beside it: MLflow's own default is the working directory."""
    from mlflow import MlflowClient

    folder = store.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    client = MlflowClient(uri)
    if client.get_experiment_by_name(_EXPERIMENT) is None:
        client.create_experiment(_EXPERIMENT, artifact_location=(folder / "artifacts").as_uri())
    return uri


def _arguments(orchestrator: _Factory, scenario: Scenario, uri: str) -> dict[str, object]:
    """Return v1's flat arguments; the bundled v2 gets its preset, and only what differs from it."""
    preset = preset_config(scenario.preset)
    own_run = {"tracking.uri": uri, "tracking.experiment_name": _EXPERIMENT}
    settings = preset.with_overrides({**scenario.overrides, **own_run}).flatten()
    rows = find_migration().arguments
    if orchestrator is not TrainingOrchestratorV2:
        return {row.v1: settings[row.v2] for row in rows}
    declared = preset.flatten()
    changed = {row.v1: settings[row.v2] for row in rows if settings[row.v2] != declared[row.v2]}
    return {"preset": scenario.preset, **changed}


def _run(
    cell: Cell, scenario: Scenario, orchestrator: _Factory, trainer: _Factory, arguments: Mapping[str, object]
) -> Cell:
    try:
        result = orchestrator(**arguments, trainer=trainer()).train_model(scenario.dataset)
        return replace(cell, run_id=str(result["run_id"]))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the outermost loop over cases; sys.exit(0) must not end it as done
        return replace(cell, failure=_reason(error))


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _judged(cell: Cell, earlier: list[Cell], policy: Policy, uri: str, begun: int) -> Cell:
    if cell.failure:
        return cell
    try:
        _require_own_run(cell, uri, begun)
        if not earlier:
            return cell
        if earlier[0].failure:
            return replace(cell, failure="the baseline failed")
        before = take_snapshot(earlier[0].run_id, tracking_uri=uri)
        after = take_snapshot(cell.run_id, tracking_uri=uri)
        return replace(cell, verdict=compare_snapshots(before, after, policy))
    except CompatkitError as error:
        return replace(cell, failure=str(error))


def _require_own_run(cell: Cell, uri: str, begun: int) -> None:
    """Refuse a run that is older than its cell: with another cell's run, the baseline's say, all is equivalent."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    shown = without_password(uri)
    try:
        started = MlflowClient(uri).get_run(cell.run_id).info.start_time
    except MlflowException as error:
        raise EquivalenceError.unreadable_run(cell.run_id, shown, without_password(str(error))) from error
    if started < begun:
        raise EquivalenceError.old_run(cell.run_id, shown)
