"""What every folder of tests may use: Hypothesis profiles, the bundled migration, an MLflow store per worker."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

from compatkit.migration import Migration, find_migration
from tests import once, warm
from tests.equivalence.reading.store import servers
from tests.quick import pytest_runtest_protocol  # noqa: F401  # pytest finds its hook here
from tests.running import (  # noqa: F401  # pytest finds its hooks here
    pytest_collection_modifyitems,
    pytest_deselected,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
    pytest_xdist_auto_num_workers,
)

NewStore: TypeAlias = Callable[..., str]

# Read when MLflow is imported, also by subprocesses: the tests send nothing, and log where they say.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ.pop("MLFLOW_TRACKING_URI", None)
# Children by the hundred import compatkit: each would compile it anew where Python is told to keep no bytecode.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# A shell starts what it runs in the background deaf to Ctrl-C, and every child would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline: no test asserts a time. The same examples each time: a run that fails, fails by what was changed.
settings.register_profile(
    "default",
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# Other examples each time, and 50 times as many (tests/running.py): by hand, with tests/campaign.py.
settings.register_profile("explore", settings.get_profile("default"), derandomize=False)
# The same examples, and a fifth as many: where another Python runs what one has passed with all of them.
settings.register_profile("few", settings.get_profile("default"))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or "default")

warm.write_without_waiting()
# By default Python looks through all objects of torch, MLflow and pytest time and again, 0.2 s each.
gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def _spool_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what trainings spool out of the user's own folder, in subprocesses too."""
    os.environ["COMPATKIT_SPOOL"] = str(tmp_path_factory.mktemp("spool"))


@pytest.fixture(scope="session")
def migration() -> Migration:
    """The bundled default migration."""
    return find_migration()


@pytest.fixture(scope="session")
def warm_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter for children that need not prove a fresh start: torch and MLflow are imported already."""
    with once.once_a_run(tmp_path_factory) as shared:
        known = shared / "warm"
        if not known.exists():
            known.write_text(str(warm.start(once.owner(), shared / "warm.log")))
    return known.read_text()


@pytest.fixture(scope="session")
def warm_commands(warm_python: str) -> Path:
    """A folder with such a `python`, and a `compatkit` on it, for commands that do alike under any seed of hashes."""
    return Path(warm_python).parent / "any_seed"


@pytest.fixture(scope="session")
def store_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite store as MLflow creates it, once a run: that takes seconds, and opening a copy does not."""
    with once.once_a_run(tmp_path_factory) as shared:
        template = shared / "template.db"
        if not template.exists():
            from mlflow import MlflowClient

            MlflowClient(f"sqlite:///{shared / 'new.db'}")
            (shared / "new.db").rename(template)
    return template


@pytest.fixture(scope="session")
def new_store(store_template: Path) -> NewStore:
    """Call it with a folder for an empty store there, which keeps the artifacts of its default experiment beside it."""
    warm.quicken_stores()

    def create(folder: Path, name: str = "mlflow.db") -> str:
        shutil.copy(store_template, folder / name)
        with contextlib.closing(sqlite3.connect(folder / name)) as database, database:
            database.execute("UPDATE experiments SET artifact_location = ?", (str(folder / "mlruns" / "0"),))
        return f"sqlite:///{folder / name}"

    return create


@pytest.fixture(scope="session")
def tracking_uri(new_store: NewStore, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store for all tests of a worker: use experiments or runs of your own."""
    from mlflow import MlflowClient

    folder = tmp_path_factory.mktemp("mlflow")
    uri = new_store(folder)
    # MLflow puts artifacts beside the working directory of the moment when it opens the store.
    with contextlib.chdir(folder):
        MlflowClient(uri)
    return uri


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Call it for the URI of an empty database: in the run's PostgreSQL where there is one, else an SQLite file."""
    if servers.postgresql_programs() is None:
        return lambda: f"sqlite:///{tmp_path_factory.mktemp('database') / 'other.db'}"
    cluster = once.service(tmp_path_factory, f"{servers.__name__}:postgresql_database")
    return lambda: servers.new_database(cluster, f"of_{uuid4().hex}")


@pytest.fixture(scope="session")
def tracking_server(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str], warm_python: str
) -> tuple[str, str]:
    """The address of the run's MLflow server, and the URI of the database behind it: use experiments of your own."""
    made_by = f"{servers.__name__}:tracking_server"
    address, database = once.service(tmp_path_factory, made_by, warm_python, new_database()).split("\n")
    return address, database


@pytest.fixture
def active_store(tracking_uri: str) -> Iterator[str]:
    """The worker's store as MLflow's global one, for what logs through MLflow's fluent functions."""
    from compatkit.training.server import tracking_uri_set

    with tracking_uri_set(tracking_uri):
        yield tracking_uri


@pytest.fixture(autouse=True)
def _no_shim_is_left() -> Iterator[None]:
    yield
    if (shim := sys.modules.get("compatkit.shim.install")) is not None and shim.is_installed():
        shim.uninstall()
        pytest.fail("This test left the shim in place: the next ones would run with it.")


@pytest.fixture(autouse=True)
def _global_state_of_mlflow_is_left_alone() -> Iterator[None]:
    yield
    left = os.environ.pop("MLFLOW_TRACKING_URI", None)
    assert left is None, f"This test left MLflow's global store at {left}: use the fixture active_store."
    if (fluent := sys.modules.get("mlflow.tracking.fluent")) is not None:
        # A list in MLflow 2.9, one of each thread in 2.22.
        stack = getattr(fluent._active_run_stack, "get", lambda: fluent._active_run_stack)()
        active = [run.info.run_id for run in stack]
        stack.clear()
        assert not active, f"This test left {active} active: the next one would log into it."
