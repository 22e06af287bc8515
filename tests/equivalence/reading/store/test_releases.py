"""Runs that MLflow 2 logged, read here: the same run, the same content; and stores of another release left as they are.

`fixtures/runs/mlflow-*.zip` is what these releases themselves wrote with tests/benchmarks/log_kinds.py: a store of
files that lay in /srv/training, an empty SQLite store, and the snapshot that compatkit took of one run there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from compatkit.equivalence import EquivalenceError, Kind, Policy, compare_snapshots, load_snapshot, take_snapshot
from compatkit.equivalence.comparing.noise import compare_over_noise
from compatkit.equivalence.reading.store.models_of_three import logged_in_files
from compatkit.equivalence.reading.store.opened import not_installed, opened_store
from tests.benchmarks.log_kinds import log
from tests.conftest import NewStore

RUNS = Path(__file__).parents[4] / "fixtures" / "runs"
POLICY = Policy()


@pytest.fixture(params=["2.9.2", "2.22.1"])
def two(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what this release of MLflow wrote, moved here from where it lay."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    with zipfile.ZipFile(RUNS / f"mlflow-{request.param}.zip") as archive:
        archive.extractall(tmp_path)
    return tmp_path


@pytest.fixture
def files(two: Path) -> str:
    return (two / "mlruns").as_uri()


@pytest.fixture
def runs(two: Path) -> dict[str, str]:
    """The ids of the runs, by what is changed in each."""
    found: dict[str, str] = json.loads((two / "runs.json").read_text())
    return found


def log_here(new_store: NewStore, folder: Path, kind: str) -> tuple[str, str]:
    """Log a run of this kind with the installed MLflow, and return its id and its store."""
    folder.mkdir()
    uri = new_store(folder)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    try:
        place = (folder / "artifacts").as_uri()
        client = MlflowClient(uri)
        return log(client, client.create_experiment("kinds", artifact_location=place), kind, folder), uri
    finally:
        mlflow.set_tracking_uri(None if before != uri else before)


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_database_of_an_older_release_is_refused_and_not_changed(two: Path) -> None:
    database = two / "mlflow.db"
    before = digest(database)

    with pytest.raises(EquivalenceError, match="of another release than MLflow 3") as caught:
        take_snapshot("0" * 32, tracking_uri=f"sqlite:///{database}")

    assert "nothing was changed" in caught.value.hint
    assert digest(database) == before


def test_a_database_of_a_newer_release_is_refused_and_not_changed(new_store: NewStore, tmp_path: Path) -> None:
    uri = new_store(tmp_path)
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    before = digest(tmp_path / "mlflow.db")

    with pytest.raises(EquivalenceError, match="revision is ffffffffffff"):
        take_snapshot("0" * 32, tracking_uri=uri)

    assert digest(tmp_path / "mlflow.db") == before


@pytest.mark.parametrize("statement", ["SELECT 1", "CREATE TABLE studies (study_id INTEGER)"])
def test_no_tables_are_made_in_a_database_that_is_not_mlflows(tmp_path: Path, statement: str) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(statement)
    file.touch()
    before = digest(file)

    with pytest.raises(EquivalenceError, match="none of MLflow's tables"):
        take_snapshot("0" * 32, tracking_uri=f"sqlite:///{file}")

    assert digest(file) == before


def test_a_store_that_the_environment_names_is_not_made_either(tmp_path: Path) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'none.db'}")
    try:
        with pytest.raises(EquivalenceError, match="There is no MLflow store"):
            take_snapshot("0" * 32)
    finally:
        mlflow.set_tracking_uri(None)

    assert not (tmp_path / "none.db").exists()


def test_a_path_of_windows_makes_no_folder_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(EquivalenceError, match="There is no MLflow store"):
        take_snapshot("0" * 32, tracking_uri="C:\\Users\\ada\\mlruns")

    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (ModuleNotFoundError("No module named 'botocore'", name="botocore"), "pip install boto3"),
        (
            ModuleNotFoundError("No module named 'google.cloud'", name="google.cloud"),
            "pip install google-cloud-storage",
        ),
        (ModuleNotFoundError("No module named 'acme'", name="acme"), "pip install acme"),
        # MLflow before 3.15 beside SQLAlchemy 2.1.
        (ImportError("cannot import name 'AsyncPool'", name="sqlalchemy.pool"), "pip install 'sqlalchemy<2.1'"),
    ],
)
def test_what_is_not_installed_is_told_with_what_to_install(error: ImportError, hint: str) -> None:
    assert not_installed("mlruns", error).hint == f"run: {hint}"


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("meta.yaml", b""),
        ("meta.yaml", b"artifact_uri: here\nend_ti"),
        ("meta.yaml", b"- a\n"),
        # What MLflow 2.9 sees in a run of MLflow 3: its own classes lack something.
        ("meta.yaml", b"run_id: 0"),
        ("metrics/loss", b""),
        ("metrics/loss", b"1700"),
        ("params/lr", b"\xff"),
    ],
)
def test_files_of_a_run_that_are_cut_short_are_told_with_their_store(
    two: Path, files: str, runs: dict[str, str], file: str, content: bytes
) -> None:
    (meta,) = (two / "mlruns").glob(f"*/{runs['base']}/meta.yaml")
    (meta.parent / file).write_bytes(content)

    with pytest.raises(EquivalenceError, match="The tracking store cannot be read") as caught:
        take_snapshot(runs["base"], tracking_uri=files)

    assert caught.value.where.startswith(str(meta.parent))


def test_a_fault_of_ours_is_not_blamed_on_the_store(files: str) -> None:
    with pytest.raises(ZeroDivisionError), opened_store(files):
        _ = 1 / 0


def test_nothing_is_made_in_a_store_of_files(two: Path, files: str, runs: dict[str, str]) -> None:
    before = sorted((two / "mlruns").rglob("*"))

    take_snapshot(runs["base"], tracking_uri=files)

    assert sorted((two / "mlruns").rglob("*")) == before


def test_databricks_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(EquivalenceError) as caught:
        take_snapshot("0" * 32, tracking_uri="databricks")

    assert "no MLflow store at this address" not in str(caught.value)


@pytest.mark.parametrize("place", ["foo://bar", "mlflow-artifacts:/1/x/artifacts"])
def test_artifacts_that_no_store_here_leads_to_are_told_as_such(
    two: Path, files: str, runs: dict[str, str], place: str
) -> None:
    (meta,) = (two / "mlruns").glob(f"*/{runs['base']}/meta.yaml")
    lines = [line for line in meta.read_text().splitlines() if not line.startswith("artifact_uri")]
    meta.write_text("\n".join([f"artifact_uri: {place}", *lines]))

    with pytest.raises(EquivalenceError, match="'artifacts' cannot be read") as caught:
        take_snapshot(runs["base"], tracking_uri=files)

    assert caught.value.where == place


def test_a_run_of_mlflow_2_reads_here_as_it_read_there(two: Path, files: str, runs: dict[str, str]) -> None:
    there = load_snapshot(two / "snapshot.json")

    here = take_snapshot(runs["base"], tracking_uri=files)

    assert replace(here, notes=()) == replace(there, notes=())
    assert there.models["model"].files
    assert not here.unread


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("metric", (Kind.METRIC_VALUE, "loss")),
        ("artifact", (Kind.ARTIFACT_CONTENT, "deep/report.json")),
        ("model", (Kind.MODEL_FILE, "model: data/data.txt")),
        ("child", (Kind.METRIC_VALUE, "accuracy")),
    ],
)
def test_what_differs_between_two_runs_of_mlflow_2_is_named(
    files: str, runs: dict[str, str], kind: str, expected: tuple[Kind, str]
) -> None:
    before, after = (take_snapshot(runs[name], tracking_uri=files) for name in ("base", kind))

    verdict = compare_snapshots(before, after, POLICY)

    assert [(difference.kind, difference.name) for difference in verdict.deciding] == [expected]


def test_artifacts_that_did_not_move_with_the_store_are_not_taken_for_none(
    two: Path, files: str, runs: dict[str, str]
) -> None:
    base = take_snapshot(runs["base"], tracking_uri=files)
    # A store of files has an empty folder for each run whose artifacts it keeps elsewhere.
    for folder in (two / "mlruns").glob("*/*/artifacts"):
        shutil.rmtree(folder)
        folder.mkdir()

    verdict = compare_snapshots(base, take_snapshot(runs["artifact"], tracking_uri=files), POLICY)

    # That they are missing is not known.
    assert verdict.is_open
    assert not verdict.deciding


def test_a_model_of_mlflow_2_is_the_logged_model_of_mlflow_3(
    files: str, runs: dict[str, str], new_store: NewStore, tmp_path: Path
) -> None:
    before, again = (take_snapshot(runs["base"], tracking_uri=files) for _ in range(2))
    run, uri = log_here(new_store, tmp_path / "three", "base")
    after = take_snapshot(run, tracking_uri=uri)

    verdicts = [
        compare_snapshots(before, after, POLICY),
        compare_snapshots(after, before, POLICY),
        compare_over_noise(before, again, after, POLICY),
        compare_over_noise(after, after, before, POLICY),
    ]

    for verdict in verdicts:
        assert verdict.is_equivalent, verdict.deciding
        assert verdict.compared["models"] == 1


@pytest.mark.parametrize("kind", ["model", "artifact"])
def test_a_model_of_mlflow_3_with_another_content_is_different(
    files: str, runs: dict[str, str], new_store: NewStore, tmp_path: Path, kind: str
) -> None:
    before = take_snapshot(runs["base"], tracking_uri=files)
    run, uri = log_here(new_store, tmp_path / "three", kind)

    (found,) = compare_snapshots(before, take_snapshot(run, tracking_uri=uri), POLICY).deciding

    assert (found.kind, found.name) == {
        "model": (Kind.MODEL_FILE, "model@0: data/data.txt"),
        "artifact": (Kind.ARTIFACT_CONTENT, "deep/report.json"),
    }[kind]


def test_a_model_that_mlflow_3_did_not_log_is_missing(files: str, runs: dict[str, str]) -> None:
    before = take_snapshot(runs["base"], tracking_uri=files)

    (found,) = compare_snapshots(before, replace(before, models={}), POLICY).deciding

    assert (found.kind, found.name) == (Kind.MODEL_MISSING, "model")


@pytest.fixture
def files_of_three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """A client of a store of files that the installed MLflow writes."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    return MlflowClient((tmp_path / "mlruns").as_uri())


def with_output(client: MlflowClient, run: str, model: str) -> None:
    from mlflow.entities import LoggedModelOutput

    client.log_outputs(run, [LoggedModelOutput(model, 0)])


def with_input(client: MlflowClient, run: str, model: str) -> None:
    from mlflow.entities import LoggedModelInput

    client.log_inputs(run, models=[LoggedModelInput(model)])


@pytest.mark.parametrize("how", [with_output, with_input])
def test_logged_models_are_seen_in_files_without_a_client_that_knows_them(
    files_of_three: MlflowClient, tmp_path: Path, how: Callable[[MlflowClient, str, str], None]
) -> None:
    source, given, other = (files_of_three.create_run("0").info.run_id for _ in range(3))
    model = files_of_three.create_logged_model("0", name="net", source_run_id=source)
    how(files_of_three, given, model.model_id)

    found = [logged_in_files(tmp_path / "mlruns", run) for run in (source, given, other)]

    assert found == [True, True, False]
