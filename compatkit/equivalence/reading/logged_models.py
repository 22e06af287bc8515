"""The models of one run: those that its inputs and outputs point to or that name it, and its registered versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from compatkit.equivalence.reading.artifact_folder import artifact_folder, local_folder
from compatkit.equivalence.reading.canonical import canonical_points
from compatkit.equivalence.reading.contents import read_file
from compatkit.equivalence.reading.model_folder import read_model
from compatkit.equivalence.reading.store.metrics import measured_models
from compatkit.equivalence.reading.store.models_of_three import ModelMetric, ModelsOfThree, ServedModel, logged_in_files
from compatkit.equivalence.reading.store.opened import mlflow_version
from compatkit.equivalence.snapshot import File, Model, ModelMetrics

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Metric, Run
    from mlflow.entities.model_registry import ModelVersion

Logged: TypeAlias = "LoggedModel | ServedModel"
_PAGE = 100
_SERVERS = ("http:", "https:", "databricks")
_EXTERNAL = "mlflow.model.isExternal"
# How a server says that it has no such question.
NOT_KNOWN = {"ENDPOINT_NOT_FOUND", "FEATURE_DISABLED", "NOT_IMPLEMENTED"}


class Models:
    """The models of one run under names of their own, notes on how they were read, and what could not be."""

    def __init__(self) -> None:
        self.found: dict[str, Model] = {}
        self.notes: list[str] = []
        self.unread: list[str] = []

    def add(
        self, name: str, folder: Path | None, details: Mapping[str, str], metrics: ModelMetrics | None = None
    ) -> str:
        """Read the model in `folder`, and return its name here: one that is taken gets a number."""
        model, notes = read_model(folder, name) if folder else (Model(), [])
        numbered = (f"{name}#{number}" for number in count(2))
        free = name if name not in self.found else next(other for other in numbered if other not in self.found)
        self.found[free] = replace(model, details={**model.details, **details}, metrics=metrics or {})
        self.notes += notes
        return free

    def file(self, path: Path, name: str) -> File:
        """Return a file that belongs to no model."""
        file, notes = read_file(path, f"artifact {name}")
        self.notes += notes
        return file


def read_logged_models(client: MlflowClient, run: Run, experiments: list[str], models: Models) -> dict[str, str]:
    """Read the models that belong to the run: since MLflow 3 they lie outside its artifacts. Return names by id."""
    names: dict[str, str] = {}
    if not hasattr(run, "outputs") and not client.tracking_uri.startswith(_SERVERS):
        # A database has the tables of the MLflow that reads it; files may be those of any.
        folder = local_folder(client.tracking_uri)
        if folder is not None and logged_in_files(folder, run.info.run_id):
            models.unread.append(f"its models, which MLflow 3 logged: MLflow {mlflow_version()} cannot read them")
        return names
    # The order of logging: no store keeps one among models of one name and step.
    for name, logged in sorted(
        _logged(client, run, experiments), key=lambda pair: (pair[0], pair[1].creation_timestamp)
    ):
        # Not `models:/ID`, which MLflow resolves in its global store, whatever tracking_uri says.
        with artifact_folder(logged.artifact_location, client.tracking_uri) as folder:
            # One that is external, such as an agent by `set_active_model`, has none.
            if folder is None and str(logged.status) == "READY" and _EXTERNAL not in logged.tags:
                models.unread.append(f"its model {name}: it is ready, but its files are gone")
                names[logged.model_id] = name
                continue
            names[logged.model_id] = models.add(name, folder, _details(logged, run), _metrics(logged, run))
    # Models of other runs, of which this one only says how good they are.
    measured = measured_models(client.tracking_uri, run.info.run_id)
    # Not mapped: a client of MLflow 2 has no such method, and no such models.
    others = [client.get_logged_model(model_id) for model_id in measured if model_id not in names]
    for logged in sorted(others, key=lambda model: (model.name, model.creation_timestamp)):
        names[logged.model_id] = models.add(f"measured {logged.name}", None, {}, _metrics(logged, run))
    return names


def _logged(client: MlflowClient, run: Run, experiments: list[str]) -> Iterator[tuple[str, Logged]]:
    asked: MlflowClient | ModelsOfThree = client
    if hasattr(run, "outputs"):
        outputs = [(output.model_id, output.step) for output in (run.outputs.model_outputs if run.outputs else [])]
        inputs = [model.model_id for model in (getattr(run.inputs, "model_inputs", None) or [])]
    else:
        asked = ModelsOfThree(client)
        outputs, inputs = asked.pointed(run.info.run_id)
    for model_id, step in outputs:
        logged = asked.get_logged_model(model_id)
        yield f"{logged.name}@{step}", logged
    for model_id in inputs:
        logged = asked.get_logged_model(model_id)
        yield f"input {logged.name}", logged
    pointed = {*inputs, *(model_id for model_id, _ in outputs)}
    made = asked.made_by if isinstance(asked, ModelsOfThree) else partial(_made_by, asked)
    for logged in made(run.info.run_id, experiments):
        if logged.model_id not in pointed:
            yield logged.name, logged


def _made_by(client: MlflowClient, run_id: str, experiments: list[str]) -> Iterator[LoggedModel]:
    """Yield the models that name this run as their source, which need not be among its outputs."""
    from mlflow.exceptions import MlflowException

    query, token = f"source_run_id = '{run_id}'", None
    while True:
        try:
            page = client.search_logged_models(experiments, query, max_results=_PAGE, page_token=token)
        except MlflowException as error:
            # A server of MLflow 2 does not know the question, and has no such models.
            if error.error_code in NOT_KNOWN:
                return
            raise
        yield from page
        token = page.token
        if not token:
            return


def _metrics(logged: Logged, run: Run) -> ModelMetrics:
    """Return what this run logged for the model, by data set and metric."""
    rows: dict[str, dict[str, list[Metric | ModelMetric]]] = {}
    for metric in logged.metrics or []:
        if metric.run_id == run.info.run_id:
            data = f"{metric.dataset_name} ({metric.dataset_digest})" if metric.dataset_name else ""
            rows.setdefault(data, {}).setdefault(metric.key, []).append(metric)
    return {
        data: {name: canonical_points(name, points) for name, points in sorted(by_name.items())}
        for data, by_name in sorted(rows.items())
    }


def _details(logged: Logged, run: Run) -> dict[str, str]:
    """Return what was said of the model itself. MLflow copies the params of the run, which are compared there."""
    params = {f"param {name}": text for name, text in logged.params.items() if run.data.params.get(name) != text}
    tags = {f"tag {name}": text for name, text in logged.tags.items() if not name.startswith("mlflow.")}
    external = {"external": logged.tags[_EXTERNAL]} if _EXTERNAL in logged.tags else {}
    return {"status": str(logged.status), **external, "type": logged.model_type or "", **params, **tags}


def read_registered(client: MlflowClient, run: Run, models: Models, names: Mapping[str, str]) -> None:
    """Read which versions of registered models the run made, and the model of one that is none of its own.

    The number of a version, its stage and its aliases are what the registry makes of it.
    """
    from mlflow.exceptions import MlflowException

    # MLflow would make a folder for models in a store of files that has none, or may not be written to.
    registry = local_folder(client._registry_uri or client.tracking_uri)  # noqa: SLF001
    if registry is not None and not (registry / "models").is_dir():
        return
    try:
        versions = sorted(_versions(client, run), key=lambda version: (version.name, int(version.version)))
    except MlflowException as error:
        if error.error_code not in NOT_KNOWN:
            raise
        models.unread.append("its versions of registered models: the registry does not list them by run")
        return
    for version in versions:
        tags = {f"tag {name}": text for name, text in version.tags.items() if not name.startswith("mlflow.")}
        details = {"description": version.description or "", **tags}
        name = f"registered {version.name}"
        if version.aliases:
            models.notes.append(f"aliases of {name}, which verify alone compares: {', '.join(sorted(version.aliases))}")
        if own := _own_model(version, run, names):
            models.add(name, None, {"model": own, **details})
            continue
        source = client.get_model_version_download_uri(version.name, version.version)
        with artifact_folder(source, client.tracking_uri) as folder:
            if folder is None:
                models.unread.append(f"{name}: the files of this version are gone")
            else:
                models.add(name, folder, details)


def _versions(client: MlflowClient, run: Run) -> Iterator[ModelVersion]:
    token: str | None = None
    while True:
        page = client.search_model_versions(f"run_id = '{run.info.run_id}'", max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _own_model(version: ModelVersion, run: Run, names: Mapping[str, str]) -> str:
    """Return which of the run's own models a version is, or nothing."""
    source = str(version.source or "")
    if (model_id := getattr(version, "model_id", None) or source.removeprefix("models:/")) in names:
        return names[model_id]
    inside = run.info.artifact_uri.removeprefix("file://").rstrip("/") + "/"
    shown = source.removeprefix("file://")
    return f"artifact {shown.removeprefix(inside)}" if shown.startswith(inside) else ""
