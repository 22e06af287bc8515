"""Run `verify` beside the two commands alone: `python -m tests.benchmarks.bench_verify [PAIRS [JOBS]]`.

With `--once` both ways run the same two trainings; without it, verifying runs the first a second time, which measures
its noise. All run on one thread, each into a store of its own that is not there yet. The difference is what verifying
costs: starting, importing MLflow, reading the runs back, comparing them. What is done while the commands run takes no
time where a core is free, but processor time all the same; both are shown.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

TRAIN = """
import os, random
import mlflow
random.seed(int(os.environ.get("COMPATKIT_SEED", 0)))
with mlflow.start_run():
    mlflow.log_params({"lr": 0.1, "epochs": 100})
    for step in range(100):
        mlflow.log_metrics({f"metric_{number}": random.random() for number in range(10)}, step=step)
"""


def main(pairs: int = 3, jobs: int = 2) -> None:
    what = "two trainings of 100 epochs with 10 metrics each"
    print(f"{what}, {os.cpu_count()} cores, at most {jobs} at once, medians of {pairs} pairs")
    print(f"{'by the clock':<22} {'verify':>14} {'commands':>14} {'difference':>11} {'processor':>11}   target: + 3 s")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "train.py").write_text(TRAIN)
        for given in (("--once",), ()):
            rows = [(_timed(_verified(folder, jobs, given)), _timed(_alone(folder))) for _ in range(pairs)]
            wall = statistics.median(ours.wall - peer.wall for ours, peer in rows)
            processor = statistics.median(ours.processor - peer.processor for ours, peer in rows)
            ours, peer = (statistics.median(row[side].wall for row in rows) for side in (0, 1))
            title = "verify --once" if given else "with the noise run"
            print(f"{title:<22} {ours:>12.1f} s {peer:>12.1f} s {wall:>+9.2f} s {processor:>+9.2f} s")


class Cost(NamedTuple):
    """Seconds by the clock, and of the processor in all processes, both modes added up."""

    wall: float
    processor: float


def _timed(run: Callable[[], None]) -> Cost:
    start, before = time.perf_counter(), os.times()
    run()
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(time.perf_counter() - start, processor)


def _verified(folder: Path, jobs: int, given: tuple[str, ...]) -> Callable[[], None]:
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
        *given,
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
    main(*map(int, sys.argv[1:]))
