"""`verify --before/--after` beside the two commands alone: run `python -m tests.benchmarks.bench_verify [PAIRS]`.

Both ways run the same two trainings, each into a store of its own that is not there yet, on one thread, one after the
other. The difference is what verifying costs: starting, reading both runs back, comparing them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.side_by_side import compare, report

TRAIN = """
import os, random
import mlflow
random.seed(int(os.environ.get("COMPATKIT_SEED", 0)))
with mlflow.start_run():
    mlflow.log_params({"lr": 0.1, "epochs": 100})
    for step in range(100):
        mlflow.log_metrics({f"metric_{number}": random.random() for number in range(10)}, step=step)
"""


def main(pairs: int = 3) -> None:
    print(f"two trainings of 100 epochs with 10 metrics each, {os.cpu_count()} cores, medians of {pairs} pairs")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "train.py").write_text(TRAIN)
        for jobs in (1, 2):
            found = compare(_verified(folder, jobs), _alone(folder), pairs=pairs)
            title = "one after the other" if jobs == 1 else "both at once"
            report(f"verify, {title} | the commands", found, target="+ 3 s at most", unit=1.0, name="s")
            print(f"{'':<46} difference {found.ours - found.peer:+.2f} s")


def _verified(folder: Path, jobs: int) -> Callable[[], None]:
    words = [
        "verify",
        "--before",
        "python train.py",
        "--after",
        "python train.py",
        "--jobs",
        str(jobs),
        "--threads",
        "1",
    ]

    def run() -> None:
        subprocess.run([sys.executable, "-m", "compatkit", *words], cwd=folder, check=True, capture_output=True)

    return run


def _alone(folder: Path) -> Callable[[], None]:
    def run() -> None:
        for _ in range(2):
            with tempfile.TemporaryDirectory() as store:
                environment = {
                    **os.environ,
                    "MLFLOW_TRACKING_URI": f"sqlite:///{store}/mlflow.db",
                    "OMP_NUM_THREADS": "1",
                }
                command = [sys.executable, "train.py"]
                subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)

    return run


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
