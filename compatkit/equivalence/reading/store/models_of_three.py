"""The logged models of MLflow 3 for a client of MLflow 2, whose messages have no place for them.

A server is asked for them; a store in files is looked into, so that what is there is not taken for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compatkit.equivalence.errors import EquivalenceError

if TYPE_CHECKING:
    from mlflow import MlflowClient

_PAGE = 100
_API = "/api/2.0/mlflow"
_STATUS = {"LOGGED_MODEL_UPLOAD_FAILED": "FAILED"}


@dataclass(frozen=True, slots=True)
class ModelMetric:
    """A value that a run logged for a model, as MLflow 3's `Metric`."""

    key: str
    value: float
    timestamp: int
    step: int
    run_id: str
    dataset_name: str
    dataset_digest: str


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model as a server of MLflow 3 describes it, under the names of MLflow 3's own class."""

    model_id: str
    name: str
    artifact_location: str
    creation_timestamp: int
    status: str
    model_type: str
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Sequence[ModelMetric] = ()


class ModelsOfThree:
    """Asks a server of MLflow 3 what a client of MLflow 3 would; one of MLflow 2 has none of it."""

    def __init__(self, client: MlflowClient) -> None:
        # The address with the credentials that MLflow itself sends; there is no public way to them.
        self._credentials = client._tracking_client.store.get_host_creds  # noqa: SLF001

    def pointed(self, run_id: str) -> tuple[list[tuple[str, int]], list[str]]:
        """Return the ids of the run's output models with their steps, and those of its input models."""
        run = self._ask("GET", "/runs/get", params={"run_id": run_id})["run"]
        outputs, inputs = run.get("outputs", {}), run.get("inputs", {})
        return (
            [(output["model_id"], int(output.get("step", 0))) for output in outputs.get("model_outputs", [])],
            [model["model_id"] for model in inputs.get("model_inputs", [])],
        )

    def get_logged_model(self, model_id: str) -> ServedModel:
        """Return a model by its id."""
        return _model(self._ask("GET", f"/logged-models/{model_id}")["model"])

    def made_by(self, run_id: str, experiments: Sequence[str]) -> Iterator[ServedModel]:
        """Yield the models that name the run as their source."""
        asked: dict[str, Any] = {"experiment_ids": experiments, "filter": f"source_run_id = '{run_id}'"}
        asked["max_results"] = _PAGE
        while page := self._ask("POST", "/logged-models/search", json=asked):
            yield from map(_model, page.get("models", []))
            if not (token := page.get("next_page_token")):
                return
            asked["page_token"] = token

    def _ask(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        """Return the answer; nothing where the server is one of MLflow 2, which does not know the question."""
        from mlflow.utils.rest_utils import http_request, verify_rest_response

        answer = http_request(self._credentials(), _API + path, method, **given)  # type: ignore[no-untyped-call]
        if answer.status_code == 404 and self._is_of_two():
            return {}
        said: dict[str, Any] = verify_rest_response(answer, _API + path).json()
        return said

    def _is_of_two(self) -> bool:
        from mlflow.utils.rest_utils import http_request

        answer = http_request(self._credentials(), "/version", "GET")  # type: ignore[no-untyped-call]
        return bool(answer.status_code == 200 and answer.text.strip().startswith(("1.", "2.")))


def logged_in_files(store: Path, run_id: str) -> bool:
    """Tell whether a run in a store of files has logged models, or was given some."""
    own = (f"source_run_id: {run_id}", f"source_run_id: '{run_id}'")
    if any(line in own for file in store.glob("*/models/*/meta.yaml") for line in _lines(file)):
        return True
    return any(store.glob(f"*/{run_id}/outputs/*/meta.yaml")) or any(
        "source_type: MODEL" in line for file in store.glob(f"*/{run_id}/inputs/*/meta.yaml") for line in _lines(file)
    )


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise EquivalenceError.unreadable_artifact(file.name, str(file), str(error.strerror)) from error


def _model(said: Mapping[str, Any]) -> ServedModel:
    info, data = said["info"], said.get("data", {})
    status = info.get("status", "")
    return ServedModel(
        model_id=info["model_id"],
        name=info["name"],
        artifact_location=info["artifact_uri"],
        creation_timestamp=int(info.get("creation_timestamp_ms", 0)),
        status=_STATUS.get(status, status.removeprefix("LOGGED_MODEL_").removeprefix("STATUS_")),
        model_type=info.get("model_type", ""),
        params={param["key"]: param.get("value", "") for param in data.get("params", [])},
        tags={tag["key"]: tag.get("value", "") for tag in info.get("tags", [])},
        metrics=tuple(map(_metric, data.get("metrics", []))),
    )


def _metric(said: Mapping[str, Any]) -> ModelMetric:
    return ModelMetric(
        said["key"],
        float(said.get("value", 0)),
        int(said.get("timestamp", 0)),
        int(said.get("step", 0)),
        said.get("run_id", ""),
        said.get("dataset_name", ""),
        said.get("dataset_digest", ""),
    )
