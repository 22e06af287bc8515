"""The proof on the reference stack: every trainer on every orchestrator, each run compared to v1 on v1.

One scenario is put to either trainer on either orchestrator such that each does the same.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Any

from compatkit.equivalence.comparing.compare import compare_snapshots
from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.matrix import Cell, Matrix, Scenario
from compatkit.equivalence.policy import Policy
from compatkit.equivalence.reading.reader import take_snapshot
from compatkit.equivalence.snapshot import Snapshot
from compatkit.errors import CompatkitError
from compatkit.migration import Allowance, Equivalence, Migration
from compatkit.safe_text import without_password
from compatkit.training import (
    ModelTrainer,
    ModelTrainerV2,
    OrchestratorConfig,
    TrainingOrchestrator,
    TrainingOrchestratorV2,
    preset_config,
)
from compatkit.training.v2.recording import logged_params
from compatkit.training.v2.settings.v1_arguments import v1_paths
from compatkit.training.v2.trainer_choice import v2_only_settings

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

    What only v2 can do, a scheduler say, v2's trainer does on either orchestrator; v1's is left out, and said to be.
    """
    uri = _prepare(store)
    task = Training.of(scenario, {"tracking.uri": uri, "tracking.experiment_name": _EXPERIMENT})
    judge = _Judge(Policy.from_migration(migration).extended(task.allowances), uri)
    cells: list[Cell] = []
    columns = _labelled(*task.trainers, *trainers)
    for row, orchestrator in _labelled(TrainingOrchestrator, TrainingOrchestratorV2, *orchestrators).items():
        for column, trainer in columns.items():
            progress(f"{scenario}: {column} on {row}")
            begun = time.time_ns() // 1_000_000  # ms, as MLflow counts
            cells.append(judge.judged(_run(Cell(row, column), task, orchestrator, trainer), begun))
    return Matrix(scenario, tuple(cells), task.left_out)


def _labelled(*classes: type) -> dict[str, type]:
    """Return classes by name, in order; one whose name is taken is named with its module, and numbered after that."""
    labelled: dict[str, type] = {}
    for kind in classes:
        full = f"{kind.__module__}.{kind.__qualname__}"
        names = chain([kind.__name__, full], (f"{full}#{number}" for number in count(2)))
        labelled[next(name for name in names if name not in labelled)] = kind
    return labelled


def _prepare(store: Path) -> str:
    """Open the store, with its artifacts beside it: MLflow's own default is the working directory."""
    from mlflow import MlflowClient

    folder = store.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    client = MlflowClient(uri)
    if client.get_experiment_by_name(_EXPERIMENT) is None:
        # Made before the first artifact: a run without any then has none, rather than none here.
        (folder / "artifacts").mkdir(exist_ok=True)
        client.create_experiment(_EXPERIMENT, artifact_location=(folder / "artifacts").as_uri())
    return uri


def _run(cell: Cell, task: Training, orchestrator: _Factory, trainer: _Factory) -> Cell:
    try:
        return replace(cell, run_id=task.train(orchestrator, trainer))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the outermost loop over cases; sys.exit(0) must not end it as done
        return replace(cell, failure=_reason(error))


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


class _Judge:
    """Compares each cell with the first one, whose run is read once."""

    def __init__(self, policy: Policy, uri: str) -> None:
        self._policy, self._uri = policy, uri
        self._has_begun = False
        self._baseline: Snapshot | None = None

    def judged(self, cell: Cell, begun: int) -> Cell:
        """Return `cell`, of which the training began at `begun`, with its verdict or the reason why there is none."""
        is_first, self._has_begun = not self._has_begun, True
        if cell.failure:
            return cell
        try:
            _require_own_run(cell, self._uri, begun)
            if not is_first and self._baseline is None:
                return replace(cell, failure="the baseline failed")
            snapshot = take_snapshot(cell.run_id, tracking_uri=self._uri)
            if self._baseline is None:
                self._baseline = snapshot
                return cell
            return replace(cell, verdict=compare_snapshots(self._baseline, snapshot, self._policy))
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
        raise EquivalenceError(
            f"Run {cell.run_id!r} was started before the training that returned it.",
            where=shown,
            hint="return the id of the run that train_model logged",
        )


_NOT_IN_V1 = "v1 has no argument for it"


@dataclass(frozen=True, slots=True)
class Training:
    """A scenario, settled, and where it is logged.

    Attributes:
        config: all settings.
        preset: the settings that `overrides` of the scenario start from.
        asked: paths of settings that only v2's trainer carries out, such as a scheduler's.
    """

    scenario: Scenario
    config: OrchestratorConfig
    preset: OrchestratorConfig
    asked: tuple[str, ...]

    @classmethod
    def of(cls, scenario: Scenario, own_run: Mapping[str, object]) -> Training:
        """Return the task to train `scenario` and log it as `own_run` says, by dotted path."""
        preset = preset_config(scenario.preset)
        config = preset.with_overrides({**scenario.overrides, **own_run})
        return cls(scenario, config, preset, tuple(v2_only_settings(config)))

    @property
    def trainers(self) -> tuple[type, ...]:
        """The bundled trainers that do what is asked for."""
        return (ModelTrainerV2,) if self.asked else (ModelTrainer, ModelTrainerV2)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The others, and why."""
        return (f"{ModelTrainer.__name__}: it knows no {', no '.join(self.asked)}",) if self.asked else ()

    @property
    def allowances(self) -> Equivalence:
        """Return an allowance for each name under which v2 logs what v1 has no name for."""
        known = v1_paths().values()
        names = [name for name in logged_params(self.config) if name not in known]
        return Equivalence(added_in_v2=tuple(Allowance("param", name, _NOT_IN_V1) for name in names))

    def train(self, orchestrator: Callable[..., Any], trainer: Callable[..., Any]) -> str:
        """Train, and return the id of the run."""
        scenario = self.scenario
        arguments = {**self._arguments(orchestrator), "trainer": self._trainer(trainer)}
        result = orchestrator(**arguments).train_model(scenario.dataset if scenario.data is None else scenario.data)
        return str(result["run_id"])

    def _arguments(self, orchestrator: Callable[..., Any]) -> dict[str, object]:
        """Return v1's flat arguments; the bundled v2 gets its preset, and only what differs from it."""
        settings, declared, paths = self.config.flatten(), self.preset.flatten(), v1_paths()
        changed = {path for path in settings if settings[path] != declared[path]}
        if _is_v2(orchestrator) and changed.difference(paths.values()):
            return {"config": self.config}
        if orchestrator is not TrainingOrchestratorV2:
            return {name: settings[path] for name, path in paths.items()}
        return {
            "preset": self.scenario.preset,
            **{name: settings[path] for name, path in paths.items() if path in changed},
        }

    def _trainer(self, trainer: Callable[..., Any]) -> Any:
        """Return a trainer that does all that is asked, on an orchestrator that does not tell it as well."""
        made = trainer()
        if not self.asked:
            return made
        if not isinstance(made, ModelTrainerV2):
            raise EquivalenceError(
                f"The trainer {type(made).__name__} trains without {', '.join(self.asked)}.",
                where="the scenario",
                hint="leave them at their defaults, or derive it from ModelTrainerV2",
            )
        made.config = self.config
        return made


def _is_v2(orchestrator: Callable[..., Any]) -> bool:
    return isinstance(orchestrator, type) and issubclass(orchestrator, TrainingOrchestratorV2)
