"""A SQLite store that does not exist yet, and several trainings that open it at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mlflow import MlflowClient

OPEN = """
import sys, time
from mlflow import MlflowClient
from compatkit.training.server import open_store
client = MlflowClient(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
open_store(client)
print(client.create_run("0").info.run_id)
"""


def test_all_that_open_a_new_store_together_get_their_run(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'new.db'}"
    command = [sys.executable, "-W", "ignore", "-c", OPEN, uri]
    processes = [subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True) for _ in range(3)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"

    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate() for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], answers
    runs = MlflowClient(uri).search_runs(["0"])
    assert {run.info.run_id for run in runs} == {output.strip() for output, _ in answers}
