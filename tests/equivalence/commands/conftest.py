"""Commands that log in milliseconds: each copies a store that MLflow made, and changes it as its arguments say."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compatkit.equivalence import Policy
from compatkit.equivalence.commands import CommandScenario, Comparison, Result, verify_commands
from tests.conftest import NewStore

# A plain Python, which starts in milliseconds: importing MLflow takes seconds, and a second run of it proves no more.
LOG = """
import os, shutil, sqlite3, sys
store = os.environ["MLFLOW_TRACKING_URI"].removeprefix("sqlite:///")
shutil.copy({baked!r}, store)
with sqlite3.connect(store) as database:
    own = os.urandom(4).hex()
    for table in ("runs", "params", "metrics", "latest_metrics", "tags"):
        database.execute(f"UPDATE {{table}} SET run_uuid = substr(run_uuid, 1, 24) || '{{own}}'")
    for statement in sys.argv[1:]:
        database.execute(statement.replace("SEED", os.environ["COMPATKIT_SEED"]))
"""
LATER = "UPDATE metrics SET value = value + 1e-9 WHERE step = 3"


@pytest.fixture(scope="session")
def baked(tmp_path_factory: pytest.TempPathFactory, new_store: NewStore) -> Path:
    """A store with the runs `first` and `second` of one experiment."""
    from mlflow import MlflowClient

    folder = tmp_path_factory.mktemp("baked")
    with contextlib.chdir(folder):
        client = MlflowClient(new_store(folder))
    (folder / "artifacts").mkdir()
    experiment = client.create_experiment("trials", artifact_location=(folder / "artifacts").as_uri())
    for number, name in enumerate(("first", "second")):
        run = client.create_run(experiment, run_name=name, start_time=number + 1)
        client.log_param(run.info.run_id, "lr", 0.1)
        for step in range(5):
            client.log_metric(run.info.run_id, "loss", 1 / (step + number + 1), step=step, timestamp=step)
        client.set_terminated(run.info.run_id)
    return folder / "mlflow.db"


@pytest.fixture
def folder(tmp_path: Path, baked: Path) -> Path:
    """A folder with the script `log.py`."""
    place = tmp_path / "project"
    place.mkdir()
    (place / "log.py").write_text(LOG.format(baked=str(baked)))
    return place


@pytest.fixture
def verify(folder: Path, tmp_path: Path) -> Callable[..., Result]:
    """Verify a scenario of which the arguments replace what is given by default: both sides run `log.py`."""

    def run(policy: Policy = Policy.exact(), **given: object) -> Result:  # noqa: B008 - it is frozen
        commands = {} if "base" in given else {"before": log(), "after": log()}
        scenario = CommandScenario("trial", folder, **{"timeout": 60.0, **commands, **given})  # type: ignore[arg-type]
        return verify_commands(scenario, policy, store=tmp_path / "store")

    return run


@pytest.fixture
def repository(folder: Path) -> Iterator[Path]:
    """The folder as a git repository of one commit, in which `log.py` changes what the module `acme.rate` says.

    After the test, no other checkout of it may be left.
    """
    package = folder / "acme"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "rate.py").write_text("CHANGE = 'SELECT 1'\n")
    log_text = (folder / "log.py").read_text()
    (folder / "log.py").write_text(f"{log_text}    import acme.rate\n    database.execute(acme.rate.CHANGE)\n")
    git(folder, "init", "--quiet")
    commit(folder)
    yield folder
    assert len(git(folder, "worktree", "list").splitlines()) == 1


def log(*statements: str) -> tuple[str, ...]:
    return ("python", "log.py", *statements)


def python(code: str) -> tuple[str, ...]:
    return ("python", "-c", code)


def git(folder: Path, *arguments: str) -> str:
    named = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *named, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "A state")


def only(result: Result) -> Comparison:
    (comparison,) = result.comparisons
    return comparison
