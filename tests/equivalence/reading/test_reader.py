"""Runs are read back from a real MLflow store, whole or not at all."""

from __future__ import annotations

import math
import os
import shutil
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import mlflow
import numpy as np
import pytest
import torch
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelOutput

from compatkit.equivalence import EquivalenceError, Point, Policy, Snapshot, compare_snapshots, take_snapshot
from compatkit.training import TrainingOrchestrator


@pytest.fixture
def client(tracking_uri: str) -> MlflowClient:
    return MlflowClient(tracking_uri)


@pytest.fixture
def run_id(client: MlflowClient, tmp_path: Path) -> str:
    experiment = client.create_experiment(str(tmp_path), artifact_location=(tmp_path / "artifacts").as_uri())
    return str(client.create_run(experiment).info.run_id)


def test_metrics_come_back_with_every_point(client: MlflowClient, run_id: str, tracking_uri: str) -> None:
    for step, value in [(2, 0.5), (0, math.nan), (1, math.inf)]:
        client.log_metric(run_id, "loss", value, step=step)
    client.log_metric(run_id, "numpy", 1.0, step=np.int64(4))
    client.set_terminated(run_id)

    metrics = take_snapshot(run_id, tracking_uri=tracking_uri).metrics

    assert [point.step for point in metrics["loss"]] == [0, 1, 2]
    assert math.isnan(metrics["loss"][0].value)
    assert [point.value for point in metrics["loss"]][1:] == [math.inf, 0.5]
    assert metrics["numpy"] == (Point(4, 1.0),)


def test_mlflows_own_tags_and_ids_are_left_out(client: MlflowClient, run_id: str, tracking_uri: str) -> None:
    client.set_tag(run_id, "team", "vision")
    client.set_tag(run_id, "mlflow.user", "somebody")
    client.set_terminated(run_id)

    assert take_snapshot(run_id, tracking_uri=tracking_uri).tags == {"team": "vision"}


def test_artifacts_are_read_at_any_depth(client: MlflowClient, run_id: str, tracking_uri: str) -> None:
    client.log_text(run_id, "hello", "notes/deep/hello.txt")
    client.log_text(run_id, "top", "top.txt")
    client.set_terminated(run_id)

    artifacts = take_snapshot(run_id, tracking_uri=tracking_uri).artifacts

    assert {name: file.size for name, file in artifacts.items()} == {"notes/deep/hello.txt": 5, "top.txt": 3}


def test_a_run_that_has_not_ended_is_refused(run_id: str, tracking_uri: str) -> None:
    with pytest.raises(EquivalenceError, match="RUNNING"):
        take_snapshot(run_id, tracking_uri=tracking_uri)


def test_a_run_that_is_not_there_is_an_error(tracking_uri: str) -> None:
    with pytest.raises(EquivalenceError, match="cannot be read"):
        take_snapshot("0" * 32, tracking_uri=tracking_uri)


def test_a_store_that_is_not_there_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(EquivalenceError, match="no MLflow store"):
        take_snapshot("0" * 32, tracking_uri=f"sqlite:///{tmp_path / 'absent.db'}")

    assert not (tmp_path / "absent.db").exists()


def test_the_weights_of_a_logged_model_are_those_that_were_trained(tracking_uri: str) -> None:
    orchestrator = TrainingOrchestrator("reader-weights", epochs=1, hidden_size=4, tracking_uri=tracking_uri)
    run = orchestrator.train_model("iris")["run_id"]

    (model,) = take_snapshot(run, tracking_uri=tracking_uri).models.values()

    assert orchestrator.model is not None
    trained = {name: weight.numpy() for name, weight in orchestrator.model.state_dict().items()}
    assert model.tensors.keys() == trained.keys()
    for name, tensor in model.tensors.items():
        assert tensor.dtype == "float32"
        np.testing.assert_array_equal(tensor.values, trained[name])
    assert any("linear" in operation for operation in model.operations)


def test_another_seed_is_told_by_its_weights(tracking_uri: str) -> None:
    def train(seed: int) -> str:
        orchestrator = TrainingOrchestrator("reader-seeds", epochs=1, seed=seed, tracking_uri=tracking_uri)
        return str(orchestrator.train_model("iris")["run_id"])

    one, same, other = (take_snapshot(train(seed), tracking_uri=tracking_uri) for seed in (1, 1, 2))

    assert compare_snapshots(one, same, Policy.exact()).is_equivalent
    names = {difference.name for difference in compare_snapshots(one, other, Policy.exact()).deciding}
    assert "model@0: 0.weight" in names


def test_a_model_among_the_runs_artifacts_is_compared_without_its_ids(
    client: MlflowClient, run_id: str, tracking_uri: str
) -> None:
    client.log_text(
        run_id,
        dedent("""\
            run_id: 1
            model_uuid: 2
            flavors:
              python_function: {}
            """),
        "net/MLmodel",
    )
    client.log_text(run_id, "weights", "net/data/model.bin")
    client.set_terminated(run_id)

    snapshot = take_snapshot(run_id, tracking_uri=tracking_uri)

    assert not snapshot.artifacts
    assert list(snapshot.models["net"].files) == ["data/model.bin"]
    assert "python_function" in snapshot.models["net"].signature
    assert "digest" in snapshot.notes[0]


def test_weights_without_their_layers_are_said_to_be(
    client: MlflowClient, run_id: str, tracking_uri: str, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "last.pt"
    torch.save(torch.nn.Linear(2, 2).state_dict(), checkpoint)
    client.log_artifact(run_id, str(checkpoint))
    client.set_terminated(run_id)

    (note,) = take_snapshot(run_id, tracking_uri=tracking_uri).notes

    assert note.startswith("weights without their layers: last.pt: a stride or a dropout is not in them")


def test_a_description_is_a_tag_that_the_user_wrote(client: MlflowClient, run_id: str, tracking_uri: str) -> None:
    client.set_tag(run_id, "mlflow.note.content", "the second try")
    client.set_terminated(run_id)

    assert take_snapshot(run_id, tracking_uri=tracking_uri).tags == {"mlflow.note.content": "the second try"}


def test_names_that_mlflow_takes_for_one_are_two_artifacts(
    client: MlflowClient, run_id: str, tracking_uri: str
) -> None:
    names = ["a b.txt", "a%20b.txt", "50%.txt", "50%25.txt", "a#b.txt", "a?b.txt", "deep #1/\u00fc.txt"]
    for size, name in enumerate(names, start=1):
        client.log_text(run_id, "x" * size, name)
    client.set_terminated(run_id)

    artifacts = take_snapshot(run_id, tracking_uri=tracking_uri).artifacts

    assert {name: file.size for name, file in artifacts.items()} == {name: at for at, name in enumerate(names, start=1)}


def log_input(client: MlflowClient, run_id: str, name: str, *, context: str, **said: str) -> None:
    dataset = Dataset(name, "d1", "local", "{}", **said)
    client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", context)])])


def test_a_dataset_comes_back_with_what_is_said_of_it(client: MlflowClient, run_id: str, tracking_uri: str) -> None:
    log_input(client, run_id, "iris", context="training", schema="{}", profile='{"rows": 3}')
    log_input(client, run_id, "wine", context="validation")
    client.set_terminated(run_id)

    datasets = take_snapshot(run_id, tracking_uri=tracking_uri).datasets

    assert list(datasets) == ["iris [training]#1", "wine [validation]#1"]
    assert datasets["iris [training]#1"].profile == '{"rows": 3}'


def test_what_is_said_of_a_model_is_read_without_the_params_of_the_run(
    client: MlflowClient, run_id: str, tracking_uri: str
) -> None:
    client.log_param(run_id, "epochs", "3")
    logged = client.create_logged_model(
        client.get_run(run_id).info.experiment_id,
        name="net",
        source_run_id=run_id,
        tags={"stage": "one"},
        params={"epochs": "3", "own": "1"},
        model_type="classifier",
    )
    client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=2)])
    client.set_terminated(run_id)

    models = take_snapshot(run_id, tracking_uri=tracking_uri).models

    details = {"param own": "1", "tag stage": "one", "type": "classifier", "status": "PENDING"}
    assert models["net@2"].details == details


def test_an_external_model_has_no_files(active_store: str) -> None:
    def logged(accuracy: float) -> Snapshot:
        with mlflow.start_run() as run:
            model = mlflow.create_external_model(name="agent", params={"k": "1"})
            mlflow.log_metric("accuracy", accuracy, model_id=model.model_id)
        return take_snapshot(run.info.run_id, tracking_uri=active_store)

    before = logged(0.5)

    assert compare_snapshots(before, logged(0.5), Policy()).is_equivalent
    assert not compare_snapshots(before, logged(0.6), Policy()).is_equivalent


def test_a_model_whose_files_are_gone_is_unread_and_the_rest_can_decide(tmp_path: Path, tracking_uri: str) -> None:
    client = MlflowClient(tracking_uri)
    experiment = f"reader-gone-{tmp_path}"
    client.create_experiment(experiment, artifact_location=(tmp_path / "gone").as_uri())
    orchestrator = TrainingOrchestrator(experiment, epochs=1, hidden_size=4, tracking_uri=tracking_uri)
    run = orchestrator.train_model("iris")["run_id"]
    whole = take_snapshot(run, tracking_uri=tracking_uri)
    shutil.rmtree(tmp_path / "gone")

    lost = replace(take_snapshot(run, tracking_uri=tracking_uri), run_id="lost")
    other = replace(lost, run_id="other", params={**lost.params, "lr": "7"})

    assert "its files are gone" in "".join(lost.unread)
    assert compare_snapshots(whole, lost, Policy()).is_open
    assert compare_snapshots(lost, whole, Policy()).is_open
    assert compare_snapshots(whole, lost, Policy(accepts_unread=True)).is_equivalent
    assert compare_snapshots(whole, other, Policy(accepts_unread=True)).word == "different"


def test_tags_whose_folder_is_gone_are_unread_and_not_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    uri = (tmp_path / "store").as_uri()
    runs = [MlflowClient(uri).create_run("0", start_time=at).info.run_id for at in (1000, 3000)]
    for run, at in zip(runs, (2000, 4000), strict=True):
        MlflowClient(uri).set_tag(run, "team", "vision")
        MlflowClient(uri).log_metric(run, "loss", 0.5)
        MlflowClient(uri).set_terminated(run, end_time=at)
    shutil.rmtree(next(tmp_path.glob(f"store/0/{runs[1]}/tags")))
    whole, lost = (take_snapshot(run, tracking_uri=uri) for run in runs)

    assert whole.unread == ()
    assert "tags" in "".join(lost.unread)
    assert compare_snapshots(whole, lost, Policy()).is_open
    assert compare_snapshots(lost, whole, Policy()).is_open
    assert compare_snapshots(replace(whole, tags={"team": "speech"}), whole, Policy()).word == "different"


def test_artifacts_whose_folder_is_gone_are_unread_and_not_none(
    client: MlflowClient, run_id: str, tmp_path: Path, tracking_uri: str
) -> None:
    client.log_text(run_id, "hello", "hello.txt")
    client.log_metric(run_id, "loss", 0.5)
    client.set_terminated(run_id)
    (tmp_path / "artifacts").rename(tmp_path / "elsewhere")

    snapshot = take_snapshot(run_id, tracking_uri=tracking_uri)
    verdict = compare_snapshots(snapshot, replace(snapshot, run_id="other"), Policy.exact())

    assert "its experiment is not here" in "".join(snapshot.unread)
    assert (verdict.is_equivalent, verdict.is_open, verdict.word) == (False, True, "no verdict")
    accepted = compare_snapshots(snapshot, replace(snapshot, run_id="other"), Policy(accepts_unread=True))
    assert accepted.is_equivalent
    assert set(snapshot.unread) <= set(accepted.notes)


def test_a_difference_decides_whatever_could_not_be_read(client: MlflowClient, run_id: str, tracking_uri: str) -> None:
    client.log_metric(run_id, "loss", 0.5)
    client.set_terminated(run_id)

    snapshot = take_snapshot(run_id, tracking_uri=tracking_uri)
    verdict = compare_snapshots(snapshot, replace(snapshot, run_id="other", params={"lr": "1"}), Policy.exact())

    assert snapshot.unread
    assert verdict.word == "different"


@pytest.mark.parametrize(
    ("tag", "folder", "said"),
    [
        # The folder of the experiment is made by whoever first logs an artifact to it: this run did not.
        ("team", "artifacts", ""),
        ("mlflow.loggedImages", "artifacts", "mlflow.loggedImages"),
        ("mlflow.log-model.history", "artifacts", "mlflow.log-model.history"),
    ],
)
def test_a_run_without_artifacts_is_told_from_one_that_lost_them(
    client: MlflowClient, run_id: str, tmp_path: Path, tracking_uri: str, tag: str, folder: str, said: str
) -> None:
    (tmp_path / folder).mkdir()
    client.set_tag(run_id, tag, "[]")
    client.set_terminated(run_id)

    snapshot = take_snapshot(run_id, tracking_uri=tracking_uri)

    assert bool(snapshot.unread) == bool(said)
    assert said in "".join(snapshot.unread)
    assert snapshot.notes == ()


def test_where_mlflow_itself_would_put_artifacts_none_are_missed(client: MlflowClient, tracking_uri: str) -> None:
    run = client.create_run(client.create_experiment("reader, without artifacts")).info.run_id
    client.set_terminated(run)

    snapshot = take_snapshot(run, tracking_uri=tracking_uri)

    assert snapshot.unread == ()


def test_links_are_followed_as_mlflow_follows_them(
    client: MlflowClient, run_id: str, tmp_path: Path, tracking_uri: str
) -> None:
    client.log_text(run_id, "top", "top.txt")
    client.set_terminated(run_id)
    (tmp_path / "disk" / "deep").mkdir(parents=True)
    (tmp_path / "disk" / "deep" / "weights.txt").write_text("weights")
    root = tmp_path / "artifacts" / run_id / "artifacts"
    (root / "checkpoints").symlink_to(tmp_path / "disk")
    (root / "again").symlink_to(tmp_path / "disk")
    (root / "last.txt").symlink_to(root / "top.txt")

    artifacts = take_snapshot(run_id, tracking_uri=tracking_uri).artifacts

    assert list(artifacts) == ["again/deep/weights.txt", "checkpoints/deep/weights.txt", "last.txt", "top.txt"]


@pytest.mark.parametrize(
    ("place", "reason"),
    [("gone", "leads nowhere"), (".", "leads back"), ("pipe", "neither a file nor a folder")],
)
def test_what_is_listed_and_cannot_be_read_is_an_error(
    client: MlflowClient, run_id: str, tmp_path: Path, tracking_uri: str, place: str, reason: str
) -> None:
    client.log_text(run_id, "top", "top.txt")
    client.set_terminated(run_id)
    root = tmp_path / "artifacts" / run_id / "artifacts"
    if place == "pipe":
        os.mkfifo(root / place)
    else:
        (root / "link").symlink_to(root / place)

    with pytest.raises(EquivalenceError, match=reason):
        take_snapshot(run_id, tracking_uri=tracking_uri)


def test_a_model_that_only_names_the_run_is_compared(client: MlflowClient, run_id: str, tracking_uri: str) -> None:
    experiment = client.get_run(run_id).info.experiment_id
    client.create_logged_model(experiment, name="net", source_run_id=run_id, params={"own": "1"})
    client.create_logged_model(experiment, name="other", source_run_id="0" * 32)
    client.set_terminated(run_id)

    models = take_snapshot(run_id, tracking_uri=tracking_uri).models

    assert list(models) == ["net"]
    assert models["net"].details["param own"] == "1"


def test_a_metric_of_another_model_or_data_set_is_another_metric(
    client: MlflowClient, tmp_path: Path, tracking_uri: str
) -> None:
    experiment = client.create_experiment(str(tmp_path), artifact_location=tmp_path.as_uri())

    def taken(best: str, data: str) -> Snapshot:
        run = client.create_run(experiment).info.run_id
        ids = {name: client.create_logged_model(experiment, name, run).model_id for name in ("best", "last")}
        client.log_metric(run, "acc", 0.5, step=1, model_id=ids[best], dataset_name=data, dataset_digest="d1")
        client.log_metric(run, "loss", 0.25, step=1, model_id=ids["last"])
        client.set_terminated(run)
        return take_snapshot(run, tracking_uri=tracking_uri)

    first = taken("best", "validation")

    assert compare_snapshots(first, taken("best", "validation"), Policy.exact()).is_equivalent
    assert _told(first, taken("last", "validation")) == {
        ("metric missing", "acc", "of model best on the data set validation (d1)"),
        ("metric extra", "acc", "of model last on the data set validation (d1)"),
    }
    assert _told(first, taken("best", "training")) == {
        ("metric missing", "acc", "of model best on the data set validation (d1)"),
        ("metric extra", "acc", "of model best on the data set training (d1)"),
    }


def test_a_metric_of_a_model_that_another_run_made_bears_its_name(
    client: MlflowClient, tmp_path: Path, tracking_uri: str
) -> None:
    experiment = client.create_experiment(str(tmp_path), artifact_location=tmp_path.as_uri())
    ids = {name: client.create_logged_model(experiment, name).model_id for name in ("new", "old")}

    def taken(first: str, second: str) -> Snapshot:
        run = client.create_run(experiment).info.run_id
        for moment, (model, value) in enumerate([(first, 0.25), (second, 0.75)], start=1):
            client.log_metric(run, "acc", value, timestamp=moment, step=0, model_id=ids[model])
        client.set_terminated(run)
        return take_snapshot(run, tracking_uri=tracking_uri)

    assert _told(taken("new", "old"), taken("new", "old")) == set()
    assert _told(taken("new", "old"), taken("old", "new")) == {
        ("metric value", "acc", "of model measured new"),
        ("metric value", "acc", "of model measured old"),
    }


def _told(before: Snapshot, after: Snapshot) -> set[tuple[str, str, str]]:
    found = compare_snapshots(before, after, Policy.exact()).deciding
    return {(difference.kind.value, difference.name, difference.hint) for difference in found}


def test_registered_versions_are_compared_by_the_model_that_they_are(
    client: MlflowClient, tmp_path: Path, tracking_uri: str
) -> None:
    experiment = client.create_experiment(str(tmp_path), artifact_location=tmp_path.as_uri())
    registered = f"net of {tmp_path.name}"
    client.create_registered_model(registered)

    def taken(folder: str | None, weights: str = "1") -> Snapshot:
        run = client.create_run(experiment)
        for name in ("a", "b"):
            client.log_text(run.info.run_id, weights, f"{name}/weights.txt")
            client.log_text(run.info.run_id, "flavors: {}", f"{name}/MLmodel")
        if folder:
            source = f"{run.info.artifact_uri}/{folder}"
            client.create_model_version(registered, source, run.info.run_id, tags={"stage": "new"})
        client.set_terminated(run.info.run_id)
        return take_snapshot(run.info.run_id, tracking_uri=tracking_uri)

    first = taken("a")

    assert first.models[f"registered {registered}"].details == {
        "model": "artifact a",
        "description": "",
        "tag stage": "new",
    }
    assert compare_snapshots(first, taken("a"), Policy.exact()).is_equivalent
    assert _told(first, taken("b")) == {("model detail", f"registered {registered}: model", "")}
    assert _told(first, taken(None)) == {("model missing", f"registered {registered}", "")}


def test_an_environment_file_that_is_not_beside_an_mlmodel_is_compared(
    client: MlflowClient, run_id: str, tracking_uri: str
) -> None:
    for name in (
        "net/MLmodel",
        "net/requirements.txt",
        "net/registered_model_meta",
        "net/code/requirements.txt",
        "requirements.txt",
    ):
        client.log_text(run_id, "flavors: {}", name)
    client.set_terminated(run_id)

    snapshot = take_snapshot(run_id, tracking_uri=tracking_uri)

    assert list(snapshot.models["net"].files) == ["code/requirements.txt"]
    assert list(snapshot.artifacts) == ["requirements.txt"]


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ("run_id: 1", "run_id: 2", True),
        ("flavors: {pytorch: {pytorch_version: 1}}", "flavors: {pytorch: {pytorch_version: 2}}", True),
        ("flavors: {pytorch: {data: a}}", "flavors: {pytorch: {data: b}}", False),
        ("metadata: {threshold: 1}", "metadata: {threshold: 2}", False),
        ("metadata: {day: 2020-01-01}", "metadata: {day: 2020-01-02}", False),
        ("signature: {inputs: a}", "signature: {inputs: b}", False),
        ("not: [yaml", "not: [yml", False),
    ],
)
def test_of_an_mlmodel_only_the_occasion_is_left_out(
    before: str, after: str, is_same: bool, client: MlflowClient, tmp_path: Path, tracking_uri: str
) -> None:
    snapshots = []
    experiment = client.create_experiment(str(tmp_path), artifact_location=(tmp_path / "artifacts").as_uri())
    for text in (before, after):
        run = client.create_run(experiment).info.run_id
        client.log_text(run, text, "net/MLmodel")
        client.log_text(run, "x", "net/data.txt")
        client.set_terminated(run)
        snapshots.append(take_snapshot(run, tracking_uri=tracking_uri))

    assert compare_snapshots(*snapshots, Policy.exact()).is_equivalent == is_same
