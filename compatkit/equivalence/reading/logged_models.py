"""The models of one run: those that its inputs and outputs point to, and those among its artifacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from compatkit.equivalence.errors import EquivalenceError
from compatkit.equivalence.reading.artifact_folder import artifact_folder
from compatkit.equivalence.reading.contents import read_file
from compatkit.equivalence.reading.weights import read_model
from compatkit.equivalence.snapshot import File, Model

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run


class Models:
    """The models of one run under names of their own, and notes on what could not be read."""

    def __init__(self) -> None:
        self.found: dict[str, Model] = {}
        self.notes: list[str] = []

    def add(self, name: str, folder: Path | None, details: Mapping[str, str]) -> None:
        """Read the model in `folder`; a name that is taken gets a number."""
        model, notes = read_model(folder, name) if folder else (Model(), [])
        numbered = (f"{name}#{number}" for number in count(2))
        free = name if name not in self.found else next(each for each in numbered if each not in self.found)
        self.found[free] = replace(model, details={**model.details, **details})
        self.notes += notes

    def file(self, path: Path, name: str) -> File:
        """Return a file that belongs to no model."""
        file, notes = read_file(path, f"artifact {name}")
        self.notes += notes
        return file


def read_logged_models(client: MlflowClient, run: Run, models: Models) -> None:
    """Read the models that the run points to: since MLflow 3 they lie outside the run's artifacts."""
    # The order of logging: no store keeps one among models of one name and step.
    for name, logged in sorted(_logged(client, run), key=lambda each: (each[0], each[1].creation_timestamp)):
        # Not `models:/ID`, which MLflow resolves in its global store, whatever tracking_uri says.
        with artifact_folder(logged.artifact_location, client.tracking_uri) as folder:
            if folder is None and str(logged.status) == "READY":
                raise EquivalenceError.unreadable_artifact(name, logged.artifact_location, "the model has no files")
            models.add(name, folder, _details(logged, run))


def _logged(client: MlflowClient, run: Run) -> Iterator[tuple[str, LoggedModel]]:
    for output in run.outputs.model_outputs if run.outputs else []:
        logged = client.get_logged_model(output.model_id)
        yield f"{logged.name}@{output.step}", logged
    for given in run.inputs.model_inputs if run.inputs else []:
        logged = client.get_logged_model(given.model_id)
        yield f"input {logged.name}", logged


def _details(logged: LoggedModel, run: Run) -> dict[str, str]:
    """Return what was said of the model itself. MLflow copies the params of the run, which are compared there."""
    params = {f"param {name}": text for name, text in logged.params.items() if run.data.params.get(name) != text}
    tags = {f"tag {name}": text for name, text in logged.tags.items() if not name.startswith("mlflow.")}
    return {"status": str(logged.status), "type": logged.model_type or "", **params, **tags}
