"""Reading and comparing long runs on SQLite: `python -m tests.benchmarks.bench_compare [POINTS [RUNS]]`.

Two runs of POINTS points in ten metrics each are written straight into the store, as MLflow's client would have.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.side_by_side import compare, report

NAMES = [f"metric {number}" for number in range(10)]
PAIRS = 3


def main(points: int = 1_000_000, runs: int = 1_000) -> None:
    os.environ["MLFLOW_LOGGING_LEVEL"] = "WARNING"
    from mlflow import MlflowClient

    from compatkit.equivalence import Policy, compare_snapshots, take_snapshot

    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        uri = "sqlite:///mlflow.db"
        client = MlflowClient(uri)
        before, after = (fill(client, points) for _ in range(2))
        size = Path("mlflow.db").stat().st_size / 2**20
        print(f"2 runs of {points:,} points in {len(NAMES)} metrics; the store has {size:.0f} MB")

        def read() -> list[object]:
            return [take_snapshot(run, tracking_uri=uri) for run in (before, after)]

        def read_and_compare() -> None:
            one, other = (take_snapshot(run, tracking_uri=uri) for run in (before, after))
            assert compare_snapshots(one, other, Policy.exact()).is_equivalent

        def by_client() -> None:
            for metric in NAMES:
                client.get_metric_history(before, metric)

        read()
        print(f"largest so far: {peak():.0f} MB")
        found = compare(read_and_compare, read, pairs=PAIRS)
        report("read and compare | read", found, target="<= 1.2", unit=1e-3, name="ms")
        found = compare(lambda: take_snapshot(before, tracking_uri=uri), by_client, pairs=PAIRS)
        report("read all | get_metric_history", found, target="<= 0.2", unit=1e-3, name="ms")
        print(f"largest, MLflow's client included: {peak():.0f} MB")
        many(client, uri, runs)


def many(client: object, uri: str, runs: int) -> None:
    """Compare so many runs with as many, and a quarter of them, to see whether the time grows in proportion.

    Of processor time, which other processes touch less than the clock.
    """
    from mlflow import MlflowClient

    from compatkit.equivalence import Policy, compare_snapshots, take_snapshots

    assert isinstance(client, MlflowClient)
    before, after = ([fill(client, 100) for _ in range(runs)] for _ in range(2))

    def seconds(count: int) -> float:
        start = time.process_time()
        sides = (take_snapshots(side[:count], tracking_uri=uri) for side in (before, after))
        for one, other in zip(*sides, strict=True):
            assert compare_snapshots(one, other, Policy.exact()).is_equivalent
        return time.process_time() - start

    seconds(2)
    few, all_of_them = max(runs // 4, 1), runs
    spent = {count: seconds(count) for count in (few, all_of_them)}
    for count, took in spent.items():
        cost = f"{1000 * took / count:>6.1f} ms a pair"
        print(f"{count:>5} runs against {count:<5} {took:>8.1f} s of the processor   {cost}")
    ratio = (spent[all_of_them] / all_of_them) / (spent[few] / few)
    print(f"a pair among {all_of_them} costs {ratio:.2f} of one among {few}; linear is 1.00")


def fill(client: object, points: int) -> str:
    """Log one run of so many points, the same in every run."""
    from mlflow import MlflowClient

    assert isinstance(client, MlflowClient)
    run = str(client.create_run("0").info.run_id)
    values = random.Random(1)
    rows = [
        (name, values.random(), 1_700_000_000_000 + step, step, 0, run)
        for step in range(points // len(NAMES))
        for name in NAMES
    ]
    insert = "insert into {} (key, value, timestamp, step, is_nan, run_uuid) values (?, ?, ?, ?, ?, ?)"
    with contextlib.closing(sqlite3.connect("mlflow.db")) as database, database:
        database.executemany(insert.format("metrics"), rows)
        database.executemany(insert.format("latest_metrics"), rows[-len(NAMES) :])
    client.set_terminated(run)
    return run


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
