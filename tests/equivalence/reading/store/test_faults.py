"""A store that fails while it is read is an error in three parts, never a verdict."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from mlflow import MlflowClient

from compatkit.equivalence import EquivalenceError, take_snapshot


@pytest.fixture
def copied_store(tracking_uri: str, tmp_path: Path) -> tuple[str, str]:
    """A copy of the worker's store with a run in it: the URI and the run."""
    client = MlflowClient(tracking_uri)
    run = str(client.create_run(client.create_experiment(str(tmp_path))).info.run_id)
    client.log_metric(run, "loss", 0.5)
    client.log_metric(run, "acc", 0.25)
    client.set_terminated(run)
    shutil.copy(tracking_uri.removeprefix("sqlite:///"), tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path / 'mlflow.db'}", run


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


def test_a_metric_whose_points_are_gone_is_not_taken_for_one_that_was_never_logged(
    copied_store: tuple[str, str],
) -> None:
    uri, run = copied_store
    with database(uri) as other:
        other.execute("DELETE FROM metrics WHERE key = 'acc'")

    snapshot = take_snapshot(run, tracking_uri=uri)

    assert len(snapshot.metrics["loss"]) == 1
    assert snapshot.metrics["acc"] == ()
