"""What every folder of tests may use: Hypothesis profiles, the bundled migration, an MLflow store per worker."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, event

from compatkit.migration import Migration, find_migration
from tests.browser import find_chromium
from tests.equivalence.reading.store.servers import postgresql_programs

# Read when MLflow is imported, also by subprocesses: the tests send nothing, and log where they say.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ.pop("MLFLOW_TRACKING_URI", None)
# A shell starts what it runs in the background deaf to Ctrl-C, and every child would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline: no test asserts a time.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# For an hour at a time: HYPOTHESIS_PROFILE=fuzz pytest --hypothesis-show-statistics tests/rewrite
settings.register_profile("fuzz", settings.get_profile("dev"), max_examples=5_000)
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))

# CI has a browser, or fails.
_WITHOUT_BROWSER = find_chromium() is None and not os.environ.get("CI")


@event.listens_for(Engine, "connect")
def _write_without_waiting(connection: object, _record: object) -> None:
    """Let SQLite not wait for the disk at each commit, 12 ms: a store of the tests need not outlive a power cut."""
    if isinstance(connection, sqlite3.Connection):
        # A file that is locked, or no database, is for those to find who read it.
        with contextlib.suppress(sqlite3.Error):
            connection.execute("PRAGMA synchronous = OFF")


def pytest_report_header() -> list[str]:
    """Say what the tests run over, so that a missing PostgreSQL or browser is seen."""
    found = postgresql_programs()
    missing = "not installed (apt-get install postgresql): the server test runs over SQLite"
    browser = ["no Chromium here: tests marked `browser` are deselected"] if _WITHOUT_BROWSER else []
    return [f"postgresql: {found or missing}", *browser]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what needs a browser where there is none; the header says so, and CI does not."""
    if not _WITHOUT_BROWSER:
        return
    deselected = [item for item in items if item.get_closest_marker("browser")]
    items[:] = [item for item in items if not item.get_closest_marker("browser")]
    config.hook.pytest_deselected(items=deselected)


@pytest.fixture(scope="session", autouse=True)
def _spool_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what trainings spool out of the user's own folder, in subprocesses too."""
    os.environ["COMPATKIT_SPOOL"] = str(tmp_path_factory.mktemp("spool"))


@pytest.fixture(scope="session")
def migration() -> Migration:
    """The bundled default migration."""
    return find_migration()


@pytest.fixture(scope="session")
def tracking_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An SQLite store, one a worker because creating it takes seconds: use experiments or runs of your own."""
    from mlflow import MlflowClient

    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    # MLflow puts artifacts beside the working directory of the moment when it opens the store.
    with contextlib.chdir(folder):
        MlflowClient(uri)
    return uri


@pytest.fixture
def active_store(tracking_uri: str) -> Iterator[str]:
    """The worker's store as MLflow's global one, for what logs through MLflow's fluent functions."""
    from compatkit.training._mlflow_state import tracking_uri_set

    with tracking_uri_set(tracking_uri):
        yield tracking_uri


@pytest.fixture(autouse=True)
def _global_store_is_left_alone() -> Iterator[None]:
    yield
    left = os.environ.pop("MLFLOW_TRACKING_URI", None)
    assert left is None, f"This test left MLflow's global store at {left}: use the fixture active_store."
