"""Log runs that differ in one thing each, with whatever release of MLflow runs this; print their ids as JSON.

`python log_kinds.py STORE FOLDER [KIND...]`, or `python log_kinds.py KIND,KIND FOLDER` for these runs, each in an
experiment of its own, in the store that the environment names. It imports nothing of compatkit, so that any
environment can run it.
"""

from __future__ import annotations

import json
import shutil
import sys
import warnings
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric

# Each changes one thing of a run; nothing changes two.
KINDS = ("base", "same", "metric", "point", "lost", "param", "tag", "artifact", "model", "child", "dataset", "status")


def main() -> None:
    uri, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    if set(kinds := uri.split(",")) <= set(KINDS):
        for number, kind in enumerate(kinds):
            place = (folder / f"artifacts {number}").as_uri()
            log(MlflowClient(), MlflowClient().create_experiment(f"kinds {number}", place), kind, folder)
        return
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    place = None if uri.startswith("http") else (folder / "artifacts").as_uri()
    client = MlflowClient()
    experiment = client.create_experiment(f"kinds {folder.name}", artifact_location=place)
    gone = client.create_experiment(f"gone {folder.name}", artifact_location=(folder / "gone").as_uri())
    runs = {kind: log(client, experiment, kind, folder) for kind in sys.argv[3:] or KINDS}
    runs["gone"] = log(client, gone, "base", folder)
    shutil.rmtree(folder / "gone")
    print(json.dumps(runs))


def log(client: MlflowClient, experiment: str, kind: str, folder: Path) -> str:
    with mlflow.start_run(experiment_id=experiment, run_name="training") as run:
        mlflow.log_params({"lr": "0.2" if kind == "param" else "0.1", "layers": 3})
        mlflow.set_tag("team", "speech" if kind == "tag" else "vision")
        losses = [1 / (step + 1) for step in range(4 if kind == "point" else 5)]
        if kind == "metric":
            losses[3] += 1e-12
        client.log_batch(run.info.run_id, [Metric("loss", value, 1, step) for step, value in enumerate(losses)])
        if kind != "lost":
            mlflow.log_metric("accuracy", 0.5, step=4)
        mlflow.log_dict({"threshold": 0.6 if kind == "artifact" else 0.5}, "deep/report.json")
        log_model(folder, "weights 2" if kind == "model" else "weights 1")
        digest = "d2" if kind == "dataset" else "d1"
        inputs = [DatasetInput(Dataset("iris", digest, "local", "{}"), [InputTag("mlflow.data.context", "train")])]
        client.log_inputs(run.info.run_id, inputs)
        with mlflow.start_run(experiment_id=experiment, run_name="fold", nested=True):
            mlflow.log_metric("accuracy", 0.75 if kind == "child" else 0.5, step=0)
    client.set_terminated(run.info.run_id, "FAILED" if kind == "status" else "FINISHED")
    return str(run.info.run_id)


def log_model(folder: Path, content: str) -> None:
    data = folder / "data.txt"
    data.write_text(content)
    named = {"name": "model"} if int(mlflow.__version__.split(".")[0]) >= 3 else {"artifact_path": "model"}
    mlflow.pyfunc.log_model(loader_module="json", data_path=str(data), pip_requirements=[], **named)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
