"""The proof on the reference stack: every trainer on every orchestrator, each run compared to v1 on v1."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from compatkit.equivalence.compare import compare_snapshots
from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.matrix import Cell, Matrix, Scenario
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.reader import take_snapshot
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
    except (ImportError, AttributeError, ValueError) as error:
        raise EquivalenceError.bad_reference(reference, str(error)) from error
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
    for orchestrator in (TrainingOrchestrator, TrainingOrchestratorV2, *orchestrators):
        arguments = _arguments(orchestrator, scenario, uri)
        for trainer in (ModelTrainer, ModelTrainerV2, *trainers):
            progress(f"{scenario}: {trainer.__name__} on {orchestrator.__name__}")
            cell = _run(scenario, orchestrator, trainer, arguments)
            cells.append(_judged(cell, cells, policy, uri))
    return Matrix(scenario, tuple(cells))


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


def _run(scenario: Scenario, orchestrator: _Factory, trainer: _Factory, arguments: Mapping[str, object]) -> Cell:
    names = (orchestrator.__name__, trainer.__name__)
    try:
        result = orchestrator(**arguments, trainer=trainer()).train_model(scenario.dataset)
        return Cell(*names, run_id=str(result["run_id"]))
    except Exception as error:  # noqa: BLE001 - the outermost loop over cases: the others go on
        return Cell(*names, failure=f"{type(error).__name__}: {error}")


def _judged(cell: Cell, earlier: list[Cell], policy: Policy, uri: str) -> Cell:
    if cell.failure or not earlier:
        return cell
    if earlier[0].failure:
        return replace(cell, failure="the baseline failed")
    try:
        before = take_snapshot(earlier[0].run_id, tracking_uri=uri)
        after = take_snapshot(cell.run_id, tracking_uri=uri)
        return replace(cell, verdict=compare_snapshots(before, after, policy))
    except CompatkitError as error:
        return replace(cell, failure=str(error))
