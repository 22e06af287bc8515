"""A store that fails while it is read is an error in three parts, never a verdict."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from mlflow import MlflowClient

from compatkit.equivalence import EquivalenceError, take_snapshot
from tests.equivalence.reading.store.proxy import serving


@pytest.fixture
def copied_store(tracking_uri: str, tmp_path: Path) -> tuple[str, str]:
    """A copy of the worker's store with a run in it: the URI and the run."""
    run = logged(tracking_uri, str(tmp_path))
    shutil.copy(tracking_uri.removeprefix("sqlite:///"), tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path / 'mlflow.db'}", run


@pytest.fixture(scope="module")
def empty(tracking_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the worker's store, to be copied again."""
    return Path(shutil.copy(tracking_uri.removeprefix("sqlite:///"), tmp_path_factory.mktemp("empty") / "mlflow.db"))


def logged(uri: str, experiment: str, *, artifact_location: str | None = None) -> str:
    client = MlflowClient(uri)
    made = client.create_experiment(experiment, artifact_location=artifact_location)
    run = str(client.create_run(made).info.run_id)
    for step in (1, 2):
        client.log_metric(run, "loss", 0.5 / step, step=step)
    client.log_metric(run, "acc", 0.25)
    client.set_terminated(run)
    return run


def database(uri: str) -> contextlib.closing[sqlite3.Connection]:
    return contextlib.closing(sqlite3.connect(uri.removeprefix("sqlite:///"), isolation_level=None))


def test_a_locked_database_is_an_error(copied_store: tuple[str, str]) -> None:
    uri, run = copied_store
    # Ask for no longer than a moment; by default SQLite waits five seconds, several times.
    with database(uri) as other:
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(EquivalenceError, match="locked"):
            take_snapshot(run, tracking_uri=f"{uri}?timeout=0.01")


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"not a database, but long enough to be read as one" * 100)

    with pytest.raises(EquivalenceError, match="cannot be read"):
        take_snapshot("0" * 32, tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}")


def test_points_that_the_query_does_not_find_are_asked_of_the_client(copied_store: tuple[str, str]) -> None:
    uri, run = copied_store
    with database(uri) as other:
        # As in a layout of the table that is not known here.
        other.execute("ALTER TABLE metrics RENAME COLUMN is_nan TO not_a_number")

    with pytest.raises(EquivalenceError, match="is_nan"):
        take_snapshot(run, tracking_uri=uri)


@pytest.mark.parametrize("condition", ["key = 'acc'", "key = 'loss' AND step = 2", "1"])
def test_a_history_without_its_latest_point_is_an_error(copied_store: tuple[str, str], condition: str) -> None:
    uri, run = copied_store
    with database(uri) as other:
        other.execute(f"DELETE FROM metrics WHERE {condition}")

    with pytest.raises(EquivalenceError, match="without its latest point"):
        take_snapshot(run, tracking_uri=uri)


def removed(path: Path, _: str) -> None:
    path.unlink()


def replaced(path: Path, _: str) -> None:
    shutil.copy(path, path.with_name("other.db"))
    path.with_name("other.db").replace(path)


def statement(sql: str) -> Callable[[Path, str], None]:
    def change(path: Path, run: str) -> None:
        with database(f"sqlite:///{path}") as other:
            other.execute(sql, {"run": run})

    return change


NEW_POINT = "INSERT INTO metrics (run_uuid, key, value, timestamp, step, is_nan) VALUES (:run, 'new', 1, 1, 1, 0)"
WHILE_READ = {
    "removed": (removed, "replaced or removed"),
    "replaced": (replaced, "replaced or removed"),
    "a metric more": (statement(NEW_POINT.replace("metrics", "latest_metrics")), "changed while it was read"),
    "points less": (statement("DELETE FROM metrics WHERE run_uuid = :run"), "without its latest point"),
    "a param more": (statement("INSERT INTO params VALUES ('lr', '1', :run)"), "changed while it was read"),
    "deleted": (statement("UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = :run"), "changed while"),
    "running again": (statement("UPDATE runs SET status = 'RUNNING' WHERE run_uuid = :run"), "changed while"),
    "without a table": (statement("DROP TABLE metrics"), "no such table"),
}


@pytest.mark.parametrize("what", WHILE_READ)
def test_a_store_that_goes_away_or_changes_while_it_is_read_is_an_error(
    what: str, tmp_path: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, said = WHILE_READ[what]
    path = Path(shutil.copy(empty, tmp_path / "mlflow.db"))

    class Artifacts(BaseHTTPRequestHandler):
        """Where the run keeps its artifacts: they are listed after its params were read, and before its metrics."""

        def do_GET(self) -> None:
            change(path, run)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"files": []}')

        def log_message(self, *_: object) -> None:
            pass

    with serving(Artifacts) as address:
        place = f"{address}/api/2.0/mlflow-artifacts/artifacts"
        run = logged(f"sqlite:///{path}", str(tmp_path), artifact_location=place)
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        with pytest.raises(EquivalenceError, match=said):
            take_snapshot(run, tracking_uri=f"sqlite:///{path}")

    # Nor was an empty file made where there was none any more.
    assert path.exists() == (what != "removed")


def test_a_store_that_was_replaced_between_two_reads_is_an_error(copied_store: tuple[str, str]) -> None:
    uri, run = copied_store
    take_snapshot(run, tracking_uri=uri)
    replaced(Path(uri.removeprefix("sqlite:///")), run)

    with pytest.raises(EquivalenceError, match="replaced or removed"):
        take_snapshot(run, tracking_uri=uri)


def test_rows_that_are_lost_on_the_way_are_an_error(copied_store: tuple[str, str]) -> None:
    uri, run = copied_store
    with database(uri) as other:
        other.execute("ALTER TABLE metrics RENAME TO kept")
        # A table of another length each time that it is read: two are equal once in a hundred thousand.
        other.execute(
            "CREATE VIEW metrics AS WITH RECURSIVE steps(step) AS (SELECT 0 UNION ALL SELECT step + 1 FROM steps) "
            f"SELECT '{run}' AS run_uuid, 'loss' AS key, 0.5 AS value, step AS timestamp, step, 0 AS is_nan "
            "FROM steps LIMIT abs(random() % 100000)"
        )

    with pytest.raises(EquivalenceError, match="points were read, but the database counts"):
        take_snapshot(run, tracking_uri=uri)


def test_a_long_history_has_as_many_points_as_the_database_counts(copied_store: tuple[str, str]) -> None:
    uri, run = copied_store
    number = 300_000
    with database(uri) as other:
        other.execute(
            "WITH RECURSIVE steps(step) AS (SELECT 3 UNION ALL SELECT step + 1 FROM steps WHERE step < ?) "
            "INSERT INTO metrics (run_uuid, key, value, timestamp, step, is_nan) "
            "SELECT ?, iif(step % 3, 'loss', 'acc'), step / 7.0, step, step, 0 FROM steps",
            (number, run),
        )
        other.execute(
            f"UPDATE latest_metrics SET (step, value) = (SELECT max(step), max(value) FROM metrics m "
            f"WHERE m.run_uuid = '{run}' AND m.key = latest_metrics.key) WHERE run_uuid = '{run}'"
        )
        (counted,) = other.execute("SELECT COUNT(*) FROM metrics WHERE run_uuid = ?", (run,)).fetchone()

    metrics = take_snapshot(run, tracking_uri=uri).metrics

    assert sum(map(len, metrics.values())) == counted > number
