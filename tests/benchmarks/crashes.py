"""Kill a training at random moments, resume it, and compare: run `python -m tests.benchmarks.crashes [KILLS]`."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mlflow import MlflowClient

from tests.training.resuming import run
from tests.training.runs import histories


def main(kills: int = 20) -> None:
    random.seed(0)
    with tempfile.TemporaryDirectory() as folder:
        uri = f"sqlite:///{folder}/mlflow.db"
        client = MlflowClient(uri)
        whole, expected = run(f"{folder}/whole", uri, resume=False)
        done = 0
        while done < kills:
            place = Path(folder) / f"killed{done}"
            command = [sys.executable, "-m", "tests.training.resuming", str(place), uri, "--resume"]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            while not (place / "last.pt").exists() and process.poll() is None:
                time.sleep(0.02)
            time.sleep(random.uniform(0, 2.2))  # twelve epochs take some 2.4 s
            process.send_signal(signal.SIGKILL)
            process.wait()
            resumed, weights = run(str(place), uri, resume=True)
            is_equal = weights == expected and histories(client, resumed) == histories(client, whole)
            done += 1
            print(
                f"kill {done}: {'equal' if is_equal else 'DIFFERENT'}, {client.get_run(resumed).info.status}",
                flush=True,
            )
            assert is_equal


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
