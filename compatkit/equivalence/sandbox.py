"""A private MLflow store for a while, with all that MLflow keeps for the process set back after it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compatkit.equivalence.errors import EquivalenceError

if TYPE_CHECKING:
    from mlflow import MlflowClient

# What MLflow reads, and partly writes, so that children inherit it.
_VARIABLES = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_REGISTRY_URI",
    "MLFLOW_EXPERIMENT_ID",
    "MLFLOW_EXPERIMENT_NAME",
    "MLFLOW_RUN_ID",
    "_MLFLOW_SERVER_ARTIFACT_ROOT",
)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A store of one's own: its tracking URI, and the folder that it lies in."""

    uri: str
    folder: Path

    def client(self) -> MlflowClient:
        """Return a client of this store."""
        from mlflow import MlflowClient

        return MlflowClient(self.uri, registry_uri=self.uri)

    def run_ids(self) -> list[str]:
        """Return the ids of all top-level runs in this store, in the order in which they began."""
        # It imports the commands, of which most tests run none.
        from compatkit.equivalence.commands.store import Store, top_level_runs

        return [run.run_id for run in top_level_runs("sandbox", Store(self.folder))]


def make_template(folder: Path) -> Path:
    """Make an empty store, which takes MLflow seconds; copies of it are private ones for nothing."""
    from mlflow import MlflowClient

    # MLflow's own choice for the artifacts of the default experiment is the working directory.
    with contextlib.chdir(folder):
        MlflowClient(f"sqlite:///{folder / 'mlflow.db'}").search_experiments()
    return folder / "mlflow.db"


@contextlib.contextmanager
def sandboxed(folder: Path, template: Path) -> Iterator[Sandbox]:
    """Have MLflow log to a copy of `template` in `folder`; afterwards its process-wide state is what it was.

    Runs that are still active at the end are ended as KILLED. What `mlflow.autolog` patched stays patched.
    Raises `EquivalenceError` where a run is active at the beginning: it would take what the block logs.
    """
    import mlflow
    from mlflow.tracking import fluent

    if run := mlflow.active_run():
        raise EquivalenceError(
            f"Run {run.info.run_id!r} is active: it would take what the sandbox is meant for.",
            where="mlflow.active_run()",
            hint="end it before, with mlflow.end_run()",
        )
    sandbox = Sandbox(f"sqlite:///{folder / 'mlflow.db'}", folder)
    shutil.copy(template, folder / "mlflow.db")
    (folder / "artifacts").mkdir()
    tracking, registry = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    variables = {name: os.environ.pop(name, None) for name in _VARIABLES}
    # MLflow has no public way to choose no experiment again, which is the state before the first `set_experiment`.
    experiment = fluent._active_experiment_id  # noqa: SLF001
    fluent._active_experiment_id = None  # noqa: SLF001
    os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = (folder / "artifacts").as_uri()
    mlflow.set_tracking_uri(sandbox.uri)
    mlflow.set_registry_uri(sandbox.uri)
    try:
        yield sandbox
    finally:
        while mlflow.active_run():
            mlflow.end_run("KILLED")
        # An empty address is none, which puts the choice back to the environment and the default.
        mlflow.set_registry_uri("" if registry == tracking else registry)
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type,unused-ignore]
        fluent._active_experiment_id = experiment  # noqa: SLF001
        _restore(variables)
        if mlflow.get_tracking_uri() != tracking:
            mlflow.set_tracking_uri(tracking)


def _restore(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
