"""A SQLite store that does not exist yet, and several trainings that open it at once."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mlflow import MlflowClient

OPEN = """
import sys
from compatkit.training.server import opened_client
print(opened_client(sys.argv[1]).create_run("0").info.run_id)
"""


def test_all_that_open_a_new_store_together_get_their_run(tmp_path: Path, warm_python: str) -> None:
    # Forked, they begin within milliseconds of each other; imports would spread them over seconds.
    uri = f"sqlite:///{tmp_path / 'new.db'}"

    def opened(_number: int) -> subprocess.CompletedProcess[str]:
        command = [warm_python, "-c", OPEN, uri]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    with ThreadPoolExecutor(3) as together:
        done = list(together.map(opened, range(3)))

    assert [one.returncode for one in done] == [0, 0, 0], done
    runs = MlflowClient(uri).search_runs(["0"])
    assert {run.info.run_id for run in runs} == {one.stdout.strip() for one in done}
